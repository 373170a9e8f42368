"""Security rules: what a rule must be, tags, application security groups, and what machines get of them."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Group, LocalAzure, rule


def _asg(arm: LocalAzure, group: Group, name: str) -> str:
    path = group.network(f"applicationSecurityGroups/{name}")
    arm.done("PUT", path, {"location": "westus"})
    return group.id_of(path)


def _refused(arm: LocalAzure, group: Group, **changes: Any) -> Any:
    bad = rule("a", 1000, "22")
    bad["properties"].update(changes)
    body = {"location": "westus", "properties": {"securityRules": [bad]}}
    answer = arm.call("PUT", group.network("networkSecurityGroups/nsg"), body)
    assert answer.status == 400
    return answer


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sourceAddressPrefix": "10.0.0.1/24"}, "SecurityRuleInvalidAddressPrefix"),
        ({"sourceAddressPrefix": "AzureBastionSubnet"}, "SecurityRuleInvalidAddressPrefix"),
        ({"sourceAddressPrefix": "Storage.Atlantis"}, "SecurityRuleInvalidAddressPrefix"),
        ({"sourceAddressPrefix": "4294967296"}, "SecurityRuleInvalidAddressPrefix"),
        ({"sourceAddressPrefix": "300.1"}, "SecurityRuleInvalidAddressPrefix"),
        ({"sourceAddressPrefix": "10.1.1/24"}, "SecurityRuleInvalidAddressPrefix"),
        ({"sourceAddressPrefix": None, "sourceAddressPrefixes": ["Internet"]},
         "SecurityRuleParameterContainsUnsupportedValue"),
        ({"sourceAddressPrefix": None, "sourceAddressPrefixes": ["*"]},
         "SecurityRuleParameterContainsUnsupportedValue"),
        ({"destinationPortRange": None, "destinationPortRanges": ["*"]},
         "SecurityRuleParameterContainsInvalidPortRanges"),
        ({"destinationPortRange": "80,443"}, "SecurityRuleInvalidPortRange"),
        ({"sourceAddressPrefix": None}, "SecurityRuleParameterConflict"),
        ({"sourceAddressPrefixes": ["10.0.0.1"]}, "SecurityRuleParameterConflict"),
        ({"description": "x" * 141}, "SecurityRuleInvalidDescription"),
        ({"priority": "high"}, "InvalidRequestFormat"),
        ({"madeUp": 1}, "InvalidRequestFormat"),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_refused(arm: LocalAzure, group: Group, changes: dict[str, Any], code: str) -> None:
    assert _refused(arm, group, **changes).code == code


def test_a_rule_is_kept_as_the_service_shows_it(arm: LocalAzure, group: Group) -> None:
    given = rule("a", 1000, "22", protocol="TCP", sourceAddressPrefix="internet", provisioningState="Failed")
    group.nsg("nsg", given)
    path = group.network("networkSecurityGroups/nsg/securityRules/A")
    shown = arm.call("GET", path).body
    assert shown["type"] == "Microsoft.Network/networkSecurityGroups/securityRules"
    properties = shown["properties"]
    assert (properties["protocol"], properties["sourceAddressPrefix"]) == ("Tcp", "Internet")
    assert properties["destinationPortRanges"] == []
    assert properties["provisioningState"] == "Succeeded"


def test_the_default_rules_have_all_their_members(arm: LocalAzure, group: Group) -> None:
    group.nsg()
    path = group.network("networkSecurityGroups/nsg/defaultSecurityRules")
    defaults = arm.call("GET", path).body["value"]
    assert [one["properties"]["priority"] for one in defaults] == [65000, 65001, 65500] * 2
    one = arm.call("GET", f"{path}/DenyAllInBound").body["properties"]
    assert one["description"] == "Deny all inbound traffic"
    assert one["sourceAddressPrefixes"] == []
    assert arm.call("GET", f"{path}/no").code == "NotFound"


def test_services_that_are_not_here_and_ipv6_open_nothing(arm: LocalAzure, group: Group) -> None:
    rules = [
        rule("storage", 1000, "22", sourceAddressPrefix="Storage.WestUS"),
        rule("ipv6", 1001, "22", sourceAddressPrefix="2001:db8::/32"),
        rule("some", 1002, "22", sourceAddressPrefix=None, sourceAddressPrefixes=["2001:db8::/32", "10.0.0.9"]),
    ]
    machine = group.machine(group.vm(nsg=group.nsg("nsg", *rules)))
    assert [(one.name, one.source_prefixes) for one in arm.platform.firewalls[machine]] == [("some", ("10.0.0.9",))]


@pytest.mark.parametrize(
    ("given", "meant"),
    [("789", "0.0.3.21"), ("10.1", "10.0.0.1"), ("10.1.256/24", "10.1.1.0/24"), ("7/32", "0.0.0.7/32")],
)
def test_an_address_may_have_fewer_parts(arm: LocalAzure, group: Group, given: str, meant: str) -> None:
    group.nsg("nsg", rule("odd", 1000, "22", sourceAddressPrefix=given))
    shown = arm.call("GET", group.network("networkSecurityGroups/nsg/securityRules/odd")).body["properties"]
    assert shown["sourceAddressPrefix"] == given
    machine = group.machine(group.vm(nsg=group.id_of(group.network("networkSecurityGroups/nsg"))))
    assert [one.source_prefixes for one in arm.platform.firewalls[machine]] == [(meant,)]


# application security groups


def _to(asg: str) -> dict[str, Any]:
    return rule("asg", 1000, "5432", sourceAddressPrefix=None, sourceApplicationSecurityGroups=[{"id": asg}])


def test_a_groups_rules_follow_its_members_at_once(arm: LocalAzure, group: Group) -> None:
    asg = _asg(arm, group, "web")
    machine = group.machine(group.vm(nsg=group.nsg("nsg", _to(asg))))
    subnet = group.id_of(group.network("virtualNetworks/vnet/subnets/default"))
    sources = lambda: [one.source_prefixes for one in arm.platform.firewalls[machine]]  # noqa: E731
    assert sources() == []
    member = {"applicationSecurityGroups": [{"id": asg}]}
    group.nic(subnet, "other", **member)
    assert sources() == [("10.0.0.5",)]
    static = {"privateIPAllocationMethod": "Static", "privateIPAddress": "10.0.0.50"}
    arm.done("PUT", group.network("networkInterfaces/other"), group.nic_body(subnet, **member, **static))
    assert sources() == [("10.0.0.50",)]
    arm.done("PUT", group.network("networkInterfaces/other"), group.nic_body(subnet))
    assert sources() == []
    group.nic(subnet, "third", **member)
    assert sources() == [("10.0.0.5",)]
    arm.done("DELETE", group.network("networkInterfaces/third"))
    assert sources() == []


def test_a_group_of_another_network_opens_nothing_here(arm: LocalAzure, group: Group) -> None:
    asg = _asg(arm, group, "web")
    machine = group.machine(group.vm(nsg=group.nsg("nsg", _to(asg))))
    group.nic(group.vnet("other"), "other", applicationSecurityGroups=[{"id": asg}])
    assert arm.platform.firewalls[machine] == []


def test_a_group_in_use_can_not_be_deleted(arm: LocalAzure, group: Group) -> None:
    used, named, free = (_asg(arm, group, name) for name in ("used", "named", "free"))
    group.nic(group.vnet(), applicationSecurityGroups=[{"id": used}])
    group.nsg("nsg", _to(named))
    for asg, user in ((used, "ipConfigurations/one"), (named, "securityRules/asg")):
        answer = arm.call("DELETE", asg)
        assert (answer.status, user in answer.message) == (400, True)
    arm.done("DELETE", free)
    assert arm.call("GET", free).code == "ResourceNotFound"


def test_the_groups_of_a_rule_are_in_one_network_and_there(arm: LocalAzure, group: Group) -> None:
    one, other = _asg(arm, group, "one"), _asg(arm, group, "other")
    group.nic(group.vnet("a"), "a", applicationSecurityGroups=[{"id": one}])
    group.nic(group.vnet("b"), "b", applicationSecurityGroups=[{"id": other}])
    changes = {
        "sourceAddressPrefix": None, "destinationAddressPrefix": None,
        "sourceApplicationSecurityGroups": [{"id": one}], "destinationApplicationSecurityGroups": [{"id": other}],
    }  # fmt: skip
    assert _refused(arm, group, **changes).code == "AllApplicationSecurityGroupsInSecurityRuleMustBeFromSameVnet"
    changes["destinationApplicationSecurityGroups"] = [{"id": other + "x"}]
    assert _refused(arm, group, **changes).code == "InvalidResourceReference"
    nic = group.nic_body(group.id_of(group.network("virtualNetworks/a/subnets/default")))
    nic["properties"]["ipConfigurations"][0]["properties"]["applicationSecurityGroups"] = [{"id": other}]
    answer = arm.call("PUT", group.network("networkInterfaces/c"), nic)
    assert answer.code == "ApplicationSecurityGroupsMustBeInSameVnet"


# what others do meanwhile


def test_a_rule_that_goes_takes_no_later_change_with_it(arm: LocalAzure, group: Group) -> None:
    group.nsg("nsg", rule("a", 1000, "22"))
    arm.on_loop(lambda: setattr(arm.cloud.operations, "time_scale", 0.02))
    try:
        going = arm.call("DELETE", group.network("networkSecurityGroups/nsg/securityRules/a"))
        arm.done("PUT", group.network("networkSecurityGroups/nsg/securityRules/b"), rule("b", 1001, "80"))
        arm.wait(going)
    finally:
        arm.on_loop(lambda: setattr(arm.cloud.operations, "time_scale", 0.0))
    left = arm.call("GET", group.network("networkSecurityGroups/nsg/securityRules")).body["value"]
    assert [one["name"] for one in left] == ["b"]


def test_expand_shows_who_uses_a_group(arm: LocalAzure, group: Group) -> None:
    nsg = group.nsg()
    group.nic(group.vnet(subnet={"networkSecurityGroup": {"id": nsg}}), nsg=nsg)
    shown = arm.call("GET", nsg, _expand="networkInterfaces,subnets").body["properties"]
    assert shown["networkInterfaces"][0]["properties"]["ipConfigurations"]
    assert shown["subnets"][0]["properties"]["addressPrefix"] == "10.0.0.0/24"


# effective rules and routes


def test_effective_rules_and_routes_need_a_running_vm(arm: LocalAzure, group: Group) -> None:
    nic = group.nic(group.vnet())
    for action in ("effectiveNetworkSecurityGroups", "effectiveRouteTable"):
        assert arm.call("POST", f"{nic}/{action}").code == "NetworkInterfaceNotAttachedToRunningVm"


def _asked(arm: LocalAzure, path: str) -> Any:
    answer = arm.call("POST", path)
    assert (answer.status, answer.body) == (202, None)
    assert "Azure-AsyncOperation" not in answer.headers
    return arm.wait(answer).body["value"]


def test_effective_rules_are_spelled_out(arm: LocalAzure, group: Group) -> None:
    asg = _asg(arm, group, "web")
    group.vm(nsg=group.nsg("nsg", _to(asg), rule("web", 1001, "80", sourceAddressPrefix="VirtualNetwork")))
    nic = group.id_of(group.network("networkInterfaces/nic"))
    subnet = group.id_of(group.network("virtualNetworks/vnet/subnets/default"))
    group.nic(subnet, "other", applicationSecurityGroups=[{"id": asg}])
    (shown,) = _asked(arm, f"{nic}/effectiveNetworkSecurityGroups")
    assert shown["association"] == {"networkInterface": {"id": nic}}
    rules = {one["name"]: one for one in shown["effectiveSecurityRules"]}
    assert rules["securityRules/asg"]["sourceAddressPrefixes"] == ["10.0.0.5/32"]
    assert rules["securityRules/web"]["destinationPortRange"] == "80-80"
    assert rules["securityRules/web"]["expandedSourceAddressPrefix"] == ["10.0.0.0/16", "168.63.129.16/32"]
    assert rules["defaultSecurityRules/DenyAllInBound"]["protocol"] == "All"
    internet = rules["defaultSecurityRules/AllowInternetOutBound"]["expandedDestinationAddressPrefix"]
    assert "10.0.0.0/16" not in internet
    assert "128.0.0.0/1" in internet


def test_effective_routes_lead_to_the_network_and_the_internet(arm: LocalAzure, group: Group) -> None:
    group.vm()
    found = _asked(arm, group.id_of(group.network("networkInterfaces/nic/effectiveRouteTable")))
    hops = {one["addressPrefix"][0]: one["nextHopType"] for one in found}
    assert hops["10.0.0.0/16"] == "VnetLocal"
    assert hops["0.0.0.0/0"] == "Internet"
    assert hops["192.168.0.0/16"] == "None"
