"""A host as Azure shows it, with what may not be read left out."""

from __future__ import annotations

import pytest

from azext_dockervm.azure import kinds
from azext_dockervm.errors import NotFound
from azext_dockervm.host import vm_state


def read(cloud, name="web1"):
    return vm_state.read(cloud.azure(), "g", name, "mine")


def test_a_host_with_all_that_it_has(cloud, finished):
    seen = read(cloud)
    assert seen.vm["name"] == "web1" and seen.group == "g" and seen.power_state == "running"
    assert seen.port == 4243 and seen.tags["dockervm-host"] == "web1"
    assert (seen.fqdn, seen.public_address, seen.private_address) == (
        "web1.westus.cloudapp.azure.com", "20.0.0.1", "10.0.0.4")
    assert seen.security_group.endswith("/networkSecurityGroups/web1NSG") and seen.subscription == "mine"


def test_a_vm_that_is_not_there_is_told_with_the_command_that_lists_those_that_are(cloud):
    with pytest.raises(NotFound, match="There is no VM 'web2' in a resource group 'g'") as caught:
        read(cloud, "web2")
    assert caught.value.recommendations == ("az vm list -o table --subscription mine",)


def test_no_subscription_is_named_where_none_was(cloud):
    with pytest.raises(NotFound) as caught:
        vm_state.read(cloud.azure(), "g", "web2")
    assert caught.value.recommendations == ("az vm list -o table",)


def test_tags_are_found_in_any_case(cloud, finished):
    cloud.retag(kinds.VM, "web1", dockervm_fqdn=None, DockerVM_FQDN="other.example")
    assert read(cloud).tags["dockervm-fqdn"] == "other.example"


def test_a_tag_says_nothing_of_where_a_host_is(cloud, finished):
    cloud.retag(kinds.VM, "web1", dockervm_fqdn="evil.example.com")
    assert read(cloud).fqdn == "web1.westus.cloudapp.azure.com"
    cloud.change(kinds.PUBLIC_IP, "web1PublicIP", dnsSettings=None)
    seen = read(cloud)
    assert (seen.fqdn, seen.endpoint) == (None, "20.0.0.1")


@pytest.mark.parametrize(("kind", "left"), [
    (kinds.NETWORK_INTERFACE, (None, None)), (kinds.PUBLIC_IP, ("10.0.0.4", "NSG"))],
    ids=["interface", "address"])
@pytest.mark.parametrize("gone", [True, False])
def test_what_is_gone_or_may_not_be_read_is_left_out(cloud, finished, kind, left, gone):
    if gone:
        del cloud.resources[next(key for key in cloud.resources if key[0] == kind.type.lower())]
    else:
        cloud.refuse("GET", kind, "AuthorizationFailed", status=403)
    seen = read(cloud)
    group = seen.security_group and seen.security_group[-3:]
    assert (seen.private_address, group) == left
    # The address itself says whose interface it belongs to.
    believed = kind is kinds.NETWORK_INTERFACE and not gone
    assert seen.fqdn == ("web1.westus.cloudapp.azure.com" if believed else None)
    assert bool(seen.unread) is (kind is kinds.PUBLIC_IP and not gone)


@pytest.mark.parametrize("profile", [None, {}, {"networkInterfaces": []}])
def test_a_vm_that_azure_could_not_make_has_no_addresses(cloud, finished, profile):
    cloud.change(kinds.VM, "web1", networkProfile=profile)
    assert read(cloud).private_address is None


def test_the_primary_interface_counts_wherever_it_stands(cloud, finished):
    own = cloud.find(kinds.NETWORK_INTERFACE, "web1VMNic")["id"]
    other = {"id": own.replace("web1VMNic", "other")}
    primary = {"id": own, "properties": {"primary": True}}
    cloud.change(kinds.VM, "web1", networkProfile={"networkInterfaces": [other, primary]})
    assert read(cloud).private_address == "10.0.0.4"
    cloud.change(kinds.VM, "web1", networkProfile={"networkInterfaces": [{"id": own}, other]})
    assert read(cloud).private_address == "10.0.0.4"


def test_an_interface_without_an_address(cloud, finished):
    interface = cloud.find(kinds.NETWORK_INTERFACE, "web1VMNic")
    del interface["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"]
    seen = read(cloud)
    assert (seen.public_address, seen.private_address) == (None, "10.0.0.4")


def test_all_security_rules_azure_s_own_too(cloud, finished):
    seen = read(cloud)
    cloud.change(kinds.SECURITY_GROUP, "web1NSG", defaultSecurityRules=[{"name": "DenyAllInBound"}])
    assert [one["name"] for one in vm_state.security_rules(cloud.azure(), seen)] == ["allow-docker", "DenyAllInBound"]


@pytest.mark.parametrize("lacking", ["group", "rights", "interface"])
def test_rules_that_nobody_can_tell(cloud, finished, lacking):
    if lacking == "interface":
        cloud.change(kinds.NETWORK_INTERFACE, "web1VMNic", networkSecurityGroup=None)
    seen = read(cloud)
    if lacking == "rights":
        cloud.refuse("GET", kinds.SECURITY_GROUP, "AuthorizationFailed", status=403)
    if lacking == "group":
        del cloud.resources[next(key for key in cloud.resources if key[0] == kinds.SECURITY_GROUP.type.lower())]
    rules = vm_state.security_rules(cloud.azure(), seen)
    assert rules == ([] if lacking == "group" else None)
