"""What becomes of a create that failed: undone before the VM runs, kept after it; and what the user is told."""

from __future__ import annotations

import threading

import pytest
from fake_azure import never_ran, running

from azext_dockervm.azure import kinds
from azext_dockervm.errors import AzureRefused, Conflict, DeadlinePassed, HostFailed, HostGone, Interrupted

VNET, NSG, PIP, NIC, VM = (kinds.VIRTUAL_NETWORK, kinds.SECURITY_GROUP, kinds.PUBLIC_IP, kinds.NETWORK_INTERFACE,
                           kinds.VM)
NETWORK = "virtualnetworks/dockervm-westus-vnet"
PARTS = {"networksecuritygroups/web1nsg", "publicipaddresses/web1publicip", "networkinterfaces/web1vmnic"}
LEFT_BEHIND = "To see what is left: az resource list --tag dockervm-host=web1 -o table"
GO_ON = "To continue from there: az dockervm create -g g -n web1"
SHARED = ("What was made has been undone, but for the virtual network 'dockervm-westus-vnet', which hosts share and "
          "which costs nothing.")


def told(command) -> list[str]:
    """What was said after the plan: which provisioner, and who may reach the host."""
    return [text for text in command.heard.said[1:] if not text.startswith("Docker (port")]



def network_is_there(cloud):
    cloud.put(VNET, "dockervm-westus-vnet", body={
        "location": "westus", "tags": {"dockervm-shared": "1"}, "properties": {"subnets": [{"name": "hosts"}]}})


# Undone before the VM runs


def test_what_was_made_is_undone_last_first_but_for_the_network(cloud, command):
    cloud.refuse("PUT", VM, "AllocationFailed", status=200)
    error = command.failing(AzureRefused)
    assert cloud.there() == {NETWORK}
    assert [one for one in cloud.writes() if one.startswith("DELETE")][:2] == [
        "DELETE virtualMachines/web1", "DELETE networkInterfaces/web1VMNic"]
    assert error.code == "AllocationFailed" and error.message.endswith(SHARED)
    assert told(command)[0] == "Undoing what was made (in 7 minutes at most) ..."
    assert [text for text in command.heard.said if text.startswith("undone: create the")] == told(command)[1:]
    assert len(told(command)) == 5
    assert not any("left" in text or "go on" in text for text in error.recommendations)


def test_a_network_that_was_there_is_not_spoken_of(cloud, command):
    network_is_there(cloud)
    cloud.refuse("PUT", VM, "AllocationFailed", status=200)
    assert command.failing().message.endswith("AllocationFailed said Azure. What was made has been undone.")
    assert cloud.there() == {NETWORK}


def test_nor_is_one_that_nobody_began_to_make(cloud, command):
    """The certificates could not be made: nothing began."""
    def full():
        raise OSError(28, "No space left on device")

    command.store.ensure = full
    error = command.failing(HostFailed)
    assert error.message.endswith("OSError: [Errno 28] No space left on device") and not cloud.writes()
    assert told(command) == []


def test_where_nothing_was_made_nothing_is_undone(cloud, command):
    for kind in (VNET, NSG, PIP):
        cloud.refuse("PUT", kind, "ScopeLocked")
    error = command.failing()
    assert error.code == "ScopeLocked" and not cloud.sent("DELETE", NSG) and cloud.there() == set()


def test_a_vm_that_never_ran_goes_too(cloud, command):
    def fails(_azure, _request):
        cloud.change(VM, "web1", **never_ran())
        raise AzureRefused("no room", code="AllocationFailed", status=200)

    cloud.when("PUT", VM, fails, afterwards=True)
    command.failing()
    assert cloud.there() == {NETWORK} and cloud.sent("DELETE", VM)


def test_a_vm_that_is_undone_is_not_shut_down_first(cloud, command):
    cloud.refuse("PUT", VM, "AllocationFailed", status=200)
    command.failing()
    assert [one.force for one in cloud.sent("DELETE", VM)] == [True]


def test_what_was_there_before_is_left(cloud, command):
    cloud.put(NSG, "web1NSG", body={"location": "westus", "tags": {"dockervm-host": "web1", "dockervm-run": "old"},
                                    "properties": {"securityRules": []}})
    cloud.refuse("PUT", VM, "AllocationFailed", status=200)
    command.failing()
    assert cloud.there() == {NETWORK, "networksecuritygroups/web1nsg"} and not cloud.sent("DELETE", NSG)


def test_what_another_run_has_made_since_is_left_and_told(cloud, command):
    def fails(_azure, _request):
        cloud.retag(NSG, "web1NSG", dockervm_run="run2")
        raise AzureRefused("no room", code="AllocationFailed", status=200)

    cloud.when("PUT", VM, fails)
    command.failing()
    assert cloud.there() == {NETWORK, "networksecuritygroups/web1nsg"}
    assert ("left alone, because another run has made it since: create the network security group 'web1NSG'"
            in command.heard.said)


