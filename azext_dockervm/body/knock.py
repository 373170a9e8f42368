"""Whether the rules of a security group let somebody in at a port: evaluated as Azure does, by priority."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from azext_dockervm.body import security_rule
from azext_dockervm.body.resource import Resource

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Sources that are no way in from outside; Azure's own default rules allow these two.
INSIDE = frozenset({"virtualnetwork", "azureloadbalancer"})
# Sources that leave nobody out; a host's public address is IPv4.
EVERYBODY = frozenset({"*", "0.0.0.0/0", "internet", "any"})
_OUTSIDE = frozenset({"internet"})
# Destinations that leave out no host of the network.
_EVERY_HOST = frozenset({"*", "0.0.0.0/0", "any", "virtualnetwork"})


@dataclass(frozen=True)
class Knock:
    """Who knocks, and at whose door: ``sources`` as a security rule names them, of which one that is let in suffices.

    ``inside``: the host has no public address, so whoever reaches it is in its network. ``at`` is its private address,
    or where it will be; None where nobody knows. ``groups`` are the ids of its application security groups.
    """

    sources: tuple[str, ...] = ("*",)
    inside: bool = False
    at: Network | None = None
    groups: frozenset[str] = frozenset()

    def verdict(self, rules: Iterable[Resource], port: int, protocol: str = "tcp") -> tuple[bool, Resource | None]:
        """Whether somebody of them gets in, and the rule that decides; None where nothing but silence does."""
        for rule in ordered(rules):
            properties = rule["properties"]
            if not security_rule.covers(properties, port, protocol) or not self._is_meant(properties):
                continue
            if self._lets_one_in(properties) if security_rule.allows(properties) else self._keeps_all_out(properties):
                return security_rule.allows(properties), rule
        return False, None

    def lets_in_others(self, rules: Iterable[Resource], port: int) -> Resource | None:
        """The first rule that lets in more than ``sources``, before one keeps everybody out."""
        for rule in ordered(rules):
            properties = rule["properties"]
            if not security_rule.covers(properties, port) or not self._is_meant(properties):
                continue
            sources = _lower(security_rule.sources(properties))
            if not security_rule.allows(properties):
                if sources & EVERYBODY:
                    return None
            elif sources - (frozenset() if self.inside else INSIDE) and not _all_within(sources, _lower(self.sources)):
                return rule
        return None

    def admitted(self, rules: Iterable[Resource], port: int) -> tuple[str, ...]:
        """The sources that rules let in at ``port`` from outside, or from its network where the host is ``inside``;
        ``*`` where they leave nobody out, () where they shut it."""
        found: list[str] = []
        for rule in ordered(rules):
            properties = rule["properties"]
            if not security_rule.covers(properties, port) or not self._is_meant(properties):
                continue
            sources = security_rule.sources(properties)
            if not security_rule.allows(properties):
                if _lower(sources) & EVERYBODY or (self.inside and "virtualnetwork" in _lower(sources)):
                    break
                continue
            if _lower(sources) & EVERYBODY:
                return ("*",)
            found += [one for one in sources if self.inside or one.lower() not in INSIDE]
        return tuple(dict.fromkeys(found))

    def _is_meant(self, rule: Resource) -> bool:
        """Whether the rule is about what is sent to this host, from any port."""
        if not security_rule.any_source_port(rule) or (self.inside and _lower(security_rule.sources(rule)) == _OUTSIDE):
            return False
        if self.groups & security_rule.destination_groups(rule):
            return True
        places = _lower(security_rule.destinations(rule))
        if places & _EVERY_HOST or not (places or security_rule.destination_groups(rule)):
            return True
        return self.at is not None and any(_contains(place, self.at) for place in places)

    def _lets_one_in(self, rule: Resource) -> bool:
        sources, wanted = _lower(security_rule.sources(rule)), _lower(self.sources)
        if sources & wanted:
            return True
        if sources & EVERYBODY:
            return True
        if self.inside and (not sources or sources & INSIDE):       # a rule with application security groups has none
            return True
        if wanted & EVERYBODY:
            return bool(sources - INSIDE)
        # Whom a service tag means, only Azure knows.
        return any(_overlap(one, other) for one in sources - INSIDE for other in wanted)

    def _keeps_all_out(self, rule: Resource) -> bool:
        sources = _lower(security_rule.sources(rule))
        if sources & EVERYBODY or (self.inside and "virtualnetwork" in sources):
            return True
        return _all_within(_lower(self.sources), sources)


ANYBODY = Knock()       # from outside


def ordered(rules: Iterable[Resource]) -> list[Resource]:
    """Those for what comes in, as Azure looks at them."""
    return sorted((rule for rule in rules if security_rule.is_inbound(rule["properties"])),
                  key=lambda rule: int(rule["properties"]["priority"]))


def _lower(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.lower() for word in words)


def _network(word: str) -> Network | None:
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        return None


def _contains(word: str, inner: Network) -> bool:
    outer = _network(word)
    # mypy does not know that networks of one version are of one type.
    return outer is not None and outer.version == inner.version and inner.subnet_of(outer)    # type: ignore[arg-type]


def _overlap(one: str, other: str) -> bool:
    first, second = _network(one), _network(other)
    if first is None or second is None:
        return True
    return first.version == second.version and first.overlaps(second)


def _all_within(inner: frozenset[str], outer: frozenset[str]) -> bool:
    if outer & EVERYBODY:
        return True
    return all(word in outer or ((network := _network(word)) is not None
                                 and any(_contains(one, network) for one in outer)) for word in inner)
