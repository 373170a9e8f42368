"""Whom the certificate of a host's engine will speak for, before anything is made."""

from __future__ import annotations

from azext_dockervm.body import network_interface, public_ip
from azext_dockervm.certs.identity import ServerIdentity
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
