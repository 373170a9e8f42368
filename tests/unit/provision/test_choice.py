"""Which provisioner is chosen, and why."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.errors import InvalidValue
from azext_dockervm.provision.choice import (
    ProvisionerChoice,
    as_it_was_set_up,
    choose,
    choose_again,
    depends_on_publication,
    was_finished,
)
from azext_dockervm.secret import Secret
from azext_dockervm.spec.extension_era import is_of_extension_era
from azext_dockervm.spec.machine import Image

OLD = Image.parse("Canonical:UbuntuServer:16.04-LTS:latest")
OWN = Image.parse("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/i")


@pytest.mark.parametrize(("changes", "published", "expected", "why"), [
    ({"image": OLD}, True, "docker-extension", "which was made for this image"),
    # Today's Ubuntu: the extension's own installation fails on it.
    ({}, True, "cloud-init", "made for older images"), ({}, None, "cloud-init", "made for older images"),
    ({"image": OLD}, False, "cloud-init", "westus does not publish"),
    ({"image": OLD}, None, "cloud-init", "may not ask"),
    ({"image": OLD, "ssh_port": 22}, True, "docker-extension", "which was made for this image"),
    ({"image": OLD, "ssh_port": 2222}, True, "cloud-init", "sshd"),
    ({"image": Image.parse("Debian:debian-13:13-gen2:latest")}, True, "cloud-init", "this image has cloud-init"),
    ({"image": OWN}, True, "run-command", "whether this image has cloud-init is not known"),
    ({"image": Image.parse("kinvolk:flatcar:stable:latest")}, True, "run-command", "has Ignition, and no cloud-init"),
    # What is secret rides in no custom data.
    ({"proxies.http": Secret("http://me:Sesame@proxy.corp:3128")}, True, "run-command", "URL holds a password"),
    ({"proxies.https": Secret("http://me:Sesame@proxy.corp:3128")}, True, "run-command", "URL holds a password"),
    ({"proxies.http": Secret("http://proxy.corp:3128")}, True, "cloud-init", "this image has cloud-init"),
    ({"engine.log_options": {"splunk-token": "Sesame"}}, True, "run-command", "looks like a password"),
    ({"engine.file": {"log-opts": {"splunk-token": "Sesame"}}}, True, "run-command", "looks like a password"),
    ({"engine.options": {"proxies": {"http-proxy": "http://me:Sesame@proxy.corp"}}}, True, "run-command",
     "looks like a password"),
    ({"engine.log_options": {"max-size": "50m"}}, True, "cloud-init", "this image has cloud-init"),
    # On images of its era the extension starts the engine without daemon.json.
    ({"image": OLD, "engine.log_options": {"max-size": "50m"}}, True, "cloud-init", "has no settings of the engine"),
    ({"image": OLD, "engine.log_options": {"splunk-token": "Sesame"}}, True, "run-command", "looks like a password"),
    ({"provisioner": "cloud-init", "image": OWN}, None, "cloud-init", "as asked"),
    ({"provisioner": "run-command", "image": OLD}, True, "run-command", "as asked"),
    ({"provisioner": "docker-extension", "ssh_port": 2222}, True, "docker-extension", "as asked"),
    ({"provisioner": "docker-extension"}, None, "docker-extension", "as asked")])
def test_the_choice_of_a_provisioner(changes, published, expected, why):
    choice = choose(host_spec("g", "web1", **changes), published)
    assert choice.provisioner == expected and why in choice.reason
    falls_back = expected == "cloud-init" or (changes.get("provisioner") is None and expected == "docker-extension")
    assert choice.falls_back is falls_back


def test_an_extension_that_the_region_does_not_publish_can_t_be_asked_for():
    with pytest.raises(InvalidValue, match="eastus2") as caught:
        choose(host_spec("g", "web1", location="eastus2", provisioner="docker-extension"), False)
    assert "--provisioner run-command" in caught.value.recommendations[0]


@pytest.mark.parametrize(("urn", "of_its_era"), [
    ("Canonical:UbuntuServer:14.04.5-LTS:latest", True), ("canonical:ubuntuserver:18.04-LTS:latest", True),
    ("Canonical:UbuntuServer:18_04-lts-gen2:latest", True), ("Canonical:UbuntuServer:19.10:latest", False),
    ("Canonical:UbuntuServer:20.04-LTS:latest", False), ("Canonical:ubuntu-24_04-lts:server:latest", False),
    ("Canonical:0001-com-ubuntu-server-jammy:22_04-lts:latest", False), ("OpenLogic:CentOS:7.5:latest", True),
    ("OpenLogic:CentOS:7_9-gen2:latest", True), ("OpenLogic:CentOS:8_5:latest", False),
    ("RedHat:RHEL:7.9:latest", True), ("RedHat:RHEL:9_4:latest", False), ("CoreOS:CoreOS:Stable:latest", True),
    ("Canonical:CentOS:7.5:latest", False), ("Debian:debian-9:9:latest", False)])
def test_the_images_that_the_extension_was_made_for(urn, of_its_era):
    assert is_of_extension_era(Image.parse(urn)) is of_its_era


def test_an_image_of_somebody_s_own_is_of_no_era():
    assert is_of_extension_era(OWN) is False


@pytest.mark.parametrize(("provisioner", "noted", "expected", "falls_back"), [
    ("auto", "run-command", "run-command", False), ("docker-extension", "run-command", "run-command", False),
    # A certificate must not depend on an extension that Azure may drop.
    ("auto", "docker-extension", "docker-extension", True),
    ("run-command", "docker-extension", "docker-extension", True),
    ("docker-extension", "docker-extension", "docker-extension", False)])
def test_a_host_gets_its_certificate_as_it_was_set_up(provisioner, noted, expected, falls_back):
    assert as_it_was_set_up(host_spec("g", "web1", provisioner=provisioner), noted) == ProvisionerChoice(
        expected, "as the host was set up", falls_back)


@pytest.mark.parametrize(("provisioner", "noted"), [
    ("auto", "cloud-init"), ("cloud-init", "cloud-init"), ("auto", None), ("cloud-init", None)])
def test_cloud_init_sets_nothing_up_that_has_booted(provisioner, noted):
    choice = choose_again(host_spec("g", "web1", provisioner=provisioner), noted, True)
    assert (choice.provisioner, choice.falls_back) == ("run-command", False) and "first boot only" in choice.reason


@pytest.mark.parametrize(("noted", "finished"), [(None, False), ("run-command", True), ("cloud-init", None)])
def test_what_was_noted_with_the_vm_does_not_say_that_it_was_finished(noted, finished):
    assert was_finished(noted) is finished


@pytest.mark.parametrize("noted", [None, "", "puppet"])
def test_a_host_that_notes_nothing_known_has_no_such_choice(noted):
    assert as_it_was_set_up(host_spec("g", "web1"), noted) is None


@pytest.mark.parametrize(("provisioner", "image", "asks"), [
    ("auto", OLD, True), ("docker-extension", OLD, True), ("docker-extension", OWN, True), ("auto", OWN, False),
    ("run-command", OLD, False), ("cloud-init", OLD, False)])
def test_the_region_is_asked_for_the_extension_only_where_it_matters(provisioner, image, asks):
    assert depends_on_publication(host_spec("g", "web1", provisioner=provisioner, image=image)) is asks
