"""The interface and the public address that a host stands on: its own, its VM's, or those that were named."""

from __future__ import annotations

import pytest
from looks import Looks
from networks import OTHER_SUBSCRIPTION, address, interface, network, resource_id
from specs import host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.errors import Conflict, InvalidValue
from azext_dockervm.spec import network_rules as rules
from azext_dockervm.spec.words import NO_PUBLIC_IP

NIC, PIP, VM = kinds.NETWORK_INTERFACE, kinds.PUBLIC_IP, kinds.VM
SPEC = host_spec()
NAMED = {"interfaces": rules.check_interfaces(["nic1"])}


see, refused = Looks(SPEC).see, Looks(SPEC).refused


# Interfaces that were named


def test_what_an_interface_brings_along(cloud):
    network(cloud, group="net")
    interface(cloud, group="net", public_ip=address(cloud, group="net", label="boat"))
    interface(cloud, "nic2", group="net", private="10.1.0.5")
    asked = [resource_id("networkInterfaces", name, group="net") for name in ("nic1", "nic2")]
    found = see(cloud, interfaces=rules.check_interfaces(asked))
    assert [one["name"] for one in found.interfaces] == ["nic1", "nic2"]
    assert found.network_interface["name"] == "nic1" and found.public_ip["name"] == "web-ip"
    assert (found.virtual_network["name"], found.subnet["name"]) == ("corp", "apps")
    assert found.security_group is None and found.dns.name == ""


def test_what_bears_the_host_s_names_is_none_of_it_then(cloud):
    network(cloud)
    interface(cloud)
    for kind, name in ((PIP, "web1PublicIP"), (kinds.SECURITY_GROUP, "web1NSG")):
        cloud.put(kind, name, body={"location": "eastus", "tags": {}, "properties": {}})
    found = see(cloud, **NAMED)
    assert found.public_ip is found.security_group is None


@pytest.mark.parametrize(("where", "properties", "words"), [
    ({"location": "eastus"}, {}, "is in eastus, and the host is to be in westus"),
    ({}, {"virtualMachine": {"id": "/subscriptions/s/resourceGroups/g/providers/x/vms/web9"}},
     "is in use by the VM 'web9'")])
def test_one_that_can_t_be_had(cloud, where, properties, words):
    network(cloud)
    interface(cloud, **where, **properties)
    assert words in refused(cloud, Conflict, **NAMED).message


def test_one_that_is_not_there_or_in_another_subscription(cloud):
    network(cloud)
    assert "there is no network interface 'nic1'" in refused(cloud, InvalidValue, **NAMED).message
    asked = resource_id("networkInterfaces", "nic1", subscription=OTHER_SUBSCRIPTION)
    interface(cloud)
    assert "there is no network interface '/subscriptions/9999" in refused(
        cloud, InvalidValue, interfaces=rules.check_interfaces([asked])).message


def test_the_address_of_one_has_to_be_static(cloud):
    network(cloud)
    interface(cloud, public_ip=address(cloud, publicIPAllocationMethod="Dynamic"))
    told = refused(cloud, Conflict, **NAMED)
    assert told.message.startswith("--nics: the public IP address 'web-ip' of the network interface 'nic1' can't be")


def test_without_a_group_a_public_address_is_shut_and_a_private_one_open(cloud):
    network(cloud)
    interface(cloud, guarded=False)
    [remark] = see(cloud, **NAMED).remarks
    assert remark.startswith("Neither the network interface 'nic1' nor its subnet has a network security group")
    interface(cloud, guarded=False, public_ip=address(cloud))
    told = refused(cloud, Conflict, **NAMED)
    assert "without one nobody reaches its public IP address" in told.message
    assert told.recommendations[0].endswith("az network nic update -g g -n nic1 --network-security-group NSG")


def test_what_guards_a_subnet_that_may_not_be_read_nobody_knows(cloud):
    network(cloud)
    interface(cloud, guarded=False)
    cloud.refuse("GET", kinds.VIRTUAL_NETWORK, "AuthorizationFailed", status=403)
    assert see(cloud, **NAMED).remarks == ()


def test_one_without_an_address_in_a_subnet_that_leads_nowhere(cloud):
    network(cloud, apps={"addressPrefix": "10.1.0.0/24", "defaultOutboundAccess": False})
    interface(cloud)
    assert "the subnet 'apps' has no way out" in refused(cloud, Conflict, **NAMED).message
    interface(cloud, public_ip=address(cloud))
    assert see(cloud, **NAMED).public_ip


# A host that is there


def test_an_own_interface_is_taken_whatever_else_its_vm_has(cloud, finished):
    own = cloud.find(NIC, "web1VMNic")
    cloud.change(VM, "web1", networkProfile={"networkInterfaces": [{"id": "/other"}, {"id": own["id"].upper()}]})
    assert see(cloud).network_interface["name"] == "web1VMNic"


def test_a_vm_that_azure_could_not_make_stands_on_its_own(cloud, finished):
    cloud.change(VM, "web1", networkProfile=None)
    assert see(cloud).network_interface["name"] == "web1VMNic"


def test_another_one_is_followed_with_its_address(cloud, finished):
    network(cloud, group="net")
    nic = interface(cloud, "theirs", group="net", public_ip=address(cloud, "their-ip", group="net", label="boat"))
    cloud.change(VM, "web1", networkProfile={"networkInterfaces": [
        {"id": "/first"}, {"id": nic["id"], "properties": {"primary": True}}]})
    found = see(cloud)
    assert (found.network_interface["name"], found.public_ip["name"]) == ("theirs", "their-ip")
    assert found.endpoint == "boat.westus.cloudapp.azure.com"


