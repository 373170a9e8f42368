"""OpenSSH public keys as people give them: texts, or files that hold some."""

from __future__ import annotations

from collections.abc import Iterable

from azext_dockervm.advice.option_values import make_ssh_key
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable

# https://learn.microsoft.com/azure/virtual-machines/linux/mac-create-ssh-keys, "Supported SSH key formats".
SSH_KEY_TYPES = frozenset({"ssh-rsa", "ssh-ed25519"})


def public_keys(values: Iterable[str]) -> tuple[str, ...]:
    """The keys in ``values``, each one key or the path of a file with keys, one a line. Raises ``InvalidValue``."""
    return tuple(key for value in values for key in _keys_in(value))


def _keys_in(value: str) -> tuple[str, ...]:
    text = _text_of(value)
    if "PRIVATE KEY" in text:
        what = "what was given is" if text is value else f"'{printable(value)}' holds"
        raise InvalidValue(f"{what} a private key; give the public one (.pub).")
    keys = tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    if not keys or not all(map(_is_public_key, keys)):
        raise InvalidValue(f"'{printable(value, 60)}' is neither an OpenSSH public key nor a file that holds one.",
                           make_ssh_key())
    other = next((key.split()[0] for key in keys if key.split()[0] not in SSH_KEY_TYPES), None)
    if other:
        raise InvalidValue(f"Azure takes RSA and Ed25519 keys only, not '{printable(other, 60)}'.", make_ssh_key())
    return keys


def _text_of(value: str) -> str:
    """What the file of that name holds, or the value itself.

    A key's text is never taken for a file's name: it can be too long for one, and no message may hold a private key,
    which az's @file turns into the value itself.
    """
    from pathlib import Path

    if "PRIVATE KEY" in value or value.startswith(("ssh-", "ecdsa-", "sk-")):
        return value
    try:
        path = Path(value).expanduser()
        return path.read_text(encoding="utf-8") if path.is_file() else value
    except (OSError, ValueError, RuntimeError) as error:    # RuntimeError: ~somebody who does not exist
        raise InvalidValue(f"'{printable(value, 60)}' can't be read: {error}") from error


def _is_public_key(text: str) -> bool:
    import binascii
    import struct

    from azure.cli.core.keys import is_valid_ssh_rsa_public_key  # despite its name it takes every type

    try:
        return bool(is_valid_ssh_rsa_public_key(text))
    except (binascii.Error, struct.error, ValueError):
        return False
