"""Whose packages of Docker a host gets, and which version of them."""

from __future__ import annotations

import re

from azext_dockervm.advice.option_values import example
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable

# The distribution's own packages; those of Docker's own repository, download.docker.com.
DISTRIBUTION, DOCKER = CHANNELS = ("distribution", "docker")
# As package managers write them, from the first number to the whole: 28, 28.5.2, 5:28.5.2-1~debian.13~trixie.
VERSION = re.compile(r"(\d{1,3}:)?\d{1,6}(\.\d{1,6})*([-+~_][A-Za-z0-9.+~_-]{0,100})?", re.ASCII)


def check_version(text: str) -> str:
    """A version of Docker or how one begins, without the ``v`` of its tags."""
    version = text.strip()
    version = version[1:] if version[:1] in "vV" else version
    if not VERSION.fullmatch(version):
        raise InvalidValue(f"--docker-version: '{printable(text, 60)}' is no version, nor how one begins: numbers with "
                           "dots between them, or a package's whole version.", example("--docker-version", "28.5"))
    return version


def as_tag(channel: str, version: str) -> str:
    """How the VM's tag notes both; empty where there is nothing to note."""
    return f"{channel} {version}".strip() if version or channel != DISTRIBUTION else ""


def of_tag(text: str | None) -> tuple[str, str]:
    """Channel and version as ``as_tag`` notes them; a host without the tag has what its distribution offers."""
    channel, _, version = (text or "").partition(" ")
    return channel if channel in CHANNELS else DISTRIBUTION, version
