"""Environment variables: what a docker client, testcontainers and a proxy's users read of a host."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

# https://docs.docker.com/reference/cli/docker/#environment-variables; docker-machine set the same.
DOCKER = ("DOCKER_TLS_VERIFY", "DOCKER_HOST", "DOCKER_CERT_PATH")
# Beside DOCKER's, which all of them read. Where published ports are reached: DockerClientProviderStrategy of
# testcontainers-java, core/config.py of -python, container-runtime/utils/resolve-host.ts of -node; each takes it before
# what DOCKER_HOST says. The engine's socket as containers mount it (Ryuk): DockerClientFactory of -java, config.py of
# -python, remote-container-runtime-socket-path.ts of -node; one that was set for an engine here would be none there.
TESTCONTAINERS = ("TESTCONTAINERS_HOST_OVERRIDE", "TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE")
# Both are in use: curl heeds the one in lower case, Go and Python either.
NO_PROXY = ("NO_PROXY", "no_proxy")


def docker(docker_host: str, folder: Path) -> dict[str, str]:
    """``docker_host`` such as tcp://web1.example:4243; the folder's full path."""
    return dict(zip(DOCKER, ("1", docker_host, str(folder)), strict=True))


def testcontainers(host: str) -> dict[str, str]:
    return dict(zip(TESTCONTAINERS, (host, "/var/run/docker.sock"), strict=True))


def no_proxy(host: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Each with the host added to what is in it."""
    return {name: _with(environment.get(name, ""), host) for name in NO_PROXY}


def _with(hosts: str, host: str) -> str:
    there = {one.strip().lower() for one in hosts.split(",")}
    if "*" in there or host.lower() in there:
        return hosts
    return f"{hosts.rstrip(', ')},{host}".lstrip(",")
