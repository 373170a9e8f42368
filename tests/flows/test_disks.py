"""Hosts with disks, images and security of the user's choice: what is made, refused before that, undone and left."""

from __future__ import annotations

import pytest
from flow_cloud import COMPUTE, HOST, REGION
from flow_disks import DISK, DISK_API, SET, accept_terms, lay_disk, lay_keys, put
from local_azure import eventually

from azext_dockervm import _client_factory

VM = "Microsoft.Compute/virtualMachines"
IMAGE, GALLERY = "Microsoft.Compute/images", "Microsoft.Compute/galleries"
GALLERY_API, FEATURE_API = "2023-07-03", "2021-07-01"
FLATCAR = "kinvolk:flatcar-container-linux:stable-gen2:latest"
ARM_IMAGE = "Canonical:ubuntu-24_04-lts:server-arm64:latest"


def disks(cloud) -> dict[str, dict]:
    found = cloud.instance.arm("GET", cloud.path(DISK, "").rstrip("/"), DISK_API)["value"]
    return {one["name"]: one for one in found}


def nothing_was_written(cloud) -> bool:
    return r"PUT " not in cloud.requests


@pytest.mark.parametrize("data_disks", ["keep", "delete"])
def test_disks_are_made_with_the_host_and_go_or_stay_as_said(cloud, data_disks):
    lay_disk(cloud, "mine")
    host = cloud.host("--data-disk-sizes-gb", "8", "16", "--attach-data-disks", "mine", "--os-disk-size-gb", "64",
                      "--storage-sku", "os=Premium_LRS", "1=StandardSSD_LRS", "--data-disk-caching", "0=ReadOnly")
    made = cloud.vm()["properties"]["storageProfile"]
    assert (made["osDisk"]["diskSizeGB"], made["osDisk"]["managedDisk"]["storageAccountType"]) == (64, "Premium_LRS")
    data = [(one["lun"], one["diskSizeGB"], one["caching"], one["createOption"]) for one in made["dataDisks"]]
    assert data == [(0, 8, "ReadOnly", "Empty"), (1, 16, "None", "Empty"), (2, 4, "None", "Attach")]
    assert host["reachable"] is True
    new = {one["name"] for one in made["dataDisks"][:2]}
    cloud.az("delete", "-g", cloud.group, "-n", HOST, "--data-disks", data_disks, "--yes").succeeded()
    eventually(lambda: set(disks(cloud)) == {"mine", *(new if data_disks == "keep" else ())}, "disks as said", 30)
    assert {disk["properties"]["diskState"] for disk in disks(cloud).values()} == {"Unattached"}


def test_disks_of_a_vm_that_never_ran_are_undone_and_an_attached_one_is_not(cloud):
    lay_disk(cloud, "mine")
    cloud.behavior(conditions={"allocation_failed": [{"size": "*"}]})
    failed = cloud.create("--data-disk-sizes-gb", "8", "--attach-data-disks", "mine")
    assert failed.code == 1 and failed.stdout == ""
    eventually(lambda: set(disks(cloud)) == {"mine"}, "only the attached disk is left", 30)
    assert disks(cloud)["mine"]["properties"]["diskState"] == "Unattached" and cloud.vm() is None


def test_a_key_of_ones_own_encrypts_the_disk_and_the_server_does_once_it_may(cloud):
    lay_keys(cloud, "keys")
    options = ("--os-disk-encryption-set", "keys", "--encryption-at-host")
    cloud.mark()
    refused = cloud.create(*options)
    assert refused.code == 1 and nothing_was_written(cloud)
    line = "az feature register --namespace Microsoft.Compute --name EncryptionAtHost"
    assert line in refused.stderr, refused.stderr
    feature = (f"/subscriptions/{cloud.path(DISK, 'any').split('/')[2]}/providers/Microsoft.Features/providers/"
               "Microsoft.Compute/features/EncryptionAtHost")
    cloud.instance.arm("POST", f"{feature}/register", FEATURE_API)
    try:
        eventually(lambda: cloud.instance.arm("GET", feature, FEATURE_API)["properties"]["state"] == "Registered",
                   "the feature", 30)
        cloud.host(*options)
    finally:
        cloud.instance.arm("POST", f"{feature}/unregister", FEATURE_API)
    properties = cloud.vm()["properties"]
    assert properties["securityProfile"]["encryptionAtHost"] is True
    encrypts = properties["storageProfile"]["osDisk"]["managedDisk"]["diskEncryptionSet"]["id"]
    assert encrypts.lower() == cloud.path(SET, "keys").lower()


def test_an_arm_host_is_made_of_image_and_size_together(cloud):
    cloud.host("--arch", "arm64")
    made = cloud.vm()["properties"]
    assert made["hardwareProfile"]["vmSize"] == "Standard_D2ps_v6"
    assert made["storageProfile"]["imageReference"]["sku"] == "server-arm64"


@pytest.mark.parametrize("options", [("--image", ARM_IMAGE), ("--size", "Standard_D2ps_v5"),
                                     ("--image", ARM_IMAGE, "--arch", "amd64")])
def test_what_does_not_fit_together_is_told_before_anything_is_made(cloud, options):
    cloud.mark()
    refused = cloud.create(*options)
    assert refused.code == 1 and nothing_was_written(cloud)
    assert "is for arm64" in refused.stderr or "for arm64." in refused.stderr