def test_a_host_may_stand_on_somebody_s_interface_that_is_typed_again(cloud, finished):
    network(cloud)
    nic = interface(cloud, public_ip=address(cloud))
    cloud.change(VM, "web1", networkProfile={"networkInterfaces": [{"id": nic["id"]}]})
    assert see(cloud, **NAMED).network_interface["name"] == "nic1"


def test_an_interface_of_the_host_s_own_name_without_its_tags_is_refused(cloud, finished):
    cloud.retag(NIC, "web1VMNic", dockervm_host=None)
    told = refused(cloud, Conflict)
    assert "has a network interface 'web1VMNic' already, and dockervm did not make it" in told.message


def test_an_address_of_another_name_is_followed_and_one_of_its_own_given_back(cloud, finished):
    theirs = address(cloud, "their-ip")
    inner = cloud.find(NIC, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"]
    own, inner["publicIPAddress"] = inner["publicIPAddress"], {"id": theirs["id"]}
    assert see(cloud).public_ip["name"] == "their-ip"
    inner["publicIPAddress"] = None
    assert see(cloud).public_ip["name"] == "web1PublicIP"
    cloud.retag(VM, "web1", dockervm_fqdn="20.0.0.9")
    assert see(cloud).public_ip["name"] == "web1PublicIP"
    inner["publicIPAddress"] = own
    assert see(cloud).public_ip["name"] == "web1PublicIP"


def test_a_host_that_is_known_by_its_address_and_has_no_public_one_needs_none(cloud, finished):
    cloud.find(NIC, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"] = None
    cloud.remove(PIP, "web1PublicIP")
    lost = see(cloud)
    assert lost.public_ip is None and not lost.is_private and lost.dns.name == "web1" and lost.endpoint is None
    cloud.retag(VM, "web1", dockervm_fqdn="10.0.0.4")
    found = see(cloud)
    assert found.is_private and found.endpoint == "10.0.0.4" and found.dns.name == ""
    cloud.retag(VM, "web1", dockervm_fqdn=None)
    assert not see(cloud).is_private and see(cloud, public_ip=NO_PUBLIC_IP).is_private


def test_a_vm_shows_the_interface_that_it_stands_on(cloud, finished):
    shown = see(cloud).expanded_vm["properties"]["networkProfile"]["networkInterfaces"][0]
    assert shown["name"] == "web1VMNic" and shown["properties"]["ipConfigurations"]
    assert shown["properties"]["deleteOption"] == "Delete" and shown["properties"]["primary"] is True
    assert shown["tags"]["dockervm-host"] == "web1"


def test_it_shows_its_public_address_also_one_that_is_given_back(cloud, finished):
    inner = cloud.find(NIC, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"]
    for hangs in (inner["publicIPAddress"], None):
        inner["publicIPAddress"] = hangs
        shown = see(cloud).expanded_vm["properties"]["networkProfile"]["networkInterfaces"][0]["properties"]
        address_shown = shown["ipConfigurations"][0]["properties"]["publicIPAddress"]
        assert address_shown["properties"]["dnsSettings"]["domainNameLabel"] == "web1"
        assert address_shown["tags"]["dockervm-host"] == "web1"


# Addresses that were named


@pytest.mark.parametrize("where", [{}, {"group": "net"}])
def test_an_address_that_is_there(cloud, where):
    address(cloud, label="boat", **where)
    asked = resource_id("publicIPAddresses", "web-ip", **where) if where else "web-ip"
    found = see(cloud, public_ip=rules.check_public_ip(asked))
    assert found.public_ip["name"] == "web-ip" and found.dns.name == ""
    assert see(cloud, public_ip=rules.check_public_ip(asked), dns_label="boat").public_ip


def test_one_that_an_earlier_create_of_this_host_has_made_is_its_own(cloud):
    address(cloud, "boat-ip", sku="Basic")
    cloud.retag(PIP, "boat-ip", dockervm_host="web1")
    assert see(cloud, public_ip=rules.check_public_ip("boat-ip")).dns.name == "web1"


def test_one_in_use_elsewhere(cloud):
    network(cloud)
    interface(cloud, public_ip=address(cloud))
    told = refused(cloud, Conflict, public_ip=rules.check_public_ip("web-ip"))
    assert "'nic1' uses it. It was left as it is." in told.message
    assert told.recommendations == ("az network public-ip list -o table",)


# What an earlier create has left


def rest(cloud):
    del cloud.resources[next(key for key in cloud.resources if key[0] == VM.type.lower())]
    cloud.find(NIC, "web1VMNic")["properties"].pop("virtualMachine")


@pytest.mark.parametrize(("asked", "words"), [
    ({"virtual_network": rules.check_virtual_network("corp")}, "stands elsewhere"),
    ({"virtual_network": rules.check_virtual_network("dockervm-westus-vnet"), "subnet": "apps"}, "stands elsewhere"),
    ({"private_address": "10.0.0.9"}, "stands elsewhere"), ({"public_ip": NO_PUBLIC_IP}, "is to have none"),
    ({"public_ip": rules.check_public_ip("boat-ip")}, "not 'boat-ip' of 'g'")])
def test_it_is_no_part_of_what_is_asked_for_now(cloud, finished, asked, words):
    rest(cloud)
    assert words in refused(cloud, Conflict, **asked).message


@pytest.mark.parametrize("asked", [
    {}, {"virtual_network": rules.check_virtual_network("dockervm-westus-vnet")}, {"private_address": "10.0.0.4"},
    {"virtual_network": rules.check_virtual_network("dockervm-westus-vnet"), "subnet": "hosts"},
    {"public_ip": rules.check_public_ip("web1PublicIP")}])
def test_it_is_used_where_it_is_what_is_asked_for(cloud, finished, asked):
    rest(cloud)
    assert see(cloud, **asked).network_interface["name"] == "web1VMNic"
