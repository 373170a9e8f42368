"""A host without a public address, made by az alone: this machine joins its virtual network and reaches it."""

from __future__ import annotations

import json
import subprocess

import pytest
from local_azure import ROOT
from running import run

pytestmark = pytest.mark.machines
GROUP = "joined"


@pytest.fixture(scope="module")
def private(local_azure, tmp_path_factory):
    """Its address, its network's id, the key of its user."""
    key = tmp_path_factory.mktemp("joined") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", key], check=True)
    local_azure.az("group", "create", "-n", GROUP, "-l", "westus").succeeded()
    try:
        vm = local_azure.query(
            "vm", "create", "-g", GROUP, "-n", "hidden", "--image", "Canonical:ubuntu-24_04-lts:server:latest",
            "--public-ip-address", "", "--vnet-address-prefix", "10.77.0.0/16",
            "--subnet-address-prefix", "10.77.5.0/24",
            "--ssh-key-values", f"{key}.pub", "--admin-username", "skipper", "--data-disk-sizes-gb", "1",
            "--user-data", "told at creation", "--only-show-errors",
        )  # fmt: skip
        network = local_azure.query("network", "vnet", "show", "-g", GROUP, "-n", "hiddenVNET")["id"]
        yield vm["privateIpAddress"], network, key
    finally:
        join(local_azure, "--leave")
        local_azure.az("group", "delete", "-n", GROUP, "--yes").succeeded()


def join(local_azure, *words):
    return run([ROOT / "script/localazure", "join", "--instance", local_azure.name, *words])


def ssh(address, key, command):
    argv = ["ssh", "-i", key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
            "BatchMode=yes", "-o", "ConnectTimeout=3", f"skipper@{address}", command]  # fmt: skip
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


def test_a_member_reaches_the_host_and_a_rule_against_the_network_shuts_it_out(local_azure, private):
    address, network, key = private
    assert ssh(address, key, "hostname").stdout == ""
    join(local_azure, network).succeeded()
    seen = ssh(address, key, "hostname; ls /dev/disk/azure/scsi1")
    assert seen.stdout.split() == ["hidden", "lun0"], seen.stderr
    ask = "curl -s -H Metadata:true 'http://169.254.169.254/metadata/instance?api-version=2023-07-01'"
    shown = json.loads(ssh(address, key, ask).stdout)
    assert shown["compute"]["name"] == "hidden" and shown["compute"]["storageProfile"]["dataDisks"]
    local_azure.az(
        "network", "nsg", "rule", "create", "-g", GROUP, "--nsg-name", "hiddenNSG", "-n", "shut", "--priority", "100",
        "--access", "Deny", "--source-address-prefixes", "VirtualNetwork", "--destination-port-ranges", "22",
    ).succeeded()  # fmt: skip
    assert ssh(address, key, "hostname").stdout == ""
    local_azure.az("network", "nsg", "rule", "delete", "-g", GROUP, "--nsg-name", "hiddenNSG", "-n", "shut").succeeded()
    assert ssh(address, key, "hostname").stdout == "hidden\n"


def test_who_leaves_is_outside_again(local_azure, private):
    address, network, key = private
    join(local_azure, network).succeeded()
    join(local_azure, "--leave", network).succeeded()
    assert ssh(address, key, "hostname").stdout == ""
    refused = join(local_azure, network.replace("hiddenVNET", "other"))
    assert refused.code == 1 and "There is no virtual network" in refused.stderr
