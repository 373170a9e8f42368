"""Network interfaces: IP configurations, addresses that change under a machine, reservations, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Group, LocalAzure
from conftest import Restartable

from localazure.providers.network import nic_reservations


def _static(address: str) -> dict[str, Any]:
    return {"privateIPAllocationMethod": "Static", "privateIPAddress": address}


def _configurations(group: Group, *given: dict[str, Any]) -> dict[str, Any]:
    named = [{"name": f"c{at}", "properties": one} for at, one in enumerate(given)]
    return {"location": "westus", "properties": {"ipConfigurations": named}}


def test_a_nic_has_the_members_that_the_service_always_shows(arm: LocalAzure, group: Group) -> None:
    nic = arm.call("GET", group.nic(group.vnet())).body
    assert nic["kind"] == "Regular"
    properties = nic["properties"]
    for member in ("resourceGuid", "hostedWorkloads", "tapConfigurations", "nicType", "allowPort25Out"):
        assert member in properties
    assert properties["dnsSettings"]["internalDomainNameSuffix"]
    assert "macAddress" not in properties  # it has one while it belongs to a VM


def test_a_machine_follows_its_nics_private_address(arm: LocalAzure, group: Group) -> None:
    machine = group.machine(group.vm())
    subnet = group.id_of(group.network("virtualNetworks/vnet/subnets/default"))
    assert arm.platform.machines[machine].private_ip == "10.0.0.4"
    arm.done("PUT", group.network("networkInterfaces/nic"), group.nic_body(subnet, **_static("10.0.0.77")))
    assert arm.platform.machines[machine].private_ip == "10.0.0.77"
    arm.done("PUT", group.network("networkInterfaces/nic"), group.nic_body(subnet))
    assert arm.platform.machines[machine].private_ip == "10.0.0.77"  # dynamic now, and no reason to change


def test_a_machine_moves_to_another_subnet_of_its_network_only(arm: LocalAzure, group: Group) -> None:
    machine = group.machine(group.vm())
    two = group.network("virtualNetworks/vnet/subnets/two")
    arm.done("PUT", two, {"properties": {"addressPrefix": "10.0.2.0/24"}})
    arm.done("PUT", group.network("networkInterfaces/nic"), group.nic_body(group.id_of(two)))
    spec = arm.platform.machines[machine]
    assert (spec.private_ip, spec.subnet_prefix) == ("10.0.2.4", "10.0.2.0/24")
    elsewhere = group.nic_body(group.vnet("other"))
    answer = arm.call("PUT", group.network("networkInterfaces/nic"), elsewhere)
    assert answer.code == "SubnetChangeNotAllowedAcrossVirtualNetworks"


def test_a_static_address_stays_over_deallocation(arm: LocalAzure, group: Group) -> None:
    vm = group.vm(**_static("10.0.0.40"))
    arm.done("POST", f"{vm}/deallocate")
    arm.done("POST", f"{vm}/start")
    assert arm.platform.machines[group.machine(vm)].private_ip == "10.0.0.40"


def test_a_second_configuration_has_an_address_of_its_own(arm: LocalAzure, group: Group) -> None:
    subnet = {"subnet": {"id": group.vnet()}}
    path = group.network("networkInterfaces/nic")
    arm.done("PUT", path, _configurations(group, {**subnet, "primary": True}, subnet))
    first, second = arm.call("GET", path).body["properties"]["ipConfigurations"]
    assert (first["properties"]["primary"], second["properties"]["primary"]) == (True, False)
    assert (first["properties"]["privateIPAddress"], second["properties"]["privateIPAddress"]) == (
        "10.0.0.4", "10.0.0.5",
    )  # fmt: skip
    assert arm.call("GET", f"{path}/ipConfigurations/C1").body["id"] == second["id"]
    assert arm.call("GET", f"{path}/ipConfigurations/no").code == "NotFound"
    # the other way round the primary one's address is the machine's
    arm.done("PUT", path, _configurations(group, subnet, {**subnet, "primary": True}))
    arm.done("PUT", group.compute("virtualMachines/web1"), group.vm_body(group.id_of(path)))
    machine = group.machine(group.compute("virtualMachines/web1"))
    assert arm.platform.machines[machine].private_ip == "10.0.0.5"
    arm.done("PUT", path, _configurations(group, {**subnet, "primary": True}, subnet))
    assert arm.platform.machines[machine].private_ip == "10.0.0.4"


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ({"primary": True}, "NetworkInterfaceMustHaveExactlyOnePrimaryIpConfiguration"),
        (_static("10.0.0.9"), "PrivateIPAddressIsAllocated"),
        ({"privateIPAddressVersion": "IPv6"}, "IPv6NotSupportedByLocalAzure"),
        ({"publicIPAddress": {"id": "public"}}, "SecondaryPublicIpNotSupportedByLocalAzure"),
        ({"loadBalancerBackendAddressPools": [{"id": "/subscriptions/x"}]}, "InvalidResourceReference"),
        ({"privateIPAllocationMethod": "Sometimes"}, "InvalidRequestFormat"),
        ({"subnet": {}}, "InvalidRequestFormat"),
        ({"subnet": None}, "SubnetNotSpecifiedInIpConfiguration"),
    ],
)
def test_a_bad_second_configuration_is_refused(
    arm: LocalAzure, group: Group, second: dict[str, Any], code: str
) -> None:
    subnet = {"subnet": {"id": group.vnet()}}
    body = _configurations(group, {**subnet, "primary": True, **_static("10.0.0.9")}, {**subnet, **second})
    answer = arm.call("PUT", group.network("networkInterfaces/nic"), body)
    assert (answer.status, answer.code) == (400, code)


def test_all_configurations_are_in_one_network_under_different_names(arm: LocalAzure, group: Group) -> None:
    one, other = {"subnet": {"id": group.vnet("a")}}, {"subnet": {"id": group.vnet("b")}}
    path = group.network("networkInterfaces/nic")
    answer = arm.call("PUT", path, _configurations(group, {**one, "primary": True}, other))
    assert answer.code == "IpConfigurationsOnSameNicCannotUseDifferentVnets"
    body = _configurations(group, {**one, "primary": True}, one)
    body["properties"]["ipConfigurations"][1]["name"] = "C0"
    assert arm.call("PUT", path, body).code == "DuplicateResourceName"


def test_a_full_subnet_says_so(arm: LocalAzure, group: Group) -> None:
    subnet = group.vnet(subnet={"addressPrefix": "10.0.0.0/29"})
    for number in range(3):
        group.nic(subnet, f"nic{number}")
    answer = arm.call("PUT", group.network("networkInterfaces/last"), group.nic_body(subnet))
    assert answer.code == "SubnetIsFull"


def test_dns_servers_are_addresses(arm: LocalAzure, group: Group) -> None:
    body = group.nic_body(group.vnet())
    body["properties"]["dnsSettings"] = {"dnsServers": ["nowhere"]}
    assert arm.call("PUT", group.network("networkInterfaces/n"), body).code == "InvalidDnsServerIpAddress"
    body["properties"]["dnsSettings"] = {"dnsServers": ["10.0.0.9"], "internalDnsNameLabel": "web"}
    shown = arm.call("PUT", group.network("networkInterfaces/n"), body).body["properties"]["dnsSettings"]
    assert shown["dnsServers"] == ["10.0.0.9"]
    assert shown["internalFqdn"].startswith("web.")


def test_what_az_reads_it_can_send_back(arm: LocalAzure, group: Group) -> None:
    path = group.nic(group.vnet(), public_ip=group.public_ip(), nsg=group.nsg())
    before = arm.call("GET", path).body
    assert arm.call("PUT", path, before).status == 200
    after = arm.call("GET", path).body
    drop = lambda body: {**body, "etag": None, "properties": {**body["properties"], "ipConfigurations": None}}  # noqa: E731
    assert drop(after) == drop(before)


def test_a_reservation_outlives_a_restart(instance: Restartable) -> None:
    group = Group(instance.arm)
    nic = group.nic(group.vnet())
    body = group.vm_body(nic)
    body["properties"]["hardwareProfile"]["vmSize"] = "Standard_L8s_v3"  # for which there is no capacity
    body["properties"]["networkProfile"]["networkInterfaces"][0]["properties"]["deleteOption"] = "Detach"
    vm = group.compute("virtualMachines/web1")
    instance.arm.wait(instance.arm.call("PUT", vm, body))
    instance.arm.done("DELETE", vm)
    arm = instance.restart()
    assert arm.call("DELETE", nic).code == "NicReservedForAnotherVm"
    other = arm.call("PUT", group.compute("virtualMachines/web2"), group.vm_body(nic))
    assert other.code == "NicReservedForAnotherVm"
    assert arm.on_loop(lambda: nic_reservations.reserved_for(arm.cloud, nic)) == group.id_of(vm)


def test_an_address_change_that_a_restart_cut_off_is_done_after_it(instance: Restartable) -> None:
    arm = instance.arm
    group = Group(arm)
    machine = group.machine(group.vm())
    nic = group.id_of(group.network("networkInterfaces/nic"))

    def change() -> None:
        found = arm.cloud.store.get(nic)
        assert found is not None
        found.properties["ipConfigurations"][0]["properties"]["privateIPAddress"] = "10.0.0.99"
        arm.cloud.store.put(found)

    arm.on_loop(change)
    instance.restart()
    assert instance.platform.machines[machine].private_ip == "10.0.0.99"
