"""The lists of all resources, of the subscription or of a group, with their filters."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers.common import envelope, invalid_filter
from localazure.store.resources import Resource

_KIND = "Microsoft.Resources/resources"
_TEXT = r"'((?:[^']|'')*)'"
_COMPARISON = re.compile(rf"\s*(\w+)\s+(eq|ne)\s+{_TEXT}\s*", re.I)
_CONTAINS = re.compile(rf"\s*substringof\(\s*{_TEXT}\s*,\s*(\w+)\s*\)\s*", re.I)
_BEGINS = re.compile(rf"\s*startswith\(\s*(\w+)\s*,\s*{_TEXT}\s*\)\s*", re.I)
_QUOTED_AND = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)", re.I)
_MEMBERS: dict[str, Callable[[Resource], str]] = {
    "resourcetype": lambda one: one.type,
    "name": lambda one: one.name,
    "location": lambda one: one.location,
    "resourcegroup": lambda one: one.id.group,
}
Test = Callable[[Resource], bool]


def routes() -> list[Route]:
    subscription = "/subscriptions/{subscription}"
    return [
        Route("GET", f"{subscription}/resources", list_resources, _KIND),
        Route("GET", f"{subscription}/resourceGroups/{{group}}/resources", list_resources, _KIND),
    ]


def list_resources(cloud: Cloud, request: Request) -> Reply:
    group = request.params.get("group")
    found = cloud.store.in_group(group) if group else cloud.store.all()
    tests = parse_filter(request.query.get("$filter", ""))
    expand = {one.strip().lower() for one in request.query.get("$expand", "").split(",")}
    items = []
    for resource in found:
        if resource.type.count("/") > 1 and not resource.location:
            continue
        if all(test(resource) for test in tests):
            items.append(_render(resource, expand))
    return listing(items)


def _render(resource: Resource, expand: set[str]) -> dict[str, Any]:
    body = envelope(resource, {})
    del body["properties"]
    if "provisioningstate" in expand:
        body["provisioningState"] = resource.state
    if "createdtime" in expand and resource.created:
        body["createdTime"] = resource.created
    if "changedtime" in expand and resource.changed:
        body["changedTime"] = resource.changed
    return body


def parse_filter(text: str) -> list[Test]:
    """The tests of a `$filter`, which a resource must pass all; raises ArmError for what the service does not know."""
    tests: list[Test] = []
    tag: dict[str, str] = {}
    for clause in _QUOTED_AND.split(text) if text.strip() else []:
        tests.append(_test(clause, text, tag))
    return tests


def _test(clause: str, text: str, tag: dict[str, str]) -> Test:
    if (match := _COMPARISON.fullmatch(clause)) is not None:
        name, comparison, value = match[1].lower(), match[2].lower(), _value(match[3])
        if name == "tagname" and comparison == "eq":
            tag["name"] = value
            return lambda one: value in _tags(one)
        if name == "tagvalue" and comparison == "eq":
            return lambda one: _tags(one).get(tag.get("name", "")) == value if "name" in tag else (
                value in _tags(one).values()
            )  # fmt: skip
        if name in _MEMBERS:
            member = _MEMBERS[name]
            return lambda one: (member(one).lower() == value) == (comparison == "eq")
    elif (match := _CONTAINS.fullmatch(clause)) is not None and match[2].lower() in _MEMBERS:
        value, member = _value(match[1]), _MEMBERS[match[2].lower()]
        return lambda one: value in member(one).lower()
    elif (match := _BEGINS.fullmatch(clause)) is not None:
        value = _value(match[2])
        if match[1].lower() == "tagname":
            return lambda one: any(name.startswith(value) for name in _tags(one))
        if match[1].lower() in _MEMBERS:
            member = _MEMBERS[match[1].lower()]
            return lambda one: member(one).lower().startswith(value)
    raise invalid_filter(text)


def _value(quoted: str) -> str:
    return quoted.replace("''", "'").lower()


def _tags(resource: Resource) -> dict[str, str]:
    return {name.lower(): text.lower() for name, text in (resource.tags or {}).items()}
