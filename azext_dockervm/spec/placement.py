"""Where in its region a host's VM stands, what it costs, and what Azure's platform does for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from azext_dockervm.advice.option_values import MANAGED_STORAGE, example
from azext_dockervm.azure import kinds
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable
from azext_dockervm.spec.named import Named
from azext_dockervm.spec.rules import resource_name_or_id

# Low is what Spot was called before 2019-12-01.
PRIORITIES = ("Regular", "Spot", "Low")
EVICTION_POLICIES = ("Deallocate", "Delete")
# az's for Linux (command_modules/vm/_params.py), in its order.
LICENSE_TYPES = (
    "None", "RHEL_BASE", "RHEL_BASESAPAPPS", "RHEL_BASESAPHA", "RHEL_BYOS", "RHEL_ELS_6", "RHEL_EUS", "RHEL_SAPAPPS",
    "RHEL_SAPHA", "SLES", "SLES_BYOS", "SLES_HPC", "SLES_SAP", "SLES_STANDARD", "UBUNTU", "UBUNTU_PRO")
# az's word for the identity that Azure makes for the VM and deletes with it.
SYSTEM = "[system]"
# https://learn.microsoft.com/azure/virtual-machines/user-data; Compute refuses what is 64 KiB or more.
USER_DATA_BYTES = 65535
NO_PRICE_LIMIT = -1.0

# https://learn.microsoft.com/azure/virtual-machines/spot-vms, "Pricing": up to five decimal places.
_PRICE = re.compile(r"\d{1,5}(\.\d{1,5})?", re.ASCII)
_STORAGE_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_BLOB_URI = re.compile(r"https://[a-z0-9.-]+(:\d+)?/?", re.IGNORECASE)


@dataclass(frozen=True)
class Identity:
    """Managed identities of a VM: ``system`` is Azure's own for it, ``users`` are others that are there already."""

    system: bool = False
    users: tuple[Named, ...] = ()

    @classmethod
    def parse(cls, words: Iterable[str]) -> Identity:
        """As az reads --assign-identity: no word at all means the system's."""
        words = tuple(words)
        users = [resource_name_or_id(word, "--assign-identity", kinds.USER_IDENTITY.type)
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
        return self.priority in ("Spot", "Low")

    @property
    def asks_of_the_size(self) -> bool:
        """Whether not every size can have that."""
        return self.zone is not None or self.is_spot

    @property
    def vanishes(self) -> bool:
        """Whether the VM is deleted when Azure takes its place away."""
        return self.is_spot and self.eviction_policy == "Delete"


def check_zone(text: str) -> str:
    """One zone: a host is one VM. Which zones a region has, Azure says."""
    if not re.fullmatch(r"[1-9]", text):
        raise InvalidValue(f"--zone: '{printable(text)}' is not the number of an availability zone, such as 1, 2 or 3.",
                           example("--zone", 1))
    return text


def parse_price(text: str) -> float:
    """Dollars an hour, or -1. The message names no option: the parser does that."""
    if text in ("-1", "-1.0"):
        return NO_PRICE_LIMIT
    if not _PRICE.fullmatch(text) or float(text) == 0:
        raise InvalidValue(f"'{printable(text)}' is no price that Azure takes: -1 for no limit, or US dollars an hour, "
                           "more than 0 and with at most 5 decimal places.")
    return float(text)


def check_user_data(data: bytes) -> bytes:
    if len(data) > USER_DATA_BYTES:
        raise InvalidValue(f"--user-data: it has {len(data)} bytes; Azure takes less than 64 KB.")
    return data


def check_diagnostics(text: str) -> str:
    """The name of a storage account, or the URI of its blobs; "" stays "". Whether it is there, Azure says."""
    if text and not _STORAGE_ACCOUNT.fullmatch(text) and not _BLOB_URI.fullmatch(text):
        raise InvalidValue(f"--boot-diagnostics-storage: '{printable(text)}' is neither the name of a storage account "
                           "(3 to 24 lower-case letters and digits) nor the URI of its blobs.",
                           (example("--boot-diagnostics-storage", "mystorage"),
                            MANAGED_STORAGE))
    return text
