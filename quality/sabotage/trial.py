"""Shows a fault to the tests, in a copy of the checkout: do they notice?"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from quality.sabotage.measure import Measured, environment
from quality.sabotage.mutant import Mutant

LEFT_BEHIND = shutil.ignore_patterns(".git", "__pycache__", ".*_cache", "*.egg-info")
# What is built lies here; script/build is no such thing.
BUILT = {"build", "dist"}
# A test that a fault makes hang has noticed it. Generous, because the tests beside may keep both processors busy.
LEAST_SECONDS, TIMES_AS_LONG = 15.0, 6.0
# pytest's exit codes: tests failed, or not one could be collected because a file does not load.
NOTICED = {1, 2, 3}
# By its name a test can't be found any more in a file that does not load: pytest then ends as if it was asked wrongly.
NOT_FOUND = "ERROR: not found: "
CANT_LOAD = ("ImportError while loading conftest", "ERROR collecting ")


class NotATrial(Exception):
    """pytest did not run what it was given; the message is what it said."""


def copy_of(root: Path, folder: Path) -> Path:
    """A checkout to be spoiled, so that the one that people work in never is."""
    copy = folder / "checkout"

    def left_behind(folder: str, names: list[str]) -> set[str]:
        return LEFT_BEHIND(folder, names) | (BUILT if Path(folder) == root else set())

    shutil.copytree(root, copy, ignore=left_behind, symlinks=True)
    return copy


def is_noticed(fault: Mutant, copy: Path, measured: Measured) -> bool:
    """Whether a test fails, or hangs, with the fault in the copy; it is taken out again."""
    tests = measured.tests_for(fault)
    times = [measured.times[test] for test in tests]
    file = copy / fault.path
    source = file.read_text(encoding="utf-8")
    file.write_text(fault.applied(source), encoding="utf-8")
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    limits = LEAST_SECONDS + TIMES_AS_LONG * max(times), 4 * LEAST_SECONDS + TIMES_AS_LONG * sum(times)
    try:
        if fault.at_load:
            return _fail(files, copy, *limits)
        try:
            return _fail(tests, copy, *limits)
        except NotATrial as error:
            # Names of tests that are made of a table, or of what a function gives, change with it.
            if NOT_FOUND not in str(error):
                raise
            return _fail(files, copy, *limits)
    finally:
        file.write_text(source, encoding="utf-8")


def _fail(tests: Sequence[str], copy: Path, one: float, all_: float) -> bool:
    # A session of its own, so that what a test started and left behind when it hung can be ended with it.
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--tb=line",
         "-o", f"faulthandler_timeout={one:.0f}", "-o", "faulthandler_exit_on_timeout=true", *tests],
        cwd=copy, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", env=environment(copy), start_new_session=True)
    try:
        said, _ = process.communicate(timeout=all_)
    except subprocess.TimeoutExpired:
        _end(process)
        return True
    if process.returncode in NOTICED or any(words in said for words in CANT_LOAD):
        return True
    if process.returncode:
        raise NotATrial(said)
    return False


def _end(process: subprocess.Popen[str]) -> None:
    """Ctrl-C first: fixtures then stop the servers that they started."""
    for number, patience in ((signal.SIGINT, 15.0), (signal.SIGKILL, 15.0)):
        try:
            os.killpg(process.pid, number)
            process.communicate(timeout=patience)
            return
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return
