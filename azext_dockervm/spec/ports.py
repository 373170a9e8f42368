"""TCP ports that are open besides Docker's and SSH's: single ones and ranges, as one security rule takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from azext_dockervm.advice.option_values import example, open_other_ports
from azext_dockervm.azure.names import DEFAULT_SSH_PORT
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable

OPTION = "--open-ports"
# Azure tells no number for the ports of one rule; a list of more than this is somebody's program that went wrong.
MOST_PORTS = 250

_VALID = example(OPTION, 80, 443, "32768-60999")


@dataclass(frozen=True, order=True)
class PortRange:
    """From ``first`` to ``last``, both in it."""

    first: int
    last: int

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def without(self, port: int) -> tuple[PortRange, ...]:
        """What is left when one of its ports is taken out."""
        parts = (PortRange(self.first, port - 1), PortRange(port + 1, self.last))
        return tuple(part for part in parts if part.first <= part.last)


def parse_ports(texts: Iterable[str]) -> tuple[PortRange, ...]:
    """'80', '32768-60999', several in one text with commas or spaces between them → in their order, none in another:
    ranges that overlap are one."""
    words = [word for text in texts for word in re.split(r"[,\s]+", text) if word]
    if not words:
        raise InvalidValue(f"{OPTION}: the value is empty; use ports and ranges such as 80 443 32768-60999.", _VALID)
    merged: list[PortRange] = []
    for one in sorted(map(_range, words)):
        if merged and one.first <= merged[-1].last:
            merged[-1] = PortRange(merged[-1].first, max(merged[-1].last, one.last))
        else:
            merged.append(one)
    if len(merged) > MOST_PORTS:
        raise InvalidValue(f"{OPTION}: {len(merged)} ports and ranges; at most {MOST_PORTS} are taken. Ports that are "
                           "next to each other can be said as a range.", _VALID)
    return tuple(merged)


def _range(word: str) -> PortRange:
    first, dash, last = word.partition("-")
    if not _is_port(first) or (dash and not _is_port(last)):
        raise InvalidValue(f"{OPTION}: '{printable(word)}' is neither a port nor a range, such as 32768-60999; ports "
                           "are numbers from 1 to 65535.", _VALID)
    found = PortRange(int(first), int(last or first))
    if found.last < found.first:
        raise InvalidValue(f"{OPTION}: '{word}' ends before it begins.",
                           example(OPTION, PortRange(found.last, found.first)))
    return found


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= 65535


def check_open_ports(ports: Iterable[PortRange], docker_port: int, ssh_port: int | None, same_sources: bool) -> None:
    """Docker's port and SSH's are opened by rules of their own. A range may hold them where that lets nobody in whom
    these rules don't: ``same_sources``, and SSH is open at all."""
    ports = tuple(ports)
    services = {docker_port: ("Docker's port", True), ssh_port or DEFAULT_SSH_PORT: ("SSH's port", bool(ssh_port))}
    for port, (whose, is_open) in services.items():
        held = next((one for one in ports if port in one), None)
        if held is None or (held.first < held.last and same_sources and is_open):
            continue
        rest = [part for one in ports for part in (one.without(port) if one is held else (one,))]
        why = "stays closed unless -e opens it"
        if is_open:
            why = "is open anyhow" if same_sources else "is open to --source-address-prefixes only"
        holds = "is" if held.first == held.last else f"holds {port},"
        raise InvalidValue(f"{OPTION}: {held} {holds} {whose}, which {why}.", open_other_ports(rest))
