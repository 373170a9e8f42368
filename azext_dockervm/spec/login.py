"""Who logs in to a host's operating system, and how."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.secret import Secret


@dataclass(frozen=True)
class Login:
    """``ssh_keys`` are OpenSSH public keys; a password and keys exclude each other."""

    user: str = "azureuser"
    password: Secret[str] | None = None
    ssh_keys: tuple[str, ...] = ()
