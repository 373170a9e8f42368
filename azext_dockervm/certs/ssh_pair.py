"""An Ed25519 key pair for SSH, in the files where ssh looks for it.

az makes such pairs in a private module of its command ``vm`` only (``azure.cli.core.keys`` knows RSA).
"""

from __future__ import annotations

import os
from pathlib import Path


def ensure(private: Path, public: Path) -> str:
    """The public key of the pair, which is made where there is none, and whose public half is where that is missing.

    Raises ``OSError``; ``ValueError`` and ``TypeError`` for a private key that can't be read, or has a passphrase.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if private.exists():
        key = serialization.load_ssh_private_key(private.read_bytes(), password=None)
    else:
        key = Ed25519PrivateKey.generate()
        _write(private, 0o600, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH,
                                                 serialization.NoEncryption()))
    text = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    _write(public, 0o644, text + b"\n")
    return text.decode()


def _write(path: Path, mode: int, content: bytes) -> None:
    """A file that was not there; nobody else can read a private key, not even for a moment."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
