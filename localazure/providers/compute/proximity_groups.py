"""Proximity placement groups: VMs and availability sets that shall be near each other."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import envelope, existing, place
from localazure.providers.compute import compute, model, sizes
from localazure.store.resources import Resource

KIND = kinds.PROXIMITY_GROUP


def routes() -> list[Route]:
    name = "placement"
    return crud.routes(
        KIND, name, show=_with_status, show_in_list=_shown, put=put, patch=crud.patch_tags(KIND, name, _shown),
        delete=crud.delete_at_once(KIND, name, _refuse_used),
    )  # fmt: skip


def check_reference(cloud: Cloud, location: str, reference: dict[str, Any] | None) -> None:
    """Raise ArmError when a VM or availability set names a group that is not there."""
    identifier = (reference or {}).get("id")
    if not identifier:
        return
    found = cloud.store.get(ids.parse(identifier, "properties.proximityPlacementGroup.id"))
    if found is None or found.type != KIND or found.location != location:
        message = f"The Proximity Placement Group {identifier} cannot be found."
        raise ArmError(404, "NotFound", message, target="proximityPlacementGroup")


def render(cloud: Cloud, found: Resource, status: bool = False) -> dict[str, Any]:
    properties: dict[str, Any] = {**found.properties, "virtualMachineScaleSets": []}
    aligned = {"code": "ColocationStatus/Aligned", "level": "Info", "displayStatus": "Aligned"}
    for name, kind in (("virtualMachines", kinds.VM), ("availabilitySets", kinds.AVAILABILITY_SET)):
        users = [{"id": str(one.id)} for one in cloud.store.referrers(found.id, kind)]
        properties[name] = [{**one, "colocationStatus": aligned} for one in users] if status else users
    if status:
        properties["colocationStatus"] = {**aligned, "message": "All resources in the group are aligned."}
    return envelope(found, properties)


def _shown(cloud: Cloud, request: Request, found: Resource) -> dict[str, Any]:
    return render(cloud, found)


def _with_status(cloud: Cloud, request: Request, found: Resource) -> dict[str, Any]:
    """With where its members are, as `includeColocationStatus=true` asks."""
    return render(cloud, found, request.query.get("includecolocationstatus", "").lower() == "true")


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "placement")
    compute.check_name("proximityPlacementGroupName", identifier.name)
    request = model.read(request, model.PROXIMITY_GROUP, "proximityPlacementGroup")
    given = request.body["properties"]
    location, tags = place(cloud, request, identifier)
    for name in (given.get("intent") or {}).get("vmSizes") or ():
        sizes.find(name, location)
    found = cloud.store.get(identifier)
    kind = given.get("proximityPlacementGroupType") or "Standard"
    if found is not None and found.properties["proximityPlacementGroupType"] != kind:
        name = "proximityPlacementGroupType"
        raise compute.unchangeable(f"proximityPlacementGroup.{name}", name)
    properties: dict[str, Any] = {"proximityPlacementGroupType": kind}
    if given.get("intent"):
        properties["intent"] = given["intent"]
    zones = compute.zones_of(request.body, location, identifier)
    cloud.store.put(Resource(identifier, location, tags, properties, zones))
    if found is None:  # the first answer is what was asked for
        return Reply(201, envelope(existing(cloud, identifier), properties))
    return Reply(200, render(cloud, existing(cloud, identifier)))


def _refuse_used(cloud: Cloud, found: Resource) -> None:
    if cloud.store.referrers(found.id, kinds.VM) or cloud.store.referrers(found.id, kinds.AVAILABILITY_SET):
        message = (
            f"Proximity Placement Group '{found.name}' cannot be deleted. Before deleting a Proximity Placement Group "
            "please ensure that it does not contain any resource."
        )
        raise ArmError(409, "OperationNotAllowed", message)
