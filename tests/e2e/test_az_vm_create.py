"""A Docker host by stock az alone, on a machine that boots: az vm create, the Docker VM extension, az vm open-port."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path

import pytest
from local_azure import eventually
from running import Finished, run

pytestmark = pytest.mark.machines

# The extension was made for this one, and installs Docker on it by itself.
IMAGE = "Canonical:UbuntuServer:18.04-LTS:latest"
PORT = 4243
# From the command's start to SSH answering, on an image that is built.
LIMIT_SECONDS = 60.0


@pytest.fixture(scope="module")
def group(local_azure):
    name = "by-hand"
    local_azure.az("group", "create", "-n", name, "-l", "westus").succeeded()
    yield name
    local_azure.az("group", "delete", "-n", name, "--yes")


@pytest.fixture(scope="module")
def made(local_azure, group, fleet):
    """The VM with every default, and when its creation began."""
    if "plain" in fleet.names:      # whose create is to find no key pair, and to make one
        eventually((local_azure.home / ".ssh/id_rsa.pub").exists, "a key pair is made")
    begun = time.monotonic()
    words = ("vm", "create", "-g", group, "-n", "byhand", "--image", IMAGE, "--generate-ssh-keys")
    return {**local_azure.query(*words), "begun": begun}


@pytest.fixture(scope="module")
def user(local_azure, group, made):
    return local_azure.query("vm", "show", "-g", group, "-n", "byhand")["osProfile"]["adminUsername"]


def ssh(azure, user: str, address: str, *words: str) -> Finished:
    """With the key that az made, and no file of the user who runs these tests."""
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes", "ConnectTimeout=5",
               "LogLevel=ERROR")
    flags = [word for option in options for word in ("-o", option)]
    return run(["ssh", "-F", "none", "-i", azure.home / ".ssh/id_rsa", *flags, f"{user}@{address}", *words])


def test_vm_create_with_defaults_answers_by_ssh(local_azure, made, user):
    while (said := ssh(local_azure, user, made["publicIpAddress"], "hostname")).code != 0:
        assert time.monotonic() < made["begun"] + LIMIT_SECONDS, f"no SSH after {LIMIT_SECONDS:.0f} s: {said}"
        time.sleep(0.2)
    took = time.monotonic() - made["begun"]
    print(f"az vm create → SSH: {took:.1f} s")
    assert said.stdout == "byhand\n"
    assert took < LIMIT_SECONDS


class Certificates:
    """Made by openssl, which shares no code with what is tested."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self._openssl(*new, "-x509", "-days", "2", "-subj", "/CN=by hand", "-keyout", "ca-key.pem", "-out", "ca.pem")
        for name, extension in (("server", f"subjectAltName=IP:{address}"), ("", "extendedKeyUsage=clientAuth")):
            cert, key = (f"{name}-cert.pem", f"{name}-key.pem") if name else ("cert.pem", "key.pem")
            (folder / "extension").write_text(extension)
            self._openssl(*new, "-subj", f"/CN={name or 'client'}", "-keyout", key, "-out", "request")
            self._openssl("x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-days", "2",
                          "-CAcreateserial", "-extfile", "extension", "-out", cert)

    def _openssl(self, *words: str) -> None:
        run(["openssl", *words], os.environ, self.folder).succeeded()

    def encoded(self, name: str) -> str:
        return base64.b64encode((self.folder / name).read_bytes()).decode()


@pytest.fixture(scope="module")
def docker_host(local_azure, group, made, tmp_path_factory):
    """What the 2014 article's command did, by hand."""
    folder = tmp_path_factory.mktemp("by-hand")
    certificates = Certificates(folder, made["publicIpAddress"])
    certs = {"ca": "ca.pem", "cert": "server-cert.pem", "key": "server-key.pem"}
    (folder / "protected.json").write_text(json.dumps({"certs": {
        name: certificates.encoded(file) for name, file in certs.items()}}))
    (folder / "settings.json").write_text(json.dumps({"docker": {"port": str(PORT)}}))
    extension = local_azure.query(
        "vm", "extension", "set", "-g", group, "--vm-name", "byhand", "-n", "DockerExtension", "--publisher",
        "Microsoft.Azure.Extensions", "--version", "1.2", "--settings", folder / "settings.json",
        "--protected-settings", folder / "protected.json")
    assert extension["provisioningState"] == "Succeeded"
    local_azure.az("vm", "open-port", "-g", group, "-n", "byhand", "--port", PORT).succeeded()
    return certificates


def _docker(azure, made, certificates: Certificates, *words: str, timeout: float = 30) -> Finished:
    return azure.docker("--tlsverify", "-H", f"tcp://{made['publicIpAddress']}:{PORT}", *words, timeout=timeout,
                        DOCKER_CERT_PATH=str(certificates.folder))


@pytest.mark.long
def test_vm_extension_set_and_open_port_make_a_docker_host(local_azure, made, docker_host, busybox):
    assert _docker(local_azure, made, docker_host, "info", "-f", "{{.Name}}").succeeded().stdout == "byhand\n"
    _docker(local_azure, made, docker_host, "import", busybox, "busybox").succeeded()
    said = _docker(local_azure, made, docker_host, "run", "--rm", "busybox", "echo", "a container answers")
    assert said.succeeded().stdout == "a container answers\n"


@pytest.mark.long
def test_a_docker_host_by_hand_lets_in_nobody_without_certificates(local_azure, made, docker_host):
    url = f"tcp://{made['publicIpAddress']}:{PORT}"
    refused = local_azure.docker("--tls", "-H", url, "info", timeout=30, DOCKER_CERT_PATH="/nonexistent")
    assert refused.code != 0


@pytest.mark.long
def test_dockervm_info_says_what_it_can_of_a_host_by_hand(local_azure, group, made, docker_host):
    words = ("dockervm", "info", "-g", group, "-n", "byhand", "-dc", docker_host.folder)
    found = local_azure.query(*words)
    assert found["name"] == "byhand"
    assert found["publicIpAddress"] == made["publicIpAddress"]
    assert found["powerState"] == "running"
    assert "dockervm-port" in found["engineUnreachable"], "it says what it misses"
    # With the tag that the extension's own hosts carry, it finds the engine too.
    tag = ("--operation", "merge", "--tags", f"dockervm-port={PORT}")
    local_azure.az("tag", "update", "--resource-id", made["id"], *tag).succeeded()
    found = local_azure.query(*words)
    assert found["engineUnreachable"] is None
    assert found["engine"]["version"]
