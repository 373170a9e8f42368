"""Fault rules: which requests they meet, and what happens to those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localazure.behavior import values
from localazure.behavior.paths import fits, fits_any, type_of
from localazure.behavior.values import BehaviorError

# What each effect takes besides the members of every rule, and what of it is required.
_EFFECTS: Mapping[str, tuple[Mapping[str, values.Reader], tuple[str, ...]]] = {
    "answer": (
        {"status": values.status, "code": values.text, "message": values.text, "body": values.obj,
         "retry_after": values.header_value, "headers": values.texts},
        ("status",),
    ),
    "html": ({"status": values.status, "when": values.one_of("before", "after")}, ()),
    "reset": ({"when": values.one_of("before", "after")}, ()),
    "close": ({"when": values.one_of("before", "after")}, ()),
    "silence": ({"seconds": values.number, "when": values.one_of("before", "after")}, ()),
    "truncate": ({"bytes": values.whole}, ()),
    "slow": ({"seconds": values.number}, ("seconds",)),
    "retry_after": ({"value": values.header_value}, ("value",)),
    "fail_operation": ({"code": values.text, "message": values.text, "after": values.number}, ("code",)),
    "endless_operation": ({}, ()),
}  # fmt: skip
_MATCH: Mapping[str, values.Reader] = {
    "name": values.text, "do": values.one_of(*_EFFECTS), "method": values.words, "path": values.words,
    "type": values.words, "api_version": values.words, "header": values.texts, "nth": values.count,
    "every": values.count, "times": values.count,
}  # fmt: skip
OPERATION_EFFECTS = ("fail_operation", "endless_operation")


@dataclass
class Rule:
    """One rule. `do` names the effect, `options` are its members; `met` counts the requests that fitted so far."""

    name: str
    do: str
    options: dict[str, Any]
    method: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    api_version: tuple[str, ...] = ()
    header: Mapping[str, str] = field(default_factory=dict)
    nth: int = 0
    every: int = 0
    times: int = 0
    met: int = field(default=0, compare=False)
    applied: int = field(default=0, compare=False)

    def applies(self, method: str, path: str, api_version: str, headers: Mapping[str, str]) -> bool:
        """Whether this request is one that the rule is for; counts it when it fits."""
        if not self._fits(method, path, api_version, headers):
            return False
        self.met += 1
        if self.nth and self.met != self.nth:
            return False
        if self.every and self.met % self.every:
            return False
        if self.times and self.applied >= self.times:
            return False
        self.applied += 1
        return True

    def _fits(self, method: str, path: str, api_version: str, headers: Mapping[str, str]) -> bool:
        if self.method and method not in self.method:
            return False
        if self.path and not fits_any(path, self.path):
            return False
        if self.type and not fits_any(type_of(method, path), self.type):
            return False
        if self.api_version and not fits_any(api_version, self.api_version):
            return False
        return all(fits(headers.get(name, ""), pattern) for name, pattern in self.header.items())


def read(value: Any, path: str) -> tuple[Rule, ...]:
    """The array `rules`; raises BehaviorError."""
    return tuple(_read_one(one, f"{path}[{at}]", at) for at, one in enumerate(values.array(value, path)))


def _read_one(value: Any, path: str, at: int) -> Rule:
    given = values.obj(value, path)
    if "do" not in given:
        raise BehaviorError(f"{path}.do: this member is required")
    do = _MATCH["do"](given["do"], f"{path}.do")
    own, required = _EFFECTS[do]
    found = values.members(given, path, {**_MATCH, **own}, required)
    if "nth" in found and "every" in found:
        raise BehaviorError(f"{path}.every: a rule has either nth or every")
    options = {name: found.pop(name) for name in own if name in found}
    found["method"] = tuple(word.upper() for word in found.get("method", ()))
    return Rule(**{**found, "name": found.get("name", f"rules[{at}]"), "options": options})
