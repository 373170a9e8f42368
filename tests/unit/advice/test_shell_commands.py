"""How a shell evaluates what az prints, and what is said about a folder that a Cloud Shell loses."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from specs import host_spec

from azext_dockervm.advice import shell_commands


@pytest.mark.parametrize(("shell", "line"), [
    ("bash", "eval \"$(az dockervm env -g 'my group' -n web1 -dc c)\""),
    ("zsh", "eval \"$(az dockervm env -g 'my group' -n web1 -dc c)\""),
    ("fish", "az dockervm env -g 'my group' -n web1 -dc c | source"),
    ("powershell", "az dockervm env -g 'my group' -n web1 -dc c | Out-String | Invoke-Expression")])
def test_each_shell_evaluates_in_its_own_way(shell, line):
    assert shell_commands.evaluate_environment(shell, host_spec(group="my group"), ["-dc", "c"]) \
        == f"To evaluate these lines: {line}"


def test_in_cmd_the_quotes_are_those_of_windows(monkeypatch):
    monkeypatch.setattr("azext_dockervm.shell.os.name", "nt")
    assert shell_commands.evaluate_environment("cmd", host_spec(group="my group"), []).endswith(
        """FOR /f "tokens=*" %i IN ('az dockervm env -g "my group" -n web1') DO @%i""")


def test_what_needs_no_host_names_none():
    assert shell_commands.evaluate_environment("fish", None, ["--unset"]).endswith(": az dockervm env --unset | source")


def test_the_subscription_is_said_again():
    spec = host_spec(subscription="s")
    for said in (shell_commands.evaluate_environment("fish", spec, []), shell_commands.to_build(spec, [])):
        assert "--subscription s" in said
    assert "az dockervm context create -g g -n web1 -dc c" in shell_commands.to_build(spec, ["-dc", "c"])


@pytest.mark.parametrize(("ephemeral", "keep"), [(True, "Mount storage account"), (False, "below your home folder")])
def test_a_folder_that_is_lost_is_told_with_ways_to_keep_it(ephemeral, keep):
    said = shell_commands.lost_with_session(Path("/tmp/c"), ephemeral)
    assert said.startswith("/tmp/c is lost when the session ends: ") and keep in said and "ca-key.pem" in said


def test_the_example_is_a_command():
    assert shlex.split(shell_commands.WHICH_HOST.partition(": ")[2])[:3] == ["az", "dockervm", "env"]
