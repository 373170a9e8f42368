"""up, down, status and env: starting an instance's server, taking everything away again, telling how it is."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from localazure import registry
from localazure.arm import identities
from localazure.behavior import config as behavior
from localazure.files import write_private
from localazure.instance import Instance, InstanceError, home
from localazure.machines.machine import MachineError
from localazure.machines.platforms import platform_for, usable_kind

# A first start with real machines may build their image before the server answers.
_UP_TIMEOUT_S = 900.0
_STOP_TIMEOUT_S = 30.0
# What `up` can set and a kept state remembers.
_CHOICES = ("time_scale", "docker_extension", "cores", "registry")


def up(instance: Instance, machines: str, chosen: dict[str, Any]) -> None:
    """Start the server unless it runs; returns when it answers. Raises InstanceError with the end of its log.

    `chosen` are settings by name; those left out stay as they were, or as they are by default.
    """
    with instance.exclusive():
        if instance.server_pid() is not None:
            _wait_until_it_answers(instance, None)
            _refuse_other_machines(instance, machines)
            _refuse_other_settings(instance, chosen)
            print(_summary(instance, "runs already"))
            return
        instance.prepare()
        before = instance.read()
        kind = usable_kind() if machines == "auto" else machines
        if before.get("machines") and machines == "auto":
            kind = before["machines"]  # its state was made with these
        elif before.get("machines") and before["machines"] != kind:
            message = (
                f"Instance '{instance.name}' has {before['machines']} machines; take it down first (without "
                "--keep-state)."
            )
            raise InstanceError(message)
        settings = {**{name: before[name] for name in _CHOICES if name in before}, **chosen}
        instance.write(instance.new_settings(kind, **settings), port=before.get("port", 0), pid=None)
        from localazure.arm import tls  # needs cryptography, which no other command does

        tls.ensure(instance.tls, instance.name, registry.name_in(instance.suffix))
        write_private(instance.ca_bundle, tls.system_bundle() + b"\n" + (instance.tls / "ca.pem").read_bytes())
        _wait_until_it_answers(instance, _spawn(instance))
        print(_summary(instance, "is up"))


def _refuse_other_machines(instance: Instance, machines: str) -> None:
    kind = instance.read().get("machines")
    if machines not in ("auto", kind):
        message = f"Instance '{instance.name}' runs with {kind} machines, not {machines}; take it down first."
        raise InstanceError(message)


def _refuse_other_settings(instance: Instance, chosen: dict[str, Any]) -> None:
    state = instance.read()
    different = [name.replace("_", "-") for name, value in chosen.items() if state.get(name) != value]
    if different:
        raise InstanceError(
            f"Instance '{instance.name}' runs with another --{' and --'.join(different)}. Stop it first (what it made "
            f"stays): script/localazure down --keep-state --instance {instance.name}"
        )


def _spawn(instance: Instance) -> subprocess.Popen[bytes]:
    descriptor = os.open(instance.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    command = [sys.executable, "-m", "localazure", "serve", "--instance", instance.name]
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    environment = {**os.environ, "PYTHONPATH": path}
    try:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor, cwd="/", env=environment,
            start_new_session=True, umask=0o077,
        )  # fmt: skip
    finally:
        os.close(descriptor)


def answers(instance: Instance) -> bool:
    """Whether the server of this instance (and no other) answers on its port: only it has the right certificate."""
    port = instance.read().get("port")
    ca = instance.tls / "ca.pem"
    if not port or not ca.exists():
        return False
    handler = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(ca)))
    # No proxy: this is a call to this computer itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)
    try:
        with opener.open(f"https://localhost:{port}/metadata/endpoints", timeout=5) as reply:
            return bool(json.load(reply)["name"] == f"LocalAzure-{instance.name}")
    except (OSError, ValueError, KeyError, urllib.error.URLError):
        return False


def _wait_until_it_answers(instance: Instance, process: subprocess.Popen[bytes] | None) -> None:
    deadline = time.monotonic() + _UP_TIMEOUT_S
    pause = 0.05
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise InstanceError(f"The server ended with status {process.returncode}:\n{_log_tail(instance)}")
        if instance.read().get("pid") == instance.server_pid() is not None and answers(instance):
            return
        time.sleep(pause)
        pause = min(pause * 1.1, 1.0)
    raise InstanceError(f"The server did not answer within {_UP_TIMEOUT_S:.0f} s:\n{_log_tail(instance)}")


def _log_tail(instance: Instance) -> str:
    try:
        return "\n".join(instance.log.read_text(errors="replace").splitlines()[-20:])
    except OSError as error:
        return f"(no log: {error})"


def _summary(instance: Instance, what: str) -> str:
    state = instance.read()
    words = {"nspawn": "real machines (systemd-nspawn)", "fake": "FAKE machines (no guest is booted)"}
    return (
        f"Local Azure '{instance.name}' {what} at https://localhost:{state['port']} with {words[state['machines']]}; "
        f"state in {instance.folder}\n"
        f"Use it:       export LOCALAZURE_INSTANCE={instance.name} DOCKER_CERT_PATH={instance.folder}/home/.docker; "
        "script/az group list\n"
        f"Take it down: script/localazure down --instance {instance.name}"
    )


def down(instance: Instance, keep_state: bool) -> None:
    """Stop server and machines and remove what they made; also what a crash left. Nothing happens twice."""
    with instance.exclusive():
        if not instance.folder.exists():
            print(f"Local Azure '{instance.name}' is down; there is nothing to remove.")
            _remove_if_last(instance)
            return
        kind = instance.read().get("machines") or usable_kind()
        _stop_server(instance)
        platform = platform_for(kind, instance.folder, instance.name)
        try:
            if keep_state:
                platform.start()
                for machine in _machines(instance):
                    platform.machine_stop(machine)
                platform.stop()
                print(f"Local Azure '{instance.name}' is down; its state stays in {instance.folder}")
                return
            platform.destroy()
        except MachineError as error:
            raise InstanceError(f"Machines of '{instance.name}' could not be removed: {error.message}") from error
        shutil.rmtree(instance.folder)
        print(f"Local Azure '{instance.name}' is down; everything that it made is removed.")
    _remove_if_last(instance)


def _remove_if_last(instance: Instance) -> None:
    """Remove the lock file too, and the folder of all instances when it is empty then."""
    (home() / f".{instance.name}.lock").unlink(missing_ok=True)
    try:
        home().rmdir()
    except OSError:
        return  # other instances are in it


def _machines(instance: Instance) -> list[str]:
    """The machines of all VMs on record."""
    from localazure.store.database import Database

    if not instance.store.exists():
        return []
    database = Database(instance.store)
    try:
        return [value["hidden"]["machine"] for value in database.load("resources") if value["hidden"].get("machine")]
    finally:
        database.close()


def _stop_server(instance: Instance) -> None:
    """SIGTERM, and SIGKILL when that does not help in time. The server stays, machines too."""
    for sign, timeout in ((signal.SIGTERM, _STOP_TIMEOUT_S), (signal.SIGKILL, _STOP_TIMEOUT_S)):
        pid = instance.server_pid()
        if pid is None:
            return
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            continue
        deadline = time.monotonic() + timeout
        while instance.server_pid() is not None and time.monotonic() < deadline:
            time.sleep(0.05)
    if instance.server_pid() is not None:
        raise InstanceError(f"The server of '{instance.name}' (process {instance.server_pid()}) does not end.")


def status(instance: Instance, as_json: bool) -> int:
    """Print how the instance is; 0 when it runs, 3 when it does not."""
    pid = instance.server_pid()
    running = pid is not None and answers(instance)
    if as_json:
        state: dict[str, Any] = instance.read() if running else {}
        state.update(instance=instance.name, running=running, folder=str(instance.folder), pid=pid)
        if running:
            state["endpoint"] = f"https://localhost:{state['port']}"
        state["behavior"] = behavior.state(instance.behavior)
        print(json.dumps(state, indent=2))
    elif running:
        print(_summary(instance, "runs"))
        if set_there := behavior.state(instance.behavior):
            print(f"{behavior.NAME}:  {set_there}")
    elif instance.folder.exists():
        print(f"Local Azure '{instance.name}' is not running, but its state is in {instance.folder}")
    else:
        print(f"Local Azure '{instance.name}' is not running.")
    return 0 if running else 3


def _identities(instance: Instance) -> dict[str, Any]:
    """Whom to sign in as, and where the others are."""
    index = instance.folder / identities.INDEX
    first = json.loads(index.read_text())[0]
    return {
        "LOCALAZURE_CLIENT_ID": first["appId"],
        "LOCALAZURE_CLIENT_SECRET_FILE": first["secretFile"],
        "LOCALAZURE_IDENTITIES": index,
    }


def env(instance: Instance) -> int:
    """Print what a shell evaluates to use this instance; 3 when it does not run."""
    if instance.server_pid() is None or not answers(instance):
        print(f"Local Azure '{instance.name}' is not running. Start it: script/localazure up --instance "
              f"{instance.name}; or name another in LOCALAZURE_INSTANCE.", file=sys.stderr)  # fmt: skip
        return 3
    state = instance.read()
    values = {
        "AZURE_CONFIG_DIR": instance.azure_config,
        "REQUESTS_CA_BUNDLE": instance.ca_bundle,
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "LOCALAZURE_ENDPOINT": f"https://localhost:{state['port']}",
        "LOCALAZURE_INSTANCE": instance.name,
        "LOCALAZURE_SUFFIX": instance.suffix,
        "LOCALAZURE_TENANT": state["tenant"],
        "LOCALAZURE_SUBSCRIPTION": state["subscription"],
        **_identities(instance),
    }
    if state.get("registry"):
        values |= {
            "LOCALAZURE_REGISTRY": f"{registry.name_in(instance.suffix)}:{registry.OPEN_PORT}",
            "LOCALAZURE_PRIVATE_REGISTRY": f"{registry.name_in(instance.suffix)}:{registry.LOGIN_PORT}",
            "LOCALAZURE_REGISTRY_USER": registry.USER,
            "LOCALAZURE_REGISTRY_PASSWORD_FILE": instance.registry / "password",
        }
    for name, value in values.items():
        print(f"export {name}={shlex.quote(str(value))}")
    return 0
