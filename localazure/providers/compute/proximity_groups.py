"""Proximity placement groups: VMs and availability sets that shall be near each other."""

from __future__ import annotations

from typing import Any

from localazure.arm import ids, shape
from localazure.arm.cloud import Cloud
from localazure.arm.errors import ArmError
from localazure.arm.request import Reply, Request, listing
from localazure.arm.router import Route
from localazure.providers import kinds
from localazure.providers.common import envelope, existing, place
from localazure.providers.compute import compute, model, sizes
from localazure.store.resources import Resource

KIND = kinds.PROXIMITY_GROUP
_SHAPE: dict[str, Any] = {
    "zones": [str],
    "properties": {"proximityPlacementGroupType": str, "intent": {"vmSizes": [str]}},
}
_MODEL = model.obj(
    "ProximityPlacementGroupProperties",
    "virtualMachines virtualMachineScaleSets availabilitySets colocationStatus",
    proximityPlacementGroupType=model.enum("ProximityPlacementGroupType", "Standard Ultra"),
    intent=model.obj("Intent", "vmSizes"),
)


def routes() -> list[Route]:
    in_group = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{KIND}"
    one = f"{in_group}/{{placement}}"
    return [
        Route("GET", in_group, list_groups, KIND),
        Route("GET", f"/subscriptions/{{subscription}}/providers/{KIND}", list_groups, KIND),
        Route("GET", one, get, KIND),
        Route("PUT", one, put, KIND),
        Route("PATCH", one, patch, KIND),
        Route("DELETE", one, delete, KIND),
    ]


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


def list_groups(cloud: Cloud, request: Request) -> Reply:
    return listing([render(cloud, one) for one in cloud.store.of_type(KIND, request.params.get("group"))])


def get(cloud: Cloud, request: Request) -> Reply:
    status = request.query.get("includecolocationstatus", "").lower() == "true"
    return Reply(200, render(cloud, existing(cloud, request.resource_id(KIND, "placement")), status))


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "placement")
    compute.check_name("proximityPlacementGroupName", identifier.name)
    given = model.read(request.body.get("properties") or {}, _MODEL, "proximityPlacementGroup")
    shape.check({**request.body, "properties": given}, _SHAPE)
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


def patch(cloud: Cloud, request: Request) -> Reply:
    """Its tags are all that can be changed this way."""
    found = existing(cloud, request.resource_id(KIND, "placement"))
    if "tags" in request.body:
        found.tags = shape.tags(request.body)
        cloud.store.put(found)
    return Reply(200, render(cloud, found))


def delete(cloud: Cloud, request: Request) -> Reply:
    found = cloud.store.get(request.resource_id(KIND, "placement"))
    if found is None:
        return Reply(204)
    if cloud.store.referrers(found.id, kinds.VM) or cloud.store.referrers(found.id, kinds.AVAILABILITY_SET):
        message = (
            f"Proximity Placement Group '{found.name}' cannot be deleted. Before deleting a Proximity Placement Group "
            "please ensure that it does not contain any resource."
        )
        raise ArmError(409, "OperationNotAllowed", message)
    cloud.store.delete(found.id)
    return Reply(200)
