"""Run commands: the action on a VM, and managed run commands, which are resources below it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation, timestamp
from localazure.machines.machine import RUN_TIMEOUT_S, MachineError, RunResult
from localazure.protocol import ids, locations, shape
from localazure.protocol.errors import ArmError, invalid_parameter
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import envelope, existing, place, refuse_if_busy
from localazure.providers.compute import compute, model, run_command_host, vm_life
from localazure.providers.compute.run_command_host import last
from localazure.store.resources import Resource

KIND = kinds.RUN_COMMAND
_ACTION_S = 20.0  # the least that the action takes in Azure
_AS_FAILURE = "treatFailureAsDeploymentFailure"  # of the resource alone: the guest never hears of it
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DOCUMENTS = {
    "RunShellScript": ("Executes a Linux shell script", ['echo "Hello World!"']),
    "ifconfig": ("List network configuration", ["ifconfig"]),
}


def routes() -> list[Route]:
    documents = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/runCommands"
    return [
        Route("POST", f"{crud.address(kinds.VM, 'vm')}/runCommand", invoke, kinds.VM),
        *crud.routes(KIND, "vm", "command", show=_shown, put=put, patch=patch, delete=delete),
        Route("GET", documents, list_documents, "Microsoft.Compute/locations"),
        Route("GET", f"{documents}/{{command}}", get_document, "Microsoft.Compute/locations"),
    ]


def _pairs(given: Any) -> list[tuple[str, str]]:
    """Parameters as the guest takes them, as its environment; nameless ones keep their place as arg1, arg2, …"""
    pairs = [(one.get("name") or f"arg{at}", one.get("value") or "") for at, one in enumerate(given or [], 1)]
    for name, value in pairs:
        if not _VARIABLE.fullmatch(name):
            message = f"The parameter name '{name}' is invalid: it becomes the name of an environment variable."
            raise invalid_parameter("parameters", message)
        _check_text("parameters", value)
    return pairs


def _positional(script: str, names: list[str], *, keep_first: bool = False) -> str:
    """The script with the values of these variables as its $1, $2, … too.

    The action writes that in front of all; `keep_first` leaves a first line that names the interpreter where it is.
    """
    if not names:
        return script
    setting = "set -- " + " ".join(f'"${name}"' for name in names)
    first, _, rest = script.partition("\n")
    return f"{first}\n{setting}\n{rest}" if keep_first and first.startswith("#!") else f"{setting}\n{script}"


def _check_text(target: str, text: str) -> str:
    if "\0" in text:
        raise invalid_parameter(target, f"The value of parameter '{target}' is invalid: it has a NUL character.")
    return text


def _all_parameters(given: dict[str, Any]) -> list[dict[str, Any]]:
    return [*(given.get("parameters") or ()), *(given.get("protectedParameters") or ())]


# the action


def invoke(cloud: Cloud, request: Request) -> Reply:
    vm = existing(cloud, request.resource_id(kinds.VM, "vm"))
    request = model.read(request, model.ACTION, "parameters")
    command = request.body.get("commandId") or ""
    if command.lower() not in (name.lower() for name in _DOCUMENTS):
        raise _unknown(command)
    lines = request.body.get("script") or next(
        body for name, (_, body) in _DOCUMENTS.items() if name.lower() == command.lower()
    )
    vm_life.refuse_if_busy(cloud, vm.id)
    if any(one.action == "runCommand" and one.target == ids.key(vm.id) for one in cloud.operations.below(vm.id)):
        message = (
            "Run command extension execution is in progress. Please wait for completion before invoking a run command."
        )
        raise ArmError(409, "Conflict", message)
    vm_life.refuse_unless_running(vm)
    vm_life.refuse_without_extensions(vm)
    arguments = _pairs(request.body.get("parameters"))
    script = _positional(_check_text("script", "\n".join(lines)), [name for name, _ in arguments])

    async def work(_: Operation) -> dict[str, Any]:
        await cloud.operations.pause(_ACTION_S)
        with vm_life.agent_words(vm):
            told = await cloud.behavior.run_command(vm.name, "RunShellScript")
            result = told or await cloud.blocking(
                cloud.platform.machine_run, vm.hidden["machine"], script, arguments, RUN_TIMEOUT_S
            )
        message = f"Enable succeeded: \n[stdout]\n{last(result.stdout)}\n[stderr]\n{last(result.stderr)}"
        status = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"}
        return {"value": [{**status, "message": message}]}

    operation = cloud.operations.start("compute", vm.location, vm.id, "runCommand", work)
    return compute.follow(cloud, operation, request, 202)


def _unknown(command: str) -> ArmError:
    return ArmError(404, "NotFound", f"The entity was not found: run command '{command}'.", target="commandId")


def _document(name: str) -> dict[str, Any]:
    description = _DOCUMENTS[name][0]
    return {
        "$schema": "http://schema.management.azure.com/schemas/2016-11-17/runcommands.json",
        "id": name,
        "osType": "Linux",
        "label": description,
        "description": description,
    }


def list_documents(cloud: Cloud, request: Request) -> Reply:
    locations.in_path(request.params["location"], "Microsoft.Compute/locations/runCommands", request.api_version)
    return listing([_document(name) for name in _DOCUMENTS])


def get_document(cloud: Cloud, request: Request) -> Reply:
    locations.in_path(request.params["location"], "Microsoft.Compute/locations/runCommands", request.api_version)
    for name, (_, script) in _DOCUMENTS.items():
        if name.lower() == request.params["command"].lower():
            return Reply(200, {**_document(name), "script": script})
    raise _unknown(request.params["command"])


# managed run commands


def _shown(cloud: Cloud, request: Request, command: Resource) -> dict[str, Any]:
    body = envelope(command, {"provisioningState": command.state, **command.properties})
    if "instanceview" in request.query.get("$expand", "").lower():
        body["properties"]["instanceView"] = run_command_host.view_now(command)
    return body


def put(cloud: Cloud, request: Request) -> Reply:
    vm = compute.parent_vm(cloud, request, KIND, "command")
    given = _given(request)
    _, tags = place(cloud, request, request.resource_id(KIND, "vm", "command"))
    return _write(cloud, request, vm, given, tags)


def patch(cloud: Cloud, request: Request) -> Reply:
    vm = existing(cloud, request.resource_id(kinds.VM, "vm"))
    command = existing(cloud, request.resource_id(KIND, "vm", "command"))
    given = _given(request)
    tags = shape.tags(request.body) if "tags" in request.body else command.tags
    return _write(cloud, request, vm, {**command.properties, **given}, tags)


def _given(request: Request) -> dict[str, Any]:
    """The properties of a body in the model's spelling. Raises ArmError."""
    given: dict[str, Any] = model.read(request, model.RUN_COMMAND, "vmRunCommand").body["properties"]
    return given


