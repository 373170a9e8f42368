"""Availability sets: groups of VMs that are spread over fault and update domains."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids, shape
from localazure.protocol.errors import ArmError, invalid_parameter
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import envelope, existing, place, spelled
from localazure.providers.compute import compute, model, proximity_groups, sizes
from localazure.providers.compute.disk_versions import FIRST
from localazure.store.resources import Resource

KIND = kinds.AVAILABILITY_SET
FAULT_DOMAINS = 3
_UPDATE_DOMAINS = 20


def routes() -> list[Route]:
    return [
        *crud.routes(
            KIND, "set", show=_shown, put=put, patch=patch, delete=crud.delete_at_once(KIND, "set", _refuse_used)
        ),
        Route("GET", f"{crud.address(KIND, 'set')}/vmSizes", list_sizes, KIND),
    ]


def members(cloud: Cloud, availability_set: Resource) -> list[Resource]:
    """Its VMs, in the order of their creation."""
    found = cloud.store.referrers(availability_set.id, kinds.VM)
    return sorted(found, key=lambda vm: vm.properties["timeCreated"])


def domains(cloud: Cloud, vm: Resource) -> dict[str, int]:
    """The fault and update domain of a VM in an availability set; {} for any other."""
    reference = vm.properties.get("availabilitySet")
    found = cloud.store.get(reference["id"]) if reference else None
    if found is None:
        return {}
    at = [ids.key(one.id) for one in members(cloud, found)].index(ids.key(vm.id))
    return {
        "platformUpdateDomain": at % found.properties["platformUpdateDomainCount"],
        "platformFaultDomain": at % found.properties["platformFaultDomainCount"],
    }


def check_reference(cloud: Cloud, location: str, reference: dict[str, Any] | None, zones: bool) -> None:
    """Raise ArmError when a new VM can't be in this availability set."""
    identifier = (reference or {}).get("id")
    if not identifier:
        return
    found = cloud.store.get(ids.parse(identifier, "properties.availabilitySet.id"))
    if found is None or found.type != KIND or found.location != location:
        raise ArmError(404, "NotFound", f"The Availability Set {identifier} cannot be found.", target="availabilitySet")
    if zones:
        message = (
            "Virtual Machine cannot be created because both Availability Zone and Availability Set were specified. "
            "Deploying an Availability Set to an Availability Zone isn't supported."
        )
        raise ArmError(400, "BadRequest", message, target="zones")
    if found.extra["sku"]["name"] != "Aligned":
        message = (
            "Addition of a VM with managed disks to non-managed Availability Set or addition of a VM with blob based "
            "disks to managed Availability Set is not supported. Please create an Availability Set with 'managed' "
            "property set in order to add a VM with managed disks to it."
        )
        raise ArmError(400, "BadRequest", message, target="availabilitySet")


def render(cloud: Cloud, found: Resource, machines: bool = True) -> dict[str, Any]:
    properties = dict(found.properties)
    if machines:
        properties["virtualMachines"] = [{"id": str(vm.id)} for vm in members(cloud, found)]
    return envelope(found, properties)


def _shown(cloud: Cloud, request: Request, found: Resource) -> dict[str, Any]:
    """With its VMs in its group; in a subscription's list by `$expand=virtualMachines/$ref`."""
    machines = "group" in request.params or "virtualmachines" in request.query.get("$expand", "").lower()
    return _told(request, found, render(cloud, found, machines))


def _told(request: Request, found: Resource, body: dict[str, Any]) -> dict[str, Any]:
    """The first version with managed disks has a property for what later ones say by the SKU."""
    if request.api_version == FIRST:
        body["properties"]["managed"] = found.extra["sku"]["name"] == "Aligned"
    return body


def _asked(request: Request) -> Request:
    """A body of that version, in terms of SKUs."""
    properties = request.body.get("properties")
    if request.api_version != FIRST or not isinstance(properties, dict) or "managed" not in properties:
        return request
    kept = {name: value for name, value in properties.items() if name != "managed"}
    sku = {"name": "Aligned"} if str(properties["managed"]).lower() == "true" else request.body.get("sku")
    return replace(request, body={**request.body, "properties": kept, "sku": sku})


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "set")
    compute.check_name("availabilitySetName", identifier.name)
    location, tags = place(cloud, request, identifier)
    found = cloud.store.get(identifier)
    return _write(cloud, _asked(request), found or Resource(identifier, location), found is None, tags)


def patch(cloud: Cloud, request: Request) -> Reply:
    found = existing(cloud, request.resource_id(KIND, "set"))
    return _write(cloud, request, found, False, shape.tags(request.body) if "tags" in request.body else found.tags)


def _write(cloud: Cloud, request: Request, target: Resource, new: bool, tags: dict[str, str] | None) -> Reply:
    request = model.read(request, model.AVAILABILITY_SET, "availabilitySet")
    given = request.body["properties"]
    sku = _sku(target, request.body)
    kept = target.properties
    counts = {}
    for name, default, most in (
        ("platformUpdateDomainCount", 5, _UPDATE_DOMAINS),
        ("platformFaultDomainCount", FAULT_DOMAINS, FAULT_DOMAINS),
    ):
        value = given.get(name)
        counts[name] = kept.get(name, default) if value is None else value
        if not 1 <= counts[name] <= most:
            words = "fault" if "Fault" in name else "update"
            message = f"The specified {words} domain count {value} must fall in the range 1 to {most}."
            raise invalid_parameter(name, message)
        if not new and counts[name] != kept[name]:
            raise compute.unchangeable(f"availabilitySet.{name}")
    placement = given.get("proximityPlacementGroup") or kept.get("proximityPlacementGroup")
    proximity_groups.check_reference(cloud, target.location, placement)
    target.tags = tags
    policy = given.get("scheduledEventsPolicy") or kept.get("scheduledEventsPolicy")
    optional = {"proximityPlacementGroup": placement, "scheduledEventsPolicy": policy}
    target.properties = {**counts, **{name: value for name, value in optional.items() if value}}
    target.extra["sku"] = {"name": sku}
    cloud.store.put(target)
    return Reply(200, _told(request, target, render(cloud, target)))


def _sku(target: Resource, body: dict[str, Any]) -> str:
    before = (target.extra.get("sku") or {}).get("name")
    name = (body.get("sku") or {}).get("name") or before or "Classic"
    known = spelled(name, ("Aligned", "Classic"))
    if known is None:
        raise invalid_parameter("availabilitySet.sku.name", f"The value '{name}' of parameter 'sku.name' is invalid.")
    if before == "Aligned" and known == "Classic":
        message = "Changing availability set SKU from 'Aligned' to 'Classic' is not allowed."
        raise ArmError(409, "OperationNotAllowed", message)
    return known


def _refuse_used(cloud: Cloud, found: Resource) -> None:
    if members(cloud, found):
        message = (
            f"Availability Set '{found.name}' cannot be deleted. Before deleting an Availability Set please ensure "
            "that it does not contain any VM."
        )
        raise ArmError(409, "OperationNotAllowed", message)


def list_sizes(cloud: Cloud, request: Request) -> Reply:
    existing(cloud, request.resource_id(KIND, "set"))
    return listing(sizes.all_rendered())
