"""What was typed of a host's network and can't be had any more, by the interface that its VM shows."""

from __future__ import annotations

import pytest
from networks import resource_id
from specs import changed, host_spec

from azext_dockervm.azure import names
from azext_dockervm.options.existing import not_applied
from azext_dockervm.options.interface import interface_of
from azext_dockervm.spec import network_rules as rules
from azext_dockervm.spec.words import NO_PUBLIC_IP

NIC = resource_id("networkInterfaces", "web1VMNic")
UPDATE = "az network nic ip-config update -g g --nic-name web1VMNic -n one"


def vm(public_ip=None, accelerated=None, subnet="hosts"):
    inner = {"privateIPAddress": "10.0.0.4", "primary": True,
             "subnet": {"id": resource_id("virtualNetworks/subnets", "shared", subnet)},
             "publicIPAddress": public_ip and {"id": resource_id("publicIPAddresses", public_ip)}}
    return {"id": resource_id("vms", "web1"), "tags": {}, "properties": {"networkProfile": {"networkInterfaces": [
        {"id": NIC, "name": "web1VMNic", "properties": {
            "primary": True, "enableAcceleratedNetworking": accelerated,
            "ipConfigurations": [{"name": "two", "properties": {}}, {"name": "one", "properties": inner}]}}]}}}


def told(flag, machine, **asked):
    found = not_applied(changed(host_spec(), **asked, typed={flag: ("x",)}), machine)
    return found[0].partition(": ")[2] if found else None


@pytest.mark.parametrize(("asked", "machine", "says"), [
    (NO_PUBLIC_IP, vm("ip"), f"the host has the public IP address 'ip'.\nTo take it away: {UPDATE} --public-ip-address "
                             "null"),
    (NO_PUBLIC_IP, vm(), None), (rules.check_public_ip("IP"), vm("ip"), None),
    (rules.check_public_ip("other"), vm("ip"), "the host has the public IP address 'ip'.\nTo change it: "
     f"{UPDATE} --public-ip-address {resource_id('publicIPAddresses', 'other')}"),
    (rules.check_public_ip("other"), vm(), "the host has no public IP address.\nTo change it: "
     f"{UPDATE} --public-ip-address {resource_id('publicIPAddresses', 'other')}")])
def test_another_public_address(asked, machine, says):
    assert told("--public-ip-address", machine, public_ip=asked) == says


def labelled(tags=None, noted=None, nic_tags=None, **settings):
    """A host whose address has these DNS settings; ``settings`` None: it has no address."""
    machine = vm("ip" if settings else None)
    machine["tags"] = {names.TAG_FQDN: noted} if noted else {}
    nic = machine["properties"]["networkProfile"]["networkInterfaces"][0]
    nic["tags"] = nic_tags
    if settings:
        nic["properties"]["ipConfigurations"][1]["properties"]["publicIPAddress"].update(
            tags=tags, properties={"dnsSettings": settings})
    return machine


OURS = {names.TAG_HOST: "web1"}
GIVE = "is not changed.\nTo change it, before the same create again: az network public-ip update -g g -n ip --dns-name"


@pytest.mark.parametrize(("machine", "says"), [
    (labelled(domainNameLabel="boat"), None),
    (labelled(domainNameLabel="x"), f"the host's public IP address 'ip' has the DNS label 'x', and {GIVE} boat"),
    (labelled(domainNameLabel=None), f"the host's public IP address 'ip' has no DNS label, and {GIVE} boat"),
    (labelled(OURS, domainNameLabel=None), None),     # it gets it
    (labelled(nic_tags=OURS, noted="web1.example.com"), None),      # its lost one is made anew
    (labelled(nic_tags=OURS, noted="10.0.0.4"), "the host has no public IP address, which alone can have a DNS label"),
    (labelled(noted="web1.example.com"), "the host has no public IP address, which alone can have a DNS label"),
    (labelled(), "the host has no public IP address, which alone can have a DNS label")])
def test_a_label_of_an_address_that_is_none_of_the_host_s_own(machine, says):
    assert told("--dns-name", machine, dns_label="boat") == says


