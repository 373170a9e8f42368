"""Hosts where somebody else has laid the network, by stock az: on an interface of theirs, and without a public address
in a subnet of theirs, reached from a place that has joined the network."""

from __future__ import annotations

import json
import shlex

import pytest
from local_azure import ROOT, eventually
from running import run

pytestmark = pytest.mark.machines
GROUP = "networks"
SAN = "docker.example.test"
LABEL = "boats-of-networks"
SUBNET = ("-g", GROUP, "--vnet-name", "corp")


def join(local_azure, *words):
    return run([ROOT / "script/localazure", "join", "--instance", local_azure.name, *words])


def create(local_azure, name, *words):
    return local_azure.az("dockervm", "create", "-g", GROUP, "-n", name, *words)


@pytest.fixture(scope="module")
def laid(local_azure):
    """The network of somebody else: ``corp`` with a guarded subnet, and one from which a NAT gateway leads out; the
    network's id."""
    local_azure.az("group", "create", "-n", GROUP, "-l", "westus").succeeded()
    try:
        az = local_azure.az
        az("network", "nsg", "create", "-g", GROUP, "-n", "guard").succeeded()
        az("network", "nsg", "rule", "create", "-g", GROUP, "--nsg-name", "guard", "-n", "docker", "--priority", "100",
           "--destination-port-ranges", "4243", "--protocol", "Tcp").succeeded()
        az("network", "vnet", "create", "-g", GROUP, "-n", "corp", "--address-prefixes", "10.78.0.0/16",
           "--subnet-name", "apps", "--subnet-prefixes", "10.78.1.0/24", "--nsg", "guard").succeeded()
        for name, words in (("boats", ("--dns-name", LABEL)), ("nat-ip", ())):
            az("network", "public-ip", "create", "-g", GROUP, "-n", name, "--sku", "Standard", *words).succeeded()
        az("network", "nic", "create", "-g", GROUP, "-n", "nic1", "--vnet-name", "corp", "--subnet", "apps",
           "--public-ip-address", "boats").succeeded()
        az("network", "nat", "gateway", "create", "-g", GROUP, "-n", "nat", "--public-ip-addresses",
           "nat-ip").succeeded()
        az("network", "vnet", "subnet", "create", *SUBNET, "-n", "inside", "--address-prefixes", "10.78.2.0/24",
           "--default-outbound", "false", "--nat-gateway", "nat").succeeded()
        yield local_azure.query("network", "vnet", "show", "-g", GROUP, "-n", "corp")["id"]
    finally:
        join(local_azure, "--leave")
        local_azure.az("group", "delete", "-n", GROUP, "--yes").succeeded()


# On an interface of somebody's


@pytest.fixture(scope="module")
def stands(local_azure, laid):
    before = local_azure.query("network", "nic", "show", "-g", GROUP, "-n", "nic1")
    made = create(local_azure, "stands", "--nics", "nic1", "--tls-san", SAN, "192.0.2.7").succeeded().json
    after = local_azure.query("network", "nic", "show", "-g", GROUP, "-n", "nic1")
    assert after["ipConfigurations"][0]["publicIPAddress"] == before["ipConfigurations"][0]["publicIPAddress"]
    assert after.get("tags") == before.get("tags")
    return made


def test_a_host_stands_on_an_interface_of_somebody_s_and_is_known_by_its_name(local_azure, stands):
    assert stands["fqdn"].startswith(f"{LABEL}.westus.") and stands["reachable"]
    said = local_azure.docker("--tlsverify", "-H", stands["dockerHost"], "version", "-f", "{{.Server.Version}}")
    assert said.succeeded().stdout.strip() == stands["engineVersion"]
    parts = local_azure.query("resource", "list", "--tag", "dockervm-host=stands")
    assert {one["type"] for one in parts} == {"Microsoft.Compute/virtualMachines", "Microsoft.Compute/disks"}


def test_the_docker_client_believes_a_name_of_somebody_s_own_dns(local_azure, stands, tmp_path):
    """In a mount namespace of its own, whose /etc/hosts has the name."""
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{stands['publicIpAddress']} {SAN} other.example.test\n")

    def version(name):
        docker = shlex.join(["docker", "--tlsverify", "-H", f"tcp://{name}:4243", "version", "-f",
                             "{{.Server.Version}}"])
        return run(["unshare", "-m", "sh", "-c", f"mount --bind {hosts} /etc/hosts && exec {docker}"],
                   local_azure.environment, local_azure.home)

    assert version(SAN).succeeded().stdout.strip() == stands["engineVersion"]
    assert "certificate is valid for" in version("other.example.test").stderr


