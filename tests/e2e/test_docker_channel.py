"""Docker from its own repository on machines that boot: by genuine apt and dnf, with stand-ins for its packages."""

from __future__ import annotations

import base64
import json
import socket
import time
from pathlib import Path

import pytest
from docker_repository import DockerRepository
from fleet import Host
from guests import on_booted_guests
from local_azure import GROUP, eventually
from set_up import SetUp

from azext_dockervm.provision.daemon import daemon_json
from azext_dockervm.provision.script.answer import encoded
from azext_dockervm.provision.script.join import set_up_script
from azext_dockervm.spec.engine import Engine
from localazure.machines.nspawn import image

pytestmark = on_booted_guests("docker", "openssl", "gpg")
INSTALLED = "dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\\n' | sed -n 's/^installed //p' | grep -E "


def repository_in(folder: Path) -> DockerRepository:
    made = DockerRepository(folder, image.ensure_image().root / "var/cache/apt/archives")
    made.offer("28.5.1", "28.5.2", "29.1.0")
    return made


@pytest.fixture(scope="module")
def repository(guests, tmp_path_factory):
    made = repository_in(tmp_path_factory.mktemp("docker"))
    with made.served_at(guests.platform.service_address):
        yield made


def versions(guest, names: str) -> dict[str, str]:
    lines = guest.says(INSTALLED + f"'^({names}) '").splitlines()
    return dict(line.split() for line in lines)


def told_to_apt(guest) -> str:
    return guest.says("find /etc/apt -name '*dockervm*' | sort")


def test_a_host_of_docker_s_own_packages_in_the_version_that_was_asked_for(guest, repository):
    another = repository.make_key("Somebody Else")
    for keys in ((another,), (repository.fingerprint, another)):
        repository.serve_keys(*keys)
        refused = guest.request(**repository.values)
        assert refused.reason == "wrong-key" and another in "".join(refused.details)
        assert told_to_apt(guest) == "" and guest.guest_status("command -v dockerd") != 0
    repository.serve_keys(repository.fingerprint)
    refused = guest.request(**repository.values, VERSION="28.6")
    assert refused.reason == "no-such-version" and "5:28.5.2-1~debian.13~trixie" in refused.details[1]
    assert told_to_apt(guest) == "" and guest.guest_status("command -v dockerd") != 0

    guest.becomes_a_host(**repository.values, VERSION="28.5", USER="azureuser")
    wanted = "5:28.5.2-1~debian.13~trixie"
    there = versions(guest, "docker[^ ]*|containerd[^ ]*|runc")
    assert there["docker-ce"] == there["docker-ce-cli"] == wanted
    assert set(there) == {"docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin",
                          "docker-compose-plugin"}
    assert "/usr/bin/dockerd" in guest.says("systemctl cat docker.service")
    assert guest.says("docker compose version && docker buildx version")
    assert "docker" in guest.says("id -Gn azureuser").split()

    # The same again keeps it, and so does an upgrade of all packages; then a later one of the same line is taken.
    assert guest.request(**repository.values, VERSION="28.5").ok
    upgrade = "apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -y -q upgrade"
    guest.says(f"{upgrade} >/dev/null")
    assert versions(guest, "docker-ce")["docker-ce"] == wanted
    repository.offer("28.5.3")
    guest.says(f"{upgrade} >/dev/null")
    assert versions(guest, "docker-ce")["docker-ce"] == "5:28.5.3-1~debian.13~trixie"
    eventually(lambda: guest.takes_connections(guest.port), "the engine is back")
    assert guest.docker("info", "--format", "{{.LiveRestoreEnabled}}") == "true"
    assert guest.run("check").ok
    # A host that was set up keeps what it was upgraded to.
    assert guest.request(**repository.values, VERSION="28.5.2").ok


# Long: each boots a guest


# Of a company without a way out: what it mirrors stands beside its address.
MIRROR = """#cloud-config
write_files:
  - path: /etc/apt/sources.list.d/docker.list
    content: |
      # https://download.docker.com/linux/debian
      deb [trusted=yes] {url}/debian trixie stable
"""


