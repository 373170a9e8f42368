"""The Docker SDK, always verifying: version and state of an engine."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import client_context
from azext_dockervm.errors import EngineUnreachable

if TYPE_CHECKING:
    from docker import APIClient


def engine_state(endpoint: Endpoint, timeout: int = 10) -> dict[str, Any]:
    """What ``docker version``, ``docker info`` and ``docker ps`` tell, as the engine's API names it: a dictionary with
    ``version``, ``info`` and ``containers``."""
    from docker import APIClient
    from docker.errors import DockerException
    from docker.tls import TLSConfig
    from requests.adapters import HTTPAdapter

    class Adapter(HTTPAdapter):
        """Verifies as our own handshake does; urllib3's own context is as strict as Python 3.13's."""

        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, ssl_context=client_context(endpoint), **options)

    class Tls(TLSConfig):
        def configure_client(self, client: APIClient) -> None:     # called before the client's first request
            super().configure_client(client)
            client.mount("https://", Adapter())

    class Client(APIClient):
        """requests lets REQUESTS_CA_BUNDLE, which people behind a proxy set for az, replace the certificate authority
        of the session; and it sends what it can through HTTPS_PROXY. An engine is neither's business."""

        trust_env = property(lambda self: False, lambda self, value: None)

    try:
        tls = Tls(client_cert=(str(endpoint.certificate), str(endpoint.key)), ca_cert=str(endpoint.ca), verify=True)
        with closing(Client(base_url=endpoint.docker_host, tls=tls, timeout=timeout, version="auto")) as client:
            return {"version": client.version(), "info": client.info(), "containers": _containers(client)}
    except (DockerException, OSError) as error:     # those of requests are OSErrors
        raise EngineUnreachable(f"the engine at {endpoint.docker_host} did not answer as expected: {error}",
                                kind="protocol") from error


def _containers(client: APIClient) -> list[dict[str, Any]]:
    """() where they may not be listed: an authorization plugin can let a client do less than all."""
    from docker.errors import APIError

    try:
        return list(client.containers())
    except APIError:
        return []
