"""The unmodified az, without any extension, against Local Azure with fake machines: needs no root."""

from __future__ import annotations

import itertools
import json
from contextlib import suppress
from urllib.error import HTTPError

import pytest
from local_azure import with_fake_machines

from localazure.behavior import config

GROUPS = "2024-11-01"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def azure():
    with with_fake_machines("stock") as azure:
        yield azure


@pytest.fixture
def group(azure):
    """A resource group of the test's own, in West US; it begins to go when the test ends."""
    name = f"group{next(_numbers)}"
    azure.arm("PUT", azure.group_path(name), GROUPS, {"location": "westus"})
    yield name
    with suppress(HTTPError):   # the test may have deleted or locked it
        azure.arm("DELETE", azure.group_path(name), GROUPS)


@pytest.fixture
def behavior(azure):
    """Sets what goes wrong, like behavior(rules=[...]); nothing is set after the test."""
    path = azure.folder / config.NAME

    def write(**members):
        data = json.dumps(members).encode()
        config.parse(data)      # a mistake of the test shows here
        config.write(path, data)

    yield write
    path.unlink(missing_ok=True)
