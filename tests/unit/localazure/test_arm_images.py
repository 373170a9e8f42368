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
     "LocalAzure:linux-without-cloud-init:agent-only"],
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


def test_another_offer_of_a_known_family_is_found(arm: LocalAzure) -> None:
    path = f"{AT}/publishers/RedHat/artifacttypes/vmimage/offers/rhel-raw/skus/9_6/versions/latest"
    assert arm.call("GET", path).status == 200


def test_an_image_of_generation_2_supports_trusted_launch(arm: LocalAzure) -> None:
    image = arm.call("GET", f"{UBUNTU}/latest").body["properties"]
    assert image["hyperVGeneration"] == "V2"
    assert {"name": "SecurityType", "value": "TrustedLaunchSupported"} in image["features"]


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
    resized = arm.call("PATCH", vm, {"properties": {"hardwareProfile": {"vmSize": size}}})
    assert (resized.status, resized.code) == (400, "BadRequest")
