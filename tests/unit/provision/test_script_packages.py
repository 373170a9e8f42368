"""The set-up script and the managers of RPM packages: names, locks, repositories that come late or never, statuses."""

from __future__ import annotations

import pytest
from script_machine import Machine, needs_tools

pytestmark = needs_tools

# dnf, yum and tdnf as far as they are asked; switch/said holds what a call prints and how it ends, a line each.
DNF = """
if [ -s "$root/switch/said" ]; then
    status=$(sed -n '1s/ .*//p' "$root/switch/said")
    sed -n '1s/^[0-9]* //p' "$root/switch/said" >&2
    sed -i 1d "$root/switch/said"
    exit "$status"
fi
case "$*" in
*' list '*) for name; do :; done; grep -s "^$name[.]" "$root/switch/offered" ;;
*makecache*) cat "$root/switch/makecache" 2>/dev/null || true ;;
*install*) "$root/stock/apt-get" docker.io ;;
esac
"""
ZYPPER = """
if [ -s "$root/switch/said" ]; then
    status=$(sed -n '1s/ .*//p' "$root/switch/said")
    sed -n '1s/^[0-9]* //p' "$root/switch/said" >&2
    sed -i 1d "$root/switch/said"
    [ "$status" = 106 ] || exit "$status"
fi
"$root/stock/apt-get" docker.io
exit ${status:-0}
"""


@pytest.fixture
def rpm_machine(dash_machine: Machine) -> Machine:
    (dash_machine.tools / "apt-get").rename(dash_machine.root / "stock" / "apt-get")
    return dash_machine


def installs(machine: Machine) -> list[str]:
    return [call for call in machine.calls() if " install " in call]


@pytest.mark.parametrize(
    ("manager", "offered", "installed"),
    [
        ("dnf", "docker-ce.x86_64 3:27", "docker-ce docker-ce-cli containerd.io"),
        ("tdnf", "moby-engine.x86_64 25\nmoby-cli.x86_64 25", "moby-engine moby-cli"),
        ("dnf", "moby-engine.x86_64 25\ndocker-cli.x86_64 25", "moby-engine docker-cli"),
        ("yum", "moby-engine.x86_64 25", "moby-engine"),
    ],
)
def test_names_of_docker_s_packages(rpm_machine: Machine, manager: str, offered: str, installed: str):
    rpm_machine.switch("offered", offered + "\n")
    rpm_machine.add_tool(manager, DNF)
    assert rpm_machine.run("install").status == 0
    # tdnf has no such setting: it waits until it is ended.
    lock = [] if manager == "tdnf" else ["--setopt=exit_on_lock=True"]
    assert installs(rpm_machine) == [" ".join([manager, "-y", *lock, "install openssl ca-certificates", installed])]


def test_without_a_package_of_docker_it_says_where_one_is(rpm_machine: Machine):
    rpm_machine.switch("offered", "podman-docker.noarch 5\ndocker.x86_64 1.13\n")
    rpm_machine.add_tool("dnf", DNF)
    answer = rpm_machine.run("install")
    assert answer.reason == "no-docker-package"
    assert answer.details[0] == "no package repository of this host offers docker-ce or moby-engine"
    assert answer.details[1].endswith("Docker's own repository has: https://docs.docker.com/engine/install")
    assert "--docker-channel docker adds it" in answer.details[2]
    assert "Ubuntu, Debian or Azure Linux" in answer.details[2]
    assert not installs(rpm_machine)


@pytest.mark.parametrize("said", [
    "Ignoring repositories: docker-ce-stable", "Error: Failed to download metadata for repo x"])
def test_a_repository_out_of_reach_is_no_last_word(rpm_machine: Machine, said: str):
    rpm_machine.add_tool("dnf", DNF)
    rpm_machine.switch("makecache", f"{said}\nMetadata cache created.\n")
    answer = rpm_machine.run("install")
    assert answer.reason == "install-failed"
    assert len([call for call in rpm_machine.calls() if "makecache" in call]) == 6


LOCKED = "200 metadata already locked by 3\n"


@pytest.mark.parametrize("said", [LOCKED, "1 waiting for tdnf_instance lock on /var/run/.tdnf-instance-lockfile\n"])
@pytest.mark.parametrize("times", [30, 2])      # the second time, what asks for the names meets it, and nothing else
def test_a_lock_is_waited_for(rpm_machine: Machine, said: str, times: int):
    rpm_machine.switch("offered", "docker-ce.x86_64 3:27\n")
    rpm_machine.switch("said", said * times)
    rpm_machine.add_tool("dnf", DNF)
    assert rpm_machine.run("install").status == 0


def test_a_lock_that_is_never_released_ends_in_a_reason(rpm_machine: Machine):
    rpm_machine.switch("said", LOCKED * 1000)
    rpm_machine.add_tool("dnf", DNF)
    answer = rpm_machine.run("install", TIMEOUT="1")
    assert answer.reason == "lock-timeout"
    assert any("already locked by 3" in line for line in answer.details)


