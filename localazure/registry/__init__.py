"""A container registry of an instance: Debian's docker-registry with one small image in it, open and with a login."""

from __future__ import annotations

OPEN_PORT = 5000
LOGIN_PORT = 5001
USER = "localazure"


def name_in(suffix: str) -> str:
    """The name of the registry of an instance with this DNS suffix."""
    return f"registry.{suffix}"
