"""The network and the subnet of a host before anything is made: used where they can be, refused where they can't."""

from __future__ import annotations

import pytest
from looks import Looks
from networks import OTHER_SUBSCRIPTION, address, interface, network, resource_id
from specs import host_spec

from azext_dockervm.azure import kinds, names
from azext_dockervm.errors import AzureRefused, Conflict, InvalidValue
from azext_dockervm.spec import network_rules as rules
from azext_dockervm.spec.words import NO_PUBLIC_IP

CORP = rules.check_virtual_network("corp")
SPEC = host_spec(virtual_network=CORP)
OUT = {"addressPrefix": "10.1.0.0/24"}


see, refused = Looks(SPEC).see, Looks(SPEC).refused


def by_id(*names, **where):
    return rules.check_subnet(resource_id("virtualNetworks/subnets", *names, **where))


def test_a_network_that_is_not_there_yet_is_to_be_made(cloud):
    found = see(cloud)
    assert found.virtual_network is found.subnet is found.subnet_group is None
    assert see(cloud, network_prefix="10.9.0.0/16", subnet_prefix="10.9.1.0/24", private_address="10.9.1.4")
    told = refused(cloud, InvalidValue, private_address="10.9.1.4")
    assert "does not lie in the subnet's 10.0.0.0/20" in told.message


def test_the_only_subnet_is_meant_and_hosts_where_there_are_more(cloud):
    network(cloud)
    assert see(cloud).subnet["name"] == "apps"
    network(cloud, web={"addressPrefix": "10.1.1.0/24"}, hosts={"addressPrefix": "10.1.2.0/24"})
    assert see(cloud).subnet["name"] == "hosts" and see(cloud, subnet="WEB").subnet["name"] == "web"
    network(cloud, web=OUT, db={"addressPrefix": "10.1.2.0/24", "delegations": [{"name": "d"}]})
    assert see(cloud).subnet["name"] == "web"


def test_which_one_is_meant_is_asked_where_nothing_tells(cloud):
    network(cloud, web=OUT, apps={"addressPrefix": "10.1.1.0/24"})
    told = refused(cloud, InvalidValue)
    assert "has 'web', 'apps'; which subnet is meant?" in told.message
    assert told.recommendations == ("For example: --subnet web",)
    network(cloud, db={**OUT, "delegations": [{"name": "d"}]})
    told = refused(cloud, InvalidValue)
    assert "has none that a host could stand in" in told.message
    assert "--subnet-address-prefix" in told.recommendations[0]


def test_a_subnet_by_its_id_and_what_guards_it(cloud):
    guard = cloud.put(kinds.SECURITY_GROUP, "guard", group="net", body={"location": "westus", "properties": {
        "securityRules": [{"name": "all", "properties": {
            "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "*", "sourcePortRange": "*",
            "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*"}}]}})
    network(cloud, group="net", apps={**OUT, "networkSecurityGroup": {"id": guard["id"]}})
    found = see(cloud, virtual_network=None, subnet=by_id("corp", "apps", group="net"))
    assert (found.virtual_network["name"], found.subnet["name"], found.subnet_group["name"]) == (
        "corp", "apps", "guard")


@pytest.mark.parametrize(("asked", "words"), [
    (by_id("corp", "none"), "--subnet: there is no subnet '/subscriptions/"),
    (by_id("none", "apps"), "--subnet: there is no virtual network '/subscriptions/"),
    (by_id("corp", "apps", subscription=OTHER_SUBSCRIPTION), "--subnet: '/subscriptions/9999")])
def test_an_id_of_what_is_not_there_or_in_another_subscription(cloud, asked, words):
    network(cloud)
    told = refused(cloud, InvalidValue, virtual_network=None, subnet=asked)
    assert told.message.startswith(words) and told.recommendations[0].startswith("az network vnet ")


@pytest.mark.parametrize(("prefix", "words", "free"), [
    (None, "--subnet: the virtual network 'corp' has no subnet 'web'", "10.1.1.0/24"),
    ("10.1.0.0/25", "'10.1.0.0/25' overlaps 10.1.0.0/24 of the subnet 'apps'", "10.1.1.0/25"),
    ("10.2.0.0/20", "'10.2.0.0/20' does not lie in the virtual network 'corp', which has 10.1.0.0/16", "10.1.16.0/20")])
def test_a_new_subnet_needs_a_range_of_its_own_and_a_free_one_is_told(cloud, prefix, words, free):
    network(cloud)
    told = refused(cloud, InvalidValue, subnet="web", subnet_prefix=prefix)
    assert words in told.message and told.recommendations == (f"For example: --subnet-address-prefix {free}",)


def test_where_no_range_is_free_another_network_is_needed(cloud):
    network(cloud, prefix="10.1.0.0/24")
    told = refused(cloud, InvalidValue, subnet="web")
    assert "has no free range left" in told.recommendations[0]


