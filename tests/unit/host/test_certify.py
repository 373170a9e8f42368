"""Giving a host its certificate: who does it, who takes over, and what comes after the proof."""

from __future__ import annotations

import pytest
from fake_azure import FOR_EVER, shown

from azext_dockervm.azure import kinds, names
from azext_dockervm.body.resource import state
from azext_dockervm.errors import (
    AzureRefused,
    AzureUnreachable,
    DeadlinePassed,
    EngineUnreachable,
    HostFailed,
    HostGone,
    Interrupted,
)
from azext_dockervm.flow.step import Alternative
from azext_dockervm.host import certify
from azext_dockervm.spec.machine import Image

VM, EXTENSION, RUN_COMMAND = kinds.VM, kinds.EXTENSION, kinds.RUN_COMMAND
ERA = Image.parse("Canonical:UbuntuServer:18.04-LTS:latest")
DELETE_IT = ("Other extensions may refuse to install beside it. To delete it, which stops Docker until the same create "
             "starts it again: az vm extension delete -g g --vm-name web1 -n DockerExtension")
THERE = "extensions/web1/dockerextension"


def left(cloud):
    return [one for one in cloud.there() if one.startswith("virtualmachines/") and one.count("/") > 1]


def order(cloud):
    """Of the set-up alone."""
    return [one.partition("/")[0] for one in cloud.writes() if "/web1/" in one]


# Who sets it up, and who takes over


def test_run_command_alone_is_no_alternative(command):
    plan = command.prepared(provisioner="run-command").plan()
    assert not [one for one in plan[1:] if isinstance(one, Alternative) and one.first[0].key != "public_ip"]


def test_the_extension_that_was_asked_for_has_none_either(command):
    plan = command.prepared(provisioner="docker-extension").plan()
    assert not [one for one in plan if isinstance(one, Alternative) and one.first[0].key != "public_ip"]
    assert "extension" in [getattr(one, "key", "") for one in plan]


@pytest.fixture
def falling_back(command):
    """The plan's alternative of a host whose image is of the extension's era."""
    return next(one for one in command.prepared(image=ERA).plan()
                if isinstance(one, Alternative) and one.first[0].key != "public_ip")


def test_where_azure_chose_it_run_command_stands_behind_it(falling_back):
    assert [step.key for step in falling_back.first] == ["certificate", "extension", "restart", "provisioned"]
    assert [step.key for step in falling_back.second] == [
        "remove_extension", "request", "certificate", "serve", "provisioned"]
    assert falling_back.second[0].waits_for == {"vm"}
    assert "remove_extension" in falling_back.second[1].waits_for


def test_where_it_fails_run_command_takes_over_and_nothing_of_it_stays(cloud, command):
    cloud.extension_fails = "no"
    made = command.create(image=ERA)
    assert made.provisioned.provisioner == "run-command" == cloud.tags()["dockervm-provisioner"]
    assert made.proof.reachable and left(cloud) == []
    assert order(cloud)[:4] == ["PUT extensions", "DELETE extensions", "PUT runCommands", "PUT runCommands"]
    assert command.heard.warned == [
        "The Docker VM extension failed: install the extension: no It is removed; run-command takes over."]


def test_so_it_does_where_it_hangs_and_in_time(cloud, command):
    cloud.hang("PUT", EXTENSION, afterwards=True)
    before = cloud.clock.now
    made = command.create(image=ERA)
    assert made.provisioned.provisioner == "run-command" and "run-command takes over" in command.heard.warned[0]
    assert certify.EXTENSION_SECONDS == 480 <= cloud.clock.now - before < 520


def test_half_of_a_shorter_time_is_the_extension_s(cloud, command):
    cloud.hang("PUT", EXTENSION)
    before = cloud.clock.now
    made = command.create(image=ERA, seconds=400.0)
    assert made.proof.reachable and 180 <= cloud.clock.now - before < 240


@pytest.mark.parametrize(("error", "takes_over"), [
    (HostFailed("x"), True), (DeadlinePassed("x"), True), (AzureRefused("x"), True), (AzureUnreachable("x"), False),
    (Interrupted("x"), False), (ValueError("x"), False)])
def test_for_whom_it_takes_over(falling_back, error, takes_over):
    assert (falling_back.takes_over(error) is not None) is takes_over


def test_not_after_ctrl_c(cloud, command):
    def stopped(azure, _request):
        command.cancellation.cancel("Ctrl-C")
        azure.deadline.check("installing")

    cloud.when("PUT", EXTENSION, stopped)
    error = command.failing(Interrupted, image=ERA)
    assert error.message.endswith("The VM 'web1' was kept.") and not cloud.sent("DELETE", EXTENSION)


