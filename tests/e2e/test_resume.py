"""A create that is killed at any moment: the certificates stay sound, and the same command finishes the host."""

from __future__ import annotations

import signal
import time

import pytest
from local_azure import GROUP
from running import run

pytestmark = pytest.mark.machines


def killed(azure, words, pattern: str, after: float = 0.0) -> None:
    """SIGKILL once Local Azure has answered a request that fits."""
    requests = azure.requests()
    running = azure.start(*words)
    running.until(lambda: pattern in requests, f"asked for {pattern}")
    time.sleep(after)
    assert running.alive, f"too late: {running.finish()}"
    running.signal(signal.SIGKILL)
    assert running.finish().code == -signal.SIGKILL


FILES = {"ca.pem", "ca-key.pem", "cert.pem", "key.pem"}


def whole(folder) -> dict[str, bytes]:
    """The certificates right after a kill: a sound set, or none yet. What was staged is no certificate yet."""
    found = {path.name for path in folder.glob("*")} - {".dockervm.lock", ".dockervm-staging"}
    return judged(folder) if found else {}


def sound(folder) -> dict[str, bytes]:
    """The certificates at rest: a sound set, and nothing beside it."""
    assert {path.name for path in folder.iterdir()} == FILES | {".dockervm.lock"}
    return judged(folder)


def judged(folder) -> dict[str, bytes]:
    """Certificates and keys, judged by openssl; no key is open to others."""
    assert {path.name for path in folder.glob("*.pem")} == FILES
    for name in ("ca", "cert"):
        run(["openssl", "verify", "-x509_strict", "-CAfile", folder / "ca.pem", folder / f"{name}.pem"]).succeeded()
        key = folder / ("ca-key.pem" if name == "ca" else "key.pem")
        public = run(["openssl", "x509", "-noout", "-pubkey", "-in", folder / f"{name}.pem"]).succeeded().stdout
        assert run(["openssl", "pkey", "-pubout", "-in", key]).succeeded().stdout == public
        assert key.stat().st_mode & 0o777 == 0o600
    return {path.name: path.read_bytes() for path in folder.glob("*.pem")}


def create(fleet, name, region, folder):
    return ("dockervm", "create", "-g", GROUP, "-n", name, "-l", region, "-dc", folder, "--ssh-key-values",
            f"{fleet.ssh_key}.pub")


def answers(azure, result, folder) -> str:
    return azure.docker("--tlsverify", "-H", result["dockerHost"], "version", "--format", "{{.Server.Version}}",
                        DOCKER_CERT_PATH=str(folder)).succeeded().stdout.strip()


@pytest.mark.long
def test_run_command_is_killed_in_every_phase_and_finished_by_the_same_command(local_azure, fleet, tmp_path):
    folder = tmp_path / "certificates"
    words = (*create(fleet, "phoenix", "westus3", folder), "--provisioner", "run-command")
    sets = []
    for pattern, after in ((r"PUT \S+/publicIPAddresses/phoenixPublicIP", 0.0),
                           (r"PUT \S+/virtualMachines/phoenix 201", 0.5),
                           (r"PUT \S+/runCommands/dockervm-request-\w+ 20", 0.2),
                           (r"PUT \S+/runCommands/dockervm-serve-\w+ 20", 0.3)):
        killed(local_azure, words, pattern, after)
        sets.append(whole(folder))
    finished = local_azure.az(*words).succeeded()
    assert "going on from where its set-up stands" in finished.stderr
    sets.append(sound(folder))
    assert all(one == sets[-1] for one in sets if one), "the certificates were made anew"
    assert sets[1], "the certificates are made while the network is"
    result = finished.json
    assert (result["provisioner"], result["reachable"]) == ("run-command", True)
    assert answers(local_azure, result, folder) == result["engineVersion"]
    assert local_azure.query("vm", "run-command", "list", "-g", GROUP, "--vm-name", "phoenix") == []
    tags = local_azure.query("vm", "show", "-g", GROUP, "-n", "phoenix")["tags"]
    assert tags["dockervm-provisioner"] == "run-command"


@pytest.mark.long
def test_docker_extension_is_killed_and_finished_by_the_same_command(local_azure, fleet, tmp_path):
    """The second run's certificate is another one than the killed run's, so the engine must take it up."""
    folder = tmp_path / "certificates"
    words = (*create(fleet, "lazarus", "westeurope", folder), "--provisioner", "docker-extension")
    killed(local_azure, words, r"PUT \S+/extensions/DockerExtension 20", 1.0)
    before = sound(folder)
    result = local_azure.az(*words).succeeded().json
    assert sound(folder) == before
    assert (result["provisioner"], result["reachable"]) == ("docker-extension", True)
    assert answers(local_azure, result, folder) == result["engineVersion"]


@pytest.mark.long
def test_killed_while_it_makes_the_certificates(local_azure, tmp_path):
    """Many moments of a short command; test_crash.py tries them all in one process."""
    for number, after in enumerate((0.35, 0.5, 0.6, 0.65, 0.7, 0.8)):
        folder = tmp_path / f"set{number}"
        running = local_azure.start("dockervm", "cert", "create", "-dc", folder)
        time.sleep(after)
        if running.alive:
            running.signal(signal.SIGKILL)
        running.finish()
        before = whole(folder)
        local_azure.az("dockervm", "cert", "create", "-dc", folder).succeeded()
        assert sound(folder) == (before or sound(folder))
