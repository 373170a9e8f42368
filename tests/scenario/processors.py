"""What takes secrets and everything that differs from one recording to the next out of requests and answers.

The same processors treat what is recorded and, at replay, the requests that are compared with it; so each of them must
leave alone what it or another has already treated.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Any

from azure_devtools.scenario_tests import RecordingProcessor

from azext_dockervm.azure.names import TAG_AUTHORITY, TAG_CERTIFICATE_EXPIRES

RESOURCE_MANAGER = "https://management.azure.com"   # at replay az's own, the public cloud
NOBODY = "00000000-0000-0000-0000-000000000000"     # subscription and tenant, as azure-devtools has them
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
KEPT_HEADERS = ("content-type", "location", "azure-asyncoperation", "retry-after")
MOMENT = "2000-01-01T00:00:00Z"
REQUEST_PEM = "-----BEGIN CERTIFICATE REQUEST-----\n<made on the host>\n-----END CERTIFICATE REQUEST-----"


class Processor(RecordingProcessor):
    """Treats every text and every object of JSON wherever it stands: address, header or body."""

    def text(self, text: str) -> str:
        return text

    def mapping(self, mapping: dict[str, Any]) -> dict[str, Any]:
        """One JSON object whose values have been treated."""
        return mapping

    def treated(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.treated(one) for one in value]
        if isinstance(value, dict):
            return self.mapping({self.text(key): self.treated(one) for key, one in value.items()})
        return value

    def body(self, data: bytes | str | None) -> bytes | None:
        if not data:
            return None
        text = data.decode() if isinstance(data, bytes) else data
        try:
            return json.dumps(self.treated(json.loads(text)), sort_keys=True).encode()
        except ValueError:
            return self.text(text).encode()

    def process_request(self, request):
        request.uri = self.text(request.uri)
        request.body = self.body(request.body)
        return request

    def process_response(self, response):
        response["headers"] = {name: [self.text(one) for one in values]
                               for name, values in response["headers"].items()}
        response["body"] = {"string": self.body(response["body"]["string"]) or b""}
        return response


class ResourceManagerOnly(Processor):
    """Drops what does not go to Azure Resource Manager: sign-in with its tokens, the engine's API. They are sent."""

    def __init__(self, endpoint: str = RESOURCE_MANAGER) -> None:
        self._endpoints = (endpoint.rstrip("/") + "/", RESOURCE_MANAGER + "/")

    def process_request(self, request):
        sign_in = "/oauth2/" in request.uri or "/.well-known/" in request.uri or "/metadata/" in request.uri
        return request if request.uri.startswith(self._endpoints) and not sign_in else None

    def process_response(self, response):
        return response


class Headers(Processor):
    """Leaves no request header (they hold the token) and those of an answer that the clients go by."""

    def process_request(self, request):
        request.headers = {}
        return request

    def process_response(self, response):
        response["headers"] = {name.lower(): values for name, values in response["headers"].items()
                               if name.lower() in KEPT_HEADERS}
        return response


class NoWaiting(Processor):
    """Retry-After becomes 0: whoever replays waits for nobody."""

    def process_request(self, request):
        return request

    def process_response(self, response):
        if "retry-after" in response["headers"]:
            response["headers"]["retry-after"] = ["0"]
        return response


class Endpoint(Processor):
    """The address of Azure Resource Manager, with the port of a local one, becomes the public cloud's."""

    def __init__(self, endpoint: str = RESOURCE_MANAGER) -> None:
        self._endpoint = endpoint.rstrip("/")

    def text(self, text: str) -> str:
        return text.replace(self._endpoint, RESOURCE_MANAGER)


class SignedAddresses(Processor):
    """Azure signs the addresses of operations (t, c, s, h, p): who has such an address may read the operation."""

    def text(self, text: str) -> str:
        if "/operations/" not in text and "/operationresults/" not in text.lower():
            return text
        address, _, query = text.partition("?")
        kept = [word for word in query.split("&") if word.partition("=")[0] not in ("t", "c", "s", "h", "p")]
        return address + (f"?{'&'.join(kept)}" if query else "")


