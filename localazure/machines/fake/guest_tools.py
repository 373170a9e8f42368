"""Stand-ins for the tools of a guest, for scripts that run in a fake machine's private folder.

Run as `python guest_tools.py TOOL ARGUMENT...` by small shell scripts in the machine's own bin folder. What changes a
system changes the private folder LOCALAZURE_ROOT instead; units are started by the instance's fake engine.
Standard library only.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

if not __package__:  # started alone: nobody has put the package's folder on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from localazure.machines.fake import docker_config, engine_line, first_boot, mounts, transient_units

ROOT = Path(os.environ.get("LOCALAZURE_ROOT", ""))
DOCKER_UNIT = """[Unit]
Description=Docker Application Container Engine (fake)
Requires=docker.socket

[Service]
Type=notify
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS
"""
SOCKET_UNIT = "[Socket]\nListenStream=/run/docker.sock\n"
# Tools that come with a package, and where Debian's puts them.
PACKAGE_TOOLS = {
    "docker.io": {"docker": "usr/bin/docker", "dockerd": "usr/sbin/dockerd"},
    "docker-compose": {"docker-compose": "usr/bin/docker-compose"},
}
DOCKER_TOOLS = tuple(tool for tools in PACKAGE_TOOLS.values() for tool in tools)
ACTIONS = ("start", "restart", "try-restart", "reload-or-restart", "reload", "stop")


def ask(action: str, unit: str = "docker") -> dict:
    """One question to the instance's engine: {"ok": bool, "error": str, ...}."""
    try:
        line, answer = engine_line.ask({"action": action, "unit": unit})
    except OSError as error:
        return {"ok": False, "error": f"the fake engine can't be reached: {error}"}
    line.close()
    return answer


def unit_of(word: str) -> str:
    return word.removesuffix(".service")


def systemctl(words: list[str]) -> int:
    """daemon-reload, enable, ... do nothing: what is there is enabled; start, stop, restart and is-active ask the
    engine."""
    plain = [word for word in words if not word.startswith("-")]
    verb, units = (plain[0] if plain else ""), plain[1:]
    if verb == "is-enabled":
        there = all(is_there(unit) for unit in units)
        print("enabled" if there else "not-found")
        return 0 if there else 1
    if verb in ("is-active", "status"):
        active = all(is_active(unit) for unit in units)
        if "--quiet" not in words:
            print("active" if active else "inactive")
        return 0 if active else 3
    if verb == "is-system-running":
        print("running")
    if verb not in ACTIONS:
        return 0
    for unit in units:
        name = unit_of(unit)
        if verb == "stop" and transient_units.lives(ROOT, name):
            transient_units.stop(ROOT, name)
            continue
        if not is_there(unit):
            return refuse(f"Failed to {verb} {unit}: Unit {unit} not found.", 5)
        mount = docker_config.unit_path(ROOT, unit) if unit.endswith(".mount") else None
        if mount is not None:
            wrong = mounts.start(ROOT, mount) if verb != "stop" else "a fake machine's mounts stay"
            if wrong:
                return refuse(f"Job for {unit} failed: {wrong}")
            continue
        answer = ask("stop" if verb == "stop" else "restart" if "re" in verb else "start", name)
        if not answer["ok"]:
            return refuse(f"Job for {name}.service failed: {answer['error']}")
    return 0


def is_there(unit: str) -> bool:
    return docker_config.unit_path(ROOT, unit if "." in unit else f"{unit}.service") is not None


def is_active(word: str) -> bool:
    if word.endswith(".mount"):
        mount = docker_config.unit_path(ROOT, word)
        return mount is not None and mounts.is_active(ROOT, mount)
    unit = unit_of(word)
    return transient_units.lives(ROOT, unit) or bool(ask("is-active", unit).get("active"))


def systemd_run(words: list[str]) -> int:
    """A command as a unit, which `systemctl stop` knows by its name."""
    try:
        return transient_units.systemd_run(ROOT, transient_units.parse(words))
    except ValueError as error:
        return refuse(str(error))


