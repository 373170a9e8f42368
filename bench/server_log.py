"""What one command asked of Azure and what Azure did for it, by the log of a Local Azure's server."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

_TIME = r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) INFO "
# Below a subscription: what az asks of the cloud itself (its endpoints, a token) is no request of a command.
_CALL = re.compile(_TIME + r"localazure\.arm\.server: ([A-Z]+) (/subscriptions/\S+) (\d{3}) ")
_OPERATION = re.compile(_TIME + r"localazure\.arm\.operations: operation \S+ (\w+) (\S+): (\w+) after ([\d.]+) s")
_OPERATIONS = re.compile(r"/(disk)?operation(s|results|statuses)/")


@dataclass(frozen=True)
class Call:
    """A client's request, at a time in seconds as of ``time.time()``. ``kind``: "write" for whatever is no GET; "poll"
    for a GET of an operation, or of what the same command has written before; else "read"."""

    at: float
    kind: str
    path: str
    status: int


@dataclass(frozen=True)
class Operation:
    """What the service has worked on: an action on a target, for so many seconds."""

    action: str
    target: str
    seconds: float


@dataclass(frozen=True)
class Record:
    """One command's."""

    calls: Sequence[Call]
    operations: Sequence[Operation]

    @property
    def counts(self) -> Counter[str]:
        return Counter(call.kind for call in self.calls)

    @property
    def throttled(self) -> int:
        return sum(call.status == 429 for call in self.calls)

    def took(self, kind: str) -> float:
        """Seconds of the longest operation on a resource of this type, like virtualmachines, and not on what is below
        one; 0.0 where there is none."""
        of_kind = re.compile(rf"/{kind}/[^/]+$")
        return max((one.seconds for one in self.operations if of_kind.search(one.target)), default=0.0)

    def first_write(self, kind: str = "") -> float:
        """When the first write came, or the first on a resource of this type."""
        return next(call.at for call in self.calls if call.kind == "write" and f"/{kind}" in call.path)

    def rounds_before_write(self, pause: float) -> int:
        """How many reads waited for each other before the first write, where every answer was held back for a while:
        those that come within half of it wait for no other among them. ``pause`` in seconds."""
        first = next((number for number, call in enumerate(self.calls) if call.kind == "write"), len(self.calls))
        times = sorted(call.at for call in self.calls[:first])
        return len(times[:1]) + sum(later - earlier > pause / 2
                                    for earlier, later in zip(times, times[1:], strict=False))


def read(lines: Iterable[str]) -> Record:
    """The lines that were written while the command ran."""
    calls, operations = [], []
    written: set[str] = set()
    for line in lines:
        if call := _CALL.match(line):
            moment, method, path, status = call.groups()
            path = path.lower()
            if method not in ("GET", "HEAD"):
                written.add(path)
            kind = "write" if method not in ("GET", "HEAD") else (
                "poll" if path in written or _OPERATIONS.search(path) else "read")
            calls.append(Call(_seconds(moment), kind, path, int(status)))
        elif done := _OPERATION.match(line):
            operations.append(Operation(done[2], done[3].lower(), float(done[5])))
    return Record(calls, operations)


def _seconds(moment: str) -> float:
    return datetime.strptime(moment, "%Y-%m-%d %H:%M:%S,%f").timestamp()
