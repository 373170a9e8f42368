"""How fast a running Local Azure answers: sequential GETs of one client over one TLS connection, and long lists.

    python bench/local_azure.py ENDPOINT CA TOKEN SUBSCRIPTION

Prints JSON: GETs a second, the median time of one, and the seconds in which all pages of all resources came.
"""

from __future__ import annotations

import http.client
import json
import ssl
import statistics
import sys
import time
from typing import Any
from urllib.parse import urlsplit

GETS = 1500
# Names a resource group, and as many identities in it: the lightest resources that there are.
GROUP, RESOURCES = "bench", 2000


class Client:
    """One client with one connection that is kept."""

    def __init__(self, endpoint: str, ca: str, token: str) -> None:
        address = urlsplit(endpoint)
        context = ssl.create_default_context(cafile=ca)
        self._connection = http.client.HTTPSConnection(address.hostname or "", address.port, context=context)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        self._connection.request(method, path, data, self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text) if text else None


def measure(client: Client, subscription: str) -> dict[str, float]:
    group = f"/subscriptions/{subscription}/resourceGroups/{GROUP}"
    client.call("PUT", f"{group}?api-version=2024-11-01", {"location": "westus"})
    nsg = f"{group}/providers/Microsoft.Network/networkSecurityGroups/bench?api-version=2024-05-01"
    client.call("PUT", nsg, {"location": "westus"})
    times = []
    began = time.perf_counter()
    for _ in range(GETS):
        once = time.perf_counter()
        client.call("GET", nsg)
        times.append(time.perf_counter() - once)
    rate = GETS / (time.perf_counter() - began)
    identities = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    for number in range(RESOURCES):
        client.call("PUT", f"{identities}/i{number:05}?api-version=2023-01-31", {"location": "westus"})
    began = time.perf_counter()
    path, count = f"/subscriptions/{subscription}/resources?api-version=2024-11-01", 0
    while path:
        page = client.call("GET", path)
        count += len(page["value"])
        link = page.get("nextLink")
        path = link and "/" + link.split("/", 3)[3]
    listed = time.perf_counter() - began
    client.call("DELETE", f"{group}?api-version=2024-11-01")
    return {"rate": rate, "median_ms": statistics.median(times) * 1000, "resources": count, "list_s": listed}


if __name__ == "__main__":
    endpoint, ca, token, subscription = sys.argv[1:]
    print(json.dumps(measure(Client(endpoint, ca, token), subscription)))
