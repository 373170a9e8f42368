"""What a real guest has besides its boot: data disks, metadata, a console, limits, another address, access, a death."""

from __future__ import annotations

import base64
import gzip
import json
import os
import signal
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from guests import Guests, loop_devices, on_booted_guests, rule
from local_azure import eventually

from localazure.machines.machine import DataDisk, MachineError, PublicAddress, Secret
from localazure.machines.nspawn.cgroups import MachineCgroups

pytestmark = [*on_booted_guests(), pytest.mark.long]
ONE, TWO, BARE = "0a000001", "0b000002", "0c000003"
SMALL, OTHER = "d0000001", "d0000002"
IMDS = "curl -s -H Metadata:true http://169.254.169.254/metadata"
DOCUMENT = {
    "compute": {"name": "vm-one", "vmId": "one-id", "userData": base64.b64encode(b"mine").decode(), "tagsList": []},
    "network": {"interface": [{"ipv4": {"ipAddress": [{"privateIpAddress": "10.0.0.4"}]}}]},
}


@pytest.fixture(scope="module")
def guests(tmp_path_factory):
    world = Guests(tmp_path_factory.mktemp("life"))
    try:
        world.platform.start()
        world.network("aaaaaaaa", "10.0.0.0/24", "10.0.1.0/24")
        for disk in (SMALL, OTHER):
            world.platform.disk_create(disk, 1)
        world.create(ONE, "aaaaaaaa", "10.0.0.4", data_disks=(DataDisk(SMALL, 0, 1),), metadata=DOCUMENT)
        world.create(TWO, "aaaaaaaa", "10.0.0.5", admin_password=Secret("Sesame-123456"))
        for machine, address in zip((ONE, TWO), world.platform.public_pool, strict=False):
            world.platform.machine_expose(machine, PublicAddress(address, None))
            world.platform.machine_firewall(machine, [rule(100, "Allow", "22")])
        yield world
    finally:
        world.platform.destroy()


# -- data disks


def test_a_disk_keeps_its_content_over_detaching_another_machine_and_stop(guests):
    guests.says(ONE, "mkfs.ext4 -q /dev/disk/azure/scsi1/lun0 && mkdir /data && mount /dev/disk/azure/scsi1/lun0 /data")
    guests.says(ONE, "echo kept >/data/file; echo /dev/disk/azure/scsi1/lun0 /data ext4 nofail 0 2 >>/etc/fstab")
    guests.platform.machine_stop(ONE)
    assert loop_devices(guests.folder) == []
    guests.platform.machine_start(ONE)
    assert guests.says(ONE, "findmnt -no FSTYPE /data; cat /data/file").split() == ["ext4", "kept"]
    guests.platform.machine_disks(ONE, [])
    assert guests.run(ONE, "ls /dev/disk/azure/scsi1/* /dev/sd*").exit_code != 0
    guests.platform.machine_disks(TWO, [DataDisk(SMALL, 7, 1)])
    shown = guests.says(TWO, "mount /dev/disk/azure/data/by-lun/7 /mnt; cat /mnt/file; readlink -f /dev/sdc")
    assert shown.split()[0] == "kept" and shown.split()[1] == guests.says(TWO, "findmnt -no SOURCE /mnt")


def test_a_disk_belongs_to_one_machine_and_is_deleted_only_when_free(guests):
    for refused in (
        lambda: guests.platform.machine_disks(ONE, [DataDisk(SMALL, 0, 1)]),
        lambda: guests.platform.disk_delete(SMALL),
        lambda: guests.platform.disk_resize(SMALL, 0),
        lambda: guests.platform.machine_disks(ONE, [DataDisk("d00000ff", 0, 1)]),
        lambda: guests.platform.machine_disks(ONE, [DataDisk(OTHER, 0, 1), DataDisk(OTHER, 1, 1)]),
    ):
        with pytest.raises(MachineError):
            refused()


def test_a_disk_that_is_pulled_out_of_a_busy_guest_is_written_no_more(guests):
    guests.says(TWO, "cd /mnt && (setsid sleep 60 >>log 2>&1 &) && echo before >>log && sync")
    guests.platform.machine_disks(TWO, [])
    assert guests.run(TWO, "findmnt /mnt").exit_code != 0
    guests.platform.machine_disks(ONE, [DataDisk(SMALL, 0, 1)])
    seen = guests.says(ONE, "mount /dev/disk/azure/scsi1/lun0 /data; cat /data/log /data/file")
    assert seen.split() == ["before", "kept"]
    guests.says(TWO, "pkill sleep")


