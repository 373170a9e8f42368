"""Config: behavior.json as checked values, and reading and writing the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localazure.behavior import conditions, rules, values
from localazure.behavior.budgets import SIZES, Size
from localazure.behavior.conditions import Conditions
from localazure.behavior.rules import Rule
from localazure.behavior.values import BehaviorError
from localazure.files import replace_private

NAME = "behavior.json"
_LARGEST_FILE = 1024 * 1024


@dataclass(frozen=True)
class Throttle:
    """Whether Resource Manager and Compute refuse when a bucket is empty (None: the default), and changed sizes."""

    arm: bool | None = None
    compute: bool | None = None
    sizes: Mapping[str, Size] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """All of behavior.json."""

    latencies: Mapping[str, float] = field(default_factory=dict)
    throttle: Throttle = field(default_factory=Throttle)
    rules: tuple[Rule, ...] = ()
    conditions: Conditions = field(default_factory=lambda: Conditions({}, False))

    def summary(self) -> str:
        """For people, like "2 rules, 1 condition"."""
        numbers = {
            "latency": len(self.latencies), "rule": len(self.rules), "condition": len(self.conditions),
            "changed budget": len(self.throttle.sizes),
        }  # fmt: skip
        plurals = {"latency": "latencies"}
        said = [f"{n} {word if n == 1 else plurals.get(word, word + 's')}" for word, n in numbers.items() if n]
        switches = {"ARM": self.throttle.arm, "Compute": self.throttle.compute}
        said += [f"{who} {'throttles' if on else 'never throttles'}" for who, on in switches.items() if on is not None]
        return ", ".join(said) or "nothing is set"


def read(value: Any) -> Config:
    """A parsed behavior.json; raises BehaviorError with the member's name."""
    readers: dict[str, values.Reader] = {
        "latencies": _latencies, "throttle": _throttle, "rules": rules.read, "conditions": conditions.read,
    }  # fmt: skip
    if not isinstance(value, dict):
        raise BehaviorError("the file: an object is expected")
    return Config(**values.members(value, "", readers))


def _latencies(value: Any, path: str) -> dict[str, float]:
    return {name: values.number(inner, f"{path}.{name}") for name, inner in values.obj(value, path).items()}


def _throttle(value: Any, path: str) -> Throttle:
    return Throttle(**values.members(value, path, {
        "arm": values.switch, "compute": values.switch, "sizes": _sizes,
    }))  # fmt: skip


def _sizes(value: Any, path: str) -> dict[str, Size]:
    members = {"bucket": values.count, "per_minute": values.number}
    found = values.members(value, path, dict.fromkeys(SIZES, lambda one, at: values.members(one, at, members)))
    return {
        name: Size(one.get("bucket", SIZES[name].bucket), one.get("per_minute", SIZES[name].per_minute))
        for name, one in found.items()
    }


def parse(data: bytes) -> Config:
    """The bytes of a file; raises BehaviorError."""
    if len(data) > _LARGEST_FILE:
        raise BehaviorError("the file: it is larger than 1 MB")
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise BehaviorError(f"the file is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise BehaviorError(f"the file is not JSON: {type(error).__name__}") from None
    return read(value)


def load(path: Path) -> Config:
    """A file, or nothing set when there is none; raises BehaviorError when it is broken or can't be read."""
    try:
        return parse(path.read_bytes())
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise BehaviorError(f"the file can't be read: {error.strerror}") from None


def state(path: Path) -> str:
    """What the file sets, or what is wrong with it; "" when there is none."""
    try:
        return load(path).summary() if path.exists() else ""
    except BehaviorError as error:
        return f"broken and not used: {error}"


def write(path: Path, data: bytes) -> None:
    """Replace the file in one step, for its owner only. Raises OSError."""
    replace_private(path, data)
