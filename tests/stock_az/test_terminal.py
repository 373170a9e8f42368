"""az dockervm as it is typed: streams that are closed, the password's prompt, the Tab key."""

from __future__ import annotations

import os
import pty
import re
import subprocess

import compute_support as compute
import pytest
from extension import NEWEST, OLDEST, AzWithExtension
from local_azure import eventually
from terminal import converse

from azext_dockervm.spec.images import ALIASES

GOOD = "Tall-Ships_2014+Docker"

@pytest.fixture
def typed(azure, tmp_path):
    return AzWithExtension(azure, NEWEST, tmp_path)


@pytest.mark.parametrize("environment", [NEWEST, OLDEST])
def test_without_a_stderr_certificates_are_made_all_the_same(azure, tmp_path, environment):
    az = AzWithExtension(azure, environment, tmp_path)
    made = az.shell("az dockervm cert create 2>&-").succeeded()
    assert made.json["created"]
    assert {path.name for path in (az.home / ".docker").iterdir()} >= {"ca.pem", "cert.pem", "key.pem", "ca-key.pem"}
    assert az.shell("az dockervm cert create 2>&-").succeeded().json["created"] is False


def test_without_a_stderr_an_error_is_still_an_exit_code(typed):
    assert typed.shell("az dockervm cert show -dc nowhere 2>&-").code == 3


def test_a_reader_that_went_away_stops_nothing(typed):
    typed.shell("az dockervm cert create -o none 2> >(:)").succeeded()
    assert (typed.home / ".docker/key.pem").is_file()


def on_a_terminal(az: AzWithExtension, words: list[str], answers: list[str]) -> tuple[int, str]:
    """Run it where passwords can be typed; each prompt gets the next answer. Exit code, and all that was shown."""
    main, side = pty.openpty()
    process = subprocess.Popen(["setsid", "--ctty", "--wait", az.program, *words], stdin=side, stdout=side,
                               stderr=side, env=az.environment, cwd=az.home)
    os.close(side)
    shown = converse(main, process, answers)
    return process.wait(), shown


def test_the_password_s_prompt_states_the_rule_and_asks_again(typed):
    words = ["dockervm", "create", "-g", "no-such-group", "-n", "web1", "-p"]
    code, shown = on_a_terminal(typed, words, ["Short-1", GOOD, "Other-one_2014", GOOD, GOOD])
    assert shown.index("12 to 72 characters, with three of these four") < shown.index("Admin password (")
    assert "Not taken: it has 7 characters" in shown
    assert "Not taken: the two that were typed differ" in shown
    assert (code, "group 'no-such-group' does not exist" in shown) == (3, True), "the password was taken"
    assert "Traceback" not in shown
    assert not [one for one in ("Short-1", GOOD, "Other-one_2014") if one in shown]


def test_the_password_s_prompt_gives_up(typed):
    code, shown = on_a_terminal(typed, ["dockervm", "create", "-g", "g", "-n", "web1", "-p"], ["Short-1"] * 3)
    assert code == 1
    assert len(re.findall(r"Admin password \(", shown)) == 3
    assert "none was taken in 3 attempts" in shown and "-p @file" in shown


def test_a_registry_s_password_is_asked_for_and_never_shown(typed):
    words = ["dockervm", "create", "-g", "no-such-group", "-n", "web1", "--registry-login", "a.io=me", "b.io=you"]
    code, shown = on_a_terminal(typed, words, ["", GOOD, "Other-one_2014"])
    assert shown.count("Password of me for the registry a.io: ") == 2 and "Not taken: it is empty" in shown
    assert shown.count("Password of you for the registry b.io: ") == 1
    assert (code, "group 'no-such-group' does not exist" in shown) == (3, True), "both were taken"
    assert not [one for one in (GOOD, "Other-one_2014", "Traceback") if one in shown]


def tab(az: AzWithExtension, line: str, **more: str) -> list[str]:
    """What the Tab key offers at the end of a line, as argcomplete's shell function asks az for it: answers come by 8,
    what would be seen by 9."""
    asked = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "COMP_LINE": line, "COMP_POINT": str(len(line)),
             "COMP_TYPE": "9", **more}
    done = az.shell("az 8>&1 9>&2 1>/dev/null 2>/dev/null", **asked)
    assert done.stderr == "", done
    return [one.strip() for one in done.stdout.split("\n") if one.strip()]


def test_tab_offers_the_hosts_of_the_group(azure, typed, group):
    for name, tags in (("web1", {"dockervm-host": "web1"}), ("webby", {"team": "x"})):
        vm = {**compute.body(compute.make_nic(azure, group, name), name), "tags": tags}
        azure.arm("PUT", compute.vm_path(azure, group, name), compute.API, vm)
    # Eventually: an answer that takes too long on a busy machine is left out on purpose.
    eventually(lambda: tab(typed, f"az dockervm info -g {group} -n ") == ["web1"], "offers the host")
    eventually(lambda: tab(typed, f"az dockervm info -g {group} -n web") == ["web1"], "offers the host")
    assert tab(typed, f"az dockervm info -g {group} -n db") == []
    assert tab(typed, "az dockervm info -n ") == []
    assert tab(typed, f"az dockervm create -g {group} -n ") == []


def test_tab_offers_nothing_and_says_nothing_without_a_login(typed, tmp_path):
    assert tab(typed, "az dockervm info -g demo -n ", AZURE_CONFIG_DIR=str(tmp_path / "fresh")) == []


def test_tab_offers_the_short_names_of_images(typed):
    assert set(tab(typed, "az dockervm create --image ")) == set(ALIASES)
    assert tab(typed, "az dockervm create --image ubuntu24") == ["Ubuntu2404"]


def test_tab_offers_the_regions(typed):
    assert "westus" in tab(typed, "az dockervm create -l west")
