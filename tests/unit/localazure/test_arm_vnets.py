"""Virtual networks and subnets: address plans, defaults, free addresses, what is in use, what is not here."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Group, LocalAzure, eventually


def _vnet(*prefixes: str, subnets: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    properties: dict[str, Any] = {"addressSpace": {"addressPrefixes": list(prefixes)}, **more}
    if subnets is not None:
        properties["subnets"] = [{"name": n, "properties": {"addressPrefix": p}} for n, p in subnets.items()]
    return {"location": "westus", "properties": properties}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (_vnet("10.0.1.0/16"), "InvalidCIDRNotation"),
        (_vnet("10.0.0.0/16", subnets={"a": "10.0.1.1/24"}), "InvalidCIDRNotation"),
        (_vnet("10.0.0.0/16", "10.0.5.0/24"), "NetcfgInvalidVirtualNetworkSite"),
        (_vnet("169.254.0.0/16"), "NetcfgInvalidIPAddressPrefix"),
        (_vnet("fd00::/48"), "IPv6NotSupportedByLocalAzure"),
        (_vnet("10.0.0.0/16", subnets={"a": "10.0.0.0/24", "A": "10.0.1.0/24"}), "DuplicateResourceName"),
        (_vnet("10.0.0.0/16", flowTimeoutInMinutes=3), "FlowTimeoutInMinutesIsInvalid"),
        (_vnet("10.0.0.0/16", encryption={"enabled": True}), "EncryptionNotSupportedByLocalAzure"),
        (_vnet("10.0.0.0/16", addressSpace={"addressPrefixes": "10.0.0.0/16"}), "InvalidRequestFormat"),
        (_vnet("10.0.0.0/16", ddosProtectionPlan={}), "InvalidRequestFormat"),
    ],
)
def test_a_bad_network_is_refused(arm: LocalAzure, group: Group, body: dict[str, Any], code: str) -> None:
    answer = arm.call("PUT", group.network("virtualNetworks/v"), body)
    assert (answer.status, answer.code) == (400, code)
    assert "details" in answer.body["error"]


def test_a_put_without_subnets_leaves_them_and_an_empty_list_removes_them(arm: LocalAzure, group: Group) -> None:
    path = group.network("virtualNetworks/v")
    arm.done("PUT", path, _vnet("10.0.0.0/16", subnets={"a": "10.0.0.0/24"}))
    arm.done("PUT", path, _vnet("10.0.0.0/16", "10.1.0.0/16"))
    assert [one["name"] for one in arm.call("GET", path).body["properties"]["subnets"]] == ["a"]
    arm.done("PUT", path, _vnet("10.0.0.0/16", subnets={}))
    assert arm.call("GET", path).body["properties"]["subnets"] == []


def test_a_network_can_not_lose_the_space_of_a_subnet(arm: LocalAzure, group: Group) -> None:
    group.vnet("v")
    answer = arm.call("PUT", group.network("virtualNetworks/v"), _vnet("10.9.0.0/16"))
    assert answer.code == "NetcfgSubnetRangeOutsideVnet"


def test_the_prefix_of_a_used_subnet_stays(arm: LocalAzure, group: Group) -> None:
    group.nic(group.vnet("v"))
    subnet = {"properties": {"addressPrefix": "10.0.0.0/25"}}
    answer = arm.call("PUT", group.network("virtualNetworks/v/subnets/default"), subnet)
    assert answer.code == "InUsePrefixCannotBeDeleted"
    assert answer.message == "IpPrefix 10.0.0.0/24 on Subnet default has active allocations and cannot be deleted."
    changed = _vnet("10.0.0.0/16", subnets={"default": "10.0.0.0/25"})
    assert arm.call("PUT", group.network("virtualNetworks/v"), changed).code == "InUsePrefixCannotBeDeleted"


def test_a_subnet_shows_its_defaults_endpoints_and_delegations(arm: LocalAzure, group: Group) -> None:
    given = {
        "addressPrefix": "10.0.2.0/24",
        "serviceEndpoints": [{"service": "microsoft.storage"}],
        "delegations": [{"name": "d", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}],
        "provisioningState": "Failed",
    }
    group.vnet("v")
    path = group.network("virtualNetworks/v/subnets/two")
    arm.done("PUT", path, {"properties": given})
    shown = arm.call("GET", path).body["properties"]
    assert shown["provisioningState"] == "Succeeded"
    assert shown["privateEndpointNetworkPolicies"] == "Disabled"
    assert shown["serviceEndpoints"] == [
        {"provisioningState": "Succeeded", "service": "Microsoft.Storage", "locations": ["*"]}
    ]
    (delegation,) = shown["delegations"]
    assert delegation["type"].endswith("/subnets/delegations")
    assert delegation["properties"]["actions"]
    nic = group.nic_body(group.id_of(path))
    assert arm.call("PUT", group.network("networkInterfaces/n"), nic).code == "ResourceNotPermittedOnDelegatedSubnet"


def test_a_subnet_keeps_whom_it_is_shared_with_and_by_which_address_a_service_knows_it(
    arm: LocalAzure, group: Group
) -> None:
    group.vnet("v")
    path, address = group.network("virtualNetworks/v/subnets/two"), {"id": group.public_ip("ip")}
    endpoint = {"service": "Microsoft.Storage", "networkIdentifier": address}
    given = {"addressPrefix": "10.0.2.0/24", "sharingScope": "Tenant", "serviceEndpoints": [endpoint]}
    arm.done("PUT", path, {"properties": given})
    shown = arm.call("GET", path).body["properties"]
    assert (shown["sharingScope"], shown["serviceEndpoints"][0]["networkIdentifier"]) == ("Tenant", address)
    address["id"] += "gone"
    assert arm.call("PUT", path, {"properties": given}).code == "InvalidResourceReference"


@pytest.mark.parametrize(
    ("region", "regional"),
    [("westus", {"regionalCommunity": "12076:50006"}), ("mexicocentral", {})],
)
def test_a_network_s_bgp_community_stands_beside_its_region_s(
    arm: LocalAzure, region: str, regional: dict[str, str]
) -> None:
    group = Group(arm, region)
    own = {"virtualNetworkCommunity": "12076:20001"}
    path, body = group.network("virtualNetworks/v"), _vnet("10.0.0.0/16", bgpCommunities=own)
    arm.done("PUT", path, {**body, "location": region})
    assert arm.call("GET", path).body["properties"]["bgpCommunities"] == {**own, **regional}
    own["virtualNetworkCommunity"] = "65000:1"
    assert arm.call("PUT", path, {**body, "location": region}).code == "InvalidVirtualNetworkBgpCommunity"


def test_dhcp_options_have_a_list_even_when_it_was_left_out(arm: LocalAzure, group: Group) -> None:
    path = group.network("virtualNetworks/v")
    arm.done("PUT", path, _vnet("10.0.0.0/16", dhcpOptions={}))
    assert arm.call("GET", path).body["properties"]["dhcpOptions"] == {"dnsServers": []}
    arm.done("PUT", path, _vnet("10.0.0.0/16"))
    assert "dhcpOptions" not in arm.call("GET", path).body["properties"]


@pytest.mark.parametrize(("api", "told"), [("2023-11-01", False), ("2024-05-01", True)])
def test_newer_versions_tell_of_pools_and_private_endpoints(
    arm: LocalAzure, group: Group, api: str, told: bool
) -> None:
    path = group.network("virtualNetworks/v")
    first = arm.done("PUT", path, _vnet("10.0.0.0/16", subnets={"default": "10.0.0.0/24"}), api=api).body
    subnet = arm.call("GET", f"{path}/subnets/default", api=api).body
    listed = arm.call("GET", group.network("virtualNetworks"), api=api).body["value"][0]
    for body in (first, arm.call("GET", path, api=api).body, listed):
        properties = body["properties"]
        assert properties.get("privateEndpointVNetPolicies") == ("Disabled" if told else None)
        parts = (properties["addressSpace"], properties["subnets"][0]["properties"], subnet["properties"])
        assert [one.get("ipamPoolPrefixAllocations") for one in parts] == [[] if told else None] * 3


def test_what_a_subnet_names_must_be_of_the_right_type_and_there(arm: LocalAzure, group: Group) -> None:
    group.vnet("v")
    path = group.network("virtualNetworks/v/subnets/two")

    def put(**properties: Any) -> Any:
        return arm.call("PUT", path, {"properties": {"addressPrefix": "10.0.2.0/24", **properties}})

    public_ip = group.public_ip()
    wrong = put(networkSecurityGroup={"id": public_ip})
    assert wrong.body["error"]["details"][0]["code"] == "InvalidJsonReferenceWrongType"
    nothing = put(networkSecurityGroup={})
    assert nothing.body["error"]["details"][0]["code"] == "MissingJsonReferenceId"
    gateway = group.id_of(group.network("natGateways/no"))
    assert put(natGateway={"id": gateway}).code == "InvalidResourceReference"
    table = group.id_of(group.network("routeTables/no"))
    assert put(routeTable={"id": table}).code == "InvalidResourceReference"
    assert put(privateEndpointNetworkPolicies="Maybe").code == "InvalidRequestFormat"


def test_which_addresses_are_free(arm: LocalAzure, group: Group) -> None:
    group.nic(group.vnet("v"))
    path = group.network("virtualNetworks/v/CheckIPAddressAvailability")
    ask = lambda address: arm.call("GET", path, ipAddress=address)  # noqa: E731
    assert ask("10.0.0.9").body == {"available": True, "isPlatformReserved": False}
    taken = ask("10.0.0.4").body
    assert taken["available"] is False
    assert taken["availableIPAddresses"] == [f"10.0.0.{last}" for last in range(5, 10)]
    assert ask("10.0.0.1").body["isPlatformReserved"] is True
    assert ask("10.0.200.1").code == "PrivateIPAddressNotInAnySubnet"
    assert ask("nonsense").code == "InvalidIPAddressFormat"


def test_how_full_subnets_are(arm: LocalAzure, group: Group) -> None:
    group.nic(group.vnet("v"))
    (usage,) = arm.call("GET", group.network("virtualNetworks/v/usages")).body["value"]
    assert (usage["currentValue"], usage["limit"]) == (1, 251)


def test_peerings_are_refused_in_local_azures_own_words(arm: LocalAzure, group: Group) -> None:
    subnet = group.vnet("v")
    peering = group.network("virtualNetworks/v/virtualNetworkPeerings/p")
    body = {"properties": {"remoteVirtualNetwork": {"id": subnet.split("/subnets")[0]}}}
    answer = arm.call("PUT", peering, body)
    assert answer.status == 400
    assert "Local Azure" in answer.message
    assert arm.call("GET", peering).code == "NotFound"
    assert arm.call("GET", peering.rsplit("/", 1)[0]).body == {"value": []}


def test_a_network_takes_one_change_at_a_time(arm: LocalAzure, group: Group) -> None:
    group.vnet("v")
    arm.on_loop(lambda: setattr(arm.cloud.operations, "time_scale", 1.0))
    try:
        path = group.network("virtualNetworks/v/subnets")
        first = arm.call("PUT", f"{path}/two", {"properties": {"addressPrefix": "10.0.2.0/24"}})
        second = arm.call("PUT", f"{path}/three", {"properties": {"addressPrefix": "10.0.3.0/24"}})
        assert (first.status, second.status, second.code) == (201, 409, "AnotherOperationInProgress")
        nic = arm.call("PUT", group.network("networkInterfaces/n"), group.nic_body(group.id_of(f"{path}/default")))
        assert (nic.status, nic.code) == (429, "RetryableError")
        (detail,) = nic.body["error"]["details"]
        assert detail["code"] == "ReferencedResourceNotProvisioned"
        assert "in Updating state and the last operation" in detail["message"]
        assert detail["message"].endswith("is PutSubnetOperation.")
    finally:
        arm.on_loop(lambda: setattr(arm.cloud.operations, "time_scale", 0.0))
    eventually(lambda: not arm.on_loop(arm.cloud.operations.interrupted), timeout=8)


def test_a_regions_catalogue(arm: LocalAzure, group: Group) -> None:
    at = "/providers/Microsoft.Network/locations/westus"
    group.vnet("v")
    usages = {one["name"]["value"]: one for one in arm.call("GET", f"{at}/usages").body["value"]}
    assert usages["VirtualNetworks"]["currentValue"] >= 1
    assert usages["StandardSkuPublicIpAddresses"]["limit"] == len(arm.platform.public_pool)
    services = arm.call("GET", f"{at}/virtualNetworkAvailableEndpointServices").body["value"]
    assert "Microsoft.Storage" in [one["name"] for one in services]
    delegations = arm.call("GET", f"{at}/availableDelegations").body["value"]
    assert all(one["serviceName"] and one["actions"] for one in delegations)
    tags = arm.call("GET", f"{at}/serviceTags").body
    assert tags["type"] == "Microsoft.Network/serviceTags"
    assert {"Storage", "Storage.WestUS"} <= {one["name"] for one in tags["values"]}
