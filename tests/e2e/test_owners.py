"""Whose a host is, seen by the real docker client: strangers, owners, the one who takes over. One host for all."""

from __future__ import annotations

import shutil
import socket

import pytest
from local_azure import GROUP

pytestmark = pytest.mark.machines

NAME = "contested"
RULE = ("network", "nsg", "rule", "update", "-g", GROUP, "--nsg-name", f"{NAME}NSG", "-n", "allow-docker")


class Contested:
    """The host, and what its two rivals do to it."""

    def __init__(self, fleet, folder) -> None:
        self.azure, self.fleet = fleet.azure, fleet
        self.mine, self.theirs = folder / "mine", folder / "theirs"
        self.made = self.create("-dc", self.mine).succeeded().json

    def create(self, *words: object):
        return self.azure.az("dockervm", "create", "-g", GROUP, "-n", NAME, "-l", "eastus", "--ssh-key-values",
                             f"{self.fleet.ssh_key}.pub", "--provisioner", "run-command", *words)

    def docker(self, folder, *words: object, port: int = 4243):
        return self.azure.docker("--tlsverify", "-H", f"tcp://{self.made['fqdn']}:{port}", *words,
                                 DOCKER_CERT_PATH=str(folder), timeout=20)

    def engine_since(self) -> str:
        return self.azure.in_guest(NAME, "systemctl show docker -p ActiveEnterTimestampMonotonic -p MainPID")

    def container(self, folder, port: int = 4243) -> str:
        said = self.docker(folder, "inspect", "-f", "{{.State.StartedAt}} {{.State.Running}}", "kept", port=port)
        return said.succeeded().stdout.strip()

    def source(self, prefix: str) -> None:
        self.azure.az(*RULE, "--source-address-prefixes", prefix).succeeded()


@pytest.fixture(scope="module")
def host(fleet, busybox, tmp_path_factory):
    found = Contested(fleet, tmp_path_factory.mktemp("owners"))
    found.docker(found.mine, "import", busybox, "busybox").succeeded()
    found.docker(found.mine, "run", "-d", "--name", "kept", "busybox", "sleep", "10000").succeeded()
    found.azure.az("dockervm", "cert", "create", "-dc", found.theirs).succeeded()
    return found


def test_a_stranger_who_can_t_reach_it_does_not_take_it(host):
    since, container = host.engine_since(), host.container(host.mine)
    host.source("192.0.2.7")
    try:
        refused = host.create("-dc", host.theirs)
        assert refused.code == 1 and refused.stdout == "" and "It was left as it is" in refused.stderr, str(refused)
        # Without the tag the host's own word counts.
        tags = ("tag", "update", "--resource-id", host.made["id"], "--operation", "delete", "--tags")
        ca = host.azure.query("vm", "show", "-g", GROUP, "-n", NAME)["tags"]["dockervm-ca"]
        host.azure.az(*tags, f"dockervm-ca={ca}").succeeded()
        refused = host.create("-dc", host.theirs)
        assert refused.code == 1 and "By its own word it trusts" in refused.stderr, str(refused)
    finally:
        host.source("*")
    assert host.engine_since() == since and host.container(host.mine) == container
    assert host.docker(host.theirs, "version").code != 0


@pytest.mark.long
def test_its_owner_who_can_t_reach_it_does_not_disturb_it(host):
    since = host.engine_since()
    host.source("192.0.2.7")
    try:
        again = host.create("-dc", host.mine, "--only-show-errors")
        assert again.code == 4 and again.json["reachable"] is False, str(again)
        assert "can't be reached from here" in again.stderr
        told = host.create("-dc", host.mine, "--only-show-errors", "--query", "reachable", "-o", "tsv")
        assert (told.code, told.stdout) == (4, "false\n")
    finally:
        host.source("*")
    assert host.engine_since() == since
    host.docker(host.mine, "version").succeeded()


@pytest.mark.long
@pytest.mark.parametrize("name", ["cert.pem", "key.pem"])
def test_a_client_certificate_that_lost_a_file_is_issued_again(host, name):
    since = host.engine_since()
    (host.mine / name).unlink()
    host.create("-dc", host.mine).succeeded()
    assert host.docker(host.mine, "version").succeeded() and host.engine_since() == since


def test_ports_and_tags_of_an_existing_host_are_applied_and_containers_live_on(host):
    container = host.container(host.mine)
    again = host.create("-dc", host.mine, "-dp", "2376", "--tags", "team=a", "--size", "Standard_D4s_v5")
    assert again.succeeded().json["dockerHost"].endswith(":2376")
    assert "Not applied: --size: the host has Standard_D2s_v5" in again.stderr
    assert host.container(host.mine, port=2376) == container
    with pytest.raises(OSError):
        socket.create_connection((host.made["fqdn"], 4243), timeout=3)
    assert host.azure.query("vm", "show", "-g", GROUP, "-n", NAME)["tags"]["team"] == "a"
    back = host.create("-dc", host.mine, "-dp", "4243").succeeded()
    assert back.json["dockerPort"] == 4243 and host.container(host.mine) == container


def test_who_takes_over_by_azure_s_rights_keeps_the_containers(host):
    """Last here: afterwards the host is the other's."""
    container = host.container(host.mine)
    asked = host.azure.az("dockervm", "enable", "-g", GROUP, "-n", NAME, "--replace-trust", "-dc", host.theirs)
    assert asked.code == 1 and "--yes" in asked.stderr
    taken = host.azure.az("dockervm", "enable", "-g", GROUP, "-n", NAME, "--replace-trust", "-dc", host.theirs, "--yes")
    assert taken.succeeded().json["reachable"] is True and "cuts off" in taken.stderr
    assert host.container(host.theirs) == container
    assert host.docker(host.mine, "version").code != 0
    refused = host.create("-dc", host.mine)
    assert refused.code == 1 and "az dockervm enable" in refused.stderr
    # The one who lost everything, and is root there by Azure's rights, gets it back.
    shutil.rmtree(host.mine)
    host.azure.az("dockervm", "enable", "-g", GROUP, "-n", NAME, "--replace-trust", "-dc", host.mine,
                  "--yes").succeeded()
    assert host.container(host.mine) == container and host.docker(host.theirs, "version").code != 0
