"""Deployments whose templates would leak a secret, or take more memory or time than there is."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from arm_support import NETWORK
from test_deployments import Deployment, body


@pytest.fixture
def deployment(group):
    return Deployment(group)


def test_no_secret_is_in_errors_or_default_values(deployment, arm):
    """A secure parameter's value is masked where an error repeats it; its default is missing from the export."""
    secret, other = "Sesame-0pen-1", "Sesame-0pen-2"
    nic = {
        "type": "Microsoft.Network/networkInterfaces", "name": "nic", "apiVersion": NETWORK, "location": "westus",
        "properties": {"ipConfigurations": [
            {"name": "a", "properties": {"subnet": {"id": "[concat('/x/', parameters('pw'))]"}}},
        ]},
    }  # fmt: skip
    parameters = {"pw": {"type": "securestring"}, "other": {"type": "secureString", "defaultValue": other}}
    shown = json.dumps(deployment.failed(body(nic, parameters=parameters, given={"pw": secret})))
    assert "/x/***" in shown
    numbers = {"e": {"type": "int", "value": "[int(parameters('other'))]"}}
    answer = deployment.put(body(parameters=parameters, given={"pw": secret}, outputs=numbers))
    arm.wait(answer)
    shown += json.dumps([answer.body, deployment.properties["error"]])
    shown += json.dumps(arm.call("POST", f"{deployment.path}/exportTemplate").body)
    shown += json.dumps([deployment.operations, deployment.properties])
    kept = b"".join(path.read_bytes() for path in arm.folder.glob("store.sqlite*")).decode(errors="replace")
    for one in (secret, other):
        assert one not in shown
        assert one not in kept


def doubled(function: str, first: Any) -> dict[str, Any]:
    """Variables of which each is made of the one before, twice."""
    return {"v0": first} | {
        f"v{n}": f"[{function}(variables('v{n - 1}'), variables('v{n - 1}'))]" for n in range(1, 40)
    }


BOMBS = {
    "text": ("string", "[variables('v39')]", doubled("concat", "x" * 10)),
    "arrays": ("array", "[variables('v39')]", doubled("createArray", "x" * 10)),
    "numbers": ("int", "[variables('v39')]", doubled("mul", 99999)),
    "loops": ("array", "[variables('v')]", {
        "copy": [{"name": "v", "count": 800, "input": "[range(0, 10000)]"}],
    }),
    "replace": ("string", "[replace(variables('b'), 'a', variables('b'))]", {"b": "a" * 100_000}),
    "format": ("string", "[format('{0,2000000000}', 'x')]", {}),
    "lambdas": ("array", "[map(range(0, 10000), lambda('a', map(range(0, 10000), lambda('b', 1))))]", {}),
    "depth": ("object", "[json(concat('" + "[" * 5000 + "'))]", {}),
}  # fmt: skip


def test_a_number_of_thousands_of_digits_is_refused_at_once(deployment):
    answer = deployment.put(body(outputs={"o": {"type": "int", "value": "[" + "9" * 5000 + "]"}}))
    assert (answer.status, answer.code) == (400, "InvalidTemplate")


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_few_lines_do_not_take_all_memory_or_time(deployment, bomb):
    kind, value, variables = bomb
    sent = body(outputs={"o": {"type": kind, "value": value}})
    sent["properties"]["template"]["variables"] = variables
    began = time.monotonic()
    error = deployment.failed(sent)
    assert error["details"][0]["code"] == "DeploymentOutputEvaluationFailed"
    assert time.monotonic() - began < 5
