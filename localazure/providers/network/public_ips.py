"""Public IP addresses and their DNS labels."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids, locations, reserved_names
from localazure.protocol.errors import network_error, reference_not_found
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import kinds
from localazure.providers.common import spelled
from localazure.providers.model import READ_ONLY, REFERENCE, NotHere, enum, named, obj
from localazure.providers.network import bodies, machine_updates, model, network, references
from localazure.store.resources import Resource

KIND = kinds.PUBLIC_IP
_PACE = network.Pace(retry_after=3, duration=3)
_LABEL = re.compile(r"^[a-z][a-z0-9-]{1,61}[a-z0-9]$")
_MIGRATION = NotHere("Migration", "migrations of public addresses")
_MODEL = model.resource(
    "PublicIPAddress",
    obj(
        "PublicIPAddressPropertiesFormat",
        **named("publicIPAllocationMethod publicIPAddressVersion", str),
        idleTimeoutInMinutes=int,
        dnsSettings=obj(
            "PublicIPAddressDnsSettings", **named("domainNameLabel reverseFqdn", str), fqdn=READ_ONLY,
            domainNameLabelScope=enum(
                "DomainNameLabelScope", "TenantReuse SubscriptionReuse ResourceGroupReuse NoReuse"
            ),
        ),
        ipTags=[obj(
            "IpTag", **named("ipTagType tag", str),
            firstPartyServiceTagId=NotHere("FirstPartyServiceTag", "service tags of Microsoft's own"),
        )],
        publicIPPrefix=REFERENCE,
        ddosSettings=obj(
            "DdosSettings", protectionMode=str, ddosProtectionPlan=REFERENCE,
            ddosCustomPolicy=NotHere("DdosCustomPolicy", "DDoS policies of one's own"),
        ),
        **named("servicePublicIPAddress linkedPublicIPAddress migrationPhase", _MIGRATION),
        natGateway=REFERENCE,
        deleteOption=NotHere("DeleteOption", "deleteOption of an address itself: its IP configuration has one"),
        **named("ipAddress ipConfiguration resourceGuid provisioningState upgradedToV2", READ_ONLY),
    ),
    sku=obj("PublicIPAddressSku", **named("name tier", str)),
    zones=[str],
)  # fmt: skip


def routes() -> list[Route]:
    check = "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/CheckDnsNameAvailability"
    return [
        *network.standard_routes(KIND, "publicip", bodies.public_ip_body, put, delete, expanded),
        Route("GET", check, check_dns_name, "Microsoft.Network/locations"),
    ]


def expanded(cloud: Cloud, request: Request, public_ip: Resource) -> dict[str, Any]:
    """With the IP configuration that uses it in full, as `$expand=ipConfiguration` asks."""
    body = bodies.public_ip_body(cloud, public_ip)
    for nic in cloud.store.referrers(public_ip.id, kinds.NIC):
        for one in bodies.nic_body(cloud, nic)["properties"]["ipConfigurations"]:
            if one["id"] == body["properties"].get("ipConfiguration", {}).get("id"):
                body["properties"]["ipConfiguration"] = one
    return body


def _fqdn(cloud: Cloud, label: str, location: str) -> str:
    return f"{label}.{location}.cloudapp.{cloud.settings.suffix}"


def _scoped(cloud: Cloud, identifier: ids.ResourceId, label: str, scope: str) -> str:
    """A label with the hash of whom it is kept for: that scope alone gets the same name again. NoReuse: nobody does.

    The service's own hash is not public; this one has its length and signs.
    """
    owner = {
        "TenantReuse": cloud.settings.tenant, "SubscriptionReuse": cloud.settings.subscription,
        "ResourceGroupReuse": f"{cloud.settings.subscription}/{identifier.group}".lower(), "NoReuse": uuid.uuid4().hex,
    }[scope]  # fmt: skip
    digest = hashlib.sha256(f"{label}/{owner}".encode()).digest()[:10]
    return f"{label}.{base64.b32hexencode(digest).decode().lower()}"


def _label_user(cloud: Cloud, fqdn: str) -> Resource | None:
    for one in cloud.store.of_type(KIND):
        if _dns_settings(one).get("fqdn") == fqdn:
            return one
    return None


def _dns_settings(public_ip: Resource | None) -> dict[str, Any]:
    return (public_ip.properties.get("dnsSettings") if public_ip else None) or {}


def _dns(
    cloud: Cloud, identifier: ids.ResourceId, location: str, given: dict[str, Any] | None
) -> dict[str, Any] | None:
    label = (given or {}).get("domainNameLabel")
    if not label:
        return None
    _check_label(label)
    scope = (given or {}).get("domainNameLabelScope")
    before = _dns_settings(cloud.store.get(identifier))
    if scope and (before.get("domainNameLabel"), before.get("domainNameLabelScope")) == (label, scope):
        fqdn = before["fqdn"]
    else:
        fqdn = _fqdn(cloud, _scoped(cloud, identifier, label, scope) if scope else label, location)
    user = _label_user(cloud, fqdn)
    if user is not None and ids.key(user.id) != ids.key(identifier):
        message = f"DNS record {fqdn} is already used by another public IP."
        raise network_error(400, "DnsRecordInUse", message)
    settings = {"domainNameLabel": label, **({"domainNameLabelScope": scope} if scope else {}), "fqdn": fqdn}
    if (given or {}).get("reverseFqdn"):
        settings["reverseFqdn"] = (given or {})["reverseFqdn"]
    return settings


def _check_label(label: str) -> None:
    if not _LABEL.fullmatch(label):
        raise network_error(
            400,
            "InvalidDomainNameLabel",
            f"The domain name label {label} is invalid. It must conform to the following regular expression: "
            f"{_LABEL.pattern}.",
        )
    reserved_names.refuse_label(label)


def _sku(identifier: ids.ResourceId, body: dict[str, Any], method: str, before: Resource | None) -> dict[str, str]:
    name = (body.get("sku") or {}).get("name") or (before.extra["sku"]["name"] if before else "Basic")
    tier = (body.get("sku") or {}).get("tier") or "Regional"
    known = spelled(name, ("Basic", "Standard"))
    if known is None:
        message = f"The public IP SKU '{name}' is not known. Allowed values are Basic, Standard."
        raise network_error(400, "InvalidPublicIpSku", message)
    if known == "Basic":
        # Since 2025-03-31 no new ones are made; here, where all are new, there are none.
        message = "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region."
        raise network_error(400, "IPv4BasicSkuPublicIpCountLimitReached", message)
    if method == "Dynamic":
        message = f"Standard sku publicIp {identifier} must have AllocationMethod set to Static."
        raise network_error(400, "StandardSkuPublicIPAddressesMustBeStatic", message)
    if tier.lower() != "regional":
        message = "Local Azure's public addresses are regional."
        raise network_error(400, "GlobalTierNotSupportedByLocalAzure", message)
    return {"name": known, "tier": "Regional"}


def _method(given: dict[str, Any]) -> str:
    value = given.get("publicIPAllocationMethod") or "Dynamic"
    known = spelled(value, ("Static", "Dynamic"))
    if known is None:
        raise network_error(
            400, "InvalidRequestFormat", f"Cannot parse the request: publicIPAllocationMethod '{value}'."
        )
    return known


def _protection(identifier: ids.ResourceId, given: dict[str, Any]) -> dict[str, str]:
    """How the address is protected from floods: as said, which has no effect here."""
    settings = given.get("ddosSettings") or {}
    plan = network.reference(settings.get("ddosProtectionPlan"), "properties.ddosSettings.ddosProtectionPlan")
    if plan:
        raise reference_not_found(plan, str(identifier))
    modes = ("VirtualNetworkInherited", "Enabled", "Disabled")
    value = settings.get("protectionMode") or modes[0]
    known = spelled(value, modes)
    if known is None:
        message = f"Cannot parse the request: protectionMode '{value}'. Allowed values are {', '.join(modes)}."
        raise network_error(400, "InvalidRequestFormat", message)
    return {"protectionMode": known}


def _zones(identifier: ids.ResourceId, body: dict[str, Any], before: Resource | None) -> dict[str, Any]:
    """The top-level member `zones`, which stays as it was at first."""
    given = body.get("zones") or []
    if before is None:
        return {"zones": given} if given else {}
    kept = before.extra.get("zones")
    if given and sorted(given) != sorted(kept or []):
        raise network_error(
            400,
            "ResourceAvailabilityZonesCannotBeModified",
            f"Resource {identifier} has an existing availability zone constraint {', '.join(kept or []) or 'none'} and "
            f"the request has availability zone constraint {', '.join(given)}, which do not match. Zones "
            "cannot be added/updated/removed once the resource is created. The resource cannot be updated from "
            "regional to zonal or vice-versa.",
        )
    return {"zones": kept} if kept else {}


def _check_gateway(
    cloud: Cloud, identifier: ids.ResourceId, given: dict[str, Any], found: Resource | None
) -> None:
    """Whoever writes what was read names the gateway that has the address; it is given one from the gateway's side."""
    named = network.reference(given.get("natGateway"), "properties.natGateway")
    has = references.gateway_of_public_ip(cloud, found) if found else None
    if named and (has is None or ids.key(named) != ids.key(has)):
        message = f"{identifier} gets a NAT gateway here by the gateway's publicIpAddresses, not by its own natGateway."
        raise network_error(400, "NatGatewayOfAddressNotSupportedByLocalAzure", message)