def test_a_removal_that_fails_is_a_warning_with_the_command(cloud, command):
    cloud.extension_fails = "no"
    cloud.refuse("DELETE", EXTENSION, "ScopeLocked")
    made = command.create(image=ERA, subscription="mine")
    assert made.proof.reachable and made.provisioned.provisioner == "run-command"
    assert command.heard.warned[1] == f"ScopeLocked said Azure {DELETE_IT} --subscription mine"
    assert left(cloud) == ["virtualmachines/" + THERE]


def test_one_that_hangs_has_its_part_of_the_time_left(cloud, command):
    cloud.extension_fails = "no"
    cloud.hang("DELETE", EXTENSION)
    before = cloud.clock.now
    assert command.create(image=ERA, seconds=1000.0).proof.reachable
    assert 250 <= cloud.clock.now - before < 350        # 0.3 of what was left


def test_ctrl_c_during_it_is_no_warning(cloud, command):
    cloud.extension_fails = "no"

    def stopped(azure, _request):
        command.cancellation.cancel("Ctrl-C")
        azure.deadline.check("deleting")

    cloud.when("DELETE", EXTENSION, stopped)
    assert command.failing(Interrupted, image=ERA).message.endswith("was kept.")


# What an earlier try left


@pytest.fixture
def half_made(cloud, command):
    """Run-command's, never finished, with the rest of an extension on it."""
    rule = cloud.refuse("PUT", RUN_COMMAND, "Broken", name="dockervm-serve")
    command.failing(provisioner="run-command")
    cloud.rules.remove(rule)
    command.anew()

    def rest(provisioning_state="Failed"):
        cloud.resources["microsoft.compute/virtualmachines/extensions", "g", "web1", "dockerextension"] = {
            "id": "x", "name": "DockerExtension", "properties": {"provisioningState": provisioning_state}}

    rest()
    return rest


def test_it_is_removed_before_docker_is_started(cloud, command, half_made):
    assert command.create().proof.reachable and left(cloud) == []
    assert order(cloud)[:4] == ["PUT runCommands", "DELETE extensions", "PUT runCommands", "PUT runCommands"]


def block(cloud):
    """A failed extension blocks run commands, as long as it is there."""
    def blocked(_azure, _request):
        if any(one.endswith(THERE) for one in cloud.there()):
            raise AzureRefused("Multiple VM extensions failed", code="VMExtensionProvisioningError")

    cloud.when("PUT", RUN_COMMAND, blocked)


def test_where_it_blocks_even_the_question_how_the_host_is_it_is_removed_first(cloud, command, half_made):
    block(cloud)
    assert command.create().proof.reachable and left(cloud) == []
    assert order(cloud)[:3] == ["PUT runCommands", "DELETE extensions", "PUT runCommands"]


@pytest.mark.parametrize("change", [
    {"dockervm_provisioner": "docker-extension"},       # a host that works loses its Docker with it
    {"dockervm_ca": None}])     # nor is it known whose it is
def test_but_not_from_a_host_that_was_finished_or_may_be_another_s(cloud, command, half_made, change):
    block(cloud)
    cloud.retag(VM, "web1", **change)
    error = command.failing(AzureRefused)
    assert "az vm extension list -g g --vm-name web1 -o table" in error.recommendations[0]
    assert not cloud.sent("DELETE", EXTENSION)


@pytest.mark.parametrize("state", ["Succeeded", "Updating"])
def test_nor_one_that_has_not_failed(cloud, command, half_made, state):
    half_made(state)
    block(cloud)
    command.failing(AzureRefused)
    assert not cloud.sent("DELETE", EXTENSION)


@pytest.mark.parametrize("busy", ["Creating", "Updating", "Deleting"])
def test_one_that_azure_is_busy_with_is_another_terminal_s(cloud, command, half_made, busy):
    half_made(busy)
    assert command.create().proof.reachable and not cloud.sent("DELETE", EXTENSION)


def test_the_removal_ends(cloud, command, half_made):
    cloud.hang("DELETE", EXTENSION)
    before = cloud.clock.now
    assert command.create().proof.reachable
    assert 120 <= cloud.clock.now - before < 160 and DELETE_IT in command.heard.warned[0]


def test_where_extensions_may_not_be_read_there_is_none(cloud, command, half_made):
    cloud.refuse("GET", EXTENSION, "AuthorizationFailed", status=403)
    assert command.create().proof.reachable and not cloud.sent("DELETE", EXTENSION)


