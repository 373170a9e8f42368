"""Networks, addresses and interfaces as somebody else has made them, in a ``FakeCloud``."""

from __future__ import annotations

from typing import Any

from fake_azure import GROUP, SUBSCRIPTION, FakeCloud

from azext_dockervm.azure import kinds

OTHER_SUBSCRIPTION = "99999999-9999-9999-9999-999999999999"


def resource_id(kind: str, *names: str, group: str = GROUP, subscription: str = SUBSCRIPTION) -> str:
    """``resource_id("virtualNetworks/subnets", "corp", "apps")``."""
    path = "/".join(word for pair in zip(kind.split("/"), names, strict=True) for word in pair)
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/{path}"


def network(cloud: FakeCloud, name: str = "corp", prefix: str = "10.1.0.0/16", *, group: str = GROUP,
            location: str = "westus", tags: dict[str, str] | None = None, **subnets: dict[str, Any]) -> dict:
    """Its subnets by name, each with its properties; ``apps`` in 10.1.0.0/24, from which one gets out, where none is
    given."""
    inside = subnets or {"apps": {"addressPrefix": "10.1.0.0/24"}}
    cloud.groups.setdefault(group, location)
    return cloud.put(kinds.VIRTUAL_NETWORK, name, group=group, body={
        "location": location, "tags": tags or {}, "properties": {
            "addressSpace": {"addressPrefixes": [prefix]},
            "subnets": [{"name": one, "properties": properties} for one, properties in inside.items()]}})


def address(cloud: FakeCloud, name: str = "web-ip", *, group: str = GROUP, location: str = "westus",
            label: str | None = None, sku: str = "Standard", **properties: Any) -> dict:
    cloud.groups.setdefault(group, location)
    cloud.put(kinds.PUBLIC_IP, name, group=group, body={
        "location": location, "sku": {"name": sku}, "properties": {
            "publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4",
            **({"dnsSettings": {"domainNameLabel": label}} if label else {}), **properties}})
    return cloud.find(kinds.PUBLIC_IP, name, group=group) or {}


def interface(cloud: FakeCloud, name: str = "nic1", *, group: str = GROUP, location: str = "westus",
              network_name: str = "corp", subnet: str = "apps", public_ip: dict | None = None,
              private: str = "10.1.0.4", guarded: bool = True, **properties: Any) -> dict:
    """In a network that is there; ``guarded`` by a security group that lets Docker in."""
    cloud.groups.setdefault(group, location)
    if guarded:
        rule = {"priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
                "destinationAddressPrefix": "*", "sourceAddressPrefix": "*", "destinationPortRange": "4243"}
        guard = cloud.put(kinds.SECURITY_GROUP, f"{name}-guard", group=group, body={
            "location": location, "properties": {"securityRules": [{"name": "docker", "properties": rule}]}})
        properties["networkSecurityGroup"] = {"id": guard["id"]}
    inner: dict[str, Any] = {
        "primary": True, "privateIPAddress": private,
        "subnet": {"id": f"{resource_id('virtualNetworks', network_name, group=group)}/subnets/{subnet}"}}
    if public_ip is not None:
        inner["publicIPAddress"] = {"id": public_ip["id"]}
    return cloud.put(kinds.NETWORK_INTERFACE, name, group=group, body={
        "location": location, "properties": {**properties, "ipConfigurations": [
            {"name": "ipconfig1", "properties": inner}]}})


def rule(name: str, priority: int, ports: str = "*", access: str = "Allow", source: str = "*", **more: Any) -> dict:
    return {"name": name, "properties": {
        "priority": priority, "direction": "Inbound", "access": access, "protocol": "*", "sourcePortRange": "*",
        "sourceAddressPrefix": source, "destinationAddressPrefix": "*", "destinationPortRange": ports, **more}}


def security_group(cloud: FakeCloud, name: str = "corp-nsg", *rules: dict, group: str = GROUP,
                   location: str = "westus", **more: Any) -> dict:
    """With Azure's own rules for what comes in at its end."""
    cloud.groups.setdefault(group, location)
    defaults = [rule("AllowVnetInBound", 65000, source="VirtualNetwork"), rule("DenyAllInBound", 65500, access="Deny")]
    return cloud.put(kinds.SECURITY_GROUP, name, group=group, body={"location": location, **more, "properties": {
        "securityRules": list(rules), "defaultSecurityRules": defaults}})


def application_group(cloud: FakeCloud, name: str = "web", *, group: str = GROUP, location: str = "westus") -> dict:
    cloud.groups.setdefault(group, location)
    return cloud.put(kinds.APPLICATION_GROUP, name, group=group, body={"location": location, "properties": {}})
