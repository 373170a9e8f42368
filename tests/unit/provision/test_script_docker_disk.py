"""Docker's own disk in the set-up script: real file systems in files that stand for disks, a stand-in that mounts them.

A file system's contents are the folder `disks/UUID` of the machine; to mount one is a link.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from script_machine import Machine, needs_tools

MKFS, BLKID = (shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") for tool in ("mkfs.ext4", "blkid"))
pytestmark = [needs_tools, pytest.mark.skipif(not (MKFS and BLKID), reason="needs mkfs.ext4 and blkid")]

UNITS = "etc/systemd/system"
DISK_UNIT = f"{UNITS}/var-lib-dockervm-disk.mount"
# Mounting: the unit's What and Where are read as systemd would, and whoever needs what is not mounted fails.
MOUNTING = """
mount() {
    unit=$root/etc/systemd/system/$1
    what=$(sed -n 's/^What=//p' "$unit") where=$root$(sed -n 's/^Where=//p' "$unit")
    case $what in
    /dev/*) target=$root/disks/${what##*/}; [ -e "$root$what" ] || return 1 ;;
    *) target=$root$what; [ -e "$root/run/mounted/var-lib-dockervm-disk.mount" ] || return 1 ;;
    esac
    mkdir -p "$target" "$root/run/mounted" "${where%/*}"
    [ ! -e "$root/run/mounted/$1" ] || return 0
    [ ! -d "$where" ] || mv "$where" "$where.below"
    ln -s "$target" "$where" && : >"$root/run/mounted/$1"
}
case "$*" in
'is-active --quiet '*.mount) [ -e "$root/run/mounted/$3" ]; exit ;;
'start '*.mount) [ ! -e "$root/switch/mount-fails" ] && mount "$2"; exit ;;
'stop docker.socket docker.service containerd.service') rm -f "$root/run/up"; exit ;;
esac
"""


class Disk:
    """A file that stands for a disk at a LUN."""

    def __init__(self, machine: Machine, lun: int, megabytes: int = 40, links: str = "disk/azure/scsi1/lun") -> None:
        self.machine, self.lun = machine, lun
        self.file = machine.root / f"disk-{lun}"
        with self.file.open("wb") as file:
            file.truncate(megabytes << 20)
        link = machine.root / "dev" / f"{links}{lun}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(self.file)

    @property
    def uuid(self) -> str:
        return self._says("UUID")

    @property
    def type(self) -> str:
        return self._says("TYPE")

    def _says(self, what: str) -> str:
        return subprocess.run([str(BLKID), "-p", "-s", what, "-o", "value", str(self.file)], capture_output=True,
                              text=True).stdout.strip()

    def format(self) -> None:
        subprocess.run([str(MKFS), "-q", str(self.file)], check=True)

    def shown(self) -> None:
        """As udev does, by the UUID of what is on it."""
        links = self.machine.root / "dev/disk/by-uuid"
        links.mkdir(parents=True, exist_ok=True)
        if self.uuid:
            (links / self.uuid).symlink_to(self.file)

    def folder(self) -> Path:
        """What is on it."""
        return self.machine.root / "disks" / self.uuid


def with_disks(machine: Machine) -> Machine:
    body = (machine.tools / "systemctl").read_text()
    head, rest = body.split("engine_pid=", 1)
    (machine.tools / "systemctl").write_text(f"{head}{MOUNTING}engine_pid={rest}")
    # udev makes the link as soon as mkfs has closed the disk.
    machine.add_tool("mkfs.ext4", f"""
