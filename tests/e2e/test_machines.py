"""Machines that boot for real: networks, rules, SSH, Docker by hand and by extension, reboot, nothing left behind."""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from localazure.machines.foundation import hosts_file
from localazure.machines.machine import FirewallRule, MachineError, MachineSpec, Network, PublicAddress, Secret, Subnet
from localazure.machines.nspawn.cgroups import MachineCgroups, mounted_trees
from localazure.machines.nspawn.namespaces import link_prefix, table_name
from localazure.machines.nspawn.platform import NspawnPlatform
from localazure.machines.platforms import platform_for

NEEDED = ("systemd-nspawn", "mmdebstrap", "nft", "ip", "docker", "ssh", "openssl")
pytestmark = [
    pytest.mark.machines,
    pytest.mark.skipif(os.geteuid() != 0, reason="guests are booted by root"),
    pytest.mark.skipif(any(shutil.which(tool) is None for tool in NEEDED), reason=f"needs {', '.join(NEEDED)}"),
]
KEYED, WORDED, NEIGHBOUR = "11111111", "22222222", "33333333"
PASSWORD = "Sesame-123456"
PORT = 4243


def sh(*argv, check=True, timeout=60, **more):
    return subprocess.run(argv, check=check, timeout=timeout, text=True, capture_output=True, **more)


def allow(*ports, name="allow", priority=100, source="*"):
    return FirewallRule(name, priority, "Inbound", "Allow", "Tcp", (source,), ("*",), ("*",), tuple(map(str, ports)))


def leftovers(instance: str) -> str:
    """Everything on this machine that names the instance."""
    trees = mounted_trees(Path("/proc/self/mountinfo").read_text())
    seen = [
        sh("ip", "link").stdout,
        sh("ip", "netns").stdout,
        sh("nft", "list", "tables").stdout,
        Path("/proc/self/mountinfo").read_text(),
        hosts_file.HOSTS.read_text(),
        sh("ps", "-eo", "args").stdout,
        "\n".join(str(path) for tree in trees for path in tree.mount.glob("localazure-*")),
        "\n".join(str(path) for path in Path("/run/systemd").rglob("*laz*")),
    ]
    words = (instance, link_prefix(instance), table_name(instance))
    return "\n".join(line for text in seen for line in text.splitlines() if any(word in line for word in words))


def hosts_without_instances() -> str:
    """/etc/hosts without the blocks of instances, which may come and go while this runs."""
    text = hosts_file.HOSTS.read_text()
    for instance in set(re.findall(r"^# localazure (\S+) begin", text, re.MULTILINE)):
        text = hosts_file.without_block(text, instance)
    return text


class Pki:
    """Certificates by openssl: a tool that shares no code with what is tested."""

    def __init__(self, folder: Path, addresses: list[str]) -> None:
        self.folder = folder
        new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        sh(*new, "-x509", "-days", "2", "-subj", "/CN=ca", "-keyout", "ca-key.pem", "-out", "ca.pem", cwd=folder)
        names = ",".join(["DNS:localhost", "IP:127.0.0.1", *(f"IP:{address}" for address in addresses)])
        extensions = {"server": f"subjectAltName={names}\n", "client": "extendedKeyUsage=clientAuth\n"}
        for name, extension in extensions.items():
            (folder / f"{name}.ext").write_text(extension)
            sh(*new, "-subj", f"/CN={name}", "-keyout", f"{name}-key.pem", "-out", f"{name}.csr", cwd=folder)
            sh("openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-days", "2",
               "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.pem", cwd=folder)  # fmt: skip
        (folder / "cert.pem").write_bytes((folder / "client.pem").read_bytes())
        (folder / "key.pem").write_bytes((folder / "client-key.pem").read_bytes())

    def base64(self, name: str) -> str:
        return base64.b64encode((self.folder / f"{name}.pem").read_bytes()).decode()

    def docker(self, address: str, *words: str, check=True, **more):
        environment = {**os.environ, "DOCKER_CERT_PATH": str(self.folder)}
        argv = ("docker", "--tlsverify", "-H", f"tcp://{address}:{PORT}", *words)
        return sh(*argv, env=environment, check=check, **more)


