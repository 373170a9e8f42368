"""Rules for where a host stands, what it costs and what Azure's platform does for it: pure checks of what is typed."""

from __future__ import annotations

import re

from azext_dockervm.advice.option_values import MANAGED_STORAGE, example
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable

# https://learn.microsoft.com/azure/virtual-machines/user-data; Compute refuses what is 64 KiB or more.
USER_DATA_BYTES = 65535
NO_PRICE_LIMIT = -1.0

# https://learn.microsoft.com/azure/virtual-machines/spot-vms, "Pricing": up to five decimal places.
_PRICE = r"\d{1,5}(\.\d{1,5})?"
_STORAGE_ACCOUNT = r"[a-z0-9]{3,24}"
_BLOB_URI = r"https://[a-z0-9.-]+(:\d+)?/?"


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
    if not re.fullmatch(_PRICE, text, re.ASCII) or float(text) == 0:
        raise InvalidValue(f"'{printable(text)}' is no price that Azure takes: -1 for no limit, or US dollars an hour, "
                           "more than 0 and with at most 5 decimal places.")
    return float(text)


def check_user_data(data: bytes) -> bytes:
    if len(data) > USER_DATA_BYTES:
        raise InvalidValue(f"--user-data: it has {len(data)} bytes; Azure takes less than 64 KB.")
    return data


def check_diagnostics(text: str) -> str:
    """The name of a storage account, or the URI of its blobs; "" stays "". Whether it is there, Azure says."""
    if text and not re.fullmatch(_STORAGE_ACCOUNT, text) and not re.fullmatch(_BLOB_URI, text, re.IGNORECASE):
        raise InvalidValue(f"--boot-diagnostics-storage: '{printable(text)}' is neither the name of a storage account "
                           "(3 to 24 lower-case letters and digits) nor the URI of its blobs.",
                           (example("--boot-diagnostics-storage", "mystorage"),
                            MANAGED_STORAGE))
    return text