def test_a_manager_that_waits_for_a_lock_itself_is_ended_at_the_deadline(rpm_machine: Machine):
    rpm_machine.add_tool("tdnf", "echo waiting for tdnf_instance lock on /var/run/x >&2\nexec /bin/sleep 30\n")
    answer = rpm_machine.run("install", TIMEOUT="1")
    assert answer.reason == "lock-timeout"
    assert any("tdnf_instance" in line for line in answer.details)


@pytest.mark.parametrize(("manager", "offered"), [
    ("dnf", "docker-ce.x86_64 3:27"), ("yum", "docker-ce.x86_64 3:27"), ("tdnf", "moby-engine.x86_64 25"),
    ("zypper", "")])
def test_each_manager_is_run_with_the_proxies(rpm_machine: Machine, manager: str, offered: str):
    rpm_machine.switch("offered", offered + "\n")
    seen = rpm_machine.root / "seen"
    noting = f'echo "$http_proxy $https_proxy $no_proxy" >>"{seen}"\n'
    rpm_machine.add_tool(manager, noting + (ZYPPER if manager == "zypper" else DNF))
    assert rpm_machine.run("install", HTTP_PROXY="http://me:pw@a.test:1", HTTPS_PROXY="http://b.test:2",
                           NO_PROXY="localhost,.corp").status == 0
    assert set(seen.read_text().splitlines()) == {"http://me:pw@a.test:1 http://b.test:2 localhost,.corp"}
    assert "me:pw" not in str(rpm_machine.calls())


# SUSE

ZYPP_LOCKED = "7 System management is locked by the application with pid 99 (zypper).\n"


def test_zypper_s_lock_is_waited_for_by_itself_and_by_us(rpm_machine: Machine):
    rpm_machine.add_tool("zypper", 'echo "$ZYPP_LOCK_TIMEOUT" >>"$root/patience"\n' + ZYPPER)
    rpm_machine.switch("said", ZYPP_LOCKED * 12)
    assert rpm_machine.run("install").status == 0 and len(installs(rpm_machine)) == 13
    patience = [int(line) for line in (rpm_machine.root / "patience").read_text().splitlines()]
    assert patience == sorted(patience, reverse=True) and 0 < patience[-1] <= patience[0] <= 30


def test_one_that_is_never_released_is_told_as_a_lock(rpm_machine: Machine):
    rpm_machine.add_tool("zypper", ZYPPER)
    rpm_machine.switch("said", ZYPP_LOCKED * 1000)
    answer = rpm_machine.run("install", TIMEOUT="1")
    assert answer.reason == "lock-timeout" and "pid 99 (zypper)" in str(answer.details)


NONE_YET = "104 Warning: No repositories defined. Operating only with the installed resolvables.\n"


def test_repositories_that_come_with_the_registration_are_waited_for(rpm_machine: Machine):
    rpm_machine.add_tool("zypper", ZYPPER)
    rpm_machine.switch("said", NONE_YET * 12)
    assert rpm_machine.run("install").status == 0
    assert installs(rpm_machine)[-1] == (
        "zypper --non-interactive --gpg-auto-import-keys install --no-recommends docker openssl ca-certificates")


@pytest.mark.parametrize(("manager", "body", "said"), [
    ("zypper", ZYPPER, NONE_YET), ("dnf", DNF, '1 Error: There are no enabled repositories in "/etc/yum.repos.d".\n')])
def test_repositories_that_never_come_end_in_a_reason(rpm_machine: Machine, manager: str, body: str, said: str):
    rpm_machine.add_tool(manager, body)
    rpm_machine.switch("said", said * 1000)
    answer = rpm_machine.run("install", TIMEOUT="1")
    assert answer.reason == "no-repositories"
    assert answer.details[0].startswith("this host's package manager has had no repositories for ")
    assert "/var/log/cloudregister" in answer.details[1]


def test_after_ten_minutes_no_repository_is_expected_any_more(rpm_machine: Machine):
    """An image with an own subscription registers when somebody does it: the rest of the deadline would be lost."""
    rpm_machine.add_tool("zypper", ZYPPER)
    rpm_machine.switch("said", NONE_YET * 1000)
    script = rpm_machine.root / "set-up-install.sh"
    rpm_machine.start("install", TIMEOUT="1").communicate()
    text = script.read_text()
    assert text.count("registration_seconds=600\n") == 1
    script.write_text(text.replace("registration_seconds=600\n", "registration_seconds=1\n"))
    answer = rpm_machine.run("install", TIMEOUT="1500")
    assert answer.reason == "no-repositories"


def test_repositories_without_docker_name_the_module_that_has_it(rpm_machine: Machine):
    rpm_machine.add_tool("zypper", ZYPPER)
    rpm_machine.switch("said", "104 No provider of 'docker' found.\n")
    answer = rpm_machine.run("install")
    assert answer.reason == "no-docker-package"
    assert "sle-module-containers" in answer.details[1]


def test_a_repository_that_could_not_be_refreshed_does_not_make_an_installation_fail(rpm_machine: Machine):
    rpm_machine.add_tool("zypper", ZYPPER)
    rpm_machine.switch("said", "106 Warning: Skipping repository 'x' because of the above error.\n")
    assert rpm_machine.run("install").status == 0
    assert len(installs(rpm_machine)) == 1
