"""Virtual machines: their routes, lists and views, creation, deletion and power actions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation, timestamp
from localazure.protocol import ids, locations
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import existing, missing_property, place
from localazure.providers.compute import (
    availability_sets,
    boot_diagnostics,
    compute,
    data_disks,
    disks,
    ephemeral_disks,
    image_catalog,
    image_sources,
    marketplace,
    model,
    proximity_groups,
    quota,
    sizes,
    spot,
    vm_checks,
    vm_identity,
    vm_life,
    vm_model,
    vm_update,
    vm_view,
    zone_placement,
)
from localazure.providers.compute.vm_checks import Credentials
from localazure.store.resources import Resource

KIND = kinds.VM


def routes() -> list[Route]:
    one = crud.address(KIND, "vm")
    in_location = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/virtualMachines"
    actions = [Route("POST", f"{one}/{action}", _power_handler(action), KIND) for action in vm_life.POWER]
    return [
        *crud.routes(KIND, "vm", list_all=list_vms, get=get, put=put, patch=vm_update.patch, delete=delete),
        Route("GET", in_location, list_vms, KIND),
        Route("GET", f"{one}/instanceView", get_instance_view, KIND),
        Route("POST", f"{one}/reapply", reapply, KIND),
        Route("POST", f"{one}/generalize", generalize, KIND),
        Route("POST", f"{one}/reimage", refuse_reimage, KIND),
        Route("POST", f"{one}/capture", refuse_capture, KIND),
        Route("POST", f"{one}/attachDetachDataDisks", vm_update.attach_detach, KIND),
        *actions,
    ]


# reading


async def list_vms(cloud: Cloud, request: Request) -> Reply:
    """All VMs of a group, region or subscription; `statusOnly=true` brings their power states instead of models."""
    wanted = _expanded(request)
    if request.query.get("$filter"):
        # Azure's own filter is for the VMs of a scale set.
        message = "Local Azure has no scale sets, and filters lists of VMs by nothing else: send no $filter."
        raise ArmError(400, "FilterNotSupportedByLocalAzure", message, target="$filter")
    vms = cloud.store.of_type(KIND, request.params.get("group"))
    if "location" in request.params:
        location = locations.in_path(request.params["location"], KIND, request.api_version)
        vms = [vm for vm in vms if vm.location == location]
    items = []
    for vm in vms:
        body = vm_view.render(cloud, vm)
        if request.query.get("statusonly", "").lower() == "true":
            view = {"statuses": vm_view.statuses(vm, await vm_view.power_state(cloud, vm))}
            body["properties"] = {"vmId": vm.properties["vmId"], "provisioningState": vm.state, "instanceView": view}
            body.pop("resources", None)
        elif "instanceview" in wanted:
            body["properties"]["instanceView"] = await vm_view.instance_view(cloud, vm)
        if "resources" in body:  # lists name the extensions only; az stumbles over whole ones there
            body["resources"] = [{"id": one["id"]} for one in body["resources"]]
        items.append(body)
    return listing(items)


def _expanded(request: Request) -> list[str]:
    """What `$expand` asks for, in small letters; raises ArmError for what the service does not know either."""
    wanted = [one.strip().lower() for one in request.query.get("$expand", "").split(",") if one.strip()]
    if set(wanted) - {"instanceview", "userdata"}:
        raise ArmError(400, "InvalidParameter", "The request URL is not valid.", target="$expand")
    return wanted


def _vm(cloud: Cloud, request: Request) -> Resource:
    return existing(cloud, request.resource_id(KIND, "vm"))


async def get(cloud: Cloud, request: Request) -> Reply:
    vm = _vm(cloud, request)
    body = vm_view.render(cloud, vm)
    wanted = _expanded(request)
    if "instanceview" in wanted:
        body["properties"]["instanceView"] = await vm_view.instance_view(cloud, vm)
    if "userdata" in wanted and vm.hidden.get("userData"):
        body["properties"]["userData"] = vm.hidden["userData"]
    return Reply(200, body)


async def get_instance_view(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, await vm_view.instance_view(cloud, _vm(cloud, request)))


# creating


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "vm")
    compute.check_name("virtualMachineName", identifier.name, 64)
    request = model.read(request, vm_model.VM, "vm")
    given = request.body["properties"]
    location, tags = place(cloud, request, identifier)
    found = cloud.store.get(identifier)
    if found is not None:
        vm_life.refuse_if_busy(cloud, identifier)
        if found.hidden.get("machine"):
            return vm_update.update(cloud, request, found, given, tags)
        vm_update.refuse_changes(found, request.body, given)
    vm, credentials, plan = _new(cloud, request, identifier, location, given)
    vm.tags = tags
    if found is not None:  # it never ran: try again, as the same VM
        vm.properties["vmId"] = found.properties["vmId"]
    data_disks.apply(cloud, vm, plan)
    cloud.store.put(vm)
    _make_os_disk(cloud, vm)

    async def work(_: Operation) -> None:
        await vm_life.create(cloud, vm, credentials)

    operation = cloud.operations.start("compute", location, identifier, "create", work, vm_life.failed(cloud, vm))
    return compute.follow(cloud, operation, request, 200 if found else 201, vm_view.skeleton(cloud, vm))


def _new(
    cloud: Cloud, request: Request, identifier: ids.ResourceId, location: str, given: dict[str, Any]
) -> tuple[Resource, Credentials, data_disks.Plan]:
    """A new VM, checked from top to bottom, its secrets and its data disks."""
    wanted = (given.get("hardwareProfile") or {}).get("vmSize")
    if not wanted:
        raise missing_property("hardwareProfile.vmSize")
    size = sizes.find(wanted, location)
    storage = given.get("storageProfile") or {}
    source = image_sources.find_source(cloud, storage, location)
    sizes.check_architecture(size, image_catalog.architecture(source.platform.sku))
    sizes.check_generation(size, source.generation)
    vm_checks.refuse_unsupported(given, source.generation)
    vm_checks.refuse_unregistered(cloud, given)
    image_sources.check_security(source, (given.get("securityProfile") or {}).get("securityType"))
    boot_diagnostics.check(given.get("diagnosticsProfile"))
    profile, credentials = vm_checks.os_profile(identifier.name, given.get("osProfile"))
    extra: dict[str, Any] = zone_placement.zone_members(request.body, location, identifier)
    availability_sets.check_reference(cloud, location, given.get("availabilitySet"), "zones" in extra)
    proximity_groups.check_reference(cloud, location, given.get("proximityPlacementGroup"))
    interfaces = vm_checks.interfaces(cloud, identifier, location, given.get("networkProfile"))
    disk = vm_checks.os_disk(cloud, identifier, location, storage.get("osDisk") or {}, uuid.uuid4().hex, size)
    host = data_disks.Host(identifier, location, tuple(extra.get("zones", ())), size)
    plan = data_disks.plan(cloud, host, storage.get("dataDisks"))
    quota.check(cloud, size, location, is_spot=spot.is_spot(given))
    properties: dict[str, Any] = {
        "vmId": str(uuid.uuid4()),
        "hardwareProfile": {"vmSize": size.name},
        "storageProfile": {
            "imageReference": source.reference,
            "osDisk": disk,
            "dataDisks": [],
            "diskControllerType": vm_checks.disk_controller(storage, size),
            **zone_placement.disk_alignment(storage, {}),
        },
        "osProfile": profile,
        "networkProfile": {"networkInterfaces": interfaces},
        "timeCreated": timestamp(),
        **vm_update.passed_on(given),
    }
    if properties.get("priority") == "Spot":
        properties.setdefault("evictionPolicy", "Deallocate")
    hidden = {
        "generation": source.generation,
        "image": source.id,
        "plan": source.plan,
        "customData": vm_life.fingerprint(credentials.custom_data),
        "userData": vm_checks.user_data(given),
        "changed": timestamp(),
    }
    if source.origin is not None:
        hidden["origin"] = source.origin
    if request.body.get("plan"):
        extra["plan"] = request.body["plan"]
    vm = Resource(identifier, location, None, properties, extra, hidden, "Creating")
    if request.body.get("plan"):
        marketplace.refuse_without_terms(cloud, request.body["plan"], identifier)
    vm_identity.write(cloud, vm, request.body, merge=False)
    return vm, credentials, plan


def _make_os_disk(cloud: Cloud, vm: Resource) -> None:
    disks.create_os_disk(cloud, vm, vm.hidden["image"], vm.hidden["generation"])


# going


def delete(cloud: Cloud, request: Request) -> Reply:
    vm = cloud.store.get(request.resource_id(KIND, "vm"))
    if vm is None:
        return Reply(204)
    _forced(request)
    return compute.follow(cloud, vm_life.start_removal(cloud, vm), request, 202)


def _forced(request: Request) -> bool:
    """Whether the VM is deleted without being shut down first, which no machine here is. Raises ArmError for no
    boolean."""
    value = request.query.get("forcedeletion", "false").lower()
    if value not in ("true", "false"):
        message = f"The value '{value}' of the query parameter 'forceDeletion' is invalid."
        raise ArmError(400, "InvalidParameter", message, target="forceDeletion")
    return value == "true"


# power


def _refuse_power(vm: Resource, action: str) -> None:
    """Raise ArmError OperationNotAllowed for an action that the VM's power state does not allow."""
    power = vm.hidden.get("power")
    message = ""
    if action == "start" and vm.hidden.get("generalized"):
        message = f"Operation 'start' is not allowed on VM '{vm.name}' since the VM is generalized."
    elif action in ("powerOff", "redeploy") and power == "deallocated":
        message = (
            f"Operation '{action}' is not allowed on VM '{vm.name}' since the VM is either deallocated or marked to be "
            "deallocated."
        )
    elif action == "restart" and power != "running":
        message = "The operation requires the VM to be running (or set to run)."
    if message:
        raise ArmError(409, "OperationNotAllowed", message)


