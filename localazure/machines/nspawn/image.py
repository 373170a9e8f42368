"""The image that every guest boots: Debian without Docker, built once with mmdebstrap and cached with its packages.

Cache: ${DOCKERVM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/az-dockervm}/image/
    <version>/root      the guest's file system; never written after the build (guests lay an overlay over it)
    <version>/variants/ layers over it: variants.py
    <version>/users/    one file per instance that has guests on it, naming that instance's folder
    packages/           the .deb files of the last build, so that the next one downloads only what is new
The version is a hash of the recipe. Docker's packages and the archive's lists lie inside the image, so that
`apt-get install docker.io` in a guest takes seconds and needs no network; `apt-get update` asks the host's mirrors.
Run as a program it builds the image and prints its folder.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localazure import files
from localazure.machines.foundation.commands import output, run, succeeds
from localazure.machines.machine import MachineError

SUITE = "trixie"
# e2fsprogs, fdisk, parted: data disks. procps, curl, openssl: what people and set-up scripts expect of an Azure image.
PACKAGES = (
    "systemd", "systemd-sysv", "systemd-resolved", "dbus", "cloud-init", "openssh-server", "sudo", "iproute2",
    "iptables", "iputils-ping", "ca-certificates", "openssl", "curl", "procps", "e2fsprogs", "fdisk", "parted",
    "lsb-release",
)  # fmt: skip
# Downloaded into the guest's archive, not installed: what set-up scripts and the extension ask apt for.
ARCHIVE = ("docker.io", "docker-cli", "docker-compose", "gpg")
# Work for machines that live for months; in a guest of an hour they only hold the package lock at a bad moment.
MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service",
    "fstrim.timer", "man-db.timer", "systemd-timesyncd.service", "systemd-firstboot.service",
    "console-getty.service", "getty.target",
)  # fmt: skip
ENABLED = (
    "systemd-networkd.service", "systemd-resolved.service", "ssh.service", "localazure-cgroups.service",
    "localazure-containers.service", "localazure-ready.service", "localazure-disks.service",
    "localazure-docker.service",
)  # fmt: skip
# mmdebstrap's hooks, with the new root as $1: packages of the last build go in, Docker's come out of the archive. A
# guest's apt installs recommended packages too unless it is told not to, so they are fetched as well.
PUT_PACKAGES = 'mkdir -p "$1/var/cache/apt/archives" && cp -f "$PACKAGES"/*.deb "$1/var/cache/apt/archives/" || true'
FETCH_DOCKER = (
    'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes --download-only --install-recommends install '
    + " ".join(ARCHIVE)
)
ROOTFS = Path(__file__).parent / "rootfs"
# Acquire settings of this machine that a guest shares; a proxy on loopback would be none in the guest.
SHARED_APT = re.compile(r'^(Acquire::(Check-Valid-Until|Check-Date|Retries|https?::Proxy(::[^ ]+)?)) "([^"]+)";$')
LOOPBACK = re.compile(r"//(localhost|127\.|\[::1\])")
# mmdebstrap ends in a minute or two; a slow mirror gets half an hour.
BUILD_TIMEOUT_S = 1800.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Image:
    """A built image: `root` is the folder that overlays use as their lower layer."""

    version: str
    root: Path


def cache_dir() -> Path:
    """The folder of images and packages."""
    return files.cache() / "image"


def host_sources() -> tuple[str, ...]:
    """This machine's own apt sources of the suite, one-line style; else the mirror that LOCALAZURE_MIRROR names."""
    form = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)"
    asked = run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"], check=False)
    found = sources_from_targets(asked.stdout.decode(errors="replace"))
    mirror = os.environ.get("LOCALAZURE_MIRROR")
    if not found and not mirror:
        message = f"The guests' image is built from Debian '{SUITE}', of which apt here knows no source."
        raise MachineError("ImageUnavailable", f"{message} Name one: export LOCALAZURE_MIRROR=http://MIRROR/debian")
    return found or (f"deb {mirror} {SUITE} main", f"deb {mirror} {SUITE}-updates main")


