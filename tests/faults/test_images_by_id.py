"""Images of the user's own: what they ask of a VM is read before anything is made, and sent."""

from __future__ import annotations

import pytest
from arm_support import Group
from read_rounds import conducted

from azext_dockervm.spec.machine import Image

COMPUTE = "providers/Microsoft.Compute"
TRUSTED = {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}}
PLAN = {"name": "docker", "publisher": "us", "product": "hosts"}
GALLERIES = "2024-03-03"
# Of the clock that does not wait: what is at work here takes real time, and each look at it seconds of that clock.
HOUR = 3600.0


@pytest.fixture
def source(world):
    """A group with a generalized Trusted Launch VM of which images are made, and how they are put."""
    group = Group(world.arm)
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["securityProfile"] = TRUSTED
    path = group.compute("virtualMachines/template")
    world.arm.done("PUT", path, body)
    world.arm.done("POST", f"{path}/deallocate")
    world.arm.call("POST", f"{path}/generalize")
    yield group
    world.faults()
    world.arm.done("DELETE", group.path)


def put(group, path: str, **properties) -> str:
    path = group.compute(path)
    answer = group.arm.call("PUT", path, {"location": "westus", "properties": properties}, api=GALLERIES)
    assert answer.status == 201, answer.body
    group.arm.wait(answer)
    return group.id_of(path)


@pytest.fixture
def image(source):
    """A version of a gallery's image that wants Trusted Launch and a plan."""
    put(source, "galleries/own")
    put(source, "galleries/own/images/host", osType="Linux", osState="Generalized", hyperVGeneration="V2",
        identifier={"publisher": "us", "offer": "hosts", "sku": "docker"}, purchasePlan=PLAN,
        features=[{"name": "SecurityType", "value": "TrustedLaunch"}])
    return put(source, "galleries/own/images/host/versions/1.0.0", storageProfile={"source": {
        "virtualMachineId": source.id_of(source.compute("virtualMachines/template"))}})


@pytest.mark.parametrize("latest", [False, True])
def test_a_host_of_a_gallery_s_image_has_its_trusted_launch_and_its_plan(world, group, certificates, image, latest):
    named = image.rpartition("/versions/")[0] if latest else image
    made = world.create(group, certificates, HOUR, image=Image.parse(named))
    assert made.error is None, made.text
    assert made.host.proof.reachable
    vm = world.arm.call("GET", f"/resourceGroups/{group}/{COMPUTE}/virtualMachines/web1").body
    assert vm["plan"] == PLAN and vm["properties"]["securityProfile"] == TRUSTED
    assert vm["properties"]["storageProfile"]["imageReference"]["id"] == named
    again = world.create(group, certificates, HOUR, image=Image.parse(named))
    assert again.error is None and not [text for text in again.told.warnings if "Not applied" in text], again.text


def test_so_it_does_where_only_older_versions_of_galleries_are_served(world, group, certificates, image):
    world.faults(api_versions=[{"type": f"{COMPUTE.partition('/')[2]}/galleries/images", "versions": ["2021-10-01"]}])
    made = world.create(group, certificates, HOUR, image=Image.parse(image))
    assert made.error is None, made.text


def test_no_read_more_waits_for_others_with_an_image_and_a_plan_that_were_named(
        world, group, certificates, image, monkeypatch):
    rounds = conducted(monkeypatch)
    asked = {f"plan.{part}": text for part, text in PLAN.items()}
    made = world.create(group, certificates, HOUR, location=None, image=Image.parse(image), **asked)
    assert rounds.wrote and len(rounds.rounds) <= 3, rounds.rounds or made.text
    reads = [path for one in rounds.rounds for path in one]
    assert [path for path in reads if "/agreements/" in path] and [path for path in reads if "/galleries/own" in path]


def test_an_image_that_is_gone_is_told_before_anything_is_made(world, group, certificates, image):
    first = world.create(group, certificates, HOUR, image=Image.parse(image.replace("/host/", "/none/")))
    assert "there is no image" in first.error.message and world.parts(group) == set()
