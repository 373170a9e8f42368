"""Where a host is: by its usual address where that is its interface's, else followed from the VM; never by a tag."""

from __future__ import annotations

import pytest

from azext_dockervm.azure import kinds
from azext_dockervm.host import where

FQDN = "web1.westus.cloudapp.azure.com"
IP, NIC = kinds.PUBLIC_IP, kinds.NETWORK_INTERFACE


def read(cloud, *more, whole=False):
    azure = cloud.azure()
    vm, near = where.with_vm(azure, "g", "web1", *more)
    return where.located(azure, vm, near.values(), whole)


def asked(cloud):
    found = [one.name for one in cloud.log]
    cloud.log.clear()
    return found


def address(cloud, name, number, fqdn):
    """A public address that somebody has made."""
    made = cloud.put(IP, name, body={"location": "westus", "properties": {}})
    cloud.change(IP, name, ipAddress=number, dnsSettings={"fqdn": fqdn})
    return made["id"]


def hang(cloud, address_id):
    """Gives the host's interface another address."""
    cloud.find(NIC, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"] = {
        "id": address_id}


def test_address_of_the_usual_name_is_read_beside_the_vm(cloud, finished):
    cloud.log.clear()
    seen = read(cloud)
    assert (seen.fqdn, seen.public, seen.unread) == (FQDN, "20.0.0.1", None)
    assert sorted(asked(cloud)) == ["web1", "web1PublicIP"]


def test_address_that_belongs_to_another_interface_is_not_believed(cloud, finished):
    hang(cloud, address(cloud, "other", "20.0.0.9", "other.example"))
    cloud.log.clear()
    seen = read(cloud)
    assert (seen.fqdn, seen.public) == ("other.example", "20.0.0.9")
    assert asked(cloud)[2:] == ["web1VMNic", "other"]


def test_address_that_nothing_uses_is_not_believed(cloud, finished):
    del cloud.find(NIC, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"]
    seen = read(cloud)
    assert (seen.fqdn, seen.public, seen.private) == (None, None, "10.0.0.4")


def test_interface_of_a_vm_without_one_is_not_looked_for(cloud, finished):
    cloud.change(kinds.VM, "web1", networkProfile={})
    cloud.log.clear()
    assert read(cloud) == where.Where() and len(asked(cloud)) == 2


def test_whole_interface_is_one_round_where_it_bears_its_usual_name(cloud, finished):
    cloud.log.clear()
    assert read(cloud, NIC, whole=True).interface["name"] == "web1VMNic"
    assert sorted(asked(cloud)) == ["web1", "web1PublicIP", "web1VMNic"]


def test_interface_of_the_usual_name_that_is_not_the_vm_s_is_left_aside(cloud, finished):
    vm, own = cloud.find(kinds.VM, "web1"), cloud.find(NIC, "web1VMNic")
    moved = {**own, "id": own["id"].replace("web1VMNic", "moved"), "name": "moved"}
    cloud.resources[(NIC.type.lower(), "g", "moved")] = moved
    own["properties"] = {**own["properties"], "ipConfigurations": []}
    vm["properties"]["networkProfile"] = {"networkInterfaces": [{"id": moved["id"]}]}
    assert read(cloud, NIC, whole=True).interface["name"] == "moved"


@pytest.mark.parametrize("code", ["AuthorizationFailed", "Broken"])
def test_address_that_can_t_be_read_leaves_its_reason(cloud, finished, code):
    for kind in (IP, NIC):
        cloud.refuse("GET", kind, code, status=403)
    seen = read(cloud)
    assert seen.public is None and code in seen.unread.message


def test_interface_that_can_t_be_read_does_not_matter_where_the_address_says_whose_it_is(cloud, finished):
    cloud.refuse("GET", NIC, "AuthorizationFailed", status=403)
    seen = read(cloud, whole=True)
    assert (seen.fqdn, seen.private, seen.unread) == (FQDN, None, None)


def test_many_hosts_take_two_queries(cloud, command, finished):
    command.create(name="web2", provisioner="run-command")
    cloud.log.clear()
    vms = [cloud.find(kinds.VM, name) for name in ("web1", "web2")]
    found = where.all_located(cloud.azure(), None, vms)
    assert [one.method for one in cloud.log] == ["LIST", "LIST"]
    assert [found[vm["id"].lower()].public for vm in vms] == ["20.0.0.1", "20.0.0.2"]


def test_what_a_list_does_not_show_is_followed_for_each_host(cloud, finished):
    cloud.refuse("LIST", IP, "AuthorizationFailed", status=403)
    cloud.log.clear()
    vm = cloud.find(kinds.VM, "web1")
    assert where.all_located(cloud.azure(), "g", [vm])[vm["id"].lower()].fqdn == FQDN
    assert [one.name for one in cloud.log if one.method == "GET"] == ["web1PublicIP"]
