"""Container images made here: a small busybox, as an archive for `docker import` and as what a registry stores."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import platform
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from localazure import files
from localazure.registry.debian import unpacked

APPLETS = ("sh", "echo", "cat", "ls", "sleep", "httpd", "wget", "nc", "id", "hostname")
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
_LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def digest(data: bytes) -> str:
    """A blob's name in a registry."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass(frozen=True)
class Image:
    """What a registry stores of one image: two blobs and the manifest that names them."""

    config: bytes = field(repr=False)
    layer: bytes = field(repr=False)

    @property
    def manifest(self) -> bytes:
        config = {"mediaType": _CONFIG_TYPE, "size": len(self.config), "digest": digest(self.config)}
        layer = {"mediaType": _LAYER_TYPE, "size": len(self.layer), "digest": digest(self.layer)}
        value = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": [layer]}
        return json.dumps(value).encode()


def image(archive: bytes, command: list[str]) -> Image:
    """The image of a root folder's tar archive. The same archive gives the same digests."""
    config = {
        "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {"Cmd": command, "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(archive)]},
        "history": [{"created_by": "Local Azure"}],
    }
    return Image(json.dumps(config).encode(), gzip.compress(archive, mtime=0))


def busybox() -> Image:
    """The one image that every registry of Local Azure has."""
    return image(busybox_archive().read_bytes(), ["sh"])


def busybox_archive() -> Path:
    """A tar archive of a root folder with a static busybox, made once."""
    archive = files.cache() / "busybox.tar"
    if not archive.exists():
        data = _archive((unpacked("busybox-static") / "usr/bin/busybox").read_bytes())
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=archive.parent, delete=False) as file:
            file.write(data)
        os.replace(file.name, archive)
    return archive


def _archive(program: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777)):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        entry = tarfile.TarInfo("bin/busybox")
        entry.mode, entry.size = 0o755, len(program)
        tar.addfile(entry, io.BytesIO(program))
        for applet in APPLETS:
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
    return buffer.getvalue()


if __name__ == "__main__":
    print(busybox_archive())