def _script(source: dict[str, Any]) -> str:
    """The script itself, or that of a command's document. Raises ArmError."""
    given = [name for name in ("script", "scriptUri", "commandId") if source.get(name)]
    if given == ["script"]:
        return _check_text("source", source["script"])
    if given == ["commandId"]:
        for name, (_, lines) in _DOCUMENTS.items():
            if name.lower() == source["commandId"].lower():
                return "\n".join(lines)
        raise _unknown(source["commandId"])
    if len(given) == 1:
        message = "Local Azure takes the script itself (source.script) or a command's id, not the address of a script."
        raise ArmError(409, "OperationNotAllowed", message, target=f"source.{given[0]}")
    message = "Exactly one of 'script', 'scriptUri' and 'commandId' must be given in 'source'."
    raise invalid_parameter("source", message)


def _write(cloud: Cloud, request: Request, vm: Resource, given: dict[str, Any], tags: dict[str, str] | None) -> Reply:
    identifier = vm.id.child("runCommands", request.params["command"])
    compute.check_name("runCommandName", identifier.name)
    source = {name: value for name, value in (given.get("source") or {}).items() if value}
    script = _script(source)
    _check_text("runAsUser", given.get("runAsUser") or "")
    timeout = given.get("timeoutInSeconds") or 0
    if not 0 <= timeout <= RUN_TIMEOUT_S:
        message = f"The value '{timeout}' of parameter 'timeoutInSeconds' is invalid: from 1 to {int(RUN_TIMEOUT_S)}."
        raise invalid_parameter("timeoutInSeconds", message)
    vm_life.refuse_if_busy(cloud, vm.id)
    vm_life.refuse_unless_running(vm)
    vm_life.refuse_without_extensions(vm)
    refuse_if_busy(cloud, identifier)
    found = cloud.store.get(identifier)
    mark = run_command_host.fingerprint(cloud, {**given, "source": source, "timeoutInSeconds": timeout})
    # One that was cut short by the end of the server has no error, and runs again.
    ended = found is not None and (found.state == "Succeeded" or found.hidden.get("error"))
    if found is not None and ended and found.hidden.get("fingerprint") == mark:
        return _unchanged(cloud, request, found, tags, given)
    properties: dict[str, Any] = {
        "source": source,
        "asyncExecution": bool(given.get("asyncExecution")),
        "timeoutInSeconds": timeout,
    }
    for name in ("parameters", _AS_FAILURE, "runAsUser"):
        if given.get(name) is not None:
            properties[name] = given[name]
    arguments = _pairs(_all_parameters(given))
    view = {"executionState": "Pending", "executionMessage": "", "exitCode": 0, "output": "", "error": ""}
    state = "Updating" if found else "Creating"
    hidden = {
        "view": view,
        "fingerprint": mark,
        "sequence": found.hidden.get("sequence", 0) + 1 if found else 0,
        "noted": run_command_host.noted(cloud, vm),
    }
    command = Resource(identifier, vm.location, tags, properties, {}, hidden, state)
    cloud.store.put(command)
    nameless = [name for name, one in zip(arguments, _all_parameters(given), strict=True) if not one.get("name")]
    run = _Run(_positional(script, [name for name, _ in nameless], keep_first=True), tuple(arguments))

    async def work(_: Operation) -> None:
        await _run(cloud, vm, command, run)

    def failed(operation: Operation) -> None:
        command.hidden["error"] = operation.error
        _settle(cloud, command, "Failed", {"executionMessage": (operation.error or {}).get("message", "")})

    operation = cloud.operations.start("compute", vm.location, identifier, "put", work, failed)
    return compute.follow(cloud, operation, request, 200 if found else 201, _shown(cloud, request, command))


