"""Where an engine is and which certificates open it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