class ApiVersions(Processor):
    """Any version of the SDKs replays what another has recorded; the cassette's head names them."""

    def text(self, text: str) -> str:
        return re.sub(r"(?<=[?&]api-version=)\d{4}-\d\d-\d\d(-preview)?", "any", text)


class Names(Processor):
    """Names that are unique to a recording become those that every replay has."""

    def __init__(self, names: dict[str, str] | None = None) -> None:
        self._names = {own: name for own, name in (names or {}).items() if own != name}

    def text(self, text: str) -> str:
        for own, name in self._names.items():
            text = re.sub(re.escape(own), name, text, flags=re.I)   # Azure writes some ids in capitals
        return text


class Identifiers(Processor):
    """Subscription and tenant become zeros, other ids numbers in the order in which they turn up; fingerprints and
    hardware addresses zeros."""

    def __init__(self, *owners: str) -> None:
        self._known = {owner.lower(): NOBODY for owner in owners}

    def text(self, text: str) -> str:
        text = GUID.sub(lambda found: self._number(found[0].lower()), text)
        # Names of disks end in an id without hyphens; fingerprints of certificates are as long as two of them.
        text = re.sub(r"(?<![0-9a-f])([0-9a-f]{32}){1,2}(?![0-9a-f])", "0" * 32, text, flags=re.I)
        return re.sub(r"\b[0-9A-F]{2}(-[0-9A-F]{2}){5}\b", "00-00-00-00-00-00", text)      # of a network interface

    def _number(self, own: str) -> str:
        if own.startswith(NOBODY[:24]):
            return own
        return self._known.setdefault(own, f"{NOBODY[:24]}{len(self._known) + 1:012d}")


class DomainNames(Processor):
    """The DNS suffix of a local cloud becomes the public one's; that inside a network is Azure's own choice."""

    def text(self, text: str) -> str:
        text = re.sub(r"\bcloudapp\.[a-z0-9-]+\.test\b", "cloudapp.azure.com", text)
        return re.sub(r"\b[a-z0-9]{8,}\.[a-z0-9]+\.internal\.cloudapp\.net\b", "internal.cloudapp.net", text)


class Addresses(Processor):
    """Public addresses become those for documentation (RFC 5737), in the order in which they turn up."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def text(self, text: str) -> str:
        for own, shown in self._known.items():
            text = re.sub(rf"(?<![\d.]){re.escape(own)}(?![\d.])", shown, text)
        return text

    def mapping(self, mapping: dict[str, Any]) -> dict[str, Any]:
        own = mapping.get("ipAddress")
        if isinstance(own, str) and own not in self._known.values():
            self._known[own] = f"198.51.100.{len(self._known) + 1}"
        return mapping

    def body(self, data: bytes | str | None) -> bytes | None:
        return super().body(super().body(data))     # what is learned at the end holds for the beginning too


class Dates(Processor):
    def text(self, text: str) -> str:
        return re.sub(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", MOMENT, text)


class Secrets(Processor):
    """Fields that hold secrets, or what a machine boots with, hold only their kind."""

    FIELDS = ("adminPassword", "protectedSettings", "protectedParameters", "customData", "userData", "keyData",
              "access_token", "accessToken", "refresh_token", "accessSAS")

    def mapping(self, mapping: dict[str, Any]) -> dict[str, Any]:
        return {key: f"<{key}>" if key in self.FIELDS and value is not None else value
                for key, value in mapping.items()}


class Pem(Processor):
    """Keys, certificates and signing requests, as text or in base64, become their kind.

    Only private keys are secret; but all of them are made anew by each run.
    """

    BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----\n?", re.S)

    def text(self, text: str) -> str:
        if text.startswith("LS0tLS"):      # base64 of "-----"
            try:
                text = base64.b64decode(text, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return text
        return self.BLOCK.sub(lambda found: self._shown(found[1]), text)

    @staticmethod
    def _shown(kind: str) -> str:
        # The reader of an answer looks for the frame of a request, so that stays.
        return f"{REQUEST_PEM}\n" if kind == "CERTIFICATE REQUEST" else f"<{kind.lower()}>"


class SetUp(Processor):
    """The set-up script by its name, and no times that hang on when it was sent."""

    def mapping(self, mapping: dict[str, Any]) -> dict[str, Any]:
        if "script" in mapping and "DOCKERVM_" in str(mapping["script"]):
            mapping = {**mapping, "script": "<set-up script>"}
        if mapping.get("name") == "DOCKERVM_TIMEOUT":
            mapping = {**mapping, "value": "<seconds>"}
        if isinstance(mapping.get("timeoutInSeconds"), int):
            mapping = {**mapping, "timeoutInSeconds": 0}
        return mapping


class Trim(Processor):
    """Cuts answers: Azure's long lists, of sizes say, to what the scenarios name; and what nobody reads is dropped."""

    NOISE = ("etag", "resourceGuid", "timeCreated", "vmId", "managedBy", "systemData", "metadata",
             "defaultSecurityRules", "parameters", "source")

    def __init__(self, *named: str) -> None:
        self._named = {name.lower() for name in named}

    def process_request(self, request):
        return request

    def mapping(self, mapping: dict[str, Any]) -> dict[str, Any]:
        entries = mapping.get("value")
        if isinstance(entries, list) and len(entries) > 10:
            kept = [one for one in entries if isinstance(one, dict) and str(one.get("name")).lower() in self._named]
            mapping = {**mapping, "value": kept}
        return {key: one for key, one in mapping.items() if key not in self.NOISE and (one != [] or key == "value")}