def test_terms_are_asked_for_before_anything_is_made(cloud):
    cloud.mark()
    refused = cloud.create("--image", FLATCAR)
    assert refused.code == 1 and nothing_was_written(cloud)
    assert "az vm image terms accept --urn kinvolk:flatcar-container-linux:stable-gen2" in refused.stderr
    accept_terms(cloud)
    try:
        cloud.create("--image", FLATCAR).succeeded()
    finally:
        accept_terms(cloud, False)
    assert cloud.vm()["plan"]["product"] == "flatcar-container-linux"


@pytest.fixture
def template(cloud) -> str:
    """A generalized VM's id."""
    cloud.create("--provisioner", "run-command", "--security-type", "Standard", name="template").succeeded()
    at = cloud.path(VM, "template")
    cloud.instance.arm("POST", f"{at}/deallocate", COMPUTE)

    def is_off() -> bool:
        told = cloud.instance.arm("GET", f"{at}/instanceView", COMPUTE)["statuses"]
        return "PowerState/deallocated" in [one["code"] for one in told]

    eventually(is_off, "the template is off", 30)
    cloud.settled(VM, "template")
    cloud.instance.arm("POST", f"{at}/generalize", COMPUTE)
    return at


@pytest.fixture
def shelf(cloud, template) -> str:
    """The id of a gallery's definition with a version, made of a managed image `golden`."""
    image = put(cloud, IMAGE, "golden", COMPUTE, {"sourceVirtualMachine": {"id": template}, "hyperVGeneration": "V2"})
    put(cloud, GALLERY, "shelf", GALLERY_API, {})
    put(cloud, GALLERY, "shelf/images/golden", GALLERY_API, {
        "osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2",
        "identifier": {"publisher": "us", "offer": "docker", "sku": "golden"}})
    put(cloud, GALLERY, "shelf/images/golden/versions/1.0.0", GALLERY_API, {
        "storageProfile": {"source": {"id": image}}, "publishingProfile": {"targetRegions": [{"name": REGION}]}})
    return cloud.path(GALLERY, "shelf/images/golden")


def share(cloud, operation: str, *subscriptions: str) -> None:
    groups = {"groups": [{"type": "Subscriptions", "ids": list(subscriptions)}]} if subscriptions else {}
    at = f"{cloud.path(GALLERY, 'shelf')}/share"
    cloud.instance.arm("POST", at, GALLERY_API, {"operationType": operation, **groups})


@pytest.mark.long
def test_hosts_are_made_of_ones_own_images_and_of_those_of_others(cloud, shelf, monkeypatch):
    put(cloud, GALLERY, "shelf", GALLERY_API, {"sharingProfile": {"permissions": "Groups"}})
    share(cloud, "Add", cloud.instance.subscription)
    unique = cloud.instance.arm("GET", cloud.path(GALLERY, "shelf"), GALLERY_API)["properties"]["identifier"]
    sources = [("id", cloud.path(IMAGE, "golden")), ("id", shelf), ("id", f"{shelf}/versions/1.0.0"),
               ("sharedGalleryImageId", f"/SharedGalleries/{unique['uniqueName']}/Images/golden/Versions/latest")]
    for number, (member, source) in enumerate(sources):
        assert_host_of(cloud, f"own{number}", member, source)
    share(cloud, "Reset")
    put(cloud, GALLERY, "shelf", GALLERY_API, {"sharingProfile": {"permissions": "Community", "communityGalleryInfo": {
        "publisherUri": "https://us.example", "publisherContact": "us@us.example", "eula": "https://us.example/eula",
        "publicNamePrefix": "usdocker"}}})
    share(cloud, "EnableCommunity")
    sharing = cloud.instance.arm("GET", cloud.path(GALLERY, "shelf"), GALLERY_API)["properties"]["sharingProfile"]
    public = f"/CommunityGalleries/{sharing['communityGalleryInfo']['publicNames'][0]}/Images/golden"
    assert_host_of(cloud, "public", "communityGalleryImageId", f"{public}/Versions/1.0.0")
    # azure-mgmt-resource as it is in the tests' own environment lacks what az lists the regions with.
    monkeypatch.setattr(_client_factory, "subscription_locations", lambda _cli_ctx: ["eastus", "westus"])
    cloud.mark()
    for words, told in (((f"{public}s",), "there is no image"), ((f"{shelf}/versions/2.0.0",), "there is no image"),
                        ((shelf, "-l", "eastus"), "no version of it is in eastus"),
                        ((f"{shelf}/versions/1.0.0", "--os-disk-size-gb", "30"), "--os-disk-size-gb")):
        refused = cloud.create("--image", *words, name="missing")
        assert refused.code == 1 and nothing_was_written(cloud) and told in refused.stderr, refused.stderr


def assert_host_of(cloud, name: str, member: str, source: str) -> None:
    made = cloud.create("--image", source, "--data-disk-sizes-gb", "4", name=name).succeeded()
    assert made.json["reachable"] is True
    assert cloud.vm(name)["properties"]["storageProfile"]["imageReference"][member].lower() == source.lower()


def test_docker_s_own_disk_is_used_by_its_host_and_by_the_next_one(cloud):
    assert cloud.host("--docker-disk-size-gb", "8", "--data-disk-sizes-gb", "4")["reachable"] is True
    name = cloud.vm()["tags"]["dockervm-docker-disk"]
    assert [one["name"] for one in cloud.vm()["properties"]["storageProfile"]["dataDisks"]][1] == name
    cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes").succeeded()
    eventually(lambda: disks(cloud)[name]["properties"]["diskState"] == "Unattached", "the disk is left", 30)
    assert cloud.host("--docker-disk", name, "--provisioner", "run-command")["reachable"] is True
    assert cloud.vm()["tags"]["dockervm-docker-disk"] == name