class World:
    """Three guests in two networks of equal prefix."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.instance = f"e2e-{uuid.uuid4().hex[:6]}"
        self.platform = NspawnPlatform(folder / "state", self.instance)
        self.seconds: dict[str, float] = {}
        self.key = folder / "id"
        sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key))

    def boot(self) -> None:
        self.platform.start()
        for network in ("aaaaaaaa", "bbbbbbbb"):
            self.platform.network_put(Network(network, ("10.0.0.0/16",), (Subnet("default", "10.0.0.0/24"),)))
        key = self.key.with_suffix(".pub").read_text()
        self.create(KEYED, "aaaaaaaa", "10.0.0.4", ssh_keys=(key,), custom_data=b"#!/bin/sh\necho ran > /run/custom\n")
        self.create(WORDED, "bbbbbbbb", "10.0.0.4", admin_password=Secret(PASSWORD), cloud_init=False)
        self.create(NEIGHBOUR, "aaaaaaaa", "10.0.0.5", ssh_keys=(key,), cpus=1, memory_mib=512)
        for machine, address in self.addresses.items():
            self.platform.machine_expose(machine, PublicAddress(address, f"m{machine}.{self.instance}.test"))
            self.platform.machine_firewall(machine, [allow(22, PORT)])
        self.pki = Pki(self.folder, list(self.addresses.values()))

    @property
    def addresses(self) -> dict[str, str]:
        return dict(zip((KEYED, WORDED), self.platform.public_pool, strict=False))

    def create(self, machine, network, address, **changes):
        values = {
            "hostname": f"m{machine}", "admin_username": "azureuser", "admin_password": None, "ssh_keys": (),
            "custom_data": None, "cloud_init": True, "subnet_prefix": "10.0.0.0/24", "cpus": 2, "memory_mib": 2048,
            "mac": f"00:0d:3a:00:00:{machine[:2]}", **changes,
        }  # fmt: skip
        started = time.monotonic()
        self.platform.machine_create(MachineSpec(id=machine, network_id=network, private_ip=address, **values))
        self.seconds[f"create {machine}"] = time.monotonic() - started

    def run(self, machine, script, **more):
        return self.platform.machine_run(machine, script, **more)

    def reaches(self, machine: str, target: str, port: int) -> bool:
        """Whether the guest can connect."""
        return self.run(machine, f"timeout 2 bash -c '</dev/tcp/{target}/{port}'").exit_code == 0

    def ssh(self, machine, command, *options, **environment):
        argv = ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        name = f"azureuser@m{machine}.{self.instance}.test"
        return sh(*argv, *options, name, command, env={**os.environ, **environment}, check=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("machines"))
    before = hosts_without_instances()
    try:
        world.boot()
        yield world
    finally:
        world.platform.destroy()
    assert leftovers(world.instance) == ""
    assert not (world.folder / "state/machines").exists()
    assert hosts_without_instances() == before
    print({name: round(seconds, 1) for name, seconds in world.seconds.items()})


def connects(address: str, port: int) -> str:
    """ "open", "refused" or "silent"."""
    import socket

    try:
        socket.create_connection((address, port), timeout=2).close()
    except TimeoutError:
        return "silent"
    except ConnectionRefusedError:
        return "refused"
    return "open"


def test_guests_are_provisioned_fast(world):
    assert max(world.seconds.values()) < 10


def test_ssh_by_key_with_sudo(world):
    done = world.ssh(KEYED, "hostname; sudo -n id -u", "-i", str(world.key))
    assert done.stdout.split() == [f"m{KEYED}", "0"], done.stderr


def test_ssh_by_password_where_one_was_given(world):
    ask = world.folder / "ask"
    ask.write_text(f"#!/bin/sh\necho {PASSWORD}\n")
    ask.chmod(0o700)
    secret = {"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
    by_password = ("-o", "PreferredAuthentications=password")
    assert world.ssh(WORDED, "id -un", *by_password, **secret).stdout == "azureuser\n"
    refused = world.ssh(KEYED, "id -un", *by_password, **secret)
    assert refused.returncode == 255 and "Permission denied (publickey)" in refused.stderr


def test_custom_data_is_run_by_cloud_init_where_the_image_has_it(world):
    assert world.run(KEYED, "cloud-init status --wait >/dev/null; cat /run/custom").stdout == "ran\n"
    assert world.run(WORDED, "cloud-init status").stdout == "status: disabled\n"


def test_limits_are_the_sizes(world):
    assert world.run(NEIGHBOUR, "nproc").stdout == "1\n"
    groups = MachineCgroups(world.instance, NEIGHBOUR)
    limits = [path for folder in groups.folders("guest") for path in folder.glob("memory.*") if path.name in
              ("memory.limit_in_bytes", "memory.max")]  # fmt: skip
    assert all(path.read_text().strip() == str(512 * 1024**2) for path in limits)


def test_run_command_passes_parameters_and_results(world):
    script = '#!/bin/bash\necho "$A"; id -un; echo oops >&2; exit 7'
    result = world.run(KEYED, script, arguments=[("A", "x 'y' \"$z\"")], user="azureuser")
    assert (result.exit_code, result.stdout, result.stderr) == (7, "x 'y' \"$z\"\nazureuser\n", "oops\n")
    # The listing's own folder is all that is there.
    assert len(world.run(KEYED, "ls -A /var/lib/waagent/run-command-handler/download").stdout.split()) == 1


def test_run_command_ends_at_its_deadline_and_what_it_has_started_does_not(world):
    result = world.run(KEYED, "setsid sleep 987 & echo begun; sleep 988", timeout=1)
    assert result.timed_out and result.stdout == "begun\n"
    assert world.run(KEYED, "pkill -c -f '^sleep 98[78]'").stdout == "2\n"
    thorough = world.run(KEYED, "setsid sleep 987 & sleep 988", timeout=1, thoroughly=True)
    assert thorough.timed_out and world.run(KEYED, "pgrep -x sleep").exit_code == 1


def test_secrets_are_in_no_arguments_and_no_files_of_this_machine(world):
    secret = "Parameter-" + "Secret"
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(world.run, KEYED, "sleep 1; echo $S | wc -c", arguments=[("S", secret)])
        time.sleep(0.5)
        assert secret not in sh("ps", "-eo", "args").stdout
        assert running.result().stdout == f"{len(secret) + 1}\n"
    machines = world.folder / "state/machines"
    texts = [path.read_bytes() for path in machines.glob("*/*") if path.is_file()]
    assert not any(word.encode() in text for text in texts for word in (secret, PASSWORD))


def test_the_docker_extension_makes_a_host(world):
    certs = {"ca": world.pki.base64("ca"), "cert": world.pki.base64("server"), "key": world.pki.base64("server-key")}
    settings = {"docker": {"port": str(PORT), "options": ["--live-restore"]}}
    started = time.monotonic()
    result = world.platform.machine_extension(
        KEYED, "Microsoft.Azure.Extensions", "DockerExtension", settings, {"certs": certs}
    )
    world.seconds["docker extension"] = time.monotonic() - started
    assert result.exit_code == 0, result.stdout
    address = world.addresses[KEYED]
    assert world.pki.docker(address, "version", "--format", "{{.Server.Version}}").stdout.strip()
    stranger = sh("openssl", "s_client", "-connect", f"{address}:{PORT}", "-quiet", input="GET /_ping HTTP/1.0\r\n\r\n",
                  check=False)  # fmt: skip
    assert "alert" in stranger.stderr and "OK" not in stranger.stdout
    unit = world.run(
        KEYED, "grep ExecStart= /lib/systemd/system/docker.service; stat -c '%a %n' /etc/docker/*.pem; id azureuser"
    )
    assert "ExecStart=/usr/bin/dockerd -H=fd:// --tlsverify" in unit.stdout and "(docker)" in unit.stdout
    assert unit.stdout.count("600 /etc/docker/") == 3


def test_containers_run(world):
    address = world.addresses[KEYED]
    files = "bin/dash bin/sleep $(ldd /bin/dash /bin/sleep | grep -o '/lib[^ ]*' | sort -u)"
    archive = world.run(KEYED, f"cd / && tar -ch --hard-dereference {files} 2>/dev/null | docker import - tiny")
    assert archive.stdout.startswith("sha256:"), archive.stderr
    assert world.pki.docker(address, "run", "--rm", "tiny", "/bin/dash", "-c", "echo hello").stdout == "hello\n"
    stubborn = 'trap "" TERM; while :; do sleep 1; done'
    world.pki.docker(address, "run", "-d", "--restart=always", "--name=keep", "tiny", "/bin/dash", "-c", stubborn)


def test_docker_by_hand(world):
    started = time.monotonic()
    result = world.run(WORDED, "apt-get -y -q install --no-install-recommends docker.io docker-cli && docker version")
    world.seconds["docker by hand"] = time.monotonic() - started
    assert result.exit_code == 0, result.stderr
    assert world.run(WORDED, "apt-get update -q").exit_code == 0


def test_rules_decide_at_once_what_is_open(world):
    address = world.addresses[KEYED]
    assert connects(address, 22) == "open" and connects(address, 80) == "silent"
    world.platform.machine_firewall(KEYED, [allow(80)])
    assert connects(address, 22) == "silent" and connects(address, 80) == "refused"
    world.platform.machine_firewall(KEYED, None)
    assert connects(address, 22) == "silent"
    world.platform.machine_firewall(KEYED, [allow(22, PORT)])
    assert connects(address, 22) == "open"


def test_rules_hold_between_neighbours_and_networks(world):
    assert world.reaches(NEIGHBOUR, "10.0.0.4", 22)
    assert not world.reaches(NEIGHBOUR, "10.0.0.99", 22)
    deny = FirewallRule("deny", 100, "Inbound", "Deny", "*", ("VirtualNetwork",), ("*",), ("*",), ("*",))
    world.platform.machine_firewall(NEIGHBOUR, [deny])
    assert not world.reaches(KEYED, "10.0.0.5", 22)
    world.platform.machine_firewall(NEIGHBOUR, None)
    assert world.reaches(KEYED, "10.0.0.5", 22)
    # The other network's 10.0.0.4 is another machine, reached by its public address only.
    assert world.run(WORDED, "hostname").stdout == f"m{WORDED}\n"
    assert world.reaches(NEIGHBOUR, world.addresses[WORDED], 22)
    assert world.reaches(NEIGHBOUR, world.addresses[KEYED], 22)


def test_outbound_rules(world):
    deny = FirewallRule("out", 100, "Outbound", "Deny", "Tcp", ("*",), ("*",), ("*",), ("22",))
    world.platform.machine_firewall(NEIGHBOUR, [deny])
    assert not world.reaches(NEIGHBOUR, "10.0.0.4", 22)
    world.platform.machine_firewall(NEIGHBOUR, None)


def test_a_reboot_from_inside_keeps_the_host(world):
    started = time.monotonic()
    assert world.run(KEYED, "reboot; sleep 60").exit_code > 128
    assert world.run(KEYED, "true").exit_code == 0
    world.seconds["reboot"] = time.monotonic() - started
    deadline = time.monotonic() + 20
    while "keep" not in world.pki.docker(world.addresses[KEYED], "ps", "--format={{.Names}}", check=False).stdout:
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_stop_and_start_keep_disk_and_addresses(world):
    world.run(KEYED, "echo kept > /root/file")
    started = time.monotonic()
    world.platform.machine_stop(KEYED)
    world.seconds["stop"] = time.monotonic() - started
    assert world.platform.machine_state(KEYED) == "stopped" and connects(world.addresses[KEYED], 22) == "silent"
    with pytest.raises(MachineError):
        world.run(KEYED, "true")
    world.platform.machine_start(KEYED)
    assert world.run(KEYED, "cat /root/file").stdout == "kept\n" and connects(world.addresses[KEYED], 22) == "open"


def test_a_new_server_adopts_its_guests(world):
    again = platform_for("nspawn", world.folder / "state", world.instance)
    again.start()
    assert again.machine_state(KEYED) == "running"
    assert again.machine_run(KEYED, "hostname").stdout == f"m{KEYED}\n"
    world.platform = again


def test_a_guest_whose_supervisor_was_killed_is_booted_again(world):
    for pid in MachineCgroups(world.instance, NEIGHBOUR).processes("supervisor"):
        os.kill(pid, signal.SIGKILL)
    again = platform_for("nspawn", world.folder / "state", world.instance)
    again.start()
    assert again.machine_run(NEIGHBOUR, "hostname").stdout == f"m{NEIGHBOUR}\n"
    world.platform = again


def test_nothing_is_left_when_all_was_killed_and_the_folder_is_gone(world):
    keepers = (b"machines.supervisor", b"systemd-nspawn")
    for pid in MachineCgroups(world.instance).processes():
        with suppress(OSError):  # killed with another one
            if any(name in Path(f"/proc/{pid}/cmdline").read_bytes() for name in keepers):
                os.kill(pid, signal.SIGKILL)
    shutil.rmtree(world.folder / "state")
    platform_for("nspawn", world.folder / "state", world.instance).destroy()
    assert leftovers(world.instance) == ""
