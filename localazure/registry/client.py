"""Putting an image into a registry, by the registry's own HTTP interface."""

from __future__ import annotations

import base64
import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from localazure.registry.images import MANIFEST_TYPE, Image, digest


class RegistryError(Exception):
    """The registry answered what it should not; the message says what."""


@dataclass(frozen=True)
class Login:
    """User name and password."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.user!r}, ***)"

    @property
    def header(self) -> dict[str, str]:
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}


class Client:
    """One registry at host and port, which must show a certificate that `context` accepts for `server_name`."""

    def __init__(
        self, address: str, port: int, context: ssl.SSLContext, server_name: str, login: Login | None = None
    ) -> None:
        self._host = f"{server_name}:{port}"
        self._connection = _Connection(address, port, context, server_name)
        self._login = {} if login is None else login.header

    def close(self) -> None:
        self._connection.close()

    def answers(self) -> bool:
        """Whether it is there; a demand for a login counts."""
        try:
            return self._call("GET", "/v2/")[0] in (200, 401)
        except OSError:
            return False
        finally:
            self._connection.close()

    def push(self, image: Image, repository: str, tag: str) -> None:
        """Store an image under a name. Raises RegistryError, OSError."""
        for blob in (image.config, image.layer):
            self._push_blob(repository, blob)
        path = f"/v2/{repository}/manifests/{tag}"
        self._expect(201, "PUT", path, image.manifest, {"Content-Type": MANIFEST_TYPE})

    def _push_blob(self, repository: str, blob: bytes) -> None:
        name = digest(blob)
        if self._call("HEAD", f"/v2/{repository}/blobs/{name}")[0] == 200:
            return
        headers = self._expect(202, "POST", f"/v2/{repository}/blobs/uploads/")
        at = urlsplit(headers["Location"])
        query = f"{at.query}&digest={name}" if at.query else f"digest={name}"
        self._expect(201, "PUT", f"{at.path}?{query}", blob, {"Content-Type": "application/octet-stream"})

    def _expect(
        self, status: int, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPMessage:
        found, answer, text = self._call(method, path, body, headers)
        if found != status:
            raise RegistryError(f"{method} {path.partition('?')[0]} answered {found}: {text[:200]}")
        return answer

    def _call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, str]:
        given = {"Host": self._host, **self._login, **(headers or {})}
        self._connection.request(method, path, body or None, given)
        answer = self._connection.getresponse()
        return answer.status, answer.headers, answer.read().decode(errors="replace")


class _Connection(http.client.HTTPSConnection):
    """To an address, verifying a name that need not resolve here."""

    def __init__(self, address: str, port: int, context: ssl.SSLContext, server_name: str) -> None:
        super().__init__(address, port, context=context, timeout=20)
        self._tls = context
        self._server_name = server_name

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._server_name)
