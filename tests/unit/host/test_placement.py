"""Place, price, identity, shutdown and login of a host: what goes over the wire, and what a host that exists gets."""

from __future__ import annotations

import base64

import pytest
from fake_azure import running
from memory_commands import KEY
from specs import changed, host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.errors import AzureRefused, Conflict
from azext_dockervm.host import remains
from azext_dockervm.host.removal import Removal
from azext_dockervm.secret import Secret
from azext_dockervm.spec import rules
from azext_dockervm.spec.placement import Identity

VM, SCHEDULE = kinds.VM, kinds.SCHEDULE
NAME = "shutdown-computevm-web1"
SHUTDOWN = {"placement.shutdown_time": "1900"}
TYPED = {"--auto-shutdown": ("1900",)}


def put(cloud, kind):
    return [one for one in cloud.log if one.method == "PUT" and one.kind == kind.type][-1].body


def named(kind, text):
    return rules.resource_name_or_id(text, "--it", kind.type)


def no_keys():
    raise AssertionError("keys were asked for")


# A new host


def test_everything_that_goes_together_is_in_the_requests(cloud, command):
    identity = cloud.put(kinds.USER_IDENTITY, "builder", body={"location": "eastus"}, group="other")
    group = cloud.put(kinds.PROXIMITY_GROUP, "near", body={"location": "westus"})
    made = command.create(provisioner="run-command", **{
        "placement.zone": "2", "placement.proximity_group": named(kinds.PROXIMITY_GROUP, "near"),
        "placement.priority": "Spot", "placement.max_price": 0.25, "placement.license_type": "SLES_BYOS",
        "placement.user_data": b"role=build", "placement.diagnostics": "",
        "placement.identity": Identity.parse(["[system]", identity["id"]]), **SHUTDOWN})
    assert made.proof.reachable
    body = put(cloud, VM)
    assert (body["zones"], put(cloud, kinds.PUBLIC_IP)["zones"]) == (["2"], ["2"])
    assert body["identity"] == {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {identity["id"]: {}}}
    assert body["properties"].items() >= {
        "proximityPlacementGroup": {"id": group["id"]}, "priority": "Spot", "billingProfile": {"maxPrice": 0.25},
        "licenseType": "SLES_BYOS", "userData": base64.b64encode(b"role=build").decode(),
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}}.items()
    schedule = cloud.find(SCHEDULE, NAME)
    assert schedule["properties"]["targetResourceId"] == made.vm["id"]
    assert schedule["tags"] == {"dockervm-host": "web1", "dockervm-run": made.vm["tags"]["dockervm-run"]}
    assert command.heard.warned == []


def test_a_host_of_defaults_has_neither_schedule_nor_any_of_it(cloud, command):
    command.create(provisioner="run-command")
    assert cloud.find(SCHEDULE, NAME) is None
    assert not {"zones", "identity"} & put(cloud, VM).keys()
    assert not {"priority", "userData", "diagnosticsProfile"} & put(cloud, VM)["properties"].keys()


def test_a_vm_that_can_t_be_deallocated_is_not_shut_down_as_configured(cloud, command):
    command.create(provisioner="run-command", **SHUTDOWN, **{"disks.ephemeral": True})
    assert cloud.find(SCHEDULE, NAME) is None
    assert len(command.heard.warned) == 1 and "ephemeral OS disk can't be deallocated" in command.heard.warned[0]


def test_the_schedule_is_set_once_the_vm_is_there_beside_the_set_up(command):
    plan = {step.key: step for step in command.prepared(**SHUTDOWN).plan() if hasattr(step, "key")}
    assert plan["schedule"].waits_for == {"vm"} and plan["schedule"].undo is not None
    assert "schedule" not in plan["proof"].waits_for
    assert plan["schedule"].title == f"set the auto-shutdown schedule '{NAME}' (1900 UTC)"


