"""Requests as data: what fills a reference, what may be shown, and what goes over the wire."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from azext_dockervm.flow.request import Ref, Request, printed, refs, resolved, to_bytes
from azext_dockervm.secret import Secret

RESULTS = {"public_ip": {"id": "/ip", "names": ["one", "two"]},
           "authority": SimpleNamespace(fingerprint="c0ffee", files={"ca.pem": "PEM"})}
PASSWORD = Secret("Very-secret-1")


def in_capitals(text):
    return text.upper()


def tree():
    return {"location": "westus", "count": 2, "none": None, "yes": True,
            "ids": [Ref("public_ip", "id"), {"hash": Ref("authority", "fingerprint")}], "pair": ("a", PASSWORD),
            "password": PASSWORD}


@pytest.mark.parametrize(("ref", "value"), [
    (Ref("public_ip", "id"), "/ip"), (Ref("public_ip", "names", 1), "two"), (Ref("authority", "fingerprint"), "c0ffee"),
    (Ref("authority", "files", "ca.pem"), "PEM"), (Ref("public_ip"), RESULTS["public_ip"]),
    (Ref("public_ip", "id", via=in_capitals), "/IP"),
    (Ref("public_ip", via=sorted), ["id", "names"])])
def test_a_path_leads_through_keys_indices_and_attributes(ref, value):
    assert ref.value(RESULTS) == value


@pytest.mark.parametrize(("ref", "text"), [
    (Ref("vm"), "<vm>"), (Ref("public_ip", "id"), "<public_ip.id>"), (Ref("subnet", "ids", 0), "<subnet.ids.0>"),
    (Ref("authority", "pem", via=in_capitals), "<authority.pem: in capitals>")])
def test_a_reference_reads_as_what_it_will_be(ref, text):
    assert str(ref) == text


def test_references_are_values():
    assert Ref("a", "b") == Ref("a", "b") != Ref("a", "c")
    assert Ref("a", via=len) != Ref("a")


def test_references_are_found_wherever_they_are():
    assert refs(tree()) == {"public_ip", "authority"}
    assert refs(Ref("vm")) == {"vm"}
    assert refs((Ref("a"), [Ref("b", "id"), {"c": Ref("c")}])) == {"a", "b", "c"}
    assert refs({"plain": [1, "text", PASSWORD]}) == set() == refs(None)


def test_resolving_fills_references_and_keeps_secrets_what_they_are():
    before = tree()
    found = resolved(before, RESULTS)
    assert found == {"location": "westus", "count": 2, "none": None, "yes": True,
                     "ids": ["/ip", {"hash": "c0ffee"}], "pair": ["a", PASSWORD], "password": PASSWORD}
    assert isinstance(found["password"], Secret)
    assert before == tree(), "the plan can be printed and run once more"


def test_what_is_printed_is_json_that_shows_no_secret():
    found = printed(tree())
    assert found == {"location": "westus", "count": 2, "none": None, "yes": True,
                     "ids": ["<public_ip.id>", {"hash": "<authority.fingerprint>"}], "pair": ["a", "<redacted>"],
                     "password": "<redacted>"}
    assert "Very-secret-1" not in json.dumps(found)


def test_bytes_hold_the_secrets_of_a_body():
    body = to_bytes({"password": PASSWORD, "key": Secret(b"PEM"), "more": [1, None, True]})
    assert json.loads(body) == {"password": "Very-secret-1", "key": "PEM", "more": [1, None, True]}


@pytest.mark.parametrize("leaf", [Ref("public_ip", "id"), object(), b"bytes", {1, 2}])
def test_a_leaf_that_is_no_json_is_a_mistake_and_is_named_by_its_type_alone(leaf):
    with pytest.raises(TypeError, match=f"^{type(leaf).__name__} in a request's body$"):
        to_bytes({"deep": [leaf]})


def test_a_request_is_resolved_as_a_whole_and_stays_what_it_was():
    request = Request("PUT", "Microsoft.Compute/virtualMachines", "demo", ("web1",), tree())
    ready = request.resolved(RESULTS)
    assert ready == Request("PUT", "Microsoft.Compute/virtualMachines", "demo", ("web1",), resolved(tree(), RESULTS))
    assert request.body == tree()


def test_a_request_as_a_person_reads_it():
    request = Request("PUT", "Microsoft.Compute/virtualMachines/extensions", "demo", ("web1", "DockerExtension"),
                      {"key": PASSWORD, "id": Ref("vm", "id")})
    assert request.printed() == {
        "method": "PUT", "type": "Microsoft.Compute/virtualMachines/extensions", "name": "web1/DockerExtension",
        "body": {"key": "<redacted>", "id": "<vm.id>"}}
    assert Request("DELETE", "Microsoft.Network/publicIPAddresses", "demo", ("ip",)).printed() == {
        "method": "DELETE", "type": "Microsoft.Network/publicIPAddresses", "name": "ip"}
