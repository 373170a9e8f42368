"""The public IP address of a host: its own, or one that somebody made, which is never changed."""

from __future__ import annotations

from collections.abc import Iterator

from azext_dockervm.advice import network_commands, option_values
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import public_ip
from azext_dockervm.body.resource import Resource
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import Conflict, InvalidValue
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import filling
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.named import Named


def _read(azure: Azure, spec: HostSpec, _found: Found) -> Resource | None:
    named = spec.public_ip
    if named is None:
        return None
    found = azure.get(kinds.PUBLIC_IP, named.group_or(spec.group), named.name, subscription=named.subscription)
    if found is None and named.is_id:
        raise InvalidValue(f"--public-ip-address: there is no public IP address '{named}'.",
                           network_commands.list_addresses(spec))
    return found


ADDRESS = filling("public_ip", _read, lambda spec, _found: spec.public_ip is not None)


def check(spec: HostSpec, found: Found) -> None:
    """Of a host that is to be made, the address that was named and is somebody's."""
    address = found.public_ip
    if found.vm is not None or address is None or found.interfaces or not is_theirs(spec, address):
        return
    name, region = address["name"], region_of(address)
    problem = public_ip.why_unusable(address) or _why_not_here(found, address)
    if problem:
        raise Conflict(f"--public-ip-address: the public IP address '{name}' can't be used: {problem}. It was left as "
                       "it is.", network_commands.list_addresses(spec))
    if region != spec.location:
        raise Conflict(f"--public-ip-address: the public IP address '{name}' is in {region}, and the host is to be in "
                       f"{spec.location}.", option_values.example("-l", region))
    label, wanted = public_ip.label_of(address), spec.network.dns_label
    if wanted and label != wanted:
        has = f"has the DNS label '{label}'" if label else "has no DNS label"
        raise Conflict(f"--public-ip-address-dns-name: the public IP address '{name}' {has}, not '{wanted}', and one "
                       "that is there is not changed.", (
                           "To give it that label: " + network_commands.label_address(
                               spec, names.id_parts(address["id"])[0], name, wanted),
                           option_values.leave_out("--public-ip-address-dns-name")))
    if "idle_timeout" in spec.given and public_ip.idle_timeout(address) != spec.network.idle_timeout:
        raise Conflict(f"--idle-timeout: the public IP address '{name}' has {public_ip.idle_timeout(address)} minutes, "
                       "and one that is there is not changed.", (
                           f"To change it: {_set_idle_timeout(spec, address, spec.network.idle_timeout)}",
                           option_values.leave_out("--idle-timeout")))


def remarks(spec: HostSpec, found: Found) -> Iterator[str]:
    """Of a host that is to be made: an address of somebody's with Azure's own idle time-out."""
    address = found.public_ip
    if found.vm is not None or address is None or found.interfaces or not is_theirs(spec, address):
        return
    has = public_ip.idle_timeout(address)
    if has < spec.network.idle_timeout:
        yield (f"--public-ip-address: Azure drops connections to '{address['name']}' after {has} minutes without "
               "traffic, and an address that is there is not changed.\nTo change it: "
               f"{_set_idle_timeout(spec, address, spec.network.idle_timeout)}")


def _set_idle_timeout(spec: HostSpec, address: Resource, minutes: int) -> str:
    return network_commands.set_idle_timeout(spec, names.id_parts(address["id"])[0], address["name"], minutes)


def is_theirs(spec: HostSpec, address: Resource) -> bool:
    """Whether somebody has named it, and no create of this host has made it."""
    return isinstance(spec.network.public_ip, Named) and not names.is_of_host(address, spec.name)


def _why_not_here(found: Found, address: Resource) -> str | None:
    used = public_ip.user(address)
    if used:
        interface = (found.network_interface or {}).get("id", "")
        by = public_ip.interface_id(address) or used
        if by.lower() != interface.lower():
            return f"'{names.id_parts(by)[1]}' uses it"
    if found.group and names.subscription_of(address["id"]).lower() != names.subscription_of(found.group["id"]).lower():
        return "it is in another subscription than the host"
    return None