def test_a_schedule_that_azure_refuses_costs_no_host(cloud, command):
    cloud.refuse("PUT", SCHEDULE, "MissingSubscriptionRegistration")
    assert command.create(provisioner="run-command", **SHUTDOWN).proof.reachable
    assert command.heard.warned == [
        "The host is not shut down every day: MissingSubscriptionRegistration said Azure\nTo set it, in UTC: "
        "az vm auto-shutdown -g g -n web1 --time 1900"]


def test_a_schedule_that_never_comes_holds_nobody_up_for_long(cloud, command):
    cloud.hang("PUT", SCHEDULE)
    assert command.create(provisioner="run-command", **SHUTDOWN).proof.reachable
    assert command.heard.warned[0].startswith("The host is not shut down every day: ")
    assert cloud.clock.now < 1000 + 400


def test_a_vm_that_is_refused_leaves_no_schedule(cloud, command):
    cloud.refuse("PUT", VM, "SkuNotAvailable")
    command.failing(AzureRefused, provisioner="run-command", **SHUTDOWN)
    assert [one for one in cloud.there() if not one.startswith("virtualnetworks")] == []


# A host that exists


def again(command, **values):
    command.anew()
    return command.create(changed(host_spec(provisioner="run-command", typed=TYPED), **SHUTDOWN, **values))


def test_a_host_that_exists_is_shut_down_daily_from_now_on(cloud, command, finished):
    made = again(command)
    assert cloud.find(SCHEDULE, NAME)["properties"]["targetResourceId"] == made.vm["id"]
    assert cloud.find(SCHEDULE, NAME)["tags"]["dockervm-host"] == "web1"
    assert not [text for text in command.heard.warned if "auto-shutdown" in text]


def test_a_host_that_can_t_be_deallocated_gets_no_schedule(cloud, command, finished):
    disk = {"diffDiskSettings": {"option": "Local"}}
    cloud.change(VM, "web1", storageProfile={"osDisk": disk})
    again(command)
    assert cloud.find(SCHEDULE, NAME) is None
    assert command.heard.warned == [
        "Not applied: --auto-shutdown: the host's OS disk is ephemeral, so it can't be deallocated."]


def test_a_schedule_that_the_user_has_made_is_changed_as_asked_and_stays_theirs(cloud, command, finished):
    cloud.put(SCHEDULE, NAME, body={"location": "westus", "properties": {"dailyRecurrence": {"time": "0100"}}})
    again(command, **{"placement.shutdown_zone": "Tokyo Standard Time"})
    found = cloud.find(SCHEDULE, NAME)
    assert (found["properties"]["dailyRecurrence"], found["properties"]["timeZoneId"]) == (
        {"time": "1900"}, "Tokyo Standard Time")
    assert found["tags"] == {}


def test_what_is_configured_is_for_new_hosts(cloud, command, finished):
    command.create(host_spec(provisioner="run-command", **SHUTDOWN))
    assert cloud.find(SCHEDULE, NAME) is None


def test_whom_to_tell_and_the_zone_of_a_shutdown_that_is_configured_alone_are_not_applied(cloud, command, finished):
    typed = {"--auto-shutdown-email": ("me@example.com",), "--shutdown-zone": ("UTC",)}
    command.create(changed(host_spec(provisioner="run-command", typed=typed), **SHUTDOWN))
    assert cloud.find(SCHEDULE, NAME) is None
    assert command.heard.warned == [
        f"Not applied: {flag}: the daily shutdown that is configured is for new hosts; to give this one such, type it "
        "too: --auto-shutdown 1900." for flag in typed]


def test_what_the_host_does_not_get_is_told(cloud, command, finished):
    command.create(changed(host_spec(provisioner="run-command", typed={"-z": ("1",), "--priority": ("Spot",)}), **{
        "placement.zone": "1", "placement.priority": "Spot"}))
    assert command.heard.warned == [
        "Not applied: -z: the host is in no zone, and stays so.",
        "Not applied: --priority: the host's priority is Regular, and a VM keeps its priority."]


