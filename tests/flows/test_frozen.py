"""Hosts that earlier versions made (tests/data/frozen): each command takes them on."""

from __future__ import annotations

from flow_cloud import Cloud
from frozen_hosts import Restored


def test_frozen_host_is_read_left_as_it_is_and_deleted(cloud: Cloud, frozen: Restored, capsys):
    """One test, since bringing a host back takes longer than all commands."""
    is_read(cloud, frozen, capsys)
    the_same_create_leaves_it_as_it_is(cloud, frozen)
    cloud.az("delete", *frozen.at, "--data-disks", "delete", "--yes").succeeded()
    assert cloud.parts() == set()


def is_read(cloud: Cloud, frozen: Restored, capsys) -> None:
    told = cloud.az("info", *frozen.at).succeeded().json
    assert told["engine"]["version"] and told["provisioner"] in frozen.create and told["closedPorts"] == []
    port = frozen.vm()["tags"]["dockervm-port"]
    endpoint = f"tcp://{frozen.name}.westus.cloudapp.{cloud.instance.name}.test:{port}"
    assert told["dockerHost"] == endpoint
    cloud.az("env", *frozen.at).succeeded()
    assert endpoint in capsys.readouterr().out
    listed, = cloud.az("list", "-g", cloud.group, "--check").succeeded().json
    assert (listed["name"], listed["reachable"], listed["problems"]) == (frozen.name, True, [])


def the_same_create_leaves_it_as_it_is(cloud: Cloud, frozen: Restored) -> None:
    vm, home, guest, certificate = frozen.vm(), frozen.home_files(), frozen.guest_files(), frozen.shown()
    cloud.mark()
    again = cloud.az("create", *frozen.create).succeeded()
    assert again.json["reachable"] is True
    # Where settings were typed it says what such a host does not have: rules against containers came later.
    differs = [line.strip() for line in again.stderr.splitlines() if line.startswith(("    - ", "    + "))]
    assert differs in ([], ["- container-metadata: open", "+ container-metadata: closed"])
    assert ("Not applied" in again.stderr) is bool(differs)
    assert not any(cloud.asked(action) for action in ("install", "request", "serve", "restart"))
    after = frozen.vm()
    assert (after["tags"], after["properties"]["vmId"]) == (vm["tags"], vm["properties"]["vmId"])
    # Azure's own, as they were made; --idle-timeout changes it.
    address = cloud.get("Microsoft.Network/publicIPAddresses", f"{frozen.name}PublicIP")
    assert address["properties"]["idleTimeoutInMinutes"] == 4
    assert frozen.home_files() == home and frozen.guest_files() == guest and frozen.shown() == certificate
