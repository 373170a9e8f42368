"""What a VM shows and takes beside its disks: model, identities, metadata, console, power rules, agent."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from arm_support import Group, LocalAzure, encoded, eventually


def _identity(group: Group, name: str) -> str:
    path = f"{group.path}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    group.arm.done("PUT", path, {"location": "westus"}, api="2023-01-31")
    return group.id_of(path)


# the model


def test_members_are_read_without_regard_to_case_and_unknown_ones_refused(arm: LocalAzure, group: Group) -> None:
    body = group.vm_body(group.nic(group.vnet()))
    path = group.compute("virtualMachines/web1")
    wrong = copy.deepcopy(body)
    wrong["properties"]["storageProfile"]["osDisk"]["diskSize"] = 30
    answer = arm.call("PUT", path, wrong)
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert answer.message.startswith("Could not find member 'diskSize' on object of type 'OSDisk'.")
    assert answer.body["error"]["target"] == "vm.properties.storageProfile.osDisk.diskSize"
    properties = body["properties"]
    properties["HardwareProfile"] = {"VMSize": "standard_d2S_V5"}
    del properties["hardwareProfile"]
    properties["storageProfile"]["osDisk"]["createoption"] = "fromimage"
    del properties["storageProfile"]["osDisk"]["createOption"]
    arm.done("PUT", path, body)
    shown = arm.call("GET", path).body["properties"]
    assert shown["hardwareProfile"] == {"vmSize": "Standard_D2s_v5"}
    assert shown["storageProfile"]["osDisk"]["createOption"] == "FromImage"


def test_low_priority_becomes_spot_on_a_deallocated_vm(arm: LocalAzure, group: Group) -> None:
    vm = group.compute("virtualMachines/web1")
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["priority"] = "Low"
    arm.done("PUT", vm, body)
    assert arm.call("PATCH", vm, {"properties": {"priority": "Spot"}}).code == "PropertyChangeNotAllowed"
    arm.done("POST", f"{vm}/deallocate")
    assert arm.call("PATCH", vm, {"properties": {"priority": "Regular"}}).code == "PropertyChangeNotAllowed"
    arm.done("PATCH", vm, {"properties": {"priority": "Spot"}})
    assert arm.call("GET", vm).body["properties"]["priority"] == "Spot"
    assert arm.call("PATCH", vm, {"properties": {"priority": "Low"}}).code == "PropertyChangeNotAllowed"


def test_the_kind_of_disk_controller_follows_the_size_and_changes_without_a_host(arm: LocalAzure, group: Group) -> None:
    vm = group.compute("virtualMachines/web1")
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["storageProfile"]["diskControllerType"] = "NVMe"
    refused = arm.call("PUT", vm, body)
    assert (refused.code, "diskControllerType" in refused.message) == ("InvalidParameter", True)
    body["properties"]["hardwareProfile"]["vmSize"] = "Standard_E2bs_v5"
    arm.done("PUT", vm, body)
    change = {"properties": {"storageProfile": {"diskControllerType": "scsi"}}}
    assert arm.call("PATCH", vm, change).code == "PropertyChangeNotAllowed"
    arm.done("POST", f"{vm}/deallocate")
    arm.done("PATCH", vm, change)
    assert arm.call("GET", vm).body["properties"]["storageProfile"]["diskControllerType"] == "SCSI"


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"priority": "Cheap"}, "BadRequest"),
        ({"priority": "SpotPlus"}, "OperationNotAllowed"),
        ({"evictionPolicy": "Delete"}, "OperationNotAllowed"),
        ({"host": {"id": "/x"}}, "OperationNotAllowed"),
        ({"securityProfile": {"securityType": "ConfidentialVM"}}, "OperationNotAllowed"),
        ({"diagnosticsProfile": {"bootDiagnostics": {"enabled": True, "storageUri": "https://x"}}},
         "OperationNotAllowed"),
        ({"userData": "no base64!"}, "InvalidParameter"),
    ],
)  # fmt: skip
def test_a_property_that_can_not_be_had_is_refused(
    arm: LocalAzure, group: Group, properties: dict[str, Any], code: str
) -> None:
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"].update(properties)
    assert arm.call("PUT", group.compute("virtualMachines/web1"), body).code == code


def test_trusted_launch_needs_an_image_of_generation_2(arm: LocalAzure, group: Group) -> None:
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["securityProfile"] = {"securityType": "TrustedLaunch"}
    body["properties"]["storageProfile"]["imageReference"]["sku"] = "server-gen1"
    assert arm.call("PUT", group.compute("virtualMachines/web1"), body).code == "BadRequest"
    body["properties"]["storageProfile"]["imageReference"]["sku"] = "server"
    arm.done("PUT", group.compute("virtualMachines/web1"), body)


@pytest.mark.parametrize(
    ("profile", "kept"), [({}, None), ({"encryptionAtHost": False}, {"encryptionAtHost": False})]
)
def test_the_opt_out_of_trusted_launch_is_not_kept(
    arm: LocalAzure, group: Group, profile: dict[str, Any], kept: dict[str, Any] | None
) -> None:
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["securityProfile"] = {"securityType": "Standard", **profile}
    path = group.compute("virtualMachines/web1")
    assert arm.call("PUT", path, body).body["properties"].get("securityProfile") == kept
    assert arm.call("GET", path).body["properties"].get("securityProfile") == kept


def test_a_resize_changes_the_machine(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    arm.done("PATCH", vm, {"properties": {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}}})
    spec = arm.platform.machines[group.machine(vm)]
    assert (spec.cpus, spec.memory_mib) == (4, 16384)
    usage = arm.call("GET", "/providers/Microsoft.Compute/locations/westus/usages").body["value"]
    assert next(one for one in usage if one["name"]["value"] == "standardDs_v5Family")["currentValue"] >= 4


# identities


def test_identities_come_and_go_with_a_patch(arm: LocalAzure, group: Group) -> None:
    vm, one, two = group.vm(), _identity(group, "one"), _identity(group, "two")

    def patch(**identity: Any) -> dict[str, Any]:
        arm.done("PATCH", vm, {"identity": identity})
        return arm.call("GET", vm).body.get("identity") or {}

    system = patch(type="SystemAssigned")
    assert system["type"] == "SystemAssigned"
    both = patch(type="SystemAssigned, UserAssigned", userAssignedIdentities={one: {}})
    assert both["principalId"] == system["principalId"]
    assert set(both["userAssignedIdentities"][one]) == {"principalId", "clientId"}
    assert set(patch(type="UserAssigned", userAssignedIdentities={two: {}})["userAssignedIdentities"]) == {one, two}
    assert set(patch(type="UserAssigned", userAssignedIdentities={one: None})["userAssignedIdentities"]) == {two}
    assert patch(type="None") == {}


def test_a_machine_is_told_of_its_identities_for_their_tokens(arm: LocalAzure, group: Group) -> None:
    vm, one = group.vm(), _identity(group, "one")
    machine = group.machine(vm)
    assert "identity" not in arm.platform.metadata[machine]
    arm.done("PATCH", vm, {"identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {one: {}}}})
    given = arm.call("GET", vm).body["identity"]
    eventually(lambda: "identity" in arm.platform.metadata[machine])
    told = arm.platform.metadata[machine]["identity"]
    own, other = told["assigned"]
    assert (own["principalId"], own["resourceId"], own["system"]) == (given["principalId"], group.id_of(vm), True)
    assert own.pop("key") != other.pop("key")
    assert other == {**given["userAssignedIdentities"][one], "resourceId": one, "system": False}
    assert given["tenantId"] == told["tenant"] and told["tenant"] in told["issuer"]


def test_a_bad_identity_is_refused(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    missing = group.id_of(f"{group.path}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/none")
    for identity, code in (
        ({"type": "UserAssigned"}, "MissingIdentityIds"),
        ({"type": "UserAssigned", "userAssignedIdentities": {missing: {}}}, "FailedIdentityOperation"),
        ({"type": "Mine"}, "InvalidIdentityType"),
    ):
        assert arm.call("PATCH", vm, {"identity": identity}).code == code


# metadata


def test_the_machine_serves_the_instance_document_and_changes_reach_it(arm: LocalAzure, group: Group) -> None:
    vm = group.vm(public_ip=group.public_ip())
    document = arm.platform.metadata[group.machine(vm)]
    compute, (interface,) = document["compute"], document["network"]["interface"]
    assert compute["resourceId"].lower() == group.id_of(vm).lower()
    assert (compute["vmSize"], compute["location"], compute["osProfile"]["adminUsername"]) == (
        "Standard_D2s_v5", "westus", "azureuser",
    )  # fmt: skip
    assert interface["ipv4"]["ipAddress"][0]["privateIpAddress"] == "10.0.0.4"
    assert interface["ipv4"]["ipAddress"][0]["publicIpAddress"].startswith("127.77.")
    assert interface["ipv4"]["subnet"] == [{"address": "10.0.0.0", "prefix": "24"}]
    arm.done("PATCH", vm, {"tags": {"role": "web"}, "properties": {"userData": encoded(b"hello")}})
    compute = arm.platform.metadata[group.machine(vm)]["compute"]
    assert (compute["tags"], compute["userData"]) == ("role:web", encoded(b"hello"))
    assert compute["tagsList"] == [{"name": "role", "value": "web"}]


def test_custom_data_is_shown_neither_to_the_guest_nor_in_azure(arm: LocalAzure, group: Group) -> None:
    vm, given = group.compute("virtualMachines/web1"), b"#!/bin/sh\n:\n"
    body = group.vm_body(group.nic(group.vnet()), customData=encoded(given))
    answers = [arm.done("PUT", vm, body).body, arm.call("GET", vm, _expand="userData").body]
    assert arm.platform.machines[group.machine(vm)].custom_data == given
    document = arm.platform.metadata[group.machine(vm)]
    assert document["compute"]["customData"] == "" and encoded(given) not in json.dumps([document, *answers])


def test_tags_written_through_the_tags_of_a_scope_reach_the_machine_too(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    path = f"{vm}/providers/Microsoft.Resources/tags/default"
    arm.done("PUT", path, {"properties": {"tags": {"via": "scope"}}}, api="2021-04-01")
    eventually(lambda: arm.platform.metadata[group.machine(vm)]["compute"]["tags"] == "via:scope")


def test_user_data_is_shown_on_request_only_and_can_be_taken_away(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    arm.done("PATCH", vm, {"properties": {"userData": encoded(b"one")}})
    assert "userData" not in arm.call("GET", vm).body["properties"]
    assert arm.call("GET", vm, _expand="userData").body["properties"]["userData"] == encoded(b"one")
    arm.done("PATCH", vm, {"tags": {}})
    assert arm.call("GET", vm, _expand="userData").body["properties"]["userData"] == encoded(b"one")
    arm.done("PATCH", vm, {"properties": {"userData": ""}})
    assert "userData" not in arm.call("GET", vm, _expand="userData").body["properties"]


# console


def test_the_console_is_had_by_a_signed_address_alone(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    assert arm.call("POST", f"{vm}/retrieveBootDiagnosticsData").code == "OperationNotAllowed"
    arm.done("PATCH", vm, {"properties": {"diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}}})
    assert arm.call("GET", f"{vm}/instanceView").body["bootDiagnostics"] == {}
    uri = arm.call("POST", f"{vm}/retrieveBootDiagnosticsData").body["serialConsoleLogBlobUri"]
    path = uri.split(f":{arm.port}", 1)[1]
    assert arm.raw("GET", path).body == b"web1 booted\n"
    forged = arm.raw("GET", path.replace("sig=", "sig=x"))
    assert (forged.status, b"AuthenticationFailed" in forged.body) == (403, True)
    late = arm.raw("GET", path.replace("se=2", "se=9"))
    assert late.status == 403
    arm.done("DELETE", vm)
    assert arm.raw("GET", path).status == 404


def test_the_life_of_a_signed_address_has_limits(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    for minutes in ("0", "1441", "soon"):
        answer = arm.call("POST", f"{vm}/retrieveBootDiagnosticsData", sasUriExpirationTimeInMinutes=minutes)
        assert answer.code == "InvalidParameter"


# power and agent


def test_power_actions_that_make_no_sense_are_refused(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    assert arm.call("POST", f"{vm}/generalize").code == "OperationNotAllowed"
    arm.done("POST", f"{vm}/deallocate")
    for action in ("powerOff", "redeploy", "restart"):
        assert arm.call("POST", f"{vm}/{action}").code == "OperationNotAllowed"
    assert arm.call("POST", f"{vm}/generalize").status == 200
    codes = [one["code"] for one in arm.call("GET", f"{vm}/instanceView").body["statuses"]]
    assert codes == ["ProvisioningState/succeeded", "OSState/generalized", "PowerState/deallocated"]
    assert "is generalized" in arm.call("POST", f"{vm}/start").message
    for action in ("reimage", "capture"):
        assert arm.call("POST", f"{vm}/{action}").status == 409


def test_a_silent_agent_is_seen_and_fails_what_needs_it(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    arm.platform.agents[group.machine(vm)] = False
    try:
        agent = arm.call("GET", f"{vm}/instanceView").body["vmAgent"]
        assert (agent["vmAgentVersion"], agent["statuses"][0]["code"]) == ("Unknown", "ProvisioningState/Unavailable")
        body = {"location": "westus", "properties": {"source": {"script": "true"}}}
        answer = arm.call("PUT", f"{vm}/runCommands/one", body)
        assert arm.wait(answer).body["error"]["code"] == "VMAgentStatusCommunicationError"
    finally:
        arm.platform.agents.clear()


def test_a_vm_without_agent_takes_no_extensions(arm: LocalAzure, group: Group) -> None:
    body = group.vm_body(group.nic(group.vnet()), linuxConfiguration={"provisionVMAgent": False})
    vm = group.compute("virtualMachines/web1")
    arm.done("PUT", vm, body)
    assert not arm.platform.machines[group.machine(vm)].agent
    run = {"location": "westus", "properties": {"source": {"script": "true"}}}
    assert arm.call("PUT", f"{vm}/runCommands/one", run).code == "OperationNotAllowed"


def test_extensions_can_be_switched_off_and_on(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    arm.done("PATCH", vm, {"properties": {"osProfile": {"allowExtensionOperations": False}}})
    run = {"location": "westus", "properties": {"source": {"script": "true"}}}
    assert "disallowed" in arm.call("PUT", f"{vm}/runCommands/one", run).message
    arm.done("PATCH", vm, {"properties": {"osProfile": {"allowExtensionOperations": True}}})
    arm.done("PUT", f"{vm}/runCommands/one", run)


def test_a_run_command_can_name_a_document(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    body = {"location": "westus", "properties": {"source": {"commandId": "RunShellScript"}}}
    arm.done("PUT", f"{vm}/runCommands/one", body)
    view = arm.call("GET", f"{vm}/runCommands/one", _expand="instanceView").body["properties"]["instanceView"]
    assert view["output"] == "Hello World!\n"
