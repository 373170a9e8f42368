"""Who may knock at a booted machine behind somebody's security group: sources, containers' ports, rules of ours."""

from __future__ import annotations

import ipaddress
import json
import shlex
import socket

import pytest
from local_azure import eventually
from running import run

from localazure.machines.foundation.address_blocks import routed_blocks

pytestmark = pytest.mark.machines

GROUP, NAME, REGION = "knock", "knock1", "northeurope"
INSIDE, OUTSIDE = 8085, 9000        # of --open-ports 8080-8090
SERVE = "mkdir /w && echo served > /w/index.html && httpd -f -p 80 -h /w"


def own_addresses() -> list[str]:
    return [one["local"] for link in json.loads(run(["ip", "-j", "-4", "address"]).succeeded().stdout)
            for one in link["addr_info"] if one["scope"] == "global"]


def source_to(address: str) -> str:
    """By which address this computer will call a public one that no machine has yet."""
    return next(block.host_address for block in routed_blocks() if ipaddress.IPv4Address(address) in block.pool)


def answers(address: str, port: int, source: str = "") -> bool:
    """Whether a connection from here, or from another address of this computer, is taken."""
    try:
        socket.create_connection((address, port), 3, (source, 0)).close()
    except OSError:
        return False
    return True


def served(address: str, port: int) -> str:
    return run(["curl", "-s", "--max-time", "4", f"http://{address}:{port}/"]).stdout.strip()


@pytest.fixture(scope="module")
def guard(local_azure):
    """Somebody's group, which shuts everything; a public address of its region, to learn who we are to such ones."""
    local_azure.az("group", "create", "-n", GROUP, "-l", REGION).succeeded()
    at = ("-g", GROUP, "--nsg-name", "corp-nsg")
    local_azure.az("network", "nsg", "create", "-g", GROUP, "-n", "corp-nsg").succeeded()
    local_azure.az("network", "nsg", "rule", "create", *at, "-n", "no", "--priority", "200", "--access", "Deny",
                   "--protocol", "*", "--source-address-prefixes", "*", "--destination-port-ranges", "*").succeeded()
    yield lambda: local_azure.query("network", "nsg", "rule", "list", *at, "--query", "[].name")
    local_azure.az("group", "delete", "-n", GROUP, "--yes").succeeded()


@pytest.fixture(scope="module")
def host(local_azure, guard, fleet, busybox):
    address = local_azure.query("network", "public-ip", "create", "-g", GROUP, "-n", "probe", "--sku", "Standard",
                                "--query", "publicIp.ipAddress")
    us = source_to(address)
    asked = ("dockervm", "create", "-g", GROUP, "-n", NAME, "--nsg", "corp-nsg", "--sources", us, "--open-ports",
             "8080-8090", "--ssh-key-values", f"{fleet.ssh_key}.pub")
    refused = local_azure.az(*asked)
    assert refused.code == 1 and "Docker's port, 4243" in refused.stderr and " --open\n" in refused.stderr
    assert local_azure.query("resource", "list", "-g", GROUP, "--query", f"[?starts_with(name, '{NAME}')]") == []
    # One of both ways on: a rule by hand, as it was printed; --open for what is left.
    command = next(line for line in refused.stderr.splitlines() if "-n allow-ports" in line).partition(": az ")[2]
    local_azure.az(*shlex.split(command)).succeeded()
    made = local_azure.az(*asked, "--open").succeeded().json
    assert made["reachable"]
    docker = ("--tlsverify", "-H", made["dockerHost"])
    local_azure.docker(*docker, "import", busybox, "busybox").succeeded()
    local_azure.docker(*docker, "run", "-d", "-p", f"{INSIDE}:80", "-p", f"{OUTSIDE}:80", "busybox", "sh", "-c",
                       SERVE).succeeded()
    yield {**made, "us": us, "docker": docker}


def test_a_port_of_a_container_is_reached_within_open_ports_and_not_without(host):
    address = host["publicIpAddress"]
    assert eventually(lambda: served(address, INSIDE), "an answer", 20) == "served"
    assert not answers(address, OUTSIDE) and not answers(address, 22)


def test_only_the_sources_may_knock(host):
    address = host["publicIpAddress"]
    others = [one for one in own_addresses() if one != host["us"]]
    assert others, "this computer has one address alone"
    assert answers(address, host["dockerPort"], host["us"])
    assert not answers(address, host["dockerPort"], others[0]) and not answers(address, INSIDE, others[0])


def test_the_group_has_one_rule_of_ours_which_goes_with_the_host(local_azure, guard, host):
    added = set(guard()) - {"no", "allow-ports"}
    assert len(added) == 1 and next(iter(added)).startswith(f"allow-docker-{NAME}-")
    local_azure.az("dockervm", "delete", "-g", GROUP, "-n", NAME, "--yes").succeeded()
    assert set(guard()) == {"no", "allow-ports"}
