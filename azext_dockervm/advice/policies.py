"""What to do about a policy of the company that disallows a part of a host: by what the policy looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable

from azext_dockervm.advice import host_commands
from azext_dockervm.advice.command_line import az
from azext_dockervm.advice.subject import AskedHost
from azext_dockervm.errors import PolicyViolation

# tags[env], tags['env'] and tags.env
_TAG = re.compile(r"tags(?:\[['\"]?|\.)([^'\"\]]+)['\"]?\]?", re.IGNORECASE)
# Operators of a condition on what a value must not be, or must be; which of both Azure quotes depends on the rule.
_LISTS = frozenset({"equals", "in", "notequals", "notin"})
_MUST_BE = frozenset({"notin", "notequals"})


def of_violations(violations: Iterable[PolicyViolation], host: AskedHost) -> tuple[str, ...]:
    """What helps, one sentence a violation of a known kind, then where to look."""
    found = [sentence for one in violations for sentence in _of_one(one, host)]
    return (*dict.fromkeys(found), list_assignments(host))


def list_assignments(host: AskedHost) -> str:
    return "The policies that apply: " + az("policy", "assignment", "list", "-g", host.group,
                                            "--disable-scope-strict-match", "-o", "table",
                                            subscription=host.subscription)


def _of_one(violation: PolicyViolation, host: AskedHost) -> list[str]:
    if "multi-factor" in violation.definition.lower():      # Azure's own, of every tenant
        return [f"It wants a login with multi-factor authentication: {az('login')}"]
    tags = [tag for field, operator, targets in violation.fields
            if (tag := _wanted_tag(field, operator.lower(), targets)) is not None]
    if tags:
        return [_add_tags(host, tags)]
    fields = " ".join(field.lower() for field, _, _ in violation.fields)
    if "sourceaddressprefix" in fields:
        return [f"It forbids rules that let in everybody. Name who may reach the host (ADDRESSES): "
                f"{_create(host, 'sources', '--source-address-prefixes', 'ADDRESSES')}"]
    types = " ".join(target.lower() for field, _, targets in violation.fields if field.lower() == "type"
                     for target in targets)
    if "publicipaddress" in fields or "publicipaddress" in types:
        return [f"It forbids public IP addresses. A host does without one in a subnet that has a way out, such as a "
                f"NAT gateway (SUBNET-ID): {_without_address(host)}",
                f"Or who may, exempts the resource group from it: {_exempt(violation, host)}"]
    return [sentence for field, operator, targets in violation.fields
            for sentence in _of_value(field.lower(), operator.lower(), targets, host)]


def _wanted_tag(field: str, operator: str, targets: tuple[str, ...]) -> str | None:
    """A tag as an option takes it; VALUE stands for one that the user knows."""
    found = _TAG.fullmatch(field)
    if found is None:
        return None
    value = targets[0] if operator in _LISTS and targets else ""       # "" where it must not be empty
    return f"{found[1]}={value or 'VALUE'}"


def _add_tags(host: AskedHost, tags: list[str]) -> str:
    added = {tag.partition("=")[0].lower() for tag in tags}
    typed = host.given["tags"].words[1:] if "tags" in host.given else ()
    kept = [word for word in typed if word.partition("=")[0].lower() not in added]
    names = ", ".join(f"'{tag.partition('=')[0]}'" for tag in tags)
    return (f"It asks for the tag {names}; dockervm puts your tags on all that it makes: "
            f"{_create(host, 'tags', '--tags', *kept, *tags)}")


def _of_value(field: str, operator: str, targets: tuple[str, ...], host: AskedHost) -> list[str]:
    if operator not in _MUST_BE or not targets:
        return []
    allowed = ", ".join(targets[:10])
    if field == "location":
        return [f"It allows these regions: {allowed}. {_create(host, 'location', '-l', targets[0])}"]
    if field.endswith(("/sku.name", "/hardwareprofile.vmsize")):
        return [f"It allows these sizes: {allowed}. {_create(host, 'size', '--size', targets[0])}"]
    return []


def _create(host: AskedHost, option: str, *words: str) -> str:
    return host_commands.create_anew_with(host, option, *words)


def _without_address(host: AskedHost) -> str:
    """The label would be that of the address."""
    typed = {name: given.words for name, given in host.given.items() if name != "public_ip_address_dns_name"}
    place = () if {"subnet", "vnet_name"} & typed.keys() else ("--subnet", "SUBNET-ID")
    return host_commands.create_anew_of(host, {**typed, "public_ip_address": ("--public-ip-address", "", *place)})


def _exempt(violation: PolicyViolation, host: AskedHost) -> str:
    return az("policy", "exemption", "create", "-n", "dockervm", "-g", host.group, "--policy-assignment",
              violation.assignment_id or "ASSIGNMENT", "--exemption-category", "Waiver",
              subscription=host.subscription)
