"""Changing a VM: what is fixed at its creation, what can be changed, and bringing its machine in line."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation
from localazure.protocol import ids, shape
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request
from localazure.providers import kinds
from localazure.providers.common import existing
from localazure.providers.compute import (
    boot_diagnostics,
    compute,
    data_disks,
    disk_kinds,
    disks,
    ephemeral_disks,
    image_catalog,
    model,
    proximity_groups,
    quota,
    sizes,
    spot,
    vm_checks,
    vm_identity,
    vm_image,
    vm_life,
    vm_model,
    vm_view,
    zone_placement,
)
from localazure.store.resources import Resource

KIND = kinds.VM
# Members that are kept as they are given; nothing here acts on them.
PASSED_ON = ("securityProfile", "diagnosticsProfile", "priority", "evictionPolicy", "billingProfile", "licenseType",
             "additionalCapabilities", "availabilitySet", "proximityPlacementGroup", "scheduledEventsPolicy",
             "scheduledEventsProfile", "extensionsTimeBudget", "resiliencyProfile")  # fmt: skip


def needs_machine(vm: Resource) -> None:
    """Raise ArmError for a VM that never ran."""
    if not vm.hidden.get("machine"):
        message = (
            f"The operation is not allowed: the provisioning of VM '{vm.name}' has failed; delete it and create "
            "it again."
        )
        raise ArmError(409, "OperationNotAllowed", message)


def passed_on(given: dict[str, Any]) -> dict[str, Any]:
    """The members of a body that are kept as they are."""
    kept = {name: given[name] for name in PASSED_ON if given.get(name) is not None}
    if (kept.get("securityProfile") or {}).get("securityType") == "Standard":  # the opt-out leaves no trace
        profile = {name: value for name, value in kept.pop("securityProfile").items() if name != "securityType"}
        if profile:
            kept["securityProfile"] = profile
    return kept


def host_of(vm: Resource, size: sizes.Size | None = None) -> data_disks.Host:
    """A VM as its data disks see it; `size` when it is about to change."""
    size = size or sizes.of_vm(vm)
    kept = tuple(vm.properties["storageProfile"]["dataDisks"])
    zones = tuple(vm.extra.get("zones") or ())
    return data_disks.Host(vm.id, vm.location, zones, size, kept)


# what is fixed


def refuse_changes(vm: Resource, body: dict[str, Any], given: dict[str, Any]) -> None:
    """Raise ArmError PropertyChangeNotAllowed for what is fixed at creation; what is left out stays as it is."""
    profile, kept = given.get("osProfile") or {}, vm.properties["osProfile"]
    linux, kept_linux = profile.get("linuxConfiguration") or {}, kept["linuxConfiguration"]
    storage, kept_storage = given.get("storageProfile") or {}, vm.properties["storageProfile"]
    disk, managed = storage.get("osDisk") or {}, (storage.get("osDisk") or {}).get("managedDisk") or {}
    interfaces = (given.get("networkProfile") or {}).get("networkInterfaces")
    kept_ids = [ids.key(one["id"]) for one in vm.properties["networkProfile"]["networkInterfaces"]]
    priority = vm.properties.get("priority") or "Regular"
    pairs: list[tuple[str, Any, Any]] = [
        ("osProfile.computerName", profile.get("computerName"), kept["computerName"]),
        ("osProfile.adminUsername", profile.get("adminUsername"), kept["adminUsername"]),
        ("linuxConfiguration.disablePasswordAuthentication", linux.get("disablePasswordAuthentication"),
         kept_linux["disablePasswordAuthentication"]),
        ("linuxConfiguration.provisionVMAgent", linux.get("provisionVMAgent"), kept_linux["provisionVMAgent"]),
        ("osDisk.name", disk.get("name"), kept_storage["osDisk"]["name"]),
        ("osDisk.createOption", disk.get("createOption"), kept_storage["osDisk"]["createOption"]),
        ("osDisk.managedDisk.id", ids.key(managed.get("id") or "") or None,
         ids.key(kept_storage["osDisk"]["managedDisk"]["id"])),
        ("osDisk.managedDisk.storageAccountType", managed.get("storageAccountType"),
         kept_storage["osDisk"]["managedDisk"]["storageAccountType"]),
        ("availabilitySet.id", _id(given, "availabilitySet"), _id(vm.properties, "availabilitySet") or ""),
        ("priority", _priority(vm, given.get("priority"), priority), priority),
        ("zones", body.get("zones") or None, vm.extra.get("zones")),
        ("placement", body.get("placement") or None, vm.extra.get("placement")),
    ]  # fmt: skip
    for name, value, before in pairs:
        if value is not None and value != before:
            raise compute.unchangeable(name)
    keys = (linux.get("ssh") or {}).get("publicKeys")
    if keys is not None:
        before_keys = [one["keyData"].strip() for one in (kept_linux.get("ssh") or {}).get("publicKeys", [])]
        if [(one.get("keyData") or "").strip() for one in keys] != before_keys:
            raise compute.unchangeable("linuxConfiguration.ssh.publicKeys")
    if profile.get("customData"):
        data = vm_checks.custom_data(profile["customData"])
        if vm_life.fingerprint(data) != vm.hidden["customData"]:
            raise compute.unchangeable("customData")
    for name, value in (body.get("plan") or {}).items():
        if value and value != (vm.extra.get("plan") or {}).get(name):
            raise compute.unchangeable("plan", f"plan.{name}")
    reference = storage.get("imageReference") or {}
    kept_reference = kept_storage["imageReference"]
    for member in ("id", "sharedGalleryImageId", "communityGalleryImageId"):
        if (reference.get(member) or "").lower() not in ("", kept_reference.get(member, "").lower()):
            raise compute.unchangeable("imageReference", f"imageReference.{member}")
    for member in ("publisher", "offer", "sku", "version"):
        if reference.get(member) and reference[member].lower() != kept_reference.get(member, "").lower():
            raise compute.unchangeable("imageReference")
    if interfaces is not None and [ids.key(one.get("id") or "") for one in interfaces] != kept_ids:
        message = "Local Azure can't change the network interfaces of a VM."
        raise ArmError(409, "PropertyChangeNotAllowed", message, target="networkProfile")


def _priority(vm: Resource, wanted: str | None, before: str) -> str | None:
    """The priority that is asked for. Low, which Spot was called first, becomes it on a VM without a host."""
    renamed = (before, wanted) == ("Low", "Spot") and vm.hidden.get("power") == "deallocated"
    return before if renamed else wanted


def _id(properties: dict[str, Any], name: str) -> str | None:
    return ids.key((properties.get(name) or {}).get("id") or "") or None


def _check_placement(cloud: Cloud, vm: Resource, given: dict[str, Any]) -> None:
    wanted = _id(given, "proximityPlacementGroup")
    if wanted is None or wanted == _id(vm.properties, "proximityPlacementGroup"):
        return
    proximity_groups.check_reference(cloud, vm.location, given["proximityPlacementGroup"])
    if vm.hidden.get("power") != "deallocated":
        message = (
            f"Updating proximity placement group of VM {vm.name} is not allowed while the VM is running. Please "
            "stop/deallocate the VM and retry the operation."
        )
        raise ArmError(409, "OperationNotAllowed", message, target="proximityPlacementGroup")


# what can be changed


def update(
    cloud: Cloud, request: Request, vm: Resource, given: dict[str, Any], tags: dict[str, str] | None
) -> Reply:
    """Change size, disks, delete options, user data, identities, and members that nothing acts on."""
    refuse_changes(vm, request.body, given)
    as_is = {"storageProfile": vm.properties["storageProfile"]}  # whose changes have refusals of their own
    vm_checks.refuse_unsupported({**vm.properties, **given, **as_is}, vm.hidden.get("generation", "V2"))
    vm_checks.refuse_unregistered(cloud, given)
    boot_diagnostics.check(given.get("diagnosticsProfile"))
    spot.check_price_change(vm, given)
    _check_placement(cloud, vm, given)
    size = _size(cloud, vm, given)
    resized = size.name != vm.properties["hardwareProfile"]["vmSize"]
    storage = given.get("storageProfile") or {}
    plan = data_disks.plan(cloud, host_of(vm, size), storage.get("dataDisks"))
    properties = {**vm.properties, **passed_on(given), "hardwareProfile": {"vmSize": size.name}}
    properties["storageProfile"] = {
        **vm.properties["storageProfile"], "diskControllerType": _disk_controller(vm, storage, size),
        "osDisk": _os_disk(cloud, vm, storage.get("osDisk") or {}, plan, size),
        **zone_placement.disk_alignment(storage, vm.properties["storageProfile"]),
    }  # fmt: skip
    properties["osProfile"] = _os_profile(vm.properties["osProfile"], given.get("osProfile") or {})
    interfaces = (given.get("networkProfile") or {}).get("networkInterfaces")
    if interfaces is not None:
        kept = vm_checks.interfaces(cloud, vm.id, vm.location, {"networkInterfaces": interfaces})
        properties["networkProfile"] = {"networkInterfaces": kept}
    data = vm_checks.user_data(given) if "userData" in given else vm.hidden.get("userData")
    vm_identity.write(cloud, vm, request.body, merge=request.method == "PATCH")
    vm.properties, vm.tags, vm.state = properties, tags, "Updating"
    vm.hidden["userData"] = data
    data_disks.apply(cloud, vm, plan)
    cloud.store.put(vm)
    reply = start(cloud, request, vm, vm_life.Change(resized, plan), 200)
    if request.method == "PATCH":
        reply.headers["ETag"] = f'"{vm.etag}"'
    return reply


def start(cloud: Cloud, request: Request, vm: Resource, change: vm_life.Change, status: int) -> Reply:
    """Let the machine follow, as an operation; the first answer is the VM."""

    async def work(_: Operation) -> None:
        await vm_life.change(cloud, vm, change)

    operation = cloud.operations.start("compute", vm.location, vm.id, "put", work, vm_life.failed(cloud, vm))
    return compute.follow(cloud, operation, request, status, vm_view.render(cloud, vm))


def _size(cloud: Cloud, vm: Resource, given: dict[str, Any]) -> sizes.Size:
    before = sizes.of_vm(vm)
    wanted = (given.get("hardwareProfile") or {}).get("vmSize") or before.name
    if wanted.lower() == before.name.lower():
        return before
    size = sizes.find(wanted, vm.location)
    reference = vm_image.origin(vm)
    sizes.check_architecture(size, image_catalog.architecture(reference["sku"]))
    quota.check(cloud, size, vm.location, is_spot=spot.is_spot(vm.properties), freed=before.cores)
    return size


def _disk_controller(vm: Resource, given: dict[str, Any], size: sizes.Size) -> str:
    """It changes while the VM has no host."""
    before = vm.properties["storageProfile"]["diskControllerType"]
    wanted = vm_checks.disk_controller({"diskControllerType": given.get("diskControllerType") or before}, size)
    if wanted != before and vm.hidden.get("power") != "deallocated":
        raise compute.unchangeable("diskControllerType", "storageProfile.diskControllerType")
    return wanted


def _os_disk(
    cloud: Cloud, vm: Resource, given: dict[str, Any], plan: data_disks.Plan, vm_size: sizes.Size
) -> dict[str, Any]:
    kept = dict(vm.properties["storageProfile"]["osDisk"])
    disk_kinds.refuse_write_accelerator(given, vm_size.name)
    target = "osDisk.managedDisk.storageAccountType"
    sizes.check_account_type(vm_size, kept["managedDisk"].get("storageAccountType") or "", target)
    ephemeral_disks.change(vm, kept, given, vm_size)
    wanted = ((given.get("managedDisk") or {}).get("diskEncryptionSet") or {}).get("id")
    if wanted and ids.key(wanted) != ids.key((kept["managedDisk"].get("diskEncryptionSet") or {}).get("id") or ""):
        raise compute.unchangeable("osDisk.managedDisk.diskEncryptionSet")
    for name in ("deleteOption", "caching", "writeAcceleratorEnabled"):
        if given.get(name) is not None:
            kept[name] = given[name]
    size, disk = given.get("diskSizeGB"), cloud.store.get(kept["managedDisk"]["id"])
    if disk is not None and size is not None and size != kept["diskSizeGB"]:
        disks.check_growth(disk, size, vm)
        plan.grown.append((disk, size))
        kept["diskSizeGB"] = size
    return kept


def _os_profile(kept: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Whether extensions are allowed and how the guest is patched can be changed; nothing here patches."""
    after = {**kept, "linuxConfiguration": dict(kept["linuxConfiguration"])}
    if given.get("allowExtensionOperations") is not None:
        after["allowExtensionOperations"] = given["allowExtensionOperations"]
    for name in ("patchSettings", "enableVMAgentPlatformUpdates"):
        value = (given.get("linuxConfiguration") or {}).get(name)
        if value is not None:
            after["linuxConfiguration"][name] = value
    return after