def _power_handler(action: str) -> Callable[[Cloud, Request], Reply]:
    def handler(cloud: Cloud, request: Request) -> Reply:
        vm = _vm(cloud, request)
        vm_life.refuse_if_busy(cloud, vm.id)
        vm_update.needs_machine(vm)
        _refuse_power(vm, action)
        if action == "deallocate":
            ephemeral_disks.refuse_deallocation(vm)
        if action == "deallocate" and request.query.get("hibernate", "").lower() == "true":
            raise ArmError(409, "OperationNotAllowed", "Local Azure can't hibernate a VM; deallocate it without.")

        async def work(_: Operation) -> None:
            await vm_life.power(cloud, vm, action)

        operation = cloud.operations.start("compute", vm.location, vm.id, action, work, vm_life.failed(cloud, vm))
        return compute.follow(cloud, operation, request, 202)

    return handler


def reapply(cloud: Cloud, request: Request) -> Reply:
    """Bring the machine in line with the model once more."""
    vm = _vm(cloud, request)
    vm_life.refuse_if_busy(cloud, vm.id)
    vm_update.needs_machine(vm)

    async def work(_: Operation) -> None:
        await vm_life.change(cloud, vm, vm_life.Change(again=True))

    operation = cloud.operations.start("compute", vm.location, vm.id, "reapply", work, vm_life.failed(cloud, vm))
    return compute.follow(cloud, operation, request, 202)


def generalize(cloud: Cloud, request: Request) -> Reply:
    """Mark a stopped VM as one that images are made from: it does not start any more."""
    vm = _vm(cloud, request)
    vm_life.refuse_if_busy(cloud, vm.id)
    vm_update.needs_machine(vm)
    if vm.hidden.get("power") not in ("stopped", "deallocated"):
        message = (
            f"Operation 'generalize' is not allowed on VM '{vm.name}' since the VM is running. Please power off "
            "explicitly in case you shut down the VM from inside the guest operating system."
        )
        raise ArmError(409, "OperationNotAllowed", message)
    vm.hidden["generalized"] = True
    cloud.store.put(vm)
    return Reply(200)


def refuse_reimage(cloud: Cloud, request: Request) -> Reply:
    _vm(cloud, request)
    message = "Local Azure can't set a VM back to its image; delete it and create it again."
    raise ArmError(409, "OperationNotAllowed", message)


def refuse_capture(cloud: Cloud, request: Request) -> Reply:
    _vm(cloud, request)
    message = (
        "The Capture action is only supported on a Virtual Machine with blob based disks. Please use the 'Image' "
        "resource APIs to create an Image from a managed Virtual Machine."
    )
    raise ArmError(409, "OperationNotAllowed", message)