def test_a_read_only_disk_and_a_larger_one_and_partitions(guests):
    disks = [DataDisk(SMALL, 0, 1), DataDisk(OTHER, 3, 1)]
    guests.platform.machine_disks(ONE, disks)
    guests.says(ONE, "parted -s /dev/disk/azure/scsi1/lun3 mklabel gpt mkpart data ext4 1MiB 100% 2>/dev/null")
    guests.says(ONE, "mkfs.ext4 -q /dev/disk/azure/scsi1/lun3-part1 && mount /dev/disk/azure/scsi1/lun3-part1 /mnt")
    guests.says(ONE, "echo part >/mnt/file; umount /mnt")
    guests.platform.disk_resize(OTHER, 2)
    assert guests.says(ONE, "blockdev --getsize64 /dev/disk/azure/scsi1/lun3") == str(2 * 1024**3)
    guests.platform.machine_disks(ONE, [disks[0], DataDisk(OTHER, 3, 2, read_only=True)])
    assert guests.says(ONE, "mount -o ro /dev/disk/azure/scsi1/lun3-part1 /mnt; cat /mnt/file; umount /mnt") == "part"
    assert guests.run(ONE, "dd if=/dev/zero of=/dev/disk/azure/scsi1/lun3 count=1 conv=fsync").exit_code != 0


def test_disks_outlive_a_killed_supervisor_and_a_new_server(guests):
    for pid in MachineCgroups(guests.instance, ONE).processes("supervisor"):
        os.kill(pid, signal.SIGKILL)
    guests.again()
    seen = guests.says(ONE, "cat /data/file; ls /dev/disk/azure/scsi1")
    assert seen.split() == ["kept", "lun0", "lun3", "lun3-part1"]
    assert len(loop_devices(guests.folder)) == 2


# -- metadata


def imds(guests, machine: str, path: str) -> str:
    return guests.says(machine, f"{IMDS}'{path}'")


def test_a_guest_reads_its_own_metadata_only(guests):
    assert json.loads(imds(guests, ONE, "/instance?api-version=2021-02-01")) == DOCUMENT
    user_data = imds(guests, ONE, "/instance/compute/userData?api-version=2021-01-01&format=text")
    assert base64.b64decode(user_data) == b"mine"
    address = "/instance/network/interface/0/ipv4/ipAddress/0/privateIpAddress?api-version=2021-02-01&format=text"
    assert imds(guests, ONE, address) == "10.0.0.4" and imds(guests, TWO, address) == "10.0.0.5"
    guests.platform.machine_metadata(TWO, {"compute": {"name": "changed"}})
    assert imds(guests, TWO, "/instance/compute/name?api-version=2021-02-01&format=text") == "changed"


def test_metadata_is_refused_as_the_service_refuses_it(guests):
    code = 'curl -s -o /dev/null -w "%{http_code}\\n"'
    url = "http://169.254.169.254/metadata/instance?api-version=2021-02-01"
    asked = f"{code} {url}; {code} -H Metadata:true -H X-Forwarded-For:1.1.1.1 {url}; {code} -H Metadata:true {url}"
    assert guests.says(ONE, asked).split() == ["400", "400", "200"]
    assert "newest-versions" in imds(guests, ONE, "/instance?api-version=1999-01-01")


def test_metadata_is_nowhere_else(guests):
    with pytest.raises(OSError), socket.create_connection((guests.platform.public_pool[0], 80), timeout=1):
        pass
    # The address of another guest's gateway is the router's, which has no such service.
    assert guests.run(ONE, "curl -s -m 2 -H Metadata:true http://10.0.1.1/metadata/versions").exit_code != 0


# -- limits and addresses


