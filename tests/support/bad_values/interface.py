"""Where in which network a host stands, and on which interfaces; what its certificate names."""

from __future__ import annotations

from networks import OTHER_SUBSCRIPTION, address, interface, network, resource_id

from bad_values.row import asked, bad, pair

SUBNET = resource_id("virtualNetworks/subnets", "corp", "apps")
APART = {"addressPrefix": "10.1.0.0/24", "defaultOutboundAccess": False}


def _used(cloud):
    network(cloud)
    interface(cloud, virtualMachine={"id": "/subscriptions/s/resourceGroups/g/providers/x/virtualMachines/web9"})


def _used_address(cloud):
    network(cloud)
    interface(cloud, public_ip=address(cloud))


def _unguarded(cloud):
    network(cloud)
    interface(cloud, public_ip=address(cloud), guarded=False)


VALUES = (
    bad("tls_san", "--tls-san docker_.example.com", "--tls-san", "neither a DNS name"),
    bad("tls_san", "--tls-san 10.0.0.300", "--tls-san", "is not an IP address"),
    bad("tls_san", ("--tls-san", *(f"{'a' * 50}{one}.example.com" for one in range(5))), "--tls-san", "takes 256"),

    bad("vnet_name", ("--vnet-name", ""), "--vnet-name", "empty"),
    bad("vnet_name", "--vnet-name .corp", "--vnet-name", "begin with a letter or digit"),
    bad("vnet_name", f"--vnet-name {SUBNET}", "--vnet-name", "the id of the right kind"),
    asked("vnet_name", f"--vnet-name {resource_id('virtualNetworks', 'none', group='h')}", "--vnet-name",
          "there is no virtual network", "az network vnet list"),
    asked("vnet_name", f"--vnet-name {resource_id('virtualNetworks', 'corp', subscription=OTHER_SUBSCRIPTION)}",
          "--vnet-name", "another subscription"),
    asked("vnet_name", "--vnet-name corp", "--vnet-name", "is in eastus", "-l eastus",
          there=lambda cloud: network(cloud, location="eastus")),
    asked("vnet_name", "--vnet-name corp", "--vnet-name", "which subnet is meant", "--subnet a",
          there=lambda cloud: network(cloud, a={"addressPrefix": "10.1.0.0/24"}, b={"addressPrefix": "10.1.1.0/24"})),

    bad("subnet", ("--subnet", ""), "--subnet", "empty"),
    bad("subnet", "--subnet apps", "--subnet", "in which network", "--vnet-name"),
    bad("subnet", "--vnet-name corp --subnet GatewaySubnet", "--subnet", "a service of its own"),
    bad("subnet", "--subnet /subscriptions/x", "--subnet", "subnets/NAME"),
    asked("subnet", f"--subnet {SUBNET}", "--subnet", "there is no virtual network"),
    asked("subnet", "--vnet-name corp --subnet web", "--subnet", "has no subnet 'web'",
          "--subnet-address-prefix 10.1.1.0/24", there=network),
    asked("subnet", "--vnet-name corp --subnet db", "--subnet", "delegated to Microsoft.Sql",
          there=lambda cloud: network(cloud, db={"addressPrefix": "10.1.0.0/24", "delegations": [
              {"name": "d", "properties": {"serviceName": "Microsoft.Sql"}}]})),

    bad("vnet_address_prefix", "--vnet-address-prefix 10.1.0.5/16", "--vnet-address-prefix",
        "the range is 10.1.0.0/16"),
    bad("vnet_address_prefix", "--vnet-address-prefix fd00::/64", "--vnet-address-prefix", "not an IPv4 range"),
    bad("vnet_address_prefix", "--vnet-address-prefix 10.1.0.0/30", "--vnet-address-prefix", "from /2 to /29"),
    bad("vnet_address_prefix", "--vnet-address-prefix 169.254.0.0/17", "--vnet-address-prefix", "169.254.0.0/16"),
    asked("vnet_address_prefix", "--vnet-name corp --vnet-address-prefix 10.2.0.0/16", "--vnet-address-prefix",
          "is there already, with 10.1.0.0/16", there=network),

    bad("subnet_address_prefix", "--subnet-address-prefix 10.0.0.0", "--subnet-address-prefix", "from /2 to /29"),
    bad("subnet_address_prefix", "--subnet-address-prefix here", "--subnet-address-prefix", "not an IPv4 range"),
    bad("subnet_address_prefix", "--vnet-address-prefix 10.1.0.0/16 --subnet-address-prefix 10.2.0.0/24",
        "--subnet-address-prefix", "does not lie in '10.1.0.0/16'"),
    asked("subnet_address_prefix", "--subnet-address-prefix 10.9.0.0/24", "--subnet-address-prefix",
          "10.0.0.0/16, which a new network has", "--vnet-address-prefix 10.9.0.0/16"),
    asked("subnet_address_prefix", "--vnet-name corp --subnet web --subnet-address-prefix 10.1.0.128/25",
          "--subnet-address-prefix", "overlaps 10.1.0.0/24 of the subnet 'apps'", "10.1.1.0/25", there=network),
    asked("subnet_address_prefix", "--vnet-name corp --subnet web --subnet-address-prefix 10.2.0.0/24",
          "--subnet-address-prefix", "does not lie in the virtual network 'corp'", "10.1.1.0/24", there=network),
    asked("subnet_address_prefix", "--vnet-name corp --subnet apps --subnet-address-prefix 10.1.1.0/24",
          "--subnet-address-prefix", "is there already, with 10.1.0.0/24", there=network),

    bad("private_ip_address", "--private-ip-address 10.0.0.300", "--private-ip-address", "not an IPv4 address"),
    bad("private_ip_address", "--private-ip-address 127.0.0.1", "--private-ip-address", "no host can have"),
    bad("private_ip_address", "--private-ip-address 10.0.1.3 --subnet-address-prefix 10.0.1.0/24",
        "--private-ip-address", "is Azure's"),
    bad("private_ip_address", "--private-ip-address 10.0.1.255 --subnet-address-prefix 10.0.1.0/24",
        "--private-ip-address", "is Azure's"),
    asked("private_ip_address", "--private-ip-address 10.9.0.9", "--private-ip-address", "does not lie in"),
    asked("private_ip_address", "--vnet-name corp --private-ip-address 10.1.0.4", "--private-ip-address", "is in use",
          there=lambda cloud: (network(cloud), interface(cloud))),

    bad("public_ip_address", "--public-ip-address my/ip", "--public-ip-address", "neither a name nor the id"),
    bad("public_ip_address", "--public-ip-address _ip", "--public-ip-address", "begin with a letter or digit"),
    asked("public_ip_address", f"--public-ip-address {resource_id('publicIPAddresses', 'none')}", "--public-ip-address",
          "there is no public IP address", "az network public-ip list"),
    asked("public_ip_address", "--public-ip-address web-ip", "--public-ip-address", "SKU Basic",
          there=lambda cloud: address(cloud, sku="Basic")),
    asked("public_ip_address", "--public-ip-address web-ip", "--public-ip-address", "dynamically",
          there=lambda cloud: address(cloud, publicIPAllocationMethod="Dynamic")),
    asked("public_ip_address", "--public-ip-address web-ip", "--public-ip-address", "'nat1' uses it",
          there=lambda cloud: address(cloud, natGateway={"id": "/s/natGateways/nat1"})),
    asked("public_ip_address", "--public-ip-address web-ip", "--public-ip-address", "is in eastus", "-l eastus",
          there=lambda cloud: address(cloud, location="eastus")),
    asked("public_ip_address", "--public-ip-address web-ip", "--public-ip-address", "'nic1' uses it",
          there=_used_address),
    asked("public_ip_address", ("--public-ip-address", ""), "no way out", "az network vnet create",
          "az network nat gateway create"),
    asked("public_ip_address", ("--vnet-name", "corp", "--public-ip-address", ""), "'apps' has no way out",
          "az network vnet subnet update", there=lambda cloud: network(cloud, apps=APART)),

    bad("accelerated_networking", "--accelerated-networking yes", "--accelerated-networking"),
    bad("accelerated_networking", ("--accelerated-networking", ""), "--accelerated-networking"),

    bad("nics", "--nics a/b", "--nics", "neither a name nor the id"),
    bad("nics", "--nics nic1 NIC1", "--nics", "'NIC1' is given twice"),
    asked("nics", "--nics nic1", "--nics", "there is no network interface 'nic1'", "az network nic list"),
    asked("nics", "--nics nic1", "--nics", "in use by the VM 'web9'", there=_used),
    asked("nics", "--nics nic1", "--nics", "is in eastus", "-l eastus",
          there=lambda cloud: (network(cloud), interface(cloud, location="eastus"))),
    asked("nics", "--nics nic1", "--nics", "network security group", "--network-security-group", there=_unguarded),
)

