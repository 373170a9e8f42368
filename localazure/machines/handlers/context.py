"""What all extension handlers share: the guest that they work in, their scripts, and settings read as Go reads JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localazure.machines.machine import Guise, RunResult

SCRIPTS = Path(__file__).parent / "scripts"
# The agent gives a handler 90 minutes in all.
ENABLE_TIMEOUT_S = 5400.0

Run = Callable[[str, Sequence[tuple[str, str]], float], RunResult]


@dataclass(frozen=True)
class HandlerContext:
    """The guest that a handler works in: how to run a script there, and what the guest passes for."""

    run: Run
    guise: Guise


class SettingsError(ValueError):
    """The handler refuses its settings; the message is the genuine handler's."""


def handler_script(name: str) -> str:
    """The text of one of scripts/."""
    return (SCRIPTS / name).read_text(encoding="utf-8")


class Reader:
    """One JSON object, read as Go unmarshals it into a struct."""

    def __init__(self, part: str, content: Any, path: str = "") -> None:
        self._part = part
        self._path = path
        if not isinstance(content, dict):
            raise self._error("", "object", content)
        self._content = content

    def text(self, name: str) -> str:
        """A string; "" when missing or null."""
        value = self._find(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._error(name, "string", value)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self._find(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._error(name, "[]string", value)
        for item in value:
            if not isinstance(item, str):
                raise self._error(name, "string", item)
        return tuple(value)

    def mapping(self, name: str) -> dict[str, Any]:
        """An object."""
        value = self._find(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._error(name, "object", value)
        return value

    def text_map(self, name: str) -> dict[str, str]:
        """An object of strings."""
        content = self.mapping(name)
        for value in content.values():
            if not isinstance(value, str):
                raise self._error(name, "string", value)
        return content

    def _find(self, name: str) -> Any:
        if name in self._content:
            return self._content[name]
        return next((value for key, value in self._content.items() if key.lower() == name.lower()), None)

    def _error(self, name: str, wanted: str, value: Any) -> SettingsError:
        kinds = ((bool, "bool"), (dict, "object"), (list, "array"), (str, "string"), ((int, float), "number"))
        kind = next((word for types, word in kinds if isinstance(value, types)), "null")
        return SettingsError(
            f"Enable Docker failed: ERROR: error parsing handler settings: failed to unmarshal {self._part} settings: "
            f"failed to unmarshal json: json: cannot unmarshal {kind} into Go value {self._path}{name} of type {wanted}"
        )
