"""The network security group of a host: what it lets in, what of it is missing, and its rules as they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from azext_dockervm.azure import names
from azext_dockervm.body import security_rule
from azext_dockervm.body.knock import Knock
from azext_dockervm.body.resource import Resource, whole
from azext_dockervm.spec.host import HostSpec

FIRST_PRIORITY = {names.SSH_RULE: 1000, names.DOCKER_RULE: 1010, names.PORTS_RULE: 1020}
LAST_PRIORITY = 4096    # Azure's; its first is 100
# Options that say for whom a rule of ours is, by the rule's name: where one is typed, no rule of somebody else's does.
_SAYING_WHO = {names.DOCKER_RULE: {"sources"}, names.SSH_RULE: {"sources"},
               names.PORTS_RULE: {"sources", "open_ports_sources"}}


def body(spec: HostSpec, run_id: str) -> Resource:
    """Open are the Docker port, which asks for a certificate, and what the user asked for: SSH, ports of containers.

    The ports that Docker publishes need no rule in the host's own firewall, not even Azure Linux's, which drops what no
    rule lets in: Docker rewrites where packets to them go, so that they are forwarded, by rules that Docker makes, and
    never pass INPUT. What a container opens with ``--network host`` does, and is the user's to open there.
    """
    rules = [_rule(name, FIRST_PRIORITY[name], ports, _sources(spec, name, None, None))
             for name, ports in wanted_ports(spec).items()]
    return {"location": spec.location, "tags": spec.part_tags(run_id), "properties": {"securityRules": rules}}


def opened(spec: HostSpec, existing: Resource, old_port: int | None = None, only: bool = False) -> Resource | None:
    """The body that makes an existing group let in what is asked for; None where it does. Nobody's rules are taken
    away, and a rule of ours that somebody narrowed, or replaced by one of another name, stays narrow, unless --sources
    says otherwise. Only of --open-ports the asked ones are all that stay.

    ``old_port`` is the Docker port that the host has so far: it stays open until the new one is proven. ``only``: our
    rules shall open the asked ports and no others.
    """
    rules = existing["properties"].get("securityRules") or []
    ours = _by_name(existing)
    docker, wanted = ours.get(names.DOCKER_RULE), wanted_ports(spec)
    if names.PORTS_RULE in ours and spec.given.keys() & {"sources", "open_ports_sources"}:
        wanted.setdefault(names.PORTS_RULE, tuple(security_rule.ports(ours[names.PORTS_RULE]["properties"])))
    kept = [rule for rule in rules if rule["name"].lower() not in wanted]
    taken = {rule["properties"].get("priority") for rule in rules}
    written = []
    for name, ports in wanted.items():
        if name == names.DOCKER_RULE and old_port not in (None, spec.engine.port):
            ports = (*ports, str(old_port))
        rule, sources = ours.get(name), _sources(spec, name, ours.get(name), docker)
        if rule is not None:
            written.append(_changed_rule(rule, ports, sources, only or name == names.PORTS_RULE))
        elif spec.given.keys() & _SAYING_WHO[name] or not _are_let_in(kept, wanted[name]):
            priority = next(number for number in range(FIRST_PRIORITY[name], LAST_PRIORITY + 1) if number not in taken)
            taken.add(priority)
            written.append(_rule(name, priority, ports, sources))
    if written == [ours[name] for name in wanted if name in ours]:
        return None
    return whole(existing, securityRules=[*kept, *written])


@dataclass(frozen=True)
class Opening:
    """How a rule of ours changes. ``opens``, ``closes`` and ``ports``, all that it is for then, are ports and ranges as
    rules have them; ``sources``: whom it lets in from then on, None where these are the same as before."""

    opens: tuple[str, ...]
    closes: tuple[str, ...]
    ports: tuple[str, ...]
    sources: tuple[str, ...] | None


def opening(before: Resource | None, after: Resource) -> Opening | None:
    """How one rule changes; ``before`` is None for one that is not there yet. None for the same ports and sources."""
    old, new = (before or {}).get("properties") or {}, after["properties"]
    had, has = security_rule.ports(old) if old else [], security_rule.ports(new)
    sources = security_rule.sources(new)
    same_sources = bool(old) and sorted(security_rule.sources(old)) == sorted(sources)
    found = Opening(tuple(port for port in has if port not in had), tuple(port for port in had if port not in has),
                    tuple(has), None if same_sources else tuple(sources))
    return found if found.opens or found.closes or found.sources else None


def openings(before: Resource, after: Resource) -> list[Opening]:
    """Of each rule of ours that changes."""
    old, new = _by_name(before), _by_name(after)
    return [found for name in FIRST_PRIORITY if name in new and (found := opening(old.get(name), new[name]))]


def sources_of(spec: HostSpec, existing: Resource | None, name: str) -> tuple[str, ...]:
    """Whom a rule of ours will let in, in a group that ``opened`` or ``body`` is about."""
    ours = _by_name(existing)
    return _sources(spec, name, ours.get(name), ours.get(names.DOCKER_RULE))


def has_rule(group: Resource | None, name: str) -> bool:
    """``name`` in lower case."""
    return name in _by_name(group)


def every_rule(group: Resource | None) -> list[Resource]:
    """Azure's own default rules too; none where there is no group."""
    properties = (group or {}).get("properties") or {}
    return [*(properties.get("securityRules") or ()), *(properties.get("defaultSecurityRules") or ())]


