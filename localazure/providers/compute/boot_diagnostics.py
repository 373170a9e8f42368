"""Boot diagnostics: the console log of a VM as a blob, at a URI that needs its signature only."""

from __future__ import annotations

import hmac
import struct
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import existing
from localazure.providers.compute.model import out_of_range
from localazure.store.resources import Resource

_DEFAULT_MINUTES = 120
_MOST_MINUTES = 1440
_LOG = "serialconsole.log"
# One black pixel: a bitmap's two headers (54 bytes in all, 1 by 1, 24 bits) and a line of four bytes.
_BLACK = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 58, 0, 0, 54, 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0) + bytes(4)
_VERSION = "2018-03-28"  # of the storage service whose signatures these look like


def routes() -> list[Route]:
    vm = crud.address(kinds.VM, "vm")
    return [
        Route("POST", f"{vm}/retrieveBootDiagnosticsData", retrieve, kinds.VM),
        Route("GET", "/bootdiagnostics/{vmid}/{blob}", get_blob, open=True),
    ]


def enabled(vm: Resource) -> bool:
    """Whether the VM's console is kept for its owner."""
    return bool(((vm.properties.get("diagnosticsProfile") or {}).get("bootDiagnostics") or {}).get("enabled"))


def check(profile: dict[str, Any] | None) -> None:
    """Raise ArmError for a storage account: there are none here."""
    if ((profile or {}).get("bootDiagnostics") or {}).get("storageUri"):
        message = "Local Azure keeps boot diagnostics in managed storage only: leave storageUri out."
        raise ArmError(409, "OperationNotAllowed", message, target="bootDiagnostics.storageUri")


def _signature(cloud: Cloud, path: str, expiry: str) -> str:
    return cloud.authority.sign(f"{path} {expiry}")


def retrieve(cloud: Cloud, request: Request) -> Reply:
    """The URIs of the console log and of the screen, which is black: nothing is ever shown on it."""
    vm = existing(cloud, request.resource_id(kinds.VM, "vm"))
    text = request.query.get("sasuriexpirationtimeinminutes") or str(_DEFAULT_MINUTES)
    minutes = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    if not 1 <= minutes <= _MOST_MINUTES:
        raise out_of_range("sasUriExpirationTimeInMinutes", text, 1, _MOST_MINUTES)
    if not enabled(vm):
        message = (
            f"Boot diagnostics data of VM '{vm.name}' can't be retrieved: boot diagnostics is not enabled with managed "
            "storage."
        )
        raise ArmError(409, "OperationNotAllowed", message)
    expiry = (datetime.now(timezone.utc) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {}
    for name, ending in (("consoleScreenshotBlobUri", "screenshot.bmp"), ("serialConsoleLogBlobUri", _LOG)):
        path = f"/bootdiagnostics/{vm.properties['vmId']}/{vm.name}.{vm.properties['vmId']}.{ending}"
        query = {"sv": _VERSION, "sr": "b", "sp": "r", "se": expiry, "sig": _signature(cloud, path, expiry)}
        body[name] = f"{request.base_url}{path}?{urlencode(query)}"
    return Reply(200, body)


async def get_blob(cloud: Cloud, request: Request) -> Reply:
    """Console log or screen as they are now, for whoever has the signed URI. Errors are the storage service's: XML."""
    path = f"/bootdiagnostics/{request.params['vmid']}/{request.params['blob']}"
    expiry = request.query.get("se", "")
    signature = request.query.get("sig", "").encode("utf-8", "surrogateescape")
    fresh = expiry > datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if not fresh or not hmac.compare_digest(_signature(cloud, path, expiry).encode(), signature):
        return _xml(403, "AuthenticationFailed", "Server failed to authenticate the request.")
    for vm in cloud.store.of_type(kinds.VM):
        if vm.properties["vmId"] == request.params["vmid"] and vm.hidden.get("machine"):
            if not path.endswith(_LOG):
                return Reply(200, _BLACK, {"Content-Type": "image/bmp", "x-ms-blob-type": "PageBlob"})
            text = await cloud.blocking(cloud.platform.machine_console, ids.short_id(vm.id))
            return Reply(200, text.encode(), {"Content-Type": "text/plain", "x-ms-blob-type": "AppendBlob"})
    return _xml(404, "BlobNotFound", "The specified blob does not exist.")


def _xml(status: int, code: str, message: str) -> Reply:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Reply(status, body.encode(), {"Content-Type": "application/xml", "x-ms-error-code": code})
