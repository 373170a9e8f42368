"""Security groups of others: which guard a host, whether they let in what is asked for, and what is said of them."""

from __future__ import annotations

import pytest
from fake_azure import GROUP
from networks import OTHER_SUBSCRIPTION, application_group, interface, network, resource_id, rule, security_group
from specs import changed, host_spec

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.names import rule_of_others
from azext_dockervm.body.guard import description
from azext_dockervm.errors import Conflict, InvalidValue, Obstacle
from azext_dockervm.preflight import guards
from azext_dockervm.preflight.survey import survey
from azext_dockervm.spec.named import Named
from azext_dockervm.spec.ports import parse_ports
from azext_dockervm.spec.rules import resource_name_or_id
from azext_dockervm.spec.words import NO_PUBLIC_IP, NO_SECURITY_GROUP

SPEC = host_spec(location=None)
THEIRS = Named(kinds.SECURITY_GROUP.type, ("corp-nsg",))
OPENS = rule("docker", 300, "4243")
SHUTS = rule("no", 200, access="Deny")


def see(cloud, spec=SPEC, **values):
    return survey(cloud.azure(), changed(spec, **values))


def refused(cloud, kind=Obstacle, spec=SPEC, **values):
    with pytest.raises(kind) as caught:
        see(cloud, spec, **values)
    assert not cloud.writes()
    return caught.value


# Whose they are


def test_one_that_is_named_is_used_and_none_of_the_host_s_own_made(cloud):
    group = security_group(cloud, "corp-nsg", OPENS)
    spec, found = see(cloud, security_group=THEIRS)
    assert found.guard["id"] == group["id"] == guards.group_id(spec, found)
    assert not guards.makes_group(spec, found) and found.remarks == ()


def test_one_of_another_group_by_its_id(cloud):
    group = security_group(cloud, "corp-nsg", OPENS, group="net")
    spec, found = see(cloud, security_group=resource_name_or_id(group["id"], "--nsg", kinds.SECURITY_GROUP.type))
    assert guards.group_id(spec, found) == group["id"]


def test_what_bears_the_name_of_the_host_s_own_is_the_user_s_where_it_is_named(cloud):
    security_group(cloud, "web1NSG", OPENS)
    assert "dockervm did not make it" in refused(cloud, Conflict).message
    spec, found = see(cloud, security_group=Named(kinds.SECURITY_GROUP.type, ("web1NSG",)))
    assert found.security_group is None and not guards.makes_group(spec, found)


def test_the_host_s_own_is_its_own_also_where_it_is_named(cloud):
    security_group(cloud, "web1NSG", tags={names.TAG_HOST: "web1"})
    spec, found = see(cloud, security_group=Named(kinds.SECURITY_GROUP.type, ("WEB1nsg",)))
    assert guards.makes_group(spec, found) and found.guard is None and guards.group_id(spec, found) is None


@pytest.mark.parametrize(("changes", "kind", "words"), [
    ({"location": "eastus"}, Conflict, "is in eastus"), ({"group": "h"}, InvalidValue, "there is no network security")])
def test_one_that_can_t_be_used_is_refused(cloud, changes, kind, words):
    security_group(cloud, "corp-nsg", OPENS, **changes)
    told = refused(cloud, kind, security_group=THEIRS)
    assert told.message.startswith("--nsg: ") and words in told.message


def test_one_of_another_subscription_is_refused(cloud, monkeypatch):
    theirs = resource_id("networkSecurityGroups", "corp-nsg", subscription=OTHER_SUBSCRIPTION)
    monkeypatch.setattr("azext_dockervm.preflight.guards.there", lambda *_arguments: {"id": theirs, "properties": {}})
    told = refused(cloud, Conflict, security_group=resource_name_or_id(theirs, "--nsg", kinds.SECURITY_GROUP.type))
    assert "in another subscription" in told.message


def test_one_that_may_not_be_read_is_used_and_its_rules_are_not_known(cloud):
    cloud.refuse("GET", kinds.SECURITY_GROUP, "AuthorizationFailed", "corp-nsg", status=403)
    spec, found = see(cloud, security_group=THEIRS, adds_rules=True)
    assert guards.group_id(spec, found).endswith("/networkSecurityGroups/corp-nsg")
    assert "can't be read by this login" in found.remarks[0]
    assert [guards.changes(spec, found, one, "r", "10.0.0.4") for one in guards.guards(spec, found)] == [[]]


# What is missing


