"""What public recordings show of the real service, and how an answer of Local Azure is compared with it.

The folder `conformance` has a JSON file a provider: `everywhere` (headers that all its answers have, from recordings
that keep them), `values` (the values seen of members that take one of a few, named with their parent) and
`operations`. An operation has `answers` (how many recorded ones were looked at), their `suites`, `years`,
`api_versions`, `statuses` and `headers` (status → header → how often), and of the bodies

    always     member → "type [format] n": in each of the n objects that could have had it
    sometimes  member → "type [format] n/of"

`properties.subnets[].name` is the name of each element; the content of tags, settings, templates and their like is
not looked into. A list at the top is written as `[]`. Formats: guid, datetime, etag, id (of ARM), ipv4, prefix.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

from arm_support import Answer
from conformance_exceptions import excused

FOLDER = Path(__file__).parent / "conformance"
OPEN = {"template", "tags", "userAssignedIdentities", "settings", "parameters", "outputs", "customData"}
FORMATS = {
    "guid": re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE),
    "datetime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"),
    "etag": re.compile(r'(W/)?"[0-9a-f-]{36}"'),
    "id": re.compile(r"/subscriptions/.+"),
    "ipv4": re.compile(r"\d+(\.\d+){3}"),
    "prefix": re.compile(r"[\d.]+/\d+"),
}
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object", list: "array"}
ENOUGH = 10  # so many answers make a member that none of them has an invention of ours
RECENT = 2022  # older recordings can't tell that: the service shows some newer members in older api-versions too
BINDING = 2  # in so many objects a member must have been seen: one alone may be the accident of one request
# Of the service's front end at that time, not of the operation.
UNBOUND_HEADERS = {"content-type", "x-ms-deployment-engine-version"}


@cache
def _recorded(provider: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{provider}.json").read_text(encoding="utf-8"))
    return loaded


def operations(provider: str) -> dict[str, Any]:
    """The recorded operations of a provider (compute, network, resources), by name."""
    found: dict[str, Any] = _recorded(provider)["operations"]
    return found


def _known_members(provider: str, operation: dict[str, Any]) -> set[str]:
    """The members that any recorded answer about this resource has; an instance view's are the operation's own."""
    path = operation["path"].partition("?")[0]
    known = {*operation["always"], *operation["sometimes"]}
    for other in operations(provider).values():
        if other["path"].partition("?")[0] == path and "always" in other:
            known |= {name for name in {*other["always"], *other["sometimes"]} if ".instanceView" not in name}
    return known


def _walk(value: Any, path: str, objects: Counter[str], seen: dict[str, list[Any]]) -> None:
    if isinstance(value, dict):
        objects[path] += 1
        for name, member in value.items():
            below = f"{path}.{name}" if path else name
            seen[below].append(member)
            if name not in OPEN:
                _walk(member, below, objects, seen)
    elif isinstance(value, list):
        for element in value:
            if isinstance(element, (dict, list)):
                _walk(element, f"{path}[]", objects, seen)
            else:
                seen[f"{path}[]"].append(element)


def _type_fault(value: Any, told: str) -> str | None:
    words = told.split()
    types = words[0].split("|")
    actual = "null" if value is None else TYPES[type(value)]
    if actual not in types and not (actual == "integer" and "number" in types):
        return f"is {actual}, not {words[0]}"
    if isinstance(value, str) and len(words) > 1 and words[1] in FORMATS and not FORMATS[words[1]].fullmatch(value):
        return f"is no {words[1]}: {value[:60]!r}"
    return None


def _body_faults(provider: str, operation: dict[str, Any], body: Any) -> list[tuple[str, str]]:
    known_values = _recorded(provider)["values"]
    thorough = operation["answers"] >= ENOUGH and operation["years"][-1] >= RECENT
    known_members = _known_members(provider, operation)
    always, sometimes = operation["always"], operation["sometimes"]
    objects: Counter[str] = Counter()
    seen: dict[str, list[Any]] = defaultdict(list)
    _walk(body, "", objects, seen)
    faults = []
    for member, told in always.items():
        parent = member.rpartition(".")[0]
        if len(seen[member]) < objects[parent] and int(told.split()[-1]) >= BINDING:
            faults.append((member, f"lacks it, real: {told}"))
    seen.pop("", None)  # a list at the top
    for member, values in sorted(seen.items()):
        told = always.get(member) or sometimes.get(member)
        if told is None:
            if values and thorough and member not in known_members and not member.endswith("[]"):
                faults.append((member, f"the real service has no such member: {values[0]!r:.60}"))
            continue
        if not told.startswith("null "):  # where only nulls were recorded nothing tells the type
            faults += [(member, fault) for fault in {_type_fault(value, told) for value in values} if fault]
        known = known_values.get(".".join(member.split(".")[-2:]))
        if known is not None:
            strange = sorted({value for value in values if isinstance(value, str)} - set(known))
            if strange:
                faults.append((member, f"is {strange}, real: {known}"))
    return faults


def faults(provider: str, name: str, answer: Answer) -> list[str]:
    """In what an answer departs from all recorded ones, but for the exceptions; one line each."""
    operation = operations(provider)[name]
    found: list[tuple[str, str]] = []
    if str(answer.status) not in operation["statuses"]:
        found.append(("status", f"{answer.status}, real: {operation['statuses']}; {answer.body}"[:300]))
    else:
        of = operation["statuses"][str(answer.status)]
        sent = {header.lower() for header in answer.headers}
        recorded = operation["headers"][str(answer.status)]
        everywhere = _recorded(provider)["everywhere"]
        found += [
            (f"header {header}", f"lacks it, real: {times} of {everywhere['answers']}")
            for header, times in everywhere["headers"].items()
            if times > 0.99 * everywhere["answers"] and header not in sent
        ]
        found += [
            (f"header {header}", f"lacks it, real: {times} of {of}")
            for header, times in recorded.items()
            if times == of and header not in sent | UNBOUND_HEADERS
        ]
        found += [
            (f"header {header}", "the real service does not send it")
            for header in ("azure-asyncoperation", "location")
            if header in sent and header not in recorded and of >= ENOUGH
        ]
        if answer.body is not None and "always" not in operation:
            found.append(("body", f"is not empty: {answer.body}"[:200]))
        elif "always" in operation and (answer.body is not None or "empty" not in operation):
            body = {"": answer.body} if isinstance(answer.body, list) else answer.body or {}
            found += _body_faults(provider, operation, body)
    return [f"{where}: {fault}" for where, fault in found if not excused(provider, name, where)]
