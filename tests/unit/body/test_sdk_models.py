"""Whether the newest SDK's models know each member that the bodies can have, and can be written there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sdk_members import members
from specs import changed, host_spec

from azext_dockervm.azure import names
from azext_dockervm.body import network_interface, public_ip, security_group, virtual_machine, virtual_network
from azext_dockervm.body.guard import Guard
from azext_dockervm.body.knock import Knock
from azext_dockervm.body.placement import Placed
from azext_dockervm.body.storage import There
from azext_dockervm.secret import Secret
from azext_dockervm.spec import disk_rules
from azext_dockervm.spec.disks import ByDisk, Disks
from azext_dockervm.spec.placement import Identity
from azext_dockervm.spec.ports import parse_ports

EVERYTHING = host_spec(ssh_keys=("ssh-ed25519 AAAA me",), password=Secret("Correct-horse-9"), **{
    "placement.zone": "1", "placement.priority": "Spot", "placement.eviction_policy": "Delete",
    "placement.max_price": 0.5, "placement.license_type": "SLES_BYOS", "placement.identity": Identity(system=True),
    "placement.user_data": b"x", "placement.diagnostics": "mine", "ssh_port": 22, "tags": {"cost": "1"},
    "open_ports": parse_ports(["80", "8000-8010"]), "sources": ("203.0.113.7", "203.0.113.8"),
    "accelerated": True, "private_address": "10.1.0.40", "security.type": "TrustedLaunch", "security.vtpm": False,
    "plan.promotion_code": "x", "disks": Disks(
        os_size_gb=64, os_caching="ReadOnly", encryption_at_host=True, data_sizes_gb=(8, 16), docker_size_gb=32,
        skus=ByDisk("Premium_LRS", ((1, "UltraSSD_LRS"),)), data_caching=ByDisk("ReadOnly"),
        attached=disk_rules.check_attached(["kept"]))})
EPHEMERAL = changed(EVERYTHING, disks=Disks(ephemeral=True, placement="NvmeDisk"))
# Of a reference to a resource ``sdk_members`` counts the id alone.
REFERENCES = ("properties.networkProfile.networkInterfaces[].properties.",
              "properties.ipConfigurations[].properties.publicIPAddress.properties.")
PLACED = Placed("/set", "/ppg", ("/identity",), "https://mine.blob.core.windows.net/")


def paths(body: Any, path: str = "") -> Iterator[str]:
    """Of each leaf, as ``sdk_members`` writes them."""
    if isinstance(body, list):
        for one in body:
            yield from paths(one, f"{path}[]")
    elif isinstance(body, dict) and body:
        for name, value in body.items():
            yield from paths(value, f"{path}.{name}" if path else name)
    else:
        yield path


def unknown(model: type, body: Any) -> list[str]:
    """Of each member that can't be written; what lies below a dictionary of the model's is anybody's."""
    known = {one.path: one.kind for one in members(model) if not one.read_only}
    free = (*REFERENCES, *(f"{path}." for path, kind in known.items() if kind is dict))
    return [path for path in paths(body) if path not in known and not path.startswith(free)]


def vm(spec: Any = EVERYTHING) -> Any:
    return virtual_machine.body(spec, "r1", network_interface="/nic", endpoint="e", image={"properties": {
        "hyperVGeneration": "V2", "features": [{"name": "SecurityType", "value": "TrustedLaunchSupported"}],
        "plan": {"name": "p", "publisher": "q", "product": "r"}}}, custom_data=b"x", authority="a", placed=PLACED,
        disks=There(({"id": "/kept"},), {"id": "/keys"}))


def rule() -> Any:
    """Of ours, in a group of somebody's."""
    group = Guard({"properties": {"securityRules": []}}, "/subscriptions/s/resourceGroups/g")
    gaps = group.gaps(EVERYTHING, Knock(), (names.PORTS_RULE,))
    return group.changes(EVERYTHING, "r1", gaps, "10.1.0.40")[0].body


@pytest.mark.parametrize(("client", "name", "body"), [
    ("compute", "VirtualMachine", vm()), ("compute", "VirtualMachine", vm(EPHEMERAL)),
    ("network", "PublicIPAddress", public_ip.body(EVERYTHING, "r1", "web1")),
    ("network", "NetworkInterface", network_interface.body(EVERYTHING, "r1", subnet="/s", security_group="/g",
                                                           public_ip="/p", asgs=["/a"])),
    ("network", "NetworkSecurityGroup", security_group.body(EVERYTHING, "r1")), ("network", "SecurityRule", rule()),
    ("network", "VirtualNetwork", virtual_network.body(EVERYTHING, "r1", "quay")),
    ("network", "Subnet", virtual_network.subnet_body())],
    ids=["VM", "VM on its server's disk", "public IP address", "network interface", "security group", "security rule",
         "virtual network", "subnet"])
def test_every_member_is_one_of_the_newest_sdk_s(client, name, body):
    models = __import__(f"azure.mgmt.{client}.models", fromlist=[name])
    assert unknown(getattr(models, name), body) == []


def test_what_no_model_has_is_seen():
    from azure.mgmt.compute import models

    wrong = {"zone": "1", "properties": {"prioritty": "Spot", "billingProfile": {"price": 1}, "vmId": "x"}}
    assert unknown(models.VirtualMachine, wrong) == [
        "zone", "properties.prioritty", "properties.billingProfile.price", "properties.vmId"]


@pytest.mark.parametrize(("spec", "path"), [
    (EVERYTHING, "properties.storageProfile.osDisk.managedDisk.diskEncryptionSet.id"),
    (EVERYTHING, "properties.storageProfile.dataDisks[].managedDisk.id"),
    (EVERYTHING, "properties.storageProfile.dataDisks[].caching"),
    (EVERYTHING, "properties.securityProfile.encryptionAtHost"),
    (EVERYTHING, "properties.securityProfile.uefiSettings.vTpmEnabled"),
    (EVERYTHING, "properties.additionalCapabilities.ultraSSDEnabled"), (EVERYTHING, "plan.promotionCode"),
    (EPHEMERAL, "properties.storageProfile.osDisk.diffDiskSettings.placement")])
def test_what_is_asked_for_above_is_in_a_body(spec, path):
    """So that it was judged there."""
    assert path in set(paths(vm(spec)))