def _unchanged(
    cloud: Cloud, request: Request, command: Resource, tags: dict[str, str] | None, given: dict[str, Any]
) -> Reply:
    """The same once more: it is not run again (azure-sdk-for-net issue 47307), and ends as it ended."""
    command.tags = tags
    if given.get(_AS_FAILURE) is not None:
        command.properties[_AS_FAILURE] = given[_AS_FAILURE]
    cloud.store.put(command)
    error = command.hidden.get("error")

    async def work(_: Operation) -> None:
        if error is not None:
            raise ArmError(409, error["code"], error["message"])

    operation = cloud.operations.start("compute", command.location, command.id, "put", work)
    return compute.follow(cloud, operation, request, 200, _shown(cloud, request, command))


def _settle(cloud: Cloud, command: Resource, state: str, view: dict[str, Any]) -> None:
    """Write state and view, unless the run command has gone or was written anew meanwhile."""
    if cloud.store.get(command.id) is command:
        command.state = state
        command.hidden["view"] = {**command.hidden["view"], **view}
        cloud.store.put(command)


@dataclass(frozen=True)
class _Run:
    """What the guest is given; protected arguments among it, so it is never stored."""

    script: str
    arguments: tuple[tuple[str, str], ...] = field(repr=False)


async def _run(cloud: Cloud, vm: Resource, command: Resource, run: _Run) -> None:
    try:
        vm_life.refuse_beside_failed(cloud, vm, "run_commands", command.id)
        run_command_host.refuse_spent(command)
    except ArmError:
        _settle(cloud, command, command.state, {"executionState": "Unknown"})
        raise
    _settle(cloud, command, command.state, {"executionState": "Running", "startTime": timestamp()})
    if len(cloud.store.children(vm.id, KIND)) == 1:  # with the last one the handler had gone
        await cloud.operations.spend(cloud.behavior.latency(KIND, "install") or 0.0)
    if command.properties["asyncExecution"]:
        # Provisioned as soon as it runs; the result is found in the instance view later.
        cloud.operations.start(
            "compute",
            vm.location,
            f"{command.id}/execution",
            "execute",
            lambda _: _execute(cloud, vm, command, run),
        )
        _settle(cloud, command, "Succeeded", {})
        return
    result = await _execute(cloud, vm, command, run)
    if result.exit_code != 0 and command.properties.get(_AS_FAILURE):
        raise ArmError(
            409,
            "VMExtensionProvisioningError",
            f"VM has reported a failure when processing extension '{command.name}'. Error message: \"Script returned "
            f'an error. exit code {result.exit_code}. Error: {last(result.stderr)}".',
        )
    run_command_host.be_late(cloud, vm, command)
    await cloud.operations.ripe()
    _settle(cloud, command, "Succeeded", {})


async def _execute(cloud: Cloud, vm: Resource, command: Resource, run: _Run) -> RunResult:
    """Run the script and write its result into the instance view. Raises ArmError, MachineError when it can't run."""
    properties = command.properties
    try:
        with vm_life.agent_words(vm):
            told = await cloud.behavior.run_command(vm.name, command.name)
            result = told or await cloud.blocking(
                cloud.platform.machine_run, vm.hidden["machine"], run.script, run.arguments,
                float(properties["timeoutInSeconds"] or RUN_TIMEOUT_S), properties.get("runAsUser") or None,
            )  # fmt: skip
            await run_command_host.hang(cloud, vm, command)
    except (ArmError, MachineError) as error:
        view = {"executionState": "Failed", "exitCode": -1, "endTime": timestamp(), "executionMessage": error.message}
        _settle(cloud, command, command.state, view)
        raise
    _settle(cloud, command, command.state, run_command_host.ended_view(result))
    return result


def delete(cloud: Cloud, request: Request) -> Reply:
    vm = existing(cloud, request.resource_id(kinds.VM, "vm"))
    command = cloud.store.get(request.resource_id(KIND, "vm", "command"))
    if command is None:
        return Reply(204)
    vm_life.refuse_if_busy(cloud, vm.id)
    for running in cloud.operations.below(command.id):
        compute.preempt(cloud, running)
    command.state = "Deleting"
    cloud.store.put(command)

    async def work(_: Operation) -> None:
        cloud.store.delete(command.id)
        run_command_host.note(cloud, vm, command)

    operation = cloud.operations.start("compute", vm.location, command.id, "delete", work)
    return compute.follow(cloud, operation, request, 202)