def test_what_could_not_be_undone_is_told_with_the_commands(cloud, command):
    cloud.refuse("PUT", VM, "AllocationFailed", status=200)
    cloud.refuse("DELETE", PIP, "ScopeLocked")
    error = command.failing(size="Standard_B2s", typed={"--size": ("Standard_B2s",)}, subscription="mine")
    assert "Not all that was made could be undone (create the public IP address 'web1PublicIP': ScopeLocked said" \
        in error.message
    assert error.recommendations[-2:] == (
        f"{LEFT_BEHIND} --subscription mine", f"{GO_ON} --size Standard_B2s --subscription mine")
    assert "has been undone" not in error.message and cloud.there() == {NETWORK, "publicipaddresses/web1publicip"}


def test_what_may_be_there_after_a_lost_answer_is_undone_too(cloud, command):
    cloud.refuse("PUT", NSG, "Broken", status=500, afterwards=True)
    command.failing()
    assert "networksecuritygroups/web1nsg" not in cloud.there()


def test_what_azure_accepted_and_never_shows_is_told_with_the_commands(cloud, command):
    def unseen(_azure, _request):
        error = DeadlinePassed("the time allowed (60 s) is over")
        error.accepted = True
        raise error

    cloud.when("PUT", PIP, unseen)
    error = command.failing(DeadlinePassed)
    assert "has been undone" not in error.message
    assert ("Not all that was made could be undone (create the public IP address 'web1PublicIP': Azure accepted it, "
            "does not show it, and finds nothing to delete, so it may appear later).") in error.message
    assert error.recommendations[-2:] == (LEFT_BEHIND, GO_ON)


# By a deadline of its own


def test_undoing_has_its_time_after_the_run_s_is_over(cloud, command):
    cloud.hang("PUT", VM)
    error = command.failing(DeadlinePassed, seconds=60.0)
    assert cloud.there() == {NETWORK} and "(60 s) is over" in error.message


def test_undoing_ends_too(cloud, command):
    cloud.refuse("PUT", VM, "AllocationFailed", status=200)
    cloud.hang("DELETE", NIC)
    error = command.failing()
    assert "Not all that was made could be undone (create the network interface 'web1VMNic': the time allowed (420 s)" \
        in error.message


def test_after_ctrl_c_all_is_undone_though_the_run_s_switch_is_thrown(cloud, command):
    def stopped(azure, _request):
        cloud.change(VM, "web1", **never_ran())
        command.cancellation.cancel("Ctrl-C")
        azure.deadline.sleep(5, "Azure creates the VM")

    cloud.when("PUT", VM, stopped, afterwards=True)
    error = command.failing(Interrupted)
    assert cloud.there() == {NETWORK} and error.message.startswith("Stopped by Ctrl-C")
    assert error.message.endswith(SHARED)


def test_ctrl_c_while_another_failure_is_undone_ends_the_undoing(cloud, command):
    cloud.refuse("PUT", VM, "AllocationFailed", status=200)

    def stopped(azure, _request):
        command.cancellation.cancel("Ctrl-C")
        azure.deadline.sleep(1, "deleting")

    cloud.when("DELETE", NIC, stopped)
    error = command.failing(AzureRefused)
    assert "Not all that was made could be undone (create the network interface 'web1VMNic': Stopped by Ctrl-C" \
        in error.message
    assert PARTS & cloud.there() == PARTS


def interrupted():
    raise KeyboardInterrupt


def test_a_second_ctrl_c_leaves_all_as_it_is_and_says_how_to_go_on(cloud, command):
    def stopped(azure, _request):
        command.cancellation.cancel("Ctrl-C")
        azure.deadline.sleep(1, "Azure creates the VM")

    cloud.when("PUT", VM, stopped)
    command.heard.at["Undoing what was made"] = interrupted
    error = command.failing(Interrupted, port=2376, typed={"-dp": ("2376",)}, subscription="mine")
    assert error.message == "Stopped at once. What was made is left as it is."
    assert error.recommendations == (
        "To see what is there: az resource list --tag dockervm-host=web1 -o table --subscription mine",
        f"{GO_ON} -dp 2376 --subscription mine")
    assert PARTS <= cloud.there() and not cloud.sent("DELETE", NIC)


def test_so_does_one_before_anything_is_undone(cloud, command):
    heard = threading.Event()

    def stopped(_azure, _request):
        command.cancellation.cancel("Ctrl-C")
        heard.wait(5)       # a request under way, which nothing interrupts

    def again():
        heard.set()
        raise KeyboardInterrupt

    cloud.when("PUT", VM, stopped)
    command.heard.at["Stopping (Ctrl-C"] = again
    assert command.failing(Interrupted).message.startswith("Stopped at once.")
    assert told(command) == []


