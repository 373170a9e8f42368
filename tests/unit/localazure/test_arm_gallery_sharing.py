"""Galleries that are shared, with groups or with everybody, and VMs of their images."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import SUBSCRIPTION, TENANT, Answer, Group, LocalAzure
from test_arm_galleries import Gallery

OTHER = "11111111-2222-3333-4444-555555555555"
INFO = {"publisherUri": "https://us.example", "publisherContact": "us@us.example", "eula": "https://us.example/eula",
        "publicNamePrefix": "usdocker"}  # fmt: skip


def allowed(group: Group, **sharing: Any) -> Answer:
    body = {"location": "westus", "properties": {"sharingProfile": sharing}}
    return group.arm.call("PUT", group.compute("galleries/own"), body, api="2023-07-03")


def share(group: Group, operation: str, *identifiers: str, kind: str = "Subscriptions") -> Answer:
    body: dict[str, Any] = {"operationType": operation}
    if identifiers:
        body["groups"] = [{"type": kind, "ids": list(identifiers)}]
    return group.arm.call("POST", f"{group.compute('galleries/own')}/share", body, api="2023-07-03")


def seen(arm: LocalAzure, kind: str, path: str = "", region: str = "westus") -> Answer:
    at = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/{region}/{kind}{path}"
    return arm.call("GET", at, api="2023-07-03")


def of_others(group: Group, member: str, identifier: str, name: str = "web1") -> Answer:
    body = group.vm_body(group.nic(group.vnet(), name))
    body["properties"]["storageProfile"]["imageReference"] = {member: identifier}
    return group.arm.call("PUT", group.compute(f"virtualMachines/{name}"), body)


@pytest.fixture
def gallery(group: Group) -> Gallery:
    made = Gallery(group)
    made.published()
    return made


@pytest.mark.parametrize(("kind", "identifier"), [("Subscriptions", SUBSCRIPTION), ("AADTenants", TENANT)])
def test_a_vm_of_a_gallery_that_is_shared_with_us(
    arm: LocalAzure, group: Group, gallery: Gallery, kind: str, identifier: str
) -> None:
    unique = f"{SUBSCRIPTION}-OWN"
    assert share(group, "Add", identifier, kind=kind).status == 409  # it is private
    arm.done("PUT", group.compute("galleries/own"), {"location": "westus", "properties": {
        "sharingProfile": {"permissions": "Groups"}}}, api="2023-07-03")  # fmt: skip
    assert share(group, "Add", OTHER).status == 200
    assert seen(arm, "sharedGalleries").body["value"] == []
    assert share(group, "Add", identifier, kind=kind).status == 200
    assert [one["name"] for one in seen(arm, "sharedGalleries").body["value"]] == [unique]
    path = f"/{unique}/images/host"
    image = seen(arm, "sharedGalleries", path).body
    assert image["identifier"]["uniqueId"] == f"/SharedGalleries/{unique}/Images/host"
    assert image["properties"]["osType"] == "Linux"
    assert seen(arm, "sharedGalleries", path, "eastus").status == 404
    version, = seen(arm, "sharedGalleries", f"{path}/versions").body["value"]
    assert seen(arm, "sharedGalleries", f"{path}/versions/1.0.0").body == version
    unshown = arm.call("GET", group.compute("galleries/own"), api="2023-07-03").body["properties"]["sharingProfile"]
    told = arm.call("GET", group.compute("galleries/own"), api="2023-07-03", **{"$select": "Permissions"}).body
    assert unshown == {"permissions": "Groups"} and len(told["properties"]["sharingProfile"]["groups"]) >= 1
    wanted = version["identifier"]["uniqueId"]
    made = of_others(group, "sharedGalleryImageId", wanted)
    assert arm.wait(made).body["status"] == "Succeeded"
    kept = arm.call("GET", group.compute("virtualMachines/web1")).body["properties"]["storageProfile"]
    assert kept["imageReference"] == {"sharedGalleryImageId": wanted, "exactVersion": "1.0.0"}
    assert share(group, "Remove", identifier, kind=kind).status == 200
    assert seen(arm, "sharedGalleries", f"/{unique}").status == 404
    gone = of_others(group, "sharedGalleryImageId", wanted, "web2")
    assert (gone.status, gone.code) == (404, "GalleryImageNotFound")


def test_a_vm_of_a_community_gallery(arm: LocalAzure, group: Group, gallery: Gallery) -> None:
    assert allowed(group, permissions="Community").status == 400
    assert allowed(group, permissions="Groups", communityGalleryInfo=INFO).status == 400
    assert allowed(group, permissions="Community", communityGalleryInfo={**INFO, "publicNamePrefix": "a"}).status == 400
    arm.done("PUT", group.compute("galleries/own"), {"location": "westus", "properties": {
        "sharingProfile": {"permissions": "Community", "communityGalleryInfo": INFO}}}, api="2023-07-03")  # fmt: skip
    at = group.compute("galleries/own")
    info = arm.call("GET", at, api="2023-07-03").body["properties"]["sharingProfile"]["communityGalleryInfo"]
    name, = info["publicNames"]
    assert name.startswith("usdocker-") and info["communityGalleryEnabled"] is False
    assert seen(arm, "communityGalleries", f"/{name}").status == 404
    assert share(group, "EnableCommunity").status == 200
    assert seen(arm, "communityGalleries", f"/{name}").body["properties"]["communityMetadata"]["eula"] == INFO["eula"]
    assert allowed(group, permissions="Private").status == 409  # while it is shared
    image, = seen(arm, "communityGalleries", f"/{name}/images").body["value"]
    wanted = image["identifier"]["uniqueId"]
    assert wanted == f"/CommunityGalleries/{name}/Images/host"
    made = of_others(group, "communityGalleryImageId", f"{wanted}/versions/latest")
    assert arm.wait(made).body["status"] == "Succeeded"
    wrong = of_others(group, "sharedGalleryImageId", wanted, "web2")
    assert (wrong.status, wrong.code) == (404, "GalleryImageNotFound")
    assert share(group, "Reset").status == 200
    assert seen(arm, "communityGalleries", f"/{name}/images").status == 404
    assert arm.call("GET", at, api="2023-07-03").body["properties"]["sharingProfile"] == {"permissions": "Private"}


def test_a_vm_has_one_image(group: Group) -> None:
    body = group.vm_body(group.nic(group.vnet()))
    reference = body["properties"]["storageProfile"]["imageReference"]
    reference["communityGalleryImageId"] = "/CommunityGalleries/a/Images/b"
    refused = group.arm.call("PUT", group.compute("virtualMachines/web1"), body)
    assert (refused.status, refused.code) == (400, "InvalidParameter")
