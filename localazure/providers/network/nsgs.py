"""Network security groups, and their rules as resources of their own."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.protocol.errors import network_error, parent_not_found
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import refuse_if_busy
from localazure.providers.model import READ_ONLY, NotHere, named, obj
from localazure.providers.network import bodies, machine_updates, model, network, references, rules
from localazure.store.resources import Resource

KIND = kinds.NSG
_PACE = network.Pace(retry_after=1, duration=3)  # since about 2024
_MODEL = model.resource(
    "NetworkSecurityGroup",
    obj(
        "NetworkSecurityGroupPropertiesFormat",
        securityRules=[rules.MODEL],
        flushConnection=NotHere("FlushConnection", "end for connections that a new rule forbids"),
        **named(
            "defaultSecurityRules networkInterfaces subnets flowLogs resourceGuid provisioningState", READ_ONLY
        ),
    ),
)


def routes() -> list[Route]:
    return [
        *network.standard_routes(KIND, "nsg", bodies.nsg_body, put, delete, expanded),
        *network.part_routes(KIND, "nsg", "securityRules", "rule", _rules, kinds.SECURITY_RULE),
        *crud.routes(kinds.SECURITY_RULE, "nsg", "rule", put=put_rule, delete=delete_rule),
        *network.part_routes(KIND, "nsg", "defaultSecurityRules", "rule", _default_rules),
    ]


def expanded(cloud: Cloud, request: Request, group: Resource) -> dict[str, Any]:
    """With what `$expand` names in full: networkInterfaces, subnets."""
    body = bodies.nsg_body(cloud, group)
    wanted = {one.strip().lower() for one in request.query["$expand"].split(",")}
    properties = body["properties"]
    if "networkinterfaces" in wanted and "networkInterfaces" in properties:
        interfaces = cloud.store.referrers(group.id, kinds.NIC)
        properties["networkInterfaces"] = [bodies.nic_body(cloud, nic) for nic in interfaces]
    if "subnets" in wanted and "subnets" in properties:
        found = [references.find_subnet(cloud, ids.parse(one["id"])) for one in properties["subnets"]]
        properties["subnets"] = [bodies.subnet_body(cloud, *one) for one in found if one is not None]
    return body


def put(cloud: Cloud, request: Request) -> Reply:
    request = model.read(request, _MODEL)
    identifier, location, tags, given, found = network.read_put(cloud, request, KIND, "nsg")
    kept = [
        rules.checked(cloud, identifier, location, one.get("name") or "", one.get("properties") or {})
        for one in given.get("securityRules") or []
    ]
    rules.check_conflicts(kept)
    network.refuse_if_going(cloud, identifier)
    properties = {"resourceGuid": network.guid(found), "securityRules": kept}
    group = Resource(identifier, location, tags, properties)

    async def effect() -> None:
        await machine_updates.sync_nsg(cloud, identifier)

    return network.write(cloud, request, group, _PACE, bodies.nsg_body, effect, is_new=found is None)


def delete(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "nsg")

    def check(group: Resource) -> None:
        users = [str(nic.id) for nic in cloud.store.referrers(group.id, kinds.NIC)]
        users += references.subnets_with_nsg(cloud, group.id)
        if users:
            raise network_error(
                400,
                "InUseNetworkSecurityGroupCannotBeDeleted",
                f"Network security group {group.id} cannot be deleted because it is in use by the following resources: "
                f"{', '.join(users)}. In order to delete the Network security group, remove the association with the "
                "resource(s). To learn how to do this, see aka.ms/deletensg.",
            )

    async def effect() -> None:
        cloud.store.delete(identifier)

    return network.remove(cloud, request, identifier, check, effect)


# rules


def _find_rule(group: Resource, name: str) -> dict[str, Any] | None:
    return next((one for one in group.properties["securityRules"] if one["name"].lower() == name.lower()), None)


def _rules(cloud: Cloud, group: Resource) -> list[dict[str, Any]]:
    return [rules.render(group, rule) for rule in group.properties["securityRules"]]


def _default_rules(cloud: Cloud, group: Resource) -> list[dict[str, Any]]:
    return rules.render_defaults(group)


def put_rule(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(kinds.SECURITY_RULE, "nsg", "rule")
    group = cloud.store.get(request.resource_id(KIND, "nsg"))
    if group is None or group.state == "Deleting":
        raise parent_not_found(KIND, request.params["nsg"], kinds.SECURITY_RULE, identifier.name)
    request = model.read(request, rules.MODEL)
    before = _find_rule(group, identifier.name)
    name = before["name"] if before else identifier.name
    rule = rules.checked(cloud, group.id, group.location, name, request.body["properties"])
    kept = network.with_part(group.properties["securityRules"], before, rule)
    rules.check_conflicts(kept)
    refuse_if_busy(cloud, group.id)
    refuse_if_busy(cloud, identifier)
    group.properties = {**group.properties, "securityRules": kept}

    async def effect() -> None:
        await machine_updates.sync_nsg(cloud, group.id)

    return network.write(
        cloud, request, group, _PACE, bodies.nsg_body, effect, is_new=before is None,
        answer=lambda: rules.render(group, rule), target=identifier,
    )  # fmt: skip


def delete_rule(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(kinds.SECURITY_RULE, "nsg", "rule")
    group = cloud.store.get(request.resource_id(KIND, "nsg"))
    if group is None or _find_rule(group, identifier.name) is None:
        return Reply(204)
    return network.remove_part(cloud, request, group, identifier, "securityRules", machine_updates.sync_nsg)
