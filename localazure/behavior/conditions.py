"""The parts of behavior.json that say what a region, a subscription or a guest lacks; read and looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localazure.behavior import values
from localazure.behavior.paths import fits_any
from localazure.behavior.values import Reader

Condition = dict[str, Any]

# condition: its members, and which of them it needs. Patterns (words) that are left out fit everything.
_ARRAYS: Mapping[str, tuple[Mapping[str, Reader], tuple[str, ...]]] = {
    "sku_not_available": ({"size": values.words, "region": values.words}, ("size",)),
    "quota": ({"region": values.words, "cores": values.whole}, ("cores",)),
    "allocation_failed": ({"size": values.words, "region": values.words, "zonal": values.boolean}, ()),
    "os_provisioning_timed_out": ({"vm": values.words, "region": values.words, "after": values.number}, ()),
    "extension": (
        {"publisher": values.words, "type": values.words, "vm": values.words, "outcome": values.one_of(
            "failed", "timed_out"), "message": values.text, "after": values.number},
        ("outcome",),
    ),
    "run_command": (
        {"vm": values.words, "command": values.words, "outcome": values.one_of("exit", "timed_out", "failed", "hangs"),
         "exit_code": values.exit_code, "message": values.text, "after": values.number,
         "view": values.one_of("Running", "Pending", "Unknown"), "view_seconds": values.number},
        (),
    ),
    "cloud_init_delay": ({"vm": values.words, "seconds": values.number}, ("seconds",)),
    "installation": (
        {"vm": values.words, "seconds": values.number, "lists_seconds": values.number},
        ("seconds",),
    ),
    "agent": ({"vm": values.words, "state": values.one_of("absent", "unavailable")}, ("state",)),
    "deletion_lag": ({"type": values.words, "seconds": values.number}, ("seconds",)),
    "replication_lag": (
        {"type": values.words, "seconds": values.number, "list_seconds": values.number, "child_seconds": values.number},
        ("seconds",),
    ),
    "api_versions": (
        {"type": values.words, "region": values.words, "versions": values.words},
        ("versions",),
    ),
    "failed_extension": (
        {"vm": values.words, "blocks": values.one_of("extensions", "run_commands", "both")},
        ("blocks",),
    ),
    "denied": ({"action": values.words, "scope": values.words, "who": values.words}, ("action",)),
    "mfa": (
        {"method": values.words, "type": values.words, "scope": values.words, "applications": values.boolean},
        (),
    ),
    "policy": (
        {"type": values.words, "scope": values.words, "region": values.words, "without_tag": values.text,
         "any_source": values.boolean, "assignment": values.text, "definition": values.text},
        ("assignment",),
    ),
}  # fmt: skip


class Conditions:
    """What is set. Lookups give the first entry that fits, or None."""

    def __init__(self, entries: Mapping[str, tuple[Condition, ...]], read_only: bool) -> None:
        self._entries = entries
        self.read_only = read_only

    def __len__(self) -> int:
        return sum(len(found) for found in self._entries.values()) + self.read_only

    def find(self, name: str, **texts: str) -> Condition | None:
        """`texts` are what its patterns must fit, like size="Standard_B2s", region="westus"."""
        for one in self._entries.get(name, ()):
            if all(member not in one or fits_any(text, one[member]) for member, text in texts.items()):
                return one
        return None

    def all(self, name: str) -> tuple[Condition, ...]:
        return self._entries.get(name, ())


def read(value: Any, path: str) -> Conditions:
    """The object `conditions`; raises BehaviorError."""
    readers: dict[str, Reader] = {name: _reader(own, required) for name, (own, required) in _ARRAYS.items()}
    found = values.members(value, path, {**readers, "read_only_subscription": values.boolean})
    read_only = bool(found.pop("read_only_subscription", False))
    return Conditions(found, read_only)


def _reader(own: Mapping[str, Reader], required: tuple[str, ...]) -> Reader:
    def read_entries(value: Any, path: str) -> tuple[Condition, ...]:
        entries = values.array(value, path)
        return tuple(values.members(one, f"{path}[{at}]", own, required) for at, one in enumerate(entries))

    return read_entries
