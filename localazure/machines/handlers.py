"""Extension handlers: what DockerExtension, CustomScript and VMAccess do at `enable`, and what they refuse.

Settings are read as the genuine handlers read them (Go's encoding/json: names without regard to case, unknown names
ignored, a value of the wrong type is an error). The work in the guest is a shell script of handler_scripts/, run as
any other command; secrets reach it through its environment.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localazure.machines import vm_access
from localazure.machines.machine import RunResult

SCRIPTS = Path(__file__).parent / "handler_scripts"
# The agent gives a handler 90 minutes in all.
ENABLE_TIMEOUT_S = 5400.0
# https://learn.microsoft.com/azure/virtual-machines/extensions/custom-script-linux#property-script
CUSTOM_SCRIPT_LIMIT = 256 * 1024
# What a handler's status message quotes of each stream.
QUOTED_BYTES = 4 * 1024
# Files that the engine finds in the guest; the paths stand in its arguments.
TLS_ARGUMENTS = (
    "--tlsverify", "--tlscacert=/etc/docker/ca.pem", "--tlscert=/etc/docker/cert.pem", "--tlskey=/etc/docker/key.pem",
)  # fmt: skip

Run = Callable[[str, Sequence[tuple[str, str]], float], RunResult]


@dataclass(frozen=True)
class Scene:
    """The guest that a handler works in: how to run a script there, and the user made at provisioning."""

    run: Run
    user: str


class SettingsError(ValueError):
    """The handler refuses its settings; the message is the genuine handler's."""


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
    if (publisher.lower(), type_name.lower()) != ("microsoft.azure.extensions", "dockerextension"):
        return RunResult(0, "", "")
    result = scene.run("systemctl stop docker", (), ENABLE_TIMEOUT_S)
    if result.exit_code == 0:
        return RunResult(0, result.stdout, "disable succeeded")
    return RunResult(1, f"{result.stdout}{result.stderr}", f"disable failed: ERROR: exit status {result.exit_code}")


# -- DockerExtension (github.com/Azure/azure-docker-extension)


@dataclass(frozen=True)
class DockerSettings:
    """The settings that matter in the guest. `certificates`: (ca, cert, key) as file contents, or None."""

    port: str
    options: tuple[str, ...]
    certificates: tuple[bytes, bytes, bytes] | None
    login: bool
    compose: dict[str, Any]
    compose_environment: dict[str, str]

    @property
    def arguments(self) -> str:
        """The daemon's arguments: TLS only with all three certificates, even when a port is given without them."""
        port = (f"-H=0.0.0.0:{self.port}",) if self.port else ()
        return " ".join(("-H=fd://", *(TLS_ARGUMENTS if self.certificates else ()), *port, *self.options))


def docker_settings(public: dict[str, Any], protected: dict[str, Any]) -> DockerSettings:
    """Read both parts as the genuine handler does. Raises SettingsError."""
    read = _Reader("public", public)
    docker = _Reader("public", read.mapping("docker"), "docker.")
    if (cloud := read.text("azure-environment")) not in ("", "AzureCloud", "AzureChinaCloud"):
        raise SettingsError(f"enable failed: ERROR: invalid environment name: {cloud}")
    secret = _Reader("protected", protected)
    certs, login = (_Reader("protected", secret.mapping(name), f"{name}.") for name in ("certs", "login"))
    texts = [certs.text(name) for name in ("ca", "cert", "key")]
    known = [login.text(name) for name in ("username", "password")]
    for name in ("server", "email"):
        login.text(name)
    return DockerSettings(
        port=docker.text("port"),
        options=docker.texts("options"),
        certificates=tuple(map(decoded, texts)) if all(texts) else None,  # type: ignore[arg-type]
        login=all(known),
        compose=read.mapping("compose"),
        compose_environment={**read.text_map("compose-environment"), **secret.text_map("environment")},
    )


def decoded(text: str) -> bytes:
    """Base64 as Go's strict decoder takes it, line breaks allowed; anything else is written as it is."""
    text = text.strip()
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except binascii.Error:
        return text.encode()


