"""Networks, addresses, interfaces and security groups as somebody else has made them, in a Local Azure with fake
machines."""

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


def lay_group(cloud: Cloud, name: str, access: str, priority: int = 200) -> str:
    """A security group with one rule, for everybody and every port; its id."""
    rule = {"priority": priority, "direction": "Inbound", "access": access, "protocol": "*", "sourcePortRange": "*",
            "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*"}
    cloud.arm("PUT", f"{NETWORK}/networkSecurityGroups", name, {"location": REGION, "properties": {
        "securityRules": [{"name": "no" if access == "Deny" else "all", "properties": rule}]}})
    cloud.settled(f"{NETWORK}/networkSecurityGroups", name)
    return cloud.path(f"{NETWORK}/networkSecurityGroups", name)


def guard_subnet(cloud: Cloud) -> None:
    """Of ``lay_network``: by a group that lets everybody in."""
    network = cloud.get(f"{NETWORK}/virtualNetworks", "corp")
    group = lay_group(cloud, "open", "Allow")
    network["properties"]["subnets"][0]["properties"]["networkSecurityGroup"] = {"id": group}
    cloud.arm("PUT", f"{NETWORK}/virtualNetworks", "corp", network)
    cloud.settled(f"{NETWORK}/virtualNetworks", "corp")
