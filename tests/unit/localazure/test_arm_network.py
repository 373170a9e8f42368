"""VNets, subnets, public IPs, NSGs, rules and NICs: life, references, what is refused, and what machines are told."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Group, LocalAzure, rule


def test_first_answers_are_updating_and_say_where_to_follow(arm: LocalAzure, group: Group) -> None:
    body = {"location": "westus", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
    answer = arm.call("PUT", group.network("publicIPAddresses/ip"), body)
    assert answer.status == 201
    assert answer.body["properties"]["provisioningState"] == "Updating"
    assert "ipAddress" not in answer.body["properties"]
    assert "/providers/Microsoft.Network/locations/westus/operations/" in answer.headers["Azure-AsyncOperation"]
    assert arm.wait(answer).body == {"status": "Succeeded"}
    done = arm.call("GET", group.network("publicIPAddresses/ip")).body["properties"]
    assert done["provisioningState"] == "Succeeded"
    assert done["ipAddress"] in arm.platform.public_pool
    assert arm.call("PUT", group.network("publicIPAddresses/ip"), body).status == 200


def test_a_deletion_is_202_with_both_headers_and_ends_with_204(arm: LocalAzure, group: Group) -> None:
    group.nsg()
    answer = arm.call("DELETE", group.network("networkSecurityGroups/nsg"))
    assert (answer.status, answer.body) == (202, None)
    assert "/operationResults/" in answer.headers["Location"]
    arm.wait(answer)
    end = arm.raw(
        "GET", answer.headers["Location"].split(str(arm.port), 1)[1], headers={"Authorization": f"Bearer {arm.token}"}
    )
    assert end.status == 204
    assert arm.call("GET", group.network("networkSecurityGroups/nsg")).code == "ResourceNotFound"
    assert arm.call("DELETE", group.network("networkSecurityGroups/nsg")).status == 204


def test_a_nic_is_succeeded_at_once_and_gets_the_fifth_address(arm: LocalAzure, group: Group) -> None:
    answer = arm.call("PUT", group.network("networkInterfaces/nic"), group.nic_body(group.vnet()))
    assert answer.status == 201
    assert answer.body["properties"]["provisioningState"] == "Succeeded"
    assert "retry-after-ms" not in answer.headers
    assert answer.body["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"] == "10.0.0.4"


def test_the_name_of_a_public_ip_comes_from_the_service(arm: LocalAzure, group: Group) -> None:
    group.public_ip("ip", label=f"{group.name}web")
    dns = arm.call("GET", group.network("publicIPAddresses/ip")).body["properties"]["dnsSettings"]
    assert dns["fqdn"] == f"{group.name}web.westus.cloudapp.test.test"


def _public_ip(arm: LocalAzure, group: Group, **properties: Any) -> Any:
    body = {
        "location": "westus",
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static", **properties},
    }
    return arm.call("PUT", group.network("publicIPAddresses/second"), body)


def test_a_dns_label_is_given_once_in_a_region(arm: LocalAzure, group: Group) -> None:
    label = f"{group.name}web"
    check = "/providers/Microsoft.Network/locations/westus/CheckDnsNameAvailability"
    assert arm.call("GET", check, domainNameLabel=label).body == {"available": True}
    group.public_ip("ip", label=label)
    assert arm.call("GET", check, domainNameLabel=label).body == {"available": False}
    assert arm.call("GET", check.replace("westus", "eastus"), domainNameLabel=label).body == {"available": True}
    answer = _public_ip(arm, group, dnsSettings={"domainNameLabel": label})
    assert (answer.status, answer.code) == (400, "DnsRecordInUse")


@pytest.mark.parametrize("label", ["1a", "a_b", "-a", "a-", "ab", "A" * 5, "x" * 64])
def test_a_bad_dns_label_is_refused(arm: LocalAzure, group: Group, label: str) -> None:
    answer = _public_ip(arm, group, dnsSettings={"domainNameLabel": label})
    assert (answer.status, answer.code) == (400, "InvalidDomainNameLabel")


def test_basic_and_dynamic_public_ips_are_refused(arm: LocalAzure, group: Group) -> None:
    body: dict[str, Any] = {"location": "westus", "properties": {"publicIPAllocationMethod": "Static"}}
    assert arm.call("PUT", group.network("publicIPAddresses/b"), body).code == "IPv4BasicSkuPublicIpCountLimitReached"
    assert _public_ip(arm, group, publicIPAllocationMethod="Dynamic").code == "StandardSkuPublicIPAddressesMustBeStatic"


@pytest.mark.parametrize("kind", ["virtualNetworks", "networkSecurityGroups", "publicIPAddresses", "networkInterfaces"])
@pytest.mark.parametrize("name", ["_a", "a-", "x" * 81, "a!b"])
def test_a_bad_name_is_refused(arm: LocalAzure, group: Group, kind: str, name: str) -> None:
    answer = arm.call("PUT", group.network(f"{kind}/{name}"), {"location": "westus"})
    assert (answer.status, answer.code) == (400, "InvalidResourceName")
    assert answer.body["error"]["details"] == []


@pytest.mark.parametrize(
    ("space", "subnets", "code"),
    [
        ([], [], "NoAddressPrefixOrPoolProvided"),
        (["10.0.0.0/33"], ["10.0.0.0/24"], "InvalidAddressPrefixFormat"),
        (["10.0.0.0/16"], ["10.1.0.0/24"], "NetcfgSubnetRangeOutsideVnet"),
        (["10.0.0.0/16"], ["10.0.0.0/24", "10.0.0.128/25"], "NetcfgSubnetRangesOverlap"),
        (["10.0.0.0/16"], ["10.0.0.0/30"], "NetcfgSubnetRangeTooSmall"),
        (["10.0.0.0/16"], [""], "NoAddressPrefixOrPoolProvided"),
    ],
)
def test_a_bad_address_plan_is_refused(
    arm: LocalAzure, group: Group, space: list[str], subnets: list[str], code: str
) -> None:
    given = [{"name": f"s{at}", "properties": {"addressPrefix": prefix}} for at, prefix in enumerate(subnets)]
    body = {"location": "westus", "properties": {"addressSpace": {"addressPrefixes": space}, "subnets": given}}
    assert arm.call("PUT", group.network("virtualNetworks/v"), body).code == code


def test_subnets_come_and_go_as_resources_of_their_own(arm: LocalAzure, group: Group) -> None:
    group.vnet()
    two = group.network("virtualNetworks/vnet/subnets/two")
    arm.done("PUT", two, {"properties": {"addressPrefix": "10.0.1.0/24"}})
    names = [
        one["name"] for one in arm.call("GET", group.network("virtualNetworks/vnet")).body["properties"]["subnets"]
    ]
    assert names == ["default", "two"]
    arm.done("DELETE", two)
    answer = arm.call("GET", two)
    assert (answer.status, answer.code, answer.body["error"]["details"]) == (404, "NotFound", [])
    assert "x-ms-failure-cause" not in answer.headers


def test_a_child_of_a_missing_parent_is_refused(arm: LocalAzure, group: Group) -> None:
    for path in ("virtualNetworks/no/subnets/s", "networkSecurityGroups/no/securityRules/r"):
        answer = arm.call("PUT", group.network(path), {"properties": {}})
        assert (answer.status, answer.code) == (404, "ParentResourceNotFound")


def test_new_subnets_are_private_for_newer_callers_only(arm: LocalAzure, group: Group) -> None:
    body = {
        "location": "westus",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}],
        },
    }
    new = arm.call("PUT", group.network("virtualNetworks/new"), body, api="2025-07-01").body
    old = arm.call("PUT", group.network("virtualNetworks/old"), body, api="2022-01-01").body
    assert new["properties"]["subnets"][0]["properties"]["defaultOutboundAccess"] is False
    assert "defaultOutboundAccess" not in old["properties"]["subnets"][0]["properties"]


@pytest.mark.parametrize("access", [True, False])
def test_outbound_access_is_kept_as_it_was_said_and_told_to_who_knows_of_it(
    arm: LocalAzure, group: Group, access: bool
) -> None:
    subnet = {"name": "default", "properties": {"addressPrefix": "10.0.0.0/24", "defaultOutboundAccess": access}}
    body = {
        "location": "westus",
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]},
    }
    vnet = group.network("virtualNetworks/vnet")

    def told(answer: Any) -> Any:
        properties = answer.body["properties"]
        return (properties["subnets"][0]["properties"] if "subnets" in properties else properties).get(
            "defaultOutboundAccess"
        )

    made = arm.call("PUT", vnet, body, api="2023-11-01")
    arm.wait(made)
    for path in (vnet, f"{vnet}/subnets/default"):
        assert told(arm.call("GET", path, api="2023-05-01")) is told(made) is access
        assert told(arm.call("GET", path, api="2023-04-01")) is None
    # Who does not know of it changes nothing by a PUT.
    older = arm.call("PUT", vnet, body, api="2023-04-01")
    arm.wait(older)
    assert told(older) is None and told(arm.call("GET", vnet)) is access


def test_what_is_in_use_can_not_be_deleted(arm: LocalAzure, group: Group) -> None:
    vm = group.vm(public_ip=group.public_ip(), nsg=group.nsg())
    for path, code in (
        ("virtualNetworks/vnet", "InUseSubnetCannotBeDeleted"),
        ("virtualNetworks/vnet/subnets/default", "InUseSubnetCannotBeDeleted"),
        ("networkInterfaces/nic", "NicInUse"),
        ("publicIPAddresses/ip", "PublicIPAddressCannotBeDeleted"),
        ("networkSecurityGroups/nsg", "InUseNetworkSecurityGroupCannotBeDeleted"),
    ):
        answer = arm.call("DELETE", group.network(path))
        assert (answer.status, answer.code) == (400, code)
        assert group.id in answer.message
    arm.done("DELETE", vm)
    arm.done("DELETE", group.network("virtualNetworks/vnet"))
    arm.done("DELETE", group.network("networkSecurityGroups/nsg"))


def test_a_vnet_put_that_drops_a_used_subnet_is_refused(arm: LocalAzure, group: Group) -> None:
    group.nic(group.vnet())
    body = {"location": "westus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": []}}
    assert arm.call("PUT", group.network("virtualNetworks/vnet"), body).code == "InUseSubnetCannotBeDeleted"


def test_a_nic_that_names_what_does_not_exist_is_refused(arm: LocalAzure, group: Group) -> None:
    subnet = group.vnet()
    nowhere = {
        "subnet": group.nic_body(subnet + "x"),
        "nsg": group.nic_body(subnet, nsg=f"{group.id}/providers/Microsoft.Network/networkSecurityGroups/no"),
        "public ip": group.nic_body(subnet, public_ip=f"{group.id}/providers/Microsoft.Network/publicIPAddresses/no"),
    }
    for body in nowhere.values():
        answer = arm.call("PUT", group.network("networkInterfaces/nic"), body)
        assert (answer.status, answer.code) == (400, "InvalidResourceReference")
    assert (
        arm.call("PUT", group.network("networkInterfaces/nic"), group.nic_body("nonsense")).code
        == "LinkedInvalidPropertyId"
    )


def test_what_is_being_deleted_can_not_be_used_any_more(arm: LocalAzure, group: Group) -> None:
    subnet, nsg = group.vnet(), group.nsg()
    arm.on_loop(lambda: setattr(arm.cloud.store.get(nsg), "state", "Deleting"))
    answer = arm.call("PUT", group.network("networkInterfaces/nic"), group.nic_body(subnet, nsg=nsg))
    assert answer.code == "InvalidResourceReference"


def test_a_nic_in_another_region_than_its_subnet_is_refused(arm: LocalAzure, group: Group) -> None:
    body = {**group.nic_body(group.vnet()), "location": "eastus"}
    assert arm.call("PUT", group.network("networkInterfaces/nic"), body).code == "InvalidResourceReference"


@pytest.mark.parametrize(
    ("address", "code"),
    [("10.0.0.4", "PrivateIPAddressIsAllocated"), ("10.0.0.1", "PrivateIPAddressInReservedRange"),
     ("10.0.0.255", "PrivateIPAddressInReservedRange"), ("10.9.0.9", "PrivateIPAddressNotInSubnet"),
     ("x", "InvalidIPAddressFormat"), (None, "PrivateIPAddressNotSpecified")],
)  # fmt: skip
def test_a_static_private_address_must_be_free_and_in_the_subnet(
    arm: LocalAzure, group: Group, address: str | None, code: str
) -> None:
    subnet = group.vnet()
    group.nic(subnet, "first")
    body = group.nic_body(subnet, privateIPAllocationMethod="Static", privateIPAddress=address)
    assert arm.call("PUT", group.network("networkInterfaces/second"), body).code == code


def test_a_public_ip_serves_one_nic(arm: LocalAzure, group: Group) -> None:
    subnet, public_ip = group.vnet(), group.public_ip()
    group.nic(subnet, "first", public_ip=public_ip)
    answer = arm.call("PUT", group.network("networkInterfaces/second"), group.nic_body(subnet, public_ip=public_ip))
    assert answer.code == "PublicIPAddressInUse"


def test_back_references_are_shown(arm: LocalAzure, group: Group) -> None:
    vm = group.vm(public_ip=group.public_ip(), nsg=group.nsg())
    nic = arm.call("GET", group.network("networkInterfaces/nic")).body
    assert nic["properties"]["virtualMachine"]["id"] == group.id_of(vm)
    assert nic["properties"]["macAddress"].startswith("00-0D-3A-")
    configuration = nic["properties"]["ipConfigurations"][0]["id"]
    assert (
        arm.call("GET", group.network("publicIPAddresses/ip")).body["properties"]["ipConfiguration"]["id"]
        == configuration
    )
    assert arm.call("GET", group.network("networkSecurityGroups/nsg")).body["properties"]["networkInterfaces"] == [
        {"id": nic["id"]}
    ]
    subnet = arm.call("GET", group.network("virtualNetworks/vnet/subnets/default")).body
    assert subnet["properties"]["ipConfigurations"] == [{"id": configuration}]


def test_expand_brings_public_ip_and_nsg_of_a_nic(arm: LocalAzure, group: Group) -> None:
    group.nic(group.vnet(), public_ip=group.public_ip(), nsg=group.nsg("nsg", rule("docker", 1000, "4243")))
    wanted = "ipConfigurations/publicIPAddress,networkSecurityGroup"
    properties = arm.call("GET", group.network("networkInterfaces/nic"), _expand=wanted).body["properties"]
    public_ip = properties["ipConfigurations"][0]["properties"]["publicIPAddress"]
    assert public_ip["properties"]["ipAddress"] in arm.platform.public_pool
    assert properties["networkSecurityGroup"]["properties"]["securityRules"][0]["name"] == "docker"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"priority": 99}, "SecurityRuleInvalidPriority"),
        ({"priority": 4097}, "SecurityRuleInvalidPriority"),
        ({"destinationPortRange": "70000"}, "SecurityRuleInvalidPortRange"),
        ({"destinationPortRange": "20-10"}, "SecurityRuleInvalidPortRange"),
        ({"protocol": "Sctp"}, "SecurityRuleInvalidProtocol"),
        ({"direction": None}, "SecurityRuleMissingDirection"),
        ({"sourceAddressPrefix": "nowhere"}, "SecurityRuleInvalidAddressPrefix"),
        ({"destinationPortRange": None}, "SecurityRuleParameterConflict"),
    ],
)
def test_a_bad_rule_is_refused(arm: LocalAzure, group: Group, changes: dict[str, Any], code: str) -> None:
    bad = rule("a", 1000, "22")
    bad["properties"].update(changes)
    body = {"location": "westus", "properties": {"securityRules": [bad]}}
    answer = arm.call("PUT", group.network("networkSecurityGroups/nsg"), body)
    assert (answer.status, answer.code) == (400, code)


def test_two_rules_never_share_priority_and_direction(arm: LocalAzure, group: Group) -> None:
    group.nsg("nsg", rule("a", 1000, "22"))
    answer = arm.call("PUT", group.network("networkSecurityGroups/nsg/securityRules/b"), rule("b", 1000, "80"))
    assert answer.code == "SecurityRuleConflict"
    assert "b conflicts with rule a" in answer.message


def test_rules_reach_the_machine_as_they_change(arm: LocalAzure, group: Group) -> None:
    machine = group.machine(group.vm(nsg=group.nsg("nsg", rule("docker", 1000, "4243"))))
    path = group.network("networkSecurityGroups/nsg/securityRules")
    ports = lambda: [one.destination_ports for one in arm.platform.firewalls[machine]]  # noqa: E731
    assert ports() == [("4243",)]
    arm.done("PUT", f"{path}/ssh", rule("ssh", 900, "22"))
    assert ports() == [("22",), ("4243",)]
    arm.done("DELETE", f"{path}/docker")
    assert ports() == [("22",)]


def test_a_machine_without_nsg_is_told_so(arm: LocalAzure, group: Group) -> None:
    assert arm.platform.firewalls[group.machine(group.vm())] is None


def test_a_subnets_nsg_reaches_its_machines(arm: LocalAzure, group: Group) -> None:
    machine = group.machine(group.vm())
    nsg = group.nsg("nsg", rule("docker", 1000, "4243"))
    subnet = group.network("virtualNetworks/vnet/subnets/default")
    arm.done("PUT", subnet, {"properties": {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": nsg}}})
    assert [one.name for one in arm.platform.firewalls[machine]] == ["docker"]


def test_a_public_ip_leads_to_its_machine_while_it_is_attached(arm: LocalAzure, group: Group) -> None:
    label = f"{group.name}web"
    machine = group.machine(group.vm(public_ip=group.public_ip("ip", label)))
    exposed = arm.platform.exposed[machine]
    assert exposed is not None
    assert exposed.fqdn == f"{label}.westus.cloudapp.test.test"
    subnet = group.id_of(group.network("virtualNetworks/vnet/subnets/default"))
    arm.done("PUT", group.network("networkInterfaces/nic"), group.nic_body(subnet))
    assert arm.platform.exposed[machine] is None
    arm.done("DELETE", group.network("publicIPAddresses/ip"))
