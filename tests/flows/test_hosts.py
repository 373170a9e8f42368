"""Finding hosts, and letting them go: nothing that create made is left, and nothing else is touched."""

from __future__ import annotations

from flow_cloud import COMPUTE, HOST, RESOURCES
from local_azure import eventually

VNET = "dockervm-westus-vnet"
DISKS = "2024-03-02"
VM, DISK = "Microsoft.Compute/virtualMachines", "Microsoft.Compute/disks"
NSG, PIP, NIC = (f"Microsoft.Network/{kind}" for kind in ("networkSecurityGroups", "publicIPAddresses",
                                                          "networkInterfaces"))


def every_resource(cloud) -> set[str]:
    """Disks too."""
    found = cloud.instance.arm("GET", f"{cloud.instance.group_path(cloud.group)}/resources", RESOURCES)["value"]
    return {f"{one['type'].rpartition('/')[2]}/{one['name'].rpartition('/')[2]}" for one in found}


def second_host(cloud) -> None:
    """Without waiting for it: another interface in the network."""
    nic = cloud.get(NIC, f"{HOST}VMNic")
    subnet = nic["properties"]["ipConfigurations"][0]["properties"]["subnet"]
    cloud.arm("PUT", NIC, "other", {"location": "westus", "properties": {
        "ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": subnet["id"]}}}]}})
    cloud.settled(NIC, "other")


def test_a_host_is_found_by_list_and_show_and_dialled_where_that_is_asked(cloud):
    made = cloud.host()
    one, = cloud.az("list", "-g", cloud.group).succeeded().json
    shown = cloud.az("show", "-g", cloud.group, "-n", HOST).succeeded().json
    assert one == {**shown, "addressFrom": "tag"} and shown["addressFrom"] == "azure", "list asks for VMs alone"
    assert (one["dockerHost"], one["powerState"], one["finished"], one["problems"]) == (
        made["dockerHost"], "running", True, [])
    assert one["id"] in [each["id"] for each in cloud.az("list").succeeded().json]
    checked, = cloud.az("list", "-g", cloud.group, "--check").succeeded().json
    assert checked["reachable"] is True and checked["serverCertificateExpires"] == made["serverCertificateExpires"]
    table = cloud.az("list", "-g", cloud.group, "-o", "table").succeeded().stdout
    assert HOST in table and "Reachable" not in table


def test_list_takes_two_requests_whatever_there_is(cloud):
    cloud.host()
    cloud.mark()
    cloud.az("list").succeeded()
    assert cloud.requests.count(r" GET /subscriptions/\S+/virtualMachines\s") == 2
    assert cloud.requests.count(r" GET \S+") == 2, "nothing else is asked for"


def test_after_delete_the_group_is_as_it_was_before_create(cloud):
    cloud.arm("PUT", NSG, "mine", {"location": "westus", "properties": {}})
    cloud.settled(NSG, "mine")
    before = every_resource(cloud)
    cloud.host()
    assert len(every_resource(cloud)) == len(before) + 6     # with disk and network
    done = cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes").succeeded()
    assert done.stdout == "" and every_resource(cloud) == before
    gone = cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes")
    assert gone.code == 3 and f"There is no host '{HOST}'" in gone.stderr


def test_the_network_stays_while_somebody_else_is_in_it(cloud):
    cloud.host()
    second_host(cloud)
    cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes").succeeded()
    assert every_resource(cloud) == {"networkInterfaces/other", f"virtualNetworks/{VNET}"}


def test_what_others_have_given_the_vm_stays_though_it_was_to_go(cloud):
    cloud.host()
    cloud.instance.arm("PUT", cloud.path(DISK, "data0"), DISKS, {"location": "westus", "properties": {
        "creationData": {"createOption": "Empty"}, "diskSizeGB": 4}})
    eventually(lambda: cloud.instance.arm("GET", cloud.path(DISK, "data0"), DISKS)["properties"][
        "provisioningState"] == "Succeeded", "the data disk")
    cloud.instance.arm("POST", f"{cloud.path(VM, HOST)}/attachDetachDataDisks", COMPUTE, {"dataDisksToAttach": [
        {"diskId": cloud.path(DISK, "data0"), "lun": 0, "deleteOption": "Delete"}]})
    cloud.settled(VM, HOST)
    done = cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes").succeeded()
    assert "Kept: the data disk 'data0'" in done.stderr
    assert every_resource(cloud) == {"disks/data0"}


def test_a_lock_is_told_and_the_same_command_finishes_without_it(cloud):
    cloud.host()
    lock = f"{cloud.path(NSG, f'{HOST}NSG')}/providers/Microsoft.Authorization/locks/keep"
    cloud.instance.arm("PUT", lock, "2016-09-01", {"properties": {"level": "CanNotDelete"}})
    refused = cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes")
    assert refused.code == 1 and "Not everything that was made" in refused.stderr and "Traceback" not in refused.stderr
    assert f"az dockervm delete -g {cloud.group} -n {HOST}" in refused.stderr
    assert every_resource(cloud) - {f"virtualNetworks/{VNET}"} == {f"networkSecurityGroups/{HOST}NSG"}
    cloud.instance.arm("DELETE", lock, "2016-09-01")
    cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes").succeeded()
    assert every_resource(cloud) == set()


def test_no_wait_sends_the_deletion_and_the_next_one_takes_the_rest(cloud):
    cloud.host()
    sent = cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes", "--no-wait").succeeded()
    assert f"az dockervm delete -g {cloud.group} -n {HOST}" in sent.stderr
    eventually(lambda: cloud.vm() is None, "the VM's deletion")
    cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes").succeeded()
    assert every_resource(cloud) == set()


def test_a_vm_of_az_s_own_is_no_host(cloud):
    cloud.host()
    cloud.retag(**{name.replace("-", "_"): None for name in cloud.tags()})
    for words in (("show",), ("delete", "--yes")):
        refused = cloud.az(words[0], "-g", cloud.group, "-n", HOST, *words[1:])
        assert refused.code == 1 and "dockervm" in refused.stderr
    assert cloud.az("list", "-g", cloud.group).succeeded().json == [] and cloud.vm()
