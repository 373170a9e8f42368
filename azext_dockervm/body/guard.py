"""A security group that somebody else has made, before a host: what it shuts, and the rules of ours beside theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from azext_dockervm.azure import names
from azext_dockervm.body import security_group, security_rule
from azext_dockervm.body.knock import Knock, ordered
from azext_dockervm.body.resource import Resource
from azext_dockervm.flow.request import Ref
from azext_dockervm.spec.host import HostSpec

FIRST_OF_ALL = 100      # Azure's first priority


@dataclass(frozen=True)
class Gap:
    """What a group shuts of the ports that a rule of ours is for: ``rule`` is its name in a group of the host's own.
    ``by`` is somebody's rule that shuts them, at the priority ``before`` which ours has to come; None where no rule
    lets them in. ``priority`` is one at which a rule of ours would decide; None where all are taken."""

    rule: str
    ports: tuple[str, ...]
    sources: tuple[str, ...]
    by: str | None
    before: int
    priority: int | None


@dataclass(frozen=True)
class Change:
    """A rule to be written, by its name in the group; ``body`` as a PUT of it has it."""

    name: str
    body: Resource
    is_new: bool = True


@dataclass(frozen=True)
class Guard:
    """``group`` as ARM shows it; ``host_group`` is the id of the host's resource group: it is part of the names of our
    rules, since one security group may guard hosts of several."""

    group: Resource
    host_group: str

    def is_known(self) -> bool:
        """Whether it may be read."""
        return "properties" in self.group

    def name_of(self, spec: HostSpec, rule: str) -> str:
        return names.rule_of_others(rule, spec.name, self.host_group)

    def own(self, spec: HostSpec) -> dict[str, Resource]:
        """The rules that creates of this host have added, by the names that they have in a group of the host's own."""
        there = {rule["name"].lower(): rule for rule in self.rules}
        found = {rule: there.get(self.name_of(spec, rule).lower()) for rule in security_group.FIRST_PRIORITY}
        return {name: rule for name, rule in found.items() if rule is not None and is_of_host(rule, spec.name)}

    def gaps(self, spec: HostSpec, knock: Knock, wanted: Iterable[str]) -> list[Gap]:
        """Of the rules ``wanted``, by name, what this group shuts to those whom they are for."""
        ports, rules = security_group.wanted_ports(spec), security_group.every_rule(self.group)
        found, taken = [], {int(rule["properties"]["priority"]) for rule in self.rules}
        for name in (one for one in wanted if one in ports):
            who = replace(knock, sources=self.sources_of(spec, name))
            told = [text for text in ports[name] if self._is_shut(rules, who, text)]
            if not told:
                continue
            first = self._first_shutting(rules, who, ports[name])
            priority = _free(taken, security_group.FIRST_PRIORITY[name], _priority(first))
            taken |= {priority} if priority else set()
            found.append(Gap(name, tuple(told), who.sources, first["name"] if first else None, _priority(first),
                             priority))
        return found

    def sources_of(self, spec: HostSpec, rule: str) -> tuple[str, ...]:
        return security_group.sources_of(spec, self._view(spec), rule)

    def changes(self, spec: HostSpec, run_id: str, gaps: Iterable[Gap], at: str | Ref, old_port: int | None = None,
                only: bool = False) -> list[Change]:
        """The rules of ours that are to be written: new ones for ``gaps``, those that are there as they are asked for.
        ``at`` is the host's private address: the group may guard others too."""
        view, new = self._view(spec), {gap.rule: gap for gap in gaps if gap.priority is not None}
        before = {rule["name"]: rule for rule in view["properties"]["securityRules"]}
        opened = security_group.opened(spec, view, old_port, only) or view
        found = []
        for rule in opened["properties"]["securityRules"]:
            name = rule["name"]
            moved = {"priority": new[name].priority} if name in new and new[name].before <= _priority(
                before.get(name)) else {}
            if name in before and (moved or rule != before[name]):
                found.append(Change(self.name_of(spec, name), _written(rule, moved), is_new=False))
            elif name not in before and moved:
                found.append(Change(self.name_of(spec, name), _written(rule, {
                    **moved, "destinationAddressPrefix": at, "description": description(spec.name, run_id)})))
        return found

    def anew(self, change: Change, now: Resource) -> Change:
        """``change`` in the group as it is ``now``: somebody has taken the priority that was free, so at the next one
        that is looked at sooner."""
        taken = {int(rule["properties"]["priority"]) for rule in replace(self, group=now).rules}
        asked = change.body["properties"]
        priority = _free(taken, asked["priority"], asked["priority"]) or asked["priority"]
        return replace(change, body={"properties": {**asked, "priority": priority}})

    @property
    def rules(self) -> list[Resource]:
        return (self.group.get("properties") or {}).get("securityRules") or []

    def _view(self, spec: HostSpec) -> Resource:
        """Ours alone, by the names that they have in a group of the host's own."""
        return {"properties": {"securityRules": [{**rule, "name": name} for name, rule in self.own(spec).items()]}}

    @staticmethod
    def _is_shut(rules: list[Resource], who: Knock, text: str) -> bool:
        telling = security_rule.telling_ports(text, [rule["properties"] for rule in ordered(rules)])
        return not all(who.verdict(rules, port)[0] for port in telling)

    @staticmethod
    def _first_shutting(rules: list[Resource], who: Knock, ports: Iterable[str]) -> Resource | None:
        """Of somebody's rules that shut one of the ports the one that is looked at first."""
        inbound = [rule["properties"] for rule in ordered(rules)]
        found = [rule for text in ports for port in security_rule.telling_ports(text, inbound)
                 for is_open, rule in (who.verdict(rules, port),)
                 if not is_open and rule is not None and _priority(rule) <= security_group.LAST_PRIORITY]
        return min(found, key=_priority, default=None)


def description(host: str, run_id: str) -> str:
    """Says whose a rule is; Azure allows 140 characters."""
    return f"{names.TAG_HOST}={host} {names.TAG_RUN}={run_id}"


def is_of_host(rule: Resource | None, host: str) -> bool:
    return _said(rule).get(names.TAG_HOST, "").lower() == host.lower()


def run_of(rule: Resource | None) -> str | None:
    """Of the run that made it."""
    return _said(rule).get(names.TAG_RUN)


def _said(rule: Resource | None) -> dict[str, str]:
    words = str(((rule or {}).get("properties") or {}).get("description") or "").split()
    return {name: value for name, equals, value in (word.partition("=") for word in words) if equals}


def _written(rule: Resource, changes: dict[str, Any]) -> Resource:
    return {"properties": {**rule["properties"], **changes}}


def _priority(rule: Resource | None) -> int:
    return int(rule["properties"]["priority"]) if rule else security_group.LAST_PRIORITY + 1


def _free(taken: set[int], first: int, before: int | None) -> int | None:
    """A free priority from ``first`` on, or the last one that is looked at ``before``."""
    end = min(before or security_group.LAST_PRIORITY + 1, security_group.LAST_PRIORITY + 1)
    order = (*range(first, end), *range(min(first, end) - 1, FIRST_OF_ALL - 1, -1))
    return next((number for number in order if number not in taken), None)
