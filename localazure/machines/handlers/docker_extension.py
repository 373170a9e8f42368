"""DockerExtension's handler (github.com/Azure/azure-docker-extension): its distributions, settings, rules and words.

It installs Docker and Compose unless both are there. How it installs worked on the images of its time; on those of
today it does not, so that hosts have to be prepared before. scripts/docker-extension.sh works in the guest.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from localazure.machines.handlers.context import ENABLE_TIMEOUT_S, HandlerContext, Reader, SettingsError, handler_script
from localazure.machines.machine import Guise, RunResult

# Files that the engine finds in the guest; the paths stand in its arguments.
TLS_ARGUMENTS = (
    "--tlsverify", "--tlscacert=/etc/docker/ca.pem", "--tlscert=/etc/docker/cert.pem", "--tlskey=/etc/docker/key.pem",
)  # fmt: skip
# The handler's own pauses in seconds: between two tries to install, and until the engine is taken to be up.
RETRY_S = 60.0
SETTLE_S = 3.0
# Per azure-environment: how Docker is installed, and where Compose is downloaded from.
SOURCES = {
    "AzureCloud": (
        "curl -sSL https://get.docker.com/ | sh",
        "https://github.com/docker/compose/releases/download/1.6.2/docker-compose-Linux-x86_64",
    ),
    "AzureChinaCloud": (
        "curl -sSL https://mirror.azure.cn/repo/install-docker-engine.sh | sh -s -- --mirror AzureChinaCloud",
        "https://mirror.azure.cn/docker-toolbox/linux/compose/1.6.2/docker-compose-Linux-x86_64",
    ),
}
# Where the agent keeps the handler and its log; 1.2.2 is the last version that was published.
FOLDER = "/var/lib/waagent/Microsoft.Azure.Extensions.DockerExtension-1.2.2"
LOGS = "/var/log/azure/Microsoft.Azure.Extensions.DockerExtension/1.2.2"
FAILED = "Enable Docker failed: ERROR: "
# What the installer ends with on today's images: apt's status where the package lock is held, else the script's own.
APT_LOCKED, UNSUPPORTED = 100, 1


@dataclass(frozen=True)
class Driver:
    """How the handler treats one distribution: where it looks for Compose, the engine's own listener, how it is set.

    `drop_in`: the arguments go into a drop-in's DOCKER_OPTS instead of the packaged unit (CoreOS).
    """

    compose_folder: str
    listener: str
    drop_in: bool = False
    installer_status: int = APT_LOCKED


UBUNTU = Driver("/usr/local/bin", "-H=fd://")
CENTOS = Driver("/usr/local/bin", "-H=unix://", installer_status=UNSUPPORTED)
RHEL = Driver("/usr/bin", "-H=unix://", installer_status=UNSUPPORTED)
COREOS = Driver("/opt/bin", "", drop_in=True)
_DRIVERS = {
    "Ubuntu": UBUNTU,
    "CentOS": CENTOS,
    "Red Hat Enterprise Linux Server": RHEL,
    "CoreOS": COREOS,
    '"Container Linux by CoreOS"': COREOS,
}


def driver_of(guise: Guise) -> Driver:
    """The driver for what the guest passes for. Raises SettingsError in the handler's words."""
    if not guise.distribution:
        raise SettingsError("ERROR: Cannot get distro info: could not determine distro")
    shown = f"{guise.distribution} {guise.release}"
    if guise.distribution == "Ubuntu" and int(guise.release.split(".")[0]) < 13:
        raise SettingsError(f"ERROR: Ubuntu 12 or older not supported. Got: {shown}")
    if guise.distribution not in _DRIVERS:
        raise SettingsError(f"ERROR: Distro not supported: {shown}")
    return _DRIVERS[guise.distribution]


@dataclass(frozen=True)
class DockerSettings:
    """The settings that matter in the guest. `certificates`: (ca, cert, key) as file contents, or None."""

    port: str
    options: tuple[str, ...]
    certificates: tuple[bytes, bytes, bytes] | None
    login: bool
    compose: dict[str, Any]
    compose_environment: dict[str, str]
    cloud: str = "AzureCloud"

    def arguments(self, driver: Driver) -> str:
        """The daemon's arguments: TLS only with all three certificates, even when a port is given without them."""
        port = (f"-H=0.0.0.0:{self.port}",) if self.port else ()
        own = (driver.listener,) if driver.listener else ()
        return " ".join((*own, *(TLS_ARGUMENTS if self.certificates else ()), *port, *self.options))


