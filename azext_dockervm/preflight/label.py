"""The DNS label of a host: the one that was asked for, its name, or one derived from it."""

from __future__ import annotations

from azext_dockervm.advice import option_values
from azext_dockervm.azure import names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.reserved import HOLDS_A_RESERVED_WORD, RESERVED_LABEL
from azext_dockervm.body import network_interface, public_ip, virtual_machine
from azext_dockervm.errors import AzureRefused, InvalidValue
from azext_dockervm.preflight.found import Found, Label
from azext_dockervm.preflight.look import filling, unknown_if_forbidden
from azext_dockervm.spec.host import HostSpec


def _choose(azure: Azure, spec: HostSpec, found: Found) -> Label:
    kept = public_ip.label_of(found.public_ip)
    # The group's id begins with the subscription's: the same label for the same host, whoever creates it.
    derived = names.derived_dns_label(spec.name, (found.group or {}).get("id", ""))
    other = "" if spec.network.dns_label else derived
    if kept:
        return Label(kept, other)
    # An address that was lost is made again under the name that people and certificates know.
    known = (names.tag(found.vm, names.TAG_FQDN) or "").partition(".")[0]
    wanted = spec.network.dns_label or (known if names.is_dns_label(known) else spec.label)
    problem = _why_not(azure, spec.location or "", wanted) if wanted else None
    if wanted and problem is None:
        return Label(wanted, other)
    if spec.network.dns_label:
        raise InvalidValue(f"--public-ip-address-dns-name: '{spec.network.dns_label}' {problem} in {spec.location}.",
                           option_values.OTHER_DNS_LABEL)
    rule = "3 to 63 characters, beginning with a letter"
    reason = f"'{wanted}' {problem}" if wanted else f"'{spec.name}' is not a valid DNS label ({rule})"
    return Label(derived, other, reason)


def _why_not(azure: Azure, location: str, label: str) -> str | None:
    """Why a label can't be had; None where it can, or where that may not be asked."""
    try:
        free = unknown_if_forbidden(lambda: azure.label_is_free(location, label))()
    except AzureRefused as error:
        if error.code != RESERVED_LABEL:
            raise
        return HOLDS_A_RESERVED_WORD
    return "is taken" if free is False else None


def _has_its_own(spec: HostSpec, found: Found) -> bool:
    """Whether the host's address is one that a create makes, or mends."""
    ip, nic = found.public_ip, found.network_interface
    if found.interfaces or found.is_private:
        return False
    if ip is not None:
        return names.is_of_host(ip, spec.name)
    if found.vm is None:
        return spec.public_ip is not None
    if nic is None:     # another than its own is followed
        return not virtual_machine.interfaces(found.vm)
    hangs = network_interface.public_ip_id(nic)
    return names.is_of_host(nic, spec.name) and (
        hangs is None or names.id_parts(hangs)[1].lower() == names.public_ip(spec.name).lower())


LABEL = filling("dns", _choose, _has_its_own)
