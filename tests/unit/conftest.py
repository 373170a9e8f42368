"""A cloud in memory; folders with certificates, which take a while to make: once for all, to be copied by each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fake_azure import FakeCloud, at_the_borders
from memory_commands import Commands

from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.host.finished import FinishedHost


@pytest.fixture(scope="session")
def two_authorities(tmp_path_factory) -> Path:
    """``mine`` and ``other`` in it: certificates of two authorities. Read only; copy what a test changes."""
    base = tmp_path_factory.mktemp("certificates")
    for name in ("mine", "other"):
        CertificateStore(base / name).ensure()
    return base


@pytest.fixture
def cloud(monkeypatch) -> FakeCloud:
    """The handlers' tests have one of their own."""
    found = FakeCloud()
    found.engines = at_the_borders(monkeypatch, found)
    return found


@pytest.fixture
def store(two_authorities, tmp_path) -> CertificateStore:
    return CertificateStore(shutil.copytree(two_authorities / "mine", tmp_path / "mine"))


@pytest.fixture
def other(two_authorities, tmp_path) -> CertificateStore:
    """Somebody else's."""
    return CertificateStore(shutil.copytree(two_authorities / "other", tmp_path / "other"))


@pytest.fixture
def command(cloud, store) -> Commands:
    return Commands(cloud, store)


@pytest.fixture
def finished(command) -> FinishedHost:
    """A host ``web1`` that was made by run commands before the test begins."""
    made = command.create(provisioner="run-command")
    command.anew()
    return made
