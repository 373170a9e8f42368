"""After a restart: operations that the last server left unfinished are taken up or ended, machines adopted."""

from __future__ import annotations

import logging
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation
from localazure.machines.machine import MachineError
from localazure.protocol import ids
from localazure.providers import kinds
from localazure.providers.compute import extensions, vm_life
from localazure.providers.network import machine_updates, public_ips, vnets
from localazure.providers.resources import deployments, features, groups, namespaces
from localazure.store.resources import Resource

log = logging.getLogger(__name__)


async def recover(cloud: Cloud) -> None:
    """Bring store and machines in line. Deletions go on; what a caller must decide about anew ends as Failed."""
    interrupted = cloud.operations.interrupted()
    namespaces.settle(cloud)
    features.settle(cloud)
    deployments.settle(cloud)
    for vnet in cloud.store.of_type(vnets.KIND):
        try:
            await cloud.blocking(cloud.platform.network_put, machine_updates.machine_network(cloud, vnet))
        except MachineError as error:
            log.warning("network of %s: %s", vnet.id, error)
            vnet.state = "Failed"
            cloud.store.put(vnet)
    for public_ip in cloud.store.of_type(public_ips.KIND):
        if "ipAddress" not in public_ip.properties:
            await public_ips.apply(cloud, public_ip.id)
    for operation in interrupted:
        await _settle(cloud, operation)
    _settle_states(cloud)
    await vm_life.revive_all(cloud)


async def _settle(cloud: Cloud, operation: Operation) -> None:
    if operation.provider == "groups":
        group = cloud.store.group(operation.target.rpartition("/")[2])
        if group is not None:
            groups.start_deletion(cloud, group, operation)
        else:
            cloud.operations.run(operation, _nothing)
        return
    if operation.provider == "deployments" and operation.action == "delete":
        cloud.operations.run(operation, deployments.removal(cloud, operation.target))
        return
    resource = cloud.store.get(operation.target)
    if operation.action == "delete" and cloud.store.holder(ids.parse(operation.target)) is None:
        cloud.operations.run(operation, _nothing)  # it was done but for the last line
    elif operation.action == "delete" and resource is not None and resource.type == kinds.VM:
        cloud.operations.run(operation, vm_life.removal(cloud, resource), vm_life.removal_failed(cloud, resource))
    elif operation.action == "delete" and resource is not None and resource.type == extensions.KIND:
        vm = cloud.store.get(resource.id.parent) if resource.id.parent else None
        if vm is not None:
            cloud.operations.run(operation, extensions.removal(cloud, vm, resource))
    elif operation.action == "delete" and resource is not None and len(resource.id.types) == 1:
        cloud.operations.run(operation, _removal(cloud, resource), _removal_failed(cloud, resource))
    elif operation.action == "create" and resource is not None:
        await _abandon(cloud, operation, resource)
    else:
        message = "The operation was interrupted by a restart of Local Azure. Send the request again."
        cloud.operations.end_as_failed(operation, "InternalExecutionError", message)


def _removal(cloud: Cloud, resource: Resource) -> Any:
    async def work(_: Operation) -> None:
        await groups.remove(cloud, resource)

    return work


def _removal_failed(cloud: Cloud, resource: Resource) -> Any:
    def failed(_: Operation) -> None:
        resource.state = "Failed"
        cloud.store.put(resource)

    return failed


async def _nothing(_: Operation) -> None:
    return None


async def _abandon(cloud: Cloud, operation: Operation, vm: Resource) -> None:
    """A VM whose creation was cut short: its secrets are gone with the server, so it can't be finished."""
    if vm.hidden.get("machine"):
        cloud.operations.run(operation, _nothing)  # it was ready but for the last line
        return
    try:
        await cloud.blocking(cloud.platform.machine_delete, ids.short_id(vm.id))
    except MachineError as error:
        log.warning("half-made machine of %s: %s", vm.id, error)
    message = "The creation was interrupted by a restart of Local Azure. Delete the VM and create it again."
    cloud.operations.end_as_failed(operation, "InternalExecutionError", message)


def _settle_states(cloud: Cloud) -> None:
    """No resource stays in a passing state: the network's are done (their effects were repeated), others failed."""
    resumed = {operation.target for operation in cloud.operations.interrupted()}
    for resource in cloud.store.all():
        key = ids.key(resource.id)
        if resource.state in ("Succeeded", "Failed") or key in resumed:
            continue
        if resource.type.startswith("Microsoft.Network/") or resource.hidden.get("machine"):
            resource.state = "Succeeded"
        else:
            resource.state = "Failed"
        cloud.store.put(resource)
