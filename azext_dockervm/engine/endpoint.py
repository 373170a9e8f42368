"""Where an engine is and which certificates open it; and the docker command that a user types for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from azext_dockervm.shell import typed


def docker_s_own_folder() -> Path:
    """Where the docker client looks for certificates: DOCKER_CERT_PATH, else its configuration's folder."""
    named = os.environ.get("DOCKER_CERT_PATH") or os.environ.get("DOCKER_CONFIG")
    return Path(os.path.abspath(named)) if named else Path.home() / ".docker"


@dataclass(frozen=True)
class Endpoint:
    """``host`` is a DNS name or address; ``folder`` holds ca.pem, cert.pem and key.pem."""

    host: str
    port: int
    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def certificate(self) -> Path:
        return self.folder / "cert.pem"

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"

    @property
    def docker_host(self) -> str:
        return f"tcp://{self.host}:{self.port}"

    def missing_file(self) -> Path | None:
        return next((path for path in (self.ca, self.certificate, self.key) if not path.is_file()), None)

    def command(self, *words: str) -> str:
        """What to type; a folder that the docker client would not look into by itself is named."""
        files = [] if self.folder == docker_s_own_folder() else [
            f"--tlscacert={self.ca}", f"--tlscert={self.certificate}", f"--tlskey={self.key}"]
        return typed(["docker", "--tlsverify", *files, "-H", self.docker_host, *words])
