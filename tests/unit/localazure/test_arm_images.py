"""Platform images, extension images and sizes: what is listed, what is got, what is not there."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Group, LocalAzure

AT = "/providers/Microsoft.Compute/locations/westus"
UBUNTU = f"{AT}/publishers/Canonical/artifacttypes/vmimage/offers/ubuntu-24_04-lts/skus/server/versions"
TYPES = "publishers/Microsoft.Azure.Extensions/artifacttypes/vmextension/types"


@pytest.mark.parametrize(
    "urn",
    ["Canonical:ubuntu-24_04-lts:server", "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2",
     "Debian:debian-12:12-gen2", "Debian:debian-13:13-gen2", "RedHat:RHEL:9_5", "OpenLogic:CentOS:7_9",
     "LocalAzure:linux-without-cloud-init:agent-only", "Debian:debian-10:10", "Debian:debian-12:12-arm64",
     "Canonical:UbuntuServer:18_04-lts-gen2", "OpenLogic:CentOS:7.7"],
)  # fmt: skip
def test_the_known_images_are_found_from_publisher_to_version(arm: LocalAzure, urn: str) -> None:
    publisher, offer, sku = urn.split(":")
    names = lambda path: [one["name"] for one in arm.call("GET", path).body]  # noqa: E731
    offers = f"{AT}/publishers/{publisher}/artifacttypes/vmimage/offers"
    assert publisher in names(f"{AT}/publishers")
    assert offer in names(offers)
    assert sku in names(f"{offers}/{offer}/skus")
    newest = names(f"{offers}/{offer}/skus/{sku}/versions")[-1]
    assert arm.call("GET", f"{offers}/{offer}/skus/{sku}/versions/latest").body["name"] == newest


@pytest.mark.parametrize("more", ["", "/imageDeprecationStatus"])
def test_a_list_that_is_expanded_has_not_all_that_a_version_has(arm: LocalAzure, more: str) -> None:
    (one,) = arm.call("GET", UBUNTU, _top="1", _orderby="name desc", _expand=f"properties{more}").body
    whole = arm.call("GET", f"{UBUNTU}/{one['name']}").body["properties"]
    assert {name: one["properties"][name] for name in ("hyperVGeneration", "architecture")} == {
        "hyperVGeneration": "V2", "architecture": "x64"}  # fmt: skip
    assert "features" in whole and not {"features", "plan", "osDiskImage"} & set(one["properties"])
    assert ("imageDeprecationStatus" in one["properties"]) is bool(more)


def test_top_and_orderby_choose_the_newest(arm: LocalAzure) -> None:
    newest = arm.call("GET", UBUNTU, _top="1", _orderby="name desc").body
    assert [one["name"] for one in newest] == [arm.call("GET", UBUNTU).body[-1]["name"]]
    assert arm.call("GET", UBUNTU, _top="x").code == "InvalidParameter"


@pytest.mark.parametrize("urn", ["Nobody:x:y:latest", "Canonical:nonsense:y:latest",
                                 "Canonical:ubuntu-24_04-lts:nonsense:latest",
                                 "Canonical:ubuntu-24_04-lts:server:1.2.3"])  # fmt: skip
def test_an_image_that_does_not_exist_is_not_found(arm: LocalAzure, urn: str) -> None:
    publisher, offer, sku, version = urn.split(":")
    path = f"{AT}/publishers/{publisher}/artifacttypes/vmimage/offers/{offer}/skus/{sku}/versions/{version}"
    answer = arm.call("GET", path)
    assert (answer.status, answer.code, answer.message) == (404, "NotFound", "Artifact: VMImage was not found.")


@pytest.mark.parametrize(
    ("urn", "generation", "architecture"),
    [("Debian:debian-10:10", "V1", "x64"), ("Debian:debian-10:10-gen2", "V2", "x64"),
     ("Debian:debian-11:11-backports-arm64", "V2", "Arm64"), ("Canonical:UbuntuServer:18_04-lts-arm64", "V2", "Arm64"),
     ("CANONICAL:UBUNTUSERVER:18_04-LTS-GEN2", "V2", "x64"), ("OpenLogic:CentOS:7_6-gen2", "V2", "x64")],
)  # fmt: skip
def test_what_an_image_is_made_for(arm: LocalAzure, urn: str, generation: str, architecture: str) -> None:
    publisher, offer, sku = urn.split(":")
    path = f"{AT}/publishers/{publisher}/artifacttypes/vmimage/offers/{offer}/skus/{sku}/versions/latest"
    properties = arm.call("GET", path).body["properties"]
    assert (properties["hyperVGeneration"], properties["architecture"]) == (generation, architecture)


def test_windows_is_refused_in_words_of_one_s_own(arm: LocalAzure, group: Group) -> None:
    offers = f"{AT}/publishers/MicrosoftWindowsServer/artifacttypes/vmimage/offers"
    version = f"{offers}/WindowsServer/skus/2022-datacenter-g2/versions/latest"
    for path in (offers, f"{offers}/WindowsServer/skus", version.removesuffix("/latest"), version):
        answer = arm.call("GET", path)
        assert (answer.status, answer.code) == (404, "NotFound")
        assert answer.message.endswith("Local Azure has Linux images only.")
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["storageProfile"]["imageReference"] = {
        "publisher": "MicrosoftWindowsServer", "offer": "WindowsServer", "sku": "2022-datacenter-g2",
        "version": "latest",
    }  # fmt: skip
    refused = arm.call("PUT", group.compute("virtualMachines/web1"), body)
    assert (refused.status, refused.code) == (404, "PlatformImageNotFound")
    assert refused.message.endswith("Local Azure has Linux images only.")


def test_az_is_told_what_its_short_names_mean(arm: LocalAzure) -> None:
    told = arm.raw("GET", "/metadata/aliases.json").body["outputs"]["aliases"]["value"]
    assert told["Linux"]["Ubuntu2204"]["offer"] == "0001-com-ubuntu-server-jammy"
    assert told["Windows"]["Win2022Datacenter"] == {
        "publisher": "MicrosoftWindowsServer", "offer": "WindowsServer", "sku": "2022-datacenter-g2",
        "version": "latest", "architecture": "x64",
    }  # fmt: skip


@pytest.mark.parametrize(
    "urn", ["Canonical:0001-com-ubuntu-confidential-vm-jammy:22_04-lts-cvm", "RedHat:rhel-cvm:9_5_cvm"]
)
def test_confidential_vms_are_refused_in_words_of_one_s_own(arm: LocalAzure, group: Group, urn: str) -> None:
    publisher, offer, sku = urn.split(":")
    path = f"{AT}/publishers/{publisher}/artifacttypes/vmimage/offers/{offer}/skus/{sku}/versions/latest"
    answer = arm.call("GET", path)
    assert (answer.status, answer.message.endswith("Local Azure has no confidential VMs.")) == (404, True)
    body = group.vm_body(group.nic(group.vnet()))
    reference = body["properties"]["storageProfile"]["imageReference"]
    reference.update(publisher=publisher, offer=offer, sku=sku)
    vm = group.compute("virtualMachines/web1")
    refused = arm.call("PUT", vm, body)
    assert (refused.code, refused.message.endswith("Local Azure has no confidential VMs.")) == (
        "PlatformImageNotFound", True
    )  # fmt: skip
    body["properties"]["hardwareProfile"]["vmSize"] = "Standard_DC2as_v5"
    assert arm.call("PUT", vm, body).code == "ConfidentialVMNotSupportedByLocalAzure"


@pytest.mark.parametrize(
    ("publisher", "name", "system"),
    [("Microsoft.Azure.Security.LinuxAttestation", "GuestAttestation", "Linux"),
     ("Microsoft.OSTCExtensions", "LinuxDiagnostic", "Linux"),
     ("Microsoft.Azure.Diagnostics", "IaaSDiagnostics", "Windows")],
)  # fmt: skip
def test_extensions_without_a_handler_are_published_too(
    arm: LocalAzure, publisher: str, name: str, system: str
) -> None:
    at = f"{AT}/publishers/{publisher}/artifacttypes/vmextension/types"
    assert name in [one["name"] for one in arm.call("GET", at).body]
    newest = arm.call("GET", f"{at}/{name}/versions").body[-1]["name"]
    assert arm.call("GET", f"{at}/{name}/versions/{newest}").body["properties"]["operatingSystem"] == system


def test_another_offer_of_a_known_family_is_found(arm: LocalAzure) -> None:
    path = f"{AT}/publishers/RedHat/artifacttypes/vmimage/offers/rhel-raw/skus/9_6/versions/latest"
    assert arm.call("GET", path).status == 200


def test_an_image_of_generation_2_supports_trusted_launch(arm: LocalAzure) -> None:
    image = arm.call("GET", f"{UBUNTU}/latest").body["properties"]
    assert image["hyperVGeneration"] == "V2"
    assert {"name": "SecurityType", "value": "TrustedLaunchSupported"} in image["features"]


def test_an_image_of_generation_2_that_is_older_than_trusted_launch_does_not_have_it(arm: LocalAzure) -> None:
    path = f"{AT}/publishers/OpenLogic/artifacttypes/vmimage/offers/CentOS/skus/7_6-gen2/versions/latest"
    image = arm.call("GET", path).body["properties"]
    assert image["hyperVGeneration"] == "V2"
    assert "SecurityType" not in {one["name"] for one in image["features"]}


@pytest.mark.parametrize(
    ("region", "published"), [("westus", True), ("centralus", True), ("eastus2", False), ("uksouth", True)]
)
def test_the_docker_extension_is_published_where_the_table_or_the_settings_say(
    arm: LocalAzure, region: str, published: bool
) -> None:
    at = f"/providers/Microsoft.Compute/locations/{region}/{TYPES}"
    names = [one["name"] for one in arm.call("GET", at).body]
    assert "CustomScript" in names
    assert ("DockerExtension" in names) is published
    versions = arm.call("GET", f"{at}/DockerExtension/versions")
    if published:
        assert versions.body[-1]["name"] == "1.2.2"
        assert arm.call("GET", f"{at}/DockerExtension/versions/1.2.2").body["properties"]["operatingSystem"] == "Linux"
    else:
        assert (versions.status, versions.code) == (404, "NotFound")


def test_a_region_that_does_not_exist_has_no_images(arm: LocalAzure) -> None:
    assert (
        arm.call("GET", "/providers/Microsoft.Compute/locations/westmars/publishers").code
        == "NoRegisteredProviderFound"
    )


def test_sizes_usages_and_skus(arm: LocalAzure) -> None:
    sizes = {one["name"]: one for one in arm.call("GET", f"{AT}/vmSizes").body["value"]}
    assert sizes["Standard_D2s_v5"]["numberOfCores"] == 2
    assert sizes["Standard_D2s_v5"]["memoryInMB"] == 8192
    usage = {one["name"]["value"]: one for one in arm.call("GET", f"{AT}/usages").body["value"]}
    assert usage["cores"]["limit"] == 100
    skus = arm.call("GET", "/providers/Microsoft.Compute/skus", api="2021-07-01", _filter="location eq 'westus'").body[
        "value"
    ]
    machines = [one for one in skus if one["resourceType"] == "virtualMachines"]
    assert {one["name"] for one in machines} == set(sizes)
    assert {one["resourceType"] for one in skus} == {"availabilitySets", "disks", "virtualMachines"}
    restricted = {one["name"]: one["restrictions"] for one in skus if one["restrictions"]}
    reason = {"reasonCode": "NotAvailableForSubscription", "values": ["westus"]}
    assert restricted == {
        "Standard_NC6s_v3": [{"type": "Location", "restrictionInfo": {"locations": ["westus"]}, **reason}]
    }


def test_the_skus_of_disks_and_availability_sets(arm: LocalAzure) -> None:
    def skus(region: str) -> list[dict[str, Any]]:
        where = f"location eq '{region}'"
        found = arm.call("GET", "/providers/Microsoft.Compute/skus", api="2021-07-01", _filter=where)
        return [one for one in found.body["value"] if one["resourceType"] != "virtualMachines"]

    sets = {one["name"]: one["capabilities"] for one in skus("westus") if one["resourceType"] == "availabilitySets"}
    assert sets == dict.fromkeys(("Aligned", "Classic"), [{"name": "MaximumPlatformFaultDomainCount", "value": "3"}])
    disks = [one for one in skus("westus2") if one["resourceType"] == "disks"]
    (p10,) = [one for one in disks if (one["name"], one["size"]) == ("Premium_LRS", "P10")]
    assert (p10["tier"], p10["locationInfo"]) == (
        "Premium", [{"location": "westus2", "zones": ["1", "2", "3"], "zoneDetails": []}]
    )  # fmt: skip
    assert {one["name"]: int(one["value"]) for one in p10["capabilities"]} == {
        "MaxSizeGiB": 128, "MinSizeGiB": 64, "MaxIOps": 500, "MinIOps": 500, "MaxBandwidthMBps": 100,
        "MinBandwidthMBps": 100, "MaxValueOfMaxShares": 3, "MaxBurstIops": 3500, "MaxBurstBandwidthMBps": 170,
        "MaxBurstDurationInMin": 30, "BurstCreditBucketSizeInIO": 5400000, "BurstCreditBucketSizeInGiB": 123,
    }  # fmt: skip
    named = {(one["name"], one["size"]) for one in disks}
    assert {("Standard_LRS", "S4"), ("StandardSSD_LRS", "E1"), ("Premium_ZRS", "P80")} <= named
    assert ("Standard_LRS", "S1") not in named
    (s4,) = [one for one in disks if one["size"] == "S4"]
    assert {"name": "MinSizeGiB", "value": "0"} in s4["capabilities"]
    assert {"name": "MaxValueOfMaxShares", "value": "1"} in s4["capabilities"]
    assert not [one for one in skus("westus") if one["name"].endswith("_ZRS")]


def test_a_size_that_is_not_to_be_had_in_a_region_with_zones_is_restricted_in_each(arm: LocalAzure) -> None:
    skus = arm.call("GET", "/providers/Microsoft.Compute/skus", api="2021-07-01", _filter="location eq 'eastus'").body
    (found,) = [one["restrictions"] for one in skus["value"] if one["restrictions"]]
    assert [one["type"] for one in found] == ["Location", "Zone"]
    assert found[1]["restrictionInfo"] == {"locations": ["eastus"], "zones": ["1", "2", "3"]}


@pytest.mark.parametrize(("sku", "size", "given", "only"), [
    ("server", "Standard_D2ps_v5", "x64", "Arm64"), ("server-arm64", "Standard_D2s_v5", "Arm64", "x64"),
])  # fmt: skip
def test_an_image_needs_a_size_of_its_architecture(
    arm: LocalAzure, group: Group, sku: str, size: str, given: str, only: str
) -> None:
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["storageProfile"]["imageReference"]["sku"] = sku
    vm = group.compute("virtualMachines/web1")

    def put(name: str) -> Any:
        body["properties"]["hardwareProfile"]["vmSize"] = name
        return arm.call("PUT", vm, body)

    refused = put(size)
    assert (refused.status, refused.code) == (400, "BadRequest")
    assert f"size '{size}' because this VM size only supports a CPU Architecture of '{only}', but" in refused.message
    fitting = "Standard_D4ps_v5" if given == "Arm64" else "Standard_D4s_v5"
    arm.wait(put(fitting))
    assert arm.call("GET", vm).body["properties"]["provisioningState"] == "Succeeded"
    (disk,) = arm.call("GET", group.compute("disks")).body["value"]
    assert disk["properties"]["supportedCapabilities"]["architecture"] == given
    resized = arm.call("PATCH", vm, {"properties": {"hardwareProfile": {"vmSize": size}}})
    assert (resized.status, resized.code) == (400, "BadRequest")
