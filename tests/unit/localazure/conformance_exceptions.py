"""Where Local Azure departs from the recordings on purpose: one table, each line with its reason."""

from __future__ import annotations

import re

# (provider/operation, place) as regular expressions → reason
EXCEPTIONS: dict[tuple[str, str], str] = {}  # none: what departs is mended

# Recorded operations that Local Azure does not serve → reason
NOT_SERVED: dict[str, str] = {
    "resources/deployment what-if": "a forecast of changes, which az asks for with what-if alone",
}


def excused(provider: str, operation: str, place: str) -> bool:
    """Whether a departure in this place (a member, "header x", "status", "body") is listed."""
    name = f"{provider}/{operation}"
    return any(re.fullmatch(where, name) and re.fullmatch(what, place) for where, what in EXCEPTIONS)
