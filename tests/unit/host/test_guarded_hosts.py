"""Hosts behind security groups of others: made there, gone on with, undone, and deleted without leaving anything."""

from __future__ import annotations

import pytest
from fake_azure import Heard
from networks import address, application_group, interface, network, rule, security_group
from specs import host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.body.guard import is_of_host
from azext_dockervm.errors import AzureRefused, Obstacle
from azext_dockervm.host import remains
from azext_dockervm.host.removal import Removal, loss
from azext_dockervm.spec import compose_file
from azext_dockervm.spec.named import Named
from azext_dockervm.spec.ports import parse_ports
from azext_dockervm.spec.words import NO_PUBLIC_IP, NO_SECURITY_GROUP
from azext_dockervm.spec.workload import Workload

NSG, RULE, NIC, VM = kinds.SECURITY_GROUP, kinds.SECURITY_RULE, kinds.NETWORK_INTERFACE, kinds.VM
THEIRS = Named(NSG.type, ("corp-nsg",))
OPENS = rule("docker", 300, "4243")
SHUTS = rule("no", 200, access="Deny")


def rules(cloud, name="corp-nsg"):
    """Ours in a group of others, by name."""
    group = cloud.find(NSG, name)
    return {one["name"]: one["properties"] for one in group["properties"]["securityRules"] if is_of_host(one, "web1")}


def theirs(cloud, name="corp-nsg"):
    return [one for one in cloud.find(NSG, name)["properties"]["securityRules"] if not is_of_host(one, "web1")]


def create(command, **values):
    return command.create(provisioner="run-command", **values)


def delete(cloud, begin=False):
    found = remains.find(cloud.azure(), host_spec(), False)
    removal = Removal(cloud.azure(), found, Heard())
    (removal.begin if begin else removal.carry_out)()
    return found


# Made


def test_a_group_that_lets_docker_in_is_used_as_it_is(cloud, command):
    group = security_group(cloud, "corp-nsg", OPENS)
    create(command, security_group=THEIRS)
    assert cloud.find(NIC, "web1VMNic")["properties"]["networkSecurityGroup"] == {"id": group["id"]}
    assert cloud.find(NSG, "web1NSG") is None and cloud.find(NSG, "corp-nsg") == group
    assert not [one for one in cloud.writes() if "networkSecurityGroups" in one]


def test_what_a_group_of_others_lets_in_is_not_called_closed(cloud, command):
    security_group(cloud, "corp-nsg", OPENS, rule("web", 310, "80"))
    file = compose_file.parse("services: {web: {image: nginx, ports: ['80:80']}}\n", None, "app")
    command.prepared(security_group=THEIRS, workload=Workload(compose=file)).announce()
    assert command.heard.warned == []


def test_one_that_does_not_gets_rules_of_ours_and_nothing_else(cloud, command):
    security_group(cloud, "corp-nsg", SHUTS)
    create(command, security_group=THEIRS, adds_rules=True, open_ports=parse_ports(["80"]))
    docker, ports = rules(cloud)
    assert docker.startswith("allow-docker-web1-") and ports.startswith("allow-ports-web1-")
    made = rules(cloud)[docker]
    assert (made["priority"], made["destinationAddressPrefix"]) == (199, "10.0.0.4")
    assert made["destinationPortRange"] == "4243" and rules(cloud)[ports]["priority"] == 198
    assert made["description"] == f"dockervm-host=web1 dockervm-run={cloud.tags(VM, 'web1')['dockervm-run']}"
    assert theirs(cloud) == [SHUTS]
    writes = cloud.writes()
    assert not [one for one in writes if one.startswith("PUT networkSecurityGroups/corp-nsg") and "/rul" in one]
    first, second = (writes.index(f"PUT securityRules/corp-nsg/{one}") for one in (docker, ports))
    assert writes.index("PUT networkInterfaces/web1VMNic") < first < second < writes.index("PUT virtualMachines/web1")


def test_no_group_at_all_where_the_subnet_s_guards_it(cloud, command):
    group = security_group(cloud, "subnet-nsg", OPENS)
    network(cloud, apps={"addressPrefix": "10.1.0.0/24", "networkSecurityGroup": {"id": group["id"]}})
    create(command, security_group=NO_SECURITY_GROUP, virtual_network=Named(kinds.VIRTUAL_NETWORK.type, ("corp",)))
    assert "networkSecurityGroup" not in cloud.find(NIC, "web1VMNic")["properties"]
    assert cloud.find(NSG, "web1NSG") is None
    command.anew()
    create(command)
    assert cloud.find(NSG, "web1NSG") is None, "the same create again makes none either"


