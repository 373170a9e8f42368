"""A host from end to end: made, gone on with, replaced, left alone; and whose it is."""

from __future__ import annotations

import base64
import gzip
import shutil
from dataclasses import replace

import pytest
from fake_azure import never_ran, running
from memory_commands import KEY, Commands
from specs import host_spec

from azext_dockervm.azure import kinds, names
from azext_dockervm.certs.store import CertificateStore, StoreChange
from azext_dockervm.certs.summary import describe, iso
from azext_dockervm.errors import (
    AzureRefused,
    CertificateError,
    Conflict,
    DeadlinePassed,
    EngineUnreachable,
    HostFailed,
    Interrupted,
    InvalidValue,
)
from azext_dockervm.flow.step import printed, steps_of
from azext_dockervm.host.preview import preview
from azext_dockervm.provision.daemon import fingerprint
from azext_dockervm.secret import Secret
from azext_dockervm.spec import compose_file
from azext_dockervm.spec.machine import Image, Machine
from azext_dockervm.spec.ports import parse_ports
from azext_dockervm.spec.workload import Workload

VNET, NSG, PIP, NIC, VM = (kinds.VIRTUAL_NETWORK, kinds.SECURITY_GROUP, kinds.PUBLIC_IP, kinds.NETWORK_INTERFACE,
                           kinds.VM)
FQDN = "web1.westus.cloudapp.azure.com"
DROPPED = EngineUnreachable("something drops the packets", kind="timeout")
ERA = Image.parse("Canonical:UbuntuServer:18.04-LTS:latest")
EXISTS = "The host 'web1' exists; going on from where its set-up stands."
SOUND = "The host 'web1' is sound; nothing to do."
WAITING = ("The VM 'web1' is being created, by a run that was cut short or by another terminal; waiting for it.")


def untouched(cloud, *allowed):
    assert [one for one in cloud.writes() if not one.startswith(allowed or ("-",))] == []


# A new host


def test_a_host_is_made_proven_and_noted(cloud, command, store):
    made = command.create(tags={"cost": "1"}, provisioner="run-command")
    assert made.proof.reachable and made.proof.version == "26.1.5" and made.provisioned.provisioner == "run-command"
    assert made.address.fqdn == FQDN and made.spec.location == "westus"
    assert cloud.writes()[-5:-2] == [
        f"PUT runCommands/web1/dockervm-request-{made.vm['tags']['dockervm-run']}",
        f"PUT runCommands/web1/dockervm-serve-{made.vm['tags']['dockervm-run']}", "PATCH virtualMachines/web1"]
    assert made.vm["tags"] == cloud.tags() == {
        "cost": "1", "dockervm-host": "web1", "dockervm-run": cloud.tags(NIC, "web1VMNic")["dockervm-run"],
        "dockervm-schema": "1", "dockervm-port": "4243", "dockervm-fqdn": FQDN, "dockervm-provisioner": "run-command",
        "dockervm-ca": store.authority_fingerprints()[0], "dockervm-settings": fingerprint(host_spec()),
        "dockervm-certificate-expires": iso(describe(cloud.host().engine.certificate).not_after)}
    assert not [one for one in cloud.there() if "runcommands" in one]
    assert command.heard.said[0] == "Provisioner: run-command (as asked)."
    assert command.heard.said[1:] == ["Docker (port 4243) is open to the Internet. Docker lets in only clients with a "
                                      "certificate of your authority.\nTo let in this computer alone: "
                                      "az dockervm create -g g -n web1 --sources me"]
    assert command.heard.warned == [] and cloud.host().asked() == ["request", "serve"]


def test_the_authority_comes_first_and_alone(command):
    plan = command.prepared().plan()
    assert plan[0].key == "authority"
    done = {"authority"}
    for step in steps_of(plan[1:]):
        assert step.waits_for & {*done}, step.key
        done.add(step.key)


def test_an_architecture_that_was_asked_for_is_told_with_what_it_means(cloud, command):
    cloud.sizes = {"Standard_D2ps_v6": 2}
    machine = Machine(Image.parse("Debian:debian-13:13-arm64:latest"), "Standard_D2ps_v6", "arm64")
    command.create(machine=machine, provisioner="run-command")
    assert command.heard.said[0] == ("Architecture: arm64; the image is Debian:debian-13:13-arm64:latest, the size "
                                     "Standard_D2ps_v6.")


PUBLISHES = Workload(compose=compose_file.parse("""
services:
  web: {image: nginx, ports: ["80:80", "8000-8009:8000-8009"]}
  admin: {image: nginx, ports: ["127.0.0.1:9000:9000"]}
""", None, "app"))


