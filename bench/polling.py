"""Shows when a Compute operation is asked for its state where Azure sends no Retry-After. Run by bench; prints the
seconds since the PUT as a JSON list. Nothing leaves this process: the transport is a stand-in, the clock is real."""

from __future__ import annotations

import io
import json
import time
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from azext_dockervm.azure.calls import Azure, Clients
from azext_dockervm.azure.kinds import VM
from azext_dockervm.azure.pipeline import client_options
from azext_dockervm.flow.request import Request

POLLS = 5
MADE = {"id": "/subscriptions/s/web1", "name": "web1", "properties": {"provisioningState": "Succeeded"}}
OPERATION = "https://localhost/subscriptions/s/providers/Microsoft.Compute/locations/westus/operations/1?api-version=1"


class Service(BaseAdapter):
    """Accepts a PUT and ends its operation at the last of POLLS polls."""

    def __init__(self) -> None:
        super().__init__()
        self.polls: list[float] = []
        self._began = 0.0

    def send(self, request: PreparedRequest, **_options: Any) -> Response:  # type: ignore[override]
        if request.method == "PUT":
            self._began = time.monotonic()
            return _answer(request, 201, MADE, {"Azure-AsyncOperation": OPERATION})
        if "/operations/" in (request.url or ""):
            self.polls.append(time.monotonic() - self._began)
            return _answer(request, 200, {"status": "Succeeded" if len(self.polls) == POLLS else "InProgress"})
        return _answer(request, 200, MADE)

    def close(self) -> None:
        pass


def _answer(request: PreparedRequest, status: int, body: dict, headers: dict[str, str] | None = None) -> Response:
    response = Response()
    response.status_code, response.request, response.url = status, request, request.url or ""
    response.headers.update({"content-type": "application/json", **(headers or {})})
    response.raw = HTTPResponse(io.BytesIO(json.dumps(body).encode()), preload_content=False)
    return response


class Credential:
    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


def unused() -> Any:
    raise AssertionError("only Compute is asked")


def main() -> None:
    service, session = Service(), Session()
    session.mount("https://", service)
    transport = RequestsTransport(session=session, session_owner=False)

    def client(kind: Any) -> Any:
        return lambda: kind(Credential(), "s", base_url="https://localhost", transport=transport, **client_options())

    azure = Azure(Clients(client(ComputeManagementClient), unused, client(ResourceManagementClient), unused,
                          lambda: "s"))
    azure.send(Request("PUT", VM.type, "g", ("web1",), {"location": "westus"}))
    print(json.dumps([round(seconds, 2) for seconds in service.polls]))


if __name__ == "__main__":
    main()
