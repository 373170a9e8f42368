"""az image and az sig: a VM becomes a managed image, that one in a gallery, of which another VM is made."""

from __future__ import annotations

import pytest
from compute_support import make_vm

pytestmark = pytest.mark.long

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGfDq6yPn0h3eLMz0w7xJ0Z3nJw0d6p4l8oQq0m3nN9R me@here\n"
DEFINITION = ("--publisher", "us", "--offer", "hosts", "--sku", "docker", "--os-type", "Linux")


@pytest.mark.long
def test_from_a_vm_to_a_vm_by_a_managed_image_and_a_gallery(azure, group, tmp_path):
    vm = make_vm(azure, group, "template")
    azure.az("vm", "deallocate", "-g", group, "-n", "template").succeeded()
    azure.az("vm", "generalize", "-g", group, "-n", "template").succeeded()
    made = azure.query("image", "create", "-g", group, "-n", "mine", "--source", vm, "--hyper-v-generation", "V2")
    assert made["sourceVirtualMachine"]["id"] == vm
    assert azure.query("image", "show", "-g", group, "-n", "mine")["hyperVGeneration"] == "V2"
    assert [one["name"] for one in azure.query("image", "list", "-g", group)] == ["mine"]

    azure.az("sig", "create", "-g", group, "-r", "own", "--description", "for all").succeeded()
    assert azure.query("sig", "show", "-g", group, "-r", "own")["description"] == "for all"
    assert [one["name"] for one in azure.query("sig", "list", "-g", group)] == ["own"]
    at = ("-g", group, "--gallery-name", "own")
    image = (*at, "--gallery-image-definition", "host")
    # az itself asks for the feature SecurityType=TrustedLaunchSupported, to which no VM leads but a managed image.
    made = azure.query("sig", "image-definition", "create", *image, *DEFINITION, "--hyper-v-generation", "V2")
    assert made["identifier"] == {"publisher": "us", "offer": "hosts", "sku": "docker"}
    assert azure.query("sig", "image-definition", "show", *image)["features"][0]["value"] == "TrustedLaunchSupported"
    assert len(azure.query("sig", "image-definition", "list", *at)) == 1
    version = (*image, "--gallery-image-version", "1.0.0")
    azure.az("sig", "image-version", "create", *version, "--managed-image", "mine").succeeded()
    shown = azure.query("sig", "image-version", "show", *version)
    assert shown["provisioningState"] == "Succeeded"
    assert len(azure.query("sig", "image-version", "list", *image)) == 1

    key = tmp_path / "key.pub"
    key.write_text(KEY)
    azure.az("vm", "create", "-g", group, "-n", "web1", "--image", shown["id"], "--ssh-key-values", key).succeeded()
    found = azure.query("vm", "show", "-g", group, "-n", "web1")
    assert found["storageProfile"]["imageReference"]["id"] == shown["id"]
    for words in (("sig", "image-version", "delete", *version), ("sig", "image-definition", "delete", *image),
                  ("sig", "delete", "-g", group, "-r", "own"), ("image", "delete", "-g", group, "-n", "mine")):
        azure.az(*words).succeeded()


def test_sig_share(azure, group):
    made = azure.query("sig", "create", "-g", group, "-r", "public", "--permissions", "Community", "--publisher-uri",
                       "https://us.example", "--publisher-contact", "us@us.example", "--eula", "https://us.example/eula",
                       "--public-name-prefix", "usdocker")
    name, = made["sharingProfile"]["communityGalleryInfo"]["publicNames"]
    at, subscription = ("-g", group, "-r", "public"), azure.subscription
    azure.az("sig", "image-definition", "create", *at, "-i", "host", *DEFINITION).succeeded()
    azure.az("sig", "share", "enable-community", *at).succeeded()
    shown = azure.query("sig", "show-community", "-l", "westus", "--public-gallery-name", name)
    assert shown["uniqueId"] == f"/CommunityGalleries/{name}"
    of_gallery = ("-l", "westus", "--public-gallery-name", name)
    assert azure.query("sig", "image-definition", "list-community", *of_gallery) == [], "no version, so nowhere"
    azure.az("sig", "share", "reset", *at).succeeded()
    azure.az("sig", "update", *at, "--permissions", "Groups").succeeded()
    azure.az("sig", "share", "add", *at, "--subscription-ids", subscription).succeeded()
    assert azure.query("sig", "show", *at, "--sharing-groups")["sharingProfile"]["groups"][0]["ids"] == [subscription]
    one, = azure.query("sig", "list-shared", "-l", "westus")
    shared = ("-l", "westus", "--gallery-unique-name", one["name"])
    assert azure.query("sig", "show-shared", *shared)["uniqueId"] == f"/SharedGalleries/{one['name']}"
    assert azure.query("sig", "image-definition", "list-shared", *shared) == []
    azure.az("sig", "share", "remove", *at, "--subscription-ids", subscription).succeeded()
    assert azure.query("sig", "list-shared", "-l", "westus") == []
    azure.az("sig", "image-definition", "delete", *at, "-i", "host").succeeded()
    azure.az("sig", "delete", *at).succeeded()
