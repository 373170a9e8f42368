"""Whose Docker a host has: noted with its VM, kept from then on, and told."""

from __future__ import annotations

import gzip
from base64 import b64decode

import pytest

from azext_dockervm.azure import kinds, names

TYPED = {"--docker-channel": ("docker",), "--docker-version": ("28.5",)}
DOCKER = {"docker_channel": "docker", "docker_version": "28.5", "typed": TYPED}


def told(cloud) -> tuple[str | None, str | None]:
    """What the last request was given."""
    values = next(values for asked, values in reversed(cloud.host().actions) if asked == "request")
    return values.get("DOCKERVM_CHANNEL"), values.get("DOCKERVM_VERSION")


@pytest.mark.parametrize("provisioner", ["run-command", "cloud-init"])
def test_a_new_host_is_told_of_it_and_its_tag_notes_it(cloud, command, provisioner):
    command.create(**DOCKER, provisioner=provisioner)
    assert cloud.tags()[names.TAG_DOCKER] == "docker 28.5"
    data = cloud.sent("PUT", kinds.VM)[0].body["properties"]["osProfile"]["customData"]
    text = gzip.decompress(b64decode(data if isinstance(data, str) else data.reveal())).decode()
    assert "\nDOCKERVM_CHANNEL=docker\nDOCKERVM_VERSION=28.5\n" in text
    assert provisioner == "cloud-init" or told(cloud) == ("docker", "28.5")


def test_without_a_wish_there_is_no_tag(cloud, command):
    command.create(provisioner="run-command")
    assert names.TAG_DOCKER not in cloud.tags() and told(cloud) == ("distribution", None)


def test_a_host_that_is_there_keeps_it_and_says_so(cloud, command):
    command.create(provisioner="run-command")
    command.anew()
    command.create(**DOCKER)
    channel, version = (text for text in command.heard.warned if "--docker-" in text)
    assert channel == ("Not applied: --docker-channel: a host that has Docker keeps it; this one was made with Docker "
                       "from the packages of its distribution.")
    assert version == ("Not applied: --docker-version: a host that has Docker keeps it; its own package manager "
                       "upgrades it.")
    assert names.TAG_DOCKER not in cloud.tags()


def test_what_it_has_is_no_news(cloud, command):
    command.create(**DOCKER, provisioner="run-command")
    command.anew()
    command.create(**DOCKER)
    assert command.heard.warned == [] and cloud.tags()[names.TAG_DOCKER] == "docker 28.5"
    other = {**DOCKER, "docker_version": "29", "typed": {**TYPED, "--docker-version": ("29",)}}
    command.anew()
    command.create(**other)
    [warned] = command.heard.warned
    assert "this one was made with 28.5; its own package manager upgrades it" in warned
    assert cloud.tags()[names.TAG_DOCKER] == "docker 28.5"


def test_a_set_up_that_goes_on_has_what_was_noted(cloud, command):
    """The command to go on does not say again what a VM keeps."""
    command.create(**DOCKER, provisioner="run-command")
    command.anew()
    command.create(port=2376, typed={"-dp": ("2376",)})
    assert told(cloud) == ("docker", "28.5") and cloud.tags()[names.TAG_DOCKER] == "docker 28.5"


@pytest.mark.parametrize("finished", [True, False])
def test_what_is_asked_later_takes_effect_until_a_host_is_finished(cloud, command, finished):
    command.create(provisioner="run-command")
    if not finished:
        cloud.retag(kinds.VM, "web1", **{names.TAG_PROVISIONER: None})
    command.anew()
    command.create(port=2376, **{**DOCKER, "typed": {**TYPED, "-dp": ("2376",)}})
    assert told(cloud) == (("distribution", None) if finished else ("docker", "28.5"))
    assert any("Not applied" in text for text in command.heard.warned) == finished