@pytest.mark.parametrize(("rules", "values", "why"), [
    ((), {}, "Docker's port, 4243 (no rule of it opens it)"),
    ((OPENS, SHUTS), {}, "Docker's port, 4243 (its rule 'no' shuts it)"),
    ((OPENS,), {"ssh_port": 2222}, "SSH's port, 2222 (no rule of it opens it)"),
    ((OPENS,), {"open_ports": parse_ports(["80 443"])}, "--open-ports, 80 443 (no rule of it opens it)"),
    ((OPENS, rule("web", 310, "80")), {"open_ports": parse_ports(["80 443"])}, "--open-ports, 443 (no rule"),
    ((rule("docker", 300, "4243", source="10.0.0.0/8"),), {"sources": ("203.0.113.7",)},
     "Docker's port, 4243 for 203.0.113.7 (no rule of it opens it)"),
    ((rule("docker", 300, "2376"),), {"port": 2375}, "2375")])
def test_what_it_shuts_is_told_before_anything_is_made(cloud, rules, values, why):
    security_group(cloud, "corp-nsg", *rules)
    told = refused(cloud, security_group=THEIRS, **values)
    assert told.message.startswith("The network security group 'corp-nsg' does not let in what is asked for: ")
    assert why in told.message


def test_with_both_ways_on(cloud):
    security_group(cloud, "corp-nsg", OPENS, SHUTS, group="net")
    named = resource_name_or_id(resource_id("networkSecurityGroups", "corp-nsg", group="net"), "--nsg",
                                kinds.SECURITY_GROUP.type)
    told = refused(cloud, security_group=named, sources=("203.0.113.7",), subscription="mine",
                   typed={"--nsg": ("corp-nsg",), "--sources": ("203.0.113.7",)})
    assert told.recommendations == (
        "To let dockervm add rules for this host to it: az dockervm create -g g -n web1 --nsg corp-nsg --sources "
        "203.0.113.7 --open --subscription mine",
        "To open it yourself: az network nsg rule create -g net --nsg-name corp-nsg -n allow-docker --priority 199 "
        "--access Allow --protocol Tcp --source-address-prefixes 203.0.113.7 --destination-port-ranges 4243 "
        "--subscription mine")


def test_where_no_priority_is_left_the_user_makes_one_free(cloud):
    security_group(cloud, "corp-nsg", rule("no", 100, access="Deny"))
    for adds in (False, True):
        command, = refused(cloud, security_group=THEIRS, adds_rules=adds).recommendations
        assert "--priority PRIORITY" in command


def test_a_host_without_a_public_address_is_let_in_by_its_network(cloud):
    network(cloud)
    security_group(cloud, "corp-nsg")
    values = {"virtual_network": Named(kinds.VIRTUAL_NETWORK.type, ("corp",)), "public_ip": NO_PUBLIC_IP}
    assert see(cloud, security_group=THEIRS, **values)[1].guard
    security_group(cloud, "corp-nsg", rule("no", 4000, access="Deny", source="VirtualNetwork"))
    assert "its rule 'no' shuts it" in refused(cloud, security_group=THEIRS, **values).message


# The subnet's


def guarded_network(cloud, *rules):
    group = security_group(cloud, "subnet-nsg", *rules)
    network(cloud, apps={"addressPrefix": "10.1.0.0/24", "networkSecurityGroup": {"id": group["id"]}})
    return {"virtual_network": Named(kinds.VIRTUAL_NETWORK.type, ("corp",))}


def test_the_subnet_s_lets_in_too_or_nobody_gets_in(cloud):
    assert see(cloud, **guarded_network(cloud, OPENS))[1].subnet_group
    told = refused(cloud, **guarded_network(cloud))
    assert told.message.startswith("The network security group 'subnet-nsg' of the subnet 'apps' does not let in")
    spec, found = see(cloud, adds_rules=True, **guarded_network(cloud))
    assert guards.makes_group(spec, found), "the interface still gets one of its own"


def test_a_rule_for_the_whole_subnet_is_one_for_the_host(cloud):
    for place, is_open in (("10.1.0.0/16", True), ("10.1.0.0/25", False)):
        values = guarded_network(cloud, rule("docker", 300, "4243", destinationAddressPrefix=place))
        if is_open:
            see(cloud, **values)
        else:
            refused(cloud, **values)
    assert see(cloud, private_address="10.1.0.9", **values), "whose address is known"


