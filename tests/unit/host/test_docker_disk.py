"""A host with a disk of Docker's own: what its set-up is told, and what is said where the disk is missing or full."""

from __future__ import annotations

import base64
import gzip

import pytest
from specs import changed, host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.errors import Conflict, HostFailed
from azext_dockervm.host import vm_state
from azext_dockervm.host.engine_state import ask_engine
from azext_dockervm.preflight import disks
from azext_dockervm.preflight.found import Found
from azext_dockervm.provision.script.answer import in_words
from azext_dockervm.spec.disks import Disks

ASKED = Disks(data_sizes_gb=(8,), docker_size_gb=32)
NAME, RUN = "web1_data1_", "dockervm-run"


@pytest.fixture
def host(cloud, command):
    """Made by run commands."""
    made = command.create(disks=ASKED, provisioner="run-command")
    command.anew()
    return made


def disk(cloud) -> str:
    return NAME + cloud.tags()[RUN]


def detach(cloud) -> None:
    storage = cloud.find(kinds.VM, "web1")["properties"]["storageProfile"]
    cloud.change(kinds.VM, "web1", storageProfile={**storage, "dataDisks": storage["dataDisks"][:1]})


def put_back(lun: int, cloud) -> None:
    storage = cloud.find(kinds.VM, "web1")["properties"]["storageProfile"]
    cloud.change(kinds.VM, "web1", storageProfile={**storage, "dataDisks": [
        *storage["dataDisks"], {"lun": lun, "name": disk(cloud), "createOption": "Attach"}]})


def told_lun(cloud, action: str) -> str | None:
    return next((values.get("DOCKERVM_DOCKER_LUN") for asked, values in reversed(cloud.host().actions)
                 if asked == action), None)


def attach(cloud) -> str:
    return (f"To attach it: az vm disk attach -g g --vm-name web1 -n {disk(cloud)}\n"
            "The engine starts with the next restart: az vm restart -g g -n web1")


@pytest.mark.parametrize("provisioner", ["run-command", "docker-extension"])
def test_the_set_up_is_told_where_it_is_from_the_first_boot_on(cloud, command, provisioner):
    command.create(disks=ASKED, provisioner=provisioner)
    sent = cloud.sent("PUT", kinds.VM)[0].body
    assert sent["tags"]["dockervm-docker-disk"] == disk(cloud)
    assert "\nDOCKERVM_DOCKER_LUN=1\n" in gzip.decompress(base64.b64decode(
        sent["properties"]["osProfile"]["customData"])).decode()
    assert told_lun(cloud, "request" if provisioner == "run-command" else "install") == "1"


def test_so_is_the_fast_lane(cloud, command):
    cloud.engines.knocks.clear()
    command.create(disks=ASKED)
    assert cloud.host().door.values["DOCKERVM_DOCKER_LUN"] == "1"


def test_a_host_without_one_has_neither_tag_nor_lun(cloud, command):
    command.create(disks=Disks(data_sizes_gb=(8,)), provisioner="run-command")
    assert "dockervm-docker-disk" not in cloud.tags() and told_lun(cloud, "request") is None


def test_a_create_that_goes_on_finds_it_by_the_tag_wherever_it_is_now(cloud, command, host):
    """Its options need not be said again: a VM keeps its disks."""
    cloud.host().engine = cloud.host().files = None
    detach(cloud)
    put_back(7, cloud)
    command.create(provisioner="run-command")
    assert told_lun(cloud, "request") == "7"


def test_a_host_whose_disk_is_detached_is_not_set_up_on_its_system_disk(cloud, command, host):
    cloud.host().engine = None
    detach(cloud)
    asked = len(cloud.host().actions)
    with pytest.raises(Conflict) as caught:
        command.create(provisioner="run-command")
    assert f"Docker's own disk '{disk(cloud)}' is not attached" in caught.value.message
    assert caught.value.recommendations[0] == attach(cloud) and len(cloud.host().actions) == asked


def test_a_host_that_works_is_left_alone_whatever_its_tag_says(cloud, command, host):
    detach(cloud)
    assert command.create(provisioner="run-command").proof


@pytest.mark.parametrize(("reason", "advice"), [
    ("docker-disk-missing", "To attach it: az vm disk attach"),
    ("docker-disk-full", "To grow it: az disk update -g g -n {} --size-gb GB\n"
     "The host uses the new size after a restart: az vm restart -g g -n web1")])
def test_what_the_host_says_of_it_is_told_and_no_set_up_is_tried(cloud, command, host, reason, advice):
    cloud.host().engine = None
    cloud.host().says = {"reason": reason, "detail": "its own words"}
    before = len(cloud.host().actions)
    with pytest.raises(HostFailed) as caught:
        command.create(provisioner="run-command")
    assert in_words(reason) in caught.value.message and "its own words" in caught.value.message
    assert any(one.startswith(advice.format(disk(cloud))) for one in caught.value.recommendations)
    assert [action for action, _ in cloud.host().actions[before:]] == ["check"]


def test_one_that_is_only_not_mounted_is_set_up_again(cloud, command, host):
    cloud.host().engine = None
    cloud.host().fails = {"check": ("docker-disk-unmounted", "attached, but not mounted")}
    assert command.create(provisioner="run-command").proof


def test_info_tells_of_a_detached_disk(cloud, store, host):
    detach(cloud)
    cloud.host().engine = None
    cause = ask_engine(cloud.azure(), vm_state.read(cloud.azure(), "g", "web1"), store.folder).cause
    assert cause.sentence.startswith(f"Docker's own disk '{disk(cloud)}' is not attached: web1.westus")
    assert cause.commands == (attach(cloud),)
    put_back(1, cloud)
    reason = ask_engine(cloud.azure(), vm_state.read(cloud.azure(), "g", "web1"), store.folder).reason
    assert "disk" not in reason


def test_the_lun_leaves_out_those_that_the_image_brings():
    spec = changed(host_spec(), disks=ASKED)
    image = {"properties": {"storageProfile": {"dataDisks": [{"lun": 0}, {"lun": 2}]}}}
    assert disks.settled(spec, Found(image=image)).disks.docker_lun == 3
    assert disks.settled(host_spec(), Found(image=image)).disks.docker_lun is None
