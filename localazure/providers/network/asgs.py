"""Application security groups: names for network interfaces, which security rules can use instead of addresses."""

from __future__ import annotations

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.protocol.errors import network_error
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import kinds
from localazure.providers.model import READ_ONLY, named, obj
from localazure.providers.network import bodies, model, network, references
from localazure.store.resources import Resource

KIND = kinds.ASG
_PACE = network.Pace(retry_after=10, duration=3)
_MODEL = model.resource(
    "ApplicationSecurityGroup",
    obj("ApplicationSecurityGroupPropertiesFormat", **named("resourceGuid provisioningState", READ_ONLY)),
)


def routes() -> list[Route]:
    return network.standard_routes(KIND, "asg", bodies.asg_body, put, delete)


def put(cloud: Cloud, request: Request) -> Reply:
    request = model.read(request, _MODEL)
    identifier, location, tags, _, found = network.read_put(cloud, request, KIND, "asg")
    network.refuse_if_going(cloud, identifier)
    return network.write(
        cloud, request, Resource(identifier, location, tags), _PACE, bodies.asg_body, _nothing, is_new=found is None
    )


async def _nothing() -> None:
    """A new group has no members yet, and another write changes its tags alone."""


def delete(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "asg")

    def check(asg: Resource) -> None:
        configurations = ids_of_configurations(cloud, asg.id)
        used = [("IpConfiguration(s)", configurations), ("SecurityRule(s)", ids_of_rules(cloud, asg.id))]
        for what, users in used:
            if users:
                message = (
                    f"Application Security Group {asg.name} cannot be deleted because it is referenced by {what} "
                    f"{', '.join(users)}."
                )
                raise network_error(400, "InUseApplicationSecurityGroupCannotBeDeleted", message)

    async def effect() -> None:
        cloud.store.delete(identifier)

    return network.remove(cloud, request, identifier, check, effect)


def ids_of_configurations(cloud: Cloud, asg: ids.ResourceId) -> list[str]:
    """The IP configurations that belong to a group."""
    return [
        one for nic in cloud.store.referrers(asg, kinds.NIC) for one in references.ip_configuration_ids(nic, asg)
    ]


def ids_of_rules(cloud: Cloud, asg: ids.ResourceId) -> list[str]:
    """The security rules that name a group."""
    key = ids.key(asg)
    members = ("sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups")
    return [
        str(group.id.child("securityRules", rule["name"]))
        for group in cloud.store.referrers(asg, kinds.NSG)
        for rule in group.properties["securityRules"]
        if any(ids.key(one["id"]) == key for member in members for one in rule["properties"].get(member, ()))
    ]
