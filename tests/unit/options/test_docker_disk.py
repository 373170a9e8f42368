"""Docker's own disk as it was asked of a host that exists, and of whom it can't be had."""

from __future__ import annotations

import pytest
from fake_azure import SUBSCRIPTION
from specs import changed, host_spec

from azext_dockervm.options.carry import why_not_alone, why_not_carried
from azext_dockervm.options.commands import option_of
from azext_dockervm.options.existing import not_applied
from azext_dockervm.spec.disks import Disks
from azext_dockervm.spec.machine import Image

ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other/providers/Microsoft.Compute/disks/kept"
OLD = Image.parse("Canonical:UbuntuServer:16.04-LTS:latest")


def vm(tag: str | None, size: int | None = 32):
    name = (tag or "").rpartition("/")[2]
    return {"id": "/vm", "tags": {"dockervm-docker-disk": tag} if tag else {}, "properties": {"storageProfile": {
        "osDisk": {}, "dataDisks": [{"lun": 1, "name": "d1", "diskSizeGB": 8},
                                    {"lun": 3, "name": name.upper(), "diskSizeGB": size}]}}}


def told(name, value, there):
    option = option_of("create", name)
    spec = changed(host_spec(), **{option.place: option.checked(value)}, typed={option.shortest: ("x",)})
    found = not_applied(spec, there)
    return found[0].partition(": ")[2] if found else None


NONE_LATER = "a host that exists keeps Docker's data where it is, on its OS disk"


@pytest.mark.parametrize(("value", "there", "says"), [
    ("32", vm("kept"), None), ("16", vm("kept"), "Docker's own disk, 'kept', has 32 GB, and disks do not shrink"),
    ("64", vm("kept"), "Docker's own disk, 'kept', has 32 GB.\nTo grow it: az disk update -g g -n kept --size-gb 64\n"
     "The host uses the new size after a restart: az vm restart -g g -n web1"),
    ("64", vm(ID, None), f"Docker's own disk, 'kept', keeps its size.\nTo grow it: az disk update --ids {ID} --size-gb "
     "64\nThe host uses the new size after a restart: az vm restart -g g -n web1"),
    ("8", vm(None), NONE_LATER)])
def test_another_size(value, there, says):
    assert told("docker_disk_size_gb", value, there) == says


@pytest.mark.parametrize(("value", "there", "says"), [
    ("KEPT", vm("kept"), None), (ID, vm("kept"), None),
    ("other", vm(ID), "Docker's own disk is 'kept', and stays that"),
    ("kept", vm(None), NONE_LATER)])
def test_another_disk(value, there, says):
    assert told("docker_disk", value, there) == says


@pytest.mark.parametrize(("image", "disks", "carried"), [
    (OLD, Disks(docker_size_gb=8), False), (OLD, Disks(data_sizes_gb=(8,)), True),
    (Image.parse("Ubuntu2404"), Disks(docker_size_gb=8), True)])
def test_the_extension_by_itself_knows_no_such_disk(image, disks, carried):
    spec = host_spec(image=image, disks=disks)
    assert (why_not_carried("docker-extension", spec) is None) is carried
    assert why_not_alone("cloud-init", spec) is None and why_not_alone("run-command", spec) is None
