"""What stock az asks of a VM takes effect in a guest that boots: disks, users, size, power, console."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.machines, pytest.mark.long]

NAME = "inside"


@pytest.fixture(scope="module")
def group(local_azure):
    name = "insidegroup"
    local_azure.az("group", "create", "-n", name, "-l", "westus").succeeded()
    words = ("-g", name, "-n", NAME, "--image", "Ubuntu2204", "--size", "Standard_B2s", "--generate-ssh-keys")
    local_azure.az("vm", "create", *words, "--data-disk-sizes-gb", "1", "--public-ip-address", "").succeeded()
    yield name
    local_azure.az("group", "delete", "-n", name, "--yes")


def luns(azure):
    return azure.in_guest(NAME, "ls /dev/disk/azure/scsi1").split()


def test_vm_disk_attach_and_detach_keep_the_content(local_azure, group):
    at = ("-g", group, "--vm-name", NAME, "--name", "hot")
    assert luns(local_azure) == ["lun0"]
    local_azure.az("vm", "disk", "attach", *at, "--new", "--size-gb", "1", "--lun", "3").succeeded()
    disk = "/dev/disk/azure/scsi1/lun3"
    written = f"mkfs.ext4 -q {disk} && mount {disk} /mnt && echo kept >/mnt/file && umount /mnt && echo done"
    assert local_azure.in_guest(NAME, written) == "done"
    local_azure.az("vm", "disk", "detach", *at).succeeded()
    assert luns(local_azure) == ["lun0"]
    local_azure.az("vm", "disk", "attach", *at, "--lun", "5").succeeded()
    assert local_azure.in_guest(NAME, "mount /dev/disk/azure/scsi1/lun5 /mnt && cat /mnt/file && umount /mnt") == "kept"


def test_vm_user_update_and_delete(local_azure, group):
    at = ("-g", group, "-n", NAME, "-u", "second")
    local_azure.az("vm", "user", "update", *at, "-p", "Another-Pass-8!").succeeded()
    assert local_azure.in_guest(NAME, "getent shadow second | cut -d: -f2 | cut -c1") == "$"
    key = (local_azure.home / ".ssh/id_rsa.pub").read_text().strip()
    local_azure.az("vm", "user", "update", *at, "--ssh-key-value", key).succeeded()
    assert key in local_azure.in_guest(NAME, "cat ~second/.ssh/authorized_keys").splitlines()
    local_azure.az("vm", "user", "delete", *at).succeeded()
    assert local_azure.in_guest(NAME, "id second 2>/dev/null || echo gone") == "gone"


def test_vm_update_user_data_reaches_the_metadata_service(local_azure, group):
    local_azure.az("vm", "update", "-g", group, "-n", NAME, "--user-data", "hello").succeeded()
    url = "http://169.254.169.254/metadata/instance/compute/userData?api-version=2021-01-01&format=text"
    assert local_azure.in_guest(NAME, f"curl -s -H Metadata:true '{url}'") == "aGVsbG8="


def test_vm_resize(local_azure, group):
    before = local_azure.boot(NAME)
    local_azure.az("vm", "resize", "-g", group, "-n", NAME, "--size", "Standard_B1s").succeeded()
    assert local_azure.boot(NAME) not in (None, before)
    limits = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null"
    script = ("vm", "run-command", "invoke", "-g", group, "-n", NAME, "--command-id", "RunShellScript", "--scripts")
    assert str(2**30) in local_azure.query(*script, limits)["value"][0]["message"]


def test_vm_get_instance_view_after_the_guest_powered_itself_off(local_azure, group):
    at = ("-g", group, "-n", NAME)
    local_azure.in_guest(NAME, "systemctl poweroff --no-block")
    stopped = "instanceView.statuses[?code=='PowerState/stopped']"
    local_azure.az("vm", "wait", *at, "--custom", stopped, "--interval", "1", "--timeout", "60").succeeded()
    agent = local_azure.query("vm", "get-instance-view", *at)["instanceView"]["vmAgent"]
    assert agent["vmAgentVersion"] == "Unknown"
    local_azure.az("vm", "start", *at).succeeded()
    assert local_azure.query("vm", "show", *at, "-d")["powerState"] == "VM running"
    assert luns(local_azure) == ["lun0", "lun5"]
