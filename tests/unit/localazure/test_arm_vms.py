"""Virtual machines: life, views, what is refused at creation and afterwards, and what a deletion takes along."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from arm_support import PASSWORD, Group, LocalAzure, encoded

from localazure.machines.machine import MachineError

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqPjJ7G1Y0mE1o3lQ0mT5p0cS7rVh2m5k8F3bq9yZ1X me@here"


def _with(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of a body with one member replaced; a path of names and list positions, dotted."""
    body = copy.deepcopy(body)
    *parents, last = path.split(".")
    inner: Any = body
    for name in parents:
        inner = inner[int(name)] if name.isdigit() else inner.setdefault(name, {})
    inner[last] = value
    return body


def test_the_first_answer_is_a_skeleton_and_the_status_tells_the_end(arm: LocalAzure, group: Group) -> None:
    body = group.vm_body(group.nic(group.vnet()))
    arm.platform.unblocked.clear()
    answer = arm.call("PUT", group.compute("virtualMachines/web1"), body)
    assert answer.status == 201
    properties = answer.body["properties"]
    assert properties["provisioningState"] == "Creating"
    assert "name" not in properties["storageProfile"]["osDisk"]
    assert properties["storageProfile"]["imageReference"]["exactVersion"].startswith("24.04.")
    assert properties["osProfile"]["secrets"] == []
    assert "Location" not in answer.headers
    assert "Retry-After" not in answer.headers
    status = arm.raw(
        "GET",
        answer.headers["Azure-AsyncOperation"].split(str(arm.port), 1)[1],
        headers={"Authorization": f"Bearer {arm.token}"},
    )
    assert status.body["status"] == "InProgress"
    assert "endTime" not in status.body
    arm.platform.unblocked.set()
    end = arm.wait(answer).body
    assert end["status"] == "Succeeded"
    assert set(end) == {"startTime", "endTime", "status", "name"}
    assert arm.call("GET", group.compute("virtualMachines/web1")).body["properties"]["storageProfile"]["osDisk"]["name"]


def test_compute_asks_to_be_polled_less_and_less_often(arm: LocalAzure, group: Group) -> None:
    body = group.vm_body(group.nic(group.vnet()))
    arm.platform.unblocked.clear()
    answer = arm.call("PUT", group.compute("virtualMachines/web1"), body)
    url = answer.headers["Azure-AsyncOperation"].split(str(arm.port), 1)[1]
    asked = [
        arm.raw("GET", url, headers={"Authorization": f"Bearer {arm.token}"}).headers["retry-after-ms"]
        for _ in range(4)
    ]
    arm.platform.unblocked.set()
    assert asked == ["100", "200", "400", "400"]
    arm.wait(answer)


@pytest.mark.parametrize("password", [None, KEY], ids=["no password", "the key once more, as templates have it"])
def test_the_machine_gets_what_the_vm_says(arm: LocalAzure, group: Group, password: str | None) -> None:
    keys = {
        "disablePasswordAuthentication": True,
        "ssh": {"publicKeys": [{"path": "/home/azureuser/.ssh/authorized_keys", "keyData": KEY}]},
    }
    body = group.vm_body(
        group.nic(group.vnet()), adminPassword=password, linuxConfiguration=keys, customData=encoded(b"#!/bin/sh\n")
    )
    arm.done("PUT", group.compute("virtualMachines/web1"), body)
    spec = arm.platform.machines[group.machine(group.compute("virtualMachines/web1"))]
    assert (spec.hostname, spec.admin_username, spec.ssh_keys, spec.admin_password) == (
        "web1",
        "azureuser",
        (KEY,),
        None,
    )
    assert (spec.custom_data, spec.cloud_init) == (b"#!/bin/sh\n", True)
    assert (spec.private_ip, spec.subnet_prefix, spec.cpus, spec.memory_mib) == ("10.0.0.4", "10.0.0.0/24", 2, 8192)


def test_an_image_without_cloud_init_is_booted_without(arm: LocalAzure, group: Group) -> None:
    reference = {
        "publisher": "LocalAzure",
        "offer": "linux-without-cloud-init",
        "sku": "agent-only",
        "version": "latest",
    }
    body = _with(group.vm_body(group.nic(group.vnet())), "properties.storageProfile.imageReference", reference)
    arm.done("PUT", group.compute("virtualMachines/web1"), body)
    assert not arm.platform.machines[group.machine(group.compute("virtualMachines/web1"))].cloud_init