@pytest.mark.parametrize(("opened", "closed", "to_open"), [
    ([], "80 of 'web', 8000-8009 of 'web'", "--open-ports 80 8000-8009"),
    (["443"], "80 of 'web', 8000-8009 of 'web'", "--open-ports 443 80 8000-8009"),
    (["80"], "8000-8009 of 'web'", "--open-ports 80 8000-8009"),
    (["8000-8009"], "80 of 'web'", "--open-ports 8000-8009 80"),
    (["80", "8000-8008"], "8000-8009 of 'web'", "--open-ports 80 8000-8008 8000-8009"),
    (["80", "8001-8009"], "8000-8009 of 'web'", "--open-ports 80 8001-8009 8000-8009"),
    (["80-81", "7999-8010"], None, None), (["80", "8000-8004", "8005-8009"], None, None)])
def test_ports_that_services_publish_and_azure_keeps_closed_are_told(command, opened, closed, to_open):
    command.prepared(workload=PUBLISHES, open_ports=parse_ports(opened) if opened else ()).announce()
    assert command.heard.warned == ([] if closed is None else [
        f"The Compose file publishes {closed}, which Azure lets nobody reach from outside. To open it: {to_open}"])


def test_the_client_that_writes_is_made_while_reads_are_waited_for(cloud, command):
    command.prepared()
    assert cloud.connected == {"compute", "resources", "network"}


@pytest.mark.parametrize("provisioner", ["run-command", "cloud-init"])
def test_the_plan_is_all_that_will_be_written(cloud, command, provisioner):
    creation = command.prepared(password=None, ssh_keys=(KEY,), provisioner=provisioner)
    planned = printed(creation.plan())
    assert planned == printed(creation.plan())      # asking for it changes nothing
    creation.carry_out(no_keys)
    steps = [one for step in planned for one in step.get("first", [step])]
    writes = [one for one in cloud.writes() if not one.startswith("DELETE runCommands/")]
    assert sorted(writes) == sorted(
        f"{one['request']['method']} {one['request']['type'].rpartition('/')[2]}/{one['request']['name']}"
        for one in steps if "request" in one and "onlyIf" not in one)
    assert len(cloud.writes()) - len(writes) == (2 if provisioner == "run-command" else 0)


@pytest.mark.parametrize(("values", "asked"), [({}, True), ({"ssh_keys": ("ssh-ed25519 BBBB",)}, False)])
def test_keys_are_asked_for_where_there_are_none(cloud, command, values, asked):
    calls = []

    def keys():
        calls.append(1)
        return (KEY,)

    command.create(keys=keys, **values)
    shown_keys = cloud.find(VM, "web1")["properties"]["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"]
    assert bool(calls) is asked and shown_keys[0]["keyData"] == (KEY if asked else "ssh-ed25519 BBBB")


def no_keys():
    raise AssertionError("keys were asked for")


def test_nor_where_there_is_a_password(cloud, command):
    command.create(keys=no_keys, password=Secret("Tall-Ships_2014+Docker"))
    assert "ssh" not in cloud.find(VM, "web1")["properties"]["osProfile"]["linuxConfiguration"]


def custom_data(command, **values):
    step = next(one for one in command.prepared(**values).plan() if getattr(one, "key", "") == "vm")
    data = step.request.body["properties"]["osProfile"].get("customData")
    return data and gzip.decompress(base64.b64decode(data)).decode()


def test_custom_data_is_a_head_start_where_the_script_installs_docker(command):
    begins = custom_data(command, provisioner="run-command")[:200]
    assert "DOCKERVM_ACTION=install" in begins and "DOCKERVM_COMPOSE" not in begins
    assert "DOCKERVM_COMPOSE=1" in custom_data(command, provisioner="docker-extension")[:200]
    assert custom_data(command, provisioner="docker-extension", image=ERA) is None
    assert custom_data(command, provisioner="run-command", image=ERA)


def test_the_extension_sets_up_an_image_of_its_era_by_itself(cloud, command):
    made = command.create(image=ERA)
    assert made.provisioned.provisioner == "docker-extension" == cloud.tags()["dockervm-provisioner"]
    assert cloud.host().asked() == ["restart"] and made.proof.reachable
    assert command.heard.said[0].startswith("Provisioner: docker-extension (westus publishes")


def test_asked_for_on_today_s_image_it_finds_docker_there(cloud, command):
    made = command.create(provisioner="docker-extension")
    assert made.provisioned.provisioner == "docker-extension" and cloud.host().asked() == ["install", "restart"]


def test_a_region_without_the_extension_is_refused_before_anything_is_made(cloud, command):
    cloud.published = False
    assert "does not publish DockerExtension" in command.failing(InvalidValue, provisioner="docker-extension").message
    untouched(cloud)


def test_an_image_without_docker_in_its_repositories_is_refused_before_anything_is_made(cloud, command):
    refused = command.failing(InvalidValue, image=Image.parse("RedHat:RHEL:9_5:latest"))
    assert "Red Hat Enterprise Linux have no Docker" in refused.message
    assert cloud.writes() == []


def test_a_host_that_is_there_may_have_got_docker_by_hand(cloud, command, finished):
    assert command.create(image=Image.parse("RedHat:RHEL:9_5:latest")).proof.reachable


