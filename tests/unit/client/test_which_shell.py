"""Which shell az was called from: real chains of processes, with the packages' kind of wrapper between; the environment
where there is no /proc, and on Windows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from azext_dockervm.client.which_shell import detected, parent_commands
from azext_dockervm.errors import InvalidValue

ROOT = Path(__file__).parents[3]
LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system shows no processes")
PROGRAM = ("import sys, types; package = types.ModuleType('azext_dockervm'); package.__path__ = ['azext_dockervm']\n"
           "sys.modules['azext_dockervm'] = package\n"    # whose __init__ is az's loader
           "import os; from azext_dockervm.client.which_shell import detected\n"
           "print(detected(os.environ, False).name)")


@pytest.fixture
def az(tmp_path) -> Path:
    """A program that tells the shell, behind a script as az's packages have one."""
    (tmp_path / "program.py").write_text(PROGRAM)
    wrapper = tmp_path / "az"
    wrapper.write_text(f"#!/usr/bin/env bash\n{sys.executable} {tmp_path}/program.py\n:\n")
    wrapper.chmod(0o755)
    return wrapper


def told(*words, **environment: str) -> str:
    done = subprocess.run([str(word) for word in words], cwd=ROOT, capture_output=True, text=True, check=True,
                          env={**os.environ, **environment})
    return done.stdout.strip()


@LINUX
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_that_called_az_not_the_one_that_az_is_written_for_nor_that_of_the_login(need, az, shell):
    assert told(need(shell), "-c", f"{az}; true", SHELL="/bin/tcsh") == shell


@LINUX
@pytest.mark.parametrize(("inner", "outer", "name"), [("bash", "fish", "bash"), ("fish", "bash", "fish"),
                                                      ("sh", "fish", "bash")])
def test_a_script_s_own_shell_not_the_one_that_the_script_was_called_from(need, az, tmp_path, inner, outer, name):
    script = tmp_path / "deploy"
    script.write_text(f"#!{need(inner)}\n{az}\ntrue\n")
    script.chmod(0o755)
    assert told(need(outer), "-c", f"{script}; true") == name


@LINUX
def test_programs_between_are_passed_over(need, az):
    assert told(need("fish"), "-c", f"env nice {az}; true") == "fish"


@LINUX
def test_the_parents_begin_with_the_nearest_and_end():
    found = list(parent_commands())
    assert found[0] == [os.fsdecode(word) for word in Path(f"/proc/{os.getppid()}/cmdline").read_bytes().split(b"\0")]
    assert 1 < len(found) < 64


def on_posix(parents=(), **environment: str) -> str:
    return detected(environment, False, lambda: iter(parents)).name


@pytest.mark.parametrize(("parent", "name"), [
    (["-zsh", ""], "zsh"), (["/usr/bin/pwsh", "-NoLogo"], "powershell"), (["dash"], "bash"),
    (["/bin/bash", "/usr/bin/other"], "bash"), (["/bin/bash", "-c", "az"], "bash")])
def test_a_parent_is_known_by_its_command_line(parent, name):
    assert on_posix([["python3"], ["bash", "/usr/bin/az", "dockervm"], parent, ["fish"]], SHELL="fish") == name


@pytest.mark.parametrize(("login", "name"), [("/usr/local/bin/fish", "fish"), ("/bin/zsh", "zsh"), ("", "bash"),
                                             ("/bin/false", "bash")])
def test_where_the_system_shows_no_shell_the_login_s_is_taken(login, name):
    assert on_posix(SHELL=login) == name == on_posix([["python3"], ["init"]], SHELL=login)


@pytest.mark.parametrize("parents", [[["tcsh"], ["bash"]], []])
def test_a_shell_without_lines_is_named_and_not_taken_for_the_one_around_it(parents):
    with pytest.raises(InvalidValue, match="called from tcsh, for which there are no lines") as refused:
        on_posix(parents, SHELL="/bin/tcsh")
    assert "--shell" in refused.value.recommendations[0]


SYSTEM = r"C:\Program Files\WindowsPowerShell\Modules;C:\WINDOWS\system32\WindowsPowerShell\v1.0\Modules"


@pytest.mark.parametrize(("environment", "name"), [
    ({"PSModulePath": SYSTEM}, "cmd"), ({}, "cmd"),
    ({"PSModulePath": rf"C:\Users\me\Documents\WindowsPowerShell\Modules;{SYSTEM}"}, "powershell"),
    ({"PSModulePath": rf"C:\Users\me\OneDrive\Documents\PowerShell\Modules;{SYSTEM}"}, "powershell"),
    ({"PSModulePath": rf"C:\Users\me\OneDrive\Dokumente\WindowsPowerShell\Modules;{SYSTEM}"}, "powershell"),
    ({"PSModulePath": rf"\\server\home\me\Documenti\PowerShell\Modules;{SYSTEM}"}, "powershell"),
    ({"PSModulePath": SYSTEM, "SHELL": "/usr/bin/bash.exe"}, "bash"),
    ({"SHELL": r"C:\Program Files\Git\usr\bin\bash.exe"}, "bash")])
def test_on_windows_the_environment_tells(environment, name):
    assert detected(environment, True, lambda: pytest.fail("there are no processes to look at")).name == name
