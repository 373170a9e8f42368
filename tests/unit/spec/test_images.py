"""Names of images: aliases as az takes them, and a hint that fits what was typed instead."""

from __future__ import annotations

import pytest

from azext_dockervm.azure import names
from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec import images, rules
from azext_dockervm.spec.machine import Image

CLASSIC = "b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04-LTS-amd64-server-20140414-en-us-30GB"


@pytest.mark.parametrize("text", ["Ubuntu2204", "ubuntu2204", "UBUNTU2204"])
def test_an_alias_is_its_urn_whatever_the_case(text):
    image = Image.parse(text)
    assert str(image) == "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:latest"
    assert image.reference == {"publisher": "Canonical", "offer": "0001-com-ubuntu-server-jammy",
                               "sku": "22_04-lts-gen2", "version": "latest"}
    assert image.typed == text


def test_the_default_has_an_alias_and_is_the_same_image_by_either_name():
    assert Image.parse("Ubuntu2404") == Image.parse(names.DEFAULT_IMAGE)
    assert len({Image.parse("Ubuntu2404"), Image.parse("ubuntu2404")}) == 1


def test_every_alias_is_a_urn_that_is_taken():
    for name, urn in images.ALIASES.items():
        assert str(Image.parse(name)) == str(Image.parse(urn)) == urn


def test_every_name_that_a_hint_offers_is_an_alias():
    assert set(images.RETIRED_ALIASES.values()) <= set(images.ALIASES)
    assert not {name.lower() for name in (*images.RETIRED_ALIASES, *images.WINDOWS_ALIASES)} & {
        name.lower() for name in images.ALIASES}


@pytest.mark.parametrize(("text", "says", "advice"), [
    ("Ubuntu2205", "Did you mean Ubuntu2204", "--image Ubuntu2204"),
    ("ubuntu22.04", "Did you mean Ubuntu2204?", "--image Ubuntu2204"),
    ("Ubuntu-24.04", "Did you mean Ubuntu2404?", "--image Ubuntu2404"),
    ("ubuntu", "Did you mean Ubuntu2404", "--image Ubuntu2404"),
    ("debain12", "Did you mean Debian12", "--image Debian12"),
    ("UbuntuLTS", "az no longer has. Did you mean Ubuntu2404?", "--image Ubuntu2404"),
    ("ubuntults", "az no longer has. Did you mean Ubuntu2404?", "--image Ubuntu2404"),
    ("openSUSE-Leap", "az no longer has. Did you mean OpenSuseLeap154Gen2?", "--image OpenSuseLeap154Gen2"),
    ("Win2022Datacenter", "is a Windows image", "--image Ubuntu2404"),
    ("win2012datacenter", "is a Windows image", "--image Ubuntu2404"),
    ("canonical:ubuntu-24_04-lts:server",
     "the version is missing. Did you mean canonical:ubuntu-24_04-lts:server:latest?",
     "--image canonical:ubuntu-24_04-lts:server:latest"),
    ("nginx:latest", "a container image; --image is the image of the host's operating system",
     "docker run nginx:latest"),
    ("ghcr.io/me/web:1.2", "a container image", "docker run ghcr.io/me/web:1.2"),
    ("localhost:5000/web:1", "a container image", "docker run localhost:5000/web:1"),
    (CLASSIC, "of 2014; those images no longer exist. Did you mean Ubuntu2404?", "--image Ubuntu2404"),
    ("2cd0b3f1c1a94f5a8f3b2c1d0e9f8a7b__CoreOS-Stable-367.1.0", "Did you mean FlatcarLinuxFreeGen2?",
     "--image FlatcarLinuxFreeGen2"),
    ("https://mine.blob.core.windows.net/vhds/disk.vhd", "create an image from it first", "az image create"),
    ("", "the value is empty", "az vm image list"),
    ("  ", "the value is empty", "az vm image list"),
    ("a:b:c:d:e", "publisher:offer:sku:version", "az vm image list"),
    ("something else", "publisher:offer:sku:version", "az vm image list"),
])
def test_the_hint_fits_what_was_typed(text, says, advice):
    with pytest.raises(InvalidValue) as caught:
        rules.check_image(text)
    assert caught.value.message.startswith("--image: ")
    assert says in caught.value.message
    assert caught.value.recommendations[0].startswith(advice), caught.value.recommendations
