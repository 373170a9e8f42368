"""The instance metadata service of one guest, at 169.254.169.254 on its own link. Standard library only.

https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service describes it. The socket is bound to the
guest's link, so nobody else reaches it and the guest sees its own document only. It lives in the guest's supervisor:
it answers while the server is away, and ends with the guest.
"""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from localazure.machines.nspawn import imds_tokens

ADDRESS, PORT = "169.254.169.254", 80
VERSIONS = (
    "2017-03-01", "2017-04-02", "2017-08-01", "2017-10-01", "2017-12-01", "2018-02-01", "2018-04-02", "2018-10-01",
    "2019-02-01", "2019-03-11", "2019-04-30", "2019-06-01", "2019-06-04", "2019-08-01", "2019-08-15", "2019-11-01",
    "2020-06-01", "2020-07-15", "2020-09-01", "2020-10-01", "2020-12-01", "2021-01-01", "2021-02-01", "2021-03-01",
    "2021-05-01", "2021-10-01", "2021-11-01", "2021-11-15", "2021-12-13", "2023-07-01", "2023-11-15", "2024-03-15",
    "2024-07-17", "2025-04-07",
)  # fmt: skip
EVENT_VERSIONS = ("2017-03-01", "2017-08-01", "2017-11-01", "2019-01-01", "2019-04-01", "2019-08-01", "2020-07-01")
# The earliest versions that have an element at all.
SINCE = {("compute", "userData"): "2021-01-01", ("compute", "tagsList"): "2019-06-04"}
MORE = "For more information refer to aka.ms/azureimds"
TIMEOUT_S = 10.0
LARGEST_REQUEST = 16 * 1024

Answer = tuple[int, Any]


def answer(method: str, target: str, headers: dict[str, str], document: dict[str, Any]) -> Answer:
    """Status, and the body: a text as it is, anything else as JSON. Header names are in lower case."""
    if "x-forwarded-for" in headers:
        return _bad("Bad request. The request can't contain the header X-Forwarded-For")
    if headers.get("metadata", "").lower() != "true":
        return _bad("Bad request. Required metadata header not specified")
    try:
        parts = urlsplit(target)
    except ValueError:  # half an address in brackets
        return _bad("Bad request")
    path = [unquote(part) for part in parts.path.split("/") if part]
    query = {name.lower(): values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    if not path or path[0].lower() != "metadata":
        return _not_found()
    if method != "GET":
        return 405, {"error": "Method not allowed"}
    rest = path[1:]
    category = rest[0].lower() if rest else ""
    if category == "versions" and len(rest) == 1:
        return 200, {"apiVersions": list(VERSIONS)}
    if category == "instance":
        return _instance(rest[1:], query, document)
    if category == "scheduledevents" and len(rest) == 1:
        return _versioned(query, EVENT_VERSIONS) or (200, {"DocumentIncarnation": 1, "Events": []})
    if [part.lower() for part in rest] == ["identity", "oauth2", "token"]:
        return imds_tokens.answer(query, document.get("identity"))
    return _not_found()


def _instance(path: list[str], query: dict[str, str], document: dict[str, Any]) -> Answer:
    refused = _versioned(query)
    if refused:
        return refused
    form = query.get("format", "json").lower()
    if form not in ("json", "text"):
        return _bad("Bad request. format must be either json or text")
    found: Any = {name: document.get(name, {}) for name in ("compute", "network")}
    found["compute"] = {
        name: value for name, value in found["compute"].items()
        if SINCE.get(("compute", name), "") <= query["api-version"]
    }  # fmt: skip
    for part in path:
        found = _child(found, part)
        if found is None:
            return _not_found()
    if isinstance(found, dict | list):
        return 200, _listing(found) if form == "text" else found
    if form == "json":
        # A leaf is no JSON document: the service has it as text only.
        return 404, {"error": "Not found. The requested element is available in format text only"}
    return 200, str(found)


def _child(node: Any, name: str) -> Any:
    if isinstance(node, dict):
        return next((value for key, value in node.items() if key.lower() == name.lower()), None)
    if isinstance(node, list) and name.isdecimal() and len(name) < 9 and int(name) < len(node):
        return node[int(name)]
    return None


def _listing(node: dict[str, Any] | list[Any]) -> str:
    """What lies below, a line each; with a slash what has something below itself."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    return "\n".join(f"{name}/" if isinstance(value, dict | list) else f"{name}" for name, value in items)


def _versioned(query: dict[str, str], versions: tuple[str, ...] = VERSIONS) -> Answer | None:
    version = query.get("api-version", "")
    if version in versions:
        return None
    said = "is invalid or was not specified" if version else "was not specified"
    newest = list(reversed(versions[-3:]))
    return 400, {"error": f"Bad request. api-version {said} in the request. {MORE}", "newest-versions": newest}


def _bad(message: str) -> Answer:
    return 400, {"error": message}


def _not_found() -> Answer:
    return 404, {"error": "Not found"}


class MetadataService:
    """Serves FOLDER/metadata.json, read at each request, on a link. Close it before the link goes."""

    def __init__(self, folder: Path, link: str) -> None:
        self._file = folder / "metadata.json"
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
        self._socket.bind((ADDRESS, PORT))
        self._socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line, suppress(OSError):
            line.settimeout(TIMEOUT_S)
            request = _read_request(line)
            if request is None:
                status, body = _bad("Bad request")
            else:
                status, body = answer(*request, self._document())
            line.sendall(_response(status, body))

    def _document(self) -> dict[str, Any]:
        try:
            return json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}


def _read_request(line: socket.socket) -> tuple[str, str, dict[str, str]] | None:
    """Method, target and headers; None when it is no HTTP request."""
    text = b""
    while b"\r\n\r\n" not in text:
        more = line.recv(4096)
        text += more
        if not more or len(text) > LARGEST_REQUEST:
            return None
    first, *rest = text.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        return None
    headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    return words[0], words[1], headers


def _response(status: int, body: Any) -> bytes:
    text, kind = (body, "text/plain") if isinstance(body, str) else (json.dumps(body), "application/json")
    content = text.encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {kind}; charset=utf-8\r\n"
        f"Server: IMDS/150.870.65.1854\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + content
