"""Another Docker than a host has, and whose Docker the Docker VM extension can't choose."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.azure import names
from azext_dockervm.options.carry import why_not_alone, why_not_carried
from azext_dockervm.options.existing import not_applied
from azext_dockervm.spec.machine import Image

OLD = Image.parse("Canonical:UbuntuServer:16.04-LTS:latest")
TODAY = Image.parse("Ubuntu2404")


def told(tag, channel="docker", version="28.5", set_up=True):
    spec = host_spec(docker_channel=channel, docker_version=version,
                     typed={"--docker-channel": (channel,), "--docker-version": (version,)})
    tags = {names.TAG_DOCKER: tag, names.TAG_PROVISIONER: "run-command" if set_up else None}
    return not_applied(spec, {"id": "/vm", "tags": {name: text for name, text in tags.items() if text},
                              "properties": {"storageProfile": {"osDisk": {}}}})


@pytest.mark.parametrize(("tag", "channel", "version", "says"), [
    ("docker 28.5", "docker", "28.5", []),
    (None, "docker", "28.5", [
        "--docker-channel: a host that has Docker keeps it; this one was made with Docker from the packages of its "
        "distribution", "--docker-version: a host that has Docker keeps it; its own package manager upgrades it"]),
    ("docker 27", "distribution", "28.5", [
        "--docker-channel: a host that has Docker keeps it; this one was made with Docker from Docker's own repository",
        "--docker-version: a host that has Docker keeps it, and this one was made with 27; its own package manager "
        "upgrades it"])])
def test_another_docker_than_the_host_has(tag, channel, version, says):
    assert told(tag, channel, version) == says


def test_a_host_without_docker_yet_gets_what_is_asked():
    assert told(None, set_up=False) == [] and told("docker 27", set_up=False) == []


@pytest.mark.parametrize(("image", "asked", "carried"), [
    (OLD, {}, True), (OLD, {"docker_channel": "docker"}, False), (OLD, {"docker_version": "18"}, False),
    (TODAY, {"docker_channel": "docker", "docker_version": "28"}, True)])
def test_the_extension_chooses_docker_itself_on_images_of_its_era(image, asked, carried):
    spec = host_spec(image=image, **asked)
    reason = why_not_carried("docker-extension", spec)
    assert (reason is None) is carried and reason == why_not_alone("docker-extension", spec)
    assert carried or reason == ("on an image of its era the Docker VM extension installs Docker itself, from nowhere "
                                 "else and in no version of your choice")
    assert why_not_carried("run-command", spec) is None
