"""Docker commands for a finished host."""

from __future__ import annotations

import os
from pathlib import Path

from azext_dockervm.advice.command_line import docker
from azext_dockervm.advice.subject import Engine


def on_engine(engine: Engine, *words: str) -> str:
    """A docker command for this engine: ``on_engine(endpoint, "info")``. The certificates are named where the docker
    client would not find them by itself."""
    files = [] if engine.folder == client_folder() else [
        f"--tlscacert={engine.ca}", f"--tlscert={engine.certificate}", f"--tlskey={engine.key}"]
    return docker("--tlsverify", *files, "-H", engine.docker_host, *words)


def on_unknown_port(address: str | None) -> str:
    """For an engine of which only the ``address`` is known, or not even that; PORT is the user's to fill in."""
    return docker("--tlsverify", "-H", f"tcp://{address or 'ADDRESS'}:PORT", "info")


def run(image: str) -> str:
    """A container of this image."""
    return docker("run", image)


def client_folder() -> Path:
    """Where the docker client looks for certificates: DOCKER_CERT_PATH, else its configuration's folder."""
    named = os.environ.get("DOCKER_CERT_PATH") or os.environ.get("DOCKER_CONFIG")
    return Path(os.path.abspath(named)) if named else Path.home() / ".docker"


def in_context(context: str, *words: str) -> str:
    """A docker command for the engine of a context of the docker client."""
    return docker("--context", context, *words)


def build_by(builder: str) -> str:
    """A build of the current folder by a builder of buildx's."""
    return docker("buildx", "build", "--builder", builder, ".")
