"""The Docker VM extension: when it is taken, what it needs, and what remains of it when it fails."""

from __future__ import annotations

import pytest
from flow_cloud import HOST
from local_azure import eventually

from azext_dockervm.host import certify

ERA = ("--image", "Canonical:UbuntuServer:18.04-LTS:latest")
EXTENSION = f"{HOST}/extensions/DockerExtension"
VM = "Microsoft.Compute/virtualMachines"
FAILS = [{"type": "DockerExtension", "outcome": "failed"}]


# What a failed extension keeps from being installed beside it, at the worst.
BLOCKS = [{"blocks": "both"}]


def failing(cloud, *more: dict) -> None:
    cloud.behavior(conditions={"extension": FAILS, "failed_extension": BLOCKS}, rules=list(more))


def test_auto_takes_it_for_an_image_of_its_era_and_lets_it_install_docker(cloud):
    made = cloud.create(*ERA).succeeded()
    assert made.json["provisioner"] == "docker-extension" and not cloud.asked("install")


def test_auto_does_not_take_it_for_today_s(cloud):
    made = cloud.create().succeeded()
    assert made.json["provisioner"] == "cloud-init"
    assert "the Docker VM extension was made for older images than this; this image has cloud-init" in made.stderr
    assert cloud.get(VM, EXTENSION) is None


def test_asked_for_on_today_s_image_it_finds_docker_and_compose(cloud):
    made = cloud.create("--provisioner", "docker-extension").succeeded()
    assert made.json["provisioner"] == "docker-extension" and made.json["reachable"] is True
    assert cloud.asked("install") and cloud.get(VM, EXTENSION)["properties"]["provisioningState"] == "Succeeded"
    assert cloud.run_commands() == []


def test_without_the_preparation_it_would_have_failed(cloud, monkeypatch):
    """So that the test above proves what it says. What custom data does comes too late."""
    cloud.behavior(conditions={"cloud_init_delay": [{"seconds": 600}]})
    monkeypatch.setattr(certify.docker_extension, "needs_preparation", lambda _job: False)
    failed = cloud.create("--provisioner", "docker-extension")
    assert failed.code == 1 and "get.docker.com" in failed.stderr and f"The VM '{HOST}' was kept" in failed.stderr


def test_where_it_fails_run_command_takes_over_and_nothing_of_it_stays(cloud):
    failing(cloud)
    made = cloud.create(*ERA).succeeded()
    assert made.json["provisioner"] == "run-command" and made.json["reachable"] is True
    assert "run-command takes over" in made.stderr and cloud.get(VM, EXTENSION) is None


def test_asked_for_it_fails_plainly_and_the_same_command_goes_on(cloud):
    failing(cloud)
    failed = cloud.create("--provisioner", "docker-extension")
    assert failed.code == 1 and "The Docker VM extension failed" in failed.stderr
    cloud.behavior(conditions={"failed_extension": BLOCKS})
    made = cloud.create("--provisioner", "docker-extension").succeeded()
    assert made.json["provisioner"] == "docker-extension" and made.json["reachable"] is True


def test_a_removal_that_hangs_does_not_end_the_create(cloud, monkeypatch):
    monkeypatch.setattr(certify, "REMOVAL_SHARE", 0.005)        # of the 20 minutes
    cloud.behavior(conditions={"extension": FAILS}, rules=[
        {"do": "endless_operation", "method": "DELETE", "type": f"{VM}/extensions"}])
    made = cloud.create(*ERA).succeeded()
    assert made.json["provisioner"] == "run-command" and made.json["reachable"] is True
    assert f"az vm extension delete -g {cloud.group} --vm-name {HOST} -n DockerExtension" in made.stderr


# What a failed one leaves: removed while the host is set up, never under a host that works


def extensions(cloud) -> set[str]:
    return {one for one in cloud.parts() if one.startswith("extensions/")}


@pytest.fixture
def fallen_back(cloud):
    """A host on which the extension failed and could not be removed."""
    cloud.behavior(conditions={"extension": FAILS}, rules=[
        {"do": "answer", "status": 409, "code": "Broken", "message": "It hangs.", "method": "DELETE",
         "type": f"{VM}/extensions"}])
    made = cloud.create(*ERA).succeeded()
    cloud.behavior()
    assert made.json["provisioner"] == "run-command" and extensions(cloud)
    assert f"az vm extension delete -g {cloud.group} --vm-name {HOST} -n DockerExtension" in made.stderr
    return made.json


def test_it_is_not_removed_under_a_host_that_works(cloud, fallen_back):
    """The handler's last act is to stop Docker."""
    cloud.mark()
    again = cloud.create(*ERA).succeeded()
    assert again.json == fallen_back and cloud.engine_certificate()
    assert r"DELETE \S+" not in cloud.requests
    assert "is still on it" in again.stderr and "which stops Docker until the same create" in again.stderr


@pytest.mark.long
def test_after_its_deletion_the_same_create_starts_docker_again(cloud, fallen_back):
    cloud.arm("DELETE", VM, f"{HOST}/extensions/DockerExtension")
    eventually(lambda: not extensions(cloud), "the extension is gone", 30)
    again = cloud.create(*ERA).succeeded()
    assert again.json["reachable"] is True and "is still on it" not in again.stderr


def test_run_command_after_a_failed_extension_removes_it_first(cloud):
    failing(cloud)
    failed = cloud.create("--provisioner", "docker-extension")
    assert failed.code == 1
    assert ("To set the host up without it: "
            f"az dockervm create -g {cloud.group} -n {HOST} --provisioner run-command") in failed.stderr
    cloud.behavior(conditions={"failed_extension": BLOCKS})
    made = cloud.create("--provisioner", "run-command").succeeded()
    assert made.json["reachable"] is True and not extensions(cloud)
    assert cloud.create().succeeded().json == made.json and cloud.engine_certificate()


def test_a_host_of_the_extension_can_be_given_a_certificate_without_it(cloud):
    """As once Azure has dropped it."""
    cloud.create("--provisioner", "docker-extension").succeeded()
    cloud.behavior(conditions={"extension": FAILS})
    again = cloud.create("-dp", "2376").succeeded()
    assert again.json["reachable"] is True and again.json["provisioner"] == "run-command"
    assert "run-command takes over" in again.stderr and not extensions(cloud)
    assert cloud.create().succeeded().json == again.json
