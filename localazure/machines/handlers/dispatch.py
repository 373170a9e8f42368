"""Extension handlers: what DockerExtension, both CustomScripts and VMAccess do at `enable`, and what they refuse.

Settings are read as the genuine handlers read them (Go's encoding/json: names without regard to case, unknown names
ignored, a value of the wrong type is an error). The work in the guest is a shell script of scripts/, run as
any other command; secrets reach it through its environment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localazure.machines.handlers import custom_script, custom_script_for_linux, docker_extension, vm_access
from localazure.machines.handlers.context import HandlerContext, SettingsError
from localazure.machines.machine import RunResult


def enable(
    context: HandlerContext, publisher: str, type_name: str, settings: dict[str, Any], protected: dict[str, Any]
) -> RunResult:
    """Run the handler; a failure is exit code 1 with the handler's status message on stderr."""
    handler = _HANDLERS.get((publisher.lower(), type_name.lower()))
    if handler is None:
        return RunResult(1, "", f"Local Azure's agent has no handler for {publisher}.{type_name}")
    try:
        return handler(context, settings or {}, protected or {})
    except SettingsError as error:
        return RunResult(1, "", str(error))


def remove(context: HandlerContext, publisher: str, type_name: str) -> RunResult:
    """What the handler does at `disable` and `uninstall`. Only DockerExtension's changes anything: Docker stops."""
    if (publisher.lower(), type_name.lower()) != _DOCKER:
        return RunResult(0, "", "")
    return docker_extension.disable(context)


_DOCKER = ("microsoft.azure.extensions", "dockerextension")
_HANDLERS: dict[tuple[str, str], Callable[[HandlerContext, dict[str, Any], dict[str, Any]], RunResult]] = {
    _DOCKER: docker_extension.enable,
    ("microsoft.azure.extensions", "customscript"): custom_script.enable,
    ("microsoft.ostcextensions", "customscriptforlinux"): custom_script_for_linux.enable,
    ("microsoft.ostcextensions", "vmaccessforlinux"): vm_access.enable,
    ("microsoft.azure.extensions", "vmaccessforlinux"): vm_access.enable,
}
