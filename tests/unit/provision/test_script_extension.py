"""`install` for the Docker VM extension: its handler finds all that it would download, and nothing hides its work."""

from __future__ import annotations

import json
import os

import pytest
from script_machine import EXTENSION_UNIT, PACKAGED_UNIT, Answer, Machine, mode, needs_tools

pytestmark = needs_tools


def prepared(machine: Machine, offered: str = "docker-compose", **values: str) -> Answer:
    machine.switch("offered", offered + "\n")
    return machine.run("install", COMPOSE="1", **values)


def installations(machine: Machine) -> list[str]:
    return [call for call in machine.calls() if call.startswith("apt-get") and " install " in call]


def test_a_bare_machine_is_made_ready_in_one_installation(machine: Machine):
    answer = prepared(machine, USER="azureuser")
    assert answer.status == 0
    compose = machine.file("/usr/local/bin/docker-compose")
    assert answer.facts["compose"] == str(compose)
    assert compose.resolve() == machine.file("/usr/bin/docker-compose")
    assert answer.facts["dockerd-link"] == str(machine.file("/usr/bin/dockerd"))
    assert machine.file("/usr/bin/dockerd").resolve() == machine.tools / "dockerd"
    assert len(installations(machine)) == 1
    assert "docker.io" in installations(machine)[0] and installations(machine)[0].endswith(" docker-compose")
    assert "usermod -aG docker azureuser" in machine.calls()


def test_the_files_that_the_handler_fills_have_their_modes_beforehand(dash_machine: Machine):
    prepared(dash_machine)
    files = [dash_machine.file(f"/etc/docker/{name}.pem") for name in ("ca", "cert", "key")]
    assert [mode(path) for path in files] == [0o444, 0o444, 0o400]
    assert [path.read_text() for path in files] == ["", "", ""]
    assert dash_machine.run("check").facts["authority"] == "none"


@pytest.mark.parametrize(("offered", "chosen"), [
    ("docker-compose-v2\ndocker-compose", "docker-compose-v2"),                             # Ubuntu
    ("docker-compose-v2\ndocker-compose\ndocker-compose-plugin", "docker-compose-plugin"),  # Docker's own archive
])
def test_the_client_s_plugin_serves_as_compose(dash_machine: Machine, offered: str, chosen: str):
    assert prepared(dash_machine, offered).status == 0
    assert installations(dash_machine)[0].endswith(" " + chosen)
    compose = dash_machine.file("/usr/local/bin/docker-compose")
    assert compose.resolve() == dash_machine.file("/usr/libexec/docker/cli-plugins/docker-compose")
    assert os.access(compose, os.X_OK)


@pytest.mark.parametrize(("file", "path"), [
    ("redhat-release", "/usr/bin/docker-compose"),
    ("centos-release", "/usr/local/bin/docker-compose"),
    ("lsb-release", "/opt/bin/docker-compose"),
])
def test_compose_is_where_the_handler_of_this_distribution_looks(dash_machine: Machine, file: str, path: str):
    dash_machine.file("/etc/redhat-release").write_text("9")
    dash_machine.file(f"/etc/{file}").write_text('DISTRIB_ID="Container Linux by CoreOS"\n')
    answer = prepared(dash_machine, "docker-compose-v2")
    assert answer.facts["compose"] == str(dash_machine.file(path))
    assert dash_machine.file(path).exists()


def test_a_compose_that_is_there_is_left_alone(dash_machine: Machine):
    own = dash_machine.file("/usr/local/bin/docker-compose")
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    assert prepared(dash_machine).status == 0
    assert own.read_text() == "mine"
    assert "docker-compose" not in installations(dash_machine)[0]


def test_a_link_that_leads_nowhere_is_no_compose(dash_machine: Machine):
    link = dash_machine.file("/usr/local/bin/docker-compose")
    link.parent.mkdir(parents=True)
    link.symlink_to("gone")
    assert prepared(dash_machine).status == 0
    assert link.exists()


def test_docker_that_is_there_is_kept_and_compose_added(dash_machine: Machine):
    dash_machine.install_docker()
    assert prepared(dash_machine).status == 0
    assert len(installations(dash_machine)) == 1
    assert "docker.io" not in installations(dash_machine)[0]


def test_the_same_again_changes_nothing(machine: Machine):
    prepared(machine)
    before = machine.files("/etc", "/usr")
    answer = prepared(machine)
    assert answer.status == 0
    assert "dockerd-link" not in answer.facts
    assert machine.files("/etc", "/usr") == before
    assert len(installations(machine)) == 1


