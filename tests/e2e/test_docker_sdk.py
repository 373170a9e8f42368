"""The Docker SDK for Python against a booted host: what scripts are written with."""

from __future__ import annotations

import docker
import pytest

pytestmark = pytest.mark.machines


@pytest.fixture(params=["extension", "run_command"])
def host(request):
    return request.getfixturevalue(request.param)


def test_run_returns_what_the_container_said(host, busybox, monkeypatch):
    """It reads the logs of json-file and journald only; with the driver `local` it returns None."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):   # requests lets them replace the certificate authority
        monkeypatch.delenv(name, raising=False)
    if not host.docker("image", "ls", "-q", "busybox").succeeded().stdout:
        host.docker("import", busybox, "busybox").succeeded()
    files = {name: str(host.folder / f"{name}.pem") for name in ("ca", "cert", "key")}
    tls = docker.TLSConfig(client_cert=(files["cert"], files["key"]), ca_cert=files["ca"], verify=True)
    client = docker.DockerClient(base_url=host.url, tls=tls, timeout=30)
    try:
        assert client.containers.run("busybox", ["echo", "hello from a container"], remove=True) == (
            b"hello from a container\n")
    finally:
        client.close()


def test_logs_are_bounded(host):
    driver, = host.docker("info", "--format", "{{.LoggingDriver}}").succeeded().stdout.split()
    host.docker("run", "-d", "--name", "logs", "busybox", "echo", "hello").succeeded()
    try:
        config = host.docker("inspect", "-f", "{{json .HostConfig.LogConfig.Config}}", "logs").succeeded().stdout
    finally:
        host.docker("rm", "-f", "logs")
    assert driver == "json-file" and '"max-size":"10m"' in config and '"max-file":"3"' in config
