"""The oldest az that the extension is for, Debian 13's own: the wheel installs, and its commands work."""

from __future__ import annotations

import json
import os

import pytest
from extension import OLDEST, AzWithExtension
from local_azure import ROOT

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFsWmFPXJ8mJ1RNmsqOLuBvCZQDKzTNZkFvQ7XkvGJX4 somebody"


@pytest.fixture
def oldest(azure, tmp_path):
    return AzWithExtension(azure, OLDEST, tmp_path)


def test_it_is_the_one_that_the_metadata_names(oldest):
    least = json.loads((ROOT / "azext_dockervm/azext_metadata.json").read_text())["azext.minCliCoreVersion"]
    versions = oldest.shell("az version").succeeded().json
    assert versions["azure-cli-core"] == least
    assert list(versions["extensions"]) == ["dockervm"]


def test_certificates_are_made_and_shown(oldest):
    made = oldest.az("dockervm", "cert", "create").succeeded().json
    assert made["created"] and made["certDir"] == str(oldest.home / ".docker")
    shown = oldest.az("dockervm", "cert", "show").succeeded().json
    assert shown["client"]["serial"] == made["client"]["serial"]


def test_a_host_is_made_and_shown(oldest, group):
    """On a fake machine. Its name resolves where root could see to that; elsewhere the command ends with 4 once the
    host itself has said that all is well."""
    created = oldest.az("dockervm", "create", "-g", group, "-n", "web1", "--ssh-key-values", KEY, "--timeout", "180")
    host = created.json
    assert created.code in (0, 4), created
    assert host["reachable"] or os.geteuid() != 0, created
    info = oldest.az("dockervm", "info", "-g", group, "-n", "web1").succeeded().json
    assert (info["dockerHost"], info["powerState"]) == (host["dockerHost"], "running")
    assert bool(info["engine"]) == host["reachable"]
