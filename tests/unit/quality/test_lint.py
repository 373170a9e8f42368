"""script/lint: each tool finds what it is for, leaves out what it says it leaves out, and a finding fails the run."""

from __future__ import annotations

import shutil
import sys
import types
from pathlib import Path

import pytest
from local_azure import cache

from quality import lint, shell_files
from quality.lint import Lint, Outcome

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]


@pytest.fixture
def checkout(tmp_path) -> Lint:
    """A checkout with an extension that no tool objects to."""
    for package in lint.TYPED:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text('"""Empty."""\n')
    return Lint(tmp_path, cache() / "dev/bin", cache() / "quality/bin", tmp_path / ".kept")


@pytest.fixture
def short_set_up(monkeypatch):
    """In place of the set-up script, which takes shellcheck seconds."""
    join = types.SimpleNamespace(PARTS={"install": ()}, set_up_script=lambda action: f"echo {action}\n")
    monkeypatch.setattr(shell_files, "_join", lambda: join)


def extend(checkout: Lint, text: str) -> None:
    (checkout.root / "azext_dockervm/extended.py").write_text(text)


def test_nothing_is_found_where_nothing_is_wrong(checkout, short_set_up):
    for name, tool in lint.TOOLS.items():
        if name != "azdev":     # which needs commands
            assert tool(checkout) == Outcome(), name


def test_ruff_finds_an_unused_import(checkout):
    extend(checkout, "import os\n")
    assert "F401" in checkout.ruff().findings[0]


def test_mypy_is_strict(checkout):
    extend(checkout, "def untyped(value):\n    return value\n")
    assert "[no-untyped-def]" in checkout.mypy().findings[0]


def test_vermin_finds_what_the_python_of_hosts_has_not(checkout, monkeypatch):
    monkeypatch.setattr(lint, "ON_HOSTS", {"azext_dockervm/extended.py": "3.6"})
    extend(checkout, "import os\nos.memfd_create('x')\nif hasattr(os, 'pidfd_open'):   # novm\n    os.pidfd_open(1)\n")
    found = checkout.vermin().findings
    assert any("memfd_create" in line for line in found) and "pidfd_open" not in str(found)


def test_vermin_reads_the_program_that_runs_on_hosts(checkout):
    here = Lint(ROOT, checkout.dev, checkout.quality, checkout.kept)
    assert all((ROOT / path).exists() for path in lint.ON_HOSTS) and here.vermin() == Outcome()


def test_pylint_judges_as_azdev_does_but_for_advice_on_refactoring(checkout):
    returns = "".join(f"    if value == {number}:\n        return {number}\n" for number in range(9))
    extend(checkout, f'"""Too many returns, an argument that nobody uses."""\n\n\ndef many(value, other):\n{returns}'
                     "    return None\n")
    assert [line.split()[-1] for line in checkout.pylint().findings] == ["(unused-argument)"]


def test_pylint_has_azdevs_own_rule_on_show_commands(checkout):
    extend(checkout, '"""A show command."""\n\n\ndef load(group):\n    group.custom_command("show", "show_host")\n')
    assert "(show-command)" in checkout.pylint().findings[0]


def test_flake8_judges_as_azdev_does_but_for_protocols(checkout):
    extend(checkout, '"""Of a protocol."""\n\n\nclass Named:\n    def name(self) -> str: ...\ndef close():\n    pass\n')
    assert [line.split()[1] for line in checkout.flake8().findings] == ["E302"]


def test_azdev_judges_the_options_of_every_command(checkout):
    for folder in ("azext_dockervm", "quality", "tests/scenario"):
        shutil.copytree(ROOT / folder, checkout.root / folder, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("__pycache__", "recordings"))
    with (checkout.root / "azext_dockervm/__init__.py").open("a") as file:
        file.write("""

class Worse(COMMAND_LOADER_CLS):
    def load_arguments(self, command):
        super().load_arguments(command)
        with self.argument_context("dockervm info") as c:
            c.argument("vm_name", options_list=["--vm_name", "-nn"])


COMMAND_LOADER_CLS = Worse
""")
    found = "\n".join(checkout.azdev().findings)
    assert "bad_short_option (high): Parameter: dockervm info, `vm_name`" in found and "short options: -nn." in found
    assert "option_should_not_contain_under_score (high): Parameter: dockervm info, `vm_name`" in found
    assert "-dc" not in found


def test_shellcheck_reads_every_shell_program(checkout, short_set_up):
    (checkout.root / "script").mkdir()
    (checkout.root / "script/run").write_text('#!/bin/bash\necho $1\n')
    (checkout.root / "azext_dockervm/setup.sh").write_text('if [ "$1" == on ]; then true; fi\n')
    (checkout.root / "script/notes").write_text("echo $1\n")
    found = checkout.shellcheck().findings
    assert sorted(line.partition(":")[0] for line in found) == ["azext_dockervm/setup.sh", "script/run"]


def test_shellcheck_reads_the_set_up_script_as_each_action_gets_it(checkout, monkeypatch):
    assert checkout.shellcheck() == Outcome()
    join = types.SimpleNamespace(PARTS={"install": ()}, set_up_script=lambda action: f"word={action}\n")
    monkeypatch.setattr(shell_files, "_join", lambda: join)
    found = checkout.shellcheck().findings
    assert len(found) == 1 and "install.sh" in found[0] and "SC2034" in found[0]


def outcome(*findings: str, broken: bool = False):
    return lambda _: Outcome(list(findings), broken)


@pytest.mark.parametrize("outcomes, code, said", [
    ({"a": outcome(), "b": outcome()}, 0, "no findings"),
    ({"a": outcome("x.py:1: wrong"), "b": outcome()}, 1, "1 finding "),
    ({"a": outcome("x.py:1: wrong"), "b": outcome("no such file", broken=True)}, 2, "could not be run"),
])
def test_the_exit_code_tells_findings_from_a_tool_that_does_not_run(outcomes, code, said, monkeypatch, capsys):
    monkeypatch.setattr(lint, "TOOLS", outcomes)
    assert lint.main([], None) == code
    assert said in capsys.readouterr().out


def test_tools_that_are_named_run_alone_and_a_wrong_name_is_told(monkeypatch, capsys):
    monkeypatch.setattr(lint, "TOOLS", {"a": outcome("x.py:1: wrong"), "b": outcome()})
    assert lint.main(["b"], None) == 0
    assert lint.main(["c"], None) == 2
    assert "Name one or more of: a, b" in capsys.readouterr().err


def test_a_program_that_is_not_there_is_no_clean_result(checkout):
    assert checkout._run(sys.executable, "-c", "import sys; sys.exit('no such folder')").broken
