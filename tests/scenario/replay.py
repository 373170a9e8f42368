"""What stands in for the world at replay: a clock that does not wait, a login, one host's engine; and no network."""

from __future__ import annotations

import base64
import json
import socket
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from azure_devtools.scenario_tests import RecordingProcessor, mock_in_unit_test
from hurried_clock import HurriedClock
from loopback_engine import LoopbackEngine
from processors import NOBODY, HostsTags

VERSION = {"Version": "26.1.5+replayed", "ApiVersion": "1.45"}
INFO = {"OperatingSystem": "no engine: a stand-in of the tests", "Containers": 0, "Images": 0}


class NetworkUsed(AssertionError):
    """Something wanted to leave this process during a replay."""


def patch_network(test) -> None:
    """No socket connects and no name is looked up; ``test.network_used`` keeps what was tried."""
    test.network_used = []

    def refuse(*arguments, **_options):
        test.network_used.append(arguments)
        raise NetworkUsed(f"a replay must not use the network: {arguments[-1]}")

    for name in ("connect", "connect_ex", "sendto"):
        mock_in_unit_test(test, f"socket.socket.{name}", refuse)
    for name in ("create_connection", "getaddrinfo", "gethostbyname"):
        mock_in_unit_test(test, f"socket.{name}", refuse)


def patch_clock(test) -> None:
    """The waiting of this extension all goes through Deadline; azure-devtools' own patch is for azure-core's."""
    from azext_dockervm.flow.deadline import Deadline

    clock = HurriedClock()

    def sleep(self, seconds, state):
        self.check(state)
        clock.sleep(min(seconds, self.remaining()))
        self.check(state)

    mock_in_unit_test(test, "azext_dockervm.flow.deadline.time", clock)
    patch = mock.patch.object(Deadline, "sleep", sleep)
    patch.start()
    test.addCleanup(patch.stop)


def write_profile(folder: Path) -> None:
    """A login of nobody, as az keeps it, and the versions of az, which it would ask the network for."""
    from azure.cli.core import __version__

    folder.mkdir(parents=True, exist_ok=True)
    subscription = {"id": NOBODY, "name": "replay", "state": "Enabled", "isDefault": True, "tenantId": NOBODY,
                    "homeTenantId": NOBODY, "environmentName": "AzureCloud", "managedByTenants": [],
                    "user": {"name": NOBODY, "type": "servicePrincipal"}}
    (folder / "azureProfile.json").write_text(json.dumps({"subscriptions": [subscription]}))
    (folder / "versionCheck.json").write_text(json.dumps({"versions": {"core": {"local": __version__}}}))


def patch_login(test) -> None:
    """Its token; all else of az's sign-in is az's own."""
    token = {"access_token": "replayed", "token_type": "Bearer", "expires_in": 3600, "token_source": "cache"}
    credential = SimpleNamespace(acquire_token=lambda *_scopes, **_options: token)
    mock_in_unit_test(test, "azure.cli.core._profile.Profile._create_credential",
                      lambda *_arguments, **_options: credential)


class ReplayedHost(RecordingProcessor):
    """One host, seen from outside: the maker of its key, and the engine that it becomes.

    No traffic with an engine is recorded, it is none with Azure. This one is put together from what the extension sends
    to the host; its handshakes, trust and refusals are real. The Docker SDK's client is replaced.
    """

    def __init__(self) -> None:
        self.engine = LoopbackEngine()
        self._tags: dict[str, str] = {}

    def own(self, response: dict) -> dict:
        """An answer that is just being played back, with the tags that the replayed run has written."""
        text = response["body"]["string"]
        for name, shown in HostsTags.SHOWN.items():
            text = text.replace(shown.encode(), self._tags.get(name, shown).encode())
        return {**response, "body": {**response["body"], "string": text}}

    def process_request(self, request):
        """Before anything is scrubbed; a request that was recorded has nothing of this any more."""
        body = json.loads(request.body) if request.body else {}
        tags = body.get("tags") or {}
        self._tags |= {name: tags[name] for name, shown in HostsTags.SHOWN.items() if tags.get(name, shown) != shown}
        properties = body.get("properties") or {}
        values = {one["name"]: one.get("value") for one in properties.get("parameters") or ()}
        certs = properties.get("protectedSettings")
        if isinstance(certs, dict) and "certs" in certs:
            self.engine.serve(*(_plain(certs["certs"][name]) for name in ("ca", "cert", "key")))
        elif values.get("DOCKERVM_CA", "<").startswith("LS0t"):     # base64 of "---"
            self.engine.serve(_plain(values["DOCKERVM_CA"]), _plain(values["DOCKERVM_CERT"]))
        return request

    def process_response(self, response):
        return response


def _plain(text: str) -> bytes:
    return base64.b64decode(text)


class ReplayedClient:
    """In place of the Docker SDK's client."""

    def __init__(self, *_arguments, **_options) -> None:
        pass

    def version(self) -> dict:
        return VERSION

    def info(self) -> dict:
        return INFO

    def containers(self) -> list:
        return []

    def close(self) -> None:
        pass


def patch_engine(test) -> None:
    """``test.replayed_host`` is the engine."""
    reached = SimpleNamespace(**{**vars(socket), "create_connection": test.replayed_host.engine.connect})
    mock_in_unit_test(test, "azext_dockervm.engine.tls.socket", reached)
    mock_in_unit_test(test, "docker.APIClient", ReplayedClient)
