"""The Docker SDK, always verifying: version and state of an engine, whose words are bounded, checked and printable."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from azext_dockervm.azure.reading import FLAG, NUMBER, TEXT, many, members
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import client_context
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.waiting import Call
from azext_dockervm.printable import harmless, one_line

if TYPE_CHECKING:
    from docker import APIClient

# One answer. A list of 1,000 containers has some 2 MB.
MOST_BYTES = 8 * 2**20
# All answers together: a server that sends a byte now and then begins a socket's time-out anew with each.
WHOLE_SECONDS = 40.0
# What is read of the engine's answers.
_STATE = members(
    version=members("Version", Version=TEXT, ApiVersion=TEXT, MinAPIVersion=TEXT),
    info=members(OperatingSystem=TEXT, KernelVersion=TEXT, Architecture=TEXT, NCPU=NUMBER, MemTotal=NUMBER,
                 Containers=NUMBER, ContainersRunning=NUMBER, Images=NUMBER, Driver=TEXT, LoggingDriver=TEXT,
                 LiveRestoreEnabled=FLAG),
    containers=many(members(Ports=many(members(PublicPort=NUMBER, Type=TEXT, IP=TEXT)))))
# What a foreign answer can make of the SDK, which takes members and types for granted.
ODD = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def engine_state(endpoint: Endpoint, timeout: int = 10) -> dict[str, Any]:
    """What ``docker version``, ``docker info`` and ``docker ps`` tell, as the engine's API names it: a dictionary with
    ``version``, ``info`` and ``containers``, whose texts are printable.

    Raises ``EngineUnreachable`` where the engine's answers are longer, slower or others than an engine's are."""
    call = Call(lambda: _asked(endpoint, timeout))
    call.wait(WHOLE_SECONDS)
    if not call.has_ended:
        raise EngineUnreachable(f"the engine at {endpoint.docker_host} did not answer whole within "
                                f"{WHOLE_SECONDS:.0f} seconds", kind="timeout")
    return call.result(Deadline.never(), "it has ended")


def _asked(endpoint: Endpoint, timeout: int) -> dict[str, Any]:
    from docker.errors import DockerException

    try:
        with closing(_client(endpoint, timeout)) as client:
            found: dict[str, Any] = harmless(_STATE(
                {"version": client.version(), "info": client.info(), "containers": _containers(client)}, ""))
            return found
    except (DockerException, OSError, *ODD) as error:   # those of requests are OSErrors
        raise EngineUnreachable(f"the engine at {endpoint.docker_host} did not answer as expected: "
                                f"{one_line(str(error), 300)}", kind="protocol") from error


def _client(endpoint: Endpoint, timeout: int) -> APIClient:
    from docker import APIClient
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

        def get_redirect_target(self, resp: Any) -> None:
            """An engine redirects nobody; a host that does would choose whom this computer asks."""

        def send(self, request: Any, **options: Any) -> Any:
            request.headers["Accept-Encoding"] = "identity"
            response = super().send(request, **{**options, "stream": True})
            _take(response)
            return response

    tls = Tls(client_cert=(str(endpoint.certificate), str(endpoint.key)), ca_cert=str(endpoint.ca), verify=True)
    return Client(base_url=endpoint.docker_host, tls=tls, timeout=timeout, version="auto")


def _take(response: Any) -> None:
    """Read the answer, as far as an engine's goes."""
    if 300 <= response.status_code < 400:
        raise ValueError(f"it redirects (HTTP {response.status_code}), which an engine never does")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ValueError("its answer is compressed, which was not asked for")
    content = bytearray()
    for part in response.iter_content(65536):
        content += part
        if len(content) > MOST_BYTES:
            response.close()
            raise ValueError(f"its answer is longer than {MOST_BYTES // 2**20} MiB")
    response._content = bytes(content)      # where requests itself keeps what it has read


def _containers(client: APIClient) -> list[dict[str, Any]]:
    """() where they may not be listed: an authorization plugin can let a client do less than all."""
    from docker.errors import APIError

    try:
        return list(client.containers())
    except APIError:
        return []
