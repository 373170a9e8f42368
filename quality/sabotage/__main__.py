"""``script/sabotage [ROOM ...] [--seed N] [--lines N] [--list]``: what the tests of each room notice.

Exits with 0 when every room notices nine of ten faults, 1 when one does not, 2 when tests fail before all is spoiled.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import operator
import queue
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from quality.sabotage import measure, rooms, survivors, trial
from quality.sabotage.mutant import Mutant

ROOT = Path(__file__).parents[2]
ENOUGH = 0.9
AT_ONCE = 2


@dataclass
class Verdict:
    """How a room's tests did."""

    room: str
    faults: list[Mutant]
    unnoticed: list[Mutant] = field(default_factory=list)

    @property
    def noticed(self) -> int:
        return len(self.faults) - len(self.unnoticed)

    @property
    def enough(self) -> bool:
        return self.noticed >= ENOUGH * len(self.faults)

    def __str__(self) -> str:
        share = f"{100 * self.noticed // len(self.faults)} %" if self.faults else "nothing to spoil"
        too_few = "" if self.enough else "   too few"
        return f"{self.room:<12} {self.noticed:>3} of {len(self.faults):<3} {share:>6}{too_few}"


def main(words: Sequence[str], root: Path = ROOT) -> int:
    """Parse what was typed, spoil, report."""
    found = rooms.rooms(root)
    asked = _parser(sorted(found)).parse_args(words)
    known = survivors.known()
    names = asked.room or sorted(found)
    verdicts = [Verdict(name, rooms.sample(root, found[name], asked.seed, asked.lines, known.equivalent))
                for name in names]
    if asked.list:
        for verdict in verdicts:
            print(f"{verdict.room}: {' '.join(rooms.tests_of(verdict.room, root))}", *verdict.faults, sep="\n    ")
        return 0
    try:
        _try(verdicts, root)
    except measure.DoNotPass as error:
        sys.stderr.write(f"{error}\nThese tests fail before anything is spoiled. Mend them first: script/test\n")
        return 2
    _report(verdicts, known, _all_keys(root, found))
    return 0 if all(verdict.enough for verdict in verdicts) else 1


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="script/sabotage", description="Makes small faults in the extension, one at a time and in a copy, and "
        "tells which of them the tests of the room don't notice.")
    parser.add_argument("room", nargs="*", help=f"all rooms, or these: {', '.join(names)}")
    parser.add_argument("--seed", type=int, default=1, help="another number, other lines (1)")
    parser.add_argument("--lines", type=int, default=20, help="how many lines of a room are spoiled (20)")
    parser.add_argument("--list", action="store_true", help="tell what would be spoiled, and which tests would try")
    check = parser.parse_args

    def parse_args(words: Sequence[str]) -> argparse.Namespace:     # `choices` refuses no room at all
        asked: argparse.Namespace = check(words)
        for name in asked.room:
            if name not in names:
                parser.error(f"there is no room {name!r}; name one or more of: {', '.join(names)}")
        return asked

    parser.parse_args = parse_args  # type: ignore[method-assign, assignment]
    return parser


def _try(verdicts: Sequence[Verdict], root: Path) -> None:
    tests = {verdict.room: rooms.tests_of(verdict.room, root) for verdict in verdicts if verdict.faults}
    with _copies(root) as copies, ThreadPoolExecutor(AT_ONCE) as pool:
        measured = _measure(set(itertools.chain(*tests.values())), copies, pool)
        for verdict in verdicts:
            if tests.get(verdict.room):
                _try_room(verdict, measured.only(tests[verdict.room]), copies, pool)
            else:
                verdict.unnoticed = list(verdict.faults)


def _measure(tests: set[str], copies: queue.Queue[Path], pool: ThreadPoolExecutor) -> measure.Measured:
    """Whole commands wait for machines, the other tests keep a processor busy: side by side."""
    def one(group: list[str]) -> measure.Measured:
        copy = copies.get()
        try:
            with tempfile.TemporaryDirectory() as folder:
                return measure.measure(copy, group, Path(folder) / "coverage")
        finally:
            copies.put(copy)

    slow = sorted(tests & {"tests/flows"})
    groups = [group for group in (slow, sorted(tests - set(slow))) if group]
    return functools.reduce(operator.or_, pool.map(one, groups), measure.Measured({}, {}))


def _try_room(verdict: Verdict, measured: measure.Measured, copies: queue.Queue[Path],
              pool: ThreadPoolExecutor) -> None:
    def noticed(fault: Mutant) -> tuple[bool, float]:
        copy = copies.get()
        started = time.monotonic()
        try:
            return trial.is_noticed(fault, copy, measured), time.monotonic() - started
        finally:
            copies.put(copy)

    sys.stderr.write(f"{verdict.room}: {len(measured.times)} tests, {sum(measured.times.values()):.0f} s\n")
    for fault, (seen, seconds) in zip(verdict.faults, pool.map(noticed, verdict.faults), strict=True):
        sys.stderr.write(f"{'noticed  ' if seen else 'UNNOTICED'} {seconds:5.1f} s  {fault}\n")
        if not seen:
            verdict.unnoticed.append(fault)


@contextlib.contextmanager
def _copies(root: Path) -> Iterator[queue.Queue[Path]]:
    with contextlib.ExitStack() as stack:
        copies: queue.Queue[Path] = queue.Queue()
        for _ in range(AT_ONCE):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="sabotage-"))
            copies.put(trial.copy_of(root, Path(folder)))
        yield copies


def _all_keys(root: Path, found: dict[str, list[Path]]) -> set[survivors.Key]:
    return {survivors.key(fault) for files in found.values() for path in files for fault in rooms.faults(root, path)}


def _report(verdicts: Sequence[Verdict], known: survivors.Known, faults: set[survivors.Key]) -> None:
    unnoticed = [fault for verdict in verdicts for fault in verdict.unnoticed]
    accepted = [fault for fault in unnoticed if survivors.key(fault) in known.accepted]
    others = [fault for fault in unnoticed if fault not in accepted]
    if others:
        print("Nobody noticed:", *others, sep="\n    ")
    if accepted:
        print("Nobody noticed, for a reason (quality/survivors.toml):",
              *(f"{fault}\n        {known.accepted[survivors.key(fault)]}" for fault in accepted), sep="\n    ")
    stale = known.stale(faults)
    if stale:
        print("No fault any more, to be taken out of quality/survivors.toml:",
              *(f"{path}: {old}  →  {new}" for path, old, new in stale), sep="\n    ")
    print(*verdicts, sep="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
