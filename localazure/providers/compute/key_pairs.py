"""SSH keys as text: whether a public key is one, and new pairs as the service makes them."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

RSA, ED25519 = "RSA", "Ed25519"
_RSA_BITS = 3072  # the service's own
_COMMENT = "generated-by-azure"


def is_public_key(text: str) -> bool:
    """Whether a text is one line as in authorized_keys, whose blob is of the algorithm that it names."""
    algorithm, _, rest = text.strip().partition(" ")
    try:
        blob = base64.b64decode(rest.split(" ")[0], validate=True)
    except ValueError:  # no base64, or beyond ASCII
        return False
    # The blob begins with the algorithm's name, preceded by its length in four bytes.
    return bool(algorithm) and text.strip().isprintable() and blob[4 : 4 + len(algorithm)] == algorithm.encode()


def generate(encryption: str) -> tuple[str, str]:
    """A new private key and its public one, as texts, with the service's line ends."""
    if encryption == ED25519:
        private = ed25519.Ed25519PrivateKey.generate()
        return _pem(private, serialization.PrivateFormat.OpenSSH), _public(private.public_key())
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    pem = _pem(key, serialization.PrivateFormat.TraditionalOpenSSL)
    return pem.replace("\n", "\r\n"), _public(key.public_key())


def _pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, form: serialization.PrivateFormat) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _public(key: rsa.RSAPublicKey | ed25519.Ed25519PublicKey) -> str:
    line = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    return f"{line} {_COMMENT}"
