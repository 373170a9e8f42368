"""The parts of a host: undone by run, used whatever their state, mended or told, made by two at once."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from flow_cloud import HOST, REGION
from local_azure import eventually

VM = "Microsoft.Compute/virtualMachines"
NSG, IP, NIC, VNET = (f"Microsoft.Network/{kind}" for kind in (
    "networkSecurityGroups", "publicIPAddresses", "networkInterfaces", "virtualNetworks"))
NETWORK = f"dockervm-{REGION}-vnet"


def change(cloud, kind, name, edit) -> None:
    """As somebody else changes a resource: what GET gives, edited, is PUT."""
    found = cloud.get(kind, name)
    edit(found)
    cloud.arm("PUT", kind, name, found)
    cloud.settled(kind, name)


def state(cloud, kind, name) -> str:
    return cloud.settled(kind, name)["properties"]["provisioningState"]


# Undo


def in_the_middle(cloud, pattern, act) -> Future:
    """Does something once Azure has been asked for what fits; ``result`` raises what it raised."""
    def wait() -> None:
        deadline = time.monotonic() + 30
        while pattern not in cloud.requests and time.monotonic() < deadline:
            time.sleep(0.02)
        act()

    return ThreadPoolExecutor(1).submit(wait)


def slow_failure_of_the_address(cloud) -> None:
    cloud.behavior(rules=[{"do": "fail_operation", "code": "InternalServerError", "message": "It broke.", "after": 3,
                         "method": "PUT", "type": IP}])


def test_what_another_run_has_made_since_is_left_alone(cloud):
    slow_failure_of_the_address(cloud)
    other = in_the_middle(cloud, rf"PUT \S+/{HOST}NSG", lambda: (
        cloud.settled(NSG, f"{HOST}NSG"),
        change(cloud, NSG, f"{HOST}NSG", lambda group: group["tags"].update({"dockervm-run": "another"}))))
    failed = cloud.create()
    other.result(30)
    assert failed.code == 1 and "It broke" in failed.stderr
    assert "left alone, because another run has made it since: create the network security group" in failed.stderr
    assert cloud.parts() == {f"networkSecurityGroups/{HOST}NSG", f"virtualNetworks/{NETWORK}"}


def test_what_this_run_made_is_undone(cloud):
    slow_failure_of_the_address(cloud)
    failed = cloud.create()
    assert failed.code == 1 and "What was made has been undone" in failed.stderr
    assert cloud.parts() == {f"virtualNetworks/{NETWORK}"}


def test_parts_on_which_another_run_s_interface_stands_are_left_to_it(cloud):
    """Two terminals make one host: this one made the group, the other one is already further."""
    slow_failure_of_the_address(cloud)

    def further() -> None:
        eventually(lambda: cloud.get(VNET, NETWORK), "the network, which is sent beside the group")
        vnet = cloud.settled(VNET, NETWORK)
        group = cloud.settled(NSG, f"{HOST}NSG")
        cloud.arm("PUT", NIC, f"{HOST}VMNic", {
            "location": REGION, "tags": {"dockervm-host": HOST, "dockervm-run": "another"}, "properties": {
                "networkSecurityGroup": {"id": group["id"]}, "ipConfigurations": [
                    {"name": "ipconfig1", "properties": {"subnet": {"id": vnet["properties"]["subnets"][0]["id"]}}}]}})

    other = in_the_middle(cloud, rf"PUT \S+/{HOST}NSG", further)
    failed = cloud.create()
    other.result(30)
    assert failed.code == 1 and "Another run is making the host" in failed.stderr, failed
    assert {f"networkSecurityGroups/{HOST}NSG", f"networkInterfaces/{HOST}VMNic"} <= cloud.parts()
    assert r"DELETE \S+" not in cloud.requests


# Existing parts


def test_a_network_of_ours_that_ended_in_failed_is_put_again(cloud):
    cloud.behavior(rules=[{"do": "fail_operation", "code": "InternalServerError", "method": "PUT", "type": VNET}])
    assert cloud.create("--provisioner", "run-command").code == 1
    assert state(cloud, VNET, NETWORK) == "Failed"
    cloud.behavior()
    made = cloud.create("--provisioner", "run-command").succeeded()
    assert f"mend the virtual network '{NETWORK}', which is in the state Failed" in made.stderr
    assert state(cloud, VNET, NETWORK) == "Succeeded"


def test_a_failed_network_of_somebody_else_is_told(cloud):
    body = {"location": REGION, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    cloud.arm("PUT", VNET, NETWORK, body)
    cloud.settled(VNET, NETWORK)
    cloud.mark()
    refused = cloud.create()
    assert refused.code == 1 and "was not made by dockervm" in refused.stderr and "no subnet 'hosts'" in refused.stderr
    assert r"PUT \S+" not in cloud.requests


@pytest.mark.parametrize(("kind", "name"), [(NSG, f"{HOST}NSG"), (IP, f"{HOST}PublicIP"), (NIC, f"{HOST}VMNic")])
def test_a_part_that_ended_in_failed_is_put_again(cloud, kind, name):
    cloud.host()
    cloud.behavior(rules=[{"do": "fail_operation", "code": "InternalServerError", "method": "PUT", "type": kind}])
    found = cloud.get(kind, name)
    cloud.arm("PUT", kind, name, found)
    if state(cloud, kind, name) != "Failed":
        pytest.fail("the test could not break the part")
    cloud.behavior()
    again = cloud.create().succeeded()
    assert "mend the" in again.stderr and again.json["reachable"] is True
    assert state(cloud, kind, name) == "Succeeded"


def detach(cloud) -> None:
    def take_address(interface) -> None:
        interface["properties"]["ipConfigurations"][0]["properties"].pop("publicIPAddress")

    change(cloud, NIC, f"{HOST}VMNic", take_address)


def test_an_address_that_is_not_attached_is_attached(cloud):
    before = cloud.host()
    detach(cloud)
    again = cloud.create().succeeded()
    assert f"mend the network interface '{HOST}VMNic'" in again.stderr
    assert again.json == before


def test_an_address_that_is_gone_is_made_again_under_its_old_name(cloud):
    before = cloud.host()
    detach(cloud)
    cloud.arm("DELETE", IP, f"{HOST}PublicIP")
    eventually(lambda: cloud.get(IP, f"{HOST}PublicIP") is None, "the address is gone", 30)
    again = cloud.create().succeeded()
    assert again.json["fqdn"] == before["fqdn"] and again.json["reachable"] is True
    assert "its address was made anew" in again.stderr      # so its certificate is issued for the new one


def test_a_label_that_somebody_changed_is_certified(cloud):
    cloud.host()
    change(cloud, IP, f"{HOST}PublicIP",
           lambda address: address["properties"]["dnsSettings"].update(domainNameLabel="renamed"))
    again = cloud.create().succeeded()
    assert again.json["fqdn"].startswith("renamed.") and again.json["reachable"] is True
    assert "its name is now renamed." in again.stderr
    cloud.mark()
    assert cloud.create().succeeded().json == again.json and not cloud.asked("serve")


def test_an_address_without_a_label_gets_it_back(cloud):
    before = cloud.host()
    cloud.mark()
    change(cloud, IP, f"{HOST}PublicIP", lambda address: address["properties"].pop("dnsSettings"))
    again = cloud.create().succeeded()
    assert again.json["dockerHost"] == before["dockerHost"] and again.json["reachable"] is True
    assert f"give the public IP address '{HOST}PublicIP' a DNS label" in again.stderr
    assert not cloud.asked("serve"), "its certificate has that name"


def test_an_interface_that_another_vm_uses_is_told(cloud):
    cloud.host()
    change(cloud, NIC, f"{HOST}VMNic", lambda interface: interface["tags"].update({"dockervm-host": "web2"}))
    # The same parts under another host's name: what a renamed copy of a template leaves behind.
    refused = cloud.create()
    assert refused.code == 1 and "dockervm did not make it" in refused.stderr


def test_an_address_that_somebody_gave_it_is_the_host_s_until_it_is_taken_away(cloud):
    cloud.host()
    other = cloud.instance.group_path(f"{cloud.group}-other")
    cloud.instance.arm("PUT", other, "2024-11-01", {"location": REGION})
    address = f"{other}/providers/{IP}/{HOST}PublicIP"
    cloud.instance.arm("PUT", address, "2024-05-01", {"location": REGION, "sku": {"name": "Standard"}, "properties": {
        "publicIPAllocationMethod": "Static"}})
    eventually(lambda: cloud.instance.arm("GET", address, "2024-05-01")["properties"].get("ipAddress"), "an address",
               30)
    change(cloud, NIC, f"{HOST}VMNic", lambda interface: interface["properties"]["ipConfigurations"][0][
        "properties"].update(publicIPAddress={"id": address}))
    cloud.mark()
    followed = cloud.create()
    numeric = cloud.instance.arm("GET", address, "2024-05-01")["properties"]["ipAddress"]
    assert followed.code == 0 and followed.json["dockerHost"] == f"tcp://{numeric}:4243", followed.stderr
    assert followed.json["fqdn"] is None
    change(cloud, NIC, f"{HOST}VMNic", lambda interface: interface["properties"]["ipConfigurations"][0][
        "properties"].pop("publicIPAddress"))
    cloud.instance.arm("DELETE", other, "2024-11-01")
    again = cloud.create()
    assert again.code == 0 and again.json["fqdn"], again.stderr


def test_the_primary_configuration_counts_wherever_it_stands(cloud):
    before = cloud.host()

    def add_another(interface) -> None:
        own = interface["properties"]["ipConfigurations"]
        own[0]["properties"]["primary"] = True
        own.insert(0, {"name": "theirs", "properties": {
            "subnet": own[0]["properties"]["subnet"], "privateIPAllocationMethod": "Dynamic", "primary": False}})

    change(cloud, NIC, f"{HOST}VMNic", add_another)
    shown = cloud.az("info", "-g", cloud.group, "-n", HOST).succeeded().json
    assert (shown["publicIpAddress"], shown["privateIpAddress"]) == (
        before["publicIpAddress"], before["privateIpAddress"])
    assert cloud.create().succeeded().json == before


def test_a_tag_that_was_lost_can_be_put_back_by_the_command_that_is_printed(cloud):
    """az network nic update --tags takes away those that were there."""
    cloud.host()
    change(cloud, NIC, f"{HOST}VMNic", lambda interface: interface["tags"].clear())
    refused = cloud.create()
    assert refused.code == 1 and "its tags were lost" in refused.stderr
    assert (f"az tag update --operation Merge --resource-id {cloud.get(NIC, f'{HOST}VMNic')['id']} "
            f"--tags dockervm-host={HOST}") in refused.stderr


def test_a_host_that_somebody_gave_another_address_is_known_by_that_from_then_on(cloud):
    """It gets a certificate that names it; neither address is changed."""
    cloud.host()
    cloud.arm("PUT", IP, "mine", {"location": REGION, "sku": {"name": "Standard"},
                                  "properties": {"publicIPAllocationMethod": "Static"}})
    mine = cloud.settled(IP, "mine")

    def swap(interface) -> None:
        interface["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"] = {"id": mine["id"]}

    change(cloud, NIC, f"{HOST}VMNic", swap)
    cloud.mark()
    made = cloud.create().succeeded().json
    address = mine["properties"]["ipAddress"]
    assert (made["fqdn"], made["dockerHost"], made["reachable"]) == (None, f"tcp://{address}:4243", True)
    assert cloud.tags()["dockervm-fqdn"] == address and cloud.asked("serve")
    assert r"PUT \S+/publicIPAddresses/" not in cloud.requests and cloud.get(IP, f"{HOST}PublicIP") is not None
    assert cloud.get(IP, "mine").get("tags") is None


# Two at once


def test_of_two_creates_in_a_new_region_the_one_that_is_overtaken_goes_on(cloud):
    """Both make the shared network; the second PUT supersedes the first, whose operation ends as Canceled."""
    cloud.behavior(latencies={"Microsoft.Network/virtualNetworks/write": 80})
    body = {"location": REGION, "tags": {"dockervm-shared": "1"}, "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "hosts", "properties": {"addressPrefix": "10.0.0.0/20"}}]}}
    other = in_the_middle(cloud, rf"PUT \S+/{NETWORK}", lambda: cloud.arm("PUT", VNET, NETWORK, body))
    made = cloud.create("--provisioner", "run-command")
    other.result(30)
    assert made.succeeded().json["reachable"] is True
