"""An existing host is made to trust another folder's authority: on the user's word, who knows whom it cuts off."""

from __future__ import annotations

import pytest
from fake_azure import running, shown
from specs import host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.certs.summary import describe
from azext_dockervm.errors import (
    AzureRefused,
    AzureUnreachable,
    CertificateError,
    Conflict,
    DeadlinePassed,
    EngineUnreachable,
    HostFailed,
    HostGone,
    Interrupted,
    NotFound,
)
from azext_dockervm.host.enable import TrustReplacement

VM, NIC, PIP, EXTENSION, RUN_COMMAND = (kinds.VM, kinds.NETWORK_INTERFACE, kinds.PUBLIC_IP, kinds.EXTENSION,
                                        kinds.RUN_COMMAND)
DROPPED = EngineUnreachable("something drops the packets", kind="timeout")
ENABLE = "az dockervm enable -g g -n web1 --replace-trust"


@pytest.fixture
def replacing(cloud, command, finished):
    """replacing(store) → enable, about a host of ``command.store``'s authority."""
    def of(store, **values):
        return TrustReplacement(command.azure(), host_spec(location=None, **values), store, command.heard)

    return of


def asked(replacement):
    replacement.ask_the_host()
    return replacement


def failing(kind, do):
    with pytest.raises(kind) as caught:
        do()
    return caught.value


def changed_nothing(cloud):
    return all("dockervm-check-" in one for one in cloud.writes())


# Asking


def test_asking_changes_nothing(cloud, replacing, other):
    asked(replacing(other))
    assert cloud.host().asked() == ["check"] and changed_nothing(cloud)


def test_its_own_host_is_not_even_asked(cloud, replacing, store):
    replacement = asked(replacing(store))
    assert cloud.host().asked() == [] and replacement.whom_it_cuts_off() == ""


def test_the_user_is_told_what_takes_a_moment(command, replacing, other):
    asked(replacing(other))
    assert command.heard.said == ["Asking the host 'web1' whom it trusts ..."]


def test_a_vm_that_is_not_there(cloud, replacing, other):
    assert "There is no VM 'web2'" in failing(NotFound, replacing(other, name="web2").ask_the_host).message


def test_one_that_is_off(cloud, replacing, other):
    cloud.change(VM, "web1", instanceView=running("deallocated"))
    error = failing(Conflict, replacing(other).ask_the_host)
    assert error.recommendations == ("az vm start -g g -n web1",) and changed_nothing(cloud)


def test_one_that_dockervm_did_not_make(cloud, replacing, other):
    cloud.retag(VM, "web1", dockervm_host=None)
    error = failing(Conflict, replacing(other, subscription="mine").ask_the_host)
    assert error.message == "The VM 'web1' was not made by dockervm. It was left as it is."
    assert error.recommendations[0].endswith("az dockervm list -o table --subscription mine")


@pytest.mark.parametrize("lost", [{"ipAddress": None}, {"dnsSettings": None}])
def test_one_that_has_lost_its_address_or_its_name(cloud, replacing, other, lost):
    cloud.retag(VM, "web1", dockervm_fqdn=None)
    cloud.change(PIP, "web1PublicIP", **lost)
    assert "has no public address with a name" in failing(Conflict, replacing(other).ask_the_host).message
    assert changed_nothing(cloud)


def test_one_that_can_t_be_asked_stays_as_it_is(cloud, replacing, other):
    cloud.refuse("PUT", RUN_COMMAND, "Broken")
    error = failing(AzureRefused, replacing(other).ask_the_host)
    assert error.message == "Broken said Azure. Nothing was changed."
    assert error.recommendations[-1] == f"To try again: {ENABLE}"


@pytest.mark.parametrize(("seen", "deleted"), [
    (HostFailed("busy"), True), (AzureRefused("no", code="x"), True), (DeadlinePassed("over"), False),
    (AzureUnreachable("no way"), False), (Interrupted("Ctrl-C"), False)], ids=lambda value: type(value).__name__)
