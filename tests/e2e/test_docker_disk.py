"""One booted host with a disk of Docker's own: through reboot, growth, redeploy and loss; and on another host."""

from __future__ import annotations

import json

import pytest
from fleet import Host
from local_azure import GROUP, eventually

pytestmark = pytest.mark.machines

NAME, REGION = "cargo", "westeurope"
AT = ("-g", GROUP, "-n", NAME)
CREATE = ("dockervm", "create", *AT, "-l", REGION)
ROOTS = "/var/lib/docker /var/lib/containerd"


def make(local_azure, fleet, folder, *words) -> Host:
    created = local_azure.az(*CREATE, "-dc", folder, "--ssh-key-values", f"{fleet.ssh_key}.pub", *words).succeeded()
    return Host(local_azure, NAME, created, created.json)


def disk(local_azure) -> dict:
    """As the VM shows it."""
    return local_azure.query("vm", "show", *AT)["storageProfile"]["dataDisks"][-1]


def works_again(host: Host) -> None:
    """With what the first test has left there."""
    eventually(lambda: host.docker("info").code == 0, "the engine answers again")
    assert on_the_disk(host)
    assert "busybox" in host.docker("images").stdout
    kept = host.docker("run", "--rm", "-v", "kept:/kept", "busybox", "cat", "/kept/log")
    assert kept.stdout == "since 2014\n"


def on_the_disk(host: Host) -> bool:
    sources = host.run(f"for root in {ROOTS}; do findmnt -n -o SOURCE $root; done").split()
    device = host.run("basename $(readlink -f /dev/disk/azure/scsi1/lun1)")
    return sources == [f"/dev/{device}[/docker]", f"/dev/{device}[/containerd]"]


def gigabytes(host: Host) -> float:
    return int(host.run("df -B1 --output=size /var/lib/docker | tail -n 1")) / 2**30


def grown_to(host: Host, size: int) -> bool:
    """Or the kernel was asked for it: it lets nobody grow a mounted file system who lacks CAP_SYS_RESOURCE, which root
    of a sandbox may."""
    capabilities = int(host.run("sed -n 's/^CapBnd:\\t//p' /proc/1/status"), 16)
    if capabilities >> 24 & 1:
        return size - 0.5 < gigabytes(host) < size
    return f'"/var/lib/dockervm/disk" to {size * 2**30} bytes' in host.run("journalctl -b -t systemd-growfs -o cat")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cargo")


@pytest.fixture(scope="module")
def host(local_azure, fleet, folder, busybox):
    made = make(local_azure, fleet, folder, "--data-disk-sizes-gb", "4", "--docker-disk-size-gb", "4",
                "--storage-sku", "docker=Standard_LRS")
    made.docker("import", busybox, "busybox").succeeded()
    made.docker("run", "--rm", "-v", "kept:/kept", "busybox", "sh", "-c", "echo 'since 2014' >/kept/log").succeeded()
    return made


def test_images_and_volumes_lie_on_the_disk(host, local_azure):
    shown = disk(local_azure)
    assert (shown["lun"], shown["diskSizeGB"], shown["managedDisk"]["storageAccountType"]) == (1, 4, "Standard_LRS")
    assert json.loads(host.docker("info", "--format", "{{json .DockerRootDir}}").stdout) == "/var/lib/docker"
    works_again(host)
    assert 3.5 < gigabytes(host) < 4
    assert host.run("cat /var/lib/dockervm/disk/docker/volumes/kept/_data/log") == "since 2014"
    assert host.run("ls /var/lib/dockervm/disk/containerd").split()
    # Neither the user's other disk nor his table of file systems was touched.
    assert host.run("blkid -p /dev/disk/azure/scsi1/lun0 || echo blank") == "blank"
    assert "dockervm" not in host.run("cat /etc/fstab 2>/dev/null; true")


