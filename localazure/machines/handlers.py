"""Extension handlers: what DockerExtension, CustomScript and VMAccess do at `enable`, and what they refuse.

Settings are read as the genuine handlers read them (Go's encoding/json: names without regard to case, unknown names
ignored, a value of the wrong type is an error). The work in the guest is a shell script of handler_scripts/, run as
any other command; secrets reach it through its environment.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from collections.abc import Callable
from typing import Any

from localazure.machines import docker_handler, vm_access
from localazure.machines.handler_scene import ENABLE_TIMEOUT_S, Reader, Scene, SettingsError, handler_script
from localazure.machines.machine import RunResult

# https://learn.microsoft.com/azure/virtual-machines/extensions/custom-script-linux#property-script
CUSTOM_SCRIPT_LIMIT = 256 * 1024
# What a handler's status message quotes of each stream.
QUOTED_BYTES = 4 * 1024


def enable(
    scene: Scene, publisher: str, type_name: str, settings: dict[str, Any], protected: dict[str, Any]
) -> RunResult:
    """Run the handler; a failure is exit code 1 with the handler's status message on stderr."""
    handler = _HANDLERS.get((publisher.lower(), type_name.lower()))
    if handler is None:
        return RunResult(1, "", f"Local Azure's agent has no handler for {publisher}.{type_name}")
    try:
        return handler(scene, settings or {}, protected or {})
    except SettingsError as error:
        return RunResult(1, "", str(error))


def remove(scene: Scene, publisher: str, type_name: str) -> RunResult:
    """What the handler does at `disable` and `uninstall`. Only DockerExtension's changes anything: Docker stops."""
    if (publisher.lower(), type_name.lower()) != _DOCKER:
        return RunResult(0, "", "")
    return docker_handler.disable(scene)


# -- CustomScript (github.com/Azure/custom-script-extension-linux)


def _enable_custom_script(scene: Scene, public: dict[str, Any], protected: dict[str, Any]) -> RunResult:
    command, script, files = custom_script_settings(public, protected)
    environment = [
        ("HANDLER_COMMAND", command),
        ("HANDLER_SCRIPT", base64.b64encode(script).decode()),
        ("HANDLER_FILES", "\n".join(files)),
    ]
    result = scene.run(handler_script("custom-script.sh"), environment, ENABLE_TIMEOUT_S)
    quoted = f"\n[stdout]\n{result.stdout[-QUOTED_BYTES:]}\n[stderr]\n{result.stderr[-QUOTED_BYTES:]}"
    if result.exit_code == 0:
        return RunResult(0, result.stdout, f"Enable succeeded: {quoted}")
    reason = f"failed to execute command: command terminated with exit status={result.exit_code}"
    return RunResult(1, result.stdout, f"Enable failed: {reason}{quoted}", result.timed_out)


def custom_script_settings(public: dict[str, Any], protected: dict[str, Any]) -> tuple[str, bytes, tuple[str, ...]]:
    """(command, script, files) of both parts. Raises SettingsError."""
    parts = (Reader("public", public), Reader("protected", protected))
    commands = [part.text("commandToExecute") for part in parts]
    scripts = [part.text("script") for part in parts]
    files = [part.texts("fileUris") for part in parts]
    problems = (
        (not any(commands + scripts), "'commandToExecute' is not specified"),
        (all(commands), "'commandToExecute' was specified both in public and protected settings; it must be "
                        "specified only once"),
        (all(scripts), "'script' was specified both in public and protected settings; it must be specified only once"),
        (all(files), "'fileUris' were specified both in public and protected settings; it must be specified only once"),
        (any(commands) and any(scripts), "'commandToExecute' and 'script' were both specified, but only one is "
                                         "validate at a time"),
    )  # fmt: skip
    for wrong, said in problems:
        if wrong:
            raise SettingsError(f"Enable failed: failed to get configuration: invalid configuration: {said}")
    return commands[0] or commands[1], custom_script(scripts[0] or scripts[1]), files[0] or files[1]


def custom_script(text: str) -> bytes:
    """The script: base64, maybe of gzip, line ends of DOS made those of Unix."""
    if len(text) > CUSTOM_SCRIPT_LIMIT:
        raise SettingsError(
            f"Enable failed: The script's length ({len(text)}) exceeded the maximum allowed length of "
            f"{CUSTOM_SCRIPT_LIMIT}!"
        )
    try:
        script = base64.b64decode(text, validate=True)
        if script.startswith(b"\x1f\x8b"):
            script = gzip.decompress(script)
    except (binascii.Error, OSError, EOFError, zlib.error) as error:
        raise SettingsError(f"Enable failed: failed to decode script: {error}") from error
    return script.replace(b"\r\n", b"\n")


# -- VMAccess (github.com/Azure/azure-linux-extensions)


def _enable_access(scene: Scene, public: dict[str, Any], protected: dict[str, Any]) -> RunResult:
    try:
        environment = vm_access.environment(protected)
    except vm_access.AccessError as error:
        raise SettingsError(str(error)) from error
    result = scene.run(handler_script("vm-access.sh"), environment, ENABLE_TIMEOUT_S)
    if result.exit_code == 0:
        return RunResult(0, result.stdout, "Enable succeeded.")
    said = result.stderr.strip().splitlines() or [f"Enable failed: exit status {result.exit_code}"]
    return RunResult(1, result.stdout, said[-1], result.timed_out)


_DOCKER = ("microsoft.azure.extensions", "dockerextension")
_HANDLERS: dict[tuple[str, str], Callable[[Scene, dict[str, Any], dict[str, Any]], RunResult]] = {
    _DOCKER: docker_handler.enable,
    ("microsoft.azure.extensions", "customscript"): _enable_custom_script,
    ("microsoft.ostcextensions", "vmaccessforlinux"): _enable_access,
    ("microsoft.azure.extensions", "vmaccessforlinux"): _enable_access,
}