def test_an_image_that_is_a_variant_boots_it(arm: LocalAzure, group: Group) -> None:
    reference = {"publisher": "localazure", "offer": "linux-variants", "sku": "firewalld", "version": "latest"}
    body = _with(group.vm_body(group.nic(group.vnet())), "properties.storageProfile.imageReference", reference)
    arm.done("PUT", group.compute("virtualMachines/web1"), body)
    spec = arm.platform.machines[group.machine(group.compute("virtualMachines/web1"))]
    assert (spec.variant, spec.cloud_init) == ("firewalld", True)


def test_no_secret_is_ever_shown_kept_or_logged(
    arm: LocalAzure, group: Group, caplog: pytest.LogCaptureFixture
) -> None:
    secret = b"#!/bin/sh\n# very-secret-custom-data\n"
    with caplog.at_level("DEBUG"):
        body = group.vm_body(group.nic(group.vnet()), customData=encoded(secret))
        arm.done("PUT", group.compute("virtualMachines/web1"), body)
        shown = str(arm.call("GET", group.compute("virtualMachines/web1"), _expand="instanceView").body)
    kept = b"".join(path.read_bytes() for path in arm.folder.glob("store.sqlite*"))
    for hidden in (PASSWORD, encoded(secret), "very-secret-custom-data"):
        assert hidden not in shown
        assert hidden.encode() not in kept
        assert hidden not in caplog.text


