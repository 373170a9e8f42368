"""What Azure Policy says of a request that it disallows: which policy, and what of the request it looked at.

Azure tells it beside the message, as `additionalInfo` of type PolicyViolation; the message itself is a line of JSON, or
the words that a company's own non-compliance messages have for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from azext_dockervm.errors import PolicyViolation
from azext_dockervm.printable import one_line

CODE = "RequestDisallowedByPolicy"
_REASONS = re.compile(r"disallowed by policy\. (Reasons: .+?)\.? See error details for policy", re.DOTALL)


def violations(failure: Any) -> tuple[PolicyViolation, ...]:
    """Of ARM's error, or of the errors in its details; () where it tells of none."""
    return tuple(dict.fromkeys(_read(info) for info in _infos(failure)))


def reasons(failure: Any) -> str:
    """The words of whoever assigned the policies, as a phrase that begins with "Reasons:"; "" where there are none."""
    found = _REASONS.search(str(failure.get("message"))) if isinstance(failure, dict) else None
    if found:
        return one_line(found[1])
    details = _list(failure.get("details")) if isinstance(failure, dict) else []
    return next((words for detail in details if (words := reasons(detail))), "")


def _infos(failure: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(failure, dict):
        return
    for one in _list(failure.get("additionalInfo")):
        if isinstance(one, dict) and one.get("type") == "PolicyViolation" and isinstance(one.get("info"), dict):
            yield one["info"]
    for detail in _list(failure.get("details")):
        yield from _infos(detail)


def _read(info: dict[str, Any]) -> PolicyViolation:
    details = info.get("evaluationDetails")
    evaluated = _list(details.get("evaluatedExpressions")) if isinstance(details, dict) else []
    return PolicyViolation(
        _text(info, "policyDefinitionDisplayName") or _text(info, "policyDefinitionName"),
        _text(info, "policyAssignmentDisplayName") or _text(info, "policyAssignmentName"),
        _text(info, "policyAssignmentId"),
        tuple((_text(one, "expression"), _text(one, "operator"), _texts(one.get("targetValue")))
              for one in evaluated if isinstance(one, dict)))


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return one_line(found) if isinstance(found, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    return tuple(one_line(str(one)) for one in found if isinstance(one, (str, int, bool)))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
