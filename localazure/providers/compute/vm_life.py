"""A VM's life on its machine: creating, changing, starting and stopping, removing, and what is stored of it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation, timestamp
from localazure.machines.machine import MachineError, MachineSpec
from localazure.protocol import ids
from localazure.protocol.errors import ArmError, busy
from localazure.providers import kinds
from localazure.providers.compute import compute, data_disks, disks, image_sources, sizes, vm_image
from localazure.providers.compute.image_catalog import find
from localazure.providers.compute.vm_checks import Credentials
from localazure.providers.network import machine_updates, nic_reservations, references
from localazure.store.resources import Resource

log = logging.getLogger(__name__)

# Actions that may run beside others on one VM; all else has the VM to itself.
SHARED_ACTIONS = ("runCommand",)


def refuse_if_busy(cloud: Cloud, vm: ids.ResourceId) -> None:
    """Raise ArmError Conflict while the VM itself is being changed."""
    for operation in cloud.operations.below(vm):
        if operation.target == ids.key(vm) and operation.action not in SHARED_ACTIONS:
            raise busy(operation.provider, operation.uri)


def refuse_unless_running(vm: Resource) -> None:
    """Extensions and run commands need the agent of a running VM."""
    if vm.hidden.get("power") != "running":
        message = "Cannot modify extensions in the VM when the VM is not running."
        raise ArmError(409, "OperationNotAllowed", message)


def refuse_without_extensions(vm: Resource) -> None:
    """Extensions and run commands can be switched off for a VM, or have no agent to do them."""
    profile = vm.properties["osProfile"]
    if not profile["allowExtensionOperations"] or not profile["linuxConfiguration"]["provisionVMAgent"]:
        message = (
            "This operation cannot be performed when extension operations are disallowed. To allow, please ensure VM "
            "Agent is installed on the VM and the osProfile.allowExtensionOperations property is true."
        )
        raise ArmError(409, "OperationNotAllowed", message)


def refuse_beside_failed(cloud: Cloud, vm: Resource, what: str, itself: ids.ResourceId) -> None:
    """Raise ArmError where another extension of the VM has failed and behavior.json lets that block `what`.

    "If there's an existing extension with a failed provisioning state, any other new extension fails to install"
    (Microsoft's page on extensions). Whether run commands count is not known; the words are those of another error.
    """
    others = [one for one in cloud.store.children(vm.id, kinds.EXTENSION) if ids.key(one.id) != ids.key(itself)]
    if any(one.state == "Failed" for one in others) and cloud.behavior.failed_extension_blocks(vm.name, what):
        message = (
            "Multiple VM extensions failed to be provisioned on the VM. Please see the VM extension instance view for "
            "details."
        )
        raise ArmError(409, "VMExtensionProvisioningError", message)


@contextmanager
def agent_words(vm: Resource) -> Iterator[None]:
    """Say in Azure's words that no agent has answered."""
    try:
        yield
    except MachineError as error:
        if error.code != "NoAgent":
            raise
        raise ArmError(
            409,
            "VMAgentStatusCommunicationError",
            f"VM '{vm.name}' has not reported status for VM agent or extensions. Verify that the OS is up and healthy, "
            "the VM has a running VM agent, and that it can establish outbound connections to Azure storage. Please "
            "refer to https://aka.ms/vmextensionlinuxtroubleshoot for additional VM agent troubleshooting information.",
        ) from error


def fingerprint(data: bytes | None) -> str:
    """Tells whether custom data has changed, without keeping it."""
    return hashlib.sha256(data).hexdigest() if data else ""


def spec_of(cloud: Cloud, vm: Resource, credentials: Credentials) -> MachineSpec:
    """The machine that a VM's resource describes."""
    nic = references.nic_of(cloud, vm)
    place = references.vnet_and_subnet(cloud, nic) if nic else None
    if nic is None or place is None:
        raise ArmError(404, "NotFound", f"The network interface of {vm.id} was not found.")
    vnet, subnet = place
    profile = vm.properties["osProfile"]
    size = sizes.of_vm(vm)
    reference = vm_image.origin(vm)
    image = find(reference["publisher"], reference["offer"], reference["sku"])
    return MachineSpec(
        id=ids.short_id(vm.id),
        hostname=profile["computerName"],
        admin_username=profile["adminUsername"],
        admin_password=credentials.password,
        ssh_keys=credentials.keys,
        custom_data=credentials.custom_data,
        cloud_init=image is not None and image.cloud_init,
        variant="" if image is None else image.variant,
        network_id=ids.short_id(vnet.id),
        private_ip=references.primary_configuration(nic)["privateIPAddress"],
        subnet_prefix=subnet["properties"]["addressPrefix"],
        mac=references.mac_of(nic.id),
        cpus=size.cores,
        memory_mib=size.memory_mib,
        data_disks=data_disks.of_machine(cloud, vm),
        **{"agent": profile["linuxConfiguration"]["provisionVMAgent"], **cloud.behavior.machine(vm.name)},
    )


def settle(cloud: Cloud, vm: Resource, state: str, error: dict[str, Any] | None = None, **hidden: Any) -> None:
    """Write a VM's new state, unless the VM has gone or is going."""
    found = cloud.store.get(vm.id)
    if found is not vm or vm.state == "Deleting":
        return
    vm.state = state
    vm.hidden.update(hidden, changed=timestamp(), error=error)
    cloud.store.put(vm)


def failed(cloud: Cloud, vm: Resource) -> Callable[[Operation], None]:
    """What is written down when an operation on a VM has failed."""
    return lambda operation: settle(cloud, vm, "Failed", operation.error)


async def _allocate(cloud: Cloud, vm: Resource) -> None:
    """Raise ArmError AllocationFailed for a size that never finds a host, or finds none now."""
    size = sizes.of_vm(vm)
    refusal = size.refusal or cloud.behavior.allocation(size.name, vm.location, vm.extra.get("zones"))
    if refusal:
        await cloud.operations.pause(30)
        where = "zone" if refusal.startswith("Zonal") else "region"
        raise ArmError(
            409,
            refusal,
            f"Allocation failed. We do not have sufficient capacity for the requested VM size in this {where}. Read "
            "more about improving likelihood of allocation success at https://aka.ms/allocation-guidance",
        )


async def create(cloud: Cloud, vm: Resource, credentials: Credentials) -> None:
    """Boot the machine of a new VM; when that fails nothing of the machine is left. Raises ArmError, MachineError."""
    async with cloud.lock(vm.id):
        image_sources.refuse_purchase(vm.hidden.get("plan"), vm.extra.get("plan") or {}, vm.id)
        await _allocate(cloud, vm)
        spec = spec_of(cloud, vm, credentials)
        try:
            await data_disks.make(cloud, vm)
            await cloud.blocking(cloud.platform.machine_create, spec)
            vm.hidden.update(machine=spec.id, power="running")
            await machine_updates.sync(cloud, vm)
        except MachineError:
            vm.hidden.pop("machine", None)
            vm.hidden.pop("power", None)
            await _discard(cloud, spec.id)
            raise
        await cloud.behavior.os_provisioning(vm.name, vm.location)
        await cloud.operations.ripe()
        settle(cloud, vm, "Succeeded", machine=spec.id, power="running")


async def _discard(cloud: Cloud, machine: str) -> None:
    """Remove what a failed creation left; its own error is the one that matters to the caller."""
    try:
        await cloud.blocking(cloud.platform.machine_delete, machine)
    except MachineError as error:
        log.warning("machine %s could not be removed: %s", machine, error)


@dataclass(frozen=True)
class Change:
    """What an update asks of the machine: another size, other data disks; `again` repeats what should hold already."""

    resized: bool = False
    disks: data_disks.Plan = field(default_factory=data_disks.Plan)
    again: bool = False


async def change(cloud: Cloud, vm: Resource, wanted: Change) -> None:
    """Bring a machine in line with an updated VM: another size needs a restart, as in Azure."""
    machine = vm.hidden["machine"]
    async with cloud.lock(vm.id):
        if wanted.resized or wanted.again:
            size = sizes.of_vm(vm)
            await _allocate(cloud, vm)
            await cloud.blocking(cloud.platform.machine_size, machine, size.cores, size.memory_mib)
        if wanted.disks.changes or wanted.again:
            await data_disks.bring(cloud, vm, wanted.disks.grown)
        if wanted.resized and vm.hidden.get("power") == "running":
            await cloud.blocking(cloud.platform.machine_restart, machine)
        await machine_updates.sync(cloud, vm)
        await cloud.operations.ripe()
        settle(cloud, vm, settled_state(cloud, vm))


# action: (power state meanwhile, power state afterwards)
POWER = {
    "start": ("starting", "running"),
    "powerOff": ("stopping", "stopped"),
    "restart": ("running", "running"),
    "redeploy": ("starting", "running"),
    "deallocate": ("deallocating", "deallocated"),
}


async def power(cloud: Cloud, vm: Resource, action: str) -> None:
    """Start, stop or restart a VM's machine."""
    meanwhile, afterwards = POWER[action]
    platform, machine = cloud.platform, vm.hidden["machine"]
    calls = {
        "start": platform.machine_start,
        "powerOff": platform.machine_stop,
        "deallocate": platform.machine_stop,
        "restart": platform.machine_restart,
        "redeploy": platform.machine_restart,
    }
    async with cloud.lock(vm.id):
        before = vm.hidden.get("power")
        if action == "start" and before == "deallocated":
            await _allocate(cloud, vm)
        settle(cloud, vm, "Updating", power=meanwhile)
        call = calls[action]
        if action == "redeploy" and before != "running":
            call = platform.machine_start
        try:
            await cloud.blocking(call, machine)
        except MachineError:
            vm.hidden["power"] = before
            raise
        if afterwards == "running":
            vm.hidden["boot"] = timestamp()
        # Whoever waits for the power state may ask for the next action at once, so it shows at the operation's end.
        await cloud.operations.ripe()
        vm.hidden["power"] = afterwards
        await machine_updates.sync(cloud, vm)
        settle(cloud, vm, settled_state(cloud, vm), power=afterwards)


def begin_to_deallocate(cloud: Cloud, vm: Resource) -> None:
    """What Azure does by itself with a VM that is not busy; nothing where it is done already."""
    if vm.hidden.get("power") == "deallocated":
        return

    async def work(_: Operation) -> None:
        await power(cloud, vm, "deallocate")

    cloud.operations.start("compute", vm.location, vm.id, "deallocate", work, failed(cloud, vm))


def settled_state(cloud: Cloud, vm: Resource) -> str:
    """A VM of which an extension has failed is Failed until that is mended or gone."""
    failed = any(one.state == "Failed" for one in cloud.store.children(vm.id, kinds.EXTENSION))
    return "Failed" if failed else "Succeeded"


def start_removal(cloud: Cloud, vm: Resource) -> Operation:
    """Start deleting a VM; what else is going on with it is overtaken."""
    for operation in cloud.operations.below(vm.id):
        if operation.action == "delete" and operation.target == ids.key(vm.id):
            return operation
    for operation in cloud.operations.below(vm.id):
        compute.preempt(cloud, operation)
    vm.state = "Deleting"
    cloud.store.put(vm)
    return cloud.operations.start(
        "compute", vm.location, vm.id, "delete", removal(cloud, vm), removal_failed(cloud, vm)
    )


def removal(cloud: Cloud, vm: Resource) -> Any:
    """The work of a deletion."""

    async def work(_: Operation) -> None:
        await remove(cloud, vm)

    return work


def removal_failed(cloud: Cloud, vm: Resource) -> Any:
    def failed(operation: Operation) -> None:
        vm.state = "Failed"
        vm.hidden["error"] = operation.error
        cloud.store.put(vm)

    return failed


async def remove(cloud: Cloud, vm: Resource) -> None:
    """Remove a VM, its machine and children, and what its deleteOptions name: NICs, OS disk, their public IPs."""
    vm.state = "Deleting"
    async with cloud.lock(vm.id):
        await cloud.blocking(cloud.platform.machine_delete, ids.short_id(vm.id))
        await cloud.operations.ripe()
        for disk in data_disks.parted(cloud, vm)[0]:
            await disks.erase(cloud, disk)
        with cloud.database.together():
            _forget(cloud, vm)


def _forget(cloud: Cloud, vm: Resource) -> None:
    for kind in (kinds.EXTENSION, kinds.RUN_COMMAND):
        for child in cloud.store.children(vm.id, kind):
            cloud.store.delete(child.id)
    cloud.store.delete(vm.id)
    going, staying = data_disks.parted(cloud, vm)
    for disk in going:
        cloud.store.delete(disk.id)
    for disk in staying:
        disks.own(cloud, disk, None)
    for one in vm.properties["networkProfile"]["networkInterfaces"]:
        _release(cloud, vm, one)


def _release(cloud: Cloud, vm: Resource, interface: dict[str, Any]) -> None:
    nic = cloud.store.get(interface["id"])
    if nic is None:
        return
    if interface["properties"]["deleteOption"] != "Delete":
        if not vm.hidden.get("machine"):
            nic_reservations.reserve(cloud, nic.id, vm.id)
        return
    cloud.store.delete(nic.id)
    for one in nic.properties["ipConfigurations"]:
        public_ip = one["properties"].get("publicIPAddress") or {}
        if (public_ip.get("properties") or {}).get("deleteOption") == "Delete":
            cloud.store.delete(public_ip["id"])


async def revive(cloud: Cloud, vm: Resource) -> None:
    """After a restart of the server: a VM that should run runs again, and its network is in line."""
    machine = vm.hidden["machine"]
    async with cloud.lock(vm.id):
        state = await cloud.blocking(cloud.platform.machine_state, machine)
        if state == "absent":
            settle(
                cloud,
                vm,
                "Failed",
                {"code": "MachineLost", "message": "The machine of this VM is gone."},
                power="stopped",
            )
            return
        wanted = vm.hidden.get("power")
        if wanted in ("running", "starting") and state == "stopped":
            await cloud.blocking(cloud.platform.machine_start, machine)
        elif wanted in ("stopping", "deallocating") and state == "running":
            await cloud.blocking(cloud.platform.machine_stop, machine)
        after = {"starting": "running", "stopping": "stopped", "deallocating": "deallocated"}
        vm.hidden["power"] = after.get(str(wanted), wanted)
        size = sizes.of_vm(vm)
        await cloud.blocking(cloud.platform.machine_size, machine, size.cores, size.memory_mib)
        await data_disks.bring(cloud, vm)
        await machine_updates.sync(cloud, vm)
        settle(cloud, vm, settled_state(cloud, vm), power=vm.hidden["power"])


async def revive_all(cloud: Cloud) -> None:
    """Revive all VMs side by side; one that can't be is logged and marked, the others go on."""

    async def one(vm: Resource) -> None:
        try:
            await revive(cloud, vm)
        except MachineError as error:
            log.warning("%s could not be revived: %s", vm.id, error)
            settle(cloud, vm, "Failed", {"code": error.code, "message": error.message}, power="stopped")

    vms = [vm for vm in cloud.store.of_type(kinds.VM) if vm.hidden.get("machine") and vm.state != "Deleting"]
    await asyncio.gather(*(one(vm) for vm in vms))