def test_what_asking_has_left_is_deleted_where_azure_is_there(cloud, replacing, other, monkeypatch, seen, deleted):
    from azext_dockervm.host import enable

    def ask_and_fail(*arguments):
        ask(*arguments)
        raise seen

    ask = enable.ask_itself
    monkeypatch.setattr(enable, "ask_itself", ask_and_fail)
    assert failing(type(seen), replacing(other).ask_the_host).message.endswith("Nothing was changed.")
    assert any(one.startswith("DELETE runCommands/web1/dockervm-check-") for one in cloud.writes()) is deleted


def test_a_folder_that_takes_no_file_changes_nothing_on_the_host(cloud, replacing, other, monkeypatch):
    def full(_store):
        raise CertificateError("No space left.")

    replacement = asked(replacing(other))
    monkeypatch.setattr(CertificateStore, "ensure", full)
    error = failing(CertificateError, replacement.carry_out)
    assert error.message == "No space left. Nothing was changed." and cloud.host().asked() == ["check"]
    assert error.recommendations[-1] == f"To try again: {ENABLE}"
    assert not [one for one in cloud.there() if "dockervm-check" in str(one)]


def test_a_client_certificate_that_is_issued_on_the_way_is_told_with_its_backup(cloud, command, replacing, other):
    (other.folder / "key.pem").unlink()
    asked(replacing(other)).carry_out()
    told = command.heard.done["authority"]
    assert "new client certificate by the same authority; key.pem was missing; the old files are in" in told


def test_thinking_it_over_takes_none_of_the_command_s_time(cloud, command, replacing, other):
    replacement = asked(replacing(other))
    left = replacement.azure.deadline.remaining()
    cloud.clock.now += 5000
    replacement.was_thought_over(5000)
    assert replacement.azure.deadline.remaining() == left
    assert replacement.azure.deadline.cancellation is command.cancellation
    replacement.carry_out()


def test_one_on_another_port_tells_it(cloud, command, replacing, other):
    host = cloud.host()
    host.files = host.engine = type(host.files)(2376, host.files.ca, host.files.certificate)
    cloud.retag(VM, "web1", dockervm_port=None)
    replacement = asked(replacing(other))
    assert replacement.spec.engine.port == 2376 and replacement.commands.spec.engine.port == 2376


def test_what_the_host_is_counts_not_what_a_new_one_would_be(cloud, replacing, other):
    cloud.retag(VM, "web1", cost="1", dockervm_port="2376")
    cloud.find(VM, "web1")["properties"]["osProfile"]["adminUsername"] = "me"
    spec = asked(replacing(other)).spec
    assert (spec.location, spec.login.user, spec.tags) == ("westus", "me", {"cost": "1"})


def test_a_host_without_a_user_s_name_gets_the_usual(cloud, replacing, other):
    cloud.find(VM, "web1")["properties"]["osProfile"] = {}
    assert asked(replacing(other)).spec.login.user == "azureuser"


# Whom it cuts off


def test_both_authorities_are_named(cloud, replacing, other, store):
    told = asked(replacing(other)).whom_it_cuts_off()
    assert f"shall trust the authority in {other.folder} ({other.authority_fingerprints()[0]})" in told
    assert f"SHA-256 fingerprint {store.authority_fingerprints()[0]}: their docker clients" in told


def test_one_that_will_be_made_first(cloud, replacing, tmp_path):
    told = asked(replacing(CertificateStore(tmp_path / "new"))).whom_it_cuts_off()
    assert f"shall trust a new authority, which will be made in {tmp_path / 'new'}" in told
    assert not (tmp_path / "new").exists()


def test_all_that_the_host_names(cloud, replacing, other):
    cloud.host().says = {"authority": f"{'a' * 64} {'b' * 64}"}
    assert f"fingerprint {'a' * 64} or {'b' * 64}:" in asked(replacing(other)).whom_it_cuts_off()


def test_the_tag_s_where_the_host_says_nothing(cloud, replacing, other):
    cloud.host().says = {"authority": None}
    cloud.retag(VM, "web1", dockervm_ca="C" * 64)
    assert f"fingerprint {'c' * 64}:" in asked(replacing(other)).whom_it_cuts_off()
    cloud.retag(VM, "web1", dockervm_ca=None)
    assert "neither it nor its tags say which" in asked(replacing(other)).whom_it_cuts_off()