@pytest.mark.long
def test_create_installs_docker_s_own_packages_from_a_mirror_that_the_image_names(local_azure, fleet, tmp_path):
    made, at = repository_in(tmp_path), ("-g", GROUP, "-n", "channelled")
    name = local_azure.environment["LOCALAZURE_REGISTRY"].partition(":")[0]
    with made.served_at(socket.gethostbyname(name)):
        created = local_azure.az(
            "dockervm", "create", *at, "-l", "uksouth", "--ssh-key-values", f"{fleet.ssh_key}.pub", "--docker-channel",
            "docker", "--docker-version", "28", "--custom-data", MIRROR.format(url=made.url)).succeeded()
    host = Host(local_azure, "channelled", created, created.json)
    assert host.result["provisioner"] == "cloud-init" and host.docker("version").code == 0
    assert host.run("dpkg-query -W -f '${Version}' docker-ce") == "5:28.5.2-1~debian.13~trixie"
    assert host.run("dpkg-query -W -f '${db:Status-Status}' docker.io 2>/dev/null || true") in ("", "not-installed")
    assert "/^([0-9]+:)?28(" in host.run("cat /etc/apt/preferences.d/dockervm-docker.pref")
    local_azure.az("dockervm", "delete", *at, "--yes").succeeded()


IN_DOCKER_S_LAYOUT = """
set -eu
printf 'NAME="Red Hat Enterprise Linux"\\nID="rhel"\\nVERSION_ID="9.4"\\n' >/etc/os-release
export GNUPGHOME=/srv/keys
mkdir -p -m 700 $GNUPGHOME
folder=/srv/docker/rhel/9/$(uname -m)/stable
mkdir -p "$folder"
cp /srv/rpm/docker-ce/*/*.rpm "$folder"
for name in Docker Else; do gpg --batch --quiet --passphrase '' --quick-gen-key $name rsa2048 sign never; done
rpmsign --define '_gpg_name Docker' --addsign "$folder"/*.rpm >/dev/null
createrepo_c --quiet "$folder"
gpg --armor --export Docker >/srv/docker/rhel/gpg
gpg --with-colons --list-keys Docker | sed -n 's/^fpr:*\\([0-9A-F]*\\):.*/\\1/p'
"""


@pytest.mark.long
@pytest.mark.parametrize("guest", ["dnf-without-docker"], indirect=True)
def test_a_host_of_red_hat_s_family_has_docker_s_own_packages(guest):
    told = guest.says("rm -f /etc/os-release\n" + IN_DOCKER_S_LAYOUT)
    values = {"CHANNEL": "docker", "REPOSITORY": "file:///srv/docker", "REPOSITORY_KEY": told.split()[-1]}
    files = "find /etc/yum.repos.d /etc/pki -name '*dockervm*' | sort"
    guest.says("GNUPGHOME=/srv/keys gpg --armor --export Else >/srv/else; cd /srv/docker/rhel && mv gpg docker-s && "
               "cp /srv/else gpg")
    assert guest.request(**values).reason == "wrong-key" and guest.says(files) == ""
    guest.says("mv /srv/docker/rhel/docker-s /srv/docker/rhel/gpg")
    refused = guest.request(**values, VERSION="27")
    assert refused.reason == "no-such-version" and "29.1.0-1" in refused.details[1]
    assert guest.says(files) == "" and guest.guest_status("command -v dockerd") != 0

    guest.becomes_a_host(**values, VERSION="28.5", USER="azureuser")
    names = "rpm -q --queryformat '%{NAME} %{VERSION} ' docker-ce docker-ce-cli docker-buildx-plugin"
    before = guest.says(names)
    assert "docker-ce 28.5.2 docker-ce-cli 28.5.2 " in before
    assert guest.says("docker compose version && docker buildx version")
    # A key that is not the pinned one opens nothing: packages are checked.
    assert "gpgcheck=1" in guest.says("cat /etc/yum.repos.d/dockervm-docker.repo")
    guest.says("dnf -y -q upgrade")
    assert guest.says(names) == before
    guest.says("sed -i /^includepkgs/d /etc/yum.repos.d/dockervm-docker.repo && dnf -y -q upgrade && "
               "systemctl daemon-reload && systemctl restart docker")
    assert "docker-ce 29.1.0 docker-ce-cli 29.1.0 " in guest.says(names)
    eventually(lambda: guest.takes_connections(guest.port), "the engine is back")
    assert guest.docker("info", "--format", "{{.LiveRestoreEnabled}}") == "true" and guest.run("check").ok


