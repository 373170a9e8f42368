"""When a host's server certificate has to be renewed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from azext_dockervm.azure import names
from azext_dockervm.certs.summary import iso

if TYPE_CHECKING:
    from azext_dockervm.certs.authority import Authority


def days_left(expires: datetime) -> int:
    """Whole days; negative after the end."""
    return (expires - datetime.now(timezone.utc)).days


def why_renew(expires: datetime, authority: Authority) -> str:
    """Why a server certificate is to be renewed now; empty where it is not, or where a new one would end no later."""
    soon = days_left(expires) < names.RENEWAL_DAYS
    gains = authority.expires - expires > timedelta(days=1)
    return f"its server certificate ends on {iso(expires)}" if soon and gains else ""


def moment(text: str) -> datetime:
    """ISO 8601 in UTC, as the tags and the set-up script write it; raises ``ValueError``."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def noted_expiry(text: str | None) -> datetime | None:
    """The end of the server certificate as a tag notes it; None where it is none or damaged."""
    try:
        return moment(text or "")
    except ValueError:
        return None
