"""The network interface of a host: its primary IP configuration and what hangs on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from azext_dockervm.body.resource import Resource, has_failed, whole
from azext_dockervm.flow.request import Ref
from azext_dockervm.spec.host import HostSpec

Id = str | Ref


def body(spec: HostSpec, run_id: str, *, subnet: Id, security_group: Id | None, public_ip: Id | None,
         address_stays: bool = False, asgs: Iterable[str] = ()) -> Resource:
    """``deleteOption`` lets the public address go with the interface, as the interface goes with the VM; one that
    somebody else made stays."""
    asked = spec.network
    static = {"privateIPAllocationMethod": "Static", "privateIPAddress": asked.private_address}
    configuration: dict[str, Any] = {
        "subnet": {"id": subnet}, **(static if asked.private_address else {"privateIPAllocationMethod": "Dynamic"}),
        "privateIPAddressVersion": "IPv4", "primary": True}
    if public_ip is not None:
        configuration["publicIPAddress"] = _staying(public_ip) if address_stays else _going_with_it(public_ip)
    groups = [{"id": one} for one in asgs]
    if groups:
        configuration["applicationSecurityGroups"] = groups
    guarded = {} if security_group is None else {"networkSecurityGroup": {"id": security_group}}
    accelerated = {} if asked.accelerated is None else {"enableAcceleratedNetworking": asked.accelerated}
    return {"location": spec.location, "tags": spec.part_tags(run_id), "properties": {
        **guarded, **accelerated,
        "ipConfigurations": [{"name": "ipconfig1", "properties": configuration}]}}


def mended(existing: Resource, *, security_group: Id | None, public_ip: Id | None) -> Resource | None:
    """The body that gives an interface the public address that it lacks, and a security group that was just made where
    it has none; None where it lacks nothing."""
    first = primary(existing)
    changes: dict[str, Any] = {}
    if public_ip is not None and not public_ip_id(existing):
        changed = {**first, "properties": {**first["properties"], "publicIPAddress": _going_with_it(public_ip)}}
        changes["ipConfigurations"] = [changed if one is first else one
                                       for one in existing["properties"]["ipConfigurations"]]
    if security_group and not security_group_id(existing):
        changes["networkSecurityGroup"] = {"id": security_group}
    return whole(existing, **changes) if changes or has_failed(existing) else None


def keeping(existing: Resource, own: str) -> Resource | None:
    """The body that lets public addresses other than ``own`` (an id) stay when the interface goes; None where they do
    anyhow."""
    def kept(configuration: Resource) -> Resource:
        address = configuration["properties"].get("publicIPAddress") or {}
        if _delete_option(address) != "Delete" or address["id"].lower() == own.lower():
            return configuration
        stays = {**address, "properties": {**address["properties"], "deleteOption": "Detach"}}
        return {**configuration, "properties": {**configuration["properties"], "publicIPAddress": stays}}

    before = existing["properties"]["ipConfigurations"]
    after = [kept(one) for one in before]
    return None if after == before else whole(existing, ipConfigurations=after)


def _delete_option(address: Resource) -> str | None:
    option: str | None = (address.get("properties") or {}).get("deleteOption")
    return option


def _going_with_it(public_ip: Id) -> Resource:
    return {"id": public_ip, "properties": {"deleteOption": "Delete"}}


def _staying(public_ip: Id) -> Resource:
    return {"id": public_ip, "properties": {"deleteOption": "Detach"}}


def primary(interface: Resource) -> Resource:
    """The primary IP configuration, on which a host stands; somebody may have added others, before it too."""
    configurations = interface["properties"]["ipConfigurations"]
    return next((one for one in configurations if one["properties"].get("primary")), configurations[0])


def subnet_id(interface: Resource) -> str | None:
    """None where the interface does not say it."""
    configurations = interface["properties"].get("ipConfigurations")
    return (primary(interface)["properties"].get("subnet") or {}).get("id") if configurations else None


def virtual_network_id(interface: Resource) -> str | None:
    return (subnet_id(interface) or "").rpartition("/subnets/")[0] or None


def public_ip_id(interface: Resource) -> str | None:
    if not interface["properties"].get("ipConfigurations"):
        return None
    return (primary(interface)["properties"].get("publicIPAddress") or {}).get("id")


def with_address(interface: Resource, address: Resource | None) -> Resource:
    """Its properties, with the public ``address`` whole in the primary configuration."""
    properties: Resource = interface["properties"]
    if address is None or not properties.get("ipConfigurations"):
        return properties
    first = primary(interface)
    changed = {**first, "properties": {**first["properties"], "publicIPAddress": address}}
    return {**properties, "ipConfigurations": [changed if one is first else one
                                               for one in properties["ipConfigurations"]]}


def public_address(interface: Resource) -> Resource | None:
    """Of the primary configuration, as the interface shows it."""
    found: Resource | None = primary(interface)["properties"].get("publicIPAddress")
    return found


def security_group_id(interface: Resource | None) -> str | None:
    return (((interface or {}).get("properties") or {}).get("networkSecurityGroup") or {}).get("id")


def application_groups(interface: Resource | None) -> frozenset[str]:
    """Ids of the application security groups that the primary configuration is in, in lower case."""
    configurations = ((interface or {}).get("properties") or {}).get("ipConfigurations")
    if interface is None or not configurations:
        return frozenset()
    return frozenset(one["id"].lower() for one in primary(interface)["properties"].get(
        "applicationSecurityGroups") or ())


def private_address(interface: Resource) -> str:
    address: str = primary(interface)["properties"]["privateIPAddress"]
    return address


def private_address_if_any(interface: Resource | None) -> str | None:
    configurations = ((interface or {}).get("properties") or {}).get("ipConfigurations")
    return primary(interface)["properties"].get("privateIPAddress") if interface and configurations else None


def vm_id(interface: Resource | None) -> str | None:
    """Of the VM that it belongs to."""
    return (((interface or {}).get("properties") or {}).get("virtualMachine") or {}).get("id")
