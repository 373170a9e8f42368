"""The network security group of a host: what it lets in, what of it is missing, and its rules as they are read."""

from __future__ import annotations

from typing import Any

from azext_dockervm.azure import names
from azext_dockervm.body import security_rule
from azext_dockervm.body.resource import Resource, whole
from azext_dockervm.spec.host import HostSpec

FIRST_PRIORITY = {names.SSH_RULE: 1000, names.DOCKER_RULE: 1010}
LAST_PRIORITY = 4096    # Azure's; its first is 100


def body(spec: HostSpec, run_id: str) -> Resource:
    """Open are the Docker port, which asks for a certificate, and SSH where the user asked for it; nothing else."""
    rules = [_rule(name, FIRST_PRIORITY[name], (port,), spec.network.sources)
             for name, port in _wanted_ports(spec).items()]
    return {"location": spec.location, "tags": spec.part_tags(run_id), "properties": {"securityRules": rules}}


def opened(spec: HostSpec, existing: Resource, old_port: int | None = None, only: bool = False) -> Resource | None:
    """The body that makes an existing group let in what is asked for; None where it does. Nobody's rules are taken
    away, and a rule of ours that somebody narrowed, or replaced by one of another name, stays narrow, unless --sources
    says otherwise.

    ``old_port`` is the Docker port that the host has so far: it stays open until the new one is proven. ``only``: our
    rules shall open the asked ports and no others.
    """
    rules = existing["properties"].get("securityRules") or []
    ours = {rule["name"].lower(): rule for rule in rules}
    kept = [rule for rule in rules if rule["name"].lower() not in _wanted_ports(spec)]
    taken = {rule["properties"].get("priority") for rule in rules}
    written = []
    for name, port in _wanted_ports(spec).items():
        ports = tuple(dict.fromkeys((port, old_port or port))) if name == names.DOCKER_RULE else (port,)
        rule = ours.get(name)
        if rule is None:
            if "sources" not in spec.given and _is_let_in(kept, port):
                continue
            priority = next(number for number in range(FIRST_PRIORITY[name], LAST_PRIORITY + 1) if number not in taken)
            taken.add(priority)
            written.append(_rule(name, priority, ports, spec.network.sources))
        else:
            written.append(_changed_rule(spec, rule, ports, only))
    if written == [ours[name] for name in _wanted_ports(spec) if name in ours]:
        return None
    return whole(existing, securityRules=[*kept, *written])


def every_rule(group: Resource | None) -> list[Resource]:
    """Azure's own default rules too; none where there is no group."""
    properties = (group or {}).get("properties") or {}
    return [*(properties.get("securityRules") or ()), *(properties.get("defaultSecurityRules") or ())]


def users(group: Resource | None) -> list[str]:
    """Ids of the network interfaces and subnets that stand behind it."""
    properties = (group or {}).get("properties") or {}
    return [one["id"] for name in ("networkInterfaces", "subnets") for one in properties.get(name) or ()]


def _wanted_ports(spec: HostSpec) -> dict[str, int]:
    ssh = {} if spec.network.ssh_port is None else {names.SSH_RULE: spec.network.ssh_port}
    return {names.DOCKER_RULE: spec.engine.port, **ssh}


def _rule(name: str, priority: int, ports: tuple[int, ...], sources: tuple[str, ...]) -> Resource:
    rule: dict[str, Any] = {"priority": priority, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
                            "sourcePortRange": "*", "destinationAddressPrefix": "*"}
    rule |= _one_or_many("sourceAddressPrefix", "sourceAddressPrefixes", sources)
    rule |= _one_or_many("destinationPortRange", "destinationPortRanges", tuple(map(str, ports)))
    return {"name": name, "properties": rule}


def _one_or_many(one: str, many: str, values: tuple[str, ...]) -> dict[str, Any]:
    return {one: values[0]} if len(values) == 1 else {many: list(values)}


def _changed_rule(spec: HostSpec, rule: Resource, ports: tuple[int, ...], only: bool) -> Resource:
    properties = rule["properties"]
    right = (sorted(security_rule.ports(properties)) == sorted(map(str, ports)) if only
             else all(security_rule.covers(properties, port) for port in ports))
    sources = tuple(security_rule.sources(properties))
    wanted_sources = spec.network.sources if "sources" in spec.given else sources
    if right and sorted(sources) == sorted(wanted_sources):
        return rule
    asked = _rule(rule["name"], properties["priority"], ports, wanted_sources)["properties"]
    replaced = ("sourceAddressPrefix", "sourceAddressPrefixes", "destinationPortRange", "destinationPortRanges")
    kept = {key: value for key, value in properties.items() if key not in replaced}
    return {**rule, "properties": {**kept, **{key: asked[key] for key in replaced if key in asked}}}


def _is_let_in(rules: list[Resource], port: int) -> bool:
    """By an allowing rule for somebody outside; it is nobody's business here for whom."""
    every = (rule["properties"] for rule in rules)
    return any(security_rule.is_inbound(rule) and security_rule.allows(rule) and security_rule.covers(rule, port)
               for rule in every)