@pytest.mark.parametrize(("priority", "told"), [
    ("Spot", "is deallocated (a Spot VM, which Azure may have taken away)."), ("Regular", "is deallocated.")])
def test_a_host_that_azure_has_taken_away_is_told_as_such(cloud, command, finished, priority, told):
    cloud.change(VM, "web1", priority=priority, instanceView=running("deallocated"))
    error = command.failing(Conflict)
    assert error.message.endswith(told) and error.recommendations == ("az vm start -g g -n web1",)


# Its end


def delete(cloud, command, begin=False):
    command.anew()
    removal = Removal(command.azure(), remains.find(command.azure(), host_spec(), False), command.heard)
    (removal.begin if begin else removal.carry_out)()


def test_the_schedule_goes_with_the_host_after_the_vm(cloud, command):
    command.create(provisioner="run-command", **SHUTDOWN)
    delete(cloud, command)
    assert cloud.resources == {}
    writes = cloud.writes()
    assert writes.index(f"DELETE schedules/{NAME}") > writes.index("DELETE virtualMachines/web1")


def test_a_schedule_of_somebody_else_stays_and_is_named(cloud, command, finished):
    cloud.put(SCHEDULE, NAME, body={"location": "westus", "tags": {}})
    found = remains.find(command.azure(), host_spec(), False)
    assert found.schedule is None
    assert f"the auto-shutdown schedule '{NAME}', which dockervm did not make, or whose tags were lost" in found.kept
    delete(cloud, command)
    assert cloud.there() == {f"schedules/{NAME}"}


def test_a_schedule_alone_is_what_is_left_of_a_host(cloud, command):
    command.create(provisioner="run-command", **SHUTDOWN)
    for key in [key for key in cloud.resources if "schedules" not in key[0]]:
        del cloud.resources[key]
    delete(cloud, command)
    assert cloud.resources == {}


def test_who_does_not_wait_is_told_of_it(cloud, command):
    command.create(provisioner="run-command", **SHUTDOWN)
    delete(cloud, command, begin=True)
    assert cloud.find(SCHEDULE, NAME) is not None
    assert (f"this takes the network security group 'web1NSG', the auto-shutdown schedule '{NAME}' and the virtual "
            "network") in command.heard.said[-1]


# The login


@pytest.mark.parametrize(("login", "keys", "by_password"), [
    ({"password": Secret("Correct-horse-9")}, None, True), ({}, [KEY], False),
    ({"login.authentication": "ssh"}, [KEY], False),
    ({"login.authentication": "all", "password": Secret("Correct-horse-9")}, [KEY], True),
    ({"login.authentication": "password", "password": Secret("Correct-horse-9")}, None, True)])
def test_key_and_password_as_asked(cloud, command, login, keys, by_password):
    command.create(provisioner="run-command", keys=(lambda: (KEY,)) if keys else no_keys, **login)
    profile = put(cloud, VM)["properties"]["osProfile"]
    linux = profile["linuxConfiguration"]
    assert linux["disablePasswordAuthentication"] is not by_password
    assert ("adminPassword" in profile) is by_password
    assert ([one["keyData"] for one in linux["ssh"]["publicKeys"]] if "ssh" in linux else None) == keys


def test_a_key_that_is_named_is_the_host_s_and_no_other_is_made(cloud, command):
    cloud.put(kinds.SSH_KEY, "mine", body={"location": "eastus", "properties": {"publicKey": KEY_OF_AZURE}})
    command.create(provisioner="run-command", keys=no_keys, **{"login.ssh_key": named(kinds.SSH_KEY, "mine")})
    linux = put(cloud, VM)["properties"]["osProfile"]["linuxConfiguration"]
    assert [one["keyData"] for one in linux["ssh"]["publicKeys"]] == [KEY_OF_AZURE]


KEY_OF_AZURE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqPjJ7G1Y0mE1o3lQ0mT5p0cS7rVh2m5k8F3bq9yZ1X me@here"
