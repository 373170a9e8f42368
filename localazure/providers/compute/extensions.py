"""VM extensions: their resources, and running their handlers in the guest."""

from __future__ import annotations

import logging
import re
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation, timestamp
from localazure.machines.machine import Guise, RunResult
from localazure.protocol import shape
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import existing, missing_property, place, refuse_if_busy
from localazure.providers.compute import compute, distributions, extension_images, model, vm_life, vm_view
from localazure.store.resources import Resource

log = logging.getLogger(__name__)

KIND = kinds.EXTENSION
_KEPT = ("autoUpgradeMinorVersion", "enableAutomaticUpgrade", "forceUpdateTag", "suppressFailures", "settings",
         "provisionAfterExtensions")  # fmt: skip
# What the genuine handler says where its installer fails (azure-quickstart-templates issue 6651).
_DOCKER_FAILURE = (
    "Enable Docker failed: ERROR: executing /bin/sh [-c curl -sSL https://get.docker.com/ | sh] failed: exit status 100"
)


def routes() -> list[Route]:
    return crud.routes(KIND, "vm", "extension", show=_shown, put=put, patch=patch, delete=delete)


def _shown(cloud: Cloud, request: Request, extension: Resource) -> dict[str, Any]:
    body = vm_view.render_extension(extension)
    if "instanceview" in request.query.get("$expand", "").lower():
        body["properties"]["instanceView"] = vm_view.extension_view(extension)
    return body


def _given(request: Request) -> dict[str, Any]:
    properties: dict[str, Any] = model.read(request, model.EXTENSION, "vmExtension").body["properties"]
    return properties


def put(cloud: Cloud, request: Request) -> Reply:
    vm = compute.parent_vm(cloud, request, KIND, "extension")
    given = _given(request)
    place(cloud, request, request.resource_id(KIND, "vm", "extension"))
    return _write(cloud, request, vm, given)


def patch(cloud: Cloud, request: Request) -> Reply:
    vm = existing(cloud, request.resource_id(kinds.VM, "vm"))
    extension = existing(cloud, request.resource_id(KIND, "vm", "extension"))
    return _write(cloud, request, vm, {**extension.properties, **_given(request)})


def _write(cloud: Cloud, request: Request, vm: Resource, given: dict[str, Any]) -> Reply:
    identifier = vm.id.child("extensions", request.params["extension"])
    compute.check_name("extensionName", identifier.name)
    for name in ("publisher", "type", "typeHandlerVersion"):
        if not given.get(name):
            raise missing_property(name)
    publisher, type_name, version = _handler(cloud, vm.location, given)
    found = cloud.store.get(identifier)
    _refuse_conflicts(cloud, vm, found, identifier.name, publisher, type_name)
    properties: dict[str, Any] = {
        "publisher": publisher,
        "type": type_name,
        "typeHandlerVersion": given["typeHandlerVersion"],
        "autoUpgradeMinorVersion": False,
        **{name: given[name] for name in _KEPT if given.get(name) is not None},
    }
    tags = shape.tags(request.body) if "tags" in request.body else (found.tags if found else None)
    state = "Updating" if found else "Creating"
    extension = Resource(identifier, vm.location, tags, properties, {}, {"version": version}, state)
    cloud.store.put(extension)
    vm_life.settle(cloud, vm, "Updating")
    protected = given.get("protectedSettings") or {}

    async def work(operation: Operation) -> None:
        await _run(cloud, vm, extension, protected, operation)

    def failed(operation: Operation) -> None:
        _report(cloud, vm, extension, "Failed", (operation.error or {}).get("message", ""), operation.error)

    operation = cloud.operations.start("compute", vm.location, identifier, "put", work, failed)
    return compute.follow(cloud, operation, request, 200 if found else 201, vm_view.render_extension(extension))


def _handler(cloud: Cloud, location: str, given: dict[str, Any]) -> tuple[str, str, str]:
    """Publisher, type and the handler's full version; raises ArmError where the region does not have it."""
    asked = given["typeHandlerVersion"]
    found = extension_images.find(cloud, location, given["publisher"], given["type"])
    version = None
    if found is not None and re.fullmatch(r"\d+(\.\d+){1,3}", asked):
        major, minor = (int(part) for part in asked.split(".")[:2])
        for one in found[2]:
            has_major, has_minor = (int(part) for part in one.split(".")[:2])
            newer = bool(given.get("autoUpgradeMinorVersion")) and has_minor >= minor
            if has_major == major and (has_minor == minor or newer):
                version = one
    if found is not None and version is None:
        message = (
            f"No version found in the artifact repository that satisfies the requested version '{asked}' for VM "
            f"extension with publisher '{found[0]}' and type '{found[1]}'."
        )
        raise ArmError(404, "ArtifactVersionNotFound", message)
    if found is None or version is None:
        raise ArmError(
            404,
            "ArtifactNotFound",
            f"Extension with publisher '{given['publisher']}', type '{given['type']}', and type handler version "
            f"'{asked}' could not be found in the extension repository.",
        )
    return found[0], found[1], version


