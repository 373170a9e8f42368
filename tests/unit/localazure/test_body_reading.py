"""Reading bodies as the service's reader does: what is converted, what is refused, in which spelling it comes out."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Group, LocalAzure

from localazure.protocol.errors import ArmError
from localazure.providers import model
from localazure.providers.model import ANY, READ_ONLY, REFERENCE, NotHere, enum, named, obj

_MODEL = obj(
    "Thing",
    on=bool, count=int, ratio=float, name=str, settings=dict, names=[str], other=REFERENCE,
    color=enum("Color", "Red Blue", "Green", NotHere("Green", "green paint")),
    inner=obj("Inner", **named("first second", int)),
    gone=NotHere("Gone", "such things"), any=ANY, state=READ_ONLY,
)  # fmt: skip


class _Words:
    def unknown(self, type_name: str, name: str, path: str) -> ArmError:
        return ArmError(400, "Unknown", f"{type_name} {name} {path}")

    def unreadable(self, message: str, path: str) -> ArmError:
        return ArmError(400, "Unreadable", message, target=path)

    def not_here(self, what: NotHere, path: str) -> ArmError:
        return ArmError(409, what.feature, f"{what.words} {path}")


def _read(body: Any) -> Any:
    return model.read(body, _MODEL, _Words())


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"on": "false"}, {"on": False}),
        ({"on": " True "}, {"on": True}),
        ({"on": 0}, {"on": False}),
        ({"on": ""}, {"on": None}),
        ({"on": None}, {"on": None}),
        ({"count": "64"}, {"count": 64}),
        ({"count": " -3"}, {"count": -3}),
        ({"count": ""}, {"count": None}),
        ({"ratio": "1.5"}, {"ratio": 1.5}),
        ({"ratio": 2}, {"ratio": 2}),
        ({"name": 22}, {"name": "22"}),
        ({"name": True}, {"name": "true"}),
        ({"names": [22, "80"]}, {"names": ["22", "80"]}),
        ({"COLOR": "BLUE"}, {"color": "Blue"}),
        ({"Inner": {"FIRST": "1"}}, {"inner": {"first": 1}}),
        ({"other": {"id": "/x", "name": "y", "properties": {"z": 1}}}, {"other": {"id": "/x"}}),
        ({"state": "Succeeded"}, {}),
        ({"gone": {"a": None, "b": [], "c": {"d": False}, "e": ""}}, {"gone": {"a": None, "b": [], "c": {"d": False},
                                                                                "e": ""}}),
        ({"gone": "None"}, {"gone": "None"}),
        ({"any": [1, {"X": None}]}, {"any": [1, {"X": None}]}),
    ],
)  # fmt: skip
def test_a_body_is_read_in_the_models_types_and_spelling(given: Any, read: Any) -> None:
    found = _read(given)
    assert found == read
    assert [type(one) for one in found.values()] == [type(one) for one in read.values()]


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"on": "yes"}, "Unreadable", "Could not convert string to boolean: yes. Path 'on'."),
        ({"on": 1.0}, "Unreadable", "boolean"),
        ({"on": {}}, "Unreadable", "boolean"),
        ({"count": "64.0"}, "Unreadable", "Could not convert string to integer: 64.0. Path 'count'."),
        ({"count": "²"}, "Unreadable", "integer"),
        ({"count": True}, "Unreadable", "integer"),
        ({"count": 1.5}, "Unreadable", "integer"),
        ({"inner": {"second": "two"}}, "Unreadable", "Path 'inner.second'."),
        ({"name": {}}, "Unreadable", "string"),
        ({"name": ["x"]}, "Unreadable", "string"),
        ({"settings": "x"}, "Unreadable", "object"),
        ({"names": "x"}, "Unreadable", "array"),
        ({"names": [None]}, "Unreadable", "Path 'names[0]'."),
        ({"inner": []}, "Unreadable", "object"),
        ({"color": "Black"}, "Unreadable", "Error converting value \"Black\" to type 'Color'. Path 'color'."),
        ({"color": 1}, "Unreadable", "Color"),
        ({"color": "GREEN"}, "Green", "green paint color"),
        ({"gone": {"a": 1}}, "Gone", "such things gone"),
        ({"gone": [{}]}, "Gone", "gone"),
        ({"inner": {"third": 1}}, "Unknown", "Inner third inner.third"),
        ([], "Unreadable", "object"),
    ],
)
def test_what_cant_be_read_is_refused_with_its_path(given: Any, code: str, text: str) -> None:
    with pytest.raises(ArmError) as refused:
        _read(given)
    assert refused.value.code == code
    assert text in refused.value.message


# through the providers


def _disk(**properties: Any) -> dict[str, Any]:
    body = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4, **properties}
    return {"location": "westus", "properties": body}


def test_texts_become_what_compute_and_network_need(arm: LocalAzure, group: Group) -> None:
    arm.done("PUT", group.compute("disks/data"), _disk(diskSizeGB="64", burstingEnabled="False"))
    shown = arm.call("GET", group.compute("disks/data")).body["properties"]
    assert (shown["diskSizeGB"], shown["burstingEnabled"]) == (64, False)
    arm.done("PATCH", group.compute("disks/data"), {"properties": {"diskSizeGB": "128"}})
    assert arm.call("GET", group.compute("disks/data")).body["properties"]["diskSizeGB"] == 128
    linux = {"disablePasswordAuthentication": "false"}
    body = group.vm_body(group.nic(group.vnet()), linuxConfiguration=linux)
    arm.done("PUT", group.compute("virtualMachines/web1"), body)
    profile = arm.call("GET", group.compute("virtualMachines/web1")).body["properties"]["osProfile"]
    assert profile["linuxConfiguration"]["disablePasswordAuthentication"] is False
    ip = {"publicIPAllocationMethod": "Static", "idleTimeoutInMinutes": "10"}
    path = group.network("publicIPAddresses/ip")
    arm.done("PUT", path, {"location": "westus", "sku": {"name": "Standard"}, "properties": ip})
    assert arm.call("GET", path).body["properties"]["idleTimeoutInMinutes"] == 10
    group.nsg("nsg", {"name": "a", "properties": {
        "protocol": "Tcp", "priority": "100", "direction": "Inbound", "access": "Allow", "sourcePortRange": "*",
        "destinationPortRange": 22, "sourceAddressPrefix": "*", "destinationAddressPrefix": "*"}})  # fmt: skip
    rule = arm.call("GET", group.network("networkSecurityGroups/nsg/securityRules/a")).body["properties"]
    assert (rule["priority"], rule["destinationPortRange"]) == (100, "22")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("disks", {"properties": {"diskSizeGB": "large"}}),
        ("disks", {"sku": {"name": []}}),
        ("virtualMachines", {"properties": {"hardwareProfile": "large"}}),
        ("virtualMachines", {"properties": {"osProfile": {"allowExtensionOperations": "maybe"}}}),
        ("availabilitySets", {"properties": {"platformFaultDomainCount": "two"}}),
    ],
)
def test_patch_checks_types_as_put_does(arm: LocalAzure, group: Group, kind: str, body: dict[str, Any]) -> None:
    if kind == "virtualMachines":
        path = group.vm()
    else:
        path = group.compute(f"{kind}/one")
        arm.done("PUT", path, _disk() if kind == "disks" else {"location": "westus"})
    answer = arm.call("PATCH", path, body)
    assert (answer.status, answer.code) == (400, "BadRequest")


def test_a_template_may_say_true_in_a_text(arm: LocalAzure, group: Group) -> None:
    resource = {
        "type": "Microsoft.Compute/disks", "apiVersion": "2024-03-02", "name": "data", "location": "westus",
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": "[parameters('size')]",
                       "burstingEnabled": "[parameters('bursting')]"},
    }  # fmt: skip
    kinds = {"size": {"type": "string", "defaultValue": "64"}, "bursting": {"type": "string", "defaultValue": "true"}}
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": kinds, "resources": [resource],
    }  # fmt: skip
    properties = {"mode": "Incremental", "template": template}
    arm.done("PUT", f"{group.path}/providers/Microsoft.Resources/deployments/d", {"properties": properties})
    shown = arm.call("GET", group.compute("disks/data")).body["properties"]
    assert (shown["diskSizeGB"], shown["burstingEnabled"]) == (64, True)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("virtualNetworks/vnet", {"properties": {"flowTimeoutInMinutes": 10}}),
        ("virtualNetworks/vnet", {"tags": {}, "madeUp": 1}),
    ],
)
def test_a_patch_of_more_than_tags_is_refused(
    arm: LocalAzure, group: Group, path: str, body: dict[str, Any]
) -> None:
    group.vnet()
    answer = arm.call("PATCH", group.network(path), body)
    assert (answer.status, answer.code) == (400, "InvalidRequestContent")
    sent_back = {"location": "westus", "id": group.id_of(group.network(path)), "tags": {"a": "b"}}
    assert arm.call("PATCH", group.network(path), sent_back).status == 200


def test_generic_clients_send_a_location_with_any_body(arm: LocalAzure, group: Group) -> None:
    group.vnet()
    body = {"location": "westus", "properties": {"addressPrefix": "10.0.2.0/24"}}
    arm.done("PUT", group.network("virtualNetworks/vnet/subnets/two"), body)


def test_the_action_run_command_takes_numbers_as_texts(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    body: dict[str, Any] = {"commandId": "RunShellScript", "script": ["echo $N"]}
    body["parameters"] = [{"name": "N", "value": 7}]
    end = arm.wait(arm.call("POST", f"{vm}/runCommand", body))
    assert "[stdout]\n7\n" in end.body["properties"]["output"]["value"][0]["message"]
    body["scripts"] = body.pop("script")
    assert arm.call("POST", f"{vm}/runCommand", body).code == "BadRequest"


@pytest.mark.parametrize(
    ("what", "api"),
    [("Microsoft.Compute/galleries/x", "2024-03-03"), ("Microsoft.Compute/sshPublicKeys/x", None),
     ("Microsoft.Compute/availabilitySets/x", None), ("Microsoft.Network/networkSecurityGroups/x", None),
     ("Microsoft.ManagedIdentity/userAssignedIdentities/xyz", "2023-01-31"), ("", None)],
)  # fmt: skip
def test_location_and_tags_are_found_in_any_case(arm: LocalAzure, group: Group, what: str, api: str | None) -> None:
    path = f"{group.path}/providers/{what}" if what else f"{group.path}-other"
    made = arm.call("PUT", path, {"Location": "westus", "TAGS": {"A": "b"}}, api)
    assert made.status in (200, 201), made.body
    assert (made.body["location"], made.body["tags"]) == ("westus", {"A": "b"})
    if "Azure-AsyncOperation" in made.headers:
        arm.wait(made)
    changed = arm.call("PATCH", path, {"Tags": {"c": "D"}}, api)
    assert (changed.status, changed.body["tags"]) == (200, {"c": "D"})
    if not what:
        arm.call("DELETE", path)


def test_of_two_spellings_the_later_one_counts(arm: LocalAzure, group: Group) -> None:
    body = {"location": "westus", "tags": {"a": "b"}, "Tags": {"c": "d"}}
    assert arm.call("PUT", group.compute("sshPublicKeys/x"), body).body["tags"] == {"c": "d"}
