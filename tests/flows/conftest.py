"""Whole commands of the extension, in this process, against a Local Azure with fake machines: no root, nothing mocked
but names. The set-up script really runs, engines really shake hands; what they lack is a kernel of their own."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Callable

import pytest
from flow_cloud import GROUP, NETWORK, REGION, RESOURCES, Cloud
from flow_placement import ZONAL
from frozen_hosts import HOSTS
from local_azure import LocalAzure, with_fake_machines

from azext_dockervm.provision import proof

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def instance():
    # Half the usual scale: each create waits for four round trips of the agent besides the VM.
    with with_fake_machines("flows", "--time-scale", "0.01") as azure:
        yield azure


@pytest.fixture
def cloud(instance, tmp_path, monkeypatch):
    """A resource group and a home of the test's own."""
    for name in [name for name in os.environ if name.startswith(("DOCKER_", "AZURE_DOCKERVM"))]:
        monkeypatch.delenv(name)
    for name in ("AZURE_CONFIG_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, instance.environment[name])
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AZURE_CORE_COLLECT_TELEMETRY", "no")
    # A fake machine's closed port refuses at once, and goes on doing so.
    monkeypatch.setattr(proof, "PATIENCE_SECONDS", 2.0)
    monkeypatch.setattr(proof, "UNCHECKED_PATIENCE_SECONDS", 4.0)
    monkeypatch.setattr(socket, "getaddrinfo", _resolving(instance, socket.getaddrinfo))
    found = Cloud(instance, f"{GROUP}{next(_numbers)}", home)
    instance.arm("PUT", instance.group_path(found.group), RESOURCES, {"location": REGION})
    yield found
    found.behavior()
    instance.arm("DELETE", instance.group_path(found.group), RESOURCES)


@pytest.fixture
def zonal(cloud):
    """The cloud with a group in a region that has zones."""
    cloud.group = f"{cloud.group}zonal"
    cloud.instance.arm("PUT", cloud.instance.group_path(cloud.group), RESOURCES, {"location": ZONAL})
    return cloud


@pytest.fixture(params=HOSTS, ids=str)
def frozen(cloud, request):
    """Each host of each version that tests/data/frozen keeps, in the cloud's group and home."""
    return request.param.restore(cloud.instance, cloud.group, cloud.home)


def _resolving(instance: LocalAzure, real: Callable) -> Callable:
    """Names of public addresses, which without root are not in /etc/hosts."""
    def getaddrinfo(host, *arguments, **options):
        try:
            return real(host, *arguments, **options)
        except socket.gaierror:
            path = f"/subscriptions/{instance.subscription}/providers/Microsoft.Network/publicIPAddresses"
            for one in instance.arm("GET", path, NETWORK)["value"]:
                if (one["properties"].get("dnsSettings") or {}).get("fqdn") == host:
                    return real(one["properties"]["ipAddress"], *arguments, **options)
            raise

    return getaddrinfo
