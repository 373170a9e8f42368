"""A docker client of the test's own: its configuration in a folder, the real ``docker``, an engine on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from context_values import HOST, VM
from tls_engine import serving

from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.contexts.store import ContextStore


@pytest.fixture
def client(tmp_path, monkeypatch) -> Path:
    """The configuration folder, which does not exist yet."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "BUILDX_CONFIG",
                 "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "client"))
    return tmp_path / "client"


@pytest.fixture
def contexts(client) -> ContextStore:
    return ContextStore()


@pytest.fixture
def folder(two_authorities, tmp_path) -> Path:
    return Path(shutil.copytree(two_authorities / "mine", tmp_path / "mine"))


@pytest.fixture
def other(two_authorities) -> Path:
    """Of another authority; read only."""
    return two_authorities / "other"


@pytest.fixture
def files(folder):
    return CertificateStore(folder).tls_contents()


@pytest.fixture
def other_files(other):
    return CertificateStore(other).tls_contents()


@pytest.fixture
def put(contexts, folder, files):
    """put(name="web1", docker_host=HOST, vm_id=VM, …) → the outcome."""
    def make(name="web1", docker_host=HOST, vm_id=VM, cert_dir=folder, content=files):
        return contexts.put(name, docker_host, vm_id, cert_dir, content)

    return make


@pytest.fixture
def docker(client):
    """docker(words …) → what the docker client prints; it fails the test where docker does, but for ``check=False``,
    which gives the finished process."""
    if not shutil.which("docker"):
        pytest.skip("there is no docker client (docker-cli)")

    def run(*words, check=True, **variables):
        done = subprocess.run(["docker", *words], capture_output=True, text=True, env={**os.environ, **variables},
                              timeout=60)
        if not check:
            return done
        assert done.returncode == 0 and "WARN" not in done.stderr.upper(), done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def engine(folder, tmp_path):
    """Endpoint of an engine on loopback that lets in who has a certificate of ``folder``'s authority."""
    here = ServerIdentity.parse(["localhost", "127.0.0.1"])
    credential = CertificateStore(folder).load_authority().issue_server(here)
    pem = tmp_path / "server.pem"
    pem.write_bytes(credential.certificate_pem + credential.key_pem.reveal())
    with serving(pem, folder / "ca.pem") as port:
        yield f"tcp://127.0.0.1:{port}"


@pytest.fixture
def everything(client):
    """everything() → each file of the client's configuration with its bytes and mode, to see that nothing changed."""
    def look():
        return {path.relative_to(client): (path.lstat().st_mode, path.read_bytes() if path.is_file() else None)
                for path in sorted(client.rglob("*")) if path.name != ".dockervm.lock"}

    return look


@pytest.fixture
def config(client):
    """config({...}) writes config.json; config() reads it."""
    def settings(content=None):
        if content is None:
            return json.loads((client / "config.json").read_text())
        client.mkdir(exist_ok=True)
        (client / "config.json").write_text(content if isinstance(content, str) else json.dumps(content))
        return content

    return settings
