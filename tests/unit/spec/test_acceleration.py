"""Accelerated networking as az turns it on: by size, vCPUs and image."""

from __future__ import annotations

import pytest

from azext_dockervm.spec.acceleration import is_usual
from azext_dockervm.spec.machine import Image

FLATCAR, BIONIC = "FlatcarLinuxFreeGen2", "Canonical:UbuntuServer:18.04-LTS:latest"
GALLERY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/a/images/b"


@pytest.mark.parametrize(("size", "cores", "image", "usual"), [
    ("Standard_D8s_v4", 8, FLATCAR, True), ("standard_d8S_V4", 8, BIONIC, True),
    ("Standard_D4s_v4", 4, FLATCAR, False), ("Standard_D4s_v4", None, FLATCAR, False),
    ("Standard_DS3_v2", 4, FLATCAR, True), ("Standard_DS3_v2", None, FLATCAR, True),
    ("Standard_D2s_v5", 2, FLATCAR, False), ("Standard_D16s_v5", 16, FLATCAR, False),
    ("Standard_D8s_v4", 8, "Ubuntu2404", False), ("Standard_D8s_v4", 8, "Debian11", False),
    ("Standard_D8s_v4", 8, "Canonical:UbuntuServer:14.04-LTS:latest", False),
    ("Standard_D8s_v4", 8, "RedHat:RHEL:7.4:latest", True),
    ("Standard_D8s_v4", 8, "RedHat:RHEL:8-lvm-gen2:latest", False),
    ("Standard_D8s_v4", 8, GALLERY, False)])
def test_it_is_on_where_az_turns_it_on(size, cores, image, usual):
    assert is_usual(size, cores, Image.parse(image)) is usual
