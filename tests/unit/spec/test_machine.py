"""Images by URN and by id: as Azure wants them referred to, and whether the Docker VM extension knows them."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec.machine import Image

OWN = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/mine"


@pytest.mark.parametrize(("text", "member"), [
    (OWN, "id"), ("/CommunityGalleries/g/Images/i/Versions/1", "communityGalleryImageId"),
    ("/communitygalleries/g/images/i", "communityGalleryImageId"),
    ("/SharedGalleries/g/Images/i/Versions/1", "sharedGalleryImageId"),
    ("/sharedgalleries/g/images/i", "sharedGalleryImageId")])
def test_an_image_by_its_id_is_referred_to_by_it_alone(text, member):
    image = Image.parse(text)
    assert image.reference == {member: text} and str(image) == image.id == image.typed == text
    assert (image.publisher, image.offer, image.sku, image.version) == (None, None, None, None)


def test_what_was_typed_for_an_image_makes_it_no_other():
    assert Image("p", "o", "s", "v", typed="alias") == Image("p", "o", "s", "v")
    assert str(Image("p", "o", "s", "v")) == "p:o:s:v" and Image("p", "o", "s", "v").typed is None


@pytest.mark.parametrize(("text", "known"), [
    ("Canonical:o:s:latest", True), ("RedHat:o:s:latest", True), ("OpenLogic:o:s:latest", True),
    ("CoreOS:o:s:latest", True), ("Debian:o:s:latest", False), (OWN, False)])
def test_the_docker_vm_extension_knows_four_publishers(text, known):
    assert Image.parse(text).known_to_docker_extension is known


@pytest.mark.parametrize("text", ["ubuntu", "/images/mine", "a:b:c", ""])
def test_what_names_no_image_is_refused(text):
    with pytest.raises(InvalidValue, match="^--image: "):
        Image.parse(text)


@pytest.mark.parametrize(("text", "cloud_init", "firewall"), [
    ("Ubuntu2404", True, False), ("Debian13", True, False), ("AzureLinux4", True, True),
    ("AzureLinux4Arm64", True, True),
    ("MicrosoftCBLMariner:azure-linux-3:azure-linux-3-gen2:latest", True, True),
    ("FlatcarLinuxFreeGen2", False, False), (OWN, False, False)])
def test_what_an_image_has_is_known_by_its_publisher(text, cloud_init, firewall):
    image = Image.parse(text)
    assert (image.has_cloud_init, image.has_firewall) == (cloud_init, firewall)
