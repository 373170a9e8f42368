"""Times the certificates of a first host: authority, client and server, keys and files included. Run by bench, in a
fresh process of az's own Python; prints milliseconds as one JSON object."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def load() -> None:
    # Everything that a first host's certificates need, so that what is timed afterwards is work alone; imported for
    # that and not used, hence each noqa.
    import socket  # noqa: F401

    from cryptography import x509  # noqa: F401
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: F401
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: F401

    from azext_dockervm.certs import authority, identity, store  # noqa: F401


def first_host(folder: Path) -> None:
    from azext_dockervm.certs.identity import ServerIdentity
    from azext_dockervm.certs.store import CertificateStore

    store = CertificateStore(folder)
    store.check()
    store.ensure()
    store.load_authority().issue_server(ServerIdentity.for_host("web1.westus.example", "20.1.2.3", "10.0.0.4"))


def rsa_keys() -> None:
    """The keys alone of what docker-machine makes: RSA 2048 for authority, client and server."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    for _ in range(3):
        rsa.generate_private_key(65537, 2048)


def main() -> None:
    # As az does: the extension's folder comes after az's own packages.
    sys.path.append(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        times = {"imports": milliseconds(load),
                 "first host": milliseconds(lambda: first_host(Path(scratch) / "docker"))}
    times["RSA keys"] = milliseconds(rsa_keys)
    print(json.dumps(times))


if __name__ == "__main__":
    main()
