"""A host of which everything was typed."""

from __future__ import annotations

import pytest
from specs import host_spec


@pytest.fixture
def host():
    return host_spec("my(group)", "web1", location="westus", subscription="sub 1", dns_label="mine", ssh_port=2222,
                     typed={"-l": ("westus",), "--size": ("Standard_D4s_v5",), "-p": (), "-e": ("2222",),
                            "--dns-name": ("mine",), "-dc": ("my certs",), "--tags": ("env=test",)})
