"""A network interface's IP configurations: which subnet, private and public address and groups each has."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.protocol.errors import ArmError, network_error, reference_not_found
from localazure.providers import kinds
from localazure.providers.common import spelled
from localazure.providers.model import READ_ONLY, REFERENCE, NotHere, Obj, named, obj
from localazure.providers.network import address_plan, model, network, references, rules
from localazure.store.resources import Resource

MODEL = model.part(
    "NetworkInterfaceIPConfiguration",
    obj(
        "NetworkInterfaceIPConfigurationPropertiesFormat",
        **named("privateIPAddress privateIPAllocationMethod privateIPAddressVersion", str),
        privateIPAddressPrefixLength=NotHere("PrefixLength", "blocks of private addresses"),
        primary=bool,
        subnet=REFERENCE,
        publicIPAddress=Obj(
            "PublicIPAddress",
            {"id": str, "properties": Obj("PublicIPAddressPropertiesFormat", {"deleteOption": str}, loose=True)},
            loose=True,
        ),
        **named(
            "applicationSecurityGroups loadBalancerBackendAddressPools loadBalancerInboundNatRules "
            "applicationGatewayBackendAddressPools",
            [REFERENCE],
        ),
        gatewayLoadBalancer=NotHere("GatewayLoadBalancer", "gateway load balancers"),
        virtualNetworkTaps=NotHere("VirtualNetworkTap", "virtual network taps"),
        **named("privateLinkConnectionProperties provisioningState", READ_ONLY),
    ),
)
# Members that name resources of types which Local Azure has none of.
_UNSUPPORTED = (
    "loadBalancerBackendAddressPools", "loadBalancerInboundNatRules", "applicationGatewayBackendAddressPools",
)  # fmt: skip


def checked(
    cloud: Cloud, nic: ids.ResourceId, location: str, given: list[dict[str, Any]], found: Resource | None
) -> list[dict[str, Any]]:
    """The IP configurations as they are kept; raises ArmError for what the service would not take."""
    if not given:
        message = f"Network interface {nic} must have one or more IP configurations."
        raise network_error(400, "NetworkInterfaceMustHaveAtLeastOneIpConfiguration", message)
    _check_names(nic, given)
    primary = _primary(nic, given)
    before = {one["name"].lower(): one["properties"] for one in found.properties["ipConfigurations"]} if found else {}
    # Those that have an address already keep it, whatever the order: a new one gets what is left.
    chosen: dict[str, str] = {}
    for name, properties in before.items():
        if name in [one["name"].lower() for one in given]:
            chosen[f"{ids.key(properties['subnet']['id'])} {properties['privateIPAddress']}"] = name
    kept = []
    for at, one in enumerate(given):
        configuration = _Configuration(cloud, nic, location, at, one, before.get(one["name"].lower()))
        kept.append({"name": one["name"], "properties": configuration.kept(at == primary, chosen)})
    networks = {ids.key(ids.parse(one["properties"]["subnet"]["id"]).parent or "") for one in kept}
    if len(networks) > 1:
        message = f"All IP configurations of network interface {nic} must be in one virtual network."
        raise network_error(400, "IpConfigurationsOnSameNicCannotUseDifferentVnets", message)
    _check_groups(cloud, nic, kept)
    return kept


def _check_names(nic: ids.ResourceId, given: list[dict[str, Any]]) -> None:
    names = [one.get("name") or "" for one in given]
    for name in names:
        network.check_name(name)
    twice = next((one for at, one in enumerate(names) if one.lower() in map(str.lower, names[:at])), None)
    if twice is not None:
        message = f"Network interface {nic} has more than one IP configuration of the name {twice}."
        raise network_error(400, "DuplicateResourceName", message)


def _primary(nic: ids.ResourceId, given: list[dict[str, Any]]) -> int:
    """Which one is primary: a sole one always, of several the one that says so."""
    if len(given) == 1:
        return 0
    said = [at for at, one in enumerate(given) if (one.get("properties") or {}).get("primary")]
    if len(said) != 1:
        message = f"Network interface {nic} must have exactly one IP configuration that is primary; it has {len(said)}."
        raise network_error(400, "NetworkInterfaceMustHaveExactlyOnePrimaryIpConfiguration", message)
    return said[0]


class _Configuration:
    """One IP configuration of a request, checked against what is there; `before` are its properties so far."""

    def __init__(
        self, cloud: Cloud, nic: ids.ResourceId, location: str, at: int, given: dict[str, Any],
        before: dict[str, Any] | None,
    ) -> None:  # fmt: skip
        self.cloud, self.nic, self.location, self.before = cloud, nic, location, before or {}
        self.name = str(given["name"])
        self.source = f"{nic}/ipConfigurations/{self.name}"
        self.path = f"properties.ipConfigurations[{at}].properties"
        self.properties = given.get("properties") or {}

    def kept(self, primary: bool, chosen: dict[str, str]) -> dict[str, Any]:
        """Its properties as they are kept. `chosen` has the NIC's own addresses with the configuration of each."""
        if (self.properties.get("privateIPAddressVersion") or "IPv4").lower() != "ipv4":
            message = "Local Azure's network interfaces have IPv4 only."
            raise network_error(400, "IPv6NotSupportedByLocalAzure", message)
        subnet_id, prefix = self._subnet()
        method = self._method()
        kept: dict[str, Any] = {
            "privateIPAddress": self._address(subnet_id, prefix, method, chosen),
            "privateIPAllocationMethod": method,
            "subnet": {"id": subnet_id},
            "primary": primary,
            "privateIPAddressVersion": "IPv4",
        }
        public_ip = self.properties.get("publicIPAddress")
        if network.reference(public_ip, f"{self.path}.publicIPAddress"):
            if not primary:
                message = f"Local Azure gives public addresses to primary IP configurations only, not to {self.source}."
                raise network_error(400, "SecondaryPublicIpNotSupportedByLocalAzure", message)
            kept["publicIPAddress"] = self._public_ip(public_ip)
        for member in _UNSUPPORTED:
            for one in self.properties.get(member) or []:
                raise reference_not_found(str(one.get("id")), self.source)
        groups = self._groups()
        if groups:
            kept["applicationSecurityGroups"] = groups
        return kept

    def _subnet(self) -> tuple[str, str]:
        """The subnet's id and prefix."""

        identifier = network.reference(self.properties.get("subnet"), f"{self.path}.subnet")
        if identifier is None:
            message = f"IP configuration {self.source} must name a subnet."
            raise network_error(400, "SubnetNotSpecifiedInIpConfiguration", message)
        found = references.find_subnet(self.cloud, ids.parse(identifier, f"{self.path}.subnet.id"))
        if found is None or found[0].location != self.location or found[0].state == "Deleting":
            raise reference_not_found(identifier, self.source)
        vnet, subnet = found
        if vnet.state != "Succeeded":
            raise self._not_provisioned(identifier, vnet)
        delegations = subnet["properties"]["delegations"]
        if delegations:
            service = delegations[0]["properties"]["serviceName"]
            raise network_error(
                400,
                "ResourceNotPermittedOnDelegatedSubnet",
                f"Resource {self.source} of type {kinds.NIC} is not permitted on delegated subnet {identifier}: it is "
                f"delegated to {service}.",
            )
        return str(vnet.id.child("subnets", subnet["name"])), subnet["properties"]["addressPrefix"]

    def _not_provisioned(self, subnet: str, vnet: Resource) -> ArmError:
        """What the service says of a subnet that is still being made (without Retry-After), or has failed."""
        code = "ReferencedResourceNotProvisioned"
        last = vnet.hidden.get("lastOperation", network.operation_name(vnet.id, "put"))
        message = (
            f"Cannot proceed with operation because resource {subnet} used by resource {self.nic} is not in Succeeded "
            f"state. Resource is in {vnet.state} state and the last operation that updated/is updating the resource is "
            f"{last}."
        )
        if vnet.state == "Failed":
            return network_error(400, code, message)
        details = [{"code": code, "message": message}]
        return ArmError(429, "RetryableError", "A retryable error occurred.", details=details)

    def _method(self) -> str:
        value = self.properties.get("privateIPAllocationMethod") or "Dynamic"
        known = spelled(value, ("Dynamic", "Static"))
        if known is None:
            message = f"Cannot parse the request: privateIPAllocationMethod '{value}' of {self.source}."
            raise network_error(400, "InvalidRequestFormat", message)
        if known == "Static" and not self.properties.get("privateIPAddress"):
            message = f"IP configuration {self.source} uses static allocation but does not have a private IP address."
            raise network_error(400, "PrivateIPAddressNotSpecified", message)
        return known

    def _address(self, subnet: str, prefix: str, method: str, chosen: dict[str, str]) -> str:

        wanted = self.properties["privateIPAddress"] if method == "Static" else None
        if wanted is None and self.before and ids.key(self.before["subnet"]["id"]) == ids.key(subnet):
            wanted = self.before["privateIPAddress"]  # an address once given stays until the subnet changes
        taken = references.addresses_taken(self.cloud, ids.parse(subnet), self.nic)
        own = f"{ids.key(subnet)} "
        for place, name in chosen.items():
            if place.startswith(own) and name != self.name.lower():
                taken[place.removeprefix(own)] = f"{self.nic}/ipConfigurations/{name}"
        address = address_plan.choose(prefix, ids.parse(subnet), self.source, taken, wanted)
        for place in [place for place, name in chosen.items() if name == self.name.lower()]:
            del chosen[place]
        chosen[own + address] = self.name.lower()
        return address

    def _public_ip(self, given: dict[str, Any]) -> dict[str, Any]:
        path = f"{self.path}.publicIPAddress"
        found = network.referred(self.cloud, given["id"], path, kinds.PUBLIC_IP, self.location, self.source)
        others = [
            one
            for user in self.cloud.store.referrers(found.id, kinds.NIC)
            if ids.key(user.id) != ids.key(self.nic)
            for one in references.ip_configuration_ids(user, found.id)
        ]
        other = next(iter(others), None) or references.gateway_of_public_ip(self.cloud, found)
        if other:
            message = (
                f"Resource {self.source} is referencing public IP address {found.id} that is already allocated to "
                f"resource {other}."
            )
            raise network_error(400, "PublicIPAddressInUse", message)
        kept: dict[str, Any] = {"id": str(found.id)}
        option = (given.get("properties") or {}).get("deleteOption")
        if option:
            if option not in ("Delete", "Detach"):
                message = f"The deleteOption '{option}' of {found.id} is invalid. Allowed values are Delete, Detach."
                raise network_error(400, "InvalidDeleteOption", message)
            kept["properties"] = {"deleteOption": option}
        return kept

    def _groups(self) -> list[dict[str, str]]:
        kept = []
        for at, one in enumerate(self.properties.get("applicationSecurityGroups") or []):
            path = f"{self.path}.applicationSecurityGroups[{at}]"
            named = network.reference(one, path) or ""
            found = network.referred(self.cloud, named, path, kinds.ASG, self.location, self.source)
            kept.append({"id": str(found.id)})
        return kept