def apt_get(words: list[str]) -> int:
    """Installing docker.io and docker-compose puts them into the private folder; other packages are taken as there.

    What the lists and Docker's installation take is the machine's own (behavior.json: `installation`).
    """
    if "update" in words:
        time.sleep(float(os.environ["LOCALAZURE_LISTS_S"]))
    if "install" not in words:
        return 0
    packages = [word for word in words[words.index("install") + 1 :] if not word.startswith("-")]
    if "docker.io" in packages and docker_config.unit_path(ROOT, "docker.service") is None:
        time.sleep(float(os.environ["LOCALAZURE_INSTALLATION_S"]))
    for package in packages:
        for tool, path in PACKAGE_TOOLS.get(package, {}).items():
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            write_tool(Path(os.environ["LOCALAZURE_BIN"]), tool)
            write_tool((ROOT / path).parent, tool)
    return start_docker() if "docker.io" in packages else 0


def apt_cache(words: list[str]) -> int:
    """show: of Compose's packages Debian has one only, of all others whatever is asked for."""
    if "show" in words and words[-1].startswith(("docker-compose", "moby-")) and words[-1] not in PACKAGE_TOOLS:
        return refuse("E: No packages found", 100)
    return 0


def start_docker() -> int:
    """The packaged units; the engine starts when they are new."""
    units = ROOT / "lib/systemd/system"
    units.mkdir(parents=True, exist_ok=True)
    fresh = not (units / "docker.service").exists()
    if fresh:
        (units / "docker.service").write_text(DOCKER_UNIT)
        (units / "docker.socket").write_text(SOCKET_UNIT)
    print("Setting up docker.io (fake) ...")
    if fresh and not (answer := ask("start"))["ok"]:
        return refuse(answer["error"])
    return 0


def dpkg_query(words: list[str]) -> int:
    """Only Docker's state is asked for by scripts."""
    if docker_config.unit_path(ROOT, "docker.service") is None:
        return 1
    print("installed")
    return 0


def dockerd(words: list[str]) -> int:
    """--help, --version and --validate; the fake engine itself is started by systemctl."""
    if "--help" in words:
        print("Usage: dockerd [OPTIONS] (fake)\n      --validate    Validate daemon configuration and exit")
        return 0
    if "--version" in words:
        print(f"Docker version {ask('version').get('version')} (fake engine)")
        return 0
    if "--validate" not in words:
        return refuse("a fake machine's engine is started by systemctl")
    try:
        docker_config.resolve(ROOT, [word for word in words if word != "--validate"])
    except docker_config.ConfigError as error:
        return refuse(str(error))
    print("configuration OK")
    return 0


def docker(words: list[str]) -> int:
    """version, info, ps and login of this machine's own engine; a password that begins with `wrong` is."""
    answer = ask("version")
    if not answer["ok"] or not answer.get("version"):
        return refuse("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?")
    if "version" in words or "info" in words:
        print(answer["version"] if "--format" in words else f"Server: Docker Engine {answer['version']} (fake engine)")
        return 0
    if words[:1] == ["login"]:
        if sys.stdin.read().startswith("wrong"):
            return refuse("Error response from daemon: unauthorized: authentication required")
        print("Login Succeeded")
        return 0
    project = re.search(r"label=com\.docker\.compose\.project=(\S+)", " ".join(words))
    if project:
        file = projects() / project[1]
        print("\n".join(f"{name}|running|Up 1 second|" for name in (file.read_text().split() if file.exists() else [])))
        return 0
    if "ps" in words:
        print("CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES")
        return 0
    return refuse("a fake engine has no containers")


def projects() -> Path:
    """A file for each Compose project that was brought up, with the names of its services."""
    folder = ROOT / "var/lib/fake-compose"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def compose(words: list[str]) -> int:
    """version; config and up, of whose file the services are noted, as far as they stand there line by line."""
    if "version" in words:
        print("Docker Compose version fake")
        return 0
    if {"config", "up"} & set(words):
        text = Path(words[words.index("--file") + 1]).read_text()
        services = re.findall(r"(?m)^  ([\w.-]+):", text.partition("services:")[2])
        if "absent" in text:
            return refuse("Error response from daemon: manifest for absent:latest not found") if "up" in words else 0
        if "up" in words:
            (projects() / words[words.index("--project-name") + 1]).write_text("\n".join(services))
        return 0
    return refuse("a fake engine has no containers")


