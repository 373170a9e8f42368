"""Faults that are known to go unnoticed, each with its reason: quality/survivors.toml.

``[[equivalent]]``: no test on this system could notice; such a fault is never made.
``[[accepted]]``: a test could, and is not worth it; it counts as unnoticed, but is told apart.
Both name a fault by the text of its line, before and after, so that a change elsewhere in the file leaves them be.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from quality.sabotage.mutant import Mutant

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it along

FILE = Path(__file__).parents[1] / "survivors.toml"
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Known:
    """(path, old, new) → the reason."""

    equivalent: dict[Key, str]
    accepted: dict[Key, str]

    def stale(self, faults: set[Key]) -> list[Key]:
        """Those that name no fault that could be made any more."""
        return sorted(key for key in (*self.equivalent, *self.accepted) if key not in faults)


def key(fault: Mutant) -> Key:
    return fault.path, fault.old, fault.new


def known(file: Path = FILE) -> Known:
    if not file.exists():
        return Known({}, {})
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    return Known(*({(one["file"], one["old"], one["new"]): one["reason"] for one in data.get(kind, [])}
                   for kind in ("equivalent", "accepted")))