def put(cloud: Cloud, request: Request) -> Reply:
    request = model.read(request, _MODEL)
    identifier, location, tags, given, found = network.read_put(cloud, request, KIND, "publicip")
    method = _method(given)
    sku = _sku(identifier, request.body, method, found)
    if (given.get("publicIPAddressVersion") or "IPv4").lower() != "ipv4":
        message = "Local Azure hands out IPv4 addresses only."
        raise network_error(400, "IPv6NotSupportedByLocalAzure", message)
    idle = given.get("idleTimeoutInMinutes") or 4
    if not 4 <= idle <= 30:
        message = f"The idle timeout {idle} of {identifier} is invalid. Allowed range is 4-30 minutes."
        raise network_error(400, "PublicIPAddressIdleTimeoutIsInvalid", message)
    prefix = network.reference(given.get("publicIPPrefix"), "properties.publicIPPrefix")
    if prefix:
        raise reference_not_found(prefix, str(identifier))
    _check_gateway(cloud, identifier, given, found)
    dns = _dns(cloud, identifier, location, given.get("dnsSettings"))
    if found is None and len(cloud.store.of_type(KIND)) >= len(cloud.platform.public_pool):
        limit = len(cloud.platform.public_pool)
        message = f"Cannot create more than {limit} public IP addresses for this subscription in this region."
        raise network_error(400, "PublicIPCountLimitReached", message)
    network.refuse_if_going(cloud, identifier)
    properties: dict[str, Any] = {
        "resourceGuid": network.guid(found),
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": method,
        "idleTimeoutInMinutes": idle,
        "ipTags": given.get("ipTags") or [],
        "ddosSettings": _protection(identifier, given),
    }
    if dns:
        properties["dnsSettings"] = dns
    if found and found.properties.get("ipAddress"):
        properties["ipAddress"] = found.properties["ipAddress"]
    extra = {"sku": sku, **_zones(identifier, request.body, found)}
    public_ip = Resource(identifier, location, tags, properties, extra)
    return network.write(
        cloud, request, public_ip, _PACE, bodies.public_ip_body, lambda: apply(cloud, identifier), is_new=found is None
    )