def test_instance_view_of_a_running_a_stopped_and_a_deallocated_vm(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    view = arm.call("GET", f"{vm}/instanceView").body
    assert [one["code"] for one in view["statuses"]] == ["ProvisioningState/succeeded", "PowerState/running"]
    assert "time" not in view["statuses"][1]
    assert view["vmAgent"]["statuses"][0]["displayStatus"] == "Ready"
    arm.done("POST", f"{vm}/powerOff")
    view = arm.call("GET", f"{vm}/instanceView").body
    assert view["statuses"][1]["code"] == "PowerState/stopped"
    assert view["vmAgent"]["vmAgentVersion"] == "Unknown"
    arm.done("POST", f"{vm}/deallocate")
    view = arm.call("GET", f"{vm}/instanceView").body
    assert view["statuses"][1]["code"] == "PowerState/deallocated"
    assert not {"vmAgent", "osName", "computerName"} & set(view)
    arm.done("POST", f"{vm}/start")
    assert (
        arm.call("GET", vm, _expand="instanceView").body["properties"]["instanceView"]["statuses"][1]["code"]
        == "PowerState/running"
    )


def test_a_guest_that_shut_itself_down_turns_up_as_stopped(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    arm.platform.states[group.machine(vm)] = "stopped"
    assert arm.call("GET", f"{vm}/instanceView").body["statuses"][1]["code"] == "PowerState/stopped"


def test_a_deallocated_vm_is_not_reachable_but_keeps_its_address(arm: LocalAzure, group: Group) -> None:
    vm = group.vm(public_ip=group.public_ip())
    before = arm.platform.exposed[group.machine(vm)]
    arm.done("POST", f"{vm}/deallocate")
    assert arm.platform.exposed[group.machine(vm)] is None
    arm.done("POST", f"{vm}/start")
    assert arm.platform.exposed[group.machine(vm)] == before


def test_status_only_lists_power_states(arm: LocalAzure, group: Group) -> None:
    group.vm()
    (one,) = [
        vm for vm in arm.call("GET", "/providers/Microsoft.Compute/virtualMachines", statusOnly="true").body["value"]
        if group.name.lower() in vm["id"].lower()
    ]  # fmt: skip
    assert one["properties"]["instanceView"]["statuses"][1]["code"] == "PowerState/running"


@pytest.mark.parametrize(
    ("path", "value", "status", "code"),
    [
        ("properties.hardwareProfile.vmSize", "Standard_Nothing", 400, "InvalidParameter"),
        ("properties.hardwareProfile.vmSize", None, 400, "InvalidParameter"),
        ("properties.hardwareProfile.vmSize", "Standard_NC6s_v3", 409, "SkuNotAvailable"),
        ("properties.hardwareProfile.vmSize", "Standard_M128s", 409, "OperationNotAllowed"),
        ("properties.hardwareProfile", "text", 400, "BadRequest"),
        ("properties.storageProfile.imageReference.publisher", "Nobody", 404, "PlatformImageNotFound"),
        ("properties.storageProfile.imageReference.version", "0.0.0", 404, "PlatformImageNotFound"),
        ("properties.storageProfile.imageReference", None, 400, "InvalidParameter"),
        ("properties.storageProfile.osDisk.diskSizeGB", 10, 400, "InvalidParameter"),
        ("properties.storageProfile.osDisk.managedDisk", {"storageAccountType": "Fast"}, 400, "BadRequest"),
        ("properties.osProfile", None, 400, "InvalidParameter"),
        ("properties.osProfile.computerName", "a_b", 400, "InvalidParameter"),
        ("properties.osProfile.computerName", "a" * 65, 400, "InvalidParameter"),
        ("properties.osProfile.adminUsername", "root", 400, "InvalidParameter"),
        ("properties.osProfile.adminUsername", "Admin", 400, "InvalidParameter"),
        ("properties.osProfile.adminUsername", "a!b", 400, "InvalidParameter"),
        ("properties.osProfile.adminUsername", "a" * 65, 400, "InvalidParameter"),
        ("properties.osProfile.adminUsername", None, 400, "InvalidParameter"),
        ("properties.osProfile.adminPassword", "short", 400, "InvalidParameter"),
        ("properties.osProfile.adminPassword", "alllowercase1", 400, "InvalidParameter"),
        ("properties.osProfile.adminPassword", "P@ssw0rd", 400, "InvalidParameter"),
        ("properties.osProfile.adminPassword", "Aa1" * 25, 400, "InvalidParameter"),
        ("properties.osProfile.adminPassword", None, 400, "InvalidParameter"),
        ("properties.osProfile.customData", "not base64!", 400, "InvalidParameter"),
        ("properties.osProfile.customData", encoded(b"x" * 65536), 400, "InvalidParameter"),
        ("properties.osProfile.linuxConfiguration", {"disablePasswordAuthentication": True}, 400, "InvalidParameter"),
        ("properties.networkProfile.networkInterfaces", [], 400, "InvalidParameter"),
        ("properties.networkProfile.networkInterfaces.0.id", "nonsense", 400, "LinkedInvalidPropertyId"),
        ("properties.networkProfile.networkInterfaces.0.properties.deleteOption", "Burn", 400, "BadRequest"),
        ("location", "West Mars", 400, "LocationNotAvailableForResourceType"),
        ("location", "eastus", 400, "InvalidResourceReference"),
        ("tags", {"a?b": "c"}, 400, "InvalidTagNameCharacters"),
    ],
)
def test_a_bad_vm_is_refused_and_nothing_is_made(
    arm: LocalAzure, group: Group, path: str, value: Any, status: int, code: str
) -> None:
    body = _with(group.vm_body(group.nic(group.vnet())), path, value)
    answer = arm.call("PUT", group.compute("virtualMachines/web1"), body)
    assert (answer.status, answer.code) == (status, code)
    assert arm.call("GET", group.compute("virtualMachines/web1")).code == "ResourceNotFound"
    assert arm.call("GET", group.compute("disks")).body["value"] == []


@pytest.mark.parametrize(
    "key", ["", "ssh-rsa", "ssh-rsa !!!", "ssh-rsa \u00e9", "ssh-rsa " + KEY.split()[1], KEY + "\n" + KEY]
)
def test_a_bad_public_key_is_refused(arm: LocalAzure, group: Group, key: str) -> None:
    linux = {"ssh": {"publicKeys": [{"keyData": key}]}}
    body = group.vm_body(group.nic(group.vnet()), linuxConfiguration=linux)
    answer = arm.call("PUT", group.compute("virtualMachines/web1"), body)
    assert answer.body["error"]["target"] == "linuxConfiguration.ssh.publicKeys.keyData"


@pytest.mark.parametrize("name", ["-a", "a.", "a_b!", "x" * 65])
def test_a_bad_vm_name_is_refused(arm: LocalAzure, group: Group, name: str) -> None:
    body = group.vm_body(group.nic(group.vnet()), computerName="web1")
    assert arm.call("PUT", group.compute(f"virtualMachines/{name}"), body).code == "InvalidParameter"


def test_a_vm_that_names_a_missing_or_used_nic_is_refused(arm: LocalAzure, group: Group) -> None:
    nic = group.nic(group.vnet())
    answer = arm.call("PUT", group.compute("virtualMachines/web1"), group.vm_body(nic + "x"))
    assert (answer.status, answer.code) == (404, "NotFound")
    arm.done("PUT", group.compute("virtualMachines/web1"), group.vm_body(nic))
    assert arm.call("PUT", group.compute("virtualMachines/web2"), group.vm_body(nic)).code == "NicInUse"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("properties.osProfile.adminUsername", "other"),
        ("properties.osProfile.computerName", "other"),
        ("properties.osProfile.customData", encoded(b"other")),
        ("properties.osProfile.linuxConfiguration", {"ssh": {"publicKeys": [{"keyData": KEY}]}}),
        ("properties.storageProfile.imageReference.sku", "minimal"),
        ("properties.storageProfile.osDisk.name", "other"),
        ("zones", ["1"]),
    ],
)
def test_what_is_fixed_at_creation_can_not_be_changed(arm: LocalAzure, group: Group, path: str, value: Any) -> None:
    body = group.vm_body(group.nic(group.vnet()))
    arm.done("PUT", group.compute("virtualMachines/web1"), body)
    answer = arm.call("PUT", group.compute("virtualMachines/web1"), _with(body, path, value))
    assert (answer.status, answer.code) == (409, "PropertyChangeNotAllowed")


