"""ServerIdentity: the names and addresses under which a host is reached, from text to subject alternative names.

Rules and their sources:

- A client compares the name it dialled with the subject alternative names only; the common name is not looked at
  (RFC 9525 section 6.3; Go, in which Docker is written, since 1.15). So each name and address must be here.
- A dNSName is in preferred name syntax: letters, digits and hyphens, at most 63 a label and 253 altogether
  (RFC 5280 section 4.2.1.6, RFC 1034 section 3.5, RFC 1123 section 2.1); names in other scripts are written as
  A-labels, ``xn--…`` (RFC 5280 section 7.2). A wildcard stands for one whole leftmost label (RFC 9525 section 6.3).
- An iPAddress is the bare address: no port, no prefix length, no zone (RFC 5280 section 4.2.1.6).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from azext_dockervm.errors import InvalidValue

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# ub-common-name, RFC 5280 appendix A.1.
COMMON_NAME_LENGTH = 64

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z", re.ASCII)


@dataclass(frozen=True)
class ServerIdentity:
    """Whom a server certificate speaks for. Names are lower case and unique, addresses unique, both in given order."""

    dns_names: tuple[str, ...]
    addresses: tuple[Address, ...]

    def __post_init__(self) -> None:
        if not self.dns_names and not self.addresses:
            raise InvalidValue("A server certificate needs at least one DNS name or IP address.")

    @classmethod
    def for_host(cls, fqdn: str | None, public: str | Address | None, private: str | Address | None,
                 extra: Iterable[str] = ()) -> ServerIdentity:
        """The identity of a Docker host: its FQDN and addresses (``None`` where it has none), localhost, 127.0.0.1
        (the host's own check and SSH tunnels dial these), and what the user adds.

        Raises InvalidValue, naming the text, for what is neither a DNS name nor an IP address.
        """
        given = [name for name in (fqdn, public, private) if name]
        return cls.parse([*given, "localhost", "127.0.0.1", *extra])

    @classmethod
    def parse(cls, texts: Iterable[str | Address]) -> ServerIdentity:
        """From names and addresses as people write them: ``web1.example.com``, ``10.0.0.4``, ``DNS:web1``, ``IP:::1``.

        Raises InvalidValue, naming the text, for what is neither.
        """
        names: dict[str, None] = {}
        addresses: dict[Address, None] = {}
        for text in texts:
            parsed = parse_name(text)
            if isinstance(parsed, str):
                names[parsed] = None
            else:
                addresses[parsed] = None
        return cls(tuple(names), tuple(addresses))

    @property
    def common_name(self) -> str:
        """A subject that people recognise: the first name (else address), cut to its first label where it is longer
        than the 64 characters that a common name may have. No client trusts it."""
        name = self.dns_names[0] if self.dns_names else str(self.addresses[0])
        return name if len(name) <= COMMON_NAME_LENGTH else name.split(".", 1)[0]

    def __str__(self) -> str:
        """As openssl's ``subjectAltName`` writes it: ``DNS:web1.example.com,DNS:localhost,IP:10.0.0.4``."""
        return ",".join([f"DNS:{name}" for name in self.dns_names] + [f"IP:{address}" for address in self.addresses])


def parse_name(text: str | Address) -> str | Address:
    """One DNS name (lower case, without the root's dot) or IP address. Raises InvalidValue for anything else."""
    if not isinstance(text, str):
        return _checked_address(text, str(text))
    kind, bare = _split_prefix(text.strip())
    if kind != "DNS":
        try:
            return _checked_address(ipaddress.ip_address(bare.removeprefix("[").removesuffix("]")), text)
        except ValueError:
            if kind == "IP" or ":" in bare:
                raise InvalidValue(f"'{text}' is not an IP address (no port, no prefix length).") from None
    return _checked_dns_name(bare, text)


def _split_prefix(text: str) -> tuple[str | None, str]:
    """``DNS:x`` and ``IP:x``, as openssl writes them, name their kind; upper or lower case."""
    head, colon, rest = text.partition(":")
    if colon and head.upper() in ("DNS", "IP"):
        return head.upper(), rest.strip()
    return None, text


def _checked_address(address: Address, text: str) -> Address:
    if getattr(address, "scope_id", None):
        raise InvalidValue(f"'{text}' has a zone; a certificate holds the bare address only.")
    return address


def _checked_dns_name(name: str, text: str) -> str:
    name = name.lower().removesuffix(".")
    if not name.isascii():
        raise InvalidValue(f"'{text}' is not in ASCII; write the name in its xn-- form.")
    labels = name.split(".")
    if labels[0] == "*" and len(labels) > 2:  # *.com would speak for everybody; no client takes it
        labels = labels[1:]
    if len(name) > 253 or not all(_LABEL.match(label) for label in labels):
        raise InvalidValue(f"'{text}' is neither a DNS name (letters, digits and hyphens; at most 63 between dots, "
                           "253 altogether) nor an IP address.")
    if labels[-1].isdigit():  # 10.0.0.300: no top-level domain is numeric, this was meant as an address
        raise InvalidValue(f"'{text}' is not an IP address.")
    return name
