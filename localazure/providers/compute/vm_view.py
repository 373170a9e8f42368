"""How a VM is shown: its body, the skeleton that the first answer is, and the instance view."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from localazure.arm.cloud import Cloud
from localazure.arm.operations import timestamp
from localazure.machines.machine import MachineError
from localazure.providers import kinds
from localazure.providers.common import envelope
from localazure.providers.compute import availability_sets, boot_diagnostics, vm_image
from localazure.store.resources import Resource

Answer = TypeVar("Answer")
AGENT_VERSION = "2.14.0.1"
# The longest that a view waits for the platform: a guest that boots must not hold up a read.
_STATE_TIMEOUT_S = 2.0


def render(cloud: Cloud, vm: Resource) -> dict[str, Any]:
    properties = {"provisioningState": vm.state, **vm.properties}
    if vm.hidden.get("power") == "deallocated":
        properties["storageProfile"] = _unallocated(vm.properties["storageProfile"])
    body = envelope(vm, properties)
    body["etag"] = f'"{vm.etag}"'
    extensions = cloud.store.children(vm.id, kinds.EXTENSION)
    if extensions:
        body["resources"] = [render_extension(one) for one in extensions]
    return body


def _unallocated(storage: dict[str, Any]) -> dict[str, Any]:
    """The storage profile of a deallocated VM: type and size of a disk are known by the disk alone."""

    def bare(disk: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in disk.items() if name != "diskSizeGB"}
        return {**kept, "managedDisk": {"id": disk["managedDisk"]["id"]}}

    return {**storage, "osDisk": bare(storage["osDisk"]), "dataDisks": [bare(one) for one in storage["dataDisks"]]}


def skeleton(cloud: Cloud, vm: Resource) -> dict[str, Any]:
    """The answer to the PUT that creates a VM: its OS disk has neither name nor size yet."""
    body = render(cloud, vm)
    storage = dict(body["properties"]["storageProfile"])
    disk = {name: value for name, value in storage["osDisk"].items() if name not in ("name", "diskSizeGB")}
    disk["managedDisk"] = {"storageAccountType": disk["managedDisk"]["storageAccountType"]}
    body["properties"]["storageProfile"] = {**storage, "osDisk": disk}
    return body


def render_extension(extension: Resource) -> dict[str, Any]:
    """A VM extension; its protected settings are not kept, so they can't be shown."""
    return envelope(extension, {"provisioningState": extension.state, **extension.properties})


def status(code: str, display: str, *, message: str = "", level: str = "Info", time: str = "") -> dict[str, Any]:
    """One entry of a `statuses` list."""
    entry: dict[str, Any] = {"code": code, "level": level, "displayStatus": display}
    if message:
        entry["message"] = message
    if time:
        entry["time"] = time
    return entry


def _provisioning(vm: Resource) -> dict[str, Any]:
    time = vm.hidden.get("changed", "")
    if vm.state == "Failed":
        error = vm.hidden.get("error") or {}
        code = f"ProvisioningState/failed/{error.get('code', 'InternalExecutionError')}"
        return status(code, "Provisioning failed", message=error.get("message", ""), level="Error", time=time)
    display = "Provisioning succeeded" if vm.state == "Succeeded" else vm.state
    return status(f"ProvisioningState/{vm.state.lower()}", display, time=time)


async def power_state(cloud: Cloud, vm: Resource) -> str | None:
    """Like "running", by what the machine itself does: a guest that shut itself down is "stopped"."""
    power: str | None = vm.hidden.get("power")
    if power != "running" or not vm.hidden.get("machine"):
        return power
    state = await _ask(cloud, cloud.platform.machine_state, vm)
    if state is None:
        return power  # not known now: what was known last
    return "stopped" if state in ("stopped", "absent") else "starting" if state == "starting" else "running"


async def _ask(cloud: Cloud, question: Callable[[str], Answer], vm: Resource) -> Answer | None:
    """What the platform says of a machine; None when it does not say so in time."""
    try:
        return await asyncio.wait_for(cloud.blocking(question, vm.hidden["machine"]), _STATE_TIMEOUT_S)
    except (MachineError, asyncio.TimeoutError):
        return None


def statuses(vm: Resource, power: str | None) -> list[dict[str, Any]]:
    """Provisioning and power state; power entries never carry a time."""
    found = [_provisioning(vm)]
    if vm.hidden.get("generalized"):
        found.append(status("OSState/generalized", "VM generalized"))
    if power:
        found.append(status(f"PowerState/{power}", f"VM {power}"))
    return found


async def instance_view(cloud: Cloud, vm: Resource) -> dict[str, Any]:
    power = await power_state(cloud, vm)
    view: dict[str, Any] = dict(availability_sets.domains(cloud, vm))
    if power != "deallocated" and vm.hidden.get("machine"):
        silent = power != "running" or cloud.behavior.agent_is_silent(vm.name)
        answers = not silent and await _ask(cloud, cloud.platform.machine_agent, vm)
        if answers:  # it is the agent who tells these
            view["computerName"] = vm.properties["osProfile"]["computerName"]
            view["osName"] = vm_image.origin(vm)["offer"]
            view["osVersion"] = vm_image.origin(vm)["exactVersion"]
        view["vmAgent"] = _agent(cloud, vm, bool(answers))
    storage = vm.properties["storageProfile"]
    made = status("ProvisioningState/succeeded", "Provisioning succeeded", time=vm.properties["timeCreated"])
    view["disks"] = [
        {"name": disk["name"], "statuses": [made]} for disk in (storage["osDisk"], *storage["dataDisks"])
    ]
    if boot_diagnostics.enabled(vm):
        view["bootDiagnostics"] = {}  # in managed storage: where, the action retrieveBootDiagnosticsData tells
    extensions = [extension_view(one) for one in cloud.store.children(vm.id, kinds.EXTENSION)]
    if extensions:
        view["extensions"] = extensions
    view["hyperVGeneration"] = vm.hidden.get("generation", "V2")
    view["statuses"] = statuses(vm, power)
    return view


def _agent(cloud: Cloud, vm: Resource, answers: bool) -> dict[str, Any]:
    if not answers:
        text = "VM status blob is found but not yet populated."
        silent = status("ProvisioningState/Unavailable", "Not Ready", message=text, level="Warning", time=timestamp())
        return {"vmAgentVersion": "Unknown", "statuses": [silent]}
    handlers = []
    for one in cloud.store.children(vm.id, kinds.EXTENSION):
        properties = one.properties
        handlers.append(
            {
                "type": f"{properties['publisher']}.{properties['type']}",
                "typeHandlerVersion": one.hidden.get("version", properties["typeHandlerVersion"]),
                "status": status("ProvisioningState/succeeded", "Ready", message="Plugin enabled"),
            }
        )
    ready = status("ProvisioningState/succeeded", "Ready", message="Guest Agent is running", time=timestamp())
    return {"vmAgentVersion": AGENT_VERSION, "statuses": [ready], "extensionHandlers": handlers}


def extension_view(extension: Resource) -> dict[str, Any]:
    """The instance view of an extension: what its handler reported last."""
    properties = extension.properties
    view: dict[str, Any] = {
        "name": extension.name,
        "type": f"{properties['publisher']}.{properties['type']}",
        "typeHandlerVersion": extension.hidden.get("version", properties["typeHandlerVersion"]),
    }
    if extension.hidden.get("status"):
        view["statuses"] = [extension.hidden["status"]]
    return view
