"""Nothing that a client says is accepted and then lost: each member of the Azure SDKs' models is sent and looked for.

Each case sends one writable member with a value on top of a small body. It must be kept (GET shows it, equal) or be
refused by an answer that names it, unless member_exceptions.py says why not. A newer SDK brings new cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from arm_support import Group, LocalAzure
from member_bodies import World, changed, outcome
from member_exceptions import EXCEPTIONS
from sdk_members import Member, members

compute = pytest.importorskip("azure.mgmt.compute.models")
network = pytest.importorskip("azure.mgmt.network.models")
resources = pytest.importorskip("azure.mgmt.resource.resources.models")

PUTS = {
    "resourceGroups": resources.ResourceGroup,
    "virtualMachines": compute.VirtualMachine,
    "extensions": compute.VirtualMachineExtension,
    "runCommands": compute.VirtualMachineRunCommand,
    "disks": compute.Disk,
    "availabilitySets": compute.AvailabilitySet,
    "proximityPlacementGroups": compute.ProximityPlacementGroup,
    "sshPublicKeys": compute.SshPublicKeyResource,
    "images": compute.Image,
    "galleries": compute.Gallery,
    "galleryImages": compute.GalleryImage,
    "galleryVersions": compute.GalleryImageVersion,
    "virtualNetworks": network.VirtualNetwork,
    "subnets": network.Subnet,
    "networkInterfaces": network.NetworkInterface,
    "networkSecurityGroups": network.NetworkSecurityGroup,
    "securityRules": network.SecurityRule,
    "publicIPAddresses": network.PublicIPAddress,
    "applicationSecurityGroups": network.ApplicationSecurityGroup,
    "natGateways": network.NatGateway,
}
PATCHES = {
    "resourceGroups": resources.ResourceGroupPatchable,
    "virtualMachines": compute.VirtualMachineUpdate,
    "extensions": compute.VirtualMachineExtensionUpdate,
    "runCommands": compute.VirtualMachineRunCommandUpdate,
    "disks": compute.DiskUpdate,
    "availabilitySets": compute.AvailabilitySetUpdate,
    "proximityPlacementGroups": compute.ProximityPlacementGroupUpdate,
    "sshPublicKeys": compute.SshPublicKeyUpdateResource,
    "images": compute.ImageUpdate,
    "galleries": compute.GalleryUpdate,
    "galleryImages": compute.GalleryImageUpdate,
    "galleryVersions": compute.GalleryImageVersionUpdate,
    "networkInterfaces": network.TagsObject,
}


def _cases(method: str, models: dict[str, Any], read_only: bool = False) -> list[Any]:
    return [
        pytest.param(method, kind, member, id=f"{method}-{kind}-{member.path}")
        for kind, model in models.items()
        for member in members(model)
        if member.read_only is read_only
    ]


@pytest.fixture(scope="module")
def world(shared_arm: LocalAzure) -> Iterator[World]:
    world = World(shared_arm, Group(shared_arm, "westeurope"))
    yield world
    shared_arm.call("DELETE", world.group.path)


@pytest.mark.long
@pytest.mark.parametrize(("method", "kind", "member"), [*_cases("PUT", PUTS), *_cases("PATCH", PATCHES)])
def test_a_member_is_kept_or_refused_by_name(world: World, method: str, kind: str, member: Member) -> None:
    found, detail = outcome(world, method, kind, member)
    excused = EXCEPTIONS.get(f"{method} {kind} {member.path}") or EXCEPTIONS.get(f"{kind} {member.path}")
    if excused:
        assert found == "lost", f"{member.path} is {found}: no exception any more"
    else:
        assert found in ("kept", "refused"), detail


@pytest.mark.long
@pytest.mark.parametrize(("method", "kind", "member"), _cases("PUT", PUTS, read_only=True))
def test_what_clients_send_back_of_what_they_have_read_is_passed_over(
    world: World, method: str, kind: str, member: Member
) -> None:
    body, _, _ = changed(world, method, kind, member)
    answer = world.send(method, kind, body)
    # What it is a part of may not be there at all.
    assert answer.status < 300 or re.search("Local Azure has no|windowsConfiguration", str(answer.body)), answer.body


def test_each_exception_is_a_member() -> None:
    known = {f"PUT {kind} {one.path}" for kind, model in PUTS.items() for one in members(model)}
    known |= {f"PATCH {kind} {one.path}" for kind, model in PATCHES.items() for one in members(model)}
    known |= {one.partition(" ")[2] for one in known}
    assert sorted(set(EXCEPTIONS) - known) == []
