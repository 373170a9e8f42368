"""Network security groups and their rules."""

from __future__ import annotations

import ipaddress
import re
import uuid
from typing import Any

from localazure.arm import ids, shape
from localazure.arm.cloud import Cloud
from localazure.arm.errors import ArmError, network_error, parent_not_found
from localazure.arm.request import Reply, Request, listing
from localazure.arm.router import Route
from localazure.providers.common import envelope, existing, place
from localazure.providers.network import attach, network
from localazure.providers.network.firewall import DEFAULT_RULES
from localazure.store.resources import Resource

KIND = "Microsoft.Network/networkSecurityGroups"
RULE = f"{KIND}/securityRules"
_PACE = network.Pace(retry_after=10, duration=3)
_RULE_SHAPE: dict[str, Any] = {
    "name": str,
    "properties": {
        "description": str, "protocol": str, "priority": int, "access": str, "direction": str,
        "sourcePortRange": str, "destinationPortRange": str, "sourceAddressPrefix": str,
        "destinationAddressPrefix": str, "sourcePortRanges": [str], "destinationPortRanges": [str],
        "sourceAddressPrefixes": [str], "destinationAddressPrefixes": [str],
    },
}  # fmt: skip
_ENUMS = {
    "protocol": ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"),
    "access": ("Allow", "Deny"),
    "direction": ("Inbound", "Outbound"),
}
# Tags that machines enforce; Azure has many more, which no guest here could ever be reached from.
_TAGS = ("virtualnetwork", "internet", "azureloadbalancer")


def routes() -> list[Route]:
    one = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{KIND}/{{nsg}}"
    return [
        *network.standard_routes(KIND, "nsg", render, put, delete),
        Route("GET", f"{one}/securityRules", list_rules, RULE),
        Route("GET", f"{one}/securityRules/{{rule}}", get_rule, RULE),
        Route("PUT", f"{one}/securityRules/{{rule}}", put_rule, RULE),
        Route("DELETE", f"{one}/securityRules/{{rule}}", delete_rule, RULE),
        Route("GET", f"{one}/defaultSecurityRules", list_default_rules, KIND),
    ]


def render(cloud: Cloud, group: Resource) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "provisioningState": group.state,
        "resourceGuid": group.properties["resourceGuid"],
        "securityRules": [_render_rule(group, rule) for rule in group.properties["securityRules"]],
        "defaultSecurityRules": _default_rules(group),
    }
    interfaces = cloud.store.referrers(group.id, attach.NIC)
    if interfaces:
        properties["networkInterfaces"] = [{"id": str(nic.id)} for nic in interfaces]
    subnets = _subnets(cloud, group.id)
    if subnets:
        properties["subnets"] = [{"id": subnet} for subnet in subnets]
    return envelope(group, properties, etag=True)


def _subnets(cloud: Cloud, group: ids.ResourceId) -> list[str]:
    return [
        str(vnet.id.child("subnets", subnet["name"]))
        for vnet in cloud.store.referrers(group, attach.VNET)
        for subnet in vnet.properties["subnets"]
        if ids.key((subnet["properties"].get("networkSecurityGroup") or {}).get("id", "")) == ids.key(group)
    ]


def _render_rule(group: Resource, rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": rule["name"],
        "id": str(group.id.child("securityRules", rule["name"])),
        "etag": f'W/"{group.etag}"',
        "type": RULE,
        "properties": {"provisioningState": group.state, **rule["properties"]},
    }


def _default_rules(group: Resource) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "id": f"{group.id}/defaultSecurityRules/{name}",
            "etag": f'W/"{group.etag}"',
            "type": f"{KIND}/defaultSecurityRules",
            "properties": {
                "provisioningState": group.state, "description": name, "protocol": "*", "sourcePortRange": "*",
                "destinationPortRange": "*", "sourceAddressPrefix": source, "destinationAddressPrefix": destination,
                "access": access, "priority": priority, "direction": direction, "sourcePortRanges": [],
                "destinationPortRanges": [], "sourceAddressPrefixes": [], "destinationAddressPrefixes": [],
            },
        }
        for name, priority, direction, access, source, destination in DEFAULT_RULES
    ]  # fmt: skip


# checking rules