def test_what_is_somebody_s_stays_when_the_host_goes(local_azure, stands):
    local_azure.az("dockervm", "delete", "-g", GROUP, "-n", "stands", "--yes").succeeded()
    left = {one["name"] for one in local_azure.query("resource", "list", "-g", GROUP)}
    assert {"nic1", "boats", "corp", "guard"} <= left and "stands" not in left


# Without a public address


@pytest.fixture(scope="module")
def hidden(local_azure, laid):
    """Made from within the network, which this machine has joined."""
    join(local_azure, laid).succeeded()
    made = create(local_azure, "hidden", "--vnet-name", "corp", "--subnet", "inside", "--public-ip-address", "",
                  "--private-ip-address", "10.78.2.20")
    return made.succeeded().json


def docker(local_azure, host, *words, timeout=60):
    return local_azure.docker("--tlsverify", "-H", host["dockerHost"], *words, timeout=timeout)


def test_a_host_without_a_public_address_is_known_by_its_private_one(local_azure, hidden):
    assert (hidden["fqdn"], hidden["publicIpAddress"], hidden["privateIpAddress"], hidden["dockerHost"]) == (
        None, None, "10.78.2.20", "tcp://10.78.2.20:4243")
    assert hidden["reachable"] and hidden["provisioner"] == "cloud-init"
    assert docker(local_azure, hidden, "info", "-f", "{{.Name}}").succeeded().stdout == "hidden\n"
    shown = local_azure.query("dockervm", "show", "-g", GROUP, "-n", "hidden")
    assert (shown["fqdn"], shown["dockerHost"], shown["problems"]) == (None, hidden["dockerHost"], [])
    info = local_azure.query("dockervm", "info", "-g", GROUP, "-n", "hidden")
    assert info["engine"]["version"] == hidden["engineVersion"] and info["dockerHost"] == hidden["dockerHost"]


def test_it_gets_out_by_the_nat_gateway_and_not_without_it(local_azure, hidden):
    image = f"{local_azure.environment['LOCALAZURE_REGISTRY']}/busybox"
    assert docker(local_azure, hidden, "run", "--rm", image, "echo", "pulled").succeeded().stdout == "pulled\n"
    docker(local_azure, hidden, "image", "rm", "-f", image).succeeded()
    local_azure.az("network", "vnet", "subnet", "update", *SUBNET, "-n", "inside", "--nat-gateway", "null").succeeded()
    try:
        shut = local_azure.in_guest("hidden", f"curl -sk --max-time 3 https://{image.partition('/')[0]}/v2/; echo $?")
        assert shut.endswith("28")      # curl's number for what takes too long
        assert docker(local_azure, hidden, "info", "-f", "{{.Name}}").succeeded().stdout == "hidden\n"
    finally:
        local_azure.az("network", "vnet", "subnet", "update", *SUBNET, "-n", "inside", "--nat-gateway",
                       "nat").succeeded()
    eventually(lambda: local_azure.in_guest("hidden", f"curl -sk --max-time 3 https://{image.partition('/')[0]}/v2/; "
                                            "echo $?").endswith("0"), "a way out", 20)


def test_where_nothing_leads_out_nothing_is_made(local_azure, laid):
    local_azure.az("network", "vnet", "subnet", "create", *SUBNET, "-n", "shut", "--address-prefixes", "10.78.3.0/24",
                   "--default-outbound", "false").succeeded()
    refused = create(local_azure, "no", "--vnet-name", "corp", "--subnet", "shut", "--public-ip-address", "")
    assert refused.code == 1 and "has no way out" in refused.stderr
    assert "az network nat gateway create" in refused.stderr
    assert local_azure.query("resource", "list", "--tag", "dockervm-host=no") == []


def test_from_elsewhere_it_is_sound_and_out_of_reach(local_azure, laid, hidden):
    join(local_azure, "--leave", laid).succeeded()
    try:
        again = create(local_azure, "hidden", "--only-show-errors")
        assert again.code == 4 and again.json == {**hidden, "reachable": False, "engineVersion": None}, again.stderr
    finally:
        join(local_azure, laid).succeeded()
    assert create(local_azure, "hidden").succeeded().json["reachable"]


def test_its_network_is_left_and_named_when_it_goes(local_azure, hidden):
    gone = local_azure.az("dockervm", "delete", "-g", GROUP, "-n", "hidden", "--yes")
    assert gone.code == 0 and "Kept: the virtual network 'corp'" in gone.stderr
    subnets = local_azure.query("network", "vnet", "subnet", "list", *SUBNET)
    assert {"apps", "inside"} <= {one["name"] for one in subnets}
    assert json.dumps(local_azure.query("resource", "list", "-g", GROUP)).count("dockervm-host") == 0
