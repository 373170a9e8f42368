"""What the images pass for with extension handlers: the guests are Debian whatever their image is called."""

from __future__ import annotations

import re

from localazure.machines.machine import Guise
from localazure.providers.compute import vm_image
from localazure.providers.compute.image_catalog import VARIANTS, WITHOUT_CLOUD_INIT, Image, find
from localazure.store.resources import Resource

RED_HAT = "Red Hat Enterprise Linux Server"
# DISTRIB_ID in /etc/lsb-release, quotes and all; a distribution that has such a file is not looked for elsewhere.
_RELEASE_FILE = {
    "coreos": '"Container Linux by CoreOS"',
    "kinvolk": '"Flatcar Container Linux by Kinvolk"',
    "microsoftcblmariner": '"azurelinux"',
    "microsoftazurelinux": '"azurelinux"',
}
# CentOS has a file of its own; all others of the family have /etc/redhat-release alone, AlmaLinux and Rocky too.
_FAMILY = {"openlogic": "CentOS", "redhat": RED_HAT, "almalinux": RED_HAT, "resf": RED_HAT, "oracle": RED_HAT}
# Those that DockerExtension was made for, until its retirement in 2018: the last Ubuntu, and of Red Hat's family these.
_LAST_UBUNTU = 18
_OLD_RED_HAT = {"openlogic": ("6", "7"), "redhat": ("7",)}


def guise_of(vm: Resource, pace: float) -> Guise:
    """What a VM's guest passes for; `pace` is the time scale."""
    reference = vm_image.origin(vm)
    image = find(reference["publisher"], reference["offer"], reference["sku"])
    return guise(image, pace) if image is not None else Guise("", "", False, pace)


def guise(image: Image, pace: float) -> Guise:
    """What an image passes for. Local Azure's own are Ubuntus of today."""
    publisher = image.publisher.lower()
    if (image.publisher, image.offer) in (WITHOUT_CLOUD_INIT, VARIANTS):
        return Guise("Ubuntu", "24.04", False, pace)
    if publisher == "canonical":
        release = _ubuntu(image)
        return Guise("Ubuntu", release, int(release.split(".")[0]) <= _LAST_UBUNTU, pace)
    if publisher in _RELEASE_FILE:
        return Guise(_RELEASE_FILE[publisher], image.versions[-1], publisher == "coreos", pace)
    if publisher in _FAMILY:
        major = "10" if image.sku.startswith("10") else next(iter(re.findall(r"\d", image.sku)), "")
        return Guise(_FAMILY[publisher], major, major in _OLD_RED_HAT.get(publisher, ()), pace)
    return Guise("", "", False, pace)  # Debian and SUSE have none of the files that the handler knows


def _ubuntu(image: Image) -> str:
    """Like "22.04"; where only a code name tells, the image is taken for one of today."""
    found = re.search(r"(\d\d)[._](04|10)", f"{image.sku} {image.offer}")
    return f"{found[1]}.{found[2]}" if found else "24.04"