def test_a_label_that_is_not_the_name_is_warned_of(cloud, command):
    cloud.taken_labels = {"web1"}
    made = command.create()
    label = made.address.fqdn.partition(".")[0]
    assert command.heard.warned == [f"DNS label: 'web1' is taken; taking '{label}'."]


def test_refused_reads_come_with_what_to_do(cloud, command):
    cloud.refuse("GET", VM, "AuthorizationFailed", status=403)
    assert "Contributor" in command.failing(AzureRefused).recommendations[0]


# The folder


def test_a_folder_that_is_empty_is_filled(cloud, command, tmp_path):
    store = CertificateStore(tmp_path / "new")
    made = command.create(store=store)
    assert command.heard.done["authority"] == f"made in {store.folder}" and made.proof.reachable
    assert cloud.tags()["dockervm-ca"] == store.authority_fingerprints()[0]


def test_one_that_is_there_is_named(command, store):
    command.create()
    assert command.heard.done["authority"] == str(store.folder)


def test_a_client_certificate_that_is_missing_is_issued_and_told(command, store):
    (store.folder / "key.pem").unlink()
    command.create()
    told = command.heard.done["authority"]
    assert told.startswith(f"{store.folder}: new client certificate by the same authority; key.pem was missing; ")
    assert "the old files are in" in told


def test_without_old_files_none_is_named(command, store):
    (store.folder / "key.pem").unlink()
    (store.folder / "cert.pem").unlink()
    command.create()
    assert "old files" not in command.heard.done["authority"]


def test_what_the_folder_warns_of_is_warned_of(command, store, monkeypatch):
    real = store.ensure
    monkeypatch.setattr(store, "ensure", lambda: _with_warning(real()))
    command.create()
    assert command.heard.warned == ["others can read it"]


def _with_warning(change):
    return replace(change, warnings=("others can read it",))


def test_a_folder_that_takes_no_file_costs_no_round_of_making_and_undoing(cloud, command, store):
    (store.folder / "ca-key.pem").unlink()
    command.failing(CertificateError)
    untouched(cloud)


# A host that is there: whose it is, and whether it runs


def test_another_s_host_is_not_even_asked(cloud, command, other, finished):
    cloud.engines.knocks.clear()
    error = command.failing(Conflict, store=other)
    assert "left as it is" in error.message and not cloud.engines.knocks
    untouched(cloud)


def test_whose_it_is_comes_before_whether_it_runs(cloud, command, other, finished):
    cloud.change(VM, "web1", instanceView=running("deallocated"))
    assert "set up with other certificates" in command.failing(Conflict, store=other).message
    assert "is deallocated" in command.failing(Conflict).message
    untouched(cloud)


def test_by_its_own_word_it_may_be_another_s_all_the_same(cloud, command, other, finished):
    """Its tag is lost. What asking has left is deleted."""
    cloud.retag(VM, "web1", dockervm_ca=None)
    error = command.failing(Conflict, store=other)
    assert "left as it is" in error.message and cloud.host().asked() == ["check"]
    untouched(cloud, "PUT runCommands/web1/dockervm-check-", "DELETE runCommands/web1/dockervm-check-")
    assert not [one for one in cloud.there() if "runcommands" in one] and "kept" not in error.message


def test_deleting_that_has_its_time_and_its_end(cloud, command, other, finished):
    cloud.retag(VM, "web1", dockervm_ca=None)
    cloud.hang("DELETE", kinds.RUN_COMMAND)
    before = cloud.clock.now
    command.failing(Conflict, store=other)
    assert 120 <= cloud.clock.now - before < 200
    assert "az vm run-command delete -g g --vm-name web1" in command.heard.warned[0]


def test_a_host_that_can_t_say_how_it_is_is_left(cloud, command, finished):
    cloud.engine_says = [DROPPED]
    cloud.refuse("PUT", kinds.RUN_COMMAND, "VMAgentStatusCommunicationError")
    error = command.failing(AzureRefused)
    assert "az vm restart -g g -n web1" in error.recommendations[0] and "kept" not in error.message
    untouched(cloud, "PUT runCommands", "DELETE runCommands")


def test_a_host_that_takes_too_long_to_say_it_is_left_with_what_to_type(cloud, command, finished):
    cloud.engine_says = [DROPPED]
    cloud.hang("PUT", kinds.RUN_COMMAND)
    error = command.failing(DeadlinePassed, size="Standard_B2s", typed={"--size": ("Standard_B2s",)})
    agent, again = error.recommendations
    assert agent.endswith("Restarting the VM helps then: az vm restart -g g -n web1")
    assert again == "To continue with it: az dockervm create -g g -n web1"


def test_certificates_that_fail_leave_a_host_as_it_is(cloud, command, finished, store):
    (store.folder / "ca-key.pem").unlink()
    error = command.failing(CertificateError)
    assert "kept" not in error.message
    untouched(cloud)


# A host that is there: sound


