"""The Docker SDK, always verifying: version and state of an engine."""

from __future__ import annotations

from contextlib import closing

from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.errors import EngineUnreachable


def engine_state(endpoint: Endpoint, timeout: float = 10.0) -> dict:
    """What ``docker version`` and ``docker info`` tell, as the engine's API names it: {"version": ..., "info": ...}."""
    import docker
    from docker.errors import DockerException
    from docker.tls import TLSConfig
    from requests.exceptions import RequestException

    try:
        tls = TLSConfig(client_cert=(str(endpoint.certificate), str(endpoint.key)), ca_cert=str(endpoint.ca),
                        verify=True)
        with closing(docker.DockerClient(base_url=endpoint.docker_host, tls=tls, timeout=timeout,
                                         version="auto")) as client:
            return {"version": client.version(), "info": client.info()}
    except (DockerException, RequestException) as error:
        raise EngineUnreachable(f"the engine at {endpoint.docker_host} did not answer as one: {error}",
                                kind="protocol") from error
