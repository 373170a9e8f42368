"""What a new VM is given for its first boot: joined where cloud-init reads it, else the user's alone; what fits."""

from __future__ import annotations

import base64
import gzip
import os
from pathlib import Path

import pytest
from cloud_init_reading import seen
from custom_data_cases import CLOUD_CONFIG, SCRIPT
from specs import host_spec

from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.errors import CustomDataTooLong
from azext_dockervm.provision.choice import ProvisionerChoice
from azext_dockervm.provision.custom_data import OUR_NAME, head_start
from azext_dockervm.provision.first_boot import MARGIN, first_boot, only_users, planned, reboot_in_between, with_room
from azext_dockervm.provision.host_values import to_install
from azext_dockervm.secret import Secret
from azext_dockervm.spec.custom_data import CustomData, bytes_left
from azext_dockervm.spec.machine import Image

OLD = Image.parse("Canonical:UbuntuServer:16.04-LTS:latest")
OWN = Image.parse("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/i")
FLATCAR = Image.parse("FlatcarLinuxFreeGen2")
USERS = CustomData.read(CLOUD_CONFIG)


def choice(provisioner: str) -> ProvisionerChoice:
    return ProvisionerChoice(provisioner, "as asked")


def given(provisioner: str, custom_data: CustomData | None = USERS, **values):
    return first_boot(host_spec(custom_data=custom_data, **values), choice(provisioner))


def of_random(length: int) -> CustomData:
    return CustomData.read(b"#!" + os.urandom(length - 2))


@pytest.fixture
def store(two_authorities) -> CertificateStore:
    return CertificateStore(two_authorities / "mine")


# Without the user's


@pytest.mark.parametrize(("provisioner", "image", "compose"), [
    ("run-command", OWN, False), ("run-command", OLD, False), ("docker-extension", Image.parse("Ubuntu2204"), True)])
def test_without_it_ours_is_what_it_always_was(provisioner, image, compose):
    spec = host_spec(image=image)
    found = first_boot(spec, choice(provisioner))
    assert gzip.decompress(found.body) == head_start(to_install(spec), compose=compose) and found.told == ""


def test_nothing_secret_comes_along():
    found = first_boot(host_spec(**{"proxies.http": Secret("http://me:s3cret@proxy:3128")}), choice("run-command"))
    assert found.body is None


def test_the_extension_wants_none_on_images_of_its_era():
    assert first_boot(host_spec(image=OLD), choice("docker-extension")).body is None


# With it


@pytest.mark.parametrize("provisioner", ["run-command", "docker-extension"])
def test_beside_ours_where_cloud_init_reads_it(provisioner):
    found = given(provisioner)
    ours, users = seen(found.content)
    assert (ours.name, users.payload) == (OUR_NAME, CLOUD_CONFIG) and (b"DOCKERVM_COMPOSE=1" in ours.payload) == (
        provisioner == "docker-extension")
    left = f"{bytes_left(found.content):,}"
    assert found.told == f"Custom data: yours (cloud-config) and the set-up's own; {left} bytes are left."


@pytest.mark.parametrize(("provisioner", "values", "why"), [
    ("docker-extension", {"image": OLD}, "the Docker VM extension installs Docker by itself"),
    ("run-command", {"image": FLATCAR}, "has no cloud-init: run commands install Docker"),
    ("run-command", {"image": OWN}, "is not known to have cloud-init: run commands install Docker"),
    ("run-command", {"custom_data": of_random(60_000)}, "bytes too many: run commands install Docker")])
def test_alone_and_as_it_is_where_they_can_t_be_one(provisioner, values, why):
    found = given(provisioner, **values)
    assert found.content == values.get("custom_data", USERS).raw.reveal()
    assert found.told.startswith("Custom data: yours alone (") and why in found.told


def test_an_image_of_ones_own_that_is_said_to_have_cloud_init():
    spec = host_spec(custom_data=USERS, image=OWN, provisioner="cloud-init")
    assert first_boot(spec, choice("run-command")).alone == ""


def test_it_is_a_secret_wherever_it_is_shown():
    for found in (given("run-command"), given("run-command", image=FLATCAR)):
        assert isinstance(found.body, Secret) and base64.b64decode(found.body.reveal()) == found.content


def test_a_template_has_the_user_s_alone():
    assert only_users(host_spec()).body is None
    assert base64.b64decode(only_users(host_spec(custom_data=USERS)).body.reveal()) == CLOUD_CONFIG


@pytest.mark.parametrize(("config", "provisioner", "by"), [
    (b"#cloud-config\npower_state: {mode: reboot}\n", "run-command", "power_state"),
    (b"#cloud-config\npackage_reboot_if_required: true\n", "docker-extension", "package_reboot_if_required"),
    (b"#cloud-config\npower_state: {mode: reboot}\n", "cloud-init", ""), (CLOUD_CONFIG, "run-command", ""),
    (b"#cloud-config\n", "run-command", "")])
def test_a_reboot_that_the_set_up_does_not_wait_for_is_warned_of(config, provisioner, by):
    told = reboot_in_between(host_spec(custom_data=CustomData.read(config)), choice(provisioner))
    assert f"({by}), which may be while {provisioner} sets it up" in told if by else told == ""


# In the fast lane


@pytest.mark.parametrize("folder", ["mine", "none"])
def test_what_is_planned_for_the_fast_lane_is_as_long_as_it_will_be(two_authorities, tmp_path, folder):
    """Also where the authority has yet to be made, which looking does not do."""
    from azext_dockervm.certs.authority import Authority
    from azext_dockervm.provision.cloud_init import Order

    store = CertificateStore(two_authorities / "mine" if folder == "mine" else tmp_path / "none")
    spec = host_spec(custom_data=CustomData.read(SCRIPT))
    found = planned(spec, choice("cloud-init"), store)
    authority = store.load_authority() if folder == "mine" else Authority.create()
    real = Order.of(spec, "1a2b3c4d5e6f").packed(authority)
    assert abs(len(found.content) - len(real)) <= MARGIN and not (tmp_path / "none").exists()
    assert [part.name for part in seen(real)] == [OUR_NAME, "part-002"] and "(script)" in found.told
    assert b"DOCKERVM_ACTION=boot" in seen(real)[0].payload


def test_where_it_has_no_room_run_commands_take_its_place_unless_it_was_asked_for(store):
    small, large = of_random(8_000), of_random(40_000)
    assert with_room(host_spec(custom_data=small), choice("cloud-init"), store) == choice("cloud-init")
    taken = with_room(host_spec(custom_data=large), choice("cloud-init"), store)
    assert taken.provisioner == "run-command" and "with your own custom data, has " in taken.reason
    assert first_boot(host_spec(custom_data=large), taken).content
    with pytest.raises(CustomDataTooLong, match=r"has [\d,]+ bytes more than Azure's") as caught:
        with_room(host_spec(custom_data=large, provisioner="cloud-init"), choice("cloud-init"), store)
    assert "--provisioner run-command" in caught.value.recommendations[0]
    assert with_room(host_spec(custom_data=large), choice("run-command"), store) == choice("run-command")


def test_the_fast_lane_leaves_users_their_room(store):
    content = planned(host_spec(custom_data=CustomData.read(b"#!/bin/sh\n")), choice("cloud-init"), store).content
    print(f"beside the fast lane {bytes_left(content)} bytes are the user's")
    assert bytes_left(content) >= 16 * 1024 and len(gzip.decompress(content)) > len(content)


def test_looking_reads_the_folder_only(two_authorities, store):
    before = {path: path.stat().st_mtime_ns for path in Path(store.folder).iterdir()}
    planned(host_spec(custom_data=USERS), choice("cloud-init"), store)
    assert {path: path.stat().st_mtime_ns for path in Path(store.folder).iterdir()} == before
