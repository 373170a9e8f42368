"""Whether a host can be made behind the security groups of others, and what its user should know of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from azext_dockervm.advice import host_commands, network_commands, option_values
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.body import security_group, security_rule
from azext_dockervm.body.guard import Gap, Guard
from azext_dockervm.body.knock import Knock, ordered
from azext_dockervm.body.resource import Resource
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import Conflict, Obstacle
from azext_dockervm.preflight import guards
from azext_dockervm.preflight.found import Found
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.words import NO_SECURITY_GROUP

_FOR = {names.DOCKER_RULE: "Docker's port", names.SSH_RULE: "SSH's port", names.PORTS_RULE: "--open-ports"}


def check_named(spec: HostSpec, found: Found) -> None:
    if found.vm is not None:
        return
    for option, kind, named in (("--nsg", kinds.SECURITY_GROUP, [found.guard] if found.guard else []),
                                ("--asgs", kinds.APPLICATION_GROUP, found.application_groups)):
        for one in named:
            _check_place(spec, found, option, kind, one)
    _check_rest(spec, found)


def _check_place(spec: HostSpec, found: Found, option: str, kind: Kind, named: Resource) -> None:
    name = names.id_parts(named["id"])[1]
    if names.subscription_of(named["id"]).lower() != names.subscription_of((found.group or named)["id"]).lower():
        raise Conflict(f"{option}: the {kind.noun} '{named['id']}' is in another subscription than the host.",
                       option_values.OTHER_SECURITY_GROUP)
    if "location" in named and region_of(named) != spec.location:
        raise Conflict(f"{option}: the {kind.noun} '{name}' is in {region_of(named)}, and the host is to be in "
                       f"{spec.location}.", option_values.example("-l", region_of(named)))


def _check_rest(spec: HostSpec, found: Found) -> None:
    """An interface that an earlier create has left may stand behind another group than was asked for now."""
    nic, has = found.network_interface, guards.reference(found)
    if nic is None or found.interfaces or not has:
        return
    wanted = guards.group_id(spec, found) or (found.security_group or {}).get("id") or ""
    if has.lower() != wanted.lower() and spec.network.security_group is not None:
        raise Conflict(f"The network interface '{nic['name']}', which an earlier create has left, stands behind "
                       f"another network security group than was asked for now: '{names.id_parts(has)[1]}'.",
                       f"To delete what is left: {host_commands.delete(spec)}")


def check(spec: HostSpec, found: Found) -> None:
    """Raise ``Obstacle`` where a group of others shuts what is asked for, and no rule may be added."""
    _check_guarded(spec, found)
    spec = guards.as_it_is(spec, found)
    for guard in guards.guards(spec, found):
        if not guard.is_known():
            continue
        left = [gap for gap in guard.gaps(spec, guards.knock(spec, found), guards.asked(spec, found))
                if not guards.may_add(spec, guard, gap)]
        if left:
            raise Obstacle(f"{_words(spec, guard, found)} does not let in what is asked for: "
                           f"{'; '.join(map(_told, left))}. It was left as it is.",
                           tuple(_advice(spec, found, guard, left)))


def _check_guarded(spec: HostSpec, found: Found) -> None:
    """A public address of today is shut where no security group opens it."""
    if found.vm is not None or not _is_bare(spec, found) or guards.knock(spec, found).inside:
        return
    name = (found.subnet or {}).get("name") or spec.subnet_name or names.SUBNET
    give = network_commands.guard_subnet(spec, found.subnet["id"]) if found.subnet else ""
    raise Obstacle(f"--nsg: the subnet '{name}' has no network security group, and without one nobody reaches the "
                   "host's public IP address.",
                   (option_values.OWN_SECURITY_GROUP, *([f"To give it one: {give}"] if give else [])))


def _is_bare(spec: HostSpec, found: Found) -> bool:
    """Whether nothing would guard the host; of a subnet that may not be read nobody knows."""
    if spec.network.security_group != NO_SECURITY_GROUP or found.interfaces:
        return False
    unreadable = found.subnet is not None and "properties" not in found.subnet
    return not unreadable and not guards.guards(spec, found)


def _words(spec: HostSpec, guard: Guard, found: Found) -> str:
    name = names.id_parts(guard.group["id"])[1]
    if found.guard is not None and guards.is_at(found.guard, guard.group["id"]):
        return f"The network security group '{name}'"
    inside = (found.subnet or {}).get("name") or spec.subnet_name or names.SUBNET
    return f"The network security group '{name}' of the subnet '{inside}'"


def _told(gap: Gap) -> str:
    who = "" if gap.sources == ("*",) else f" for {', '.join(gap.sources)}"
    why = f"its rule '{gap.by}' shuts it" if gap.by else "no rule of it opens it"
    return f"{_FOR[gap.rule]}, {' '.join(gap.ports)}{who} ({why})"


def _advice(spec: HostSpec, found: Found, guard: Guard, gaps: list[Gap]) -> Iterator[str]:
    say_again = host_commands.create_anew_with if found.vm is None else host_commands.create_with
    if all(gap.priority is not None for gap in gaps):
        yield f"To let dockervm add rules for this host to it: {say_again(spec, 'open', '--open')}"
    ports = security_group.wanted_ports(spec)
    for gap in gaps:
        own = network_commands.create_rule(spec, guard.group["id"], gap.rule, gap.priority, ports[gap.rule],
                                           gap.sources)
        yield f"To open it yourself: {own}"


def remarks(spec: HostSpec, found: Found) -> Iterator[str]:
    """Where a host is less guarded than was typed, or nobody can tell."""
    if found.vm is None and _is_bare(spec, found):
        yield ("Neither the host's network interface nor its subnet has a network security group: all its ports are "
               "open to its network and those that are joined with it.")
    spec, who = guards.as_it_is(spec, found), guards.knock(spec, found)
    if spec.network.adds_rules and not guards.guards(spec, found):
        yield "--open: no network security group of others guards the host, so no rule was added to one."
    if who.inside and found.vm is None and guards.makes_group(spec, found) and spec.network.sources != ("*",):
        yield ("A host without a public IP address is reached from its virtual network, of which Azure's own rule "
               "AllowVnetInBound lets in everybody, whatever --sources says.")
    for guard in guards.guards(spec, found):
        if not guard.is_known():
            yield (f"{_words(spec, guard, found)} can't be read by this login, so nobody knows whether it lets in what "
                   "is asked for.")
            continue
        yield from _less_limited(spec, guard, who, guards.asked(spec, found), found)


def _less_limited(spec: HostSpec, guard: Guard, who: Knock, wanted: list[str], found: Found) -> Iterator[str]:
    rules, ports = security_group.every_rule(guard.group), security_group.wanted_ports(spec)
    inbound = [rule["properties"] for rule in ordered(rules)]
    for name in (one for one in wanted if one in ports):
        sources = guard.sources_of(spec, name)
        if sources == ("*",):
            continue
        for text in ports[name]:
            let_in = (replace(who, sources=sources).lets_in_others(rules, port)
                      for port in security_rule.telling_ports(text, inbound))
            rule = next((one for one in let_in if one is not None), None)
            if rule is not None:
                yield (f"{_words(spec, guard, found)} lets in others than {', '.join(sources)} at port {text}, by its "
                       f"rule '{rule['name']}'. It was left as it is.")
