"""The instance's container registry: engines pull from it, by its name, as a mirror and with a login."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request

import pytest
from local_azure import eventually

pytestmark = pytest.mark.machines


@pytest.fixture
def host(run_command):
    yield run_command
    for image in run_command.docker("image", "ls", "-q", "--filter", "reference=*/busybox").stdout.split():
        run_command.docker("image", "rm", "-f", image)


def ask(local_azure, registry: str, path: str) -> dict:
    """What the registry says to this machine."""
    context = ssl.create_default_context(cafile=str(local_azure.folder / "tls/ca.pem"))
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
    with opener.open(f"https://{local_azure.environment[registry]}{path}", timeout=20) as answer:
        return json.load(answer)


def test_this_machine_reads_the_catalogue_and_the_private_one_asks_for_a_login(local_azure):
    assert ask(local_azure, "LOCALAZURE_REGISTRY", "/v2/busybox/tags/list") == {"name": "busybox", "tags": ["latest"]}
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask(local_azure, "LOCALAZURE_PRIVATE_REGISTRY", "/v2/busybox/tags/list")


def test_an_engine_pulls_and_runs_what_the_registry_has(host, local_azure):
    image = f"{local_azure.environment['LOCALAZURE_REGISTRY']}/busybox"
    assert host.docker("run", "--rm", image, "echo", "pulled").succeeded().stdout == "pulled\n"


def test_an_engine_pulls_from_the_private_registry_only_after_a_login(host, local_azure):
    registry = local_azure.environment["LOCALAZURE_PRIVATE_REGISTRY"]
    assert "no basic auth credentials" in host.docker("pull", f"{registry}/busybox").stderr
    with open(local_azure.environment["LOCALAZURE_REGISTRY_PASSWORD_FILE"]) as file:
        password = file.read()
    login = f"docker login -u localazure --password-stdin {registry} && docker pull -q {registry}/busybox"
    said = host.run(f"echo {password} | HOME=/tmp/login sh -c '{login}'; rm -r /tmp/login")
    assert f"{registry}/busybox:latest" in said


def test_an_engine_takes_the_registry_as_its_mirror(host, local_azure):
    settings = json.loads(host.run("cat /etc/docker/daemon.json"))
    mirrored = {**settings, "registry-mirrors": [f"https://{local_azure.environment['LOCALAZURE_REGISTRY']}"]}
    try:
        restart(host, mirrored)
        host.docker("pull", "-q", "busybox:latest").succeeded()
    finally:
        restart(host, settings)


def restart(host, settings: dict) -> None:
    host.run(f"echo '{json.dumps(settings)}' > /etc/docker/daemon.json; "
             "systemctl reset-failed docker; systemctl restart docker")
    eventually(lambda: host.docker("version", timeout=20).code == 0, "the engine answers again")