def test_a_size_takes_effect_in_the_running_guest(guests):
    assert guests.says(ONE, "nproc") == "1"
    guests.platform.machine_size(ONE, 2, 1536)
    limits = [path.read_text().strip() for folder in MachineCgroups(guests.instance, ONE).folders("guest")
              for path in folder.glob("memory.*") if path.name in ("memory.limit_in_bytes", "memory.max")]  # fmt: skip
    assert guests.says(ONE, "nproc") == str(min(2, os.cpu_count() or 1)) and limits == [str(1536 * 1024**2)]
    guests.platform.machine_size(ONE, 1, 1024)
    assert guests.says(ONE, "nproc") == "1"


def test_another_address_takes_effect_at_once_and_stays(guests):
    guests.platform.machine_readdress(TWO, "10.0.1.9", "10.0.1.0/24")
    assert guests.says(ONE, "timeout 2 bash -c '</dev/tcp/10.0.1.9/22'") == ""
    assert guests.run(ONE, "timeout 1 bash -c '</dev/tcp/10.0.0.5/22'").exit_code != 0
    guests.platform.machine_restart(TWO)
    assert "10.0.1.9/24" in guests.says(TWO, "ip -4 -o address show host0")
    assert socket.create_connection((guests.platform.public_pool[1], 22), timeout=5).close() is None


def test_a_new_server_finishes_what_a_killed_one_had_only_noted(guests):
    disks = guests.platform._record(ONE).spec.data_disks
    guests.platform._respec(ONE, data_disks=disks[:1])
    guests.platform._respec(TWO, private_ip="10.0.1.10")
    guests.again()
    assert guests.says(ONE, "ls /dev/disk/azure/scsi1") == "lun0" and len(loop_devices(guests.folder)) == 1
    assert "10.0.1.10/24" in guests.says(TWO, "ip -4 -o address show host0")


# -- extensions


def extension(guests, machine, publisher, kind, settings=None, protected=None):
    return guests.platform.machine_extension(machine, publisher, kind, settings or {}, protected or {})


def access(guests, **protected):
    return extension(guests, ONE, "Microsoft.OSTCExtensions", "VMAccessForLinux", protected=protected)


def ssh(guests, user: str, command: str, *options: str, password: str = "") -> subprocess.CompletedProcess[str]:
    ask = guests.folder / "ask"
    ask.write_text(f"#!/bin/sh\necho '{password}'\n")
    ask.chmod(0o700)
    argv = ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
            *options, f"{user}@{guests.platform.public_pool[0]}", command]  # fmt: skip
    environment = {**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, env=environment, check=False)


def test_access_makes_users_with_password_or_key_and_takes_them_away(guests):
    by_password = ("-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1")
    assert ssh(guests, "azureuser", "true", *by_password, password="New-Sesame-1").returncode == 255
    assert access(guests, username="azureuser", password="New-Sesame-1").exit_code == 0
    assert ssh(guests, "azureuser", "id -un", *by_password, password="New-Sesame-1").stdout == "azureuser\n"
    key = guests.folder / "second"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", key], check=True)
    made = access(guests, username="second", ssh_key=key.with_suffix(".pub").read_text(), expiration="2099-01-01")
    assert (made.exit_code, made.stderr) == (0, "Enable succeeded.")
    assert ssh(guests, "second", "sudo -n id -u", "-i", str(key)).stdout == "0\n"
    assert "2099" in guests.says(ONE, "chage -l second | grep Account")
    assert access(guests, remove_user="second").exit_code == 0
    assert guests.run(ONE, "id second || ls /home/second").exit_code != 0
    refused = access(guests, username="daemon", password="Sesame-123456")
    assert refused.exit_code == 1 and refused.stderr.startswith("Enable failed: Failed to create the account")


def test_access_brings_a_broken_sshd_back(guests):
    guests.says(ONE, "echo 'AllowUsers nobody' >>/etc/ssh/sshd_config && systemctl restart ssh")
    assert ssh(guests, "azureuser", "true", "-i", str(guests.key), "-o", "BatchMode=yes").returncode == 255
    assert access(guests, reset_ssh=True).exit_code == 0
    assert ssh(guests, "azureuser", "echo in", "-i", str(guests.key)).stdout == "in\n"


class Files(BaseHTTPRequestHandler):
    """A web server with one script, whatever is asked for."""

    def do_GET(self):
        self.send_response(404 if "missing" in self.path else 200)
        self.end_headers()
        self.wfile.write(b"#!/bin/sh\necho fetched $1\n")

    def log_message(self, *_):
        pass