def test_a_new_subnet_whose_range_is_free_is_to_be_made(cloud):
    network(cloud)
    found = see(cloud, subnet="web", subnet_prefix="10.1.1.0/24")
    assert found.virtual_network["name"] == "corp" and found.subnet is None


@pytest.mark.parametrize(("values", "kind", "words"), [
    ({"network_prefix": "10.2.0.0/16"}, Conflict, "is there already, with 10.1.0.0/16"),
    ({"subnet": "apps", "subnet_prefix": "10.1.1.0/24"}, InvalidValue, "is there already, with 10.1.0.0/24"),
    ({"private_address": "10.1.1.4"}, InvalidValue, "does not lie in"),
    ({"private_address": "10.1.0.3"}, InvalidValue, "is Azure's"),
    ({"private_address": "10.1.0.44"}, InvalidValue, "10.1.0.44 is in use in the virtual network 'corp'"),
    ({"location": "eastus"}, Conflict, "'corp' is in westus, and the host is to be in eastus")])
def test_what_is_there_stays_as_it_is(cloud, values, kind, words):
    network(cloud)
    interface(cloud, private="10.1.0.44")
    told = refused(cloud, kind, **values)
    assert words in told.message and ("location" not in values or told.recommendations == ("For example: -l westus",))


def test_what_was_typed_and_is_so_anyhow(cloud):
    network(cloud)
    found = see(cloud, network_prefix="10.1.0.0/16", subnet="apps", subnet_prefix="10.1.0.0/24",
                private_address="10.1.0.44")
    assert found.subnet["name"] == "apps" and cloud.asked.count("private_address_is_free") == 1


def test_whether_an_address_is_free_may_be_unknown(cloud):
    network(cloud)
    cloud.forbidden = {"private_address_is_free"}
    assert see(cloud, private_address="10.1.0.44").subnet


def test_a_network_in_failed_is_left_where_it_is_somebody_s(cloud):
    network(cloud)
    cloud.change(kinds.VIRTUAL_NETWORK, "corp", provisioningState="Failed")
    told = refused(cloud, Conflict)
    assert "its provisioning state is Failed" in told.message
    assert told.recommendations[0].endswith("az network vnet show -g g -n corp")
    cloud.retag(kinds.VIRTUAL_NETWORK, "corp", dockervm_shared="1")
    assert see(cloud).virtual_network


def test_one_of_ours_knows_its_subnet_s_name_and_gets_it_back(cloud):
    tags = {"dockervm-shared": "1", "dockervm-subnet": "quay"}
    network(cloud, tags=tags, quay={"addressPrefix": "10.1.0.0/20"}, other={"addressPrefix": "10.1.16.0/24"})
    assert see(cloud).subnet["name"] == "quay"
    network(cloud, tags=tags, other={"addressPrefix": "10.1.16.0/24"})
    assert see(cloud).subnet is None


def test_what_may_not_be_read_is_used_by_its_name(cloud):
    cloud.refuse("GET", kinds.VIRTUAL_NETWORK, "AuthorizationFailed", status=403)
    found = see(cloud, subnet="apps")
    assert found.subnet == {"name": "apps", "id": resource_id("virtualNetworks/subnets", "corp", "apps")}
    assert found.virtual_network is None
    refused(cloud, AzureRefused)        # of which nobody knows the subnet
    cloud.rules.clear()
    cloud.refuse("GET", kinds.VIRTUAL_NETWORK, "Broken", status=500)
    refused(cloud, AzureRefused, subnet="apps")


# An existing host


def test_an_existing_host_stands_where_its_interface_says(cloud, command):
    network(cloud)
    command.create(SPEC)
    found = see(cloud, virtual_network=None)
    assert (found.virtual_network["name"], found.subnet["name"]) == ("corp", "apps")
    cloud.refuse("GET", kinds.VIRTUAL_NETWORK, "AuthorizationFailed", status=403)
    found = see(cloud, virtual_network=None)
    assert found.virtual_network is None and found.subnet["id"].endswith("/corp/subnets/apps")


def test_a_host_on_another_interface_needs_no_network_of_todays_names(cloud, finished):
    """Its interface is followed; a network that only has the usual name may be unusable."""
    network(cloud, group="net")
    nic = interface(cloud, "theirs", group="net", public_ip=address(cloud, "their-ip", group="net"))
    cloud.change(kinds.VM, "web1", networkProfile={"networkInterfaces": [{"id": nic["id"]}]})
    network(cloud, names.virtual_network("westus"), "10.2.0.0/16", web={"addressPrefix": "10.2.1.0/24"},
            apps={"addressPrefix": "10.2.2.0/24"})
    assert see(cloud, virtual_network=None).network_interface["name"] == "theirs"


def test_a_vm_without_any_interface_needs_a_network(cloud, finished):
    network(cloud)
    cloud.change(kinds.VM, "web1", networkProfile=None)
    cloud.remove(kinds.NETWORK_INTERFACE, "web1VMNic")
    assert see(cloud).virtual_network["name"] == "corp"


# A way out