# Kept once the VM runs


def kept(error, delete=True):
    assert error.message.endswith("The VM 'web1' was kept.")
    assert GO_ON in error.recommendations
    assert "To look at it: az vm get-instance-view -g g -n web1" in error.recommendations
    assert ("To delete it: az dockervm delete -g g -n web1" in error.recommendations) is delete


def test_a_set_up_that_fails_keeps_the_vm(cloud, command):
    cloud.refuse("PUT", kinds.RUN_COMMAND, "Broken")
    kept(command.failing(provisioner="run-command"))
    assert "virtualmachines/web1" in cloud.there() and PARTS <= cloud.there() and not told(command)


def test_a_vm_that_runs_though_its_put_failed_is_kept(cloud, command):
    """Its agent was late: OSProvisioningTimedOut."""
    cloud.refuse("PUT", VM, "OSProvisioningTimedOut", status=200, afterwards=True)
    kept(command.failing())
    assert PARTS <= cloud.there()


@pytest.mark.parametrize("power", ["starting", "stopped"])
def test_one_that_does_not_run_is_not(cloud, command, power):
    def fails(_azure, _request):
        cloud.change(VM, "web1", instanceView=running(power))
        raise AzureRefused("late", code="OSProvisioningTimedOut", status=200)

    cloud.when("PUT", VM, fails, afterwards=True)
    command.failing()
    assert cloud.there() == {NETWORK}


def test_what_fails_on_a_host_that_was_there_deletes_nothing(cloud, command, finished):
    cloud.change(NIC, "web1VMNic", provisioningState="Failed")
    cloud.refuse("PUT", NIC, "Broken")
    kept(command.failing(), delete=False)
    assert not [one for one in cloud.writes() if one.startswith("DELETE")]


def test_nor_does_what_fails_on_one_that_was_never_finished_but_it_may_be_deleted(cloud, command, finished):
    cloud.retag(VM, "web1", dockervm_provisioner=None)
    cloud.change(NIC, "web1VMNic", provisioningState="Failed")
    cloud.refuse("PUT", NIC, "Broken")
    kept(command.failing())


def test_a_host_that_was_deleted_meanwhile_is_not_called_kept(cloud, command, finished):
    cloud.when("PATCH", VM, lambda _azure, _request: cloud.remove(VM, "web1"))
    error = command.failing(HostGone)
    assert error.message == "The VM 'web1' has been deleted meanwhile."
    assert error.recommendations == ANEW


ANEW = ("To make the host anew: az dockervm create -g g -n web1",
        "To delete what is left of it: az dockervm delete -g g -n web1")


@pytest.mark.parametrize("provisioner", ["run-command", "docker-extension"])
def test_a_new_vm_that_somebody_deletes_is_noticed_at_once_and_the_rest_undone(cloud, command, provisioner):
    kind = kinds.RUN_COMMAND if provisioner == "run-command" else kinds.EXTENSION
    cloud.when("PUT", kind, lambda _azure, _request: cloud.remove(VM, "web1"))
    began = cloud.clock.now
    error = command.failing(HostGone, provisioner=provisioner)
    assert error.message.startswith("The VM 'web1' has been deleted meanwhile. What was made has been undone")
    assert "kept" not in error.message and error.recommendations == ANEW
    assert cloud.there() == {NETWORK} and cloud.clock.now - began < 60


def test_a_new_vm_that_somebody_deletes_before_it_answers_at_its_door_is_noticed_in_seconds(cloud, command):
    cloud.first_boot = "refuses"
    cloud.clock.meanwhile += [lambda: None] * 8 + [lambda: cloud.remove(VM, "web1")]
    began = cloud.clock.now
    error = command.failing(HostGone, provisioner="cloud-init")
    assert error.message.startswith("The VM 'web1' has been deleted meanwhile.")
    assert cloud.there() == {NETWORK} and cloud.clock.now - began < 40
    assert not any("takes over" in text for text in command.heard.warned)


def test_an_existing_vm_that_somebody_deletes_during_its_set_up_is_not_called_kept(cloud, command, finished):
    cloud.when("PUT", kinds.RUN_COMMAND, lambda _azure, _request: cloud.remove(VM, "web1"), name="dockervm-request")
    error = command.failing(HostGone, port=2376, typed={"-dp": ("2376",)})
    assert "kept" not in error.message and "az dockervm create -g g -n web1 -dp 2376" in error.recommendations[0]


