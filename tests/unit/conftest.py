"""Folders with certificates, which take a while to make: once for all unit tests, to be copied by each."""

from __future__ import annotations

from pathlib import Path

import pytest

from azext_dockervm.certs.store import CertificateStore


@pytest.fixture(scope="session")
def two_authorities(tmp_path_factory) -> Path:
    """``mine`` and ``other`` in it: certificates of two authorities. Read only; copy what a test changes."""
    base = tmp_path_factory.mktemp("certificates")
    for name in ("mine", "other"):
        CertificateStore(base / name).ensure()
    return base