if [ -e "$root/switch/mkfs-hangs" ]; then {MKFS} -n "$@" >/dev/null; exec /bin/sleep 60; fi
{MKFS} "$@" || exit
for disk; do :; done
mkdir -p "$root/dev/disk/by-uuid"
ln -s "$disk" "$root/dev/disk/by-uuid/$({BLKID} -p -s UUID -o value "$disk")"
""")
    machine.add_tool("blkid", f'exec {BLKID} "$@"\n')
    return machine


@pytest.fixture
def host(machine: Machine) -> Machine:
    """In each shell."""
    return with_disks(machine)


@pytest.fixture
def dash_host(dash_machine: Machine) -> Machine:
    return with_disks(dash_machine)


def mounted(machine: Machine) -> set[str]:
    folder = machine.root / "run/mounted"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


ALL = {"var-lib-dockervm-disk.mount", "var-lib-docker.mount", "var-lib-containerd.mount"}


def formatted(machine: Machine) -> int:
    return sum(call.startswith("mkfs") for call in machine.calls())


def test_a_blank_disk_is_formatted_once_and_mounted_by_its_uuid_before_docker_is_installed(host):
    disk = Disk(host, 2)
    assert host.run("install", DOCKER_LUN="2").reason is None
    assert disk.type == "ext4" and mounted(host) == ALL
    assert f"What=/dev/disk/by-uuid/{disk.uuid}\n" in host.file(DISK_UNIT).read_text()
    calls = host.calls()
    docker = next(number for number, call in enumerate(calls) if "docker.io" in call)
    assert calls.index("systemctl start var-lib-containerd.mount") < docker
    for service in ("docker", "containerd"):
        drop_in = host.file(f"{UNITS}/{service}.service.d/dockervm-disk.conf").read_text()
        assert "RequiresMountsFor=/var/lib/docker /var/lib/containerd\n" in drop_in
        assert (host.file(f"var/lib/{service}").resolve()) == disk.folder() / service
    again = host.run("install", DOCKER_LUN="2")
    assert again.reason is None and formatted(host) == 1
    assert host.calls().count("systemctl start var-lib-docker.mount") == 1


def test_the_growth_of_the_disk_is_taken_up_when_the_engine_starts(dash_host):
    Disk(dash_host, 0)
    dash_host.run("install", DOCKER_LUN="0")
    drop_in = dash_host.file(f"{UNITS}/docker.service.d/dockervm-disk.conf").read_text()
    assert "\n[Service]\nExecStartPre=-/usr/lib/systemd/systemd-growfs /var/lib/dockervm/disk\n" in drop_in
    assert "ExecStartPre" not in dash_host.file(f"{UNITS}/containerd.service.d/dockervm-disk.conf").read_text()


def test_a_machine_boots_without_the_disk(dash_host):
    """What systemd adds by itself would hold up local-fs.target."""
    Disk(dash_host, 0)
    dash_host.run("install", DOCKER_LUN="0")
    for name in ALL:
        lines = dash_host.file(f"{UNITS}/{name}").read_text().splitlines()
        assert "DefaultDependencies=no" in lines and {"Conflicts=umount.target", "Before=umount.target"} <= set(lines)
        assert not any("local-fs.target" in line or line == "[Install]" for line in lines)


def test_without_a_lun_nothing_of_it_is_there(dash_host):
    dash_host.run("install")
    assert not dash_host.file(DISK_UNIT).exists() and not mounted(dash_host)


@pytest.mark.parametrize("links", ["disk/azure/data/by-lun/", "disk/azure/scsi1/lun"])
def test_the_disk_is_found_by_the_links_that_images_have(dash_host, links):
    disk = Disk(dash_host, 5, links=links)
    assert dash_host.run("request", SUBJECT="a.test", NAMES="DNS:a.test", DOCKER_LUN="5").reason is None
    assert disk.type == "ext4"


def test_an_nvme_disk_without_links_is_found_by_its_namespace(dash_host):
    disk = Disk(dash_host, 3, links="nvme0n")       # the third namespace that was found, whatever its number
    azure_s = "MSFT NVMe Accelerator v1.0"
    for name, namespace, model in (("nvme0n1", 1, azure_s), ("nvme0n3", 6, azure_s),
                                   ("nvme1n6", 6, "Microsoft NVMe Direct Disk v2")):
        folder = dash_host.root / "sys/block" / name / "device"
        folder.mkdir(parents=True)
        (folder / "model").write_text(f"{model}               \n")
        (folder.parent / "nsid").write_text(f"{namespace}\n")
        (dash_host.root / "dev" / name).touch()
    assert dash_host.run("install", DOCKER_LUN="4").reason is None
    assert disk.type == "ext4"


def test_a_disk_that_comes_late_is_waited_for(dash_host):
    process = dash_host.start("install", DOCKER_LUN="1")
    time.sleep(0.5)
    disk = Disk(dash_host, 1)
    assert process.communicate(timeout=30)[0].splitlines()[3] == "result: ok"
    assert disk.type == "ext4"


def test_a_disk_that_does_not_come_is_told_and_nothing_is_installed(dash_host):
    answer = dash_host.run("install", DOCKER_LUN="1", TIMEOUT="1")
    assert (answer.reason, answer.details[0]) == ("docker-disk-missing", "this host sees no data disk at LUN 1")
    assert not any("docker.io" in call for call in dash_host.calls())


def test_what_is_on_the_disk_is_there_again(host):
    disk = Disk(host, 0)
    disk.format()
    disk.shown()
    (disk.folder() / "docker/volumes").mkdir(parents=True)
    (disk.folder() / "docker/volumes/one").write_text("mine")
    assert host.run("install", DOCKER_LUN="0").reason is None
    assert formatted(host) == 0 and host.file("var/lib/docker/volumes/one").read_text() == "mine"


def partitioned(disk: Disk) -> str:
    """One partition for Linux, from 1 MiB on, in a table as DOS had it."""
    with disk.file.open("r+b") as file:
        file.seek(446)
        file.write(bytes.fromhex("00200000 83000000 00080000 00080000") + bytes(48) + b"\x55\xaa")
    return "a partition table, dos"


def swap(disk: Disk) -> str:
    subprocess.run(["mkswap", str(disk.file)], check=True, capture_output=True)
    return "swap"


def unknown(disk: Disk) -> str:
    with disk.file.open("r+b") as file:
        file.seek(300_000)
        file.write(b"somebody's")
    return "unknown contents"


def unreadable(disk: Disk) -> str:
    disk.file.write_bytes(b"")
    return "unknown contents"


@pytest.mark.parametrize("spoil", [partitioned, swap, unknown, unreadable])
def test_what_is_no_file_system_is_refused_by_its_name_and_never_overwritten(dash_host, spoil):
    disk = Disk(dash_host, 0)
    named = spoil(disk)
    before = disk.file.read_bytes()
    answer = dash_host.run("install", DOCKER_LUN="0")
    assert answer.reason == "docker-disk-not-blank" and named in answer.details[0]
    assert "left as it is" in answer.details[1]
    assert disk.file.read_bytes() == before and formatted(dash_host) == 0
    assert not dash_host.file(DISK_UNIT).exists()


def without_superblock(disk: Disk) -> None:
    """As mkfs leaves it where it is killed: the superblock, 1 KiB at 1 KiB, is what it writes last."""
    disk.format()
    with disk.file.open("r+b") as file:
        file.seek(1024)
        file.write(bytes(1024))


def test_a_formatting_that_was_killed_is_done_again(dash_host):
    disk = Disk(dash_host, 0)
    dash_host.switch("mkfs-hangs")
    process = dash_host.start("install", DOCKER_LUN="0")
    end = time.monotonic() + 10
    while not formatted(dash_host) and time.monotonic() < end:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not dash_host.file(DISK_UNIT).exists()
    without_superblock(disk)
    (dash_host.root / "switch/mkfs-hangs").unlink()
    assert dash_host.run("install", DOCKER_LUN="0").reason is None
    assert disk.type == "ext4" and mounted(dash_host) == ALL


def test_a_formatting_that_was_killed_on_another_disk_gives_no_right_to_this_one(dash_host):
    disk = Disk(dash_host, 0)
    dash_host.file("var/lib/dockervm").mkdir(parents=True)
    dash_host.file("var/lib/dockervm/closed").write_text("formatting 0 naa.another\nformatting 1 \n")
    without_superblock(disk)
    assert dash_host.run("install", DOCKER_LUN="0").reason == "docker-disk-not-blank"


def test_data_that_docker_has_already_comes_along_and_stays_where_it_is(host):
    disk = Disk(host, 0)
    host.install_docker()
    for service in ("docker", "containerd"):
        folder = host.file(f"var/lib/{service}/inside")
        folder.mkdir(parents=True)
        (folder / "file").write_text(f"of {service}")
        (folder / "file").chmod(0o640)
    host.file("var/lib/docker").chmod(0o710)
    assert host.run("install", DOCKER_LUN="0").reason is None
    calls = host.calls()
    assert calls.index("systemctl stop docker.socket docker.service containerd.service") \
        < calls.index("systemctl start var-lib-docker.mount") < calls.index("systemctl restart docker.service")
    for service in ("docker", "containerd"):
        copy = host.file(f"var/lib/{service}/inside/file")
        assert copy.read_text() == f"of {service}" and copy.stat().st_mode & 0o777 == 0o640
        assert copy.resolve().is_relative_to(disk.folder())
        assert host.file(f"var/lib/{service}.below/inside/file").read_text() == f"of {service}"
    assert (disk.folder() / "docker").stat().st_mode & 0o777 == 0o710


def test_a_copy_that_was_killed_is_made_anew(dash_host):
    disk = Disk(dash_host, 0)
    dash_host.install_docker()
    dash_host.file("var/lib/docker").mkdir(parents=True)
    dash_host.file("var/lib/docker/file").write_text("whole")
    dash_host.add_tool("cp", 'case "$*" in *disk/docker*) : >"$root/copying"; exec /bin/sleep 60 ;; esac\n'
                             'exec /bin/cp "$@"\n')
    process = dash_host.start("install", DOCKER_LUN="0")
    end = time.monotonic() + 10
    while not (dash_host.root / "copying").exists() and time.monotonic() < end:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (disk.folder() / "docker.new/file").write_text("ha")
    (disk.folder() / "docker.new/stray").touch()
    (dash_host.tools / "cp").unlink()
    assert dash_host.run("install", DOCKER_LUN="0").reason is None
    assert dash_host.file("var/lib/docker/file").read_text() == "whole"
    assert not dash_host.file("var/lib/docker/stray").exists() and not (disk.folder() / "docker.new").exists()
    assert formatted(dash_host) == 1


def test_a_disk_that_can_t_be_mounted_is_told_with_the_journal(dash_host):
    Disk(dash_host, 0)
    dash_host.switch("mount-fails")
    dash_host.switch("journal", "mount: wrong fs type\n")
    answer = dash_host.run("install", DOCKER_LUN="0")
    assert answer.reason == "docker-disk-failed" and "mount: wrong fs type" in answer.details


def test_what_is_mounted_there_already_is_not_taken_for_the_disk(dash_host):
    """systemd's unit for a place is active whoever has mounted what there."""
    Disk(dash_host, 0)
    (dash_host.root / "run/mounted").mkdir()
    (dash_host.root / "run/mounted/var-lib-docker.mount").touch()
    answer = dash_host.run("install", DOCKER_LUN="0")
    assert answer.reason == "docker-disk-failed" and "something else is mounted" in answer.details[0]
    assert not any("docker.io" in call for call in dash_host.calls())