def _check_groups(cloud: Cloud, nic: ids.ResourceId, kept: list[dict[str, Any]]) -> None:
    """A NIC is a member with all its addresses or none; a group has members in one virtual network only."""
    given = [one["properties"].get("applicationSecurityGroups", ()) for one in kept]
    members = [{ids.key(group["id"]) for group in one} for one in given]
    if any(one != members[0] for one in members):
        message = f"All IP configurations of network interface {nic} must have the same application security groups."
        raise network_error(400, "IpConfigurationsMustHaveSameApplicationSecurityGroups", message)
    vnet = ids.parse(kept[0]["properties"]["subnet"]["id"]).parent
    for one in kept:
        for group in one["properties"].get("applicationSecurityGroups", ()):
            others = [
                member.id
                for member, properties in rules.members_of(cloud, group["id"])
                if ids.key(member.id) != ids.key(nic)
                and ids.key(ids.parse(properties["subnet"]["id"]).parent or "") != ids.key(vnet or "")
            ]
            if others:
                raise _other_network(nic, group["id"], others[0])


def _other_network(nic: ids.ResourceId, group: str, other: ids.ResourceId) -> ArmError:
    message = (
        f"All network interfaces of application security group {group} must be in one virtual network: {nic} is in "
        f"another one than {other}."
    )
    return network_error(400, "ApplicationSecurityGroupsMustBeInSameVnet", message)