def _enable_docker(scene: Scene, public: dict[str, Any], protected: dict[str, Any]) -> RunResult:
    settings = docker_settings(public, protected)
    ca, cert, key = (base64.b64encode(part).decode() for part in settings.certificates or (b"", b"", b""))
    compose = base64.b64encode(json.dumps(settings.compose).encode()).decode() if settings.compose else ""
    environment = [
        ("COMPOSE_HTTP_TIMEOUT", "600"),
        ("COMPOSE_PROJECT_NAME", "compose"),
        *settings.compose_environment.items(),
        ("HANDLER_USER", scene.user),
        ("HANDLER_CA", ca),
        ("HANDLER_CERT", cert),
        ("HANDLER_KEY", key),
        ("HANDLER_ARGUMENTS", settings.arguments),
        ("HANDLER_COMPOSE", compose),
    ]
    result = scene.run(_script("docker-extension.sh"), environment, ENABLE_TIMEOUT_S)
    if result.exit_code == 0 and settings.login:
        # The handler calls `docker login --email`, which Docker has not known since 17.06.
        return RunResult(1, result.stdout, "enable failed: ERROR: 'docker login' failed")
    if result.exit_code == 0:
        return RunResult(0, result.stdout, "enable succeeded")
    said = result.stderr.strip().splitlines() or ["exit status 1"]
    return RunResult(1, f"{result.stdout}{result.stderr}", f"enable failed: ERROR: {said[-1]}", result.timed_out)


# -- CustomScript (github.com/Azure/custom-script-extension-linux)


def _enable_custom_script(scene: Scene, public: dict[str, Any], protected: dict[str, Any]) -> RunResult:
    command, script, files = custom_script_settings(public, protected)
    environment = [
        ("HANDLER_COMMAND", command),
        ("HANDLER_SCRIPT", base64.b64encode(script).decode()),
        ("HANDLER_FILES", "\n".join(files)),
    ]
    result = scene.run(_script("custom-script.sh"), environment, ENABLE_TIMEOUT_S)
    quoted = f"\n[stdout]\n{result.stdout[-QUOTED_BYTES:]}\n[stderr]\n{result.stderr[-QUOTED_BYTES:]}"
    if result.exit_code == 0:
        return RunResult(0, result.stdout, f"Enable succeeded: {quoted}")
    reason = f"failed to execute command: command terminated with exit status={result.exit_code}"
    return RunResult(1, result.stdout, f"Enable failed: {reason}{quoted}", result.timed_out)


def custom_script_settings(public: dict[str, Any], protected: dict[str, Any]) -> tuple[str, bytes, tuple[str, ...]]:
    """(command, script, files) of both parts. Raises SettingsError."""
    parts = (_Reader("public", public), _Reader("protected", protected))
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
    result = scene.run(_script("vm-access.sh"), environment, ENABLE_TIMEOUT_S)
    if result.exit_code == 0:
        return RunResult(0, result.stdout, "Enable succeeded.")
    said = result.stderr.strip().splitlines() or [f"Enable failed: exit status {result.exit_code}"]
    return RunResult(1, result.stdout, said[-1], result.timed_out)


class _Reader:
    """One JSON object, read as Go unmarshals it into a struct."""

    def __init__(self, part: str, content: Any, path: str = "") -> None:
        self._part = part
        self._path = path
        if not isinstance(content, dict):
            raise self._error("", "object", content)
        self._content = content

    def text(self, name: str) -> str:
        """A string; "" when missing or null."""
        value = self._find(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._error(name, "string", value)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self._find(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._error(name, "[]string", value)
        for item in value:
            if not isinstance(item, str):
                raise self._error(name, "string", item)
        return tuple(value)

    def mapping(self, name: str) -> dict[str, Any]:
        """An object."""
        value = self._find(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._error(name, "object", value)
        return value

    def text_map(self, name: str) -> dict[str, str]:
        """An object of strings."""
        content = self.mapping(name)
        for value in content.values():
            if not isinstance(value, str):
                raise self._error(name, "string", value)
        return content

    def _find(self, name: str) -> Any:
        if name in self._content:
            return self._content[name]
        return next((value for key, value in self._content.items() if key.lower() == name.lower()), None)

    def _error(self, name: str, wanted: str, value: Any) -> SettingsError:
        kinds = ((bool, "bool"), (dict, "object"), (list, "array"), (str, "string"), ((int, float), "number"))
        kind = next((word for types, word in kinds if isinstance(value, types)), "null")
        return SettingsError(
            f"enable failed: ERROR: error parsing handler settings: failed to unmarshal {self._part} settings: failed "
            f"to unmarshal json: json: cannot unmarshal {kind} into Go value {self._path}{name} of type {wanted}"
        )


def _script(name: str) -> str:
    return (SCRIPTS / name).read_text(encoding="utf-8")


_HANDLERS: dict[tuple[str, str], Callable[[Scene, dict[str, Any], dict[str, Any]], RunResult]] = {
    ("microsoft.azure.extensions", "dockerextension"): _enable_docker,
    ("microsoft.azure.extensions", "customscript"): _enable_custom_script,
    ("microsoft.ostcextensions", "vmaccessforlinux"): _enable_access,
    ("microsoft.azure.extensions", "vmaccessforlinux"): _enable_access,
}
