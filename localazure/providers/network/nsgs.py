"""Network security groups, and their rules as resources of their own."""

from __future__ import annotations

import uuid
from typing import Any

from localazure.arm import ids
from localazure.arm.cloud import Cloud
from localazure.arm.errors import network_error, parent_not_found
from localazure.arm.request import Reply, Request, listing
from localazure.arm.router import Route
from localazure.providers import kinds
from localazure.providers.common import existing, place, refuse_if_busy
from localazure.providers.network import bodies, machine_updates, network, references, rules
from localazure.store.resources import Resource

KIND = kinds.NSG
_PACE = network.Pace(retry_after=10, duration=3)


def routes() -> list[Route]:
    one = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{KIND}/{{nsg}}"
    return [
        *network.standard_routes(KIND, "nsg", bodies.nsg_body, put, delete, expanded),
        Route("GET", f"{one}/securityRules", list_rules, kinds.SECURITY_RULE),
        Route("GET", f"{one}/securityRules/{{rule}}", get_rule, kinds.SECURITY_RULE),
        Route("PUT", f"{one}/securityRules/{{rule}}", put_rule, kinds.SECURITY_RULE),
        Route("DELETE", f"{one}/securityRules/{{rule}}", delete_rule, kinds.SECURITY_RULE),
        Route("GET", f"{one}/defaultSecurityRules", list_default_rules, KIND),
        Route("GET", f"{one}/defaultSecurityRules/{{rule}}", get_default_rule, KIND),
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
    identifier = request.resource_id(KIND, "nsg")
    network.check_name(identifier.name)
    network.check_shape(request.body, {"properties": {"securityRules": [rules.SHAPE]}})
    location, tags = place(cloud, request, identifier)
    given = (request.body.get("properties") or {}).get("securityRules") or []
    kept = [
        rules.checked(cloud, identifier, location, one.get("name") or "", one.get("properties") or {}) for one in given
    ]
    rules.check_conflicts(kept)
    found = cloud.store.get(identifier)
    network.refuse_if_going(cloud, identifier)
    guid = found.properties["resourceGuid"] if found else str(uuid.uuid4())
    group = Resource(identifier, location, tags, {"resourceGuid": guid, "securityRules": kept})

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


def list_rules(cloud: Cloud, request: Request) -> Reply:
    group = existing(cloud, request.resource_id(KIND, "nsg"))
    return listing([rules.render(group, rule) for rule in group.properties["securityRules"]])


def list_default_rules(cloud: Cloud, request: Request) -> Reply:
    return listing(rules.render_defaults(existing(cloud, request.resource_id(KIND, "nsg"))))


def get_default_rule(cloud: Cloud, request: Request) -> Reply:
    group = existing(cloud, request.resource_id(KIND, "nsg"))
    for rule in rules.render_defaults(group):
        if rule["name"].lower() == request.params["rule"].lower():
            return Reply(200, rule)
    raise network.not_found(group.id.child("defaultSecurityRules", request.params["rule"]))


def get_rule(cloud: Cloud, request: Request) -> Reply:
    group = existing(cloud, request.resource_id(KIND, "nsg"))
    rule = _find_rule(group, request.params["rule"])
    if rule is None:
        raise network.not_found(request.resource_id(kinds.SECURITY_RULE, "nsg", "rule"))
    return Reply(200, rules.render(group, rule))


def put_rule(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(kinds.SECURITY_RULE, "nsg", "rule")
    group = cloud.store.get(request.resource_id(KIND, "nsg"))
    if group is None or group.state == "Deleting":
        raise parent_not_found(KIND, request.params["nsg"], kinds.SECURITY_RULE, identifier.name)
    network.check_shape(request.body, rules.SHAPE)
    before = _find_rule(group, identifier.name)
    name = before["name"] if before else identifier.name
    rule = rules.checked(cloud, group.id, group.location, name, request.body.get("properties") or {})
    kept = [rule if one is before else one for one in group.properties["securityRules"]]
    if before is None:
        kept.append(rule)
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

    async def effect() -> None:
        now = cloud.store.get(group.id)
        if now is None:
            return
        left = [one for one in now.properties["securityRules"] if one["name"].lower() != identifier.name.lower()]
        now.properties = {**now.properties, "securityRules": left}
        cloud.store.put(now)
        await machine_updates.sync_nsg(cloud, now.id)

    return network.remove_child(cloud, request, group, identifier, effect)
