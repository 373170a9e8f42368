"""What a user can type wrong, and that the message names the rule that broke."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_dockervm import rules
from azext_dockervm._validators import admin_password
from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.spec import HostSpec

GOOD = {"location": None, "image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "Standard_D2s_v5",
        "admin_username": "azureuser", "docker_port": 4243, "ssh_port": None,
        "dns_label": None, "provisioner": "auto", "timeout": "20m", "tags": None}


def spec(name: str = "web1", **changes) -> HostSpec:
    return HostSpec.from_arguments("demo", name, **{**GOOD, **changes})


@pytest.mark.parametrize(("changes", "words"), [
    ({"docker_port": 0}, "from 1 to 65535"),
    ({"docker_port": 70000}, "from 1 to 65535"),
    ({"ssh_port": 65536}, "from 1 to 65535"),
    ({"docker_port": 22, "ssh_port": 22}, "both 22"),
    ({"docker_port": 22}, "sshd listens"),
    ({"admin_username": "docker"}, "group of that name"),
    ({"admin_username": "Docker"}, "group of that name"),
    ({"admin_username": "root"}, "reserved"),
    ({"admin_username": "Admin!"}, "lower-case letters"),
    ({"admin_username": "a" * 65}, "65 characters"),
    ({"name": "web_1"}, "hyphens only"),
    ({"name": "web1-"}, "ending with a letter or digit"),
    ({"name": "a" * 65}, "65 characters"),
    ({"image": "ubuntu"}, "publisher:offer:sku:version"),
    ({"size": "Standard D2"}, "VM size"),
    ({"location": "West/US"}, "region"),
    ({"dns_label": "-web"}, "beginning with a letter"),
    ({"timeout": "soon"}, "20m"),
    ({"timeout": "5s"}, "shorter than a minute"),
    ({"tags": {"a/b": "c"}}, "tag name"),
    ({"tags": {"dockervm-host": "mine"}}, "dockervm's own"),
    ({"provisioner": "magic"}, "none of auto"),
])
def test_one_error_that_names_the_rule(changes, words):
    with pytest.raises(InvalidValue) as caught:
        spec(**changes)
    assert words in caught.value.message


@pytest.mark.parametrize(("password", "words"), [
    ("Short1!", "12 to 72"),
    ("A1!" + "a" * 70, "12 to 72"),
    ("onlylowercaseletters", "an upper-case letter, a digit, a special character"),
    ("ONLYUPPERCASELETTERS", "a lower-case letter, a digit, a special character"),
    ("123456789012345", "a lower-case letter, an upper-case letter, a special character"),
    ("!!!!!!!!!!!!!!!!", "a lower-case letter, an upper-case letter, a digit"),
    ("P@$$w0rd", "too common"),
    ("Good-enough1\n", "control character"),
])
def test_a_password_that_breaks_a_rule(password, words):
    with pytest.raises(InvalidValue) as caught:
        rules.check_password(password)
    assert words in caught.value.message


def test_no_message_holds_the_password():
    for password in ("P@$$w0rd", "onlylowercaseletters", "Short1!"):
        with pytest.raises(InvalidValue) as caught:
            rules.check_password(password)
        assert password not in caught.value.message


def test_three_of_four_classes_are_enough():
    for password in ("lower-and-1digit", "UPPER-AND-1DIGIT", "lowerUPPER123456", "lowerUPPER------"):
        assert rules.check_password(password) == password


def test_an_image_that_the_extension_does_not_know_excludes_it():
    with pytest.raises(ConflictingArguments):
        spec(provisioner="docker-extension", image="Debian:debian-13:13-gen2:latest")


def test_regions_are_written_either_way():
    assert spec(location="West US").location == spec(location="westus").location == "westus"


def test_a_password_never_shows_in_the_values():
    assert "Very-secret-1" not in repr(replace(spec(), admin_password=admin_password("Very-secret-1")))


@pytest.mark.parametrize(("text", "seconds"), [("20m", 1200), ("1h30m", 5400), ("600s", 600), ("20", 1200)])
def test_durations(text, seconds):
    assert rules.check_timeout(text) == seconds
