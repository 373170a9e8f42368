"""Libraries that people drive Docker with, each installed as its own users do, against a booted host."""

from __future__ import annotations

import os
import sys
import textwrap

import pytest
from local_azure import GROUP
from running import run

pytestmark = [pytest.mark.machines, pytest.mark.long]

PYTHON_ON_WHALES = """
from python_on_whales import DockerClient
print(DockerClient(context="{context}").run("busybox", ["echo", "hello from a container"], remove=True))
"""
TESTCONTAINERS = """
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
testcontainers_config.ryuk_disabled = True      # its image can't be had here
with DockerContainer("busybox").with_command("sleep 60") as container:
    print(container.get_container_host_ip(), container.exec("echo hello from a container").output.decode())
"""
DOCKERODE = """
const Docker = require("dockerode"), {{ PassThrough }} = require("stream");
const engine = new Docker(), out = new PassThrough();
out.pipe(process.stdout);
engine.run("busybox", ["echo", "hello from a container"], out, {{HostConfig: {{AutoRemove: true}}}})
    .then(([ended]) => process.exit(ended.StatusCode));
"""


@pytest.fixture
def host(run_command, busybox):
    if not run_command.docker("image", "ls", "-q", "busybox").succeeded().stdout:
        run_command.docker("import", busybox, "busybox").succeeded()
    return run_command


@pytest.fixture
def environment(host) -> dict[str, str]:
    """As `az dockervm env` sets it, for a shell that has nothing else."""
    lines = host.azure.az("dockervm", "env", "-g", GROUP, "-n", host.name, "-dc", host.folder, "--shell", "bash",
                          "--testcontainers").succeeded().stdout
    # requests lets these take the place of the host's authority, as README says.
    bundles = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    named = {name: value for name, value in host.azure.environment.items() if name not in bundles}
    said = run(["bash", "-c", f"{lines}\nenv -0"], named).succeeded().stdout
    return dict(line.split("=", 1) for line in said.split("\0") if "=" in line)


def python_with(folder, *packages: str) -> str:
    run([sys.executable, "-m", "venv", folder], timeout=120).succeeded()
    run([folder / "bin/pip", "install", "-q", *packages], timeout=300).succeeded()
    return str(folder / "bin/python")


def test_python_on_whales_by_a_context(host, tmp_path):
    made = host.azure.query("dockervm", "context", "create", "-g", GROUP, "-n", host.name, "-dc", host.folder)
    program = PYTHON_ON_WHALES.format(context=made["name"])
    try:
        said = run([python_with(tmp_path / "venv", "python-on-whales"), "-c", program], host.azure.environment)
    finally:
        host.azure.az("dockervm", "context", "remove", "-n", made["name"], "--yes").succeeded()
    assert said.succeeded().stdout == "hello from a container\n"


def test_testcontainers_by_the_environment(host, environment, tmp_path):
    said = run([python_with(tmp_path / "venv", "testcontainers"), "-c", TESTCONTAINERS], environment).succeeded()
    assert said.stdout.split("\n")[0] == f"{host.result['fqdn']} hello from a container"


def test_dockerode_by_the_environment(host, environment, tmp_path):
    run(["npm", "install", "--silent", "--prefix", tmp_path, "dockerode"], {**os.environ, "HOME": str(tmp_path)},
        timeout=300).succeeded()
    program = textwrap.dedent(DOCKERODE.format())
    said = run(["node", "-e", program], {**environment, "NODE_PATH": str(tmp_path / "node_modules")}, tmp_path)
    assert said.succeeded().stdout.strip() == "hello from a container"