def test_nor_where_nothing_guards_it_and_nobody_comes_in_but_from_inside(cloud, command):
    network(cloud, apps={"addressPrefix": "10.1.0.0/24"})
    words = {"security_group": NO_SECURITY_GROUP, "public_ip": NO_PUBLIC_IP,
             "virtual_network": Named(kinds.VIRTUAL_NETWORK.type, ("corp",))}
    create(command, **words)
    command.anew()
    create(command, **words)
    assert cloud.find(NSG, "web1NSG") is None
    assert "networkSecurityGroup" not in cloud.find(NIC, "web1VMNic")["properties"]


def test_the_subnet_s_gets_rules_beside_a_group_of_the_host_s_own(cloud, command):
    group = security_group(cloud, "subnet-nsg")
    network(cloud, apps={"addressPrefix": "10.1.0.0/24", "networkSecurityGroup": {"id": group["id"]}})
    create(command, adds_rules=True, virtual_network=Named(kinds.VIRTUAL_NETWORK.type, ("corp",)))
    assert len(rules(cloud, "subnet-nsg")) == 1 and cloud.find(NSG, "web1NSG")


def test_interfaces_of_others_stand_behind_groups_of_others(cloud, command):
    network(cloud)
    security_group(cloud, "corp-nsg")
    interface(cloud, guarded=False, networkSecurityGroup={"id": cloud.find(NSG, "corp-nsg")["id"]},
              public_ip=address(cloud))
    nics = (Named(NIC.type, ("nic1",)),)
    with pytest.raises(Obstacle):
        create(command, interfaces=nics)
    create(command, interfaces=nics, adds_rules=True)
    [name] = rules(cloud)
    assert rules(cloud)[name]["destinationAddressPrefix"] == "10.1.0.4"
    delete(cloud)
    assert rules(cloud) == {} and cloud.find(NIC, "nic1") and cloud.find(NSG, "corp-nsg")