def test_the_same_put_again_changes_nothing_and_a_vm_does_not_move(arm: LocalAzure, group: Group) -> None:
    body = group.vm_body(group.nic(group.vnet()), customData=encoded(b"#!/bin/sh\n"))
    vm = group.compute("virtualMachines/web1")
    arm.done("PUT", vm, body)
    before = arm.call("GET", vm).body["properties"]
    again = arm.done("PUT", vm, body)
    assert (again.status, again.body["properties"]["provisioningState"]) == (200, "Updating")
    assert arm.call("GET", vm).body["properties"] == before
    assert arm.call("PUT", vm, {**body, "location": "eastus"}).code == "InvalidResourceLocation"


def test_tags_and_size_can_be_changed(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    arm.done("PATCH", vm, {"tags": {"a": "b"}})
    arm.done("PATCH", vm, {"properties": {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}}})
    body = arm.call("GET", vm).body
    assert (body["tags"], body["properties"]["hardwareProfile"]) == ({"a": "b"}, {"vmSize": "Standard_D4s_v5"})


def test_deletion_takes_along_what_the_delete_options_name(arm: LocalAzure, group: Group) -> None:
    vm = group.vm(public_ip=group.public_ip(), nsg=group.nsg())
    machine = group.machine(vm)
    answer = arm.call("DELETE", vm)
    assert (answer.status, answer.body) == (202, None)
    assert {"Location", "Azure-AsyncOperation"} <= set(answer.headers)
    arm.wait(answer)
    assert machine not in arm.platform.machines
    left = {one["name"] for one in arm.call("GET", f"{group.path}/resources").body["value"]}
    assert left == {"vnet", "nsg"}
    assert arm.call("DELETE", vm).status == 204


