"""Several clients at once: each call is answered, and what is stored is what one of them wrote whole."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from arm_support import SUBSCRIPTION, Group, LocalAzure, eventually

from localazure.protocol import ids


def _clients(arm: LocalAzure, count: int, work: Callable[[Callable[..., tuple[int, Any]], int], None]) -> None:
    """Let `work(call, number)` run in as many threads, each with a connection of its own; raises what one raised."""
    raised: list[BaseException] = []

    def run(number: int) -> None:
        context = ssl.create_default_context(cafile=str(arm.folder / "tls" / "ca.pem"))
        connection = http.client.HTTPSConnection("localhost", arm.port, context=context, timeout=30)

        def call(method: str, path: str, body: Any = None, api: str = "2024-11-01") -> tuple[int, Any]:
            headers = {"Authorization": f"Bearer {arm.token}", "Content-Type": "application/json"}
            data = json.dumps(body) if body is not None else None
            connection.request(method, f"/subscriptions/{SUBSCRIPTION}{path}?api-version={api}", data, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None

        try:
            work(call, number)
        except BaseException as error:  # noqa: BLE001 - for the test's own thread
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if raised:
        raise raised[0]


def test_concurrent_puts_of_one_resource_leave_one_of_them_whole(arm: LocalAzure, group: Group) -> None:
    path = f"{group.path}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared"
    statuses: Counter[int] = Counter()

    def work(call: Callable[..., tuple[int, Any]], number: int) -> None:
        for turn in range(20):
            tags = {"who": str(number), "turn": str(turn), "same": f"{number}.{turn}"}
            status, body = call("PUT", path, {"location": "westus", "tags": tags}, "2023-01-31")
            assert body["tags"] == tags
            statuses[status] += 1

    _clients(arm, 6, work)
    assert statuses[201] == 1
    assert sum(statuses.values()) == 120
    found = arm.call("GET", path, api="2023-01-31").body["tags"]
    assert found["same"] == f"{found['who']}.{found['turn']}"


def test_concurrent_puts_of_a_long_running_type_leave_the_last_one_whole(arm: LocalAzure, group: Group) -> None:
    path = group.network("virtualNetworks/shared")
    codes: Counter[str] = Counter()

    def work(call: Callable[..., tuple[int, Any]], number: int) -> None:
        for _ in range(10):
            space = {"addressSpace": {"addressPrefixes": [f"10.{number}.0.0/16"]}, "subnets": []}
            status, body = call("PUT", path, {"location": "westus", "properties": space}, "2024-05-01")
            codes[body["error"]["code"] if status >= 400 else str(status)] += 1

    _clients(arm, 4, work)
    assert codes == {"201": 1, "200": 39}
    eventually(lambda: not arm.on_loop(arm.cloud.operations.interrupted))
    found = arm.call("GET", path).body["properties"]
    assert found["provisioningState"] == "Succeeded"
    known = arm.platform.networks[ids.short_id(group.id_of(path))]
    assert list(known.prefixes) == found["addressSpace"]["addressPrefixes"]


def test_groups_made_listed_and_deleted_side_by_side(arm: LocalAzure) -> None:
    def work(call: Callable[..., tuple[int, Any]], number: int) -> None:
        for turn in range(5):
            path = f"/resourceGroups/side{number}x{turn}"
            assert call("PUT", path, {"location": "westus"})[0] == 201
            status, body = call("GET", "/resourceGroups")
            assert status == 200
            assert f"side{number}x{turn}" in [one["name"] for one in body["value"]]
            assert call("DELETE", path)[0] == 202

    _clients(arm, 5, work)
