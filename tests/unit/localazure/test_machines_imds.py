"""The instance metadata service's answers: what it demands, what it refuses, what lies at which path."""

from __future__ import annotations

import pytest

from localazure.machines.nspawn import imds

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


def test_no_events_and_no_tokens():
    assert get("scheduledevents?api-version=2020-07-01")[1] == {"DocumentIncarnation": 1, "Events": []}
    assert get("identity/oauth2/token?api-version=2018-02-01&resource=x")[0] == 400


@pytest.mark.parametrize("target", ["//[", "http://[::1/metadata", "instance/network/interface/" + "9" * 5000])
def test_targets_that_are_no_address(target):
    status, _ = imds.answer("GET", target, {"metadata": "true"}, DOCUMENT)
    assert status in (400, 404)
