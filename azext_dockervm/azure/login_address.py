"""The address from which az's login got its access token, which Microsoft Entra ID notes in it as the claim ipaddr.

https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference: ipaddr, iat.
"""

from __future__ import annotations

import base64
import ipaddress
import json
from typing import Any

# An older token may be from another network: az keeps one for more than an hour.
YOUNG_SECONDS = 300.0


def claimed(token: str, now: float) -> str:
    """The IPv4 address in a young token; '' where it tells none. The token is read, not verified: this only
    cross-checks."""
    try:
        part = token.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        if not abs(now - float(claims["iat"])) <= YOUNG_SECONDS:
            return ""
        return str(ipaddress.IPv4Address(str(claims["ipaddr"])))
    except (IndexError, KeyError, TypeError, ValueError):
        return ""
