"""Names and ids of a host's network, and what of them can't be said together."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import ConflictingArguments, DockerVMError, InvalidValue
from azext_dockervm.spec import network_rules as rules
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.named import Named
from azext_dockervm.spec.network import Network
from azext_dockervm.spec.words import NO_PUBLIC_IP

AT = "/subscriptions/00000000-0000-0000-0000-0000000000ab/resourceGroups/net/providers/Microsoft.Network"
APPS = f"{AT}/virtualNetworks/corp/subnets/apps"


@pytest.mark.parametrize("name", ["a", "corp", "corp_", "1-a.b", "a" * 80])
def test_names_that_azure_takes(name):
    assert rules.check_virtual_network(name) == Named("Microsoft.Network/virtualNetworks", (name,))
    assert rules.check_subnet(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "a.", "a b", "a" * 81, "a(b)"])
@pytest.mark.parametrize("check", [rules.check_virtual_network, rules.check_subnet, rules.check_public_ip,
                                   lambda name: rules.check_interfaces([name])])
def test_names_that_it_does_not_take(name, check):
    if name or check is not rules.check_public_ip:
        with pytest.raises(InvalidValue, match="^--"):
            check(name)


def test_an_id_names_what_is_in_any_group():
    subnet = rules.check_subnet(APPS)
    assert (subnet.names, subnet.group) == (("corp", "apps"), "net")
    assert rules.check_public_ip(f"{AT}/publicIPAddresses/ip").group == "net"
    assert rules.check_public_ip("") == NO_PUBLIC_IP


@pytest.mark.parametrize("name", ["GatewaySubnet", "azurebastionsubnet", f"{APPS[:-4]}AzureFirewallSubnet"])
def test_subnets_that_azure_keeps(name):
    with pytest.raises(InvalidValue, match="a service of its own"):
        rules.check_subnet(name)


def test_interfaces_in_their_order():
    assert [one.name for one in rules.check_interfaces(["b", "a", f"{AT}/networkInterfaces/a"])] == ["b", "a", "a"]
    with pytest.raises(InvalidValue, match="'A' is given twice"):
        rules.check_interfaces(["a", "b", "A"])
    assert len(rules.check_interfaces([f"nic{one}" for one in range(15)])) == 15
    with pytest.raises(InvalidValue, match="16 network interfaces"):
        rules.check_interfaces([f"nic{one}" for one in range(16)])


CORP = rules.check_virtual_network("corp")


@pytest.mark.parametrize("network", [
    Network(), Network(virtual_network=CORP), Network(virtual_network=CORP, subnet="apps"),
    Network(subnet=rules.check_subnet(APPS)), Network(network_prefix="10.9.0.0/16", subnet_prefix="10.9.1.0/24"),
    Network(subnet_prefix="10.9.1.0/24", private_address="10.9.1.4"), Network(public_ip=NO_PUBLIC_IP),
    Network(public_ip=NO_PUBLIC_IP, private_address="10.9.1.4"), Network(dns_label="web")])
def test_what_can_stand_together(network):
    rules.check_network(network)


@pytest.mark.parametrize(("network", "kind", "words"), [
    (Network(virtual_network=CORP, subnet=rules.check_subnet(APPS)), ConflictingArguments, "--subnet and --vnet-name"),
    (Network(subnet="apps"), ConflictingArguments, "nothing says in which network"),
    (Network(subnet=rules.check_subnet(APPS), subnet_prefix="10.0.0.0/24"), ConflictingArguments,
     "--subnet-address-prefix and --subnet"),
    (Network(subnet=rules.check_subnet(APPS), network_prefix="10.0.0.0/24"), ConflictingArguments,
     "--vnet-address-prefix and --subnet"),
    (Network(network_prefix="10.9.0.0/16", subnet_prefix="10.8.0.0/24"), InvalidValue, "does not lie in '10.9.0.0/16'"),
    (Network(subnet_prefix="10.9.1.0/24", private_address="10.9.1.3"), InvalidValue, "is Azure's"),
    (Network(public_ip=NO_PUBLIC_IP, dns_label="web"), ConflictingArguments, "there is none")])
def test_what_can_t(network, kind, words):
    with pytest.raises(DockerVMError) as caught:
        rules.check_network(network)
    assert type(caught.value) is kind and words in caught.value.message and caught.value.recommendations


# What a host is to stand in


def host(**network):
    return HostSpec("g", "web1", location="westus", network=Network(**network))


def test_the_network_and_the_address_that_are_meant():
    assert (host().virtual_network.name, host().subnet_name, host().public_ip.name) == (
        "dockervm-westus-vnet", None, "web1PublicIP")
    assert (host(virtual_network=CORP, subnet="apps").virtual_network, host(
        virtual_network=CORP, subnet="apps").subnet_name) == (CORP, "apps")
    inside = host(subnet=rules.check_subnet(APPS))
    assert (inside.virtual_network.name, inside.virtual_network.group, inside.subnet_name) == ("corp", "net", "apps")
    assert inside.virtual_network.type == "Microsoft.Network/virtualNetworks"


def test_a_host_without_a_public_address_or_on_interfaces_names_none():
    assert host(public_ip=NO_PUBLIC_IP).public_ip is None
    assert host(interfaces=rules.check_interfaces(["a"])).public_ip is None
    assert host(public_ip=rules.check_public_ip("ip")).public_ip.name == "ip"