def test_it_grows_with_its_disk_when_the_host_is_restarted(host, local_azure):
    local_azure.az("disk", "update", "-g", GROUP, "-n", disk(local_azure)["name"], "--size-gb", "8").succeeded()
    local_azure.az("vm", "restart", *AT).succeeded()
    works_again(host)
    assert grown_to(host, 8)


def test_it_is_found_again_after_a_redeploy(host, local_azure):
    local_azure.az("vm", "redeploy", *AT).succeeded()
    works_again(host)


@pytest.mark.long
def test_that_it_is_full_is_told_with_what_makes_it_grow(host, local_azure, folder):
    at = "/var/lib/dockervm/disk"
    room = int(host.run(f"df -B1 --output=avail {at} | tail -n 1")) - 32 * 2**20
    host.run(f"fallocate -l {room} {at}/filler && systemctl stop docker.socket docker")
    try:
        failed = local_azure.az(*CREATE, "-dc", folder)
    finally:
        host.run(f"rm {at}/filler && systemctl start docker.socket docker")
    assert failed.code == 1 and "the disk for Docker's data is full. The host says:" in failed.stderr
    assert "Docker's own disk is full: 32" in failed.stderr and "KB are free there" in failed.stderr
    assert f"To grow it: az disk update -g {GROUP} -n {disk(local_azure)['name']} --size-gb GB" in failed.stderr
    works_again(host)


@pytest.fixture(scope="module")
def detached(host, local_azure):
    """The name of the disk once it has been taken away from the running host."""
    name = disk(local_azure)["name"]
    local_azure.az("vm", "disk", "detach", "-g", GROUP, "--vm-name", NAME, "-n", name).succeeded()
    return name


def test_without_the_disk_the_engine_stays_down_and_is_not_replaced(host, local_azure, detached):
    eventually(lambda: host.docker("info").code, "the engine is down")
    local_azure.az("vm", "restart", *AT).succeeded()
    assert host.run("systemctl is-system-running --wait || true") == "degraded"     # it has booted all the same
    assert host.run("systemctl is-active docker containerd || true").split() == ["inactive", "inactive"]
    host.run("systemctl start docker 2>/dev/null && exit 1; true")
    assert host.run(f"ls -A {ROOTS}").split() == ["/var/lib/containerd:", "/var/lib/docker:"]


def test_info_and_create_tell_of_it_and_how_to_go_on(host, local_azure, folder, detached):
    attach = f"az vm disk attach -g {GROUP} --vm-name {NAME} -n {detached}"
    said = host.info().json
    assert f"Docker's own disk '{detached}' is not attached" in said["engineUnreachable"]
    assert attach in said["engineUnreachable"] + str(said["advice"])
    failed = local_azure.az(*CREATE, "-dc", folder)
    assert failed.code and f"'{detached}' is not attached" in failed.stderr and attach in failed.stderr
    assert "Setting up" not in failed.stderr


def test_put_back_the_same_create_mounts_it_again(host, local_azure, fleet, folder, detached):
    local_azure.az("vm", "disk", "attach", "-g", GROUP, "--vm-name", NAME, "-n", detached, "--lun", "1").succeeded()
    again = make(local_azure, fleet, folder)
    assert "the disk for Docker's data is not mounted" in again.created.stderr
    works_again(again)


@pytest.mark.long
def test_on_another_host_the_disk_has_images_and_volumes_again(host, local_azure, fleet, folder, detached):
    local_azure.az("dockervm", "delete", *AT, "-dc", folder, "--yes").succeeded()
    other = make(local_azure, fleet, folder, "--data-disk-sizes-gb", "4", "--docker-disk", detached,
                 "--provisioner", "docker-extension")
    works_again(other)
    local_azure.az("dockervm", "delete", *AT, "-dc", folder, "--data-disks", "delete", "--yes").succeeded()
    mine = [one["name"] for one in local_azure.query("disk", "list", "-g", GROUP) if one["name"].startswith(NAME)]
    assert detached in mine
    for name in mine:
        local_azure.az("disk", "delete", "-g", GROUP, "-n", name, "--yes").succeeded()
