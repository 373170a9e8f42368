"""Whom the certificate of a host's engine names: told before anything is made, and taken over from an earlier one."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from azext_dockervm.azure import names as azure_names
from azext_dockervm.body import network_interface, public_ip
from azext_dockervm.certs.identity import ServerIdentity, parse_name
from azext_dockervm.certs.records import certified_names, further_names, signed_last
from azext_dockervm.errors import InvalidValue
from azext_dockervm.flow.request import Ref
from azext_dockervm.host.making import NETWORK_INTERFACE, PUBLIC_IP, Making


def server_names(making: Making) -> tuple[str, ...]:
    """Its names, then its addresses. What Azure has yet to give stands in angle brackets; of a DNS name that is the
    domain, since every cloud has its own."""
    spec, found = making.spec, making.found
    address = found.public_ip
    fqdn, public = public_ip.fqdn_if_any(address), public_ip.address_if_any(address)
    private = network_interface.private_address_if_any(found.network_interface) or spec.network.private_address
    names: list[str] = []
    addresses: list[str] = []
    if making.makes_address and not fqdn:
        names.append(f"{public_ip.label_of(address) or found.dns.name}.<{PUBLIC_IP}: domain>")
    if making.has_address and not public:
        addresses.append(str(Ref(PUBLIC_IP, "properties", "ipAddress")))
    if not private:
        addresses.append(str(Ref(NETWORK_INTERFACE, via=network_interface.private_address)))
    known = ServerIdentity.for_host(fqdn, public, private, spec.engine.tls_names)
    return (*names, *known.dns_names, *addresses, *map(str, known.addresses))


def taken_over(certificates: Iterable[bytes | None], fqdn: str | None) -> tuple[str, ...]:
    """The further names of the next certificate, from that of ``certificates`` which was signed last: what the folder
    has recorded, what the host presents. Its wildcards are left out, and what lies below the cloud's own DNS suffix:
    these would speak for hosts of others. ``fqdn`` is the host's own name by Azure's word, None where it has none."""
    last = signed_last(certificates)
    return () if last is None else tuple(one for one in further_names(last) if not speaks_for_others(one, fqdn))


def speaks_for_others(name: str, fqdn: str | None) -> bool:
    """Whether a further name is a wildcard, or is given to some host by the cloud itself."""
    # LABEL.REGION.SUFFIX
    own = [fqdn.lower().split(".", 2)[-1]] if fqdn and fqdn.count(".") > 2 else []
    return name.startswith("*.") or azure_names.is_below(name, [*azure_names.DNS_SUFFIXES, *own])


def not_taken(noted: Iterable[str], certificate: bytes | None, taken: Iterable[str]) -> tuple[str, ...]:
    """What a tag notes as further names, is a name, and is neither ``taken`` nor in ``certificate``, the last one."""
    known = {*taken, *(certified_names(certificate) if certificate else ())}
    found: dict[str, None] = {}
    for one in noted:
        with suppress(InvalidValue):
            found[str(parse_name(one))] = None
    return tuple(one for one in found if one not in known)


def dropped(certificate: bytes | None, taken: Iterable[str]) -> tuple[str, ...]:
    """Further names of ``certificate`` that the next one will not have."""
    return tuple(one for one in further_names(certificate) if one not in {*taken}) if certificate else ()