def _rule(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """A rule as it is kept; raises ArmError for what the service would not take."""
    network.check_name(name)
    properties = {key: value for key, value in given.items() if value is not None and key != "provisioningState"}
    for member, allowed in _ENUMS.items():
        value = properties.get(member)
        if value is None:
            message = f"Security rule {name} must specify {member[0].upper()}{member[1:]}."
            raise network_error(400, f"SecurityRuleMissing{member[0].upper()}{member[1:]}", message)
        spelled = next((one for one in allowed if one.lower() == value.lower()), None)
        if spelled is None:
            message = (
                f"Security rule has invalid {member[0].upper()}{member[1:]}. Value provided: {value}. Allowed "
                f"values are {', '.join(allowed)}."
            )
            raise network_error(400, f"SecurityRuleInvalid{member[0].upper()}{member[1:]}", message)
        properties[member] = spelled
    priority = properties.get("priority", 0)
    if not 100 <= priority <= 4096:
        message = f"Security rule has invalid Priority. Value provided: {priority} Allowed range 100-4096."
        raise network_error(400, "SecurityRuleInvalidPriority", message)
    for side in ("source", "destination"):
        _check_values(name, properties, f"{side}PortRange", f"{side}PortRanges", _check_port)
        _check_values(name, properties, f"{side}AddressPrefix", f"{side}AddressPrefixes", _check_prefix)
    return {"name": name, "properties": properties}


def _check_values(rule: str, properties: dict[str, Any], one: str, many: str, check: Any) -> None:
    single = [properties[one]] if properties.get(one) else []
    several = properties.setdefault(many, [])
    if bool(single) == bool(several):
        what = "both" if single else "neither"
        message = f"Security rule {rule} must have exactly one of {one} and {many}; it has {what}."
        raise network_error(400, "SecurityRuleParameterConflict", message)
    for value in single or several:
        check(value)


def _check_port(value: str) -> None:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", value)
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if value != "*" and not 0 <= low <= high <= 65535:
        message = (
            f"Security rule has invalid Port range. Value provided: {value}. Value should be an integer OR integer "
            "range with '-' delimiter. Valid range 0-65535."
        )
        raise network_error(400, "SecurityRuleInvalidPortRange", message)


def _check_prefix(value: str) -> None:
    if value.lower() in ("*", "any", *_TAGS):
        return
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        message = f"Security rule has invalid Address prefix. Value provided: {value}"
        raise network_error(400, "SecurityRuleInvalidAddressPrefix", message) from None


def _check_conflicts(rules: list[dict[str, Any]]) -> None:
    seen: dict[tuple[int, str], str] = {}
    names: set[str] = set()
    for rule in rules:
        place_ = (rule["properties"]["priority"], rule["properties"]["direction"])
        if place_ in seen:
            raise _conflict(rule["name"], seen[place_])
        if rule["name"].lower() in names:
            message = f"More than one security rule has the name {rule['name']}."
            raise network_error(400, "DuplicateResourceName", message)
        seen[place_] = rule["name"]
        names.add(rule["name"].lower())


def _conflict(rule: str, other: str) -> ArmError:
    message = f"Security rule {rule} conflicts with rule {other}. Rules cannot have the same Priority and Direction."
    return network_error(400, "SecurityRuleConflict", message)


# groups


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "nsg")
    network.check_name(identifier.name)
    shape.check(request.body, {"properties": {"securityRules": [_RULE_SHAPE]}})
    location, tags = place(cloud, request, identifier)
    given = (request.body.get("properties") or {}).get("securityRules") or []
    rules = [_rule(one.get("name") or "", one.get("properties") or {}) for one in given]
    _check_conflicts(rules)
    found = cloud.store.get(identifier)
    network.refuse_if_busy(cloud, identifier)
    guid = found.properties["resourceGuid"] if found else str(uuid.uuid4())
    group = Resource(identifier, location, tags, {"resourceGuid": guid, "securityRules": rules})
    return network.write(
        cloud, request, group, _PACE, render, lambda: attach.sync_nsg(cloud, identifier), is_new=found is None
    )


def delete(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "nsg")

    def check(group: Resource) -> None:
        users = [str(nic.id) for nic in cloud.store.referrers(group.id, attach.NIC)] + _subnets(cloud, group.id)
        if users:
            raise network_error(
                400,
                "InUseNetworkSecurityGroupCannotBeDeleted",
                f"Network security group {group.id} cannot be deleted because it is in use by the following resources: "
                f"{', '.join(users)}. In order to delete the Network security group, remove the association with the "
                "resource(s). To learn how to do this, see aka.ms/deletensg.",
            )

    async def effect() -> None:
        cloud.store.delete(identifier)

    return network.remove(cloud, request, identifier, check, effect)


# rules


def _find_rule(group: Resource, name: str) -> dict[str, Any] | None:
    return next((one for one in group.properties["securityRules"] if one["name"].lower() == name.lower()), None)


def list_rules(cloud: Cloud, request: Request) -> Reply:
    group = existing(cloud, request.resource_id(KIND, "nsg"))
    return listing([_render_rule(group, rule) for rule in group.properties["securityRules"]])


def list_default_rules(cloud: Cloud, request: Request) -> Reply:
    return listing(_default_rules(existing(cloud, request.resource_id(KIND, "nsg"))))


def get_rule(cloud: Cloud, request: Request) -> Reply:
    group = existing(cloud, request.resource_id(KIND, "nsg"))
    rule = _find_rule(group, request.params["rule"])
    if rule is None:
        message = f"Resource {request.resource_id(RULE, 'nsg', 'rule')} not found."
        raise network_error(404, "NotFound", message)
    return Reply(200, _render_rule(group, rule))


def put_rule(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(RULE, "nsg", "rule")
    group = cloud.store.get(request.resource_id(KIND, "nsg"))
    if group is None:
        raise parent_not_found(KIND, request.params["nsg"], RULE, identifier.name)
    shape.check(request.body, _RULE_SHAPE)
    before = _find_rule(group, identifier.name)
    name = before["name"] if before else identifier.name
    rule = _rule(name, request.body.get("properties") or {})
    rules = [rule if one is before else one for one in group.properties["securityRules"]]
    if before is None:
        rules.append(rule)
    _check_conflicts(rules)
    network.refuse_if_busy(cloud, group.id)
    group.properties = {**group.properties, "securityRules": rules}
    return network.write(
        cloud, request, group, _PACE, render, lambda: attach.sync_nsg(cloud, group.id), is_new=before is None,
        answer=lambda: _render_rule(group, rule), target=identifier,
    )  # fmt: skip


def delete_rule(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(RULE, "nsg", "rule")
    group = cloud.store.get(request.resource_id(KIND, "nsg"))
    if group is None or _find_rule(group, identifier.name) is None:
        return Reply(204)

    async def effect() -> None:
        left = [one for one in group.properties["securityRules"] if one["name"].lower() != identifier.name.lower()]
        group.properties = {**group.properties, "securityRules": left}
        cloud.store.put(group)
        await attach.sync_nsg(cloud, group.id)

    return network.remove_child(cloud, request, group, identifier, effect)
