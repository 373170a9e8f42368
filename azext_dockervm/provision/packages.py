"""Whether the set-up script finds Docker in the repositories that an image brings along, as far as its publisher tells.

Those that have it: Debian and Ubuntu docker.io, Azure Linux moby-engine (microsoft/azurelinux, SPECS/moby-engine, of 4
base/comps/moby-engine),
openSUSE and SLES docker (SLES in its Containers Module, build.opensuse.org sle_module_containers). Flatcar and CoreOS
bring Docker in the image. What is not told here, the guest finds out.
"""

from __future__ import annotations

import re

from azext_dockervm.advice import image_commands, option_values
from azext_dockervm.errors import InvalidValue
from azext_dockervm.provision.choice import DOCKER_EXTENSION, ProvisionerChoice
from azext_dockervm.spec.docker_packages import DOCKER
from azext_dockervm.spec.extension_era import is_of_extension_era
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.machine import Image

# Publisher and, as a pattern, offer → the distribution, whose repositories offer neither docker-ce nor moby-engine.
# Red Hat: "Docker is not included and not supported" since RHEL 8 (Building, running, and managing containers);
# AlmaLinux and Rocky rebuild RHEL, and Rocky's own guide adds Docker's repository (docs.rockylinux.org, gemstones);
# Oracle names podman instead (Oracle Linux: Podman User's Guide). On RHEL and CentOS 7 `docker` is an engine of 2017,
# which the set-up script does not take. AlmaLinux-HPC has moby-engine in the image (Azure/azhpc-images).
WITHOUT_DOCKER = (
    ("redhat", r"rhel.*|rh-.*", "Red Hat Enterprise Linux"),
    ("openlogic", r"centos.*", "CentOS"),
    ("almalinux", r"almalinux(?!-hpc).*", "AlmaLinux"),
    ("resf", r"rockylinux.*", "Rocky Linux"),
    ("erockyenterprisesoftwarefoundationinc1653071250513", r"rockylinux.*", "Rocky Linux"),
    ("oracle", r"oracle-linux.*", "Oracle Linux"),
)

# Publisher and, as a pattern, offer → for what Docker's own repository has no packages (docs.docker.com, "Install
# Docker Engine": Debian, Ubuntu, Raspberry Pi OS, CentOS, RHEL, Fedora). For SLES it had some, for s390x alone, which
# no VM of Azure's is. Flatcar and CoreOS have no package manager.
NOT_IN_DOCKER_S_OWN = (
    ("microsoftcblmariner", r".*", "Azure Linux"),
    ("microsoftazurelinux", r".*", "Azure Linux"),
    ("suse", r".*", "SLES and openSUSE"),
    ("kinvolk", r".*", "Flatcar, which brings Docker in the image"),
    ("coreos", r".*", "CoreOS, which brings Docker in the image"),
)

# Stands for the user's own.
OWN_IMAGE = "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Compute/images/IMAGE"


def distribution_without_docker(image: Image) -> str | None:
    """The distribution of an image whose own repositories have no Docker; None where they have it or nothing is
    known."""
    return _found(WITHOUT_DOCKER, image)


def _found(table: tuple[tuple[str, str, str], ...], image: Image) -> str | None:
    publisher, offer = (image.publisher or "").lower(), (image.offer or "").lower()
    return next((distribution for one, pattern, distribution in table
                 if publisher == one and re.fullmatch(pattern, offer)), None)


def check(spec: HostSpec, choice: ProvisionerChoice) -> None:
    """Raise ``InvalidValue`` for a new host on whose image Docker can't be installed in the way that was chosen.

    The Docker VM extension brings Docker along on images of its era.
    """
    image = spec.machine.image
    if spec.engine.channel == DOCKER:
        distribution = _found(NOT_IN_DOCKER_S_OWN, image)
        if distribution is not None:
            raise InvalidValue(f"--docker-channel: Docker's own repository has no packages for {distribution}.",
                               option_values.leave_out("--docker-channel", "choose another --image"))
        return
    if choice.provisioner == DOCKER_EXTENSION and is_of_extension_era(image):
        return
    distribution = distribution_without_docker(image)
    if distribution is not None:
        raise InvalidValue(
            f"--image: the package repositories of {distribution} have no Docker (neither docker-ce nor moby-engine; "
            "podman's 'docker' is no engine), so a host can't be made of "
            f"'{image}' with it.",
            (f"To take Docker's own repository: {option_values.say('--docker-channel', DOCKER)}",
             f"Images that have it: Ubuntu, Debian, Azure Linux, openSUSE and SLES. For example: "
             f"{image_commands.use('Debian13')}",
             f"Or make an image of your own of {distribution} that has Docker installed, and name it by its resource "
             f"ID: {image_commands.use(OWN_IMAGE)}"))