def test_what_nobody_foresaw_keeps_the_vm_and_its_words(cloud, command, monkeypatch):
    from azext_dockervm.provision import proof

    def broken(*_arguments):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(proof, "turns_strangers_away", broken)
    error = command.failing(HostFailed)
    assert error.message.startswith("The command failed unexpectedly: ZeroDivisionError: by zero")
    kept(error)


# Another terminal makes the same host at this moment


def test_what_bears_the_host_s_names_is_left_to_another_run(cloud, command):
    def overtaken(_azure, _request):
        cloud.retag(VM, "web1", dockervm_run="run2")
        raise AzureRefused("no", code="Conflict", status=500)

    cloud.when("PUT", VM, overtaken, afterwards=True)
    error = command.failing(AzureRefused)
    assert "Another run is making the host 'web1' at the same moment, so what bears its names was left to it." \
        in error.message
    assert not [one for one in cloud.writes() if one.startswith("DELETE")] and "kept" not in error.message


def test_its_interface_alone_is_sign_enough(cloud, command):
    def overtaken(_azure, _request):
        cloud.retag(NIC, "web1VMNic", dockervm_run="run2")
        raise AzureRefused("no", code="x")

    cloud.when("PUT", NIC, overtaken, afterwards=True)
    assert "Another run is making the host" in command.failing().message and PARTS <= cloud.there()


def test_an_interface_that_was_there_before_is_no_sign(cloud, command, finished):
    """Of a VM that somebody deleted, and kept its parts."""
    del cloud.resources["microsoft.compute/virtualmachines", "g", "web1"]
    del cloud.find(NIC, "web1VMNic")["properties"]["virtualMachine"]
    cloud.refuse("PUT", VM, "AllocationFailed", status=200)
    assert command.failing().message.endswith("What was made has been undone.")
    assert cloud.there() == {NETWORK, *PARTS}
    assert [one for one in cloud.writes() if one.startswith("DELETE")] == ["DELETE virtualMachines/web1"]


def test_a_vm_made_by_another_at_the_same_moment(cloud, command):
    def overtaken(_azure, _request):
        cloud.retag(VM, "web1", dockervm_run="run2")
        raise AzureRefused("it is there", code="PreconditionFailed", status=412)

    cloud.when("PUT", VM, overtaken, afterwards=True)
    error = command.failing(Conflict)
    assert "Another create has made the VM 'web1' at the same moment" in error.message
    assert PARTS <= cloud.there() and not cloud.sent("DELETE", NIC)


def test_where_that_may_not_be_read_each_part_is_looked_at(cloud, command):
    def fails(_azure, _request):
        cloud.refuse("GET", VM, "Broken", status=500, times=1)
        raise AzureRefused("no room", code="AllocationFailed", status=200)

    cloud.when("PUT", VM, fails)
    command.failing()
    assert cloud.there() == {NETWORK}


# What the user is told besides


def test_sizes_that_can_be_had_are_named_where_one_can_t(cloud, command):
    cloud.offered = [("Standard_D2s_v5", ("2", "x64"), False), ("Standard_D2as_v5", ("2", "x64"), True)]
    cloud.refuse("PUT", VM, "SkuNotAvailable")
    error = command.failing()
    assert error.recommendations[0] == "Near it, and to be had in westus: Standard_D2as_v5 (2 vCPUs)."
    assert error.recommendations[1].startswith("With the first of them: az dockervm create -g g -n web1")
    assert error.recommendations[1].endswith(" --size Standard_D2as_v5")
    assert error.recommendations[2].startswith("Sizes that are available there: az vm list-skus")


def test_sizes_are_asked_for_after_that_refusal_alone(cloud, command):
    cloud.offered = [("Standard_D2s_v5", ("2", "x64"), True)]
    cloud.refuse("PUT", VM, "AllocationFailed", status=200)
    command.failing()
    assert "offered_sizes" not in cloud.asked


@pytest.mark.parametrize("forbidden", [True, False])
def test_without_any_the_refusal_stays_as_it_is(cloud, command, forbidden):
    cloud.forbidden = {"offered_sizes"} if forbidden else set()
    cloud.refuse("PUT", VM, "SkuNotAvailable")
    error = command.failing()
    assert len(error.recommendations) == 1 and cloud.there() == {NETWORK}


def test_azure_s_refusals_come_with_what_to_do_about_them(cloud, command):
    cloud.refuse("PUT", VM, "QuotaExceeded")
    assert "az vm list-usage -l westus" in command.failing().recommendations[0]


def test_az_s_own_errors_keep_their_words(cloud, command):
    class CLIError(Exception):
        recommendations = ["az login"]

    cloud.when("PUT", VM, CLIError("AADSTS700082: expired"))
    error = command.failing(HostFailed)
    assert error.message.startswith("AADSTS700082: expired") and error.recommendations == ("az login",)


