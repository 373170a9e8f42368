"""How a Docker daemon would be started in a folder: unit file, drop-ins and daemon.json put together (for fakes).

Pure but for reading files below the folder; standard library only, because stand-in tools use it on their own.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

# Where systemd looks for units, most important first.
UNIT_FOLDERS = ("etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")
# Flags without a value, of those that set-up scripts use.
SWITCHES = {"tls", "tlsverify", "live-restore", "debug", "D", "icc", "ipv6", "iptables", "userland-proxy"}
# Flags whose name in daemon.json is another one.
FILE_NAMES = {"host": "hosts", "H": "hosts", "D": "debug", "label": "labels", "log-opt": "log-opts", "dns": "dns"}


class ConfigError(ValueError):
    """The daemon would not start; the message is what it would say."""


@dataclass(frozen=True)
class DaemonConfig:
    """What the daemon would do: TCP ports, and the TLS files below the folder. `verify` False lets anybody in."""

    ports: tuple[int, ...]
    tls: bool
    verify: bool
    ca: Path | None
    certificate: Path | None
    key: Path | None
    settings: dict[str, object]


def unit_path(root: Path, name: str) -> Path | None:
    """The unit's main file, None when it is not installed."""
    return next((root / folder / name for folder in UNIT_FOLDERS if (root / folder / name).is_file()), None)


def daemon_config(root: Path) -> DaemonConfig:
    """The configuration of the folder's docker.service. Raises ConfigError."""
    words = shlex.split(_exec_start(root))
    return resolve(root, words[1:])


def resolve(root: Path, arguments: list[str]) -> DaemonConfig:
    """The configuration that dockerd's arguments and its configuration file make together."""
    flags = parse_flags(arguments)
    file = under(root, str(flags.pop("config-file", ["/etc/docker/daemon.json"])[0]))
    content = read_file(file)
    if clash := sorted(set(content) & {FILE_NAMES.get(name, name) for name in flags}):
        raise ConfigError(
            f"unable to configure the Docker daemon with file {file}: the following directives are specified both as "
            f"a flag and in the configuration file: {', '.join(clash)}"
        )
    settings: dict[str, object] = dict(content)
    for name, values in flags.items():
        key = FILE_NAMES.get(name, name)
        settings[key] = values if key in ("hosts", "labels", "dns") else values[-1]
    hosts = settings.get("hosts") or []
    if not isinstance(hosts, list):
        raise ConfigError(f"unable to configure the Docker daemon with file {file}: hosts must be a list")
    verify = truth(settings.get("tlsverify"))
    return DaemonConfig(
        ports=tuple(port for host in hosts if (port := tcp_port(str(host))) is not None),
        tls=verify or truth(settings.get("tls")),
        verify=verify,
        ca=_file_of(root, settings, "tlscacert"),
        certificate=_file_of(root, settings, "tlscert"),
        key=_file_of(root, settings, "tlskey"),
        settings=settings,
    )


def parse_flags(arguments: list[str]) -> dict[str, list[str]]:
    """dockerd's arguments by name: "-H=x", "-H x", "--name=x", "--name x", and switches as "true"."""
    flags: dict[str, list[str]] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            raise ConfigError(f"unexpected argument {word}")
        name, equals, value = word.lstrip("-").partition("=")
        if not equals:
            takes_value = name not in SWITCHES and rest and not rest[0].startswith("-")
            value = rest.pop(0) if takes_value else "true"
        flags.setdefault({"H": "host"}.get(name, name), []).append(value)
    return flags


def read_file(file: Path) -> dict[str, object]:
    """daemon.json; {} when there is none."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ConfigError(f"unable to configure the Docker daemon with file {file}: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"unable to configure the Docker daemon with file {file}: no JSON object")
    return content


def tcp_port(host: str) -> int | None:
    """The TCP port of a listener: tcp://address:port or address:port; None for fd:// and unix://."""
    scheme, found, rest = host.partition("://")
    if not found:
        scheme, rest = "tcp", host
    if scheme != "tcp":
        return None
    port = rest.rstrip("/").rpartition(":")[2]
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError(f"invalid bind address format: {host}")
    return int(port)


def truth(value: object) -> bool:
    """A switch as flags and files write it."""
    return value is True or str(value).lower() in ("true", "1")


def under(root: Path, path: str) -> Path:
    """An absolute path of the machine as a path of this machine; one that lies in the folder already stays."""
    given = Path(path)
    return given if given.is_relative_to(root) else root / path.lstrip("/")


def _file_of(root: Path, settings: dict[str, object], name: str) -> Path | None:
    value = settings.get(name)
    return under(root, str(value)) if value else None


def _exec_start(root: Path) -> str:
    """The command line of docker.service after its drop-ins; an empty ExecStart= clears what came before."""
    unit = unit_path(root, "docker.service")
    if unit is None:
        raise ConfigError("Unit docker.service not found.")
    drop_ins: dict[str, Path] = {}
    for folder in reversed(UNIT_FOLDERS):
        for file in sorted((root / folder / "docker.service.d").glob("*.conf")):
            drop_ins[file.name] = file
    lines: list[str] = []
    options = ""
    for file in (unit, *(drop_ins[name] for name in sorted(drop_ins))):
        for line in file.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name == "ExecStart":
                lines = [*lines, value.strip()] if value.strip() else []
            elif name == "Environment":
                given = [word.partition("=")[2] for word in shlex.split(value) if word.startswith("DOCKER_OPTS=")]
                options = given[-1] if given else options
    if len(lines) != 1:
        raise ConfigError(f"docker.service has {len(lines)} ExecStart= settings, which systemd refuses")
    return lines[0].replace("$DOCKER_OPTS", options)
