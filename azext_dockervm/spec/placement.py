"""Where in its region a host's VM stands, what it costs, and what Azure's platform does for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from azext_dockervm.azure import type_names
from azext_dockervm.spec.named import Named
from azext_dockervm.spec.rules import resource_name_or_id
from azext_dockervm.spec.words import SPOTS

# az's word for the identity that Azure makes for the VM and deletes with it.
SYSTEM = "[system]"


@dataclass(frozen=True)
class Identity:
    """Managed identities of a VM: ``system`` is Azure's own for it, ``users`` are others that are there already."""

    system: bool = False
    users: tuple[Named, ...] = ()

    @classmethod
    def parse(cls, words: Iterable[str]) -> Identity:
        """As az reads --assign-identity: no word at all means the system's."""
        words = tuple(words)
        users = [resource_name_or_id(word, "--assign-identity", type_names.USER_IDENTITY)
                 for word in words if word != SYSTEM]
        return cls(not words or SYSTEM in words, tuple(dict.fromkeys(users)))


@dataclass(frozen=True)
class Placement:
    """None: nothing is asked for, and Azure does what it does then.

    ``user_data`` is as the guest reads it. ``diagnostics`` names a storage account, or is the URI of one; "" stands for
    storage that Azure manages. ``shutdown_time`` is HHMM of ``shutdown_zone``, every day.
    """

    zone: str | None = None
    availability_set: Named | None = None
    proximity_group: Named | None = None
    priority: str | None = None
    eviction_policy: str | None = None
    max_price: float | None = None
    license_type: str | None = None
    identity: Identity | None = None
    user_data: bytes | None = None
    diagnostics: str | None = None
    shutdown_time: str | None = None
    shutdown_zone: str = "UTC"
    shutdown_email: str | None = None

    @property
    def is_spot(self) -> bool:
        """Whether Azure may take the VM's place away."""
        return self.priority in SPOTS

    @property
    def asks_of_the_size(self) -> bool:
        """Whether not every size can have that."""
        return self.zone is not None or self.is_spot

    @property
    def vanishes(self) -> bool:
        """Whether the VM is deleted when Azure takes its place away."""
        return self.is_spot and self.eviction_policy == "Delete"
