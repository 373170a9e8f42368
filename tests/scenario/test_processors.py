"""Each processor does its part of the scrubbing: with it nothing is left, without it something is."""

from __future__ import annotations

import base64
import copy
import json

import processors as p
import pytest
from replay import ReplayedHost
from vcr.request import Request

ENDPOINT = "https://localhost:40001"
SUBSCRIPTION, TENANT = "7e9cbbfd-26e9-5dd5-baf1-0786b4508b74", "9b437c74-a644-5214-93d4-4f959c3c6e70"
OTHER = "0d1f2a3b-4c5d-6e7f-8091-a2b3c4d5e6f7"
GROUP, HOST = "dockervm-scenario-x7f3qk", "webq8zk2"
BASE = f"{ENDPOINT}/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Compute"
PEM = "-----BEGIN {0}-----\nMIIBhTCCASugAwIBAgIQ\n-----END {0}-----\n"
KEY, CERTIFICATE, REQUEST = (PEM.format(kind) for kind in ("PRIVATE KEY", "CERTIFICATE", "CERTIFICATE REQUEST"))


def chain() -> list:
    return p.recording_processors(ENDPOINT, (SUBSCRIPTION, TENANT), {GROUP: "scenario", HOST: "web1"},
                                  ("westus", "Standard_D2s_v5"))


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def request(body=None, uri=f"{BASE}/virtualMachines/{HOST}?api-version=2024-07-01", **headers):
    return Request("PUT", uri, None if body is None else json.dumps(body), headers)


def answer(body=None, **headers):
    return {"status": {"code": 200, "message": "OK"},
            "headers": {"Content-Type": ["application/json"],
                        **{name.replace("_", "-"): [value] for name, value in headers.items()}},
            "body": {"string": b"" if body is None else json.dumps(body).encode()}}


def treated(entity, processors) -> str:
    """All that is left of a request or an answer, as text; empty where it is not recorded."""
    entity = copy.deepcopy(entity)
    for processor in processors:
        act = processor.process_request if isinstance(entity, Request) else processor.process_response
        entity = act(entity)
        if entity is None:
            return ""
    if isinstance(entity, Request):
        return f"{entity.uri} {dict(entity.headers)} {(entity.body or b'').decode()}"
    return f"{entity['headers']} {entity['body']['string'].decode()}"