def test_custom_script_runs_commands_scripts_and_fetched_files(guests):
    publisher, kind = "Microsoft.Azure.Extensions", "CustomScript"
    done = extension(guests, ONE, publisher, kind, {"commandToExecute": "echo out; echo err >&2"})
    assert done.exit_code == 0 and "[stdout]\nout\n\n[stderr]\nerr\n" in done.stderr
    script = base64.b64encode(gzip.compress(b"#!/bin/sh\r\necho $0 zipped\r\n")).decode()
    assert "script.sh zipped" in extension(guests, ONE, publisher, kind, protected={"script": script}).stdout
    server = HTTPServer((guests.platform.service_address, 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://{guests.platform.service_address}:{server.server_port}"
    fetched = {"fileUris": [f"{base}/folder/do.sh?sig=x"], "commandToExecute": "sh do.sh it"}
    assert "fetched it" in extension(guests, ONE, publisher, kind, fetched).stdout
    failed = extension(guests, ONE, publisher, kind, {"fileUris": [f"{base}/missing"], "commandToExecute": "true"})
    server.shutdown()
    assert failed.exit_code == 1
    failed = extension(guests, ONE, publisher, kind, {"commandToExecute": "echo why >&2; exit 3"})
    assert failed.exit_code == 1 and "exit status=3" in failed.stderr and "why" in failed.stderr


# -- the end of a guest


def state_becomes(guests, machine: str, state: str) -> None:
    eventually(lambda: guests.platform.machine_state(machine) == state, f"state {state}", 20)


def test_a_guest_that_dies_is_stopped_and_boots_again_with_its_console_kept(guests):
    before = guests.platform.machine_console(TWO)
    assert "Reached target" in before
    os.kill(MachineCgroups(guests.instance, TWO).leader(), signal.SIGKILL)
    state_becomes(guests, TWO, "stopped")
    assert not guests.platform.machine_agent(TWO)
    guests.again()  # a new server leaves it as it is
    assert guests.platform.machine_state(TWO) == "stopped"
    guests.platform.machine_start(TWO)
    assert guests.platform.machine_agent(TWO)
    after = guests.platform.machine_console(TWO)
    assert after.startswith(before) and "Reached target" in after[len(before):]


def test_a_guest_that_powers_itself_off_or_loses_its_container_manager_is_stopped(guests):
    guests.run(TWO, "systemctl poweroff; sleep 20")
    state_becomes(guests, TWO, "stopped")
    guests.platform.machine_start(TWO)
    manager = json.loads((guests.folder / f"state/machines/{TWO}/supervisor.json").read_text())["nspawn"]
    os.kill(manager, signal.SIGKILL)
    state_becomes(guests, TWO, "stopped")
    eventually(lambda: not MachineCgroups(guests.instance, TWO).processes("guest"), "an end of its processes", 10)


def test_an_image_without_agent_has_cloud_init_alone(guests):
    started = time.monotonic()
    guests.create(
        BARE, "aaaaaaaa", "10.0.0.6", agent=False, cloud_init=True, cloud_init_delay_s=4,
        custom_data=b"#!/bin/sh\ntouch /home/azureuser/ran\n",
    )  # fmt: skip
    assert time.monotonic() - started < 20 and not guests.platform.machine_agent(BARE)
    for refused in (lambda: guests.run(BARE, "true"), lambda: extension(guests, BARE, "p", "t")):
        with pytest.raises(MachineError) as caught:
            refused()
        assert caught.value.code == "NoAgent"
    # Seen by the neighbour: the user is cloud-init's work, and the custom data comes after the delay.
    copied = base64.b64encode(guests.key.read_bytes()).decode()
    guests.says(ONE, f"umask 077; echo {copied} | base64 -d >/root/id")
    look = "ssh -i /root/id -o StrictHostKeyChecking=no -o BatchMode=yes -o LogLevel=ERROR azureuser@10.0.0.6"
    eventually(lambda: guests.run(ONE, f"{look} ls").exit_code == 0, "a user", 15)
    eventually(lambda: guests.run(ONE, f"{look} ls").stdout == "ran\n", "custom data run", 20)


def test_nothing_is_left(guests):
    guests.platform.destroy()
    assert loop_devices(guests.folder) == []
    assert not (guests.folder / "state/machines").exists()
