"""Virtual machines: PUT, PATCH, GET, lists, DELETE, and the power actions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from localazure.arm import ids, locations, shape
from localazure.arm.cloud import Cloud
from localazure.arm.errors import ArmError, invalid_parameter
from localazure.arm.operations import Operation, timestamp
from localazure.arm.request import Reply, Request, listing
from localazure.arm.router import Route
from localazure.providers.common import existing, missing_property, place, zones_of
from localazure.providers.compute import compute, disks, sizes, vm_checks, vm_life, vm_view
from localazure.providers.compute.vm_checks import Credentials
from localazure.providers.network import attach
from localazure.store.resources import Resource

KIND = attach.VM
# Members that are kept as they are given; nothing here acts on them.
_PASSED_ON = ("securityProfile", "diagnosticsProfile", "priority", "evictionPolicy", "billingProfile", "licenseType",
              "additionalCapabilities", "availabilitySet", "proximityPlacementGroup")  # fmt: skip


def routes() -> list[Route]:
    in_group = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{KIND}"
    one = f"{in_group}/{{vm}}"
    subscription = "/subscriptions/{subscription}/providers"
    in_location = f"{subscription}/Microsoft.Compute/locations/{{location}}/virtualMachines"
    actions = [Route("POST", f"{one}/{action}", _power_handler(action), KIND) for action in vm_life.POWER]
    return [
        Route("GET", in_group, list_vms, KIND),
        Route("GET", f"{subscription}/{KIND}", list_vms, KIND),
        Route("GET", in_location, list_vms, KIND),
        Route("GET", one, get, KIND),
        Route("PUT", one, put, KIND),
        Route("PATCH", one, patch, KIND),
        Route("DELETE", one, delete, KIND),
        Route("GET", f"{one}/instanceView", get_instance_view, KIND),
        Route("POST", f"{one}/reapply", reapply, KIND),
        *actions,
    ]


# reading


async def list_vms(cloud: Cloud, request: Request) -> Reply:
    """All VMs of a group, region or subscription; `statusOnly=true` brings their power states instead of models."""
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
        elif "instanceview" in request.query.get("$expand", "").lower():
            body["properties"]["instanceView"] = await vm_view.instance_view(cloud, vm)
        if "resources" in body:     # lists name the extensions only; az stumbles over whole ones there
            body["resources"] = [{"id": one["id"]} for one in body["resources"]]
        items.append(body)
    return listing(items)


def _vm(cloud: Cloud, request: Request) -> Resource:
    return existing(cloud, request.resource_id(KIND, "vm"))


async def get(cloud: Cloud, request: Request) -> Reply:
    vm = _vm(cloud, request)
    body = vm_view.render(cloud, vm)
    wanted = request.query.get("$expand", "").lower()
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
    given = vm_checks.body(request.body)
    location, tags = place(cloud, request, identifier)
    found = cloud.store.get(identifier)
    if found is not None:
        vm_life.refuse_if_busy(cloud, identifier)
        _refuse_changes(found, request.body, given)
        if found.hidden.get("machine"):
            found.tags = tags
            return _update(cloud, request, found, given, 200)
    vm, credentials = _new(cloud, request, identifier, location, given)
    vm.tags = tags
    if found is not None:  # it never ran: try again, as the same VM
        vm.properties["vmId"] = found.properties["vmId"]
    cloud.store.put(vm)
    _attach_disk(cloud, vm, vm.hidden["generation"])

    async def work(_: Operation) -> None:
        await vm_life.create(cloud, vm, credentials)

    operation = cloud.operations.start("compute", location, identifier, "create", work, _failed(cloud, vm))
    return compute.follow(cloud, operation, request, 200 if found else 201, vm_view.skeleton(cloud, vm))


def _failed(cloud: Cloud, vm: Resource) -> Callable[[Operation], None]:
    return lambda operation: vm_life.settle(cloud, vm, "Failed", operation.error)


def _new(
    cloud: Cloud, request: Request, identifier: ids.ResourceId, location: str, given: dict[str, Any]
) -> tuple[Resource, Credentials]:
    """A new VM, checked from top to bottom, and its secrets."""
    wanted = (given.get("hardwareProfile") or {}).get("vmSize")
    if not wanted:
        raise missing_property("hardwareProfile.vmSize")
    size = sizes.find(wanted, location)
    storage = given.get("storageProfile") or {}
    image, version = vm_checks.image(storage)
    profile, credentials = vm_checks.os_profile(identifier.name, given.get("osProfile"))
    interfaces = vm_checks.interfaces(cloud, identifier, location, given.get("networkProfile"))
    disk = vm_checks.os_disk(cloud, identifier, storage, uuid.uuid4().hex)
    sizes.check_quota(cloud, size, location)
    reference = {name: storage["imageReference"][name] for name in ("publisher", "offer", "sku", "version")}
    properties: dict[str, Any] = {
        "vmId": str(uuid.uuid4()),
        "hardwareProfile": {"vmSize": size.name},
        "storageProfile": {
            "imageReference": {**reference, "exactVersion": version},
            "osDisk": disk,
            "dataDisks": [],
            "diskControllerType": "SCSI",
        },
        "osProfile": profile,
        "networkProfile": {"networkInterfaces": interfaces},
        "timeCreated": timestamp(),
        **{name: given[name] for name in _PASSED_ON if given.get(name) is not None},
    }
    hidden = {
        "generation": image.generation,
        "customData": vm_life.fingerprint(credentials.custom_data),
        "userData": _user_data(given),
        "changed": timestamp(),
    }
    extra = {**zones_of(request.body), **_identity(cloud, request.body)}
    if request.body.get("plan"):
        extra["plan"] = request.body["plan"]
    return Resource(identifier, location, None, properties, extra, hidden, "Creating"), credentials


def _user_data(given: dict[str, Any]) -> str | None:
    data = given.get("userData")
    try:
        vm_checks.custom_data(data)  # the same rule
    except ArmError:
        raise invalid_parameter("userData", "User data must be in Base64 encoding and at most 64 KB.") from None
    return data


def _identity(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    identity = body.get("identity") or {}
    kind = (identity.get("type") or "None").replace(" ", "")
    if kind.lower() == "none":
        return {}
    if kind.lower() != "systemassigned":
        message = "Local Azure has system-assigned identities only."
        raise ArmError(400, "InvalidIdentityTypeForLocalAzure", message, target="identity.type")
    return {
        "identity": {
            "type": "SystemAssigned", "principalId": str(uuid.uuid4()), "tenantId": cloud.settings.tenant,
        }
    }  # fmt: skip


def _attach_disk(cloud: Cloud, vm: Resource, generation: str) -> None:
    reference = vm.properties["storageProfile"]["imageReference"]
    image = (
        f"/Subscriptions/{cloud.settings.subscription}/Providers/Microsoft.Compute/Locations/{vm.location}/Publishers/"
        f"{reference['publisher']}/ArtifactTypes/VMImage/Offers/{reference['offer']}/Skus/{reference['sku']}/Versions/"
        f"{reference['exactVersion']}"
    )
    disks.create_os_disk(cloud, vm, image, generation)


# changing


def _refuse_changes(vm: Resource, body: dict[str, Any], given: dict[str, Any]) -> None:
    """Raise ArmError PropertyChangeNotAllowed for what is fixed at creation; what is left out stays as it is."""
    profile, kept = given.get("osProfile") or {}, vm.properties["osProfile"]
    linux, kept_linux = profile.get("linuxConfiguration") or {}, kept["linuxConfiguration"]
    storage, kept_storage = given.get("storageProfile") or {}, vm.properties["storageProfile"]
    disk, managed = storage.get("osDisk") or {}, (storage.get("osDisk") or {}).get("managedDisk") or {}
    interfaces = (given.get("networkProfile") or {}).get("networkInterfaces")
    kept_ids = [ids.key(one["id"]) for one in vm.properties["networkProfile"]["networkInterfaces"]]
    pairs: list[tuple[str, Any, Any]] = [
        ("osProfile.computerName", profile.get("computerName"), kept["computerName"]),
        ("osProfile.adminUsername", profile.get("adminUsername"), kept["adminUsername"]),
        ("linuxConfiguration.disablePasswordAuthentication", linux.get("disablePasswordAuthentication"),
         kept_linux["disablePasswordAuthentication"]),
        ("osDisk.name", disk.get("name"), kept_storage["osDisk"]["name"]),
        ("osDisk.managedDisk.storageAccountType", managed.get("storageAccountType"),
         kept_storage["osDisk"]["managedDisk"]["storageAccountType"]),
        ("zones", body.get("zones") or None, vm.extra.get("zones")),
    ]  # fmt: skip
    for name, value, before in pairs:
        if value is not None and value != before:
            raise _unchangeable(name)
    keys = (linux.get("ssh") or {}).get("publicKeys")
    if keys is not None:
        before_keys = [one["keyData"] for one in (kept_linux.get("ssh") or {}).get("publicKeys", [])]
        if [(one.get("keyData") or "").strip() for one in keys] != before_keys:
            raise _unchangeable("linuxConfiguration.ssh.publicKeys")
    if profile.get("customData"):
        data = vm_checks.custom_data(profile["customData"])
        if vm_life.fingerprint(data) != vm.hidden["customData"]:
            raise _unchangeable("customData")
    reference = storage.get("imageReference") or {}
    for member in ("publisher", "offer", "sku", "version"):
        if reference.get(member) and reference[member].lower() != kept_storage["imageReference"][member].lower():
            raise _unchangeable("imageReference")
    if interfaces is not None and [ids.key(one.get("id") or "") for one in interfaces] != kept_ids:
        message = "Local Azure can't change the network interfaces of a VM."
        raise ArmError(409, "PropertyChangeNotAllowed", message, target="networkProfile")


def _unchangeable(name: str) -> ArmError:
    return ArmError(409, "PropertyChangeNotAllowed", f"Changing property '{name}' is not allowed.", target=name)


def _update(cloud: Cloud, request: Request, vm: Resource, given: dict[str, Any], status: int) -> Reply:
    """Change what can be changed: size, delete options, user data, identity, and members that nothing acts on."""
    properties = dict(vm.properties)
    size = sizes.SIZES[properties["hardwareProfile"]["vmSize"].lower()]
    wanted = (given.get("hardwareProfile") or {}).get("vmSize") or size.name
    resized = wanted.lower() != size.name.lower()
    if resized:
        new = sizes.find(wanted, vm.location)
        sizes.check_quota(cloud, new, vm.location, freed=size.cores)
        properties["hardwareProfile"] = {"vmSize": new.name}
    disk = (given.get("storageProfile") or {}).get("osDisk") or {}
    if (given.get("storageProfile") or {}).get("dataDisks"):
        raise ArmError(409, "OperationNotAllowed", "Local Azure has no data disks.", target="dataDisks")
    storage = dict(properties["storageProfile"])
    kept_disk = dict(storage["osDisk"])
    if disk.get("deleteOption"):
        kept_disk["deleteOption"] = vm_checks.delete_option(disk["deleteOption"], "osDisk.deleteOption")
    if disk.get("caching"):
        kept_disk["caching"] = disk["caching"]
    properties["storageProfile"] = {**storage, "osDisk": kept_disk}
    interfaces = (given.get("networkProfile") or {}).get("networkInterfaces")
    if interfaces is not None:
        kept = vm_checks.interfaces(cloud, vm.id, vm.location, {"networkInterfaces": interfaces})
        properties["networkProfile"] = {"networkInterfaces": kept}
    properties.update({name: given[name] for name in _PASSED_ON if given.get(name) is not None})
    if given.get("userData"):
        vm.hidden["userData"] = _user_data(given)
    if request.body.get("identity") and not vm.extra.get("identity"):
        vm.extra.update(_identity(cloud, request.body))
    vm.properties = properties
    vm.state = "Updating"
    cloud.store.put(vm)

    async def work(_: Operation) -> None:
        await vm_life.change(cloud, vm, resized)

    operation = cloud.operations.start("compute", vm.location, vm.id, "put", work, _failed(cloud, vm))
    return compute.follow(cloud, operation, request, status, vm_view.render(cloud, vm))


def patch(cloud: Cloud, request: Request) -> Reply:
    vm = _vm(cloud, request)
    given = vm_checks.body(request.body)
    vm_life.refuse_if_busy(cloud, vm.id)
    _refuse_changes(vm, request.body, given)
    _needs_machine(vm)
    if "tags" in request.body:
        vm.tags = shape.tags(request.body)
    return _update(cloud, request, vm, given, 200)


def _needs_machine(vm: Resource) -> None:
    if not vm.hidden.get("machine"):
        message = (
            f"The operation is not allowed: the provisioning of VM '{vm.name}' has failed; delete it and create "
            "it again."
        )
        raise ArmError(409, "OperationNotAllowed", message)


def delete(cloud: Cloud, request: Request) -> Reply:
    vm = cloud.store.get(request.resource_id(KIND, "vm"))
    if vm is None:
        return Reply(204)
    return compute.follow(cloud, vm_life.start_removal(cloud, vm), request, 202)


# power


def _power_handler(action: str) -> Callable[[Cloud, Request], Reply]:
    def handler(cloud: Cloud, request: Request) -> Reply:
        vm = _vm(cloud, request)
        vm_life.refuse_if_busy(cloud, vm.id)
        _needs_machine(vm)
        if action == "restart" and vm.hidden.get("power") != "running":
            message = f"The VM '{vm.name}' is not running, so it can't be restarted. Start it."
            raise ArmError(409, "OperationNotAllowed", message)

        async def work(_: Operation) -> None:
            await vm_life.power(cloud, vm, action)

        operation = cloud.operations.start("compute", vm.location, vm.id, action, work, _failed(cloud, vm))
        return compute.follow(cloud, operation, request, 202)

    return handler


def reapply(cloud: Cloud, request: Request) -> Reply:
    """Bring the machine in line with the model once more."""
    vm = _vm(cloud, request)
    vm_life.refuse_if_busy(cloud, vm.id)
    _needs_machine(vm)

    async def work(_: Operation) -> None:
        await vm_life.change(cloud, vm, False)

    operation = cloud.operations.start("compute", vm.location, vm.id, "reapply", work, _failed(cloud, vm))
    return compute.follow(cloud, operation, request, 202)
