"""The fast lane from az to a fake machine that boots: what it costs in requests, and what takes over."""

from __future__ import annotations

from flow_cloud import HOST
from local_azure import eventually

from azext_dockervm.door import patience

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


def logs(cloud) -> set:
    """What cloud-init has printed on each machine that has booted."""
    return set(cloud.instance.folder.glob("machines/*/root/var/log/cloud-init-output.log"))
