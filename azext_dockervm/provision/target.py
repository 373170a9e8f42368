"""The host that is to be set up, as every provisioner is given it, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from azext_dockervm.azure.calls import Azure
from azext_dockervm.options.engine import SETTINGS
from azext_dockervm.provision.run_commands import RunCommands
from azext_dockervm.spec.host import HostSpec

if TYPE_CHECKING:
    from azext_dockervm.certs.identity import ServerIdentity

# The keys of what a provisioner's steps find among the results: an ``Address``, the ``certs.authority.Authority`` that
# signs and that the host will trust; and of what they leave there: a ``Provisioned``.
ADDRESS, AUTHORITY, PROVISIONED = "address", "authority", "provisioned"


@dataclass(frozen=True)
class Address:
    """Where a host is: its name and its addresses, None where it has none; ``more`` is what its certificate is to name
    besides."""

    fqdn: str | None
    public: str | None
    private: str
    more: tuple[str, ...] = ()

    @property
    def endpoint(self) -> str:
        """By which it is known and dialled: its name, else its address."""
        return self.fqdn or self.number

    @property
    def number(self) -> str:
        """The address that is dialled."""
        return self.public or self.private

    @property
    def identity(self) -> ServerIdentity:
        from azext_dockervm.certs.identity import ServerIdentity

        return ServerIdentity.for_host(self.fqdn, self.public, self.private, self.more)


@dataclass(frozen=True)
class Target:
    """``resumed``: the VM was there before this run; ``finished``: and an earlier run had set it up. ``new_tags`` are
    the user's that the VM shall have; what is made for the host also carries those that it had (``spec.tags``).
    ``ordered_in`` is the key of the step whose VM bears the tags of what was ordered, empty where none does. ``noted``
    are further tags of what the set-up comes to. ``has_flags``: on the command line of the extension's engine are
    dockervm's defaults, as earlier versions had them there."""

    azure: Azure
    spec: HostSpec
    run_id: str
    commands: RunCommands
    resumed: bool = False
    finished: bool = False
    new_tags: dict[str, str] = field(default_factory=dict)
    ordered_in: str = ""
    noted: dict[str, str] = field(default_factory=dict)
    has_flags: bool = False

    @property
    def is_limited(self) -> bool:
        """Whether somebody said who may reach Docker."""
        return self.spec.network.sources != ("*",)

    @property
    def keeps_settings(self) -> bool:
        """Whether an engine that is there keeps its daemon.json: a new certificate is no reason for another one."""
        return self.resumed and (self.finished or not SETTINGS & set(self.spec.given))


def names_in_words(certificate: bytes) -> str:
    """Whom a server certificate (PEM) names, for the line of the step that signs it."""
    from azext_dockervm.certs.records import certified_names

    return f"for {', '.join(certified_names(certificate))}"


@dataclass(frozen=True)
class Provisioned:
    """The server's certificate: ``fingerprint`` (SHA-256 in hex) and end, and the PEM where it is known. ``checked``:
    the host itself has checked engine, port, certificate and the refusal of strangers."""

    provisioner: str
    fingerprint: str
    expires: datetime
    checked: bool
    certificate: bytes | None = None

    @classmethod
    def of(cls, provisioner: str, certificate: bytes, checked: bool) -> Provisioned:
        from azext_dockervm.certs.summary import describe

        says = describe(certificate)
        return cls(provisioner, says.fingerprint, says.not_after, checked, certificate)
