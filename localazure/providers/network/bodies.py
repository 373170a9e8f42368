"""Network resources as they are shown: the bodies of answers, with what is read of the others that refer to them."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.providers import kinds
from localazure.providers.common import envelope
from localazure.providers.network import references, rules
from localazure.store.resources import Resource


def vnet_body(cloud: Cloud, vnet: Resource) -> dict[str, Any]:
    properties = {"provisioningState": vnet.state, **vnet.properties}
    properties["subnets"] = [subnet_body(cloud, vnet, subnet) for subnet in vnet.properties["subnets"]]
    return envelope(vnet, properties, etag=True)


def subnet_body(cloud: Cloud, vnet: Resource, subnet: dict[str, Any]) -> dict[str, Any]:
    identifier, etag = vnet.id.child("subnets", subnet["name"]), f'W/"{vnet.etag}"'
    properties = {"provisioningState": vnet.state, **subnet["properties"]}
    interfaces = cloud.store.referrers(identifier)
    users = [one for nic in interfaces for one in references.ip_configuration_ids(nic, identifier)]
    if users:
        properties["ipConfigurations"] = [{"id": one} for one in users]
    if properties.get("serviceEndpoints"):
        properties["serviceEndpoints"] = [
            {"provisioningState": vnet.state, **one} for one in properties["serviceEndpoints"]
        ]
    properties["delegations"] = [
        {
            "name": one["name"],
            "id": f"{identifier}/delegations/{one['name']}",
            "etag": etag,
            "properties": {"provisioningState": vnet.state, **one["properties"]},
            "type": f"{kinds.SUBNET}/delegations",
        }
        for one in properties["delegations"]
    ]
    return {"name": subnet["name"], "id": str(identifier), "etag": etag, "properties": properties, "type": kinds.SUBNET}


def nic_body(cloud: Cloud, nic: Resource) -> dict[str, Any]:
    properties = {"provisioningState": nic.state, **nic.properties}
    properties["ipConfigurations"] = [
        ip_configuration_body(nic, one) for one in nic.properties["ipConfigurations"]
    ]
    vm = references.vm_of(cloud, nic)
    if vm is not None:
        properties["virtualMachine"] = {"id": str(vm.id)}
        properties["primary"] = True
        properties["macAddress"] = references.mac_of(nic.id).upper().replace(":", "-")
    return {**envelope(nic, properties, etag=True), "kind": "Regular"}


def ip_configuration_body(nic: Resource, configuration: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": configuration["name"],
        "id": f"{nic.id}/ipConfigurations/{configuration['name']}",
        "etag": f'W/"{nic.etag}"',
        "type": f"{kinds.NIC}/ipConfigurations",
        "properties": {"provisioningState": nic.state, **configuration["properties"]},
    }


def ip_configurations_in(cloud: Cloud, subnet: ids.ResourceId) -> list[dict[str, Any]]:
    """The IP configurations in a subnet, in full."""
    return [
        one
        for nic in cloud.store.referrers(subnet, kinds.NIC)
        for one in nic_body(cloud, nic)["properties"]["ipConfigurations"]
        if ids.key(one["properties"]["subnet"]["id"]) == ids.key(subnet)
    ]


def nsg_body(cloud: Cloud, group: Resource) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "provisioningState": group.state,
        "resourceGuid": group.properties["resourceGuid"],
        "securityRules": [rules.render(group, rule) for rule in group.properties["securityRules"]],
        "defaultSecurityRules": rules.render_defaults(group),
    }
    interfaces = cloud.store.referrers(group.id, kinds.NIC)
    if interfaces:
        properties["networkInterfaces"] = [{"id": str(nic.id)} for nic in interfaces]
    subnets = references.subnets_with_nsg(cloud, group.id)
    if subnets:
        properties["subnets"] = [{"id": subnet} for subnet in subnets]
    return envelope(group, properties, etag=True)


def public_ip_body(cloud: Cloud, public_ip: Resource) -> dict[str, Any]:
    properties = {"provisioningState": public_ip.state, **public_ip.properties}
    user = references.user_of_public_ip(cloud, public_ip)
    if user:
        properties["ipConfiguration"] = {"id": user}
    gateway = references.gateway_of_public_ip(cloud, public_ip)
    if gateway:
        properties["natGateway"] = {"id": gateway}
    return envelope(public_ip, properties, etag=True)


def asg_body(cloud: Cloud, asg: Resource) -> dict[str, Any]:
    return envelope(asg, {"provisioningState": asg.state}, etag=True)


def nat_gateway_body(cloud: Cloud, gateway: Resource) -> dict[str, Any]:
    properties = {"provisioningState": gateway.state, **gateway.properties}
    subnets = references.subnets_with_gateway(cloud, gateway.id)
    if subnets:
        properties["subnets"] = [{"id": subnet} for subnet in subnets]
    return envelope(gateway, properties, etag=True)