class SigningRequest(Processor):
    """At replay the host's signing request is a fresh one: the recorded one's key is on a host that is gone."""

    def __init__(self, answer: Callable[[], str]) -> None:
        self._answer = answer

    def process_request(self, request):
        return request

    def text(self, text: str) -> str:
        return text.replace(REQUEST_PEM, self._answer().strip()) if REQUEST_PEM in text else text


class HostsTags(Processor):
    """Tags whose values each run makes anew: the authority that the host trusts, the end of its certificate.

    At replay ``ReplayedHost`` puts those of the replayed run in their place.
    """

    SHOWN = {TAG_AUTHORITY: "<the folder's authority>", TAG_CERTIFICATE_EXPIRES: "<the certificate's end>"}

    def mapping(self, mapping: dict[str, Any]) -> dict[str, Any]:
        return {key: self.SHOWN.get(key, value) for key, value in mapping.items()}


class Witness(RecordingProcessor):
    """Keeps in memory what secrets a recording has sent, so that its cassette can be searched for them."""

    def __init__(self) -> None:
        self.secrets: list[str] = []

    def process_request(self, request):
        try:
            self._look(json.loads(request.body or "null"), False)
        except ValueError:
            pass
        return request

    def _look(self, value: Any, secret: bool) -> None:
        if isinstance(value, str) and secret and not value.startswith("<"):     # scrubbed in an earlier look
            self.secrets.append(value)
        for key, one in value.items() if isinstance(value, dict) else ():
            self._look(one, secret or key in Secrets.FIELDS)
        for one in value if isinstance(value, list) else ():
            self._look(one, secret)


def recording_processors(endpoint: str, owners: tuple[str, ...], names: dict[str, str],
                         named: tuple[str, ...]) -> list[Processor]:
    """All of them for one recording. ``owners``: subscription and tenant; ``named``: regions and sizes to keep."""
    return [ResourceManagerOnly(endpoint), Headers(), NoWaiting(), Endpoint(endpoint), SignedAddresses(), ApiVersions(),
            Names(names), Secrets(), Pem(), HostsTags(), SetUp(), Trim(*named), DomainNames(), Addresses(), Dates(),
            Identifiers(*owners)]


def replay_processors(answer: Callable[[], str]) -> list[Processor]:
    """Those that treat requests of a replay like recorded ones; ``answer`` makes a host's signing request (PEM)."""
    return [*recording_processors(RESOURCE_MANAGER, (), {}, ()), SigningRequest(answer)]
