"""Image and size by architecture: chosen together, or refused where what was typed contradicts it."""

from __future__ import annotations

import pytest
from specs import changed, host_spec

from azext_dockervm.azure import names
from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec import images, sizes
from azext_dockervm.spec.architecture import USUAL_SIZE, check_arch, settled
from azext_dockervm.spec.machine import Image, Machine

USUAL, ARM = names.DEFAULT_SIZE, "Standard_D2ps_v6"
UBUNTU_ARM = "Canonical:ubuntu-24_04-lts:server-arm64:latest"
URN_ARM = "Debian:debian-12:12-arm64:0.20250814.2204"
UNKNOWN = "somebody:offer:sku:latest"
OWN = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/i"


def host(arch=None, typed=(), image=None, size=None):
    """``typed``: which of "--image" and "--size" were; the rest is configured, or a default."""
    machine = Machine(Image.parse(image or names.DEFAULT_IMAGE), size or USUAL, arch)
    return changed(host_spec(), machine=machine, typed={flag: ("x",) for flag in typed})


def chosen(*arguments, **values):
    machine = settled(host(*arguments, **values)).machine
    return str(machine.image), machine.size


@pytest.mark.parametrize(("alias", "urn"), [
    ("Ubuntu2404", UBUNTU_ARM), ("ubuntu2204", "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-arm64:latest"),
    ("Debian11", "Debian:debian-11:11-backports-arm64:latest"), ("Debian12", "Debian:debian-12:12-arm64:latest"),
    ("DEBIAN13", "Debian:debian-13:13-arm64:latest"),
    ("AzureLinux4", "microsoftazurelinux:azurelinux-4:4-arm64:latest"),
    ("AzureLinux4Arm64", "microsoftazurelinux:azurelinux-4:4-arm64:latest"),
    ("FlatcarLinuxFreeGen2", "kinvolk:flatcar-container-linux-corevm:stable:latest")])
@pytest.mark.parametrize("typed", [("--image",), ()], ids=["typed", "configured"])
def test_an_alias_is_the_image_of_its_name_for_arm(alias, urn, typed):
    assert chosen("arm64", typed, image=alias) == (urn, ARM)


def test_with_nothing_else_it_is_the_usual_host():
    assert chosen("arm64") == (UBUNTU_ARM, ARM) and chosen("amd64") == chosen() == (names.DEFAULT_IMAGE, USUAL)


def test_a_size_or_an_image_of_it_that_was_typed_is_kept():
    assert chosen("arm64", ["--size"], size="Standard_E4pds_v5") == (UBUNTU_ARM, "Standard_E4pds_v5")
    assert chosen("arm64", ["--image"], image=URN_ARM) == (URN_ARM, ARM)
    # Of these Azure tells later.
    for image in (UNKNOWN, OWN):
        assert chosen("arm64", ["--image"], image=image) == (image, ARM)
        assert chosen("amd64", ["--image"], image=image) == (image, USUAL)
    assert chosen("arm64", ["--size"], size="my-size") == (UBUNTU_ARM, "my-size")


def test_defaults_of_another_architecture_that_are_configured_stand_in_no_way():
    assert chosen("arm64", size="Standard_D8s_v5") == (UBUNTU_ARM, ARM)
    assert chosen("amd64", size="Standard_D8ps_v6") == (names.DEFAULT_IMAGE, USUAL)
    assert chosen("arm64", size="Standard_D8ps_v6") == (UBUNTU_ARM, "Standard_D8ps_v6")


@pytest.mark.parametrize(("arch", "typed", "values", "says", "advice"), [
    ("amd64", ["--image"], {"image": "AzureLinux4Arm64"}, "is for arm64, not for amd64", "--image Ubuntu2404"),
    ("amd64", ["--image"], {"image": URN_ARM}, f"--arch: the image '{URN_ARM}' is for arm64", "--image Ubuntu2404"),
    # A URN is meant as it is; only a short name is the same image for either.
    ("arm64", ["--image"], {"image": names.DEFAULT_IMAGE}, "is for amd64, not for arm64", "--image Ubuntu2404"),
    ("arm64", [], {"image": images.ALIASES["Debian12"]}, "is for amd64, not for arm64", "--image Ubuntu2404"),
    ("arm64", ["--image"], {"image": "SuseSles15SP3"}, "is for amd64, not for arm64", "--image Ubuntu2404"),
    ("arm64", ["--size"], {"size": "Standard_D4s_v5"}, "--arch: the size Standard_D4s_v5 is for amd64",
     f"--size {ARM}"),
    ("amd64", ["--size"], {"size": "Standard_D4ps_v5"}, "is for arm64, not for amd64", f"--size {USUAL}"),
    (None, ["--size"], {"size": "Standard_D4ps_v5"}, "is for amd64, and the size Standard_D4ps_v5 for arm64",
     "--arch arm64"),
    (None, ["--image"], {"image": "AzureLinux4Arm64"}, f"is for arm64, and the size {USUAL} for amd64", "--arch arm64"),
    (None, ["--image", "--size"], {"image": "Debian13", "size": "Standard_D4ps_v5"}, "is for amd64", f"--size {USUAL}"),
    (None, ["--image", "--size"], {"image": URN_ARM, "size": "Standard_D4s_v5"}, "is for arm64", f"--size {ARM}"),
    (None, [], {"size": "Standard_D4ps_v5"}, "is for amd64, and the size", "--arch arm64")])
def test_what_contradicts_it_is_refused(arch, typed, values, says, advice):
    with pytest.raises(InvalidValue) as caught:
        settled(host(arch, typed, **values))
    assert says in caught.value.message and caught.value.recommendations == (f"For example: {advice}",) or (
        caught.value.recommendations == (advice,))


@pytest.mark.parametrize("values", [{"image": UNKNOWN, "size": ARM}, {"image": OWN, "size": ARM}, {"size": "my-size"},
                                    {"image": URN_ARM, "size": "Standard_D2plds_v5"}])
def test_without_it_what_goes_together_or_is_not_known_is_left(values):
    before = host(None, ["--image", "--size"], **values)
    assert settled(before) is before


@pytest.mark.parametrize(("text", "arch"), [("ARM64", "arm64"), ("aarch64", "arm64"), ("x64", "amd64"),
                                            ("x86_64", "amd64"), ("Amd64", "amd64")])
def test_it_is_taken_in_the_words_of_linux_and_azure(text, arch):
    assert check_arch(text) == arch


def test_the_tables_are_of_what_they_say():
    assert all(sizes.architecture(size) == arch for arch, size in USUAL_SIZE.items())
    assert set(images.ARM64) <= set(images.ALIASES)
    for alias, urn in images.ARM64.items():
        assert Image.parse(urn).architecture == "arm64" and Image.parse(alias).architecture == "amd64"
    assert Image.parse(OWN).architecture is None
