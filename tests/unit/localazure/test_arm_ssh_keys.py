"""SSH public keys as resources: made, changed, listed, deleted; and pairs that are generated for them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from arm_support import Group, LocalAzure

from localazure.providers.compute import key_pairs

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE+N4unGvv6pXPYebWiQ6Ak618DjYm5g6d2ECnq/1F0x somebody"


@pytest.fixture
def path(group: Group) -> str:
    return group.compute("sshPublicKeys/mine")


def test_a_key_is_made_changed_listed_and_deleted(arm: LocalAzure, group: Group, path: str) -> None:
    made = arm.call("PUT", path, {"location": "westus", "tags": {"a": "b"}, "properties": {"publicKey": KEY}})
    assert made.status == 201
    assert made.body == {
        "name": "mine", "id": group.id_of(path), "location": "westus", "tags": {"a": "b"},
        "properties": {"publicKey": KEY},
    }  # fmt: skip
    assert arm.call("GET", path).body == made.body
    other = KEY.replace("somebody", "other")
    changed = arm.call("PATCH", path, {"properties": {"publicKey": other}})
    assert (changed.status, changed.body["properties"], changed.body["tags"]) == (200, {"publicKey": other}, {"a": "b"})
    assert arm.call("PUT", path, {"location": "westus"}).status == 200
    for lists in (group.compute("sshPublicKeys"), "/providers/Microsoft.Compute/sshPublicKeys"):
        assert "mine" in [one["name"] for one in arm.call("GET", lists).body["value"]]
    assert [arm.call("DELETE", path).status for _ in range(2)] == [200, 204]
    assert arm.call("GET", path).code == "ResourceNotFound"


@pytest.mark.parametrize(
    ("given", "begins", "private"),
    [
        ({"encryptionType": "ed25519"}, "ssh-ed25519 ", "-----BEGIN OPENSSH PRIVATE KEY-----\n"),
        ({"encryptionType": "RSA"}, "ssh-rsa ", "-----BEGIN RSA PRIVATE KEY-----\r\n"),
        (None, "ssh-rsa ", "-----BEGIN RSA PRIVATE KEY-----\r\n"),
    ],
)
def test_a_pair_is_generated_once_and_its_private_half_kept_by_nobody(
    arm: LocalAzure, path: str, tmp_path: Path, given: Any, begins: str, private: str
) -> None:
    assert arm.call("PUT", path, {"location": "westus"}).body["properties"] == {}
    pair = arm.call("POST", f"{path}/generateKeyPair", given)
    assert pair.status == 200
    assert set(pair.body) == {"privateKey", "publicKey", "id"}
    assert pair.body["publicKey"].startswith(begins) and pair.body["publicKey"].endswith(" generated-by-azure")
    assert pair.body["privateKey"].startswith(private)
    file = tmp_path / "key"
    file.touch(0o600)
    file.write_text(pair.body["privateKey"].replace("\r\n", "\n"))
    public = subprocess.run(["ssh-keygen", "-y", "-f", file], capture_output=True, text=True, check=True).stdout
    assert public.split()[:2] == pair.body["publicKey"].split()[:2]
    assert arm.call("GET", path).body["properties"] == {"publicKey": pair.body["publicKey"]}
    assert arm.call("POST", f"{path}/generateKeyPair").code == "OperationNotAllowed"
    line = pair.body["privateKey"].splitlines()[1]
    assert line not in (arm.folder / "store.sqlite").read_bytes().decode(errors="replace")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"location": "westus", "properties": {"publicKey": "no key"}}, "InvalidParameter"),
        ({"location": "westus", "properties": {"publicKey": f"{KEY}\n{KEY}"}}, "InvalidParameter"),
        ({"location": "westus", "properties": {"publicKey": "ssh-rsa \u00e9\u00e9"}}, "InvalidParameter"),
        ({"location": "westus", "properties": {"key": KEY}}, "BadRequest"),
        ({"location": "nowhere"}, "LocationNotAvailableForResourceType"),
    ],
)
def test_what_is_no_key_is_refused(arm: LocalAzure, path: str, body: Any, code: str) -> None:
    assert arm.call("PUT", path, body).code == code
    assert arm.call("GET", path).status == 404


def test_an_unknown_algorithm_or_resource_has_no_pair(arm: LocalAzure, path: str) -> None:
    assert arm.call("POST", f"{path}/generateKeyPair").code == "ResourceNotFound"
    arm.done("PUT", path, {"location": "westus"})
    assert arm.call("POST", f"{path}/generateKeyPair", {"encryptionType": "DSA"}).code == "BadRequest"


def test_one_pair_for_a_resource_and_none_for_one_that_has_gone(
    arm: LocalAzure, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm.done("PUT", path, {"location": "westus"})

    def overtaken(method: str, body: Any) -> str:
        """What is answered when another call comes while the pair is being made."""
        resource = arm.on_loop(lambda: arm.cloud.store.of_type("Microsoft.Compute/sshPublicKeys"))
        (key,) = [one for one in resource if str(one.id).endswith(path)]

        def generate(_: str) -> tuple[str, str]:
            def meanwhile() -> None:
                if method == "DELETE":
                    arm.cloud.store.delete(key.id)
                else:
                    key.properties = body

            arm.on_loop(meanwhile)
            return "private", f"{KEY} other"

        monkeypatch.setattr(key_pairs, "generate", generate)
        return arm.call("POST", f"{path}/generateKeyPair").code

    assert overtaken("PUT", {"publicKey": KEY}) == "OperationNotAllowed"
    assert arm.call("GET", path).body["properties"] == {"publicKey": KEY}
    arm.done("PUT", path, {"location": "westus"})
    assert overtaken("DELETE", None) == "ResourceNotFound"
    assert arm.call("GET", path).code == "ResourceNotFound"


def test_what_is_left_of_its_budgets(arm: LocalAzure, path: str) -> None:
    asked = [
        ("PUT", path, "PutDeleteSshPublicKeysSubscriptionMaximum;119"),
        ("POST", f"{path}/generateKeyPair", "SshKeyGenSubscriptionMaximum;11"),
        ("GET", path, "LowCostGetSubscriptionMaximum;23999"),
    ]
    for method, at, left in asked:
        body = {"encryptionType": "Ed25519"} if method == "POST" else {"location": "westus"}
        answer = arm.call(method, at, body if method != "GET" else None)
        assert answer.headers["x-ms-ratelimit-remaining-resource"] == f"Microsoft.Compute/{left}"