def test_a_sound_host_is_left_alone(cloud, command, finished):
    again = command.create()
    assert again.proof == finished.proof and again.vm == finished.vm and again.address == finished.address
    assert cloud.host().asked() == [] and set(cloud.writes()) == {"PATCH virtualMachines/web1"}
    assert command.heard.said == [EXISTS, SOUND] and command.heard.warned == []
    assert "delete_run_commands" not in command.heard.done     # nothing to delete is no line


def test_keys_are_not_asked_for_one_that_is_there(command, finished):
    assert command.create(keys=no_keys).proof.reachable


def test_its_tags_keep_the_run_that_made_it(cloud, command, finished):
    command.create()
    assert cloud.tags()["dockervm-run"] == finished.vm["tags"]["dockervm-run"]
    cloud.retag(VM, "web1", dockervm_run=None)
    command.create()
    assert len(cloud.tags()["dockervm-run"]) == 12


def test_one_that_can_t_be_reached_gets_one_more_look(cloud, command, finished):
    cloud.engine_says = [DROPPED] * 20
    before = cloud.clock.now
    again = command.create()
    assert again.proof.reachable is False and again.proof.cause == DROPPED.cause and again.provisioned.checked
    assert cloud.host().asked() == ["check"] and cloud.clock.now - before < 10
    assert command.heard.done["proof"] == "not reachable from here"


def test_one_whose_network_was_mended_gets_more(cloud, command, finished):
    cloud.change(NIC, "web1VMNic", provisioningState="Failed")
    cloud.engine_says = [DROPPED] * 200
    before = cloud.clock.now
    assert command.create().proof.reachable is False
    assert cloud.clock.now - before > 25


PORTS_CHANGE = "In the network security group 'web1NSG' it opens 9090, closes 8080."


def opening(*ports):
    return {"open_ports": parse_ports(ports), "typed": {"--open-ports": ports}}


def test_ports_of_a_host_that_is_there_are_told_before_they_open_and_close(cloud, command):
    command.create(**opening("8080"))
    command.anew()
    said_at_first_write = []
    cloud.when("PUT", NSG, lambda _azure, _request: said_at_first_write.extend(command.heard.said), times=1)
    command.create(**opening("9090"))
    assert PORTS_CHANGE in said_at_first_write and command.heard.said.count(PORTS_CHANGE) == 1
    assert SOUND not in command.heard.said      # something was done


def test_so_are_they_in_a_preview(cloud, command):
    command.create(**opening("8080"))
    command.anew()
    preview(command.prepared(**opening("9090")), StoreChange(), ())
    assert PORTS_CHANGE in command.heard.said and cloud.writes() == []


def test_a_host_that_is_not_reachable_is_not_called_sound(cloud, command, finished):
    cloud.engine_says = [DROPPED] * 200
    assert not command.create().proof.reachable and SOUND not in command.heard.said


def test_nor_is_one_of_which_something_was_changed(command, finished):
    command.create(tags={"cost": "2"})
    assert SOUND not in command.heard.said


def test_new_tags_go_on_the_vm_and_its_parts(cloud, command, finished):
    command.create(tags={"cost": "2"})
    assert cloud.tags()["cost"] == "2" == cloud.tags(PIP, "web1PublicIP")["cost"] == cloud.tags(NSG, "web1NSG")["cost"]


def test_a_hand_written_tag_stays(cloud, command, finished):
    cloud.retag(VM, "web1", owner="me")
    command.create()
    assert cloud.tags()["owner"] == "me"


def test_sshd_is_moved_where_that_is_asked_for(cloud, command, finished):
    command.create(ssh_port=2222)
    host = cloud.host()
    assert host.ssh_port == 2222 and host.asked() == ["ssh"]
    assert [text for text in command.heard.said if "Setting up" in text] == []


def test_where_it_can_t_be_moved_that_is_told_and_nothing_is_proven(command, finished, cloud):
    cloud.host().fails["ssh"] = ("ssh-failed", "no")
    error = command.failing(HostFailed, ssh_port=2222)
    assert "('ssh') failed: sshd does not listen on its port" in error.message
    assert error.message.endswith("The VM 'web1' was kept.")
    assert "proof" not in command.heard.begun


def test_what_does_not_apply_is_warned_of(cloud, command, finished):
    command.create(size="Standard_B2s", typed={"--size": ("Standard_B2s",)})
    assert command.heard.warned[0].startswith("Not applied: --size: the host has Standard_D2s_v5.")


def test_what_is_without_effect_is_warned_of(cloud, command, finished):
    cloud.change(NIC, "web1VMNic", networkSecurityGroup=None)
    command.create(ssh_port=22, typed={"-e": ("22",)})
    assert command.heard.warned == [
        "Without effect: -e: it is written into the network security group 'web1NSG', but the network interface "
        "stands behind none."]


def test_an_extension_that_did_not_set_it_up_is_told_of_and_left(cloud, command, finished):
    cloud.resources["microsoft.compute/virtualmachines/extensions", "g", "web1", "dockerextension"] = {
        "id": "x", "properties": {"provisioningState": "Failed"}}
    command.create()
    assert "az vm extension delete -g g --vm-name web1 -n DockerExtension" in command.heard.warned[0]
    untouched(cloud, "PATCH")


