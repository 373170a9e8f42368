"""Docker's own package repository as it is laid out at download.docker.com/linux, with stand-ins for its packages: the
programs of Debian's, under the names, versions and paths of Docker's. Signed by a key of the test's own."""

from __future__ import annotations

import contextlib
import functools
import gzip
import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SUITE = "trixie"
# Docker's package → whose files of Debian's are in it.
PARTS = {
    "docker-ce": ("docker.io",), "docker-ce-cli": ("docker-cli",), "containerd.io": ("containerd", "runc"),
    "docker-buildx-plugin": ("docker-buildx",), "docker-compose-plugin": ("docker-compose",),
}
# As docker/docker-ce-packaging, deb/common/control has them.
FIELDS = {
    "docker-ce": "Depends: containerd.io, docker-ce-cli, iptables\nConflicts: docker.io\n",
    "docker-ce-cli": "Conflicts: docker.io, docker-cli\n",
    "containerd.io": "Provides: containerd, runc\nConflicts: containerd, runc\nReplaces: containerd, runc\n",
    "docker-compose-plugin": "Conflicts: docker-compose\n",
    "docker-buildx-plugin": "Conflicts: docker-buildx\n",
}
UNITS = "usr/lib/systemd/system"
POSTINST = """#!/bin/sh
set -e
getent group docker >/dev/null || groupadd --system docker
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl enable --quiet {units}
    systemctl restart {units}
fi
"""


@dataclass
class DockerRepository:
    """``archives`` is a folder with Debian's packages, ``url`` where it is served."""

    folder: Path
    archives: Path
    url: str = ""
    fingerprint: str = ""
    _made: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home = self.folder / "gnupg"
        self.home.mkdir(parents=True, mode=0o700)
        self.root = self.folder / "linux"
        (self.root / "debian").mkdir(parents=True)
        self.fingerprint = self.make_key("Docker Release")
        self.serve_keys(self.fingerprint)

    def make_key(self, name: str) -> str:
        self._gpg("--passphrase", "", "--quick-gen-key", name, "rsa2048", "sign", "never")
        listed = self._gpg("--with-colons", "--list-keys", name).decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))

    def serve_keys(self, *fingerprints: str) -> None:
        (self.root / "debian/gpg").write_bytes(self._gpg("--armor", "--export", *fingerprints))

    # What is in it

    def offer(self, *versions: str) -> None:
        """docker-ce and docker-ce-cli of these versions; of the others there is one each."""
        self.pool = self.root / f"debian/dists/{SUITE}/pool/stable/amd64"
        self.pool.mkdir(parents=True, exist_ok=True)
        for version in versions:
            for name in ("docker-ce", "docker-ce-cli"):
                self._package(name, f"5:{version}-1~debian.13~{SUITE}")
        for name in ("containerd.io", "docker-buildx-plugin", "docker-compose-plugin"):
            if not list(self.pool.glob(f"{name}_*")):
                self._package(name, f"1.7.29-1~debian.13~{SUITE}")
        self._index()

    def _package(self, name: str, version: str) -> None:
        tree = self._tree(name)
        control = tree / "DEBIAN/control"
        control.write_text(f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: Docker\n"
                           f"{FIELDS[name]}Description: {name} as Docker has it\n")
        file = self.pool / f"{name}_{version.partition(':')[2] or version}_amd64.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, file], check=True, capture_output=True)

    def _tree(self, name: str) -> Path:
        """Its files, unpacked once: programs in /usr/bin, as Docker's packages have them."""
        if name in self._made:
            return self._made[name]
        tree = self.folder / "trees" / name
        tree.mkdir(parents=True)
        for part in PARTS[name]:
            [archive] = self.archives.glob(f"{part}_*.deb")
            subprocess.run(["dpkg-deb", "-x", archive, tree], check=True)
        if (tree / "usr/sbin").is_dir():
            (tree / "usr/bin").mkdir(exist_ok=True)
            for program in (tree / "usr/sbin").iterdir():
                program.rename(tree / "usr/bin" / program.name)
            (tree / "usr/sbin").rmdir()
        for unit in (tree / UNITS).glob("*.service"):
            unit.write_text(unit.read_text().replace("/usr/sbin/dockerd", "/usr/bin/dockerd"))
        if name == "docker-compose-plugin":
            shutil.rmtree(tree / "usr/bin")     # a link to the plugin
        for left in ("usr/share", "etc", "var"):
            shutil.rmtree(tree / left, ignore_errors=True)
        (tree / "DEBIAN").mkdir()
        units = {"docker-ce": "docker.service docker.socket", "containerd.io": "containerd.service"}.get(name)
        if units:
            script = tree / "DEBIAN/postinst"
            script.write_text(POSTINST.format(units=units))
            script.chmod(0o755)
        self._made[name] = tree
        return tree

    def _index(self) -> None:
        """Packages, and a signed InRelease."""
        dists = self.root / f"debian/dists/{SUITE}"
        entries = []
        for file in sorted(self.pool.glob("*.deb")):
            control = subprocess.run(["dpkg-deb", "-f", file], check=True, capture_output=True, text=True).stdout
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            entries.append(f"{control.strip()}\nFilename: {file.relative_to(self.root / 'debian')}\n"
                           f"Size: {file.stat().st_size}\nSHA256: {digest}\n")
        packages = "\n".join(entries).encode()
        folder = dists / "stable/binary-amd64"
        folder.mkdir(parents=True, exist_ok=True)
        sums = ""
        for name, content in {"Packages": packages, "Packages.gz": gzip.compress(packages, mtime=0)}.items():
            (folder / name).write_bytes(content)
            sums += f" {hashlib.sha256(content).hexdigest()} {len(content)} stable/binary-amd64/{name}\n"
        release = self.folder / "Release"
        release.write_text(f"Origin: Docker\nLabel: Docker CE\nSuite: {SUITE}\nCodename: {SUITE}\n"
                           f"Architectures: amd64\nComponents: stable\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n"
                           f"SHA256:\n{sums}")
        (dists / "InRelease").unlink(missing_ok=True)
        self._gpg("--local-user", self.fingerprint, "--output", str(dists / "InRelease"), "--clearsign", str(release))

    def _gpg(self, *words: str) -> bytes:
        return subprocess.run(["gpg", "--homedir", self.home, "--batch", "--quiet", *words], check=True,
                              capture_output=True).stdout

    # Where it is

    @contextlib.contextmanager
    def served_at(self, address: str) -> Iterator[DockerRepository]:
        handler = functools.partial(_Quiet, directory=str(self.folder))
        server = ThreadingHTTPServer((address, 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://{address}:{server.server_port}/linux"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=False)

    @property
    def values(self) -> dict[str, str]:
        """What the set-up script is to be told of it."""
        return {"CHANNEL": "docker", "REPOSITORY": self.url, "REPOSITORY_KEY": self.fingerprint}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass
