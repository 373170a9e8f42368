"""What was typed for a host that exists and can't be had there any more."""

from __future__ import annotations

import pytest
from specs import changed, host_spec

from azext_dockervm.azure import names
from azext_dockervm.options.commands import options_of
from azext_dockervm.options.disks import DISKS
from azext_dockervm.options.docker_disk import DOCKER_DISK
from azext_dockervm.options.existing import not_applied
from azext_dockervm.options.interface import INTERFACE
from azext_dockervm.options.security import SECURITY
from azext_dockervm.spec.machine import Image

SPEC = host_spec("g", "web1", location="westus")
VM = {"id": "/vm", "tags": {names.TAG_HOST: "web1", names.TAG_PROVISIONER: "run-command"}, "properties": {
    "hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "osProfile": {"adminUsername": "azureuser"},
    "storageProfile": {"imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server",
                                          "version": "latest"}}}}
OTHER = {"size": "Standard_D4s_v5", "image": Image.parse("Debian:debian-13:13-gen2:latest"), "user": "me",
         "provisioner": "docker-extension"}
TYPED = {"--size": ("x",), "--image": ("x",), "-u": ("me",), "-p": (), "--provisioner": ("x",)}


FLAGS = [option.shortest for option in options_of("create") if not option.required]


def test_only_what_was_typed_and_differs_is_named():
    asked = changed(SPEC, **OTHER)
    assert not_applied(asked, VM) == []      # all of it may come from az's configuration
    assert [text.split(":")[0] for text in not_applied(changed(asked, typed=TYPED), VM)] == list(TYPED)
    same = changed(SPEC, typed={**TYPED, "-u": ("azureuser",)}, provisioner="run-command", size="standard_d2S_V5")
    assert [text.split(":")[0] for text in not_applied(same, VM)] == ["-p"]


def test_what_a_vm_keeps_need_not_be_said_again_and_only_that():
    typed = changed(SPEC, **OTHER, typed={flag: ("x",) for flag in FLAGS})
    told = not_applied(typed, VM)
    kept = {given.words[0] for given in typed.given.values() if given.only_new}
    assert kept == {
        "--size", "--image", "-u", "-p", "--ssh-key-values", "--ssh-key-name", "--ssh-key-type",
        "--authentication-type", "--generate-ssh-keys", "--dns-name", "-z", "--availability-set", "--ppg", "--priority",
        "--eviction-policy", "--max-price", "--license-type", "--assign-identity", "--user-data",
        "--boot-diagnostics-storage", "--arch", "--nsg", "--asgs", "--custom-data",
        "--docker-channel", "--docker-version",
        *(option.shortest for option in (*DISKS, *DOCKER_DISK, *SECURITY, *INTERFACE))}
    assert {text.split(":")[0] for text in told} - kept == {"--provisioner", "--tags"}


def test_each_option_that_a_vm_keeps_can_say_that_it_was_not_applied():
    assert not [option.name for option in options_of("create") if option.only_new and option.not_applied is None]


@pytest.mark.parametrize(("flag", "says"), [
    ("--size", "--size: the host has Standard_D2s_v5.\nTo change it: az vm resize -g g -n web1 --size Standard_D4s_v5"),
    ("--image", "--image: a VM keeps the image that it was made of"),
    ("-u", "-u: the host's user is azureuser.\nTo add another: az vm user update -g g -n web1 -u me "
     "--ssh-key-value '~/.ssh/id_rsa.pub'"),
    ("-p", "-p: the host keeps its login.\nTo change it: az vm user update -g g -n web1 -u azureuser -p PASSWORD"),
    ("--ssh-key-values", "--ssh-key-values: the host keeps its login.\nTo change it: az vm user update -g g -n web1 "
                         "-u azureuser --ssh-key-value '~/.ssh/id_rsa.pub'"),
    ("--provisioner", "--provisioner: the host was set up by run-command"),
    ("--tags", "--tags: tags are added, none is taken away.\nTo do that: az tag update --operation Delete "
               "--resource-id /vm --tags NAME=VALUE"),
])
def test_each_is_told_with_what_changes_it(flag, says):
    assert not_applied(changed(SPEC, **OTHER, typed={flag: ()}), VM) == [says]


@pytest.mark.parametrize("flag", ["-dp", "-e", "--sources", "-dc", "--timeout", "-l"])
def test_what_is_applied_or_is_none_of_the_host_s_is_not_named(flag):
    assert not_applied(changed(SPEC, port=1, ssh_port=2, typed={flag: ("x",)}), VM) == []


def test_who_leaves_the_provisioner_to_us_gets_it():
    assert not_applied(changed(SPEC, provisioner="auto", typed={"--provisioner": ("auto",)}), VM) == []


def test_tags_are_applied_unless_they_are_none():
    assert not_applied(changed(SPEC, tags={"a": "1"}, typed={"--tags": ("a=1",)}), VM) == []


def test_a_host_of_which_azure_tells_little_is_no_error():
    bare = {"id": "/vm", "properties": {}}
    told = not_applied(changed(SPEC, **OTHER, typed=TYPED), bare)
    assert [text.split(":")[0] for text in told] == ["--size", "--image", "-p"]


@pytest.mark.parametrize(("asked", "noted", "told"), [
    ("cloud-init", "run-command", "cloud-init sets a host up at its first boot only"),
    ("cloud-init", None, "cloud-init sets a host up at its first boot only"), ("cloud-init", "cloud-init", None),
    # What cloud-init has left undone, run commands do anyhow.
    ("run-command", "cloud-init", None), ("docker-extension", "cloud-init", "the host was set up by cloud-init")])
def test_cloud_init_is_for_the_first_boot(asked, noted, told):
    vm = {**VM, "tags": {**VM["tags"], "dockervm-provisioner": noted}} if noted else {**VM, "tags": {}}
    found = not_applied(changed(SPEC, provisioner=asked, typed={"--provisioner": (asked,)}), vm)
    assert found == [] if told is None else found[0].startswith(f"--provisioner: {told}")