def timed(minutes, **more):
    machine = labelled(domainNameLabel="x", **more)
    nic = machine["properties"]["networkProfile"]["networkInterfaces"][0]
    address = nic["properties"]["ipConfigurations"][1]["properties"]["publicIPAddress"]
    address["properties"]["idleTimeoutInMinutes"] = minutes
    return machine


@pytest.mark.parametrize(("machine", "says"), [
    (timed(15), None), (timed(4, tags=OURS), None), (labelled(nic_tags=OURS, noted="web1.example.com"), None),
    (timed(None), "the host's public IP address 'ip' has an idle time-out of 4 minutes, and is not changed.\n"
                  "To change it: az network public-ip update -g g -n ip --idle-timeout 15"),
    (labelled(), "the host has no public IP address, which alone has an idle time-out")])
def test_an_idle_time_out_of_an_address_that_is_none_of_the_host_s_own(machine, says):
    assert told("--idle-timeout", machine, idle_timeout=15) == says


@pytest.mark.parametrize(("asked", "says"), [
    ("10.0.0.4", None), ("10.0.0.9", f"the host has 10.0.0.4.\nTo change it: {UPDATE} --private-ip-address 10.0.0.9")])
def test_another_private_address(asked, says):
    assert told("--private-ip-address", vm(), private_address=asked) == says


@pytest.mark.parametrize(("asked", "has", "differs"), [
    (True, True, False), (False, False, False), (False, None, False), (True, None, True), (False, True, True)])
def test_another_speed(asked, has, differs):
    said = told("--accelerated-networking", vm(accelerated=has), accelerated=asked)
    assert (said is not None) is differs and (not differs or said.splitlines()[2:] == [
        "    az vm deallocate -g g -n web1",
        f"    az network nic update -g g -n web1VMNic --accelerated-networking {str(asked).lower()}",
        "    az vm start -g g -n web1"])


@pytest.mark.parametrize(("network", "subnet", "flag", "says"), [
    ("shared", None, "--vnet-name", None),
    ("other", None, "--vnet-name", "the host stands in the virtual network 'shared'"),
    (resource_id("virtualNetworks", "shared", group="h"), None, "--vnet-name", "the host stands in"),
    ("shared", "Hosts", "--subnet", None), ("shared", "apps", "--subnet", "the host stands in the subnet 'hosts'"),
    ("other", "hosts", "--subnet", "the host stands in the subnet 'hosts'"),
    (None, resource_id("virtualNetworks/subnets", "shared", "hosts"), "--subnet", None),
    (None, resource_id("virtualNetworks/subnets", "other", "hosts"), "--subnet", "the host stands in the subnet")])
def test_another_place(network, subnet, flag, says):
    said = told(flag, vm(), virtual_network=network and rules.check_virtual_network(network),
                subnet=subnet and rules.check_subnet(subnet))
    assert said is None if says is None else said.startswith(says)


def test_ranges_are_for_what_is_to_be_made():
    for flag in ("--vnet-address-prefix", "--subnet-address-prefix"):
        assert told(flag, vm()).startswith("it is for a network that is to be made")


def test_other_interfaces():
    same = rules.check_interfaces([NIC])
    assert told("--nics", vm(), interfaces=same) is None
    said = told("--nics", vm(), interfaces=rules.check_interfaces(["WEB1vmnic", "nic2"]))
    assert said.startswith("the VM keeps the interfaces that it was made with: 'web1VMNic'.\nTo change it")
    assert "    az vm nic add -g g --vm-name web1 --nics nic2" in said.splitlines()


@pytest.mark.parametrize("machine", [
    {"id": "/vm", "properties": {}}, {"id": "/vm", "properties": {"networkProfile": {"networkInterfaces": [
        {"id": NIC}]}}}])
def test_of_a_vm_that_does_not_show_its_interface_nothing_is_known(machine):
    assert interface_of(machine) is None
    for flag, asked in (("--vnet-name", {"virtual_network": rules.check_virtual_network("x")}),
                        ("--subnet", {"subnet": rules.check_subnet(resource_id("virtualNetworks/subnets", "a", "b"))}),
                        ("--private-ip-address", {"private_address": "10.0.0.9"}),
                        ("--public-ip-address", {"public_ip": NO_PUBLIC_IP}), ("--dns-name", {"dns_label": "boat"}),
                        ("--accelerated-networking", {"accelerated": True})):
        assert told(flag, machine, **asked) is None
