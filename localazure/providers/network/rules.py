"""Security rules: what a rule must be, how it is kept and shown, and the rules that every security group has."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.protocol.errors import ArmError, network_error
from localazure.providers import kinds
from localazure.providers.common import spelled
from localazure.providers.model import READ_ONLY, REFERENCE, obj
from localazure.providers.network import model, network, service_tags
from localazure.store.resources import Resource

_MEMBERS = {
    "description": str, "protocol": str, "priority": int, "access": str, "direction": str,
    "sourcePortRange": str, "destinationPortRange": str, "sourceAddressPrefix": str,
    "destinationAddressPrefix": str, "sourcePortRanges": [str], "destinationPortRanges": [str],
    "sourceAddressPrefixes": [str], "destinationAddressPrefixes": [str],
    "sourceApplicationSecurityGroups": [REFERENCE], "destinationApplicationSecurityGroups": [REFERENCE],
}  # fmt: skip
MODEL = model.part("SecurityRule", obj("SecurityRulePropertiesFormat", **_MEMBERS, provisioningState=READ_ONLY))
_ENUMS = {
    "protocol": ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"),
    "access": ("Allow", "Deny"),
    "direction": ("Inbound", "Outbound"),
}
LONGEST_DESCRIPTION = 140
# The service's limits for one rule and for one group.
MOST_ASGS = 10
MOST_RULES = 1000

# Azure's own rules, at the end of every group: (name, priority, direction, access, source, destination, description).
DEFAULT_RULES = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork",
     "Allow inbound traffic from all VMs in VNET"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*",
     "Allow inbound traffic from azure load balancer"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*", "Deny all inbound traffic"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork",
     "Allow outbound traffic from all VMs to all VMs in VNET"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet",
     "Allow outbound traffic from all VMs to Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*", "Deny all outbound traffic"),
)  # fmt: skip


def render(group: Resource, rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": rule["name"],
        "id": str(group.id.child("securityRules", rule["name"])),
        "etag": f'W/"{group.etag}"',
        "type": kinds.SECURITY_RULE,
        "properties": {"provisioningState": group.state, **rule["properties"]},
    }


def render_defaults(group: Resource) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "id": f"{group.id}/defaultSecurityRules/{name}",
            "etag": f'W/"{group.etag}"',
            "type": f"{kinds.NSG}/defaultSecurityRules",
            "properties": {
                "provisioningState": group.state, "description": text, "protocol": "*", "sourcePortRange": "*",
                "destinationPortRange": "*", "sourceAddressPrefix": source, "destinationAddressPrefix": destination,
                "access": access, "priority": priority, "direction": direction, "sourcePortRanges": [],
                "destinationPortRanges": [], "sourceAddressPrefixes": [], "destinationAddressPrefixes": [],
            },
        }
        for name, priority, direction, access, source, destination, text in DEFAULT_RULES
    ]  # fmt: skip


def checked(cloud: Cloud, group: ids.ResourceId, location: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    """A rule as it is kept; raises ArmError for what the service would not take."""
    network.check_name(name)
    identifier = group.child("securityRules", name)
    properties = {member: given[member] for member in _MEMBERS if given.get(member) is not None}
    for member, allowed in _ENUMS.items():
        properties[member] = _one_of(name, member, properties.get(member), allowed)
    _check_priority(properties.get("priority"))
    if len(properties.get("description", "")) > LONGEST_DESCRIPTION:
        message = f"Security rule {name} has a description of more than {LONGEST_DESCRIPTION} characters."
        raise network_error(400, "SecurityRuleInvalidDescription", message)
    for side in ("source", "destination"):
        _check_ports(identifier, properties, side)
        _check_addresses(cloud, identifier, location, properties, side)
    _check_one_network(cloud, identifier, properties)
    return {"name": name, "properties": properties}


def check_conflicts(rules: list[dict[str, Any]]) -> None:
    """Raise ArmError when two rules of a group share name, or priority and direction."""
    if len(rules) > MOST_RULES:
        message = f"The number of security rules exceeds the limit of {MOST_RULES} for a network security group."
        raise network_error(400, "SecurityRuleCountLimitReached", message)
    seen: dict[tuple[int, str], str] = {}
    names: set[str] = set()
    for rule in rules:
        place = (rule["properties"]["priority"], rule["properties"]["direction"])
        if rule["name"].lower() in names:
            message = f"More than one security rule has the name {rule['name']}."
            raise network_error(400, "DuplicateResourceName", message)
        if place in seen:
            message = (
                f"Security rule {rule['name']} conflicts with rule {seen[place]}. Rules cannot have the same Priority "
                "and Direction."
            )
            raise network_error(400, "SecurityRuleConflict", message)
        seen[place] = rule["name"]
        names.add(rule["name"].lower())


def _one_of(rule: str, member: str, value: str | None, allowed: tuple[str, ...]) -> str:
    title = f"{member[0].upper()}{member[1:]}"
    if value is None:
        raise network_error(400, f"SecurityRuleMissing{title}", f"Security rule {rule} must specify {title}.")
    known = spelled(value, allowed)
    if known is None:
        message = (
            f"Security rule has invalid {title}. Value provided: {value}. Allowed values are {', '.join(allowed)}."
        )
        raise network_error(400, f"SecurityRuleInvalid{title}", message)
    return known


def _check_priority(priority: int | None) -> None:
    if not 100 <= (priority or 0) <= 4096:
        message = f"Security rule has invalid Priority. Value provided: {priority or 0} Allowed range 100-4096."
        raise network_error(400, "SecurityRuleInvalidPriority", message)


def _check_ports(identifier: ids.ResourceId, properties: dict[str, Any], side: str) -> None:
    single, several = f"{side}PortRange", f"{side}PortRanges"
    _exactly_one(identifier, properties, (several, single))
    for value in properties.setdefault(several, []):
        if value == "*":
            title = f"{several[0].upper()}{several[1:]}"
            message = f"Security rule parameter {title} for rule with Id {identifier} cannot specify a '*'."
            raise network_error(400, "SecurityRuleParameterContainsInvalidPortRanges", message)
        _check_port(value)
    if properties.get(single):
        _check_port(properties[single])


def _check_port(value: str) -> None:
    match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", value)
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if value != "*" and not 0 <= low <= high <= 65535:
        message = (
            f"Security rule has invalid Port range. Value provided: {value}. Value should be an integer OR integer "
            "range with '-' delimiter. Valid range 0-65535."
        )
        raise network_error(400, "SecurityRuleInvalidPortRange", message)


def _check_addresses(
    cloud: Cloud, identifier: ids.ResourceId, location: str, properties: dict[str, Any], side: str
) -> None:
    single, several, groups = f"{side}AddressPrefix", f"{side}AddressPrefixes", f"{side}ApplicationSecurityGroups"
    _exactly_one(identifier, properties, (several, single, groups))
    for value in properties.setdefault(several, []):
        if _is_tag(value):
            title = f"{single[0].upper()}{single[1:]}"
            message = (
                f"Security rule parameter {title} for rule with Id {identifier} cannot specify existing "
                f"VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported value used: {value}."
            )
            raise network_error(400, "SecurityRuleParameterContainsUnsupportedValue", message)
        _check_prefix(value)
    if properties.get(single):
        _check_prefix(properties[single])
        properties[single] = service_tags.spelled(properties[single]) or properties[single]
    if groups not in properties:
        return
    if len(properties[groups]) > MOST_ASGS:
        title = f"{groups[0].upper()}{groups[1:]}"
        raise network_error(
            400,
            "NumberOfApplicationSecurityGroupsReferencedInSecurityRuleLimitReached",
            f"A security rule may have up to {MOST_ASGS} Application Security Group in the source or destination "
            f"fields. The requested configuration has {len(properties[groups])} in the {title} field.",
        )
    kept = []
    for at, given in enumerate(properties[groups]):
        path = f"properties.{groups}[{at}]"
        named = network.reference(given, path) or ""
        kept.append({"id": str(network.referred(cloud, named, path, kinds.ASG, location, str(identifier)).id)})
    properties[groups] = kept


def _is_tag(value: str) -> bool:
    return value.lower() in ("*", "any") or service_tags.spelled(value) is not None


def _check_prefix(value: str) -> None:
    if _is_tag(value):
        return
    try:
        ipaddress.ip_network(prefix_of(value))
    except ValueError:
        message = f"Security rule has invalid Address prefix. Value provided: {value}"
        raise network_error(400, "SecurityRuleInvalidAddressPrefix", message) from None


def prefix_of(value: str) -> str:
    """An address or prefix in four parts: .NET's reader also takes fewer, the last of which fills what is left.

    So 789 is 0.0.3.21, and 10.1 is 10.0.0.1.
    """
    address, slash, length = value.partition("/")
    parts = address.split(".")
    if len(parts) < 4 and all(re.fullmatch(r"\d{1,10}", one, re.ASCII) for one in parts):
        last, most = int(parts[-1]), 256 ** (5 - len(parts))
        if all(int(one) < 256 for one in parts[:-1]) and last < most:
            number = sum(int(one) << (24 - 8 * at) for at, one in enumerate(parts[:-1])) + last
            return f"{ipaddress.IPv4Address(number)}{slash}{length}"
    return value


def _exactly_one(identifier: ids.ResourceId, properties: dict[str, Any], members: tuple[str, ...]) -> None:
    given = [one for one in members if properties.get(one)]
    for one in members:
        if one not in given:
            properties.pop(one, None)
    if len(given) == 1:
        return
    titles = [f"{one[0].upper()}{one[1:]}" for one in members]
    if not given:
        message = (
            f"Required security rule parameters are missing for security rule with Id: {identifier}. Security rule "
            f"must specify {', '.join(titles[:-1])}, or {titles[-1]}."
        )
    else:
        message = f"Security rule {identifier} can specify only one of {', '.join(titles)}."
    raise network_error(400, "SecurityRuleParameterConflict", message)


def _check_one_network(cloud: Cloud, identifier: ids.ResourceId, properties: dict[str, Any]) -> None:
    """The members of all application security groups of a rule must be in one virtual network."""
    found: dict[str, None] = {}
    for member in ("sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups"):
        for one in properties.get(member, ()):
            found.update(dict.fromkeys(networks_of(cloud, one["id"])))
    if len(found) > 1:
        raise different_networks(identifier, list(found))


def different_networks(rule: ids.ResourceId, networks: list[str]) -> ArmError:
    return network_error(
        400,
        "AllApplicationSecurityGroupsInSecurityRuleMustBeFromSameVnet",
        f"Security Rule {rule} has Application Security Groups (ASGs) from multiple virtual networks "
        f"({', '.join(networks)}). All ASGs on the Security Rule must be from the same virtual network.",
    )


def members_of(cloud: Cloud, asg: str) -> list[tuple[Resource, dict[str, Any]]]:
    """Who belongs to an application security group: NICs, each with the properties of an IP configuration."""
    key = ids.key(asg)
    return [
        (nic, configuration["properties"])
        for nic in cloud.store.referrers(key, kinds.NIC)
        for configuration in nic.properties["ipConfigurations"]
        if any(ids.key(one["id"]) == key for one in configuration["properties"].get("applicationSecurityGroups", ()))
    ]


def networks_of(cloud: Cloud, asg: str) -> list[str]:
    """The virtual networks in which an application security group has members."""
    found = {}
    for _, properties in members_of(cloud, asg):
        parent = ids.parse(properties["subnet"]["id"]).parent
        vnet = cloud.store.get(parent) if parent else None
        if vnet is not None:
            found[str(vnet.id)] = None
    return list(found)


def addresses_of(cloud: Cloud, asg: str, vnet: Resource | None) -> list[str]:
    """The private addresses behind an application security group in a virtual network."""
    return [
        properties["privateIPAddress"]
        for _, properties in members_of(cloud, asg)
        if vnet is not None and ids.key(properties["subnet"]["id"]).startswith(f"{ids.key(vnet.id)}/")
    ]
