"""Address prefixes of virtual networks and their subnets: Azure's rules, what overlaps, what is free. IPv4 only, as the
hosts' network is."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from azext_dockervm.advice.option_values import example
from azext_dockervm.azure import names
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable

Prefix = ipaddress.IPv4Network

# https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq: what no network can have, and sizes.
NEVER = tuple(map(Prefix, ("224.0.0.0/4", "255.255.255.255/32", "127.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32")))
WIDEST, NARROWEST = 2, 29
# The first four addresses of a subnet and its last one are Azure's.
KEPT_AT_THE_BEGINNING, KEPT_AT_THE_END = 4, 1
# Of a free prefix that is offered: 251 hosts.
OFFERED_LENGTH = 24


def check_prefix(text: str, option: str) -> str:
    """A prefix in its normal form, which a network or a subnet can have. It need not be a private one (RFC 1918)."""
    try:
        prefix = Prefix(text)
    except ValueError as error:
        meant = _with_host_bits(text)
        if meant is not None:
            raise InvalidValue(f"{option}: '{printable(text)}' is an address within a range; the range is {meant}.",
                               example(option, meant)) from error
        raise InvalidValue(f"{option}: '{printable(text)}' is not an IPv4 range such as 10.1.0.0/16.",
                           example(option, "10.1.0.0/16")) from error
    if not WIDEST <= prefix.prefixlen <= NARROWEST:
        raise InvalidValue(f"{option}: Azure takes ranges from /{WIDEST} to /{NARROWEST}, not '{printable(text)}'.",
                           example(option, "10.1.0.0/16"))
    never = next((one for one in NEVER if one.overlaps(prefix)), None)
    if never is not None:
        raise InvalidValue(f"{option}: '{prefix}' overlaps {never}, which no virtual network can have.",
                           example(option, "10.1.0.0/16"))
    return str(prefix)


def _with_host_bits(text: str) -> Prefix | None:
    try:
        return Prefix(text, strict=False) if "/" in text else None
    except ValueError:
        return None


def check_private_address(text: str) -> str:
    """One IPv4 address, which a host could have in some subnet."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError as error:
        raise InvalidValue(f"--private-ip-address: '{printable(text)}' is not an IPv4 address such as 10.0.0.10.",
                           example("--private-ip-address", "10.0.0.10")) from error
    if any(address in one for one in NEVER) or not int(address):
        raise InvalidValue(f"--private-ip-address: no host can have '{address}'.",
                           example("--private-ip-address", "10.0.0.10"))
    return str(address)


def planned(network_prefix: str | None, subnet_prefix: str | None) -> tuple[str, str]:
    """The prefixes of a network that is to be made, and of its subnet: what was typed, else the usual ones, which fit.

    Raises ``InvalidValue`` for a subnet that does not lie in its network.
    """
    whole = Prefix(network_prefix or names.VNET_PREFIX)
    usual = Prefix(names.SUBNET_PREFIX)
    if subnet_prefix is None:
        inner = usual if network_prefix is None else Prefix((whole.network_address, max(
            whole.prefixlen, usual.prefixlen)))
        return str(whole), str(inner)
    inner = Prefix(subnet_prefix)
    if not inner.subnet_of(whole):
        typed = f"'{whole}' of --vnet-address-prefix" if network_prefix else f"{whole}, which a new network has"
        wider = inner.supernet(new_prefix=min(inner.prefixlen, 16))
        raise InvalidValue(f"--subnet-address-prefix: '{inner}' does not lie in {typed}.",
                           example("--vnet-address-prefix", wider))
    return str(whole), str(inner)


def check_address_in(address: str, subnet_prefixes: Sequence[str]) -> None:
    """Raises ``InvalidValue`` for an address that no host can have in a subnet of these prefixes."""
    wanted = ipaddress.IPv4Address(address)
    home = next((one for one in map(Prefix, subnet_prefixes) if wanted in one), None)
    first = Prefix(subnet_prefixes[0])
    advice = example("--private-ip-address", first.network_address + KEPT_AT_THE_BEGINNING)
    if home is None:
        raise InvalidValue(f"--private-ip-address: {address} does not lie in the subnet's "
                           f"{', '.join(subnet_prefixes)}.", advice)
    number = int(wanted) - int(home.network_address)
    if number < KEPT_AT_THE_BEGINNING or number >= home.num_addresses - KEPT_AT_THE_END:
        raise InvalidValue(f"--private-ip-address: {address} is Azure's: of each subnet, here {home}, it keeps the "
                           "first four addresses and the last one.", advice)


def overlapping(prefix: str, others: Iterable[str]) -> str | None:
    """One of the others that has addresses of ``prefix``."""
    return next((one for one in ipv4(others) if Prefix(one).overlaps(Prefix(prefix))), None)


def lies_in(prefix: str, wholes: Iterable[str]) -> bool:
    return any(Prefix(prefix).subnet_of(Prefix(one)) for one in ipv4(wholes))


def free(wholes: Iterable[str], taken: Iterable[str], length: int = OFFERED_LENGTH) -> str | None:
    """The first prefix of that length, or of a narrower one where there is none, that lies in one of the ``wholes`` and
    overlaps nothing that is taken; None where all is taken."""
    spaces, used = [Prefix(one) for one in ipv4(wholes)], [Prefix(one) for one in ipv4(taken)]
    for wanted in range(max(length, WIDEST), NARROWEST + 1):
        found = next(filter(None, (_free_in(space, used, wanted) for space in spaces)), None)
        if found is not None:
            return str(found)
    return None


def _free_in(space: Prefix, used: list[Prefix], length: int) -> Prefix | None:
    """Past each one that is in the way; so a wide space with few subnets costs a few steps."""
    if length < space.prefixlen:
        return None
    size, at = 1 << (32 - length), int(space.network_address)
    while at + size <= int(space.broadcast_address) + 1:
        candidate = Prefix((at, length))
        in_the_way = [one for one in used if one.overlaps(candidate)]
        if not in_the_way:
            return candidate
        last = max(int(one.broadcast_address) for one in in_the_way)
        at = -(-(last + 1) // size) * size
    return None


def ipv4(prefixes: Iterable[str]) -> list[str]:
    """A network may have IPv6 ranges too."""
    return [one for one in prefixes if ":" not in one]