def test_one_of_this_authority_that_is_not_sound(cloud, replacing, store):
    cloud.host().engine = None
    told = asked(replacing(store)).whom_it_cuts_off()
    assert "was set up for the authority in" in told and "but it is not sound" in told


def test_one_that_trusts_this_authority_besides_another_cuts_that_off(cloud, replacing, other, store):
    both = f"{store.authority_fingerprints()[0]} {other.authority_fingerprints()[0]}"
    cloud.host().says = {"authority": both}
    assert asked(replacing(other)).whom_it_cuts_off() == ""     # sound by its own word, and trusts this one
    cloud.host().engine = None
    assert store.authority_fingerprints()[0] in asked(replacing(other)).whom_it_cuts_off()


def test_one_that_can_t_be_reached_tells_by_its_own_word_that_it_is_ours(cloud, replacing, store):
    cloud.engine_says = [DROPPED]
    replacement = asked(replacing(store))
    assert replacement.whom_it_cuts_off() == "" and cloud.host().asked() == ["check"]


def test_without_certificates_nobody_s_host_is_ours(cloud, replacing, tmp_path):
    assert asked(replacing(CertificateStore(tmp_path / "new"))).trust.ours is None


# Giving up


def test_giving_up_deletes_what_asking_has_left(cloud, replacing, other):
    replacement = asked(replacing(other))
    replacement.give_up()
    assert [shown(one).partition("/")[0] for one in cloud.log if one.method in ("PUT", "DELETE")] == [
        "PUT runCommands", "DELETE runCommands"]
    assert not [one for one in cloud.there() if "runcommands" in one]


def test_it_has_its_end(cloud, command, replacing, other):
    replacement = asked(replacing(other))
    cloud.hang("DELETE", RUN_COMMAND)
    before = cloud.clock.now
    replacement.give_up()
    assert 120 <= cloud.clock.now - before < 160 and len(command.heard.warned) == 1


# Carrying out


def test_the_host_trusts_this_folder_s_authority_from_then_on(cloud, replacing, other, store, finished):
    made = asked(replacing(other)).carry_out()
    assert made.proof.reachable and made.provisioned.provisioner == "run-command"
    assert {"IP:10.0.0.4", "IP:20.0.0.1"} < set(describe(cloud.host().engine.certificate).names)
    assert cloud.host().asked() == ["check", "request", "serve"]
    assert cloud.tags()["dockervm-ca"] == other.authority_fingerprints()[0]
    assert cloud.tags()["dockervm-run"] == finished.vm["tags"]["dockervm-run"]
    assert not [one for one in cloud.there() if "runcommands" in one]
    assert not [one for one in cloud.writes() if "Network" in one or "virtualMachines/web1" in one and "PUT" in one]
    with pytest.raises(EngineUnreachable):
        cloud.host().shake_hands(made.address.fqdn, 4243, store.folder)


def test_a_folder_that_is_empty_is_filled(cloud, replacing, tmp_path):
    store = CertificateStore(tmp_path / "new")
    made = asked(replacing(store)).carry_out()
    assert made.proof.reachable and cloud.tags()["dockervm-ca"] == store.authority_fingerprints()[0]


def test_a_tag_of_the_run_that_is_lost_becomes_this_one(cloud, replacing, other):
    cloud.retag(VM, "web1", dockervm_run=None)
    replacement = asked(replacing(other))
    replacement.carry_out()
    assert cloud.tags()["dockervm-run"] == replacement.run_id and len(replacement.run_id) == 12


def test_one_of_its_own_that_is_sound_is_left_alone_and_noted(cloud, command, replacing, store):
    cloud.retag(VM, "web1", dockervm_ca=None)
    made = asked(replacing(store)).carry_out()
    assert cloud.host().asked() == [] and made.provisioned.provisioner == "run-command"
    assert f"The host 'web1' trusts the authority in {store.folder} already." in command.heard.said
    assert cloud.tags()["dockervm-ca"] == store.authority_fingerprints()[0]


def of_the_extension(cloud, command):
    cloud.remove(VM, "web1")
    cloud.resources.clear()
    command.create(provisioner="docker-extension")
    command.anew()


