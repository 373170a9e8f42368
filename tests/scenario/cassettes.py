"""How a cassette is written: short, each time the same, without secrets, with a head that says where it is from."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any

import yaml
from processors import GUID, NOBODY, RESOURCE_MANAGER

from azext_dockervm.azure.kinds import BUSY, STILL_HELD

# Reasons to ask again, which come as often as the machine is slow.
ASK_AGAIN = STILL_HELD.codes | BUSY.codes
JSON = "application/json; charset=utf-8"     # what has no content type in a cassette
MACHINE = re.compile(r"/virtualMachines/[^/]+\?")
OPERATION = re.compile(r"/operations/|/operationresults/", re.I)


class SecretFound(AssertionError):
    """A cassette would have held one; it was not written."""


class Serializer:
    """vcr's interactions ↔ a file of YAML: a head, and the interactions with their JSON as YAML."""

    def __init__(self, head: dict[str, str] | None = None, secrets: Iterable[str] = ()) -> None:
        self.head = head or {}
        self.secrets = secrets

    def serialize(self, cassette: dict[str, Any]) -> str:
        interactions = [_short(one) for one in cassette["interactions"]]
        text = yaml.dump({"recorded": self.head, "interactions": canonical(interactions)}, Dumper=_Dumper,
                         sort_keys=False, allow_unicode=True, default_flow_style=None, width=118)
        for secret in self.secrets:
            if any(form in text for form in forms(secret)):
                raise SecretFound(f"a secret of {len(secret)} characters that begins with '{secret[:2]}'")
        return text

    def deserialize(self, text: str) -> dict[str, Any]:
        loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return {"version": 1, "interactions": [_long(one) for one in loaded["interactions"]]}


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    def ignore_aliases(self, data):
        return True


def forms(secret: str) -> list[str]:
    """A secret as it is, of many lines each that is long enough to be telling, and in base64."""
    lines = [line for line in secret.splitlines() if len(line) >= 8 and not line.startswith("-----")]
    return [*lines, base64.b64encode(secret.encode()).decode().rstrip("=")[:-2]]


def canonical(interactions: list[dict]) -> list[dict]:
    """Without what came only because this machine or Azure was slow; ids numbered as they stand here.

    Of a VM's creation, which always takes its time, one answer that says "in progress" is kept.
    """
    kept: list[dict] = []
    machines: set[str] = set()
    for one in interactions:
        if one["request"]["method"] == "PUT" and MACHINE.search(_address(one)):
            machines.add(one["response"]["headers"].get("azure-asyncoperation", "").removeprefix(RESOURCE_MANAGER))
        again = kept and kept[-1] == one
        if not _waits(one) or (not again and (_address(one) in machines or not OPERATION.search(_address(one)))):
            kept.append(one)
    return _renumbered(kept)


def _waits(one: dict) -> bool:
    """Whether an answer means: ask again."""
    body = one["response"].get("body") or {}
    if OPERATION.search(_address(one)):
        return one["response"]["status"] == 202 or (isinstance(body, dict) and body.get("status") == "InProgress")
    error = body.get("error") if isinstance(body, dict) else None
    return one["response"]["status"] >= 400 and isinstance(error, dict) and error.get("code") in ASK_AGAIN


def _renumbered(interactions: list[dict]) -> list[dict]:
    numbers: dict[str, str] = {NOBODY: NOBODY}
    text = GUID.sub(lambda found: numbers.setdefault(found[0], f"{NOBODY[:24]}{len(numbers):012d}"),
                    json.dumps(interactions))
    return json.loads(text)


def _address(one: dict) -> str:
    return one["request"]["address"]


def _short(interaction: dict) -> dict:
    request, response = interaction["request"], interaction["response"]
    short = {"request": {"method": request["method"], "address": request["uri"].removeprefix(RESOURCE_MANAGER)},
             "response": {"status": response["status"]["code"], "headers": {
                 name: values[0] for name, values in sorted(response["headers"].items()) if values != [JSON]}}}
    for part, text in ((short["request"], request["body"]), (short["response"], response["body"]["string"])):
        if text:
            part["body"] = _values(text)
    return short


def _values(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _long(short: dict) -> dict:
    request, response = short["request"], short["response"]
    return {"request": {"method": request["method"], "uri": RESOURCE_MANAGER + request["address"], "headers": {},
                        "body": _text(request.get("body"))},
            "response": {"status": {"code": response["status"], "message": ""},
                         "headers": {name: [value] for name, value in {"content-type": JSON,
                                                                       **response["headers"]}.items()},
                         "body": {"string": _text(response.get("body")) or ""}}}


def _text(body: Any) -> str | None:
    return body if body is None or isinstance(body, str) else json.dumps(body, sort_keys=True)