def test_deletion_by_force_takes_a_boolean(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    refused = arm.call("DELETE", vm, forceDeletion="perhaps")
    assert (refused.status, refused.code) == (400, "InvalidParameter")
    arm.wait(arm.call("DELETE", vm, forceDeletion="true"))
    assert arm.call("GET", vm).status == 404


def test_deletion_leaves_what_is_to_be_detached(arm: LocalAzure, group: Group) -> None:
    nic = group.nic(group.vnet(), public_ip=group.public_ip())
    body = group.vm_body(nic)
    body["properties"]["storageProfile"]["osDisk"].pop("deleteOption")
    body["properties"]["networkProfile"]["networkInterfaces"][0].pop("properties")
    arm.done("PUT", group.compute("virtualMachines/web1"), body)
    (disk,) = arm.call("GET", group.compute("disks")).body["value"]
    assert arm.call("DELETE", group.compute(f"disks/{disk['name']}")).code == "OperationNotAllowed"
    arm.done("DELETE", group.compute("virtualMachines/web1"))
    assert arm.call("GET", group.compute(f"disks/{disk['name']}")).body["properties"]["diskState"] == "Unattached"
    arm.done("DELETE", group.compute(f"disks/{disk['name']}"))
    arm.done("DELETE", group.network("networkInterfaces/nic"))


def test_an_allocation_failure_leaves_a_failed_vm_that_never_ran_and_its_nic_reserved(
    arm: LocalAzure, group: Group
) -> None:
    nic = group.nic(group.vnet())
    body = _with(group.vm_body(nic), "properties.hardwareProfile.vmSize", "Standard_L8s_v3")
    body["properties"]["networkProfile"]["networkInterfaces"][0].pop("properties")
    vm = group.compute("virtualMachines/web1")
    status = arm.wait(arm.call("PUT", vm, body))
    assert (status.status, status.body["status"], status.code) == (200, "Failed", "AllocationFailed")
    assert arm.call("GET", vm).body["properties"]["provisioningState"] == "Failed"
    view = arm.call("GET", f"{vm}/instanceView").body
    assert [one["code"] for one in view["statuses"]] == ["ProvisioningState/failed/AllocationFailed"]
    arm.done("DELETE", vm)
    answer = arm.call("PUT", group.compute("virtualMachines/web2"), group.vm_body(nic))
    assert (answer.status, answer.code) == (400, "NicReservedForAnotherVm")
    assert arm.call("DELETE", group.network("networkInterfaces/nic")).code == "NicReservedForAnotherVm"
    arm.done("PUT", vm, group.vm_body(nic))


def test_a_machine_that_does_not_boot_is_a_failed_operation_and_leaves_no_machine(
    arm: LocalAzure, group: Group
) -> None:
    arm.platform.create_error = MachineError(
        "OSProvisioningTimedOut", "OS Provisioning did not finish in the allotted time."
    )
    vm = group.compute("virtualMachines/web1")
    status = arm.wait(arm.call("PUT", vm, group.vm_body(group.nic(group.vnet()))))
    assert status.code == "OSProvisioningTimedOut"
    assert group.machine(vm) not in arm.platform.machines
    assert arm.call("POST", f"{vm}/start").code == "OperationNotAllowed"
    arm.platform.create_error = None
    arm.done("DELETE", vm)


def test_a_vm_in_the_making_takes_no_other_change_but_its_deletion(arm: LocalAzure, group: Group) -> None:
    vm = group.compute("virtualMachines/web1")
    body = group.vm_body(group.nic(group.vnet()))
    arm.platform.unblocked.clear()
    creation = arm.call("PUT", vm, body)
    for method, path in (("PUT", vm), ("POST", f"{vm}/start"), ("PATCH", vm)):
        answer = arm.call(method, path, body if method != "POST" else None)
        assert (answer.status, answer.code) == (409, "Conflict")
        assert "conflict with a concurrent request" in answer.message
    deletion = arm.call("DELETE", vm)
    assert deletion.status == 202
    assert arm.wait(creation).code == "OperationPreempted"
    arm.platform.unblocked.set()
    arm.wait(deletion)
    assert group.machine(vm) not in arm.platform.machines
    assert arm.call("GET", vm).code == "ResourceNotFound"


def test_restarting_a_stopped_vm_is_refused(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    arm.done("POST", f"{vm}/powerOff")
    assert arm.call("POST", f"{vm}/restart").code == "OperationNotAllowed"


@pytest.mark.parametrize("path", ["", "/web1"])
def test_what_a_query_asks_for_beyond_what_is_there_is_refused(arm: LocalAzure, group: Group, path: str) -> None:
    group.vm()
    at = group.compute(f"virtualMachines{path}")
    refused = arm.call("GET", at, _expand="resources")
    assert (refused.status, refused.code) == (400, "InvalidParameter")
    assert arm.call("GET", at, _expand="instanceView,UserData").status == 200
    if not path:
        refused = arm.call("GET", at, _filter="name eq 'web1'")
        assert (refused.status, refused.code) == (400, "FilterNotSupportedByLocalAzure")