def test_ctrl_c_while_it_is_looked_for_stops(cloud, command, half_made):
    cloud.when("GET", EXTENSION, Interrupted("Stopped by Ctrl-C"))
    command.failing(Interrupted)
    assert not cloud.sent("DELETE", EXTENSION)


def test_on_a_new_vm_none_is_looked_for(cloud, command):
    command.create(provisioner="run-command")
    assert not [one for one in cloud.log if one.kind == EXTENSION.type]


def test_one_on_a_host_that_it_set_up_itself_is_not_told_of(cloud, command):
    command.create(provisioner="docker-extension")
    command.anew()
    command.create()
    assert command.heard.warned == []


# The proof


def test_an_unsound_host_fails_and_is_not_noted(cloud, command):
    from azext_dockervm.provision import proof

    cloud.when("PUT", RUN_COMMAND, lambda _azure, _request: setattr(cloud.host(), "open_door", True))
    error = command.failing(HostFailed, provisioner="run-command")
    assert "an open door" in error.message and error.message.endswith("The VM 'web1' was kept.")
    assert "dockervm-provisioner" not in cloud.tags() and proof.PATIENCE_SECONDS == 30


def test_progress_names_what_was_seen(cloud, command):
    command.create(provisioner="run-command", port=2376)
    assert command.heard.done["proof"] == "Docker 26.1.5"
    step = next(one for one in command.prepared(port=2376, name="web2").plan() if getattr(one, "key", "") == "proof")
    assert step.title == "verified call of Docker on 'web2', port 2376"


def test_a_new_host_has_half_a_minute_to_appear(cloud, command):
    cloud.engine_says = [EngineUnreachable("not yet", kind="dns")] * 20
    assert command.create(provisioner="run-command").proof.reachable
    assert 15 < sum(cloud.clock.pauses) < 25


# After the proof all is a warning, for the host works


def warning(command):
    text, = command.heard.warned
    assert text.startswith("The host works, but this failed: ")
    assert "The same create again does what is left: az dockervm create -g g -n web1" in text
    return text


def test_tags_that_can_t_be_written(cloud, command):
    cloud.refuse("PATCH", VM, "ScopeLocked")
    made = command.create(provisioner="run-command", size="Standard_B2s", typed={"--size": ("Standard_B2s",)})
    assert made.proof.reachable and made.vm["name"] == "web1" and "dockervm-provisioner" not in made.vm["tags"]
    assert "note the host's data in the VM's tags: ScopeLocked said Azure" in warning(command)
    assert left(cloud) == []        # what comes after it is done all the same


def test_tags_that_hang_have_a_minute(cloud, command):
    cloud.hang("PATCH", VM)
    before = cloud.clock.now
    assert command.create(provisioner="run-command").proof.reachable
    assert certify.NOTE_SECONDS == 60 <= cloud.clock.now - before < 60 + FOR_EVER
    assert "the time allowed (60 s) is over" in warning(command)


def test_they_have_it_though_the_run_s_is_over(cloud, command):
    """A host that works is noted, however late it came to work."""
    def late(_azure, _request):
        cloud.clock.now += 595.0

    cloud.when("PUT", RUN_COMMAND, late, name="dockervm-serve", afterwards=True)
    made = command.create(provisioner="run-command", seconds=610.0)
    assert made.vm["tags"]["dockervm-provisioner"] == "run-command" and command.heard.warned == []


def test_run_commands_whose_deletion_hangs_never_hold_a_finished_host(cloud, command):
    cloud.hang("DELETE", RUN_COMMAND)
    before = cloud.clock.now
    made = command.create(provisioner="run-command")
    assert made.proof.reachable and made.vm["tags"]["dockervm-provisioner"] == "run-command"
    assert certify.DELETE_RUN_COMMANDS_SECONDS == 120 <= cloud.clock.now - before < 120 + 2 * FOR_EVER
    assert all("az vm run-command delete -g g --vm-name web1" in text for text in command.heard.warned)
    assert len(command.heard.warned) == 2       # one for each


def test_a_further_change_that_fails(cloud, command, finished):
    def closing_fails(azure, request):
        if len(cloud.sent("PUT", kinds.SECURITY_GROUP)) > 1:
            raise AzureRefused("ScopeLocked said Azure", code="ScopeLocked", status=409)

    cloud.when("PUT", kinds.SECURITY_GROUP, closing_fails)
    made = command.create(port=2376, typed={"-dp": ("2376",)})
    assert made.proof.reachable and "close the old Docker port in 'web1NSG': ScopeLocked" in warning(command)
    assert warning(command).endswith("-dp 2376")