PAIRS = (
    pair("vnet_name", "subnet", f"--vnet-name corp --subnet {SUBNET}", "--subnet and --vnet-name exclude each other"),
    pair("subnet", "subnet_address_prefix", f"--subnet {SUBNET} --subnet-address-prefix 10.1.0.0/24",
         "--subnet-address-prefix and --subnet exclude each other"),
    pair("subnet", "vnet_address_prefix", f"--subnet {SUBNET} --vnet-address-prefix 10.1.0.0/16",
         "--vnet-address-prefix and --subnet exclude each other"),
    pair("public_ip_address", "public_ip_address_dns_name", ("--public-ip-address", "", "--dns-name", "web"),
         "--public-ip-address-dns-name", "there is none"),
    pair("public_ip_address", "idle_timeout", ("--public-ip-address", "", "--idle-timeout", "30"), "--idle-timeout",
         "there is none"),
    pair("public_ip_address", "idle_timeout", "--public-ip-address web-ip --idle-timeout 20", "--idle-timeout",
         "'web-ip' has 4 minutes", "az network public-ip update -g g -n web-ip --idle-timeout 20", asks=True,
         there=address),
    pair("public_ip_address", "public_ip_address_dns_name", "--public-ip-address web-ip --dns-name web",
         "--public-ip-address-dns-name", "has no DNS label", "az network public-ip update", asks=True, there=address),
    pair("public_ip_address", "public_ip_address_dns_name", "--public-ip-address web-ip --dns-name web",
         "--public-ip-address-dns-name", "has the DNS label 'other'", asks=True,
         there=lambda cloud: address(cloud, label="other")),
    *(pair("nics", name, f"--nics nic1 {words}", "--nics and --", "exclude each other") for name, words in {
        "vnet_name": "--vnet-name corp", "subnet": f"--subnet {SUBNET}",
        "vnet_address_prefix": "--vnet-address-prefix 10.1.0.0/16",
        "subnet_address_prefix": "--subnet-address-prefix 10.0.0.0/24",
        "private_ip_address": "--private-ip-address 10.0.0.9", "public_ip_address": "--public-ip-address web-ip",
        "public_ip_address_dns_name": "--dns-name web", "idle_timeout": "--idle-timeout 20",
        "accelerated_networking": "--accelerated-networking"}.items()),
)
