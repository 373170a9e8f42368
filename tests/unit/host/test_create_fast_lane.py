"""A host that sets itself up at first boot: five writes, its words on the way, and run commands where it is silent."""

from __future__ import annotations

import json

import pytest
from fake_azure import shown
from fake_door import CLOSES, DROPS, GARBAGE, PROXY, REFUSES, STRANGE, settings

from azext_dockervm.azure import kinds, names
from azext_dockervm.certs.summary import describe, iso
from azext_dockervm.errors import AzureRefused, DeadlinePassed, HostFailed, Interrupted
from azext_dockervm.flow.request import to_bytes
from azext_dockervm.flow.step import printed

LANE = {"provisioner": "cloud-init"}


def custom_data(cloud) -> str:
    [put] = cloud.sent("PUT", kinds.VM)
    return json.loads(to_bytes(put.body))["properties"]["osProfile"]["customData"]


def test_five_writes_and_nothing_after_the_vm(command, cloud):
    made = command.create(**LANE)
    writes = cloud.writes()
    assert len(writes) == 5 and writes[-1] == "PUT virtualMachines/web1"
    assert {write.split("/")[0] for write in writes} == {
        "PUT networkSecurityGroups", "PUT virtualNetworks", "PUT publicIPAddresses", "PUT networkInterfaces",
        "PUT virtualMachines"}
    assert made.provisioned.provisioner == "cloud-init" and made.proof.reachable
    assert not cloud.host().asked(), "no run command"
    # What it comes to is compared with the VM that was made, which is not read for it.
    assert [shown(one) for one in cloud.log].count("GET virtualMachines/web1") == 1, "the look before"


def test_the_tags_that_go_with_the_vm_say_what_it_comes_to(command, cloud, store):
    made = command.create(**LANE)
    tags = cloud.tags()
    assert tags[names.TAG_PROVISIONER] == "cloud-init"
    assert tags[names.TAG_AUTHORITY] == store.load_authority().fingerprint
    assert tags[names.TAG_FQDN] == made.address.fqdn and tags[names.TAG_PORT] == "4243"
    assert tags[names.TAG_CERTIFICATE_EXPIRES] == iso(describe(cloud.host().engine.certificate).not_after)
    assert made.vm["tags"] == tags


def test_its_states_are_told(command, cloud):
    command.create(**LANE)
    assert [text for text in command.heard.said if "says:" in text] == [
        "'web1' says: it installs Docker.", "'web1' says: it has its certificate, and installs Docker.",
        "'web1' says: it starts the engine."]
    assert "tags" not in command.heard.done and "delete_run_commands" not in command.heard.done, "nothing was done"


def test_what_the_host_needs_is_in_its_custom_data_and_nothing_of_the_folder_s_keys(command, cloud, store):
    command.create(port=2376, ssh_port=2222, user="me", **LANE)
    values = settings(custom_data(cloud))
    assert (values["DOCKERVM_PORT"], values["DOCKERVM_SSH_PORT"], values["DOCKERVM_USER"]) == ("2376", "2222", "me")
    text = json.dumps(values)
    for file in ("ca-key.pem", "key.pem"):
        lines = (store.folder / file).read_text().splitlines()[1:-1]
        assert not [line for line in lines if line in text]


def test_two_runs_have_two_keys(command, cloud):
    first = settings(_run(command, cloud))
    cloud.remove(kinds.VM, "web1")
    second = settings(_run(command, cloud))
    assert first["DOCKERVM_DOOR_KEY"] != second["DOCKERVM_DOOR_KEY"]
    assert first["DOCKERVM_RUN_ID"] != second["DOCKERVM_RUN_ID"]


def _run(command, cloud) -> str:
    cloud.log.clear()
    command.create(**LANE)
    return custom_data(cloud)


def test_before_it_runs_it_is_printed_without_the_key(command):
    plan = printed(command.prepared(**LANE).plan())
    [vm] = [one for one in plan if one.get("step") == "vm"]
    assert vm["request"]["body"]["properties"]["osProfile"]["customData"] == "<authority: first boot>"
    assert "PRIVATE" not in json.dumps(vm)


@pytest.mark.parametrize("behaves", [REFUSES, DROPS, STRANGE, PROXY, CLOSES, GARBAGE])
def test_where_the_host_does_not_come_forward_run_commands_take_over(command, cloud, behaves):
    cloud.first_boot = behaves
    made = command.create(**LANE)
    assert cloud.host().asked() == ["request", "serve"]
    assert made.provisioned.provisioner == "run-command" and cloud.tags()[names.TAG_PROVISIONER] == "run-command"
    [warning] = command.heard.warned
    assert "did not come forward" in warning and warning.endswith("run-command takes over.")


def test_a_set_up_that_fails_is_told_at_once_and_the_vm_is_kept(command, cloud):
    cloud.first_boot = "install-failed"
    began = cloud.clock.now
    error = command.failing(HostFailed, **LANE)
    assert "Docker could not be installed" in error.message and "what the host says" in error.message
    assert cloud.clock.now - began < 30 and cloud.find(kinds.VM, "web1")
    assert not cloud.host().asked(), "the same script would fail in the same way"
    assert any("create" in text for text in error.recommendations)


def test_after_that_the_same_create_goes_on_by_run_commands(command, cloud):
    cloud.first_boot = "install-failed"
    command.failing(HostFailed, **LANE)
    command.anew()
    made = command.create(**LANE)
    assert cloud.host().asked()[-2:] == ["request", "serve"] and made.proof.reachable
    assert cloud.tags()[names.TAG_PROVISIONER] == "run-command"


def test_a_vm_that_is_refused_ends_the_waiting_and_is_undone(command, cloud):
    cloud.refuse("PUT", kinds.VM, "SkuNotAvailable")
    error = command.failing(AzureRefused, **LANE)
    assert error.code == "SkuNotAvailable" and cloud.find(kinds.NETWORK_INTERFACE, "web1VMNic") is None


def test_time_that_is_over_is_told_and_the_vm_kept(command, cloud):
    cloud.first_boot = REFUSES
    cloud.hang("PUT", kinds.RUN_COMMAND)
    error = command.failing(DeadlinePassed, seconds=400.0, **LANE)
    assert cloud.find(kinds.VM, "web1") and "time allowed" in error.message


def test_ctrl_c_while_the_host_installs_keeps_it_and_says_how_to_go_on(command, cloud):
    command.heard.at["'web1' says: it installs Docker"] = lambda: command.cancellation.cancel("Ctrl-C")
    error = command.failing(Interrupted, **LANE)
    assert cloud.find(kinds.VM, "web1") and any("az dockervm create" in text for text in error.recommendations)


def test_a_sound_host_is_left_alone(command, cloud):
    made = command.create(**LANE)
    command.anew()
    again = command.create(**LANE)
    assert not cloud.host().asked() and again.provisioned.provisioner == "cloud-init"
    assert again.provisioned.fingerprint == made.provisioned.fingerprint
    assert cloud.tags()[names.TAG_PROVISIONER] == "cloud-init"
    assert [shown(one) for one in cloud.sent("PUT", kinds.VM)] == []
