"""The proxies through which a host reaches the internet."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.secret import Secret

# Never by a proxy: this host, and what the platform serves to each VM at addresses of its own
# (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
DIRECT = ("localhost", "127.0.0.1", "169.254.169.254", "168.63.129.16")


@dataclass(frozen=True)
class Proxies:
    """URLs, which may hold a password, and what is reached without them; empty where nothing was asked."""

    http: Secret[str] | None = None
    https: Secret[str] | None = None
    direct: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.http is not None or self.https is not None

    @property
    def has_password(self) -> bool:
        return any(one is not None and "@" in one.reveal() for one in (self.http, self.https))

    @property
    def without(self) -> str:
        """As NO_PROXY has it."""
        return ",".join(dict.fromkeys((*DIRECT, *self.direct))) if self else ""
