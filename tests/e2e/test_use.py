"""A host in the tools that people have: contexts and shells, builds, Compose, the SDK, a tunnel, a builder."""

from __future__ import annotations

import shutil
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import docker
import pytest
from local_azure import GROUP, eventually
from running import run

pytestmark = pytest.mark.machines

COMPOSE = """
services:
  hello:
    build: .
    command: ["echo", "composed"]
"""


@pytest.fixture(scope="module")
def client(local_azure, tmp_path_factory):
    """A docker client with a folder of its own, with Debian's buildx and Compose."""
    folder = str(tmp_path_factory.mktemp("client"))
    before = local_azure.environment
    local_azure.environment = {**before, "DOCKER_CONFIG": folder}
    yield folder
    local_azure.environment = before


@pytest.fixture
def host(run_command, busybox, client):
    if not run_command.docker("image", "ls", "-q", "busybox").succeeded().stdout:
        run_command.docker("import", busybox, "busybox").succeeded()
    return run_command


@pytest.fixture
def context(host):
    """The name of the host's context, which is not the current one."""
    made = host.azure.query("dockervm", "context", "create", "-g", GROUP, "-n", host.name, "-dc", host.folder)
    assert (made["dockerHost"], made["host"].lower()) == (host.url, host.result["id"].lower())
    return made["name"]


@pytest.fixture
def project(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM busybox\nCOPY word /word\nCMD cat /word\n")
    (tmp_path / "word").write_text("built\n")
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    return tmp_path


def test_a_context_needs_no_certificates_named(host, context):
    said = host.azure.docker("--context", context, "run", "--rm", "busybox", "echo", "by its context").succeeded()
    assert said.stdout == "by its context\n"
    shown = host.azure.query("dockervm", "context", "show", "-n", context)
    assert (shown["current"], shown["stale"]) == (False, False)


def test_builds_by_buildx_and_compose(host, context, project):
    def docker_at(*words):
        return host.azure.docker("--context", context, *words, timeout=120).succeeded()

    docker_at("buildx", "build", "-t", "word", project)
    assert docker_at("run", "--rm", "word").stdout == "built\n"
    up = docker_at("compose", "-f", project / "compose.yaml", "up", "--build", "--no-color")
    try:
        assert "composed" in up.stdout
    finally:
        docker_at("compose", "-f", project / "compose.yaml", "down", "--rmi", "all")
        docker_at("image", "rm", "word")


def test_the_sdk_by_a_context(host, context, client, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", client)
    config = Path(client, "config.json")
    config.write_text(config.read_text() if config.exists() else "{}")      # without one the SDK looks for no contexts
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    found = docker.ContextAPI.get_context(context)
    assert (found.Host.replace("https://", "tcp://"), found.TLSConfig.verify) == (host.url, True)
    with closing(docker.DockerClient(base_url=found.Host, tls=found.TLSConfig, timeout=30)) as engine:
        assert engine.containers.run("busybox", ["echo", "by the SDK"], remove=True) == b"by the SDK\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_environment_of_a_shell(host, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    lines = host.azure.az("dockervm", "env", "-g", GROUP, "-n", host.name, "-dc", host.folder, "--shell", shell,
                          "-o", "table").succeeded().stdout
    script = lines if shell == "fish" else 'eval "$LINES_OF_ENV"'
    script += f'\ndocker run --rm busybox echo "from {shell}"'
    said = run([shell, "-c", script], {**host.azure.environment, "LINES_OF_ENV": lines}, host.azure.home)
    assert said.succeeded().stdout == f"from {shell}\n"


def test_through_a_tunnel_of_ssh(host, fleet):
    """As README says; the host's certificate names 127.0.0.1."""
    azure, port = host.azure, free_port()
    tunnel = subprocess.Popen([
        "ssh", "-N", "-L", f"{port}:localhost:{host.result['dockerPort']}", "-p", "2222", "-i", str(fleet.ssh_key),
        "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
        "ExitOnForwardFailure=yes", f"skipper@{host.result['fqdn']}"], stdin=subprocess.DEVNULL)
    try:
        made = azure.query("dockervm", "context", "create", "-g", GROUP, "-n", host.name, "-dc", host.folder,
                           "--context-name", "inside", "--via", f"127.0.0.1:{port}")
        assert made["dockerHost"] == f"tcp://127.0.0.1:{port}"
        eventually(lambda: azure.docker("--context", "inside", "version", timeout=20).code == 0, "the tunnel", 30)
        said = azure.docker("--context", "inside", "run", "--rm", "busybox", "echo", "through").succeeded()
        assert said.stdout == "through\n"
    finally:
        tunnel.terminate()
        tunnel.wait(10)
        azure.az("dockervm", "context", "remove", "-n", "inside", "--yes").succeeded()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_builder_over_two_hosts(plain, extension, client):
    azure = plain.azure
    made = azure.query("dockervm", "builder", "create", "-g", GROUP, "-n", "pool", "--hosts", plain.name,
                       extension.name)
    try:
        assert made["name"] == "pool" and len(made["nodes"]) == 2
        assert azure.docker("buildx", "ls").succeeded().stdout.count("dockervm-pool-") == 2
    finally:
        azure.az("dockervm", "builder", "remove", "-n", "pool").succeeded()
    assert "pool" not in azure.docker("buildx", "ls").succeeded().stdout


def test_a_host_is_back_with_the_same_context_after_it_was_deallocated(without_cloud_init, client):
    host, azure = without_cloud_init, without_cloud_init.azure
    at = ("-g", GROUP, "-n", host.name)
    made = azure.query("dockervm", "context", "create", *at, "-dc", host.folder)
    azure.az("vm", "deallocate", *at).succeeded()
    azure.az("vm", "start", *at).succeeded()
    eventually(lambda: azure.docker("--context", made["name"], "version", timeout=20).code == 0, "Docker again", 60)
    assert azure.query("dockervm", "show", *at)["dockerHost"] == made["dockerHost"]
