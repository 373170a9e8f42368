"""Names that Azure keeps for itself: resources that can be reached from outside, computers, DNS labels."""

from __future__ import annotations

import pytest
from arm_support import Group, LocalAzure

from localazure.protocol import reserved_names
from localazure.protocol.errors import ArmError

VM = "Microsoft.Compute/virtualMachines"


@pytest.mark.parametrize(("name", "refused"), [
    ("mywindowsvm", True), ("web-MICROSOFT-1", True), ("Login1", True), ("xbox1", True), ("azure", True),
    ("Exchange", True), ("web1", False), ("azure1", False), ("mylogin", False), ("exchange2", False),
])  # fmt: skip
def test_which_names(name: str, refused: bool) -> None:
    if not refused:
        return reserved_names.refuse(VM, name)
    with pytest.raises(ArmError) as caught:
        reserved_names.refuse(VM, name)
    said = f"The resource name '{name}' or a part of the name is a trademarked or reserved word."
    assert (caught.value.status, caught.value.code, caught.value.message) == (400, "ReservedResourceName", said)


@pytest.mark.parametrize("path", [
    "Microsoft.Compute/virtualMachines/windows1", "Microsoft.Network/publicIPAddresses/windows1",
    "Microsoft.ManagedIdentity/userAssignedIdentities/windows1",
])  # fmt: skip
def test_what_can_be_reached_from_outside_is_not_called_so(arm: LocalAzure, group: Group, path: str) -> None:
    api = "2023-01-31" if "Identity" in path else None
    answer = arm.call("PUT", f"{group.path}/providers/{path}", {"location": "westus"}, api=api)
    assert (answer.status, answer.code) == (400, "ReservedResourceName")
    assert arm.call("GET", f"{group.path}/providers/{path}", api=api).code == "ResourceNotFound"


def test_other_resources_may_be_called_so(arm: LocalAzure, group: Group) -> None:
    assert group.nsg("windows1")


def test_a_computer_is_not_called_so(arm: LocalAzure, group: Group) -> None:
    body = group.vm_body(group.nic(group.vnet()), computerName="windows1")
    answer = arm.call("PUT", group.compute("virtualMachines/web1"), body)
    assert (answer.status, answer.code) == (400, "ReservedResourceName")


def test_nor_is_a_label(arm: LocalAzure, group: Group) -> None:
    body = {"location": "westus", "sku": {"name": "Standard"}, "properties": {
        "publicIPAllocationMethod": "Static", "dnsSettings": {"domainNameLabel": "y5xboxrch"}}}  # fmt: skip
    answer = arm.call("PUT", group.network("publicIPAddresses/ip"), body)
    assert (answer.status, answer.code) == (400, "DomainNameLabelReserved")
    assert answer.message == (
        "The domain name label y5xboxrch is invalid. The name itself or part of the name is a reserved word such as a "
        "trademark. Please use a different name."
    )
    path = "/providers/Microsoft.Network/locations/westus/CheckDnsNameAvailability"
    assert arm.call("GET", path, domainNameLabel="y5xboxrch").code == "DomainNameLabelReserved"