def test_one_group_that_guards_both_is_looked_at_once(cloud):
    values = guarded_network(cloud)
    told = refused(cloud, security_group=Named(kinds.SECURITY_GROUP.type, ("subnet-nsg",)), **values)
    assert len([one for one in told.recommendations if "nsg rule create" in one]) == 1


def test_none_of_its_own_is_for_hosts_whose_subnet_has_one(cloud):
    spec, found = see(cloud, security_group=NO_SECURITY_GROUP, **guarded_network(cloud, OPENS))
    assert not guards.makes_group(spec, found) and guards.group_id(spec, found) is None
    network(cloud)
    told = refused(cloud, security_group=NO_SECURITY_GROUP, virtual_network=values_of(cloud))
    assert told.message.startswith("--nsg: the subnet 'apps' has no network security group")
    assert told.recommendations[0].startswith("Leave --nsg out") and told.recommendations[1].startswith(
        "To give it one: az network vnet subnet update --ids /subscriptions/")
    fresh = refused(cloud, security_group=NO_SECURITY_GROUP)
    assert "the subnet 'hosts' has no" in fresh.message and len(fresh.recommendations) == 1


def values_of(_cloud):
    return Named(kinds.VIRTUAL_NETWORK.type, ("corp",))


def test_without_a_public_address_that_is_a_remark(cloud):
    network(cloud)
    found = see(cloud, security_group=NO_SECURITY_GROUP, public_ip=NO_PUBLIC_IP, virtual_network=values_of(cloud))[1]
    assert "all its ports are open to its network" in found.remarks[0]


# Others than were meant


def test_others_than_the_sources_are_told(cloud):
    security_group(cloud, "corp-nsg", OPENS)
    remark, = see(cloud, security_group=THEIRS, sources=("203.0.113.7",))[1].remarks
    assert remark == ("The network security group 'corp-nsg' lets in others than 203.0.113.7 at port 4243, by its rule "
                      "'docker'. It was left as it is.")


def test_so_is_what_azure_itself_lets_in(cloud):
    network(cloud)
    values = {"virtual_network": values_of(cloud), "public_ip": NO_PUBLIC_IP}
    remark, = see(cloud, sources=("10.1.2.0/24",), **values)[1].remarks
    assert "AllowVnetInBound lets in everybody, whatever --sources says" in remark
    assert see(cloud, **values)[1].remarks == see(cloud, sources=("10.1.2.0/24",))[1].remarks == ()


def test_so_is_an_open_that_opens_nothing(cloud):
    assert see(cloud, adds_rules=True)[1].remarks == (
        "--open: no network security group of others guards the host, so no rule was added to one.",)


# A rest of an earlier create


def test_an_interface_that_was_left_behind_another_group_is_no_use(cloud):
    security_group(cloud, "corp-nsg", OPENS)
    other = security_group(cloud, "other")
    network(cloud, "dockervm-westus-vnet", "10.0.0.0/16", hosts={"addressPrefix": "10.0.0.0/20"})
    interface(cloud, "web1VMNic", network_name="dockervm-westus-vnet", subnet="hosts", guarded=False,
              networkSecurityGroup={"id": other["id"]})
    cloud.retag(kinds.NETWORK_INTERFACE, "web1VMNic", dockervm_host="web1")
    told = refused(cloud, Conflict, security_group=THEIRS)
    assert "stands behind another network security group than was asked for now: 'other'" in told.message
    assert told.recommendations == ("To delete what is left: az dockervm delete -g g -n web1",)
    assert "'other' does not let in" in refused(cloud).message, "where nothing is asked it tells what guards the host"
    spec, found = see(cloud, adds_rules=True)
    assert not guards.makes_group(spec, found) and guards.group_id(spec, found) == other["id"]


# A host that exists


def guarded_host(cloud, *rules):
    """Its interface stands behind somebody's group; its own is gone."""
    group = security_group(cloud, "corp-nsg", *rules)
    cloud.change(kinds.NETWORK_INTERFACE, "web1VMNic", networkSecurityGroup={"id": group["id"]})
    cloud.remove(kinds.SECURITY_GROUP, "web1NSG")


def test_its_interface_tells_what_guards_it(cloud, finished):
    guarded_host(cloud)
    spec, found = see(cloud)
    assert found.guard["name"] == "corp-nsg" and not guards.makes_group(spec, found), "nothing was typed, so it stays"


