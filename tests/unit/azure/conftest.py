"""The extension's calls against a service that misbehaves as it is told, by the SDKs at both ends of the range."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from arm_service import PACKAGES, SUBSCRIPTION, Credential, DeadlineThatNotes, Service

from azext_dockervm.azure.calls import Azure, Clients
from azext_dockervm.azure.pipeline import client_options
from azext_dockervm.flow.deadline import Deadline


def _forget_sdks() -> dict[str, Any]:
    return {name: sys.modules.pop(name) for name in list(sys.modules)
            if any(name == package or name.startswith(f"{package}.") for package in PACKAGES)}


def _sdks_of_az() -> Path | None:
    cache = os.environ.get("DOCKERVM_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache",
                                                     "az-dockervm")
    return next(Path(cache).glob("sdk/lib/python3*/site-packages/azure"), None)


@pytest.fixture(scope="session")
def folder_of_az(tmp_path_factory) -> Path | None:
    """Where az's own SDKs are found, and nothing else."""
    found = _sdks_of_az()
    if found is None:
        return None
    folder = tmp_path_factory.mktemp("sdk")
    (folder / "azure/mgmt").mkdir(parents=True)
    for name in ("mgmt/compute", "mgmt/network", "mgmt/resource", "common", "profiles"):
        if (found / name).exists():
            (folder / "azure" / name).symlink_to(found / name)
    return folder


@pytest.fixture(scope="session")
def imported() -> dict[str, dict[str, Any]]:
    """The modules of each kind, once they were imported: that takes a second."""
    return {}


@pytest.fixture(scope="module", params=["newest", "of az"])
def sdk(request, folder_of_az, imported) -> Iterator[SimpleNamespace]:
    """The SDKs' client classes: as installed here, or as az has them with the oldest network SDK that is taken."""
    if request.param == "of az" and folder_of_az is None:
        pytest.skip("The environment 'sdk' has not been made yet (script/test makes it).")
    before = _forget_sdks()
    path = [str(folder_of_az)] if request.param == "of az" else []
    sys.path[:0] = path
    _put_back(imported.get(request.param, {}))
    try:
        compute = import_module("azure.mgmt.compute")
        assert compute.__file__.startswith(str(folder_of_az)) == (request.param == "of az")
        yield SimpleNamespace(
            compute=compute.ComputeManagementClient,
            network=import_module("azure.mgmt.network").NetworkManagementClient,
            resources=import_module("azure.mgmt.resource.resources").ResourceManagementClient)
    finally:
        for one in path:
            sys.path.remove(one)
        imported[request.param] = _forget_sdks()
        _put_back(before)


def _put_back(modules: dict[str, Any]) -> None:
    sys.modules.update(modules)
    for name, module in modules.items():    # `import a.b as b` asks the package
        parent, _, own = name.rpartition(".")
        setattr(sys.modules[parent], own, module)


@pytest.fixture(scope="session")
def listening(tmp_path_factory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("service"))
    yield service
    service.close()


@pytest.fixture
def service(listening) -> Service:
    listening.forget()
    return listening


@pytest.fixture
def connected(sdk, service):
    """Makes an ``Azure`` with a deadline; other ways to reach it for the tests of those."""
    def connect(deadline: Deadline | None = None, endpoint: str | None = None, credential: Any = None,
                **options: Any) -> Azure:
        def client(kind: type):
            return lambda: kind(credential or Credential(), SUBSCRIPTION, base_url=endpoint or service.endpoint,
                                **{"connection_verify": service.ca, **client_options(), **options})

        return Azure(Clients(client(sdk.compute), client(sdk.network), client(sdk.resources), lambda: ["westus"],
                             lambda: SUBSCRIPTION), deadline or DeadlineThatNotes())

    return connect


@pytest.fixture
def azure(connected) -> Azure:
    return connected()