def sshd(words: list[str]) -> int:
    """-t and -T: whether the configuration is good, and its ports."""
    if "-T" in words:
        for port in ssh_ports(ROOT):
            print(f"port {port}")
    return 0


def ssh_ports(root: Path) -> list[int]:
    """The ports that sshd_config and its drop-ins name; 22 when they name none."""
    ports: list[int] = []
    for file in (root / "etc/ssh/sshd_config", *sorted((root / "etc/ssh/sshd_config.d").glob("*.conf"))):
        if file.is_file():
            ports += [int(port) for port in re.findall(r"(?im)^\s*port[\s=]+(\d+)", file.read_text())]
    return ports or [22]


def journalctl(words: list[str]) -> int:
    """What the fake engine logged for this machine."""
    log = ROOT / "var/log/docker.log"
    if log.exists():
        print("\n".join(log.read_text(errors="replace").splitlines()[-20:]))
    return 0


def cloud_init(words: list[str]) -> int:
    """status alone."""
    if words[:1] != ["status"]:
        return refuse("a fake machine's cloud-init knows `status` only")
    return first_boot.status(ROOT, words)


def hostname(words: list[str]) -> int:
    print((ROOT / "etc/hostname").read_text().strip())
    return 0


def power(words: list[str]) -> int:
    return refuse("a fake machine is stopped and started by its platform only")


def nothing(words: list[str]) -> int:
    """Groups, passwords and packet filters have no meaning in a private folder."""
    return 0


def usermod(words: list[str]) -> int:
    """Changes nothing, for a user who exists."""
    name = words[-1] if words else ""
    return 0 if name in users() else refuse(f"usermod: user '{name}' does not exist", 6)


def users() -> list[str]:
    file = ROOT / "etc/passwd"
    lines = file.read_text().splitlines() if file.exists() else []
    return ["root", *(line.partition(":")[0] for line in lines)]


def useradd(words: list[str]) -> int:
    """A line in passwd and a home; nobody can log in."""
    name, file = words[-1], ROOT / "etc/passwd"
    lines = file.read_text().splitlines() if file.exists() else []
    if any(line.startswith(f"{name}:") for line in lines):
        return refuse(f"useradd: user '{name}' already exists", 9)
    number = 1000 + len(lines)
    (ROOT / "home" / name).mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in [*lines, f"{name}:x:{number}:{number}::/home/{name}:/bin/bash"]))
    return 0


def userdel(words: list[str]) -> int:
    """The line and the home go."""
    name, file = words[-1], ROOT / "etc/passwd"
    lines = file.read_text().splitlines() if file.exists() else []
    file.write_text("".join(f"{line}\n" for line in lines if not line.startswith(f"{name}:")))
    shutil.rmtree(ROOT / "home" / name, ignore_errors=True)
    return 0


def refuse(message: str, status: int = 1) -> int:
    print(message, file=sys.stderr)
    return status


TOOLS: dict[str, Callable[[list[str]], int]] = {
    "systemctl": systemctl, "systemd-run": systemd_run, "apt-get": apt_get, "apt-cache": apt_cache,
    "dpkg-query": dpkg_query, "dpkg": nothing, "sshd": sshd, "journalctl": journalctl, "cloud-init": cloud_init,
    "hostname": hostname, "nft": nothing, "usermod": usermod, "useradd": useradd, "userdel": userdel,
    "chpasswd": nothing, "groupadd": nothing, "reboot": power, "shutdown": power, "poweroff": power,
    "docker": docker, "dockerd": dockerd, "docker-compose": compose, "blkid": mounts.blkid,
    "mkfs.ext4": lambda words: mounts.make_file_system(ROOT, words),
}  # fmt: skip


def write_tool(folder: Path, tool: str) -> None:
    """The shell script that stands for a tool."""
    file = folder / tool
    quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in (sys.executable, "-I", "-S", __file__, tool))
    file.write_text(f'#!/bin/sh\nexec {quoted} "$@"\n')
    file.chmod(0o755)


if __name__ == "__main__":
    sys.exit(TOOLS[sys.argv[1]](sys.argv[2:]))