def patch(cloud: Cloud, request: Request) -> Reply:
    vm = existing(cloud, request.resource_id(KIND, "vm"))
    request = model.read(request, vm_model.VM, "vm")
    given = request.body["properties"]
    vm_life.refuse_if_busy(cloud, vm.id)
    refuse_changes(vm, request.body, given)
    needs_machine(vm)
    tags = shape.tags(request.body) if "tags" in request.body else vm.tags
    return update(cloud, request, vm, given, tags)


def attach_detach(cloud: Cloud, request: Request) -> Reply:
    """The action attachDetachDataDisks: some data disks come, some go; answers with the storage profile."""
    vm = existing(cloud, request.resource_id(KIND, "vm"))
    request = model.read(request, vm_model.ATTACH_DETACH, "vm")
    vm_life.refuse_if_busy(cloud, vm.id)
    needs_machine(vm)
    host = host_of(vm)
    plan = data_disks.plan(cloud, host, data_disks.attach_or_detach(host, request.body))
    data_disks.apply(cloud, vm, plan)
    vm.state = "Updating"
    cloud.store.put(vm)

    async def work(_: Operation) -> Any:
        await vm_life.change(cloud, vm, vm_life.Change(disks=plan))
        return vm_view.render(cloud, vm)["properties"]["storageProfile"]

    operation = cloud.operations.start(
        "compute", vm.location, vm.id, "attachDetachDataDisks", work, vm_life.failed(cloud, vm)
    )
    return compute.follow(cloud, operation, request, 202)
