"""Who may reach a host, as a security rule names it: addresses, ranges, one service tag, or everybody; and ``me``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from azext_dockervm.advice.option_values import example
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable

# https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits: addresses and
# ranges of one security rule.
MOST_SOURCES = 4000
# A service tag such as Internet or AzureCloud.WestUS. Azure writes all with a capital; host names have none.
SERVICE_TAG = r"[A-Z][A-Za-z0-9]{2,79}(\.[A-Za-z0-9]{2,40})?"

# The public IPv4 address of this computer. It stands in a spec until the looks before a create have asked for it.
ME = "me"
# Which az's own database commands ask; az config set dockervm.echo=URL names another, or none.
ECHO_HOST = "api.ipify.org"
ECHO = f"https://{ECHO_HOST}"
NO_ECHO = "none"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def check_sources(texts: Iterable[str], option: str = "--source-address-prefixes") -> tuple[str, ...]:
    """Who may reach the host: addresses, CIDR ranges, one service tag, or '*' → what a security rule takes; with
    ``ME`` before the others where it is among them.

    Each text may hold several, with commas or spaces between them. What lies in another of them is left out: Azure
    refuses overlaps (OverlappingSubnetsNotPermittedInSecurityRule), and a mix of IPv4 and IPv6. A tag and '*' stand
    alone (SecurityRuleParameterContainsUnsupportedValue).
    """
    typed, valid = split(texts), _valid(option)
    words = [word for word in typed if word.lower() != ME]
    own = (ME,) if len(words) < len(typed) else ()
    if not typed:
        raise InvalidValue(f"{option}: the value is empty; use addresses such as 203.0.113.7 or 203.0.113.0/24, 'me' "
                           "for this computer's public address, a service tag such as Internet, or '*' for everybody.",
                           valid)
    tags = [word for word in dict.fromkeys(words) if word == "*" or re.fullmatch(SERVICE_TAG, word)]
    if tags:
        if len(set(words)) > 1 or own:
            raise InvalidValue(f"{option}: '{tags[0]}' can't be combined with other values: a security rule takes one "
                               "service tag, or '*', or addresses.", valid)
        return (tags[0],)
    networks = [_network(word, option) for word in words]
    if len({network.version for network in networks} | ({4} if own else set())) > 1:
        raise InvalidValue(f"{option}: IPv4 and IPv6 can't be combined in one security rule; the host's public address "
                           "is IPv4.", valid)
    kept = _without_overlaps(networks)
    if len(kept) > MOST_SOURCES:
        raise InvalidValue(f"{option}: {len(kept)} addresses and ranges; a security rule takes at most "
                           f"{MOST_SOURCES}.", valid)
    return own + tuple(str(one.network_address) if one.num_addresses == 1 else str(one) for one in kept)


def split(texts: Iterable[str]) -> list[str]:
    """The single values of texts that each may hold several."""
    return [word for text in texts for word in re.split(r"[,\s]+", text) if word]


def with_address(sources: Iterable[str], address: str) -> tuple[str, ...]:
    """Sources as ``check_sources`` gives them, with ``address`` in the place of ``ME``."""
    return check_sources(address if one == ME else one for one in sources)


def _valid(option: str) -> str:
    return example(option, "203.0.113.0/24")


def _network(word: str, option: str) -> Network:
    try:
        meant = ipaddress.ip_network(word, strict=False)
        if "%" in word:     # an interface of this computer, which ipaddress takes in IPv6 addresses
            raise ValueError(word)
    except ValueError:
        raise InvalidValue(f"{option}: '{printable(word)}' is neither an IP address, nor a range such as "
                           "203.0.113.0/24, nor 'me', nor a service tag such as Internet or AzureCloud.WestUS. Host "
                           "names are not accepted: Azure does not resolve them.", _valid(option)) from None
    if meant.network_address != ipaddress.ip_address(word.partition("/")[0]):
        raise InvalidValue(f"{option}: '{word}' is both an address and a range; for the range use {meant}, for the "
                           f"address {word.partition('/')[0]}.")
    return meant


def _without_overlaps(networks: list[Network]) -> list[Network]:
    """In the order given; ranges either lie in one another or have nothing in common."""
    unique = list(dict.fromkeys(networks))
    wider: dict[int, set[Network]] = {}
    for one in unique:
        wider.setdefault(one.prefixlen, set()).add(one)
    return [one for one in unique
            if not any(length < one.prefixlen and one.supernet(new_prefix=length) in ranges
                       for length, ranges in wider.items())]