def test_a_host_that_was_deleted_meanwhile_is_gone(cloud, command):
    cloud.when("PATCH", VM, lambda _azure, _request: cloud.remove(VM, "web1"))
    error = command.failing(HostGone, provisioner="run-command")
    assert error.message.startswith("The VM 'web1' has been deleted meanwhile. What was made has been undone, ")


def test_a_host_that_works_needs_no_further_look_when_its_tags_can_t_be_written(cloud, command):
    """Azure may be away by now: the VM is shown as it was."""
    cloud.refuse("PATCH", VM, "ScopeLocked")
    host = command.create(provisioner="run-command")
    assert host.vm["name"] == "web1" and "dockervm-provisioner" not in host.vm["tags"]


def test_ctrl_c_after_the_proof_stops_and_says_that_the_host_stays(cloud, command):
    def stopped(azure, _request):
        command.cancellation.cancel("Ctrl-C")
        azure.deadline.check("writing tags")

    cloud.when("PATCH", VM, stopped)
    assert command.failing(Interrupted, provisioner="run-command").message.endswith("The VM 'web1' was kept.")


# What is noted, and in which order


def test_tags_are_merged_with_those_that_are_there_by_then(cloud, command):
    def others(_azure, _request):
        cloud.retag(VM, "web1", Owner="me", DockerVM_Port="old")

    cloud.when("PATCH", VM, others)
    tags = command.create(provisioner="run-command", tags={"owner": "you"}).vm["tags"]
    assert tags["owner"] == "you" and tags["dockervm-port"] == "4243" and not {"Owner", "DockerVM-Port"} & set(tags)
    assert tags["dockervm-host"] == "web1"


def test_it_changes_no_tag_of_the_user_s_that_was_not_asked_for(cloud, command, finished):
    cloud.retag(VM, "web1", cost="1")
    cloud.host().engine = None
    command.create(tags={"owner": "me"})
    patch, = cloud.sent("PATCH", VM)
    assert "cost" not in patch.body["tags"] and patch.body["tags"]["owner"] == "me"
    assert cloud.tags()["cost"] == "1"


def test_changes_of_the_vm_come_one_after_the_other(command, finished, cloud):
    """Azure takes one at a time."""
    command.create(tags={"owner": "me"}, port=2376, typed={"-dp": ("2376",)})
    after = [shown(one).partition("/")[0] for one in cloud.log if one.method not in ("GET", "LIST")]
    last = after[after.index("PATCH virtualMachines"):]
    assert last == ["PATCH virtualMachines", "PUT networkSecurityGroups", "PATCH networkSecurityGroups",
                    "PATCH publicIPAddresses", "PATCH networkInterfaces", "DELETE runCommands", "DELETE runCommands"]


def test_each_of_them_waits_for_the_one_before_it(command):
    plan = {step.key: step for step in command.prepared(provisioner="run-command").plan()
            if not isinstance(step, Alternative)}
    assert "proof" in plan["tags"].waits_for and "tags" in plan["delete_run_commands"].waits_for
    assert plan["proof"].waits_for == {"provisioned", "address"}


def test_leftovers_of_runs_that_were_killed_go_too_but_not_what_works(cloud, command, finished):
    ended, works = "Succeeded", "Running"
    for name, at in (("dockervm-request-dead", ended), ("dockervm-serve-other", works), ("mine", ended)):
        cloud.resources["microsoft.compute/virtualmachines/runcommands", "g", "web1", name] = {
            "id": name, "name": name, "properties": {"instanceView": {"executionState": at}}}
    command.create()
    assert {one["name"] for key, one in cloud.resources.items() if key[0].endswith("runcommands")} == {
        "dockervm-serve-other", "mine"}


def test_on_a_new_vm_none_is_looked_for_since_there_can_be_none(cloud, command):
    command.create(provisioner="run-command")
    assert not [one for one in cloud.log if one.method == "LIST"]


def test_the_step_that_deletes_nothing_has_no_line(command):
    quiet = next(step for step in command.prepared(provisioner="cloud-init").plan()
                 if getattr(step, "key", "") == "delete_run_commands")
    loud = next(step for step in command.prepared(provisioner="run-command").plan()
                if getattr(step, "key", "") == "delete_run_commands")
    assert quiet.quiet and not loud.quiet and "(in 120 s at most)" in loud.title


def test_the_vm_is_as_azure_shows_it_at_the_end(cloud, command):
    made = command.create(provisioner="run-command")
    assert made.vm == cloud.find(VM, "web1") and state(made.vm) == "Succeeded"
    assert names.tag(made.vm, names.TAG_PROVISIONER) == "run-command"
