"""``me`` in --sources: this computer's public address, asked for beside the reads of the second round."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator

from azext_dockervm.advice import network_commands, option_values
from azext_dockervm.azure import names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import security_group
from azext_dockervm.client import cloud_shell, own_address
from azext_dockervm.errors import InvalidValue
from azext_dockervm.preflight.found import Found, Seen
from azext_dockervm.preflight.look import filling
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.sources import ME, with_address

_OPTIONS = {"sources": "--sources", "open_ports_sources": "--open-ports-sources"}


def is_meant(spec: HostSpec) -> bool:
    return ME in (*spec.network.sources, *(spec.network.open_ports_sources or ()))


def is_typed(spec: HostSpec) -> bool:
    return bool(spec.given.keys() & _OPTIONS.keys())


def _read(azure: Azure, spec: HostSpec, _found: Found) -> Seen | InvalidValue:
    echo = spec.network.echo
    if not echo:
        return InvalidValue("no echo service may be asked (dockervm.echo=none).", option_values.ANY_ECHO)
    try:
        address = own_address.ask(echo, azure.deadline)
    except InvalidValue as error:
        return error
    return Seen(address, azure.login_address(), own_address.by_proxy(echo))


OWN_ADDRESS = filling("own_address", _read, lambda spec, _found: is_meant(spec))


def settled(spec: HostSpec, found: Found) -> HostSpec:
    """The spec with the address in the place of ``ME``. Raises ``InvalidValue`` where it is not known and needed."""
    if not is_meant(spec):
        return spec
    network, seen = spec.network, found.own_address
    if isinstance(seen, Seen):
        others = network.open_ports_sources
        return spec.having({
            "network.sources": with_address(network.sources, seen.address), "network.own_address": seen.address,
            **({} if others is None else {"network.open_ports_sources": with_address(others, seen.address)})})
    has = security_group.sources_of(spec, found.security_group, names.DOCKER_RULE)
    if found.vm is not None and not is_typed(spec) and ME not in has:
        return spec.having({"network.sources": has})    # an existing host keeps whom it lets in
    option = next(word for name, word in _OPTIONS.items() if ME in (getattr(network, f"{name}") or ()))
    raise InvalidValue(f"{option}: the address for 'me' is not known: {seen.message if seen else 'nobody was asked'}",
                       (f"To name the address yourself: {network_commands.name_own_address(spec, _others(spec))}",
                        *(seen.recommendations if seen else ())))


def _others(spec: HostSpec) -> list[str]:
    """Who may reach Docker besides this computer."""
    return [one for one in spec.network.sources if one not in (ME, spec.network.own_address)]


def remarks(spec: HostSpec, found: Found) -> Iterator[str]:
    """Where the address may not be the one that Azure sees."""
    seen = found.own_address
    if not isinstance(seen, Seen) or (found.vm is not None and not is_typed(spec)):
        return
    if cloud_shell.is_here(os.environ):
        yield (f"{seen.address} is the address of this Cloud Shell session, not of your own computer, and the next "
               "session has another one.")
    if seen.by_proxy:
        yield (f"{seen.address} may be a proxy's address: {spec.network.echo} was asked through a proxy of the "
               "environment, and the docker client uses none.")
    if seen.by_login and seen.by_login != seen.address and own_address.is_public(
            ipaddress.IPv4Address(seen.by_login)):
        yield (f"This computer has two public addresses: {spec.network.echo} sees {seen.address}, and az's login came "
               f"from {seen.by_login}. Only {seen.address} may reach the host.\nTo let in both: "
               f"{network_commands.name_own_address(spec, _others(spec), seen.address, seen.by_login)}")
