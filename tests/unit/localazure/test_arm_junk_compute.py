"""Junk in the bodies of Compute's smaller types, of images above all, and of batches: see test_arm_junk.py."""

from __future__ import annotations

import json
from typing import Any

import pytest
from arm_support import SUBSCRIPTION, Answer, Group, LocalAzure
from test_arm_galleries import SHOWS, Gallery, template
from test_arm_junk import JUNK, places, replaced, send_junk
from test_arm_vms import KEY

pytestmark = pytest.mark.long

FIRST = "2016-04-30-preview"  # what disks spoke otherwise
PLACE = {"location": "westus", "tags": {"a": "b"}}
DISK = {
    "creationData": {"createOption": "Empty"}, "diskSizeGB": 4, "tier": "P4", "maxShares": 1,
    "networkAccessPolicy": "AllowAll", "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
}  # fmt: skip
GROUP_ID = {"id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Compute/"
                  "proximityPlacementGroups/p"}  # fmt: skip


@pytest.mark.parametrize(
    ("what", "body", "api"),
    [
        ("disks/d", {**PLACE, "sku": {"name": "Premium_LRS"}, "properties": DISK}, None),
        ("disks/d", {**PLACE, "properties": {**DISK, "accountType": "Standard_LRS"}}, FIRST),
        ("availabilitySets/s", {**PLACE, "sku": {"name": "Aligned"}, "properties": {
            "platformFaultDomainCount": 2, "platformUpdateDomainCount": 2, "proximityPlacementGroup": GROUP_ID,
            "scheduledEventsPolicy": {"userInitiatedReboot": {"automaticallyApprove": False}}}}, None),
        ("proximityPlacementGroups/p", {**PLACE, "zones": ["1"], "properties": {
            "proximityPlacementGroupType": "Standard", "intent": {"vmSizes": ["Standard_D2s_v5"]}}}, None),
        ("sshPublicKeys/k", {**PLACE, "properties": {"publicKey": KEY}}, None),
        ("galleries/g", {**PLACE, "identity": {"type": "None"}, "properties": {
            "description": "d", "sharingProfile": {"permissions": "Private"}, "softDeletePolicy": {}}}, SHOWS),
    ],
)  # fmt: skip
def test_junk_in_a_new_resource(
    arm: LocalAzure, group: Group, what: str, body: Any, api: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    send_junk(arm, "PUT", group.compute(what), body, api)
    assert " broke" not in caplog.text


@pytest.mark.parametrize(
    ("what", "made", "change", "api"),
    [
        ("disks/d", {**PLACE, "sku": {"name": "Premium_LRS"}, "properties": DISK}, {
            "tags": {"a": "c"}, "sku": {"name": "Standard_LRS"}, "properties": {"diskSizeGB": 8, "tier": "P6"}}, None),
        ("availabilitySets/s", {**PLACE, "sku": {"name": "Aligned"}},
         {"tags": {}, "sku": {"name": "Aligned"}, "properties": {"proximityPlacementGroup": GROUP_ID}}, None),
        ("sshPublicKeys/k", PLACE, {"tags": {"a": "c"}, "properties": {"publicKey": KEY}}, None),
        ("galleries/g", PLACE, {"tags": {"a": "c"}, "properties": {"description": "e", "sharingProfile": {}}}, SHOWS),
    ],
)  # fmt: skip
def test_junk_in_a_change(
    arm: LocalAzure, group: Group, what: str, made: Any, change: Any, api: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    answer = arm.call("PUT", group.compute(what), made, api)
    assert answer.status in (200, 201, 202), answer.body
    if "Azure-AsyncOperation" in answer.headers:
        arm.wait(answer)
    send_junk(arm, "PATCH", group.compute(what), change, api)
    assert " broke" not in caplog.text


def test_junk_in_the_change_of_a_vm(arm: LocalAzure, group: Group, caplog: pytest.LogCaptureFixture) -> None:
    disk = {"lun": 0, "createOption": "Empty", "diskSizeGB": 4, "managedDisk": {"storageAccountType": "Premium_LRS"}}
    change = {
        "tags": {"a": "c"}, "zones": ["1"], "identity": {"type": "SystemAssigned", "userAssignedIdentities": {}},
        "plan": {"name": "n"}, "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "priority": "Spot", "billingProfile": {"maxPrice": -1},
            "storageProfile": {"dataDisks": [disk], "osDisk": {"diskSizeGB": 64}}, "userData": "YQ==",
            "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}, "additionalCapabilities": {}},
    }  # fmt: skip
    send_junk(arm, "PATCH", group.vm(), change)
    assert " broke" not in caplog.text


def test_junk_in_what_is_made_of_a_vm(arm: LocalAzure, group: Group, caplog: pytest.LogCaptureFixture) -> None:
    gallery = Gallery(group)
    source = template(group)
    send_junk(arm, "PUT", group.compute("images/i"), {**PLACE, "extendedLocation": {}, "properties": {
        "sourceVirtualMachine": {"id": source}, "hyperVGeneration": "V2",
        "storageProfile": {"osDisk": {}, "dataDisks": [], "zoneResilient": True}}})  # fmt: skip
    definition = gallery.body(
        features=[{"name": "SecurityType", "value": "TrustedLaunch"}], disallowed={"diskTypes": ["Standard_LRS"]},
        recommended={"vCPUs": {"min": 1, "max": 2}, "memory": {}}, endOfLifeDate="2030-01-01T00:00:00Z",
        purchasePlan={"name": "n", "publisher": "p", "product": "q"}, architecture="x64",
    )  # fmt: skip
    send_junk(arm, "PUT", f"{gallery.path}/images/other", definition, SHOWS)
    version = {**PLACE, "properties": {
        "publishingProfile": {"targetRegions": [{"name": "westus", "regionalReplicaCount": 1}], "replicaCount": 1,
                              "endOfLifeDate": "2030-01-01T00:00:00Z", "replicationMode": "Full"},
        "storageProfile": {"source": {"virtualMachineId": source}, "osDiskImage": {}},
        "safetyProfile": {"allowDeletionOfReplicatedLocations": True}}}  # fmt: skip
    send_junk(arm, "PUT", f"{gallery.definition}/versions/1.0.0", version, SHOWS)
    change = {"properties": {"publishingProfile": {"targetRegions": [{"name": "westus"}]}, "safetyProfile": {}}}
    send_junk(arm, "PATCH", f"{gallery.definition}/versions/1.0.0", change, SHOWS)
    assert " broke" not in caplog.text


def test_junk_in_the_wish_for_a_key_pair(arm: LocalAzure, group: Group, caplog: pytest.LogCaptureFixture) -> None:
    path = group.compute("sshPublicKeys/k")
    arm.done("PUT", path, PLACE)
    send_junk(arm, "POST", f"{path}/generateKeyPair", {"encryptionType": "Ed25519"})
    assert " broke" not in caplog.text


def test_junk_in_a_batch(arm: LocalAzure, group: Group, caplog: pytest.LogCaptureFixture) -> None:
    def send(body: Any) -> Answer:
        headers = {"Authorization": f"Bearer {arm.token}", "Content-Type": "application/json"}
        return arm.raw("POST", "/batch?api-version=2015-11-01", json.dumps(body).encode(), headers)

    urls = ("//[", "http://[::1/x", "%zz", "/%00", "?", "#", "//batch", "/subscriptions/%ff", "x" * 9000)
    calls = [{"httpMethod": method, "url": url, "content": {"a": 1}} for method in ("GET", "PUT") for url in urls]
    for response in send({"requests": calls}).body["responses"]:
        assert 400 <= response["httpStatusCode"] < 500
        assert response["content"]["error"]["code"]
    whole = {"requests": [{"httpMethod": "PUT", "name": "n", "url": f"{group.id}?api-version=2024-11-01",
                           "content": PLACE}]}  # fmt: skip
    for place in places(whole):
        for junk in JUNK:
            answer = send(replaced(whole, place, junk))
            assert answer.status < 500
            for response in answer.body.get("responses", ()):
                assert response["httpStatusCode"] < 500, (place, junk)
    assert " broke" not in caplog.text