# A host that is there: set up again


def setting_up(command):
    text, = [one for one in command.heard.said if one.startswith("Setting up")]
    return text


def test_a_half_made_host_is_finished(cloud, command):
    rule = cloud.refuse("PUT", kinds.RUN_COMMAND, "Broken", name="dockervm-serve")
    command.failing(provisioner="run-command")
    cloud.rules.remove(rule)
    command.anew()
    made = command.create()
    assert made.proof.reachable and not cloud.sent("PUT", VM)
    assert cloud.host().asked() == ["check", "request", "serve"]
    assert setting_up(command) == (
        "Setting up 'web1' by run-command (cloud-init sets a host up at its first boot only): "
        f"{FQDN}:4243 refuses connections: nothing listens there; the host itself says: Docker is not set up.")
    # Those of the run that failed go too.
    assert not [one for one in cloud.there() if "runcommands" in one]


def test_a_host_that_is_not_sound_is_set_up_as_it_was(cloud, command, finished):
    cloud.host().engine = None
    assert command.create(provisioner="auto").proof.reachable
    assert setting_up(command).startswith("Setting up 'web1' by run-command (as the host was set up): ")
    assert setting_up(command).endswith("the host itself says: the engine does not work as set up.")


def test_a_certificate_that_ends_soon_is_renewed(cloud, command, finished, monkeypatch):
    monkeypatch.setattr(names, "RENEWAL_DAYS", 2000)
    before = cloud.host().engine.certificate
    again = command.create()
    assert cloud.host().engine.certificate != before and "its server certificate ends on" in setting_up(command)
    assert again.provisioned.fingerprint == describe(cloud.host().engine.certificate).fingerprint


def test_a_new_port_is_served_before_the_old_one_is_closed(cloud, command, finished):
    again = command.create(port=2376, typed={"-dp": ("2376",)})
    assert again.spec.engine.port == 2376 and cloud.host().engine.port == 2376
    assert cloud.tags()["dockervm-port"] == "2376"
    rule, = cloud.find(NSG, "web1NSG")["properties"]["securityRules"]
    assert rule["properties"]["destinationPortRange"] == "2376"
    puts = [one for one in cloud.writes() if "networkSecurityGroups" in one or "PUT run" in one or "PATCH" in one]
    assert [one.partition("/")[0] for one in puts] == [
        "PUT networkSecurityGroups", "PUT runCommands", "PUT runCommands", "PATCH virtualMachines",
        "PUT networkSecurityGroups"]


def test_a_port_that_was_not_typed_is_the_host_s(cloud, command):
    command.create(port=2376)
    command.anew()
    again = command.create()
    assert again.spec.engine.port == 2376 and cloud.host().asked() == []


def test_where_its_tag_is_lost_it_tells_its_port_itself(cloud, command):
    command.create(port=2376)
    command.anew()
    cloud.retag(VM, "web1", dockervm_port=None)
    again = command.create()
    assert again.spec.engine.port == 2376 and cloud.tags()["dockervm-port"] == "2376" and again.proof.reachable
    assert cloud.host().asked() == ["check", "check"]


