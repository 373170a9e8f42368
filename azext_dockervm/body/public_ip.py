"""The public IP address of a host, and the name that goes with it."""

from __future__ import annotations

from azext_dockervm.body.placement import zones
from azext_dockervm.body.resource import Resource, whole
from azext_dockervm.spec.host import HostSpec


def body(spec: HostSpec, run_id: str, label: str) -> Resource:
    """Standard and static: Basic ones are gone since 2025-03-31, and the certificate names the address."""
    return {"location": spec.location, **zones(spec), "tags": spec.part_tags(run_id), "sku": {"name": "Standard"},
            "properties": {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4",
                           "dnsSettings": {"domainNameLabel": label}}}


def with_label(existing: Resource, label: str) -> Resource:
    settings = existing["properties"].get("dnsSettings") or {}
    return whole(existing, dnsSettings={**settings, "domainNameLabel": label})


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


def interface_id(public_ip: Resource | None) -> str | None:
    """Of the network interface, or whatever it is, that the address belongs to."""
    configuration = ((public_ip or {}).get("properties") or {}).get("ipConfiguration") or {}
    used: str = configuration.get("id") or ""
    return used.rpartition("/")[0].rpartition("/")[0] or None      # without /ipConfigurations/NAME


def _dns_settings(public_ip: Resource | None) -> Resource:
    return ((public_ip or {}).get("properties") or {}).get("dnsSettings") or {}
