"""The fast lane from az to a fake machine that boots: what it costs in requests, and what takes over."""

from __future__ import annotations

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flow_cloud import HOST, Cloud
from local_azure import eventually

from azext_dockervm.door import patience
from azext_dockervm.door.client import Door
from azext_dockervm.errors import EngineUnreachable, HostFailed
from azext_dockervm.host import certify
from azext_dockervm.provision.cloud_init import Order

LANE = ("--provisioner", "cloud-init")
WRITE = r"(PUT|PATCH|POST|DELETE) \S+/providers/\S+ 20"


def test_five_writes_one_door_and_no_run_command(cloud):
    made = cloud.create(*LANE).succeeded()
    assert made.json["provisioner"] == "cloud-init" and made.json["reachable"] is True
    assert cloud.requests.count(WRITE) == 5 and cloud.run_commands() == []
    assert cloud.tags()["dockervm-provisioner"] == "cloud-init"
    assert cloud.tags()["dockervm-certificate-expires"] == made.json["serverCertificateExpires"]
    assert f"'{HOST}' says: it installs Docker." in made.stderr


def test_the_same_create_again_writes_nothing(cloud):
    first = cloud.create(*LANE).succeeded().json
    before = cloud.requests.count(WRITE)
    again = cloud.create(*LANE).succeeded()
    assert again.json == first and cloud.requests.count(WRITE) == before


def test_it_ends_when_the_engine_is_proven_and_azure_has_made_the_vm(cloud):
    """Where the host is there before Azure says so: neither is reported by the other."""
    cloud.behavior(latencies={"Microsoft.Compute/virtualMachines/create": 1500})
    made = cloud.create(*LANE).succeeded()
    assert made.json["provisioner"] == "cloud-init"
    assert re.findall(r"^done in .*(verified call|create the VM)", made.stderr, re.M) == [
        "verified call", "create the VM"]
    assert cloud.vm()["properties"]["provisioningState"] == "Succeeded"


def test_a_host_of_the_fast_lane_is_renewed_and_checked_as_any_other(cloud):
    cloud.create(*LANE).succeeded()
    moved = cloud.create("-dp", "2376").succeeded()
    assert moved.json["dockerPort"] == 2376 and moved.json["reachable"] is True
    assert moved.json["provisioner"] == "run-command" == cloud.tags()["dockervm-provisioner"]


def test_where_the_port_is_shut_on_the_way_run_commands_take_over(cloud, monkeypatch):
    monkeypatch.setattr(patience, "ABSENT_SECONDS", 1.0)
    made = cloud.create(*LANE, "--sources", "192.0.2.7")
    assert made.code == 4 and "run-command takes over" in made.stderr, made
    assert made.json["provisioner"] == "run-command" and made.json["reachable"] is False


def test_a_first_boot_that_comes_after_run_commands_leaves_the_host_alone(cloud, monkeypatch):
    """A machine that boots slowly: nobody opens the door in time, and the script finds that run commands have been."""
    monkeypatch.setattr(patience, "ABSENT_SECONDS", 1.0)
    cloud.behavior(conditions={"cloud_init_delay": [{"seconds": 15}]})
    before = logs(cloud)
    made = cloud.create(*LANE).succeeded()
    assert made.json["provisioner"] == "run-command" and "run-command takes over" in made.stderr
    eventually(lambda: any("run commands have taken over" in log.read_text() for log in logs(cloud) - before),
               "the first boot, which ends at once", 60)
    assert cloud.create().succeeded().json == made.json


# A client that dies: the same create finishes the host, whatever was done by then


def dying(monkeypatch, where: object, name: str, does: bool) -> None:
    """The client ends at this call, before it is done or right after."""
    real = getattr(where, name)

    def dies(*arguments):
        if does:
            real(*arguments)
        raise HostFailed("The client died.")

    monkeypatch.setattr(where, name, dies)


def test_a_client_that_dies_between_request_and_certificate_goes_on_by_run_commands(cloud, monkeypatch):
    """The key of that run was in its memory alone: nobody else is ever believed at the door."""
    before = logs(cloud)
    with monkeypatch.context() as death:
        dying(death, Order, "sign", does=False)
        died = cloud.create(*LANE)
    assert died.code == 1 and "The client died. The VM" in died.stderr and "was kept" in died.stderr
    made = cloud.create(*LANE).succeeded()
    assert (made.json["provisioner"], made.json["reachable"]) == ("run-command", True)
    eventually(lambda: any("action: boot" in log.read_text() for log in logs(cloud) - before),
               "the end of the first boot", 60)
    [log] = logs(cloud) - before
    assert "result: ok" in log.read_text() and "certificate: " not in log.read_text(), "it has served nothing"
    assert cloud.create(*LANE).succeeded().json == made.json


@pytest.mark.parametrize(("where", "name", "does"), [(Door, "hand_in", True), (certify, "prove", False)],
                         ids=["certificate handed in", "before the proof"])
def test_a_host_that_has_its_certificate_needs_its_client_no_more(cloud, monkeypatch, where, name, does):
    with monkeypatch.context() as death:
        dying(death, where, name, does)
        died = cloud.create(*LANE)
    assert died.code == 1 and "The client died. The VM" in died.stderr and "was kept" in died.stderr
    eventually(lambda: answers(cloud), "an engine that the host has started by itself", 60)
    before = cloud.requests.count(WRITE)
    made = cloud.create(*LANE).succeeded()
    assert (made.json["provisioner"], made.json["reachable"]) == ("cloud-init", True)
    assert cloud.requests.count(WRITE) == before and cloud.run_commands() == []


def answers(cloud: Cloud) -> bool:
    try:
        return bool(cloud.engine_certificate())
    except EngineUnreachable:
        return False


# A port that another program has


def test_a_port_that_is_taken_on_the_host_is_told_and_once_it_is_free_the_same_create_goes_on(cloud, monkeypatch):
    monkeypatch.setattr(patience, "ABSENT_SECONDS", 1.0)
    cloud.behavior(conditions={"cloud_init_delay": [{"seconds": 4}]})    # so that the other program is first
    with ThreadPoolExecutor(1) as other:
        taking = other.submit(take_port, cloud, addresses(cloud))
        failed = cloud.create(*LANE)
        with taking.result():
            assert failed.code == 1 and "run-command takes over" in failed.stderr, failed
            assert "Docker does not start" in failed.stderr and "Address already in use" in failed.stderr
            assert f"The VM '{HOST}' was kept" in failed.stderr and "To continue from there: az dockervm create" in (
                failed.stderr)
    made = cloud.create(*LANE).succeeded()
    assert (made.json["provisioner"], made.json["reachable"]) == ("run-command", True)


def take_port(cloud: Cloud, before: set[Path]) -> socket.socket:
    """Docker's port of the next machine, from its beginning on."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for path in addresses(cloud) - before:
            if address := path.read_text():
                return socket.create_server((address, 4243))
        time.sleep(0.01)
    raise AssertionError("no machine was made")


def addresses(cloud: Cloud) -> set[Path]:
    """The file of each machine that has its address on this computer."""
    return set(cloud.instance.folder.glob("machines/*/own-address"))


def logs(cloud: Cloud) -> set[Path]:
    """What cloud-init has printed on each machine that has booted."""
    return set(cloud.instance.folder.glob("machines/*/root/var/log/cloud-init-output.log"))