def test_no_package_of_compose_is_a_reason_of_its_own(dash_machine: Machine):
    answer = prepared(dash_machine, "docker-buildx")
    assert answer.reason == "no-compose-package"
    assert "docker-compose-v2" in answer.details[0]
    assert len([call for call in dash_machine.calls() if "update" in call]) == 1


def test_a_mirror_out_of_reach_is_not_taken_for_a_missing_package(dash_machine: Machine):
    dash_machine.switch("apt-fails", "E: Failed to fetch http://mirror/  503  Service Unavailable\n" * 100)
    assert prepared(dash_machine, "").reason == "install-failed"


def test_without_being_asked_nothing_of_it_is_done(dash_machine: Machine):
    dash_machine.switch("offered", "docker-compose\n")
    answer = dash_machine.run("install")
    assert not {"compose", "dockerd-link"} & answer.facts.keys()
    assert "docker-compose" not in installations(dash_machine)[0]
    assert not dash_machine.file("/etc/docker").exists()


@pytest.mark.parametrize("offered", ["docker-compose-plugin", "moby-compose", None])
def test_rpm_distributions(dash_machine: Machine, offered: str | None):
    dash_machine.file("/etc/centos-release").write_text("CentOS Stream release 9")
    (dash_machine.tools / "apt-get").rename(dash_machine.root / "stock" / "apt-get")
    dash_machine.add_tool(
        "dnf",
        f'case "$*" in *" list docker-ce" | *" list {offered}") for name; do :; done; echo "$name.x86_64 1" ;;\n'
        f'*install*) "$root/stock/apt-get" docker.io && "$root/stock/apt-get" {offered} ;; esac\n',
    )
    answer = dash_machine.run("install", COMPOSE="1")
    if offered is None:
        assert answer.reason == "no-compose-package"
    else:
        assert answer.status == 0
        assert dash_machine.file("/usr/local/bin/docker-compose").exists()


def test_where_the_package_manager_knows_none_there_is_a_reason(dash_machine: Machine):
    (dash_machine.tools / "apt-get").rename(dash_machine.root / "stock" / "apt-get")
    dash_machine.add_tool("zypper", '"$root/stock/apt-get" docker.io\n')
    assert dash_machine.run("install", COMPOSE="1").reason == "no-compose-package"


# What would hide what the handler writes


DROP_IN = "/etc/systemd/system/docker.service.d/dockervm.conf"


@pytest.mark.parametrize(("name", "text"), [
    (DROP_IN, "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd\n"),
    ("/run/systemd/system/docker.service.d/mine.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -D\n"),
    ("/etc/docker/daemon.json", json.dumps({"hosts": ["fd://"]}, indent=2)),
])
def test_what_would_hide_the_extension_is_named_and_left(machine: Machine, name: str, text: str):
    path = machine.file(name)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    before = machine.files("/etc", "/usr")
    answer = prepared(machine)
    assert answer.reason == "extension-blocked"
    assert str(path) in answer.details[0] and "run-command" in answer.details[1]
    assert machine.files("/etc", "/usr") == before
    assert not installations(machine)


def test_a_host_of_run_command_is_not_made_one_of_the_extension(dash_machine: Machine):
    dash_machine.serve(dash_machine.request().csr)
    assert prepared(dash_machine).reason == "extension-blocked"
    assert dash_machine.run("check").status == 0


def test_a_unit_that_the_handler_does_not_edit_is_named(dash_machine: Machine):
    dash_machine.install_docker()
    own = dash_machine.file("/etc/systemd/system/docker.service")
    own.parent.mkdir(parents=True)
    own.write_text(PACKAGED_UNIT)
    answer = prepared(dash_machine)
    assert answer.reason == "extension-blocked"
    assert str(own) in answer.details[0]


def test_a_host_of_the_extension_can_be_prepared_again(dash_machine: Machine):
    prepared(dash_machine)
    unit = dash_machine.file("/usr/lib/systemd/system/docker.service")
    unit.write_text(EXTENSION_UNIT)
    dash_machine.file("/etc/docker/daemon.json").write_text('{"registry-mirrors": ["https://mirror"]}')
    dash_machine.file("/etc/docker/ca.pem").chmod(0o644)
    dash_machine.file("/etc/docker/ca.pem").write_text("an authority")
    kept = dash_machine.file("/etc/systemd/system/docker.service.d/dockervm-extension.conf")
    kept.parent.mkdir(parents=True)
    kept.write_text("[Service]\nExecStart=\nExecStart=/usr/bin/dockerd\n")
    assert prepared(dash_machine).status == 0
    assert unit.read_text() == EXTENSION_UNIT
    assert dash_machine.file("/etc/docker/ca.pem").read_text() == "an authority"