def docker_settings(public: dict[str, Any], protected: dict[str, Any]) -> DockerSettings:
    """Read both parts as the genuine handler does. Raises SettingsError."""
    read = Reader("public", public)
    docker = Reader("public", read.mapping("docker"), "docker.")
    if (cloud := read.text("azure-environment") or "AzureCloud") not in SOURCES:
        raise SettingsError(f"{FAILED}invalid environment name: {cloud}")
    secret = Reader("protected", protected)
    certs, login = (Reader("protected", secret.mapping(name), f"{name}.") for name in ("certs", "login"))
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
        cloud=cloud,
    )


def decoded(text: str) -> bytes:
    """Base64 as Go's strict decoder takes it, line breaks allowed; anything else is written as it is."""
    text = text.strip()
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except binascii.Error:
        return text.encode()


def enable(context: HandlerContext, public: dict[str, Any], protected: dict[str, Any]) -> RunResult:
    """What the handler does at `install` and `enable`. Raises SettingsError."""
    try:
        driver = driver_of(context.guise)
    except SettingsError as error:
        # `install`, which reports no status, looks for the distribution too: the agent tells of its end.
        command = f"{FOLDER}/bin/docker-extension install"
        said = f"[ExtensionOperationError] Non-zero exit code: 1, {command}\n[stdout]\n\n\n[stderr]\n"
        raise SettingsError(f"{said}[DockerExtension] {error}") from error
    settings = docker_settings(public, protected)
    environment = _environment(context.guise, driver, settings)
    result = context.run(handler_script("docker-extension.sh"), environment, ENABLE_TIMEOUT_S)
    if result.exit_code == 0 and settings.login:
        # The handler calls `docker login --email`, which Docker has not known since 17.06.
        return RunResult(1, result.stdout, f"{FAILED}'docker login' failed")
    if result.exit_code == 0:
        return RunResult(0, result.stdout, "Enable Docker succeeded")
    said = (result.stderr.strip().splitlines() or ["exit status 1"])[-1]
    return RunResult(1, f"{result.stdout}{result.stderr}", f"{FAILED}{said}", result.timed_out)


def _environment(guise: Guise, driver: Driver, settings: DockerSettings) -> list[tuple[str, str]]:
    """The variables of scripts/docker-extension.sh."""
    ca, cert, key = (base64.b64encode(part).decode() for part in settings.certificates or (b"", b"", b""))
    compose = base64.b64encode(json.dumps(settings.compose).encode()).decode() if settings.compose else ""
    installer, compose_url = SOURCES[settings.cloud]
    return [
        ("COMPOSE_HTTP_TIMEOUT", "600"),
        ("COMPOSE_PROJECT_NAME", "compose"),
        *settings.compose_environment.items(),
        ("HANDLER_CA", ca),
        ("HANDLER_CERT", cert),
        ("HANDLER_KEY", key),
        ("HANDLER_ARGUMENTS", settings.arguments(driver)),
        ("HANDLER_DROP_IN", "yes" if driver.drop_in else ""),
        ("HANDLER_COMPOSE", compose),
        ("HANDLER_COMPOSE_PATH", f"{driver.compose_folder}/docker-compose"),
        ("HANDLER_COMPOSE_URL", compose_url),
        ("HANDLER_INSTALLER", installer),
        ("HANDLER_INSTALLER_STATUS", "0" if guise.of_its_time else str(driver.installer_status)),
        ("HANDLER_RETRY_S", f"{RETRY_S * guise.pace:g}"),
        ("HANDLER_SETTLE_S", f"{SETTLE_S * guise.pace:g}"),
        ("HANDLER_LOGS", LOGS),
    ]


def disable(context: HandlerContext) -> RunResult:
    """What the handler does at `disable`: Docker stops. Its `uninstall` purges a package that no image has any more."""
    failed = "Disabling Docker failed: "
    try:
        driver_of(context.guise)
    except SettingsError as error:
        return RunResult(1, "", f"{failed}{error}")
    result = context.run("systemctl stop docker", (), ENABLE_TIMEOUT_S)
    if result.exit_code == 0:
        return RunResult(0, result.stdout, "Disabling Docker succeeded")
    reason = f"ERROR: executing systemctl [stop docker] failed: exit status {result.exit_code}"
    return RunResult(1, f"{result.stdout}{result.stderr}", f"{failed}{reason}")
