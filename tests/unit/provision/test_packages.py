"""Images whose own repositories have no Docker are refused by what their publisher tells."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.provision import packages
from azext_dockervm.provision.choice import DOCKER_EXTENSION, RUN_COMMAND, ProvisionerChoice
from azext_dockervm.spec import images
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.machine import Image

BY_RUN_COMMAND = ProvisionerChoice(RUN_COMMAND, "")
BY_EXTENSION = ProvisionerChoice(DOCKER_EXTENSION, "")
OWN = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/rhel-with-docker"


def check(image: str, choice: ProvisionerChoice, channel: str = "distribution") -> None:
    asked = {"machine.image": Image.parse(image), "engine.channel": channel}
    packages.check(HostSpec("g", "web1").having(asked), choice)


FAMILY = [
    ("RedHat:RHEL:9_5:latest", "Red Hat Enterprise Linux"), ("redhat:rhel-byos:rhel-lvm94:latest", "Red Hat"),
    ("RHELRaw8LVMGen2", "Red Hat"), ("CentOS85Gen2", "CentOS"), ("OpenLogic:CentOS:7_9:latest", "CentOS"),
    ("almalinux:almalinux-x86_64:9-gen2:latest", "AlmaLinux"), ("resf:rockylinux-x86_64:9-base:latest", "Rocky Linux"),
    ("Oracle:Oracle-Linux:ol95-lvm-gen2:latest", "Oracle Linux")]
OF_ITS_ERA = ("OpenLogic:CentOS:7_9:latest", "RedHat:RHEL:7_9:latest")


@pytest.mark.parametrize(("image", "distribution", "choice"), [
    *((*one, BY_RUN_COMMAND) for one in FAMILY),
    *((*one, BY_EXTENSION) for one in FAMILY if one[0] not in OF_ITS_ERA)])
def test_red_hat_s_family_has_podman_instead(image, distribution, choice):
    with pytest.raises(InvalidValue) as caught:
        check(image, choice)
    assert caught.value.message.startswith(f"--image: the package repositories of {distribution}")
    docker_s, other, own = caught.value.recommendations
    assert docker_s == "To take Docker's own repository: --docker-channel docker"
    assert other.endswith("--image Debian13") and "image of your own" in own
    check(image, choice, docker_s.rpartition(" ")[2])
    check(other.rpartition(" ")[2], choice)
    check(own.rpartition(" ")[2], choice)


@pytest.mark.parametrize("image", OF_ITS_ERA)
def test_the_extension_brings_docker_to_the_images_of_its_era(image):
    check(image, BY_EXTENSION)


@pytest.mark.parametrize("image", [
    *sorted(set(images.ALIASES) - {"CentOS85Gen2", "RHELRaw8LVMGen2"}), "SUSE:sles-15-sp6:gen2:latest",
    "MicrosoftCBLMariner:azure-linux-3:azure-linux-3-gen2:latest", "kinvolk:flatcar:stable:latest", OWN,
    "almalinux:almalinux-hpc:8_10-hpc-gen2:latest", "cognosys:centos-with-docker:one:latest",
    "redhat:openshift:one:latest"])
def test_others_may_have_it(image):
    check(image, BY_RUN_COMMAND)


@pytest.mark.parametrize("image", [
    "SUSE:sles-15-sp6:gen2:latest", "SUSE:opensuse-leap-15-6:gen2:latest", "kinvolk:flatcar:stable:latest",
    "MicrosoftCBLMariner:azure-linux-3:azure-linux-3-gen2:latest", "AzureLinux4", "AzureLinux4Arm64"])
def test_docker_s_own_repository_has_nothing_for_some(image):
    with pytest.raises(InvalidValue) as caught:
        check(image, BY_RUN_COMMAND, "docker")
    assert caught.value.message.startswith("--docker-channel: Docker's own repository has no packages for ")
    assert "Leave --docker-channel out" in caught.value.recommendations[0]
    check(image, BY_RUN_COMMAND)


@pytest.mark.parametrize("image", ["Ubuntu2404", "Debian13", OWN, "cognosys:centos-with-docker:one:latest"])
def test_and_for_others_it_may(image):
    check(image, BY_RUN_COMMAND, "docker")
