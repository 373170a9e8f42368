"""Networks, addresses and interfaces as somebody else has made them, in a Local Azure with fake machines."""

from __future__ import annotations

from flow_cloud import REGION, Cloud

NETWORK = "Microsoft.Network"


def lay_network(cloud: Cloud) -> None:
    """Whoever stands in its subnet gets out by a NAT gateway."""
    for name in ("nat-ip", "nic-ip"):
        cloud.arm("PUT", f"{NETWORK}/publicIPAddresses", name, {
            "location": REGION, "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}})
        cloud.settled(f"{NETWORK}/publicIPAddresses", name)
    cloud.arm("PUT", f"{NETWORK}/natGateways", "nat", {"location": REGION, "sku": {"name": "Standard"}, "properties": {
        "publicIpAddresses": [{"id": cloud.path(f"{NETWORK}/publicIPAddresses", "nat-ip")}]}})
    cloud.settled(f"{NETWORK}/natGateways", "nat")
    cloud.arm("PUT", f"{NETWORK}/virtualNetworks", "corp", {"location": REGION, "properties": {
        "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}, "subnets": [{"name": "apps", "properties": {
            "addressPrefix": "10.1.0.0/24", "defaultOutboundAccess": False,
            "natGateway": {"id": cloud.path(f"{NETWORK}/natGateways", "nat")}}}]}})
    cloud.settled(f"{NETWORK}/virtualNetworks", "corp")


def lay_interface(cloud: Cloud) -> None:
    """Its security group lets Docker in."""
    lay_network(cloud)
    rule = {"priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
            "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "destinationPortRange": "4243"}
    cloud.arm("PUT", f"{NETWORK}/networkSecurityGroups", "guard", {"location": REGION, "properties": {
        "securityRules": [{"name": "docker", "properties": rule}]}})
    cloud.settled(f"{NETWORK}/networkSecurityGroups", "guard")
    cloud.arm("PUT", f"{NETWORK}/networkInterfaces", "mynic", {"location": REGION, "properties": {
        "networkSecurityGroup": {"id": cloud.path(f"{NETWORK}/networkSecurityGroups", "guard")},
        "ipConfigurations": [{"name": "ipconfig1", "properties": {
            "subnet": {"id": cloud.path(f"{NETWORK}/virtualNetworks", "corp/subnets/apps")},
            "publicIPAddress": {"id": cloud.path(f"{NETWORK}/publicIPAddresses", "nic-ip")}}}]}})
    cloud.settled(f"{NETWORK}/networkInterfaces", "mynic")
