"""Opening: whether a folder's certificates open the hosts of one CA, shown by a handshake in memory.

OpenSSL judges what an engine would judge: key and certificate are a pair, the CA has issued it, both are valid now.
That takes some milliseconds, and loading cryptography for ``CertificateStore.tls_paths`` 30 to 60; but it can't say
what is wrong, which is the store's business.
"""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

from azext_dockervm.certs.files import CA_CERT, CLIENT_CERT, CLIENT_KEY

# Flights of a handshake, of either version of TLS.
_FLIGHTS = 6


def opens(folder: Path, authority: str) -> bool:
    """True where it was shown; False where something is wrong or can't be told. ``authority`` is the SHA-256 of the CA,
    in lower-case hex; ca.pem may have others beside it."""
    try:
        trusted = _certificate(folder, authority)
        return trusted is not None and _lets_in(trusted, folder)
    except (OSError, ValueError):   # of which ssl.SSLError is one
        return False


def _certificate(folder: Path, authority: str) -> bytes | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(str(folder / CA_CERT))
    return next((one for one in context.get_ca_certs(binary_form=True)
                 if hashlib.sha256(one).hexdigest() == authority), None)


def _lets_in(trusted: bytes, folder: Path) -> bool:
    """The server asks for a certificate of ``trusted``, and has the client's for its own, which nobody looks at."""
    host, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    host.verify_mode = ssl.CERT_REQUIRED
    host.load_verify_locations(cadata=trusted)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    for context in (host, client):
        # Without a passphrase OpenSSL would ask for it on the terminal.
        context.load_cert_chain(str(folder / CLIENT_CERT), str(folder / CLIENT_KEY), password="")
    to_host, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(to_client, to_host), host.wrap_bio(to_host, to_client, server_side=True)]
    for flight in range(_FLIGHTS):
        if _has_finished(ends[flight % 2]) and flight % 2 == 1:
            return True
    return False


def _has_finished(end: ssl.SSLObject) -> bool:
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