@pytest.mark.parametrize(("properties", "out"), [
    ({}, True), ({"defaultOutboundAccess": True}, True), ({"defaultOutboundAccess": False}, False),
    ({"defaultOutboundAccess": False, "natGateway": {"id": "/n"}}, True),
    ({"defaultOutboundAccess": False, "routeTable": {"id": resource_id("routeTables", "r")}}, True)])
def test_without_a_public_address_the_subnet_leads_out(cloud, properties, out):
    network(cloud, apps={**OUT, **properties})
    assert see(cloud).subnet        # with one of its own
    if out:
        assert see(cloud, public_ip=NO_PUBLIC_IP).subnet
    else:
        told = refused(cloud, Conflict, public_ip=NO_PUBLIC_IP)
        assert "the subnet 'apps' has no way out" in told.message
        assert [line.split(" -g ")[0] for line in told.recommendations] == [
            "az network public-ip create", "az network nat gateway create", "az network vnet subnet update",
            "Then: az dockervm create"]


@pytest.mark.parametrize(("asked", "made"), [
    ({"virtual_network": None}, "az network vnet create -g g -n dockervm-westus-vnet -l westus --address-prefixes "
                                "10.0.0.0/16 --subnet-name hosts --subnet-prefixes 10.0.0.0/20"),
    ({"subnet": "quay", "network_prefix": "10.9.0.0/16"}, "az network vnet create -g g -n corp -l westus "
     "--address-prefixes 10.9.0.0/16 --subnet-name quay --subnet-prefixes 10.9.0.0/20")])
def test_a_network_that_is_not_there_is_to_be_made_with_one(cloud, asked, made):
    told = refused(cloud, Conflict, public_ip=NO_PUBLIC_IP, **asked)
    assert told.recommendations[0] == made and len(told.recommendations) == 5


def test_so_is_a_subnet_that_is_not_there(cloud):
    network(cloud, group="net")
    asked = rules.check_virtual_network(resource_id("virtualNetworks", "corp", group="net"))
    told = refused(cloud, Conflict, public_ip=NO_PUBLIC_IP, virtual_network=asked, subnet="web",
                   subnet_prefix="10.1.7.0/24")
    assert told.recommendations[0] == ("az network vnet subnet create -g net --vnet-name corp -n web "
                                       "--address-prefixes 10.1.7.0/24 --default-outbound false")
    assert told.recommendations[3].startswith("az network vnet subnet update -g net --vnet-name corp -n web ")


# A route table


def routed(cloud, *hops):
    """A network whose subnet goes by a route table with these routes."""
    table = cloud.put(kinds.ROUTE_TABLE, "rt", group="net", body={"location": "westus", "properties": {"routes": [
        {"name": str(number), "properties": dict(zip(
            ("addressPrefix", "nextHopType", "nextHopIpAddress"), hop, strict=False))}
        for number, hop in enumerate(hops)]}})
    network(cloud, apps={**OUT, "routeTable": {"id": table["id"]}})


def told_of_routes(cloud, **values):
    return [one for one in see(cloud, **values).remarks if "route table" in one]


def test_a_default_route_past_the_public_address_is_told_with_the_command_that_mends_it(cloud):
    routed(cloud, ("10.0.0.0/8", "VnetLocal"), ("0.0.0.0/0", "VirtualAppliance", "10.9.0.4"))
    told, = told_of_routes(cloud)
    assert told.startswith("The route table 'rt' of the subnet 'apps' sends everything for the Internet to "
                           "VirtualAppliance 10.9.0.4, ")
    assert told.endswith("az network route-table route create -g net --route-table-name rt -n docker-clients "
                         "--address-prefix ADDRESS/32 --next-hop-type Internet")
    assert told_of_routes(cloud, public_ip=NO_PUBLIC_IP) == []


def test_a_route_to_the_internet_is_none_to_tell_of(cloud):
    routed(cloud, ("0.0.0.0/0", "Internet"))
    assert told_of_routes(cloud) == []


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_route_table_that_can_t_be_read_ends_no_create(cloud, status):
    routed(cloud, ("0.0.0.0/0", "VirtualAppliance"))
    cloud.refuse("GET", kinds.ROUTE_TABLE, "No", status=status)
    assert see(cloud).subnet and told_of_routes(cloud) == []


def test_of_a_host_that_is_there_no_route_table_is_read(cloud, command):
    routed(cloud, ("0.0.0.0/0", "VirtualAppliance"))
    command.create(SPEC)
    read = []
    cloud.when("GET", kinds.ROUTE_TABLE, lambda _azure, request: read.append(request))
    assert told_of_routes(cloud) == [] and read == []
    assert told_of_routes(cloud, name="web2") and len(read) == 1


def test_one_of_a_named_interface_is_looked_at_too(cloud):
    routed(cloud, ("0.0.0.0/0", "None"))
    interface(cloud, public_ip=address(cloud))
    told, = told_of_routes(cloud, virtual_network=None, interfaces=rules.check_interfaces(["nic1"]))
    assert "for the Internet to None, " in told
