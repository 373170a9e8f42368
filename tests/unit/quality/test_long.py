"""script/test leaves out tests that are marked long, says how many, and runs them with --long."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize("words, ran, told", [
    ([], "1 passed", "Left out: 2 long tests; script/test --long"),
    (["-n", "2"], "1 passed", "Left out: 2 long tests; script/test --long"),
    (["--long"], "3 passed", ""),
    (["-n", "2", "--long"], "3 passed", ""),
])
def test_long_tests_run_when_asked_for(tmp_path, words, ran, told):
    shutil.copy(TESTS / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = long: of today\n")
    (tmp_path / "test_some.py").write_text("import pytest\n" + "".join(
        f"{mark}\ndef test_{number}(): pass\n" for number, mark in enumerate(["@pytest.mark.long"] * 2 + [""])))
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, str(tmp_path)],
                          cwd=tmp_path, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True,
                          text=True)
    assert ran in done.stdout and done.returncode == 0, done.stdout + done.stderr
    assert told in done.stdout and bool(told) == ("Left out" in done.stdout), done.stdout
