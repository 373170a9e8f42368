"""script/test: what it runs, and closing lines that tell what passed, what failed and what was left out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Stands for script/lib.sh: nothing is installed.
LIBRARY = """set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=$ROOT/cache
say() { printf '%s\\n' "$*" >&2; }
die() { say "$*"; exit 1; }
need_packages() { :; }
machine_packages() { :; }
need_dev() { :; }
need_quality() { :; }
need_az() { :; }
need_sdk() { :; }
need_libcloud() { :; }
need_oldest_az() { :; }
need_extension() { :; }
need_extension_in() { :; }
"""
# Stands for every program that is run: notes how, and fails where the file `broken` has a word of it.
PROGRAM = """#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
root=${here%/script}
root=${root%/cache/dev/bin}
echo "${0##*/} $*" | tee -a "$root/ran"
for word in $(cat "$root/broken"); do
    case "$*" in *"$word"*) exit 1 ;; esac
    [ "$word" != "${0##*/}" ] || exit 1
done
"""


@pytest.fixture
def run(tmp_path):
    """run(WORDS, user=..., broken=...) → (exit code, what was run, what was said)."""
    for folder in ("script", "cache/dev/bin", "bin"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "script/test", tmp_path / "script/test")
    (tmp_path / "script/lib.sh").write_text(LIBRARY)
    for name in ("script/lint", "script/sabotage", "cache/dev/bin/python"):
        (tmp_path / name).write_text(PROGRAM)
        (tmp_path / name).chmod(0o755)

    def start(*words, user=0, broken="", took=0):
        (tmp_path / "ran").write_text("")
        (tmp_path / "broken").write_text(broken)
        (tmp_path / "bin/id").write_text(f"#!/bin/sh\necho {user}\n")
        (tmp_path / "bin/id").chmod(0o755)
        done = subprocess.run([tmp_path / "script/test", *words], cwd=tmp_path, capture_output=True, text=True,
                              env={**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
                                   "SECONDS": str(took)})      # bash counts on from there
        start.shown = done.stdout
        return done.returncode, (tmp_path / "ran").read_text(), done.stderr

    return start


def test_everything_is_run_and_what_was_left_out_is_said(run):
    code, ran, said = run()
    assert code == 0
    assert "lint ruff mypy" in ran and "sabotage" not in ran and "--long" not in ran
    for folder in ("tests/unit", "tests/scenario", "tests/flows", "tests/stock_az", "tests/e2e"):
        assert folder in ran and folder in said.split("Left out")[0]
    assert "Left out: what script/test --long runs besides" in said and "FAILED" not in said


def test_no_two_files_of_one_call_have_the_same_name(run):
    """Where a folder is no package, pytest takes the second one for the first and collects nothing any more."""
    _, ran, _ = run()
    for line in ran.splitlines():
        folders = [ROOT / word for word in line.split() if word.startswith("tests/")]
        files = [file for folder in folders for file in folder.rglob("*.py")]
        names = Counter(file.name for file in files if not (file.parent / "__init__.py").exists())
        assert [name for name, count in names.items() if count > 1 and name != "conftest.py"] == [], line


def test_what_ran_beside_the_rest_is_shown_after_it_and_once(run):
    run()
    assert run.shown.splitlines()[-1].endswith("pytest -p no:cacheprovider tests/e2e")
    assert run.shown.count("tests/e2e") == 1


def test_the_long_run_has_all_of_lint_and_the_sabotage_too(run):
    code, ran, said = run("--long")
    assert code == 0
    assert "\nlint \n" in f"\n{ran}" and "\nsabotage \n" in ran
    assert all("--long" in line for line in ran.splitlines() if "pytest" in line) and "Left out" not in said
    assert "script/sabotage" in said


def test_without_root_it_is_said_what_needs_it(run):
    code, ran, said = run(user=1000)
    assert code == 0 and "tests/e2e" not in ran and "tests/flows" in ran
    assert "Left out: tests/e2e, because only root can boot machines" in said


@pytest.mark.parametrize("user", [0, 1000])
@pytest.mark.parametrize("broken, told", [
    ("lint", "FAILED: script/lint ruff mypy"), ("tests/unit", "FAILED: tests/unit tests/faults tests/scenario"),
    ("tests/flows", "FAILED: tests/flows and tests/stock_az")])
def test_a_failure_is_the_last_word_and_the_rest_is_run_all_the_same(run, broken, told, user):
    code, ran, said = run(user=user, broken=broken)
    assert code == 1 and told in said.splitlines()[-1]
    assert "tests/unit" in ran and "tests/stock_az" in ran


def test_failures_on_machines_and_of_the_sabotage_fail_the_run(run):
    code, _, said = run("--long", broken="tests/e2e sabotage")
    assert code == 1 and said.splitlines()[-1] == "FAILED: tests/e2e, script/sabotage."


@pytest.mark.parametrize("words, limit", [([], 20), (["--long"], 90)])
def test_time_over_the_limit_is_reported_and_fails_nothing(run, words, limit):
    code, _, said = run(*words, took=limit * 60 - 30)
    assert code == 0 and f"the limit is {limit} on two cores" in said and "TOO LONG" not in said
    code, _, said = run(*words, took=limit * 60 + 90)
    assert code == 0 and f"It took {limit + 1}:3" in said
    assert "TOO LONG by 1:3" in said and f"script/test{''.join(f' {word}' for word in words)}\n" in said


def test_with_arguments_it_is_pytest(run):
    assert run("tests/unit/certs", "-k", "crash")[1].splitlines() == [
        "python -m pytest -p no:cacheprovider tests/unit/certs -k crash"]
    assert run("--long", "tests/flows")[1].splitlines() == ["python -m pytest -p no:cacheprovider --long tests/flows"]


def test_what_tests_would_be_skipped_without_is_installed():
    """Those of Docker's own repository, whose keys are made by gpg, and fetched by curl."""
    installed = (ROOT / "script/test").read_text().partition("\nneed_packages ")[2].partition("||")[0]
    assert {pair.partition(":")[0] for pair in installed.split()} >= {"gpg", "gpg-agent", "curl"}
