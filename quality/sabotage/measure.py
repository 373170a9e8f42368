"""Which tests run which lines, measured once by coverage, so that a fault is shown only to tests that can notice it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import coverage

from quality.sabotage.mutant import Mutant
from quality.sabotage.rooms import PACKAGE

SETTINGS = """[run]
branch = False
parallel = True
source = {source}
data_file = {folder}/data
patch = subprocess
context = ${{SABOTAGE_TEST-}}
disable_warnings = no-data-collected,module-not-measured,no-sysmon,couldnt-parse,ctracer-not-available
"""


class DoNotPass(Exception):
    """The tests fail before anything is spoiled; the message is what pytest said."""


# What a fault is shown to takes no longer than this, the fastest tests first: many run what all commands run.
SECONDS_A_FAULT = 120.0


@dataclass(frozen=True)
class Measured:
    """``times``: test → seconds. ``lines``: path → line → the tests that run it."""

    times: dict[str, float]
    lines: dict[str, dict[int, set[str]]]

    def only(self, paths: Sequence[str]) -> Measured:
        """The same of the tests in some files and folders."""
        times = {test: seconds for test, seconds in self.times.items() if _lies_in(test, paths)}
        return Measured(times, {name: {line: tests & times.keys() for line, tests in lines.items()}
                                for name, lines in self.lines.items()})

    def __or__(self, other: Measured) -> Measured:
        lines = {name: dict(found) for name, found in self.lines.items()}
        for name, found in other.lines.items():
            mine = lines.setdefault(name, {})
            for line, tests in found.items():
                mine[line] = mine.get(line, set()) | tests
        return Measured({**self.times, **other.times}, lines)

    def tests_for(self, fault: Mutant) -> list[str]:
        """Those that run the statement, the fastest first.

        All of them where that is at load, before any test: who reads a table need not run a line of its file. All of
        them also where none does as far as can be measured, which shell is not.
        """
        chosen: set[str] = set()
        for line, tests in self.lines.get(fault.path, {}).items():
            if not fault.at_load and fault.statement[0] <= line <= fault.statement[1]:
                chosen |= tests
        return self._fastest(chosen or self.times)

    def _fastest(self, tests: Iterable[str]) -> list[str]:
        chosen: list[str] = []
        total = 0.0
        for test in sorted(tests, key=lambda test: (self.times[test], test)):
            total += self.times[test]
            if chosen and total > SECONDS_A_FAULT:
                break
            chosen.append(test)
        return chosen


def _lies_in(test: str, paths: Sequence[str]) -> bool:
    return any(test.startswith((f"{path}::", f"{path}/")) for path in paths)


def measure(copy: Path, tests: Iterable[str], folder: Path) -> Measured:
    """Run tests in a copy of the checkout, unspoiled; ``folder`` is made for what is noted. Raises DoNotPass."""
    folder.mkdir()
    settings = folder / "settings"
    settings.write_text(SETTINGS.format(source=copy / PACKAGE, folder=folder), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", "-m", "pytest", "-q", "-x", "-p",
         "no:cacheprovider", "-p", "quality.sabotage.which_tests", *tests],
        cwd=copy, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        env=environment(copy, SABOTAGE_TIMES=str(folder / "times"), SABOTAGE_TEST=""))
    if done.returncode:
        raise DoNotPass(done.stdout + done.stderr)
    collected = coverage.Coverage(config_file=str(settings))
    collected.combine()
    data = collected.get_data()
    times: dict[str, float] = json.loads((folder / "times").read_text(encoding="utf-8"))
    lines = {str(Path(name).relative_to(copy)): {
        line: {test for context in contexts for test in [context.rpartition("|")[2]] if test in times}
        for line, contexts in data.contexts_by_lineno(name).items()} for name in data.measured_files()}
    return Measured(times, lines)


def environment(copy: Path, **more: str) -> dict[str, str]:
    """No compiled files: one of a fault could be taken for the source that was put back within the same second."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy), **more}