async def apply(cloud: Cloud, identifier: ids.ResourceId) -> None:
    """Give it an address, which the first answer does not have yet, and bring its machine in line."""
    public_ip = cloud.store.get(identifier)
    if public_ip is None:
        return
    if "ipAddress" not in public_ip.properties:
        taken = {one.properties.get("ipAddress") for one in cloud.store.of_type(KIND)}
        free = next((address for address in cloud.platform.public_pool if address not in taken), None)
        if free is None:
            raise network_error(400, "PublicIPCountLimitReached", "No public IP address is free.")
        public_ip.properties = {**public_ip.properties, "ipAddress": free}
        cloud.store.put(public_ip)
    await machine_updates.sync_nics(cloud, cloud.store.referrers(identifier, kinds.NIC))


def delete(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "publicip")

    def check(public_ip: Resource) -> None:
        user = references.user_of_public_ip(cloud, public_ip) or references.gateway_of_public_ip(cloud, public_ip)
        if user:
            raise network_error(
                400,
                "PublicIPAddressCannotBeDeleted",
                f"Public IP address {public_ip.id} can not be deleted since it is still allocated to resource {user}. "
                "In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To "
                "learn how to do this, see aka.ms/deletepublicip.",
            )

    async def effect() -> None:
        cloud.store.delete(identifier)

    return network.remove(cloud, request, identifier, check, effect)


def check_dns_name(cloud: Cloud, request: Request) -> Reply:
    """Whether a label is free in a region."""
    location = locations.in_path(request.params["location"], "Microsoft.Network/locations", request.api_version)
    label = request.query.get("domainnamelabel", "")
    _check_label(label)
    return Reply(200, {"available": _label_user(cloud, _fqdn(cloud, label, location)) is None})