def sources_from_targets(targets: str) -> tuple[str, ...]:
    """One-line sources from the lines URI|RELEASE|COMPONENT|SIGNED_BY; only http(s) ones of Debian's own keyring."""
    lines: dict[str, None] = {}
    for target in targets.splitlines():
        uri, release, component, signed_by = [*target.split("|"), "", "", "", ""][:4]
        ours = release == SUITE or release.startswith(f"{SUITE}-")
        debian = signed_by.startswith(("/usr/share/keyrings/debian-", "$"))
        if ours and debian and uri.startswith(("http://", "https://")):
            lines[f"deb {uri.rstrip('/')} {release} {component}"] = None
    return tuple(lines)


def shared_apt_settings(dump: str) -> str:
    """The apt.conf text of the settings in `apt-config dump` that guests need as well."""
    kept = [line for line in dump.splitlines() if SHARED_APT.match(line) and not LOOPBACK.search(line)]
    return "".join(f"{line}\n" for line in kept)


def recipe_version(sources: tuple[str, ...], settings: str) -> str:
    """Twelve hexadecimal digits that change with anything that goes into the image."""
    files = {
        str(path.relative_to(ROOTFS)): [path.read_text(encoding="utf-8"), os.access(path, os.X_OK)]
        for path in sorted(ROOTFS.rglob("*"))
        if path.is_file()
    }
    recipe = [SUITE, PACKAGES, FETCH_DOCKER, MASKED, ENABLED, sources, settings, files]
    return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:12]


def ensure_image(say: Say | None = None, cache: Path | None = None) -> Image:
    """The image, built first when it is missing; another process that builds it is waited for."""
    cache = cache or cache_dir()
    sources = host_sources()
    settings = shared_apt_settings(output(["apt-config", "dump", "Acquire"]))
    version = recipe_version(sources, settings)
    image = Image(version, cache / version / "root")
    if image.root.is_dir():
        return image
    say = say or say_on_stderr
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(cache / "lock", say):
        if not image.root.is_dir():
            _remove_leftovers(cache)
            _build(image, cache, sources, settings, say)
            _remove_unused(cache, version)
    return image


def claim(image: Image, instance: str, state_dir: Path) -> None:
    """Note that this instance's guests stand on the image, so that no newer build removes it."""
    users = image.root.parent / "users"
    users.mkdir(exist_ok=True)
    (users / instance).write_text(str(state_dir), encoding="utf-8")


def release(instance: str, cache: Path | None = None) -> None:
    """Take this instance's claims back."""
    for claimed in (cache or cache_dir()).glob(f"*/users/{instance}"):
        claimed.unlink(missing_ok=True)


def _build(image: Image, cache: Path, sources: tuple[str, ...], settings: str, say: Say) -> None:
    started = time.monotonic()
    building = cache / f".building-{os.getpid()}"
    root = building / "root"
    packages = cache / "packages"
    for folder in (building, packages):
        folder.mkdir(exist_ok=True)
    say(f"building the guests' image {image.version} from {sources[0].split()[1]} (once; it is cached)")
    _bootstrap(root, packages, sources, settings, building / "build.log")
    say(f"  packages installed after {time.monotonic() - started:.0f} s")
    _keep_packages(root, packages)
    _configure(root, settings)
    (building / "users").mkdir()
    os.replace(building, cache / image.version)
    say(f"  image ready after {time.monotonic() - started:.0f} s in {cache / image.version}")


