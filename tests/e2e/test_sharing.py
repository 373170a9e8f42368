"""What hosts share and what they have of their own."""

from __future__ import annotations

import pytest
from local_azure import GROUP

pytestmark = pytest.mark.machines


def subnet_of(azure, host) -> str:
    nic = azure.query("network", "nic", "show", "-g", GROUP, "-n", f"{host.name}VMNic")
    return nic["ipConfigurations"][0]["subnet"]["id"]


def vnet_of(azure, host) -> str:
    return subnet_of(azure, host).rpartition("/subnets/")[0]


def test_second_host_of_a_region_shares_its_network(local_azure, plain, extension):
    assert vnet_of(local_azure, plain) == vnet_of(local_azure, extension)
    assert plain.result["privateIpAddress"] != extension.result["privateIpAddress"]


def test_hosts_of_two_regions_have_networks_of_their_own(local_azure, plain, fallen_back, prompted):
    vnets = {vnet_of(local_azure, host) for host in (plain, fallen_back, prompted)}
    assert len(vnets) == 3
    names = local_azure.query("network", "vnet", "list", "-g", GROUP, "--query", "[].name")
    assert {"dockervm-westus-vnet", "dockervm-centralus-vnet", "dockervm-eastus2-vnet"} <= set(names)


def test_each_host_has_its_own_security_group_and_address(local_azure, plain, extension):
    assert local_azure.parts(plain.name) == {
        "virtualMachines/plain", "networkInterfaces/plainVMNic", "publicIPAddresses/plainPublicIP",
        "networkSecurityGroups/plainNSG"} | {part for part in local_azure.parts(plain.name) if part[:6] == "disks/"}
    assert plain.result["publicIpAddress"] != extension.result["publicIpAddress"]


def test_later_hosts_get_the_same_authority_and_client_certificate_byte_for_byte(
        local_azure, plain, extension, prompted, fallen_back):
    """Hosts of two regions were made at the same time, in a home that held no certificates: one set, good for all."""
    folder = local_azure.home / ".docker"
    for host in (plain, extension, prompted, fallen_back):
        assert host.folder == folder
        assert host.docker("version").succeeded()
        assert host.run("cat /etc/docker/dockervm/ca.pem 2>/dev/null || cat /etc/docker/ca.pem").strip() == (
            folder / "ca.pem").read_text().strip()
    before = {path.name: path.read_bytes() for path in folder.glob("*.pem")}
    local_azure.az("dockervm", "cert", "create").succeeded()
    again = local_azure.az("dockervm", "create", "-g", GROUP, "-n", extension.name, "-e", "2222", "-u", "skipper",
                           "--provisioner", "docker-extension").succeeded()
    assert again.json == extension.result
    assert {path.name: path.read_bytes() for path in folder.glob("*.pem")} == before


def test_hosts_of_one_network_reach_each_other_through_the_docker_port(plain, extension):
    """The private address is in the certificate, and the network lets it through."""
    said = plain.run(f"curl -sk --max-time 5 https://{extension.result['privateIpAddress']}:4243/_ping; echo $?")
    assert said.endswith("56") or said.endswith("35"), said     # TLS answered, and asked for a certificate