def test_a_lost_address_is_made_again_and_certified(cloud, command, finished):
    del cloud.find(NIC, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"]
    cloud.remove(PIP, "web1PublicIP")
    again = command.create()
    assert "address was made anew" in setting_up(command) and again.proof.reachable


def test_the_extension_gets_its_new_certificate_into_use(cloud, command, monkeypatch):
    command.create(provisioner="docker-extension")
    command.anew()
    monkeypatch.setattr(names, "RENEWAL_DAYS", 2000)
    before = cloud.host().engine.certificate
    command.create()
    assert cloud.host().asked() == ["restart"] and cloud.host().engine.certificate != before
    assert setting_up(command).startswith("Setting up 'web1' by docker-extension (as the host was set up)")


def test_one_that_was_never_finished_may_be_set_up_by_another(cloud, command):
    """It tells nobody whom it trusts: what an earlier extension left is removed first."""
    cloud.extension_fails = "broken"
    command.failing(provisioner="docker-extension")
    cloud.extension_fails = None
    command.anew()
    command.create(provisioner="run-command")
    assert cloud.tags()["dockervm-provisioner"] == "run-command"
    order = [one.partition("/")[0] for one in cloud.writes() if "extensions" in one or "PUT run" in one]
    assert order == ["PUT runCommands", "DELETE extensions", "PUT runCommands", "PUT runCommands"]


def test_a_set_up_that_fails_keeps_the_host_and_is_told(cloud, command, finished):
    cloud.host().engine = None
    cloud.host().fails["serve"] = ("disk-full", "no space")
    error = command.failing(HostFailed)
    assert "('serve') failed: a disk of the host is full" in error.message
    assert error.message.endswith("The VM 'web1' was kept.")
    assert "To continue from there: az dockervm create -g g -n web1" in error.recommendations
    assert not [text for text in error.recommendations if "dockervm delete" in text]      # it was finished once


# A VM that is being made, by a run that was cut short or by another terminal


@pytest.fixture
def being_made(cloud, command, finished):
    """being_made(...) → what happens during the pauses; the VM is in Creating until then."""
    cloud.change(VM, "web1", provisioningState="Creating")

    def meanwhile(*what):
        cloud.clock.meanwhile = list(what)
        cloud.clock.pauses.clear()

    return meanwhile


def becomes(cloud, state):
    return lambda: cloud.change(VM, "web1", provisioningState=state)


def test_it_is_waited_for_and_gone_on_with(cloud, command, being_made):
    being_made(becomes(cloud, "Creating"), becomes(cloud, "Succeeded"))
    assert command.create().proof.reachable
    assert command.heard.said == [WAITING, EXISTS, SOUND] and cloud.clock.pauses[:2] == [4, 4]
    assert not cloud.sent("PUT", VM)


def test_it_is_waited_for_by_the_create_alone_not_by_its_preparation(cloud, command, being_made):
    being_made(lambda: pytest.fail("waited"))
    command.prepared()


def test_what_it_has_by_then_counts(cloud, command, being_made):
    """Its port, user and tags, which this command did not ask to change."""
    cloud.retag(VM, "web1", dockervm_port=None)

    def finished_there():
        becomes(cloud, "Succeeded")()
        cloud.retag(VM, "web1", dockervm_port="2376", cost="1")
        host = cloud.host()
        host.files = host.engine = type(host.files)(2376, host.files.ca, host.files.certificate)

    being_made(finished_there)
    again = command.create()
    assert again.spec.engine.port == 2376 and again.spec.tags == {"cost": "1"}


def test_it_may_never_have_run_then_it_is_made_anew(cloud, command, being_made):
    def fails():
        cloud.change(VM, "web1", **never_ran())
        cloud.retag(VM, "web1", dockervm_provisioner=None)

    being_made(fails)
    again = command.create()
    assert again.proof.reachable and len(cloud.sent("DELETE", VM)) == 1 == len(cloud.sent("PUT", VM))
    assert any(text.startswith("Provisioner: cloud-init") for text in command.heard.said)
    assert EXISTS not in command.heard.said


@pytest.mark.parametrize("states", [(), ("Deleting",), ("Deleting", "Deleting")])
def test_it_may_be_deleted_then_all_is_made_anew(cloud, command, being_made, states):
    """That run undoes what it made, and its parts with it."""
    def gone():
        cloud.remove(VM, "web1")
        cloud.resources.clear()

    being_made(*[becomes(cloud, state) for state in states], gone)
    again = command.create(ssh_keys=())
    assert again.proof.reachable and len(cloud.sent("PUT", VM)) == 1 and len(cloud.sent("PUT", NIC)) == 1
    assert command.heard.said.count(WAITING) == 1 and again.vm["tags"]["dockervm-run"] == cloud.tags(
        NSG, "web1NSG")["dockervm-run"]


def theirs(cloud, other):
    """What another makes of the name, with a host of their own."""
    def replaced():
        cloud.resources.clear()
        Commands(cloud, other).create()
        cloud.log.clear()

    return replaced


def test_it_may_be_another_s_by_then_and_is_left(cloud, command, being_made, other):
    being_made(theirs(cloud, other))
    error = command.failing(Conflict)
    assert "was set up with other certificates" in error.message and "left as it is" in error.message
    assert "kept" not in error.message
    untouched(cloud)


def test_so_is_one_that_came_into_its_place_when_it_was_gone(cloud, command, being_made, other):
    """Deleted at one look, and there again, another's, when all is surveyed anew."""
    def gone():
        cloud.remove(VM, "web1")
        cloud.resources.clear()
        cloud.when("GET", VM, lambda _azure, _request: theirs(cloud, other)(), times=1, afterwards=True)

    being_made(gone)
    assert "was set up with other certificates" in command.failing(Conflict).message
    untouched(cloud)


def test_so_is_one_that_came_into_the_place_of_one_that_never_ran(cloud, command, finished, other):
    cloud.change(VM, "web1", **never_ran())
    cloud.retag(VM, "web1", dockervm_provisioner=None)
    cloud.when("DELETE", VM, lambda _azure, _request: theirs(cloud, other)(), times=1, afterwards=True)
    assert "was set up with other certificates" in command.failing(Conflict).message
    untouched(cloud)


def test_the_time_that_passes_over_it_comes_with_what_to_type(cloud, command, being_made):
    being_made()
    error = command.failing(DeadlinePassed, seconds=60.0, size="Standard_B2s", typed={"--size": ("Standard_B2s",)})
    assert error.message == "the time allowed (60 s) is over; last seen: the VM 'web1' is 'Creating'"
    assert error.recommendations == (
        "To continue with it: az dockervm create -g g -n web1 --size Standard_B2s",)
    untouched(cloud)


def test_ctrl_c_ends_the_waiting_and_nothing_was_changed(cloud, command, being_made):
    being_made(lambda: command.cancellation.cancel("SIGTERM"))
    assert command.failing(Interrupted).message == "Stopped by SIGTERM while the VM 'web1' is 'Creating'"
    untouched(cloud)


@pytest.mark.parametrize("state", ["Updating", "Succeeded", "Failed"])
def test_any_other_state_is_not_waited_for(cloud, command, finished, state):
    cloud.change(VM, "web1", provisioningState=state)
    assert command.create().proof.reachable and command.heard.said == [EXISTS, SOUND]


def test_one_that_is_being_deleted_is_waited_for_and_made_anew(cloud, command, finished):
    cloud.change(VM, "web1", provisioningState="Deleting")
    cloud.clock.meanwhile = [lambda: cloud.remove(VM, "web1")]
    assert command.create(provisioner="run-command").proof.reachable
    assert " is being deleted, by " in command.heard.said[0]
    assert cloud.sent("PUT", VM)


@pytest.mark.parametrize("kind", [VM, NSG, NIC], ids=lambda kind: kind.noun)
def test_a_first_read_that_fails_is_told_with_the_command_that_tries_again(cloud, command, kind):
    cloud.refuse("GET", kind, "Broken", status=500)
    error = command.failing(AzureRefused, port=2376, typed={"-dp": ("2376",)})
    assert error.message.endswith("Nothing was changed.")
    assert error.recommendations[-1] == "To try again: az dockervm create -g g -n web1 -dp 2376"


# A VM that never ran


@pytest.fixture
def ruin(cloud, finished):
    cloud.change(VM, "web1", **never_ran())
    cloud.retag(VM, "web1", dockervm_provisioner=None, dockervm_port="9999")


def test_it_is_deleted_and_made_anew_as_it_was_asked_for(cloud, command, ruin):
    made = command.create()
    assert made.proof.reachable and made.spec.engine.port == 4243
    assert cloud.writes()[0] == "DELETE virtualMachines/web1" and len(cloud.sent("PUT", VM)) == 1
    assert not cloud.sent("PUT", NSG)       # it was there and stays
    assert command.heard.begun[0] == "remove" and EXISTS not in command.heard.said


def test_its_image_and_size_are_looked_up_again(cloud, command, ruin):
    command.create()
    assert "image" in cloud.asked


def test_it_stays_where_the_new_one_s_image_is_refused(cloud, command, ruin):
    command.failing(InvalidValue, image=Image.parse("RedHat:RHEL:9_5:latest"))
    untouched(cloud)


def test_where_it_can_t_be_deleted_that_is_told_with_the_commands(cloud, command, ruin):
    cloud.refuse("DELETE", VM, "ScopeLocked")
    error = command.failing(AzureRefused, size="Standard_B2s", typed={"--size": ("Standard_B2s",)})
    assert error.message.endswith(
        "The VM 'web1' never ran, and had to be deleted before it could be made anew; it was left as it is.")
    assert error.recommendations[-2:] == (
        "To delete it: az dockervm delete -g g -n web1",
        "To try again: az dockervm create -g g -n web1 --size Standard_B2s")
    assert "az lock list" in error.recommendations[0]
    untouched(cloud, "DELETE virtualMachines/web1")


def test_whose_it_is_counts_for_it_too(cloud, command, ruin, other):
    cloud.retag(VM, "web1", dockervm_ca="b" * 64)
    command.failing(Conflict)
    untouched(cloud)


def test_one_that_was_finished_once_is_never_deleted(cloud, command, finished):
    cloud.change(VM, "web1", **never_ran())
    command.create()
    assert not cloud.sent("DELETE", VM)


# Ports


def test_sshd_does_not_get_the_port_that_the_engine_has(cloud, command, finished):
    cloud.retag(VM, "web1", dockervm_port="2222")
    assert "2222" in command.failing(ssh_port=2222).message
    untouched(cloud)


def test_a_create_asks_by_the_name_that_the_user_has(cloud, command, finished):
    """Whom the script adds to the group docker is the VM's user, whoever the command would take for a new one."""
    cloud.host().engine = None
    cloud.find(VM, "web1")["properties"]["osProfile"]["adminUsername"] = "me"
    command.create()
    assert {values["DOCKERVM_USER"] for action, values in cloud.host().actions if action == "request"} == {"me"}


def test_tags_that_the_vm_has_go_on_what_is_made_for_it(cloud, command, finished):
    cloud.retag(VM, "web1", cost="1")
    cloud.host().engine = None
    command.create()
    assert {one.body["tags"]["cost"] for one in cloud.sent("PUT", kinds.RUN_COMMAND)} == {"1"}


def test_a_copy_of_the_folder_is_as_good(cloud, command, finished, store, tmp_path):
    copy = CertificateStore(shutil.copytree(store.folder, tmp_path / "copy"))
    assert command.create(store=copy).proof.reachable


def test_each_run_has_an_id_of_its_own(cloud, command):
    first, second = command.prepared(), command.prepared(spec=host_spec(name="web2"))
    assert first.run_id != second.run_id and len(first.run_id) == 12 == len(first.commands.run_id)


# A part that is being changed, by the same


PARTS = pytest.mark.parametrize(("kind", "name"), [
    (VNET, "dockervm-westus-vnet"), (NSG, "web1NSG"), (PIP, "web1PublicIP"), (NIC, "web1VMNic")],
    ids=lambda one: one if isinstance(one, str) else "")


@pytest.fixture
def half_made(cloud, command, finished):
    """All of a host but its VM."""
    cloud.resources.pop(next(key for key in cloud.resources if key[-1] == "web1"))
    cloud.change(NIC, "web1VMNic", virtualMachine=None)
    cloud.clock.pauses.clear()


def part_becomes(cloud, kind, name, state, **more):
    return lambda: cloud.change(kind, name, provisioningState=state, **more)


@PARTS
@pytest.mark.parametrize(("state", "told"), [("Updating", "changed"), ("Creating", "created")])
def test_a_part_is_waited_for_until_it_is_at_rest(cloud, command, half_made, kind, name, state, told):
    part_becomes(cloud, kind, name, state)()
    cloud.clock.meanwhile = [part_becomes(cloud, kind, name, "Updating"), part_becomes(cloud, kind, name, "Succeeded")]
    assert command.create().proof.reachable and cloud.clock.pauses[:2] == [4, 4]
    assert command.heard.said[0] == (f"The {kind.noun} '{name}' is being {told}, by a run that was cut short or by "
                                     "another terminal; waiting for it.")
    assert [one for one in cloud.writes() if name in one] == []


def test_an_address_that_is_being_made_has_its_ip_by_then(cloud, command, half_made):
    ip = cloud.find(PIP, "web1PublicIP")["properties"].pop("ipAddress")
    part_becomes(cloud, PIP, "web1PublicIP", "Updating")()
    cloud.clock.meanwhile = [part_becomes(cloud, PIP, "web1PublicIP", "Succeeded", ipAddress=ip)]
    assert command.create().address.public == ip


@PARTS
def test_one_that_ends_in_failed_is_mended(cloud, command, half_made, kind, name):
    part_becomes(cloud, kind, name, "Updating")()
    cloud.clock.meanwhile = [part_becomes(cloud, kind, name, "Failed")]
    assert command.create().proof.reachable and len([one for one in cloud.writes() if name in one]) == 1


@PARTS
def test_one_that_goes_is_made_anew(cloud, command, half_made, kind, name):
    part_becomes(cloud, kind, name, "Deleting")()
    key = next(key for key in cloud.resources if key[-1] == name.lower())
    cloud.clock.meanwhile = [lambda: cloud.resources.pop(key)]
    assert command.create().proof.reachable
    assert [one for one in cloud.writes() if name in one] == [f"PUT {kind.type.rpartition('/')[2]}/{name}"]
    assert " is being deleted, by " in command.heard.said[0]


def test_one_that_is_another_s_by_then_is_left(cloud, command, half_made):
    part_becomes(cloud, NSG, "web1NSG", "Updating")()

    def theirs_now():
        part_becomes(cloud, NSG, "web1NSG", "Succeeded")()
        cloud.retag(NSG, "web1NSG", dockervm_host=None)

    cloud.clock.meanwhile = [theirs_now]
    assert "dockervm did not make it" in command.failing(Conflict).message
    untouched(cloud)


def test_one_that_never_rests_is_told_and_nothing_is_changed(cloud, command, half_made):
    part_becomes(cloud, NIC, "web1VMNic", "Updating")()
    error = command.failing(DeadlinePassed, seconds=60.0)
    assert error.message.endswith("last seen: the network interface 'web1VMNic' is 'Updating'")
    assert error.recommendations == ("To continue with it: az dockervm create -g g -n web1",)
    untouched(cloud)


def test_a_set_up_that_dockerd_refuses_is_gone_on_with_without_the_setting(cloud, command, finished):
    cloud.host().engine = None
    cloud.host().fails["serve"] = ("docker-config-invalid", "the following directives don't match any configuration "
                                                            "option: nri-opts")
    asked = host_spec(typed={"--engine-options": ("mtu=1450", "nri-opts.enable=true")})
    error = command.failing(HostFailed, spec=asked)
    assert [one for one in error.recommendations if "nri-opts" in one] == []
    assert ("To continue without the value that failed: az dockervm create -g g -n web1 --engine-options mtu=1450"
            in error.recommendations)


def test_an_extension_that_failed_is_not_asked_for_again(cloud, command):
    cloud.extension_fails = "broken"
    error = command.failing(HostFailed, provisioner="docker-extension", typed={"--provisioner": ("docker-extension",)})
    assert [one for one in error.recommendations if "docker-extension" in one] == []
    assert len([one for one in error.recommendations if "--provisioner run-command" in one]) == 1
