"""The public IP address of a host, and the name that goes with it."""

from __future__ import annotations

from typing import Any

from azext_dockervm.body.placement import zones
from azext_dockervm.body.resource import Resource, whole
from azext_dockervm.spec.host import HostSpec


def body(spec: HostSpec, run_id: str, label: str) -> Resource:
    """Standard and static: Basic ones are gone since 2025-03-31, and the certificate names the address."""
    return {"location": spec.location, **zones(spec), "tags": spec.part_tags(run_id), "sku": {"name": "Standard"},
            "properties": {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4",
                           "idleTimeoutInMinutes": spec.network.idle_timeout,
                           "dnsSettings": {"domainNameLabel": label}}}


def changed(spec: HostSpec, existing: Resource, label: str | None = None) -> Resource | None:
    """The address that is there with ``label``, unless that is None, and with the idle time-out, unless it was not
    typed: an address of an earlier version, which has Azure's own, is not changed unasked. None where nothing of it
    changes."""
    changes: dict[str, Any] = {}
    if label is not None:
        changes["dnsSettings"] = {**_dns_settings(existing), "domainNameLabel": label}
    if "idle_timeout" in spec.given and idle_timeout(existing) != spec.network.idle_timeout:
        changes["idleTimeoutInMinutes"] = spec.network.idle_timeout
    return whole(existing, **changes) if changes else None


def idle_timeout(public_ip: Resource) -> int:
    """In minutes; 4 where Azure does not say otherwise."""
    return (public_ip.get("properties") or {}).get("idleTimeoutInMinutes") or 4


def label_of(public_ip: Resource | None) -> str | None:
    return _dns_settings(public_ip).get("domainNameLabel")


def fqdn(public_ip: Resource) -> str:
    """The name that ARM returned; never one put together here, since every cloud has its own suffix."""
    name: str = public_ip["properties"]["dnsSettings"]["fqdn"]
    return name


def endpoint(public_ip: Resource) -> str:
    """By which who stands behind it is known: its name, else the address."""
    return fqdn_if_any(public_ip) or public_ip["properties"]["ipAddress"]


def fqdn_if_any(public_ip: Resource | None) -> str | None:
    return _dns_settings(public_ip).get("fqdn")


def address_if_any(public_ip: Resource | None) -> str | None:
    """None also in the first answer to a PUT."""
    return ((public_ip or {}).get("properties") or {}).get("ipAddress")


def why_unusable(public_ip: Resource) -> str | None:
    """Why a host can't be known by an address that somebody made; None where nothing speaks against it."""
    properties, sku = public_ip["properties"], public_ip.get("sku") or {}
    name = sku.get("name") or "Basic"
    if name.lower() != "standard":      # Basic ones are given up, StandardV2 is for NAT gateways
        return f"it is of the SKU {name}, and a host needs a Standard one"
    if (sku.get("tier") or "Regional").lower() != "regional":
        return "it is of the tier Global, which is for load balancers only"
    if (properties.get("publicIPAddressVersion") or "IPv4") != "IPv4":
        return "it is an IPv6 address, and a host needs an IPv4 one"
    if (properties.get("publicIPAllocationMethod") or "").lower() != "static":
        return "it is allocated dynamically: Azure may give the host another address, which its certificate won't name"
    if properties.get("natGateway"):
        return f"the NAT gateway '{properties['natGateway']['id'].rpartition('/')[2]}' uses it"
    return None


def user(public_ip: Resource | None) -> str | None:
    """The id of the IP configuration that uses it, of an interface or of something else."""
    return (((public_ip or {}).get("properties") or {}).get("ipConfiguration") or {}).get("id")


def interface_id(public_ip: Resource | None) -> str | None:
    """Of the network interface, or whatever it is, that the address belongs to."""
    configuration = ((public_ip or {}).get("properties") or {}).get("ipConfiguration") or {}
    used: str = configuration.get("id") or ""
    return used.rpartition("/")[0].rpartition("/")[0] or None      # without /ipConfigurations/NAME


def _dns_settings(public_ip: Resource | None) -> Resource:
    return ((public_ip or {}).get("properties") or {}).get("dnsSettings") or {}
