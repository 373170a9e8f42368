"""The instance metadata service's answers: what it demands, what it refuses, what lies at which path."""

from __future__ import annotations

import pytest

from localazure.arm.identity import Authority
from localazure.machines.nspawn import imds
from localazure.protocol.errors import ArmError

DOCUMENT = {
    "compute": {"name": "vm1", "userData": "bWluZQ==", "tagsList": [{"name": "a", "value": "b"}], "plan": {"name": ""}},
    "network": {"interface": [{"macAddress": "000D3A000001", "ipv4": {"subnet": [{"prefix": "24"}]}}]},
}
ASKING = {"metadata": "true"}
V = "api-version=2021-02-01"


def get(target, headers=ASKING, method="GET"):
    return imds.answer(method, f"/metadata/{target}", headers, DOCUMENT)


def test_the_whole_document_and_parts_of_it():
    assert get(f"instance?{V}") == (200, DOCUMENT)
    assert get(f"instance/?{V}&format=json") == (200, DOCUMENT)
    assert get(f"instance/compute/plan?{V}") == (200, {"name": ""})
    assert get(f"instance/network/interface/0/ipv4/subnet?{V}") == (200, [{"prefix": "24"}])


def test_leaves_are_text():
    assert get(f"instance/compute/name?{V}&format=text") == (200, "vm1")
    assert get(f"instance/COMPUTE/Name?{V}&format=text") == (200, "vm1")
    assert get(f"instance/compute/userData?{V}&format=text") == (200, "bWluZQ==")
    assert get(f"instance/compute/name?{V}")[0] == 404


def test_text_lists_what_lies_below():
    assert get(f"instance?{V}&format=text") == (200, "compute/\nnetwork/")
    assert get(f"instance/network/interface?{V}&format=text") == (200, "0/")
    assert get(f"instance/compute?{V}&format=text") == (200, "name\nuserData\ntagsList/\nplan/")


def test_elements_come_with_their_versions():
    assert set(get("instance/compute?api-version=2019-03-11")[1]) == {"name", "plan"}
    assert get("instance/compute/userData?api-version=2020-12-01&format=text")[0] == 404


@pytest.mark.parametrize("target", ["", "foo", "instance/foo?" + V, "instance/network/interface/1?" + V, "attested"])
def test_what_is_not_there(target):
    assert get(target) == (404, {"error": "Not found"})


def test_headers():
    assert get(f"instance?{V}", {})[0] == 400 and "metadata header" in get(f"instance?{V}", {})[1]["error"]
    assert get(f"instance?{V}", {"metadata": "false"})[0] == 400
    assert get(f"instance?{V}", {**ASKING, "x-forwarded-for": "1.2.3.4"})[0] == 400
    assert get(f"instance?{V}", method="POST")[0] == 405


@pytest.mark.parametrize("query", ["", "?api-version=", "?api-version=2030-01-01", "?format=text"])
def test_versions_are_demanded_and_named(query):
    status, body = get(f"instance{query}")
    assert status == 400 and body["newest-versions"] == sorted(imds.VERSIONS, reverse=True)[:3]
    assert get("versions") == (200, {"apiVersions": list(imds.VERSIONS)})


def test_no_events():
    assert get("scheduledevents?api-version=2020-07-01")[1] == {"DocumentIncarnation": 1, "Events": []}


# Tokens

AUTHORITY = Authority("t", b"k" * 32)
SYSTEM = {"principalId": "p0", "clientId": "c0", "resourceId": "/vm", "system": True}
ONE, TWO = ({"principalId": f"p{n}", "clientId": f"c{n}", "resourceId": f"/id/{n}", "system": False} for n in (1, 2))
TOKEN = "identity/oauth2/token?api-version=2018-02-01"


def token(query, *assigned):
    assigned = [{**one, "key": AUTHORITY.key_of(one["principalId"], one["clientId"], one["resourceId"]).hex()}
                for one in assigned]
    signer = {"issuer": "https://sts.windows.net/t/", "tenant": "t", "assigned": assigned}
    return imds.answer("GET", f"/metadata/{TOKEN}{query}", ASKING, {**DOCUMENT, "identity": signer})


def test_a_token_is_one_that_local_azure_itself_takes():
    status, told = token("&resource=https://management.azure.com/", SYSTEM)
    assert status == 200 and told["token_type"] == "Bearer" and told["resource"] == "https://management.azure.com/"
    claims = AUTHORITY.check(f"Bearer {told['access_token']}")
    assert (claims["aud"], claims["oid"], claims["appid"], claims["xms_mirid"]) == (
        "https://management.azure.com/", "p0", "c0", "/vm")
    assert int(told["expires_on"]) == claims["exp"] == claims["nbf"] + int(told["expires_in"])


def test_key_of_one_identity_makes_no_token_of_another():
    """Who reads what the metadata service signs with is still that identity alone."""
    theirs = {**SYSTEM, "key": AUTHORITY.key_of("p1", "c1", "/id/1").hex()}
    signer = {"issuer": "i", "tenant": "t", "assigned": [theirs]}
    _, told = imds.answer("GET", f"/metadata/{TOKEN}&resource=x", ASKING, {**DOCUMENT, "identity": signer})
    with pytest.raises(ArmError, match="InvalidAuthenticationToken"):
        AUTHORITY.check(f"Bearer {told['access_token']}")


@pytest.mark.parametrize(("query", "assigned", "client"), [
    ("", (SYSTEM, ONE, TWO), "c0"), ("", (ONE,), "c1"), ("&client_id=C2", (SYSTEM, ONE, TWO), "c2"),
    ("&object_id=p1", (SYSTEM, ONE), "c1"), ("&msi_res_id=/ID/2", (ONE, TWO), "c2")])
def test_whose_token_it_is(query, assigned, client):
    assert token(f"&resource=x{query}", *assigned)[1]["client_id"] == client


@pytest.mark.parametrize(("query", "assigned", "says"), [
    ("&resource=x", (), "Identity not found"), ("&resource=x&client_id=c9", (SYSTEM,), "Identity not found"),
    ("", (SYSTEM,), "'resource' is missing"), ("&resource=x", (ONE, TWO), "Multiple user assigned identities")])
def test_no_token(query, assigned, says):
    status, told = token(query, *assigned)
    assert status == 400 and told["error"] == "invalid_request" and says in told["error_description"]


def test_no_token_without_identity_version_or_header_and_no_key_in_any_answer():
    assert get(f"{TOKEN}&resource=x")[0] == 400
    assert get("identity/oauth2/token?resource=x")[0] == 400
    assert get(f"{TOKEN}&resource=x", {})[0] == 400
    whole = imds.answer("GET", f"/metadata/instance?{V}", ASKING, {**DOCUMENT, "identity": {"key": "6b6b"}})
    assert whole == (200, DOCUMENT)


@pytest.mark.parametrize("target", ["//[", "http://[::1/metadata", "instance/network/interface/" + "9" * 5000])
def test_targets_that_are_no_address(target):
    status, _ = imds.answer("GET", target, {"metadata": "true"}, DOCUMENT)
    assert status in (400, 404)