OPERATION = f"{BASE}/locations/westus/operations/{OTHER}?p=1&t=638&c=MIIHpTCC&s=sIgNed&h=hAsH&api-version=2024-07-01"
SIZES = {"value": [{"name": f"Standard_X{number}"} for number in range(20)] + [{"name": "Standard_D2s_v5"}]}
# Processor → what it has to treat, and what must not be left of it.
CASES = [
    (p.ResourceManagerOnly, request(uri=f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"), "login"),
    (p.ResourceManagerOnly, request(uri=f"{ENDPOINT}/{TENANT}/oauth2/v2.0/token"), "oauth2"),
    (p.ResourceManagerOnly, request(uri="https://web1.westus.cloudapp.azure.com:4243/v1.45/info"), "4243"),
    (p.Headers, request(Authorization="Bearer eyJ0eXAi.eyJhdWQi.c2ln"), "eyJ0eXAi"),
    (p.Headers, answer(x_ms_routing_request_id="WESTUS:20261124T1703Z:1"), "WESTUS:20261124"),
    (p.NoWaiting, answer(retry_after="37"), "37"),
    (p.Endpoint, request(), "localhost"),
    (p.Endpoint, answer({"nextLink": f"{ENDPOINT}/next"}, location=f"{BASE}/x"), "40001"),
    (p.SignedAddresses, answer(azure_asyncoperation=OPERATION), "sIgNed"),
    (p.SignedAddresses, request(uri=OPERATION), "MIIHpTCC"),
    (p.ApiVersions, request(), "2024-07-01"),
    (p.Names, request({"tags": {"dockervm-host": HOST}}), HOST),
    (p.Names, answer({"id": f"/resourceGroups/{GROUP.upper()}/disks/{HOST}_OsDisk"}), GROUP.upper()),
    (p.Identifiers, request(), SUBSCRIPTION),
    (p.Identifiers, answer({"tenantId": TENANT}), TENANT),
    (p.Identifiers, answer({"name": f"disk_1_{'4f' * 16}", "fingerprint": "ab" * 32}), "4f4f"),
    (p.Identifiers, answer({"fingerprint": "ab" * 32}), "abab"),
    (p.Identifiers, answer({"macAddress": "00-0D-3A-F7-FF-3C"}), "F7-FF"),
    (p.DomainNames, answer({"fqdn": "web1.westus.cloudapp.record.test"}), "record.test"),
    (p.DomainNames, answer({"suffix": "0xk1z3kkq4.dx.internal.cloudapp.net"}), "0xk1z3kkq4"),
    (p.Addresses, answer({"a": "20.84.7.9 at first", "ipAddress": "20.84.7.9", "z": "IP:20.84.7.9"}), "20.84"),
    (p.Dates, request({"tags": {"expires": "2029-02-26T13:35:21Z"}}), "2029"),
    (p.Dates, answer({"time": "2026-11-24T17:03:11.1234567+00:00"}), "2026"),
    *[(p.Secrets, request({"properties": {field: "Tall-Ships_2014"}}), "Tall-Ships") for field in p.Secrets.FIELDS],
    (p.Secrets, request({"properties": {"protectedSettings": {"certs": {"key": "deep-in"}}}}), "deep-in"),
    (p.Pem, answer({"output": f"it says: {KEY}"}), "MIIBhTCC"),
    (p.Pem, request({"value": encoded(CERTIFICATE)}), encoded(CERTIFICATE)[:40]),
    (p.Pem, answer({"output": f"csr:\n{REQUEST}"}), "MIIBhTCC"),
    (p.HostsTags, request({"tags": {"dockervm-ca": "ab" * 32}}), "0" * 32),     # what Identifiers would leave
    (p.HostsTags, request({"tags": {"dockervm-certificate-expires": "2029-02-26T13:35:21Z"}}), p.MOMENT),
    (p.SetUp, request({"source": {"script": "echo $DOCKERVM_ACTION"}}), "echo"),
    (p.SetUp, request({"parameters": [{"name": "DOCKERVM_TIMEOUT", "value": "1043"}]}), "1043"),
    (p.SetUp, request({"timeoutInSeconds": 1163}), "1163"),
    (p.Trim, answer(SIZES), "Standard_X7"),
    (p.Trim, answer({"etag": 'W/"2"', "defaultSecurityRules": [1], "name": "kept"}), "etag"),
]


@pytest.mark.parametrize(("kind", "entity", "leak"), CASES, ids=lambda one: getattr(one, "__name__", "") or None)
def test_nothing_is_left_with_it_and_something_without_it(kind, entity, leak):
    whole = chain()
    assert leak not in treated(entity, whole)
    assert leak in treated(entity, [one for one in whole if not isinstance(one, kind)])


def test_each_processor_of_the_chain_has_a_case():
    assert {type(one) for one in chain()} == {kind for kind, _, _ in CASES}


@pytest.mark.parametrize(("kind", "entity", "leak"), CASES, ids=lambda one: getattr(one, "__name__", "") or None)
def test_what_was_treated_stays_as_it_is(kind, entity, leak):
    """At replay the recorded is treated once more, and both must be equal."""
    once = copy.deepcopy(entity)
    for processor in chain():
        once = processor.process_request(once) if isinstance(once, Request) else processor.process_response(once)
        if once is None:
            return
    replay = p.recording_processors(p.RESOURCE_MANAGER, (), {}, ("Standard_D2s_v5",))
    assert treated(once, replay) == treated(once, [])


def test_operations_are_told_apart_by_numbers_that_stay():
    whole = chain()
    one, other = OPERATION, OPERATION.replace(OTHER[:8], "1d1f2a3b")
    first, second = (treated(request(uri=uri), whole) for uri in (one, other))
    assert first != second and treated(request(uri=one), whole) == first


def test_a_host_s_signing_request_is_a_fresh_one_at_replay():
    fresh = PEM.format("CERTIFICATE REQUEST").replace("MII", "NEW")
    recorded = treated(answer({"output": f"csr:\n{REQUEST}run: 1"}), chain())
    assert "<made on the host>" in recorded
    shown = treated(answer({"output": f"csr:\n{p.REQUEST_PEM}\nrun: 1"}), [p.SigningRequest(lambda: fresh)])
    assert "NEWBhTCC" in shown and "<made on the host>" not in shown


def test_a_host_s_tags_are_those_of_the_replayed_run():
    host, tags = ReplayedHost(), {"dockervm-ca": "ab" * 32, "dockervm-certificate-expires": "2029-02-26T13:35:21Z"}
    recorded = {"body": {"string": json.dumps({"tags": p.HostsTags.SHOWN}).encode()}}
    host.process_request(request({"tags": p.HostsTags.SHOWN}))      # as vcr shows it what was recorded
    assert host.own(recorded) == recorded
    host.process_request(request({"tags": tags}))
    assert json.loads(host.own(recorded)["body"]["string"]) == {"tags": tags}


def test_the_witness_remembers_what_was_sent_in_secret():
    witness = p.Witness()
    witness.process_request(request({"properties": {"osProfile": {"adminPassword": "Tall-Ships_2014", "name": "web1"},
                                                    "protectedSettings": {"certs": {"key": "deep-in"}}}}))
    assert witness.secrets == ["Tall-Ships_2014", "deep-in"]
