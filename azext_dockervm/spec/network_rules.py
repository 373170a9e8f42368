"""Rules for where in which network a host stands: names and ids of its parts, what of them can't be said together."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from azext_dockervm.advice.option_values import example, leave_out
from azext_dockervm.azure import type_names
from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.printable import printable
from azext_dockervm.spec.prefixes import check_address_in, lies_in
from azext_dockervm.spec.rules import resource_name_or_id
from azext_dockervm.spec.words import NO_PUBLIC_IP

if TYPE_CHECKING:
    from azext_dockervm.spec.named import Named
    from azext_dockervm.spec.network import Network

# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules, Microsoft.Network.
NETWORK_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?"
# Azure puts its own services into subnets of these names, and nothing else.
AZURES_SUBNETS = frozenset({"gatewaysubnet", "azurebastionsubnet", "azurefirewallsubnet", "routeserversubnet",
                            "azurefirewallmanagementsubnet"})
# Of a VM of any size; most take fewer, which Azure tells.
MOST_INTERFACES = 15


def check_virtual_network(text: str) -> Named:
    return _named(text, "--vnet-name", type_names.VIRTUAL_NETWORK, "corp")


def check_public_ip(text: str) -> Named | str:
    """``NO_PUBLIC_IP`` for an empty value."""
    return NO_PUBLIC_IP if text == NO_PUBLIC_IP else _named(text, "--public-ip-address", type_names.PUBLIC_IP, "web-ip")


def check_subnet(text: str) -> Named | str:
    """A name is one in --vnet-name; a whole id names its network too."""
    from azext_dockervm.spec.named import Named

    if "/" in text:
        found = resource_name_or_id(text, "--subnet", type_names.SUBNET)
    else:
        found = Named(type_names.SUBNET, (text,))
    _check_name(found.name, "--subnet", "hosts")
    if found.name.lower() in AZURES_SUBNETS:
        raise InvalidValue(f"--subnet: Azure keeps a subnet '{found.name}' for a service of its own.",
                           example("--subnet", "hosts"))
    return found if found.is_id else text


def check_interfaces(texts: Iterable[str]) -> tuple[Named, ...]:
    """The first one is the primary one."""
    found = tuple(_named(text, "--nics", type_names.NETWORK_INTERFACE, "nic1") for text in texts)
    twice = next((one for index, one in enumerate(found) if _is_among(one, found[:index])), None)
    if twice is not None:
        raise InvalidValue(f"--nics: '{twice.name}' is given twice.")
    if len(found) > MOST_INTERFACES:
        raise InvalidValue(f"--nics: {len(found)} network interfaces; no VM takes more than {MOST_INTERFACES}.")
    return found


def _is_among(named: Named, others: Iterable[Named]) -> bool:
    def key(one: Named) -> tuple[str, ...]:
        return tuple((part or "").lower() for part in (one.subscription, one.group, *one.names))

    return key(named) in map(key, others)


def _named(text: str, option: str, type_name: str, other: str) -> Named:
    found = resource_name_or_id(text, option, type_name)
    _check_name(found.name, option, other)
    return found


def _check_name(name: str, option: str, other: str) -> None:
    """An empty one, such as that of a variable that is not set, must not be taken for "left out"."""
    if not re.fullmatch(NETWORK_NAME, name):
        raise InvalidValue(f"{option}: '{printable(name)}' is not a valid name: use 1 to 80 letters, digits and any of "
                           "_ - . , begin with a letter or digit, and end with one or with '_'.",
                           example(option, other))


def parse_idle_timeout(text: str) -> int:
    """In minutes, as Azure has it for public addresses. The message names no option: the parser does that."""
    if not (re.fullmatch(r"\d{1,2}", text, re.ASCII) and 4 <= int(text) <= 30):
        raise InvalidValue(f"'{printable(text)}' is not a valid idle time-out; use a number of minutes from 4 to 30.")
    return int(text)


def check_network(network: Network, typed: Container[str] = ()) -> None:
    """What no option shows by itself; ``typed`` are the options that were typed, by az's names."""
    from azext_dockervm.spec.named import Named

    by_id = isinstance(network.subnet, Named)
    if by_id and network.virtual_network is not None:
        raise ConflictingArguments("--subnet and --vnet-name exclude each other where --subnet is an id: it names "
                                   "its network itself.", leave_out("--vnet-name"))
    if network.subnet is not None and not by_id and network.virtual_network is None:
        raise ConflictingArguments(f"--subnet: '{network.subnet}' is a name, and nothing says in which network.",
                                   example("--vnet-name", "corp"))
    if by_id and (network.subnet_prefix or network.network_prefix):
        option = "--subnet-address-prefix" if network.subnet_prefix else "--vnet-address-prefix"
        raise ConflictingArguments(f"{option} and --subnet exclude each other where --subnet is an id: that subnet is "
                                   "there already, and stays as it is.", leave_out(option))
    inner, outer = network.subnet_prefix, network.network_prefix
    if inner and outer and not lies_in(inner, [outer]):
        raise InvalidValue(f"--subnet-address-prefix: '{inner}' does not lie in '{outer}' of --vnet-address-prefix.",
                           example("--subnet-address-prefix", outer))
    if network.private_address and network.subnet_prefix:
        check_address_in(network.private_address, [network.subnet_prefix])
    if network.public_ip == NO_PUBLIC_IP and network.dns_label:
        raise ConflictingArguments("--public-ip-address-dns-name: the label is that of a public IP address, and "
                                   '--public-ip-address "" says that there is none.',
                                   leave_out("--public-ip-address-dns-name"))
    if network.public_ip == NO_PUBLIC_IP and "idle_timeout" in typed:
        raise ConflictingArguments("--idle-timeout: only a public IP address has one, and --public-ip-address \"\" "
                                   "says that there is none.", leave_out("--idle-timeout"))