def open_ssh_port(group: Resource | None, interface: str, knock: Knock) -> int | None:
    """The port at which the rules of a group that guards ``interface`` (an id) let ``knock`` in to SSH; None where they
    do not, or where the group does not guard it: then nobody knows."""
    if interface.lower() not in [one.lower() for one in users(group)]:
        return None
    rule = _by_name(group).get(names.SSH_RULE)
    ports = security_rule.ports(rule["properties"]) if rule else []
    port = int(ports[0]) if ports and ports[0].isdigit() else names.DEFAULT_SSH_PORT
    return port if knock.verdict(every_rule(group), port)[0] else None


def users(group: Resource | None) -> list[str]:
    """Ids of the network interfaces and subnets that stand behind it."""
    properties = (group or {}).get("properties") or {}
    return [one["id"] for name in ("networkInterfaces", "subnets") for one in properties.get(name) or ()]


def wanted_ports(spec: HostSpec) -> dict[str, tuple[str, ...]]:
    """What is asked for, by the names of our rules: ports and ranges as a rule has them."""
    network = spec.network
    ssh = {} if network.ssh_port is None else {names.SSH_RULE: (str(network.ssh_port),)}
    others = {names.PORTS_RULE: tuple(map(str, network.open_ports))} if network.open_ports else {}
    return {names.DOCKER_RULE: (str(spec.engine.port),), **ssh, **others}


def _by_name(group: Resource | None) -> dict[str, Resource]:
    rules = ((group or {}).get("properties") or {}).get("securityRules") or ()
    return {rule["name"].lower(): rule for rule in rules}


def _sources(spec: HostSpec, name: str, rule: Resource | None, docker: Resource | None) -> tuple[str, ...]:
    """What was typed; else what the rule has; else what Docker's has: who limits the host limits all of it.

    ``rule`` and ``docker`` are there already, or None. Containers' ports go with Docker's until they are set apart.
    """
    network = spec.network
    now = tuple(security_rule.sources(rule["properties"])) if rule else None
    at_docker = tuple(security_rule.sources(docker["properties"])) if docker else None
    if name == names.PORTS_RULE:
        if network.open_ports_sources is not None:
            return network.open_ports_sources
        if now is not None and sorted(now) != sorted(at_docker or ()):
            return now
    if "sources" in spec.given:
        return network.sources
    return now or at_docker or network.sources


def _rule(name: str, priority: int, ports: tuple[str, ...], sources: tuple[str, ...]) -> Resource:
    rule: dict[str, Any] = {"priority": priority, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
                            "sourcePortRange": "*", "destinationAddressPrefix": "*"}
    rule |= _one_or_many("sourceAddressPrefix", "sourceAddressPrefixes", sources)
    rule |= _one_or_many("destinationPortRange", "destinationPortRanges", ports)
    return {"name": name, "properties": rule}


def _one_or_many(one: str, many: str, values: tuple[str, ...]) -> dict[str, Any]:
    return {one: values[0]} if len(values) == 1 else {many: list(values)}


def _changed_rule(rule: Resource, ports: tuple[str, ...], sources: tuple[str, ...], exactly: bool) -> Resource:
    properties = rule["properties"]
    right = (sorted(security_rule.ports(properties)) == sorted(ports) if exactly
             else all(security_rule.covers(properties, int(port)) for port in ports))
    if right and sorted(security_rule.sources(properties)) == sorted(sources):
        return rule
    asked = _rule(rule["name"], properties["priority"], ports, sources)["properties"]
    replaced = ("sourceAddressPrefix", "sourceAddressPrefixes", "destinationPortRange", "destinationPortRanges")
    kept = {key: value for key, value in properties.items() if key not in replaced}
    return {**rule, "properties": {**kept, **{key: asked[key] for key in replaced if key in asked}}}


def _are_let_in(rules: list[Resource], ports: tuple[str, ...]) -> bool:
    """By allowing rules for somebody outside; it is nobody's business here for whom."""
    allowing = [rule["properties"] for rule in rules
                if security_rule.is_inbound(rule["properties"]) and security_rule.allows(rule["properties"])]
    return all(any(security_rule.covers(rule, port) for rule in allowing)
               for text in ports for port in security_rule.telling_ports(text, allowing))