def _refuse_conflicts(
    cloud: Cloud, vm: Resource, found: Resource | None, name: str, publisher: str, type_name: str
) -> None:
    vm_life.refuse_if_busy(cloud, vm.id)
    if found is not None:
        refuse_if_busy(cloud, found.id)
        if (found.properties["publisher"], found.properties["type"]) != (publisher, type_name):
            message = (
                f"On resource '{vm.name}', extension '{name}' specifies a different publisher or type than the "
                "existing one."
            )
            raise ArmError(409, "PropertyChangeNotAllowed", message, target="type")
    for other in cloud.store.children(vm.id, KIND):
        same = (other.properties["publisher"], other.properties["type"]) == (publisher, type_name)
        if same and other.name.lower() != name.lower():
            message = (
                f"Multiple VMExtensions per handler not supported for OS type 'Linux'. VMExtension '{other.name}' with "
                f"handler '{publisher}.{type_name}' already added or specified in input."
            )
            raise ArmError(400, "BadRequest", message)
    vm_life.refuse_unless_running(vm)
    vm_life.refuse_without_extensions(vm)


async def _run(
    cloud: Cloud, vm: Resource, extension: Resource, protected: dict[str, Any], operation: Operation
) -> None:
    """Let the handler work in the guest; one at a time, as the agent does."""
    publisher, type_name = extension.properties["publisher"], extension.properties["type"]
    async with cloud.lock(vm.id, "agent"):
        if not operation.running:
            return  # overtaken while it waited
        vm_life.refuse_beside_failed(cloud, vm, "extensions", extension.id)
        docker = (publisher, type_name) == extension_images.DOCKER
        if docker and extension_images.docker_extension(cloud, vm.location) == "failing":
            await cloud.operations.pause(60)
            result = RunResult(1, "", _DOCKER_FAILURE)
        else:
            with vm_life.agent_words(vm):
                told = await cloud.behavior.extension(vm.name, publisher, type_name)
                result = told or await cloud.blocking(
                    cloud.platform.machine_extension, vm.hidden["machine"], publisher, type_name,
                    extension.properties.get("settings") or {}, protected, _guise(cloud, vm),
                )  # fmt: skip
    if result.timed_out:
        message = (
            f"Provisioning of VM extension '{extension.name}' has timed out. Extension provisioning has taken too long "
            'to complete. The extension last reported "Plugin enabled".'
        )
        raise ArmError(409, "VMExtensionProvisioningTimeout", message)
    if result.exit_code != 0:
        raise ArmError(
            409,
            "VMExtensionProvisioningError",
            f"VM has reported a failure when processing extension '{extension.name}' (publisher '{publisher}' and type "
            f"'{type_name}'). Error message: \"{result.stderr.strip() or f'exit status {result.exit_code}'}\". More "
            "information on troubleshooting is available at https://aka.ms/vmextensionlinuxtroubleshoot. ",
        )
    # What a handler reports as its status comes as its errors do.
    message = result.stderr or result.stdout or "Enable succeeded."
    await cloud.operations.ripe()
    _report(cloud, vm, extension, "Succeeded", message[-4096:])


def _guise(cloud: Cloud, vm: Resource) -> Guise:
    return distributions.guise_of(vm, cloud.operations.time_scale)


def _report(
    cloud: Cloud, vm: Resource, extension: Resource, state: str, message: str, error: dict[str, Any] | None = None
) -> None:
    """Write how a handler ended into the extension and its VM, unless they have gone meanwhile."""
    if cloud.store.get(extension.id) is not extension:
        return
    extension.state = state
    level, words = ("Info", "succeeded") if state == "Succeeded" else ("Error", "failed/1")
    extension.hidden["status"] = vm_view.status(
        f"ProvisioningState/{words}",
        f"Provisioning {words.split('/')[0]}",
        message=message,
        level=level,
        time=timestamp(),
    )
    cloud.store.put(extension)
    vm_life.settle(cloud, vm, vm_life.settled_state(cloud, vm), error)


def delete(cloud: Cloud, request: Request) -> Reply:
    vm = existing(cloud, request.resource_id(kinds.VM, "vm"))
    extension = cloud.store.get(request.resource_id(KIND, "vm", "extension"))
    if extension is None:
        return Reply(204)
    vm_life.refuse_if_busy(cloud, vm.id)
    vm_life.refuse_unless_running(vm)
    for running in cloud.operations.below(extension.id):
        if running.action == "delete":
            return compute.follow(cloud, running, request, 202)
        compute.preempt(cloud, running)
    extension.state = "Deleting"
    cloud.store.put(extension)
    vm_life.settle(cloud, vm, "Updating")
    operation = cloud.operations.start("compute", vm.location, extension.id, "delete", removal(cloud, vm, extension))
    return compute.follow(cloud, operation, request, 202)


def removal(cloud: Cloud, vm: Resource, extension: Resource) -> Any:
    """The work of deleting an extension. The handler may still be at work: its end is waited for."""

    async def work(_: Operation) -> None:
        async with cloud.lock(vm.id, "agent"):
            properties = extension.properties
            with vm_life.agent_words(vm):
                result = await cloud.blocking(
                    cloud.platform.machine_extension_remove, vm.hidden["machine"], properties["publisher"],
                    properties["type"], _guise(cloud, vm),
                )  # fmt: skip
            if result.exit_code != 0:
                # The genuine agent drops a handler whose `uninstall` fails all the same.
                log.warning("handler of %s did not go in peace: %s", extension.id, result.stderr.strip())
            cloud.store.delete(extension.id)
            vm_life.settle(cloud, vm, vm_life.settled_state(cloud, vm))

    return work
