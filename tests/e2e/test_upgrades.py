"""Upgrades of Docker and containerd, as they come unattended: listener, TLS, settings and containers stay."""

from __future__ import annotations

import json

import pytest
from local_azure import eventually

pytestmark = pytest.mark.machines

# As unattended-upgrades calls it, with the package that is installed under a higher version: what apt has fetched for
# the first one is packed again.
UPGRADE = """
set -eu
export DEBIAN_FRONTEND=noninteractive
work=$(mktemp -d -p /var/tmp)
exec 2>&1
for package in docker.io containerd; do
    set -- /var/cache/apt/archives/"$package"_*.deb
    dpkg-deb -R "$1" "$work/$package"
    sed -i 's/^Version: .*/&+later1/' "$work/$package/DEBIAN/control"
    dpkg-deb -Znone -b "$work/$package" "$work/$package.deb" >/dev/null
    rm -rf "$work/$package"
done
apt-get -y -q -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \\
    --no-install-recommends install "$work"/*.deb >"$work/log" || { tail -n 20 "$work/log"; exit 1; }
rm -rf "$work"
dpkg-query -W -f '${Version}\\n' docker.io containerd
"""
# What is to be as it was: whatever the engine was told, by daemon.json or by its command line.
SETTINGS = "{{json .LiveRestoreEnabled}} {{.LoggingDriver}} {{.Driver}} {{.DockerRootDir}} {{json .RegistryConfig}}"


@pytest.fixture(params=["run_command", "extension", pytest.param("as_in_2014", marks=pytest.mark.long)])
def host(request, busybox):
    found = request.getfixturevalue(request.param)
    if not found.docker("image", "ls", "-q", "busybox").succeeded().stdout:
        found.docker("import", busybox, "busybox").succeeded()
    return found


def state(host) -> tuple[str, str, str]:
    settings = host.docker("info", "-f", SETTINGS).succeeded().stdout
    listening = host.run("ss -Hltn | awk '{ print $4 }' | grep -v '^127[.]' | sort")
    container = json.loads(host.docker("inspect", "upgraded").succeeded().stdout)[0]["State"]
    return settings, listening, f"{container['StartedAt']} {container['Running']}"


def test_an_upgrade_of_docker_and_containerd_leaves_the_host_as_it_was(host):
    host.docker("run", "-d", "--name", "upgraded", "busybox", "sleep", "1000").succeeded()
    try:
        before = state(host)
        versions = host.run(UPGRADE).split()
        assert len(versions) == 2 and all(one.endswith("+later1") for one in versions), versions
        for restart in ("true", "systemctl reset-failed docker; systemctl restart docker"):
            # Debian's package leaves the engine running; the next boot, or somebody, starts the new one.
            host.run(restart)
            eventually(lambda: host.docker("version", timeout=20).code == 0, "the engine answers again")
            assert state(host) == before
        # Nobody without a certificate.
        bare = host.azure.docker("-H", host.url, "version", timeout=20)
        assert bare.code != 0
        assert host.info().succeeded().json["engineUnreachable"] is None
    finally:
        host.docker("rm", "-f", "upgraded")