@pytest.mark.parametrize("lun", ["x", "-1", "064", "100", "0x"])
def test_a_lun_that_is_none_is_refused(dash_host, lun):
    assert dash_host.run("install", DOCKER_LUN=lun).reason == "bad-input"


# Later


def put_out(machine: Machine) -> None:
    for name in mounted(machine):
        where = f"var/lib/{name.removeprefix('var-lib-').removesuffix('.mount').replace('-', '/')}"
        machine.file(where).unlink()
        if machine.file(f"{where}.below").exists():
            machine.file(f"{where}.below").rename(machine.file(where))
    shutil.rmtree(machine.root / "run/mounted")
    shutil.rmtree(machine.root / "dev")


def test_a_missing_disk_is_never_replaced_whatever_lies_at_its_lun(dash_host):
    disk = Disk(dash_host, 0)
    dash_host.run("install", DOCKER_LUN="0")
    uuid = disk.uuid
    put_out(dash_host)
    other = Disk(dash_host, 0)
    answer = dash_host.run("install", DOCKER_LUN="0", TIMEOUT="1")
    assert answer.reason == "docker-disk-missing" and uuid in answer.details[0]
    assert other.type == "" and formatted(dash_host) == 1 and not mounted(dash_host)


def test_a_disk_that_is_back_is_mounted_at_whatever_lun(dash_host):
    disk = Disk(dash_host, 0)
    dash_host.run("install", DOCKER_LUN="0")
    put_out(dash_host)
    disk.shown()
    assert dash_host.run("install").reason is None and mounted(dash_host) == ALL


def test_check_tells_of_a_disk_that_is_missing_not_mounted_or_full(dash_host):
    disk = Disk(dash_host, 0)
    csr = dash_host.request(DOCKER_LUN="0").csr
    assert dash_host.serve(csr).reason is None
    assert dash_host.run("check").reason is None
    dash_host.add_tool("df", 'echo "Filesystem 1024-blocks Used Available Capacity Mounted on"\n'
                             'echo "/dev/sdc 1000000 990000 65535 99% /var/lib/dockervm/disk"\n')
    full = dash_host.run("check")
    assert (full.reason, full.details[0]) == (
        "docker-disk-full", "Docker's own disk is full: 65535 KB are free there")
    uuid = disk.uuid
    put_out(dash_host)
    missing = dash_host.run("check")
    assert missing.reason == "docker-disk-missing" and uuid in missing.details[0]
    assert "authority" in missing.facts
    disk.shown()
    assert dash_host.run("check").reason == "docker-disk-unmounted"