def test_it_is_in_the_application_groups_that_were_named(cloud, command):
    group = application_group(cloud)
    create(command, application_groups=(Named(kinds.APPLICATION_GROUP.type, ("web",)),))
    inner = cloud.find(NIC, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"]
    assert inner["applicationSecurityGroups"] == [{"id": group["id"]}]
    assert "destinationApplicationSecurityGroups" not in cloud.find(NSG, "web1NSG")["properties"]["securityRules"][0][
        "properties"]


# Beside others


def test_a_priority_that_another_took_meanwhile_is_left_to_it(cloud, command):
    security_group(cloud, "corp-nsg", SHUTS)

    def overtaken(_azure, _request):
        security_group(cloud, "corp-nsg", SHUTS, rule("quick", 199, "9"))
        raise AzureRefused("conflicts", code="SecurityRuleConflict", status=400)

    cloud.when("PUT", RULE, overtaken, times=1)
    create(command, security_group=THEIRS, adds_rules=True)
    assert [one["priority"] for one in rules(cloud).values()] == [198]


def test_any_other_refusal_is_one_and_all_is_undone(cloud, command):
    security_group(cloud, "corp-nsg", SHUTS)
    cloud.refuse("PUT", RULE, "AuthorizationFailed", status=403)
    command.failing(AzureRefused, provisioner="run-command", security_group=THEIRS, adds_rules=True)
    assert not [one for one in cloud.there() if "web1" in one]


def test_what_a_failed_create_has_added_is_taken_away(cloud, command):
    security_group(cloud, "corp-nsg", SHUTS)
    cloud.refuse("PUT", VM, "AllocationFailed", status=200)
    command.failing(AzureRefused, provisioner="run-command", security_group=THEIRS, adds_rules=True)
    assert rules(cloud) == {} and theirs(cloud) == [SHUTS]


def test_but_not_what_another_run_has_made_since(cloud, command):
    security_group(cloud, "corp-nsg", SHUTS)

    def fails(azure, _request):
        [name] = rules(cloud)
        cloud.find(RULE, "corp-nsg", name)["properties"]["description"] = "dockervm-host=web1 dockervm-run=other"
        raise AzureRefused("no room", code="AllocationFailed", status=200)

    cloud.when("PUT", VM, fails)
    command.failing(AzureRefused, provisioner="run-command", security_group=THEIRS, adds_rules=True)
    assert len(rules(cloud)) == 1


# Gone on with


def test_the_same_again_adds_nothing(cloud, command):
    security_group(cloud, "corp-nsg", SHUTS)
    create(command, security_group=THEIRS, adds_rules=True)
    command.anew()
    create(command, security_group=THEIRS, adds_rules=True, typed={"--nsg": ("corp-nsg",), "--open": ()})
    assert cloud.writes() == ["PATCH virtualMachines/web1"] and command.heard.warned == []


def test_a_port_that_moves_is_open_beside_the_old_one_until_the_proof(cloud, command):
    security_group(cloud, "corp-nsg", SHUTS)
    create(command, security_group=THEIRS, adds_rules=True)
    command.anew()
    create(command, port=2376, typed={"-dp": ("2376",)})
    [(name, made)] = rules(cloud).items()
    assert made["destinationPortRange"] == "2376" and made["priority"] == 199
    sent = [one.body["properties"] for one in cloud.sent("PUT", RULE)]
    assert [one.get("destinationPortRanges") or [one["destinationPortRange"]] for one in sent] == [
        ["2376", "4243"], ["2376"]]


def test_ports_are_opened_later_too(cloud, command):
    security_group(cloud, "corp-nsg", OPENS)
    create(command, security_group=THEIRS)
    command.anew()
    create(command, open_ports=parse_ports(["80"]), adds_rules=True, typed={"--open-ports": ("80",), "--open": ()})
    assert [one["destinationPortRange"] for one in rules(cloud).values()] == ["80"]
    assert "In the network security group 'corp-nsg' it opens 80 for everybody." in command.heard.said


def test_sources_that_are_up_to_others_are_told(cloud, command):
    security_group(cloud, "corp-nsg", OPENS)
    create(command, security_group=THEIRS)
    command.anew()
    create(command, sources=("203.0.113.7",), typed={"--sources": ("203.0.113.7",)})
    assert command.heard.warned == ["Without effect: --sources: who may knock is up to the network security group "
                                    "'corp-nsg', which was left as it is."]
    assert not cloud.sent("PUT", NSG)


# Deleted


def test_rules_of_ours_go_and_the_group_stays(cloud, command):
    security_group(cloud, "corp-nsg", SHUTS)
    create(command, security_group=THEIRS, adds_rules=True)
    [name] = rules(cloud)
    found = delete(cloud)
    told = loss(found, ())
    assert f"the security rule '{name}' of 'corp-nsg'" in told
    assert "Kept: the network security group 'corp-nsg'." in told
    assert theirs(cloud) == [SHUTS] and rules(cloud) == {}
    writes = cloud.writes()
    assert writes.index(f"DELETE securityRules/corp-nsg/{name}") < writes.index("DELETE virtualMachines/web1")


def test_also_where_nobody_waits_for_the_vm(cloud, command):
    security_group(cloud, "corp-nsg", SHUTS)
    create(command, security_group=THEIRS, adds_rules=True)
    delete(cloud, begin=True)
    assert rules(cloud) == {}


def test_those_in_the_subnet_s_group_go_too(cloud, command):
    group = security_group(cloud, "subnet-nsg")
    network(cloud, group="net", apps={"addressPrefix": "10.1.0.0/24", "networkSecurityGroup": {"id": group["id"]}})
    corp = cloud.find(kinds.VIRTUAL_NETWORK, "corp", group="net")
    create(command, adds_rules=True, subnet=Named(
        kinds.SUBNET.type, ("corp", "apps"), "net", corp["id"].split("/")[2]))
    assert len(rules(cloud, "subnet-nsg")) == 1
    cloud.put(kinds.SUBNET, "corp", "apps", group="net", body={"properties": {
        "networkSecurityGroup": {"id": group["id"]}}})
    delete(cloud)
    assert rules(cloud, "subnet-nsg") == {} and cloud.find(NSG, "web1NSG") is None


def test_what_somebody_has_made_theirs_since_stays(cloud, command):
    security_group(cloud, "corp-nsg", SHUTS)
    create(command, security_group=THEIRS, adds_rules=True)
    [name] = rules(cloud)
    found = remains.find(cloud.azure(), host_spec(), False)
    cloud.find(RULE, "corp-nsg", name)["properties"]["description"] = "mine now"
    Removal(cloud.azure(), found, Heard()).carry_out()
    assert cloud.find(RULE, "corp-nsg", name)


def test_a_rule_that_may_not_be_deleted_is_told_in_the_end(cloud, command):
    security_group(cloud, "corp-nsg", SHUTS)
    create(command, security_group=THEIRS, adds_rules=True)
    [name] = rules(cloud)
    cloud.refuse("DELETE", RULE, "AuthorizationFailed", status=403)
    with pytest.raises(Exception, match=f"the security rule '{name}'"):
        delete(cloud)
    assert cloud.find(VM, "web1") is None, "it holds up nothing"


def test_of_a_usual_host_no_group_is_read_for_it(cloud, finished):
    cloud.log.clear()
    remains.find(cloud.azure(), host_spec(), False)
    assert [one.names for one in cloud.log if one.kind in (NSG.type, kinds.SUBNET.type)] == [("web1NSG",)]
