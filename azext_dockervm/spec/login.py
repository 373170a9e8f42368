"""Who logs in to a host's operating system, and how."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.secret import Secret
from azext_dockervm.spec.named import Named


@dataclass(frozen=True)
class Login:
    """``ssh_keys`` are OpenSSH public keys; ``ssh_key`` is a resource that holds one. ``authentication`` says which of
    key and password open the host, None where that follows from what is given: then they exclude each other.
    ``key_type`` is that of a key pair which has to be made, None where any will do that is there.
    """

    user: str = "azureuser"
    password: Secret[str] | None = None
    ssh_keys: tuple[str, ...] = ()
    ssh_key: Named | None = None
    authentication: str | None = None
    key_type: str | None = None

    @property
    def wants_password(self) -> bool:
        """Whether there must be one, asked for where none is given."""
        return self.authentication in ("password", "all")

    @property
    def wants_keys(self) -> bool:
        """Whether there must be keys, the usual ones where none are given."""
        return self.authentication in ("ssh", "all") or self.password is None
