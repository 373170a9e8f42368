"""Units that scripts in a fake machine start by systemd-run: theirs to speak with, and known to systemctl."""

from __future__ import annotations

import os

import pytest
from fake_support import MACHINE, PATIENCE_S, command_lines, eventually, fake_platform, make, root_of

RUN = "systemd-run --quiet --pipe --collect --unit=some"


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, fake_platform(tmp_path_factory.mktemp("units"), patch) as platform:
        make(platform)
        yield platform


@pytest.fixture
def nap():
    """Seconds of a sleep that is found again among all processes."""
    return f"{200 + os.getpid() / 1e7:.7f}"


def run(platform, script: str):
    return platform.machine_run(MACHINE, script, timeout=PATIENCE_S, thoroughly=True)


def test_a_unit_has_the_caller_s_streams_and_its_status_is_the_command_s(platform):
    result = run(platform, f"printf 'a\\n\\0b' | {RUN} --property=DynamicUser=yes -p NoNewPrivileges=yes "
                           "sh -c 'tr a-z A-Z; echo oops >&2; exit 7'")
    assert (result.stdout, result.stderr, result.exit_code) == ("A\n\0B", "oops\n", 7)


def test_its_name_is_told_unless_nobody_wants_to_know(platform):
    result = run(platform, "systemd-run --wait --unit some.service -- echo hello")
    assert (result.stdout, result.stderr, result.exit_code) == ("", "Running as unit: some.service\n", 0)


def test_it_inherits_nothing_that_the_script_has_in_its_environment(platform):
    shown = run(platform, f"SECRET=x {RUN} env").stdout
    names = {line.partition("=")[0] for line in shown.splitlines()}
    assert "SECRET" not in names and "LOCALAZURE_RUN" not in names
    assert {"PATH", "LOCALAZURE_ROOT", "DOCKERVM_ADDRESS"} <= names


@pytest.mark.parametrize(("command", "status"), [
    ("sleep NAP", 0),
    ("sh -c \"trap '' TERM; sleep NAP; sleep NAP\"", 1),   # it does not heed the request, and is killed
])  # fmt: skip
def test_systemctl_knows_it_by_its_name_and_ends_it(platform, nap, command, status):
    script = f"""
        {RUN} {command.replace("NAP", nap)} &
        until systemctl is-active --quiet some.service && ps ax | grep -q '[s]leep {nap}'; do sleep 0.02; done
        systemctl stop some.service
        wait $!
        echo $?
        systemctl is-active some
        echo $?"""
    assert run(platform, script).stdout.split() == [str(status), "inactive", "3"]
    assert nap.encode() not in command_lines()


def test_what_a_command_has_started_ends_with_it(platform, nap):
    run(platform, f"{RUN} sh -c 'sleep {nap} & exit 0'")
    assert nap.encode() not in command_lines()


def test_a_unit_is_there_once(platform):
    script = f"""
        {RUN} sleep 60 &
        until systemctl is-active --quiet some; do sleep 0.02; done
        {RUN} echo twice
        echo $?
        systemctl stop some"""
    result = run(platform, script)
    assert result.stdout == "1\n" and "Unit some.service was already loaded" in result.stderr


def test_it_ends_with_the_machine(platform, nap):
    run(platform, f"{RUN} sleep {nap} >/dev/null 2>&1 &")
    eventually(lambda: nap.encode() in command_lines())
    platform.machine_restart(MACHINE)
    assert nap.encode() not in command_lines()
    assert run(platform, "systemctl is-active some").exit_code == 3


@pytest.mark.parametrize(("words", "said"), [
    ("--pipe --uid=1 true", "does not know --uid"), ("--pipe", "Command line to execute required"),
    ("--unit=some true", "needs --pipe or --wait"), ("--pipe no-such-tool", "Failed to find executable no-such-tool"),
    ("--pipe --unit=../some true", "mangle"), ("--pipe=yes true", "does not know --pipe"),
])  # fmt: skip
def test_what_it_cannot_do_is_said(platform, words, said):
    result = run(platform, f"systemd-run --quiet {words}")
    assert result.exit_code == 1 and said in result.stderr
    assert not (root_of(platform) / "some.service").exists()
