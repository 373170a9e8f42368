"""How Azure takes the place of a Spot VM away: by its policy, when somebody asks for it."""

from __future__ import annotations

from localazure.arm.cloud import Cloud
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import existing
from localazure.providers.compute import spot, vm_life, vm_update


def routes() -> list[Route]:
    return [Route("POST", f"{crud.address(kinds.VM, 'vm')}/simulateEviction", simulate, kinds.VM)]


def simulate(cloud: Cloud, request: Request) -> Reply:
    """Take a Spot VM's place away, as its policy says; the answer does not wait for it."""
    vm = existing(cloud, request.resource_id(kinds.VM, "vm"))
    if not spot.is_spot(vm.properties):
        raise spot.refused("Eviction can be simulated only for Azure Spot Virtual Machines.", "priority")
    vm_life.refuse_if_busy(cloud, vm.id)
    vm_update.needs_machine(vm)
    if vm.properties.get("evictionPolicy") == "Delete":
        vm_life.start_removal(cloud, vm)
        return Reply(204)
    vm_life.begin_to_deallocate(cloud, vm)
    return Reply(204)