def test_one_that_the_extension_set_up_stays_so(cloud, command, replacing, other):
    of_the_extension(cloud, command)
    made = asked(replacing(other)).carry_out()
    assert made.provisioned.provisioner == "docker-extension" and made.proof.reachable
    assert cloud.host().asked() == ["check", "restart"] and len(cloud.sent("PUT", EXTENSION)) == 1
    kept = asked(replacing(other)).carry_out()
    assert kept.provisioned.provisioner == "docker-extension"
    assert cloud.tags()["dockervm-provisioner"] == "docker-extension"


def test_run_command_takes_over_from_an_extension_that_fails(cloud, command, replacing, other):
    of_the_extension(cloud, command)
    cloud.extension_fails = "no"
    made = asked(replacing(other)).carry_out()
    assert made.provisioned.provisioner == "run-command" and "run-command takes over" in command.heard.warned[0]


def test_one_that_was_never_finished_is_set_up_by_run_command(cloud, replacing, other):
    cloud.retag(VM, "web1", dockervm_provisioner=None)
    assert asked(replacing(other)).carry_out().provisioned.provisioner == "run-command"


def test_what_an_earlier_extension_left_is_removed(cloud, replacing, other):
    cloud.resources["microsoft.compute/virtualmachines/extensions", "g", "web1", "dockerextension"] = {
        "id": "x", "properties": {"provisioningState": "Failed"}}
    asked(replacing(other)).carry_out()
    assert cloud.sent("DELETE", EXTENSION)


# Failing half way


MAY = "The host 'web1' may trust either authority now."


def unfinished(error):
    return error.message.endswith(MAY) and error.recommendations[-1] == f"To go on: {ENABLE}"


def test_a_set_up_that_fails_says_that_it_may_trust_either(cloud, replacing, other):
    replacement = asked(replacing(other))
    cloud.host().fails["serve"] = ("disk-full", "no space")
    error = failing(HostFailed, replacement.carry_out)
    assert unfinished(error) and "a disk of the host is full" in error.message


def test_the_command_names_the_folder_that_was_typed(cloud, replacing, other):
    replacement = asked(replacing(other, typed={"-dc": ("/my/certs",)}))
    cloud.host().fails["serve"] = ("disk-full", "no space")
    assert failing(HostFailed, replacement.carry_out).recommendations[-1] == f"To go on: {ENABLE} -dc /my/certs"


def test_so_does_ctrl_c(cloud, command, replacing, other):
    def stopped(azure, _request):
        command.cancellation.cancel("Ctrl-C")
        azure.deadline.check("serving")

    cloud.when("PUT", RUN_COMMAND, stopped, name="dockervm-serve")
    assert unfinished(failing(Interrupted, asked(replacing(other)).carry_out))


def test_a_second_ctrl_c_is_told_the_same_way(cloud, command, replacing, other, monkeypatch):
    from azext_dockervm.host import enable

    def interrupted(plan, *more):
        if len(plan) > 1:       # the certificates come alone
            raise KeyboardInterrupt
        return execute(plan, *more)

    execute = enable.execute
    replacement = asked(replacing(other))
    monkeypatch.setattr(enable, "execute", interrupted)
    error = failing(Interrupted, replacement.carry_out)
    assert unfinished(error) and error.message.startswith("Stopped at once. ")


def test_so_does_what_nobody_foresaw(cloud, replacing, other, monkeypatch):
    from azext_dockervm.host import certify

    replacement = asked(replacing(other))
    monkeypatch.setattr(certify, "proven", {}.__getitem__)
    assert unfinished(failing(HostFailed, replacement.carry_out))


def test_a_host_that_was_deleted_meanwhile_is_just_gone(cloud, replacing, other):
    replacement = asked(replacing(other))
    cloud.when("PATCH", VM, lambda _azure, _request: cloud.remove(VM, "web1"))
    error = failing(HostGone, replacement.carry_out)
    assert error.message == "The VM 'web1' has been deleted meanwhile."
    assert error.recommendations == ("To make the host anew: az dockervm create -g g -n web1",
                                     "To delete what is left of it: az dockervm delete -g g -n web1")


def test_a_folder_that_can_t_sign_changes_nothing(cloud, replacing, other):
    replacement = asked(replacing(other))
    (other.folder / "ca-key.pem").unlink()
    assert failing(CertificateError, replacement.carry_out)
    assert changed_nothing(cloud)
