"""An engine at the border, and the folder whose certificates open it."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest
from tls_engine import serving

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.engine.endpoint import Endpoint


@pytest.fixture(name="folder")
def certificate_folder(tmp_path) -> Path:
    store = CertificateStore(tmp_path / "docker")
    store.ensure()
    return store.folder


@pytest.fixture(name="serve")
def engine_server(folder, tmp_path):
    """serve(names=..., authority=..., ask=..., now=...) → the Endpoint of a running engine."""
    with ExitStack() as servers:
        def start(names=("localhost", "127.0.0.1"), authority: Authority | None = None, ask: bool = True,
                  forbidden: tuple[str, ...] = (), now: datetime | None = None) -> Endpoint:
            signer = authority or CertificateStore(folder).load_authority()
            credential = signer.issue_server(ServerIdentity.parse(names), now)
            pem = tmp_path / f"server-{len(list(tmp_path.glob('server-*')))}.pem"
            pem.write_bytes(credential.certificate_pem + credential.key_pem.reveal())
            port = servers.enter_context(serving(pem, folder / "ca.pem" if ask else None, forbidden))
            return Endpoint("localhost", port, folder)

        yield start