APT = "DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Acquire::Languages=none"
# How an image may come, before the set-up; SOURCE is Docker's own repository.
IMAGES = {
    "without Docker": "true",
    "with the distribution's": f"{APT} --no-install-recommends install docker.io docker-cli >/dev/null",
    "with Docker's own": "echo 'deb [trusted=yes] SOURCE trixie stable' >/etc/apt/sources.list.d/docker.list && "
                         f"{APT} update >/dev/null && {APT} install docker-ce docker-ce-cli containerd.io >/dev/null",
}
FILES = "cd /etc/docker && find . -type f ! -name '*.before-dockervm' -exec stat -c '%n %a %U' {} + | sort"


def killed(guest, seconds: float) -> bool:
    """A request that somebody kills, with all that it has started, as a reset would; whether it was still at work."""
    script = base64.b64encode(set_up_script("request").encode()).decode()
    values = "DOCKERVM_ACTION=request DOCKERVM_NAMES=DNS:host.test DOCKERVM_SUBJECT=host.test"
    guest.says(f"echo {script} | base64 -d >/root/request")
    guest.says(f"systemd-run -q --unit=killed env {values} sh /root/request")
    time.sleep(seconds)
    if guest.guest_status("systemctl is-active --quiet killed"):
        return False
    guest.says("systemctl kill --signal=KILL killed")
    eventually(lambda: guest.guest_status("systemctl is-failed --quiet killed") == 0, "it is dead")
    guest.says("systemctl reset-failed killed")
    return True


@pytest.mark.long
def test_whatever_docker_an_image_has_the_set_up_ends_the_same(guests, repository):
    """Killed in its beginning and in the middle, run twice; then on the other kind of image store."""
    ended = {}
    for number, (name, prepare) in enumerate(IMAGES.items()):
        machine = f"a{number}a{number}0000"
        guests.create(machine, "aaaaaaaa", f"10.0.0.{number + 100}", cpus=2, memory_mib=2048)
        guest = SetUp(guests, machine, guests.platform.public_pool[0])
        try:
            guest.says(prepare.replace("SOURCE", f"{repository.url}/debian"))
            # With Docker there it may be done that soon.
            cut_short = [killed(guest, seconds) for seconds in (1, 4)]
            assert all(cut_short) or name != "without Docker"
            guest.becomes_a_host(USER="azureuser")
            again = guest.request()
            assert again.ok and again["csr"] != "" and guest.serve(again["csr"]).ok, name
            shown = guest.docker("info", "-f", "{{.LiveRestoreEnabled}} {{.LoggingDriver}} {{.Driver}}")
            ended[name] = (guest.says(FILES), guest.says("cat /etc/docker/daemon.json"), shown,
                           guest.listening(), guest.says("systemctl is-enabled docker.service"),
                           "docker" in guest.says("id -Gn azureuser").split())
            store = {**json.loads(daemon_json(Engine(guest.port))), "features": {"containerd-snapshotter": True}}
            assert guest.serve(again["csr"], DAEMON_JSON=encoded(json.dumps(store))).ok, name
            assert "io.containerd.snapshotter" in guest.docker("info", "-f", "{{.DriverStatus}}")
            assert guest.run("check").ok, name
        finally:
            guests.platform.machine_delete(machine)
    first = ended["without Docker"]
    assert all(one == first for one in ended.values()), ended