def _bootstrap(root: Path, packages: Path, sources: tuple[str, ...], settings: str, log: Path) -> None:
    """Run mmdebstrap in namespaces of its own: killed with us at any moment, it leaves no process and no mount."""
    argv = [
        "setpriv", "--pdeathsig", "KILL",
        "unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
        "mmdebstrap", "--mode=root", "--format=directory", "--variant=apt", f"--include={','.join(PACKAGES)}",
        # The lists stay for the guests' apt; downloaded packages are sorted out by _keep_packages.
        "--skip=essential/unlink,cleanup/apt",
        *(f"--dpkgopt={line}" for line in (ROOTFS / "etc/dpkg/dpkg.cfg.d/localazure").read_text().splitlines()
          if line and not line.startswith("#")),
        *(f"--aptopt={line}" for line in settings.splitlines()),
        f"--setup-hook={PUT_PACKAGES}", f"--customize-hook={FETCH_DOCKER}",
        SUITE, str(root), *sources,
    ]  # fmt: skip
    environment = {**os.environ, "PACKAGES": str(packages), "LC_ALL": "C"}
    with log.open("wb") as record:
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, stdout=record, stderr=record, env=environment, check=False,
                timeout=BUILD_TIMEOUT_S,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise MachineError("ImageBuildFailed", f"the image was not built within {BUILD_TIMEOUT_S:.0f} s") from error
    if done.returncode != 0:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise MachineError("ImageBuildFailed", f"mmdebstrap could not build the guests' image:\n{last}")


def _keep_packages(root: Path, packages: Path) -> None:
    """Move the downloaded packages to the cache; those that are not installed stay in the guest's archive as well."""
    status = (root / "var/lib/dpkg/status").read_text(encoding="utf-8")
    installed = set(re.findall(r"^Package: (\S+)$", status, re.MULTILINE))
    archives = root / "var/cache/apt/archives"
    fresh = packages.with_name(".packages-new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for package in archives.glob("*.deb"):
        os.link(package, fresh / package.name)
        if package.name.split("_")[0] in installed:
            package.unlink()
    shutil.rmtree(packages, ignore_errors=True)
    os.replace(fresh, packages)


def _configure(root: Path, settings: str) -> None:
    """What no package does: the files of rootfs/, services on and off, nothing in it that must differ per machine."""
    shutil.copytree(ROOTFS, root, dirs_exist_ok=True, symlinks=True)
    if settings:
        (root / "etc/apt/apt.conf.d/90localazure").write_text(settings, encoding="utf-8")
    # Genuine software expects dockerd in /usr/bin; Debian's package has it in /usr/sbin only.
    (root / "usr/bin/dockerd").symlink_to("../sbin/dockerd")
    run(["systemctl", f"--root={root}", "mask", *MASKED])
    run(["systemctl", f"--root={root}", "enable", *ENABLED])
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    for left in ("etc/hostname", "etc/resolv.conf", "var/lib/dbus/machine-id"):
        (root / left).unlink(missing_ok=True)
    (root / "etc/machine-id").write_text("")
    (root / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    (root / "var/lib/docker").mkdir(mode=0o710, exist_ok=True)


def _remove_leftovers(cache: Path) -> None:
    for left in (*cache.glob(".building-*"), *cache.glob(".packages-new"), *cache.glob(".removing-*")):
        shutil.rmtree(left)


def _remove_unused(cache: Path, keep: str) -> None:
    """Older images go, unless an instance whose folder is still there has guests on them."""
    for root in cache.glob("*/root"):
        version = root.parent
        users = [Path(user.read_text(encoding="utf-8")) for user in version.glob("users/*")]
        if version.name != keep and not any(user.exists() for user in users):
            doomed = cache / f".removing-{version.name}"
            os.replace(version, doomed)
            shutil.rmtree(doomed)


@contextmanager
def locked(path: Path, say: Say) -> Iterator[None]:
    """Only one builds; another process that does is waited for."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that builds the guests' image")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say_on_stderr(line: str) -> None:
    """What is said of a build where nobody listens otherwise."""
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Build the image if it is missing and print its folder."""
    argparse.ArgumentParser(prog="python -m localazure.machines.nspawn.image", description=main.__doc__).parse_args()
    if os.geteuid() != 0 or not succeeds(["mmdebstrap", "--version"]):
        print("the image is built as root with mmdebstrap", file=sys.stderr)
        return 1
    try:
        print(ensure_image().root)
    except MachineError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