def test_only_what_was_typed_is_looked_at(cloud, finished):
    guarded_host(cloud, OPENS)
    told = refused(cloud, ssh_port=22, typed={"-e": ("22",)})
    assert "SSH's port, 22" in told.message and "4243" not in told.message
    assert told.recommendations[0].endswith("az dockervm create -g g -n web1 -e 22 --open")
    assert see(cloud, ssh_port=22, typed={"-e": ("22",), "--open": ()}, adds_rules=True)


def test_one_that_was_named_in_vain_does_not_count(cloud, finished):
    security_group(cloud, "corp-nsg")
    spec, found = see(cloud, security_group=THEIRS, typed={"--nsg": ("corp-nsg",)})
    assert found.guard is None and guards.makes_group(spec, found)


def test_one_whose_subnet_guards_it_gets_none(cloud, finished):
    group = security_group(cloud, "subnet-nsg", OPENS)
    cloud.change(kinds.NETWORK_INTERFACE, "web1VMNic", networkSecurityGroup=None)
    cloud.remove(kinds.SECURITY_GROUP, "web1NSG")
    shared = cloud.find(kinds.VIRTUAL_NETWORK, "dockervm-westus-vnet")
    shared["properties"]["subnets"][0]["properties"]["networkSecurityGroup"] = {"id": group["id"]}
    spec, found = see(cloud)
    assert not guards.makes_group(spec, found)
    shared["properties"]["subnets"][0]["properties"]["networkSecurityGroup"] = None
    assert guards.makes_group(*see(cloud)), "else one that was lost is made again"


def test_rules_of_its_own_may_be_changed(cloud, finished):
    host_group = cloud.azure().group(GROUP)["id"]
    own = rule(rule_of_others(names.DOCKER_RULE, "web1", host_group), 290, "4243", protocol="Tcp",
               description=description("web1", "run0"), destinationAddressPrefix="10.0.0.4")
    guarded_host(cloud, own, rule("no", 300, access="Deny"))
    spec, found = see(cloud, port=2376, typed={"-dp": ("2376",)})
    guard, = guards.guards(spec, found)
    change, = guards.changes(spec, found, guard, "run1", "10.0.0.4")
    assert not change.is_new and change.body["properties"]["destinationPortRanges"] == ["2376", "4243"]


def test_sources_of_ports_that_a_rule_of_ours_opens_there_may_be_changed(cloud, finished):
    host_group = cloud.azure().group(GROUP)["id"]
    own = rule(rule_of_others(names.PORTS_RULE, "web1", host_group), 290, "80", protocol="Tcp",
               description=description("web1", "run0"), destinationAddressPrefix="10.0.0.4")
    guarded_host(cloud, OPENS, own)
    spec, found = see(cloud, open_ports_sources=("203.0.113.7",), typed={"--open-ports-sources": ("203.0.113.7",)})
    guard, = guards.guards(spec, found)
    change, = guards.changes(spec, found, guard, "run1", "10.0.0.4")
    assert change.body["properties"]["sourceAddressPrefix"] == "203.0.113.7"
    told = refused(cloud, InvalidValue, open_ports=parse_ports(["4000-5000"]), open_ports_sources=("203.0.113.7",))
    assert "holds 4243, Docker's port" in told.message


# Application security groups


def test_they_are_looked_for(cloud):
    groups = (application_group(cloud), application_group(cloud, "db", group="h"))
    asked = (Named(kinds.APPLICATION_GROUP.type, ("web",)),
             resource_name_or_id(groups[1]["id"], "--asgs", kinds.APPLICATION_GROUP.type))
    assert [one["id"] for one in see(cloud, application_groups=asked)[1].application_groups] == [
        one["id"] for one in groups]
    told = refused(cloud, InvalidValue, application_groups=(Named(kinds.APPLICATION_GROUP.type, ("none",)),))
    assert told.message.startswith("--asgs: there is no application security group 'none'")
    assert told.recommendations[0] == "To make it: az network asg create -g g -n none -l westus"
    application_group(cloud, "far", location="eastus")
    far = refused(cloud, Conflict, application_groups=(Named(kinds.APPLICATION_GROUP.type, ("far",)),))
    assert "--asgs: the application security group 'far' is in eastus" in far.message


def test_rules_for_them_are_for_the_host(cloud):
    mine = application_group(cloud)
    security_group(cloud, "corp-nsg", rule("docker", 300, "4243", destinationAddressPrefix=None,
                                           destinationApplicationSecurityGroups=[{"id": mine["id"]}]))
    refused(cloud, security_group=THEIRS)
    assert see(cloud, security_group=THEIRS, application_groups=(Named(kinds.APPLICATION_GROUP.type, ("web",)),))
