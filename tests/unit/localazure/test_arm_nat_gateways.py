"""NAT gateways: what the service takes and refuses, who refers to whom, and what machines notice of them."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Group, LocalAzure

from localazure.protocol import ids

PRIVATE = {"defaultOutboundAccess": False}


def _body(group: Group, *addresses: str, **properties: Any) -> dict[str, Any]:
    named = {"publicIpAddresses": [{"id": one} for one in addresses]} if addresses else {}
    return {"location": group.location, "sku": {"name": "Standard"}, "properties": {**named, **properties}}


def _gateway(arm: LocalAzure, group: Group, *addresses: str, name: str = "nat") -> str:
    path = group.network(f"natGateways/{name}")
    arm.done("PUT", path, _body(group, *addresses))
    return group.id_of(path)


def test_a_gateway_its_address_and_its_subnet_name_each_other(arm: LocalAzure, group: Group) -> None:
    address = group.public_ip()
    gateway = _gateway(arm, group, address)
    subnet = group.vnet("v", {**PRIVATE, "natGateway": {"id": gateway}})
    shown = arm.call("GET", group.network("natGateways/nat")).body
    assert shown["sku"] == {"name": "Standard"}
    assert shown["properties"]["idleTimeoutInMinutes"] == 4
    assert shown["properties"]["publicIpAddresses"] == [{"id": address}]
    assert shown["properties"]["subnets"] == [{"id": subnet}]
    assert arm.call("GET", group.network("publicIPAddresses/ip")).body["properties"]["natGateway"] == {"id": gateway}
    network = arm.call("GET", group.network("virtualNetworks/v")).body["properties"]
    assert network["subnets"][0]["properties"]["natGateway"] == {"id": gateway}


@pytest.mark.parametrize(
    ("top", "properties", "code"),
    [
        ({"sku": {"name": "Basic"}}, {}, "InvalidNatGatewaySku"),
        ({}, {"idleTimeoutInMinutes": 3}, "NatGatewayIdleTimeoutIsInvalid"),
        ({}, {"idleTimeoutInMinutes": 121}, "NatGatewayIdleTimeoutIsInvalid"),
        ({}, {"publicIpAddresses": [{"id": "/subscriptions/s/resourceGroups/g/providers/x/y/z"}]},
         "InvalidRequestFormat"),
        ({}, {"publicIpPrefixes": [{"id": "/subscriptions/s/resourceGroups/g/providers/x/y/z"}]},
         "InvalidResourceReference"),
        ({}, {"nat64": "Perhaps"}, "InvalidRequestFormat"),
    ],
)  # fmt: skip
def test_a_bad_gateway_is_refused(
    arm: LocalAzure, group: Group, top: dict[str, Any], properties: dict[str, Any], code: str
) -> None:
    answer = arm.call("PUT", group.network("natGateways/nat"), {**_body(group, **properties), **top})
    assert (answer.status, answer.code) == (400, code)


def test_an_address_has_one_user(arm: LocalAzure, group: Group) -> None:
    address = group.public_ip()
    _gateway(arm, group, address)
    second = arm.call("PUT", group.network("natGateways/other"), _body(group, address))
    nic = arm.call("PUT", group.network("networkInterfaces/n"), group.nic_body(group.vnet("v"), address))
    assert [second.code, nic.code] == ["PublicIPAddressInUse"] * 2
    used = group.public_ip("used")
    group.nic(group.id_of(group.network("virtualNetworks/v/subnets/default")), public_ip=used)
    assert arm.call("PUT", group.network("natGateways/nat"), _body(group, used)).code == "PublicIPAddressInUse"
    assert arm.call("DELETE", group.network("publicIPAddresses/ip")).code == "PublicIPAddressCannotBeDeleted"


def test_one_gateway_is_for_one_network_of_its_region(arm: LocalAzure, group: Group) -> None:
    gateway = _gateway(arm, group)
    group.vnet("v", {"natGateway": {"id": gateway}})
    group.vnet("w")
    body = {"properties": {"addressPrefix": "10.0.0.0/24", "natGateway": {"id": gateway}}}
    other = arm.call("PUT", group.network("virtualNetworks/w/subnets/default"), body)
    assert other.code == "NatGatewayCannotBeUsedBySubnetsBelongingToDifferentVirtualNetworks"
    body["properties"]["addressPrefix"] = "10.0.1.0/24"
    assert arm.done("PUT", group.network("virtualNetworks/v/subnets/two"), body).status in (200, 201)
    elsewhere = {"location": "eastus", "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}, "subnets": [
        {"name": "one", "properties": {"addressPrefix": "10.9.0.0/24", "natGateway": {"id": gateway}}}]}}  # fmt: skip
    assert arm.call("PUT", group.network("virtualNetworks/x"), elsewhere).code == "InvalidResourceReference"


def test_a_gateway_that_is_used_stays(arm: LocalAzure, group: Group) -> None:
    gateway = _gateway(arm, group)
    group.vnet("v", {"natGateway": {"id": gateway}})
    path = group.network("natGateways/nat")
    assert arm.call("DELETE", path).code == "InUseNatGatewayCannotBeDeleted"
    subnet = {"properties": {"addressPrefix": "10.0.0.0/24"}}
    arm.done("PUT", group.network("virtualNetworks/v/subnets/default"), subnet)
    arm.done("DELETE", path)
    assert arm.call("GET", path).code == "ResourceNotFound"


def test_who_gets_out_is_told_to_the_machines_and_follows(arm: LocalAzure, group: Group) -> None:
    def lets_out() -> bool:
        network = arm.platform.networks[ids.short_id(group.id_of(group.network("virtualNetworks/v")))]
        return network.subnets[0].lets_out

    group.vnet("v", {"defaultOutboundAccess": True})
    assert lets_out()
    path, gateway = group.network("virtualNetworks/v/subnets/default"), _gateway(arm, group)
    for properties, expected in (
        (PRIVATE, False), ({"natGateway": {"id": gateway}}, False), ({**PRIVATE, "natGateway": {"id": gateway}}, False),
    ):  # fmt: skip
        arm.done("PUT", path, {"properties": {"addressPrefix": "10.0.0.0/24", **properties}})
        assert lets_out() is expected
    _gateway(arm, group, group.public_ip())
    assert lets_out()


def test_an_address_that_is_written_as_it_was_read_keeps_its_gateway(arm: LocalAzure, group: Group) -> None:
    gateway = _gateway(arm, group, group.public_ip())
    path = group.network("publicIPAddresses/ip")
    body = arm.call("GET", path).body
    arm.done("PUT", path, {**body, "tags": {"a": "b"}})
    assert arm.call("GET", path).body["properties"]["natGateway"] == {"id": gateway}
    body["properties"]["natGateway"]["id"] += "other"
    assert arm.call("PUT", path, body).code == "NatGatewayOfAddressNotSupportedByLocalAzure"
