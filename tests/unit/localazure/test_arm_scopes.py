"""What is kept for any scope: locks and their effect, tags, roles; and the directory that names principals."""

from __future__ import annotations

import json
import uuid

import pytest
from arm_support import RESOURCES, SUBSCRIPTION, Group, LocalAzure
from conftest import Restartable

LOCKS = "providers/Microsoft.Authorization/locks"
TAGS = "providers/Microsoft.Resources/tags/default"
ROLES = "providers/Microsoft.Authorization/roleAssignments"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def _lock(arm: LocalAzure, scope: str, level: str, name: str = "l") -> str:
    path = f"{scope}/{LOCKS}/{name}"
    assert arm.call("PUT", path, {"properties": {"level": level}}, api="2016-09-01").status == 201
    return path


def _unlock(arm: LocalAzure, *paths: str) -> None:
    for path in paths:
        assert arm.call("DELETE", path, api="2016-09-01").status == 200


# locks


def test_a_lock_against_deletion_lets_writes_through(arm: LocalAzure, group: Group) -> None:
    group.nsg()
    nsg = group.network("networkSecurityGroups/nsg")
    lock = _lock(arm, group.path, "CanNotDelete")
    assert arm.call("PATCH", nsg, {"tags": {"a": "b"}}).status == 200
    for target in (nsg, group.path):
        refused = arm.call("DELETE", target)
        assert (refused.status, refused.code) == (409, "ScopeLocked")
        assert refused.message.endswith(
            f"cannot perform delete operation because following scope(s) are locked: '{group.id}'. "
            "Please remove the lock and try again."
        )
    _unlock(arm, lock)
    arm.done("DELETE", nsg)


def test_a_read_only_lock_refuses_every_write_below_it_and_nothing_beside(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    group.nsg()
    lock = _lock(arm, vm, "ReadOnly")
    assert arm.call("PATCH", vm, {"tags": {"a": "b"}}).code == "ScopeLocked"
    assert arm.call("POST", f"{vm}/deallocate").code == "ScopeLocked"
    assert arm.call("PUT", f"{vm}/extensions/e", {"location": "westus"}).code == "ScopeLocked"
    assert arm.call("DELETE", vm).code == "ScopeLocked"
    assert arm.call("DELETE", group.path).code == "ScopeLocked", "what is locked keeps its group"
    assert arm.call("GET", vm).status == 200
    arm.done("DELETE", group.network("networkSecurityGroups/nsg"))
    _unlock(arm, lock)


def test_locks_are_listed_around_and_below_a_scope(arm: LocalAzure, group: Group) -> None:
    group.nsg("n")
    nsg = group.network("networkSecurityGroups/n")
    locks = [_lock(arm, group.path, "ReadOnly", "outer"), _lock(arm, nsg, "CanNotDelete", "inner")]

    def names(scope: str, **query: str) -> set[str]:
        return {one["name"] for one in arm.call("GET", f"{scope}/{LOCKS}", api="2016-09-01", **query).body["value"]}

    assert names(group.path) == {"outer", "inner"}
    assert names(group.path, _filter="atScope()") == {"outer"}
    assert names(nsg, _filter="atScope()") == {"outer", "inner"}
    _unlock(arm, *reversed(locks))
    assert names(group.path) == set()


def test_a_lock_keeps_all_that_it_is_given(arm: LocalAzure, group: Group) -> None:
    path = f"{group.path}/{LOCKS}/mine"
    given = {"Level": "readonly", "Notes": "why", "Owners": [{"ApplicationId": "app"}]}
    kept = {"level": "ReadOnly", "notes": "why", "owners": [{"applicationId": "app"}]}
    assert arm.call("PUT", path, {"Properties": given}, api="2016-09-01").body["properties"] == kept
    assert arm.call("GET", path, api="2016-09-01").body["properties"] == kept
    for more in ({"owners": [{"name": "x"}]}, {"until": "tomorrow"}):
        refused = arm.call("PUT", path, {"properties": {"level": "ReadOnly", **more}}, api="2016-09-01")
        assert refused.code == "InvalidRequestContent"
    arm.call("DELETE", path, api="2016-09-01")


def test_locks_need_a_level_and_something_to_lock(arm: LocalAzure, group: Group) -> None:
    at = f"{group.path}/{LOCKS}/l"
    assert arm.call("PUT", at, {"properties": {"level": "Loose"}}, api="2016-09-01").code == "InvalidLockLevel"
    assert arm.call("PUT", at, {}, api="2016-09-01").code == "InvalidLockLevel"
    body = {"properties": {"level": "ReadOnly"}}
    nothing = group.network("virtualNetworks/none")
    assert arm.call("PUT", f"{nothing}/{LOCKS}/l", body, api="2016-09-01").code == "ResourceNotFound"
    assert arm.call("PUT", f"/resourceGroups/none/{LOCKS}/l", body, api="2016-09-01").code == "ResourceGroupNotFound"
    assert arm.call("GET", at, api="2016-09-01").code == "LockNotFound"
    assert arm.call("DELETE", at, api="2016-09-01").status == 204


@pytest.mark.parametrize("slash", ["%2F", "%2f"])
@pytest.mark.parametrize("inner", ["", "networkSecurityGroups/n"])
def test_a_scope_may_be_quoted_as_one_part_of_the_path(arm: LocalAzure, group: Group, slash: str, inner: str) -> None:
    group.nsg("n")
    scope = group.id_of(group.network(inner) if inner else group.path)
    headers = {"Authorization": f"Bearer {arm.token}", "Content-Type": "application/json"}
    body = json.dumps({"properties": {"level": "CanNotDelete"}}).encode()
    quoted = scope.replace("/", slash)
    at = f"/{quoted}/{LOCKS}/quoted?api-version=2016-09-01"
    made = arm.raw("PUT", at, body, headers)
    assert (made.status, made.body["id"]) == (201, f"{scope}/{LOCKS}/quoted")
    assert arm.call("GET", f"{scope}/{LOCKS}/quoted", api="2016-09-01").body == made.body
    assert arm.raw("DELETE", at, headers=headers).status == 200
    roles = arm.raw("GET", f"/{quoted[len(slash):]}/{ROLES}?api-version=2022-04-01&$filter=atScope()", headers=headers)
    assert {one["properties"]["scope"] for one in roles.body["value"]} == {f"/subscriptions/{SUBSCRIPTION}"}


# tags


def test_tags_are_merged_replaced_and_deleted_without_regard_to_case(arm: LocalAzure, group: Group) -> None:
    group.nsg()
    nsg = group.network("networkSecurityGroups/nsg")

    def patch(operation: str, tags: dict[str, str]) -> dict[str, str]:
        answer = arm.call("PATCH", f"{nsg}/{TAGS}", {"operation": operation, "properties": {"tags": tags}}, RESOURCES)
        return answer.body["properties"]["tags"]

    assert patch("Merge", {"A": "1", "b": "2"}) == {"A": "1", "b": "2"}
    assert patch("Merge", {"a": "3"}) == {"A": "3", "b": "2"}
    assert patch("Delete", {"B": "other"}) == {"A": "3", "b": "2"}, "another value names another tag"
    assert patch("Delete", {"B": "2"}) == {"A": "3"}
    assert patch("Replace", {"c": "4"}) == {"c": "4"}
    assert arm.call("GET", nsg).body["tags"] == {"c": "4"}
    assert arm.call("DELETE", f"{nsg}/{TAGS}", api=RESOURCES).status == 200
    assert arm.call("GET", nsg).body["tags"] == {}


def test_tags_of_groups_and_of_the_subscription(arm: LocalAzure, group: Group) -> None:
    body = {"properties": {"tags": {"x": "y"}}}
    assert arm.call("PUT", f"{group.path}/{TAGS}", body).status == 200
    assert arm.call("GET", group.path).body["tags"] == {"x": "y"}
    assert arm.call("PUT", f"/{TAGS}", body).body["id"] == f"/subscriptions/{SUBSCRIPTION}/{TAGS}"
    assert arm.call("GET", f"/{TAGS}").body["properties"]["tags"] == {"x": "y"}
    arm.call("DELETE", f"/{TAGS}")


def test_tags_through_their_own_address_keep_to_the_limits(arm: LocalAzure, group: Group) -> None:
    body = {"properties": {"tags": {f"t{number}": "" for number in range(30)}}, "operation": "Merge"}
    assert arm.call("PATCH", f"{group.path}/{TAGS}", body).status == 200
    body = {"properties": {"tags": {f"u{number}": "" for number in range(30)}}, "operation": "Merge"}
    assert arm.call("PATCH", f"{group.path}/{TAGS}", body).code == "TooManyTags"
    assert len(arm.call("GET", group.path).body["tags"]) == 30
    assert arm.call("PATCH", f"{group.path}/{TAGS}", {"operation": "Add"}).code == "InvalidTagsOperation"


def test_a_tag_name_in_use_stays(arm: LocalAzure, group: Group) -> None:
    arm.call("PATCH", group.path, {"tags": {"usedname": "v"}})
    names = {one["tagName"]: one for one in arm.call("GET", "/tagNames").body["value"]}
    assert names["usedname"]["count"] == {"type": "Total", "value": 1}
    assert arm.call("DELETE", "/tagNames/UsedName").code == "TagNameInUse"


# roles and the directory


def _assign(arm: LocalAzure, scope: str, principal: str, name: str | None = None, **more: str) -> object:
    role = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    properties = {"roleDefinitionId": role, "principalId": principal, **more}
    return arm.call("PUT", f"{scope}/{ROLES}/{name or uuid.uuid4()}", {"properties": properties}, api="2022-04-01")


def test_a_role_is_given_once_to_somebody_who_exists(arm: LocalAzure, group: Group) -> None:
    stranger = str(uuid.uuid4())
    assert _assign(arm, group.path, stranger).code == "PrincipalNotFound"
    name = str(uuid.uuid4())
    made = _assign(arm, group.path, stranger, name, principalType="ServicePrincipal")
    assert (made.status, made.body["properties"]["scope"]) == (201, group.id)
    assert _assign(arm, group.path, stranger, name, principalType="ServicePrincipal").status == 200
    assert _assign(arm, group.path, stranger, principalType="User").code == "RoleAssignmentExists"
    other = _assign(arm, group.path, str(uuid.uuid4()), name, principalType="User")
    assert other.code == "RoleAssignmentUpdateNotPermitted"
    assert _assign(arm, group.path, stranger, "no-guid", principalType="User").code == "InvalidRoleAssignmentId"
    at = f"{group.path}/{ROLES}"
    only = f"principalId eq '{stranger}'"
    assert [one["name"] for one in arm.call("GET", at, api="2022-04-01", _filter=only).body["value"]] == [name]
    assert arm.call("DELETE", f"{at}/{name}", api="2022-04-01").status == 200
    assert arm.call("DELETE", f"{at}/{name}", api="2022-04-01").status == 204
    assert arm.call("GET", f"{at}/{name}", api="2022-04-01").code == "RoleAssignmentNotFound"


def test_roles_of_a_group_go_with_it(arm: LocalAzure) -> None:
    group = Group(arm)
    name = str(uuid.uuid4())
    _assign(arm, group.path, str(uuid.uuid4()), name, principalType="User")
    arm.wait(arm.call("DELETE", group.path))
    listed = arm.call("GET", f"/{ROLES}", api="2022-04-01").body["value"]
    assert name not in [one["name"] for one in listed]


def test_the_directory_knows_applications_and_identities(arm: LocalAzure, group: Group) -> None:
    path = f"{group.path}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/worker"
    made = arm.call("PUT", path, {"location": "westus"}, api="2023-01-31").body["properties"]
    headers = {"Authorization": f"Bearer {arm.token}", "Content-Type": "application/json"}
    wanted = json.dumps({"ids": [made["principalId"]]}).encode()
    (found,) = arm.raw("POST", "/v1.0/directoryObjects/getByIds", wanted, headers).body["value"]
    assert (found["displayName"], found["appId"]) == ("worker", made["clientId"])
    first, *_, person = arm.cloud.identities
    query = f"/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c%20eq%20'{first.app_id}')"
    assert [one["id"] for one in arm.raw("GET", query, headers=headers).body["value"]] == [first.object_id]
    query_user = f"/v1.0/users?$filter=userPrincipalName%20eq%20'{person.upn}'"
    (user,) = arm.raw("GET", query_user, headers=headers).body["value"]
    assert (user["id"], user["displayName"]) == (person.object_id, person.name)
    assert arm.raw("GET", query).status == 401


@pytest.mark.parametrize("path", ["/v1.0/users", "/v1.0/servicePrincipals"])
def test_the_directory_is_closed_to_strangers(arm: LocalAzure, path: str) -> None:
    assert arm.raw("GET", path).code == "AuthenticationFailed"


# identities


def test_an_identity_keeps_its_principal_and_its_name_has_rules(arm: LocalAzure, group: Group) -> None:
    at = f"{group.path}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    first = arm.call("PUT", f"{at}/worker", {"location": "westus"}, api="2023-01-31")
    again = arm.call("PUT", f"{at}/Worker", {"location": "westus", "tags": {"a": "b"}}, api="2023-01-31")
    assert (first.status, again.status) == (201, 200)
    assert again.body["properties"] == first.body["properties"]
    assert again.body["id"].endswith("/worker")
    assert arm.call("PATCH", f"{at}/worker", {"tags": {}}, api="2023-01-31").body["tags"] == {}
    assert arm.call("PUT", f"{at}/x", {"location": "westus"}, api="2023-01-31").code == "BadRequest"
    assert arm.call("DELETE", f"{at}/worker", api="2023-01-31").status == 200
    assert arm.call("DELETE", f"{at}/worker", api="2023-01-31").status == 204


def test_locks_roles_tags_and_registrations_outlive_the_server(instance: Restartable) -> None:
    arm = instance.arm
    group = Group(arm)
    lock = _lock(arm, group.path, "CanNotDelete")
    name = str(uuid.uuid4())
    _assign(arm, group.path, str(uuid.uuid4()), name, principalType="User")
    arm.call("PUT", f"/{TAGS}", {"properties": {"tags": {"x": "y"}}})
    namespace, feature = "/providers/Microsoft.ManagedIdentity", "Microsoft.Compute/EncryptionAtHost"
    half = {"key": feature, "state": "Registering"}
    arm.on_loop(lambda: arm.cloud.records.put("registration", "Microsoft.ManagedIdentity", {"state": "Unregistering"}))
    arm.on_loop(lambda: arm.cloud.records.put("feature", feature, half))
    again = instance.restart()
    assert again.call("DELETE", group.path).code == "ScopeLocked"
    assert again.call("GET", f"{group.path}/{ROLES}/{name}", api="2022-04-01").status == 200
    assert again.call("GET", f"/{TAGS}").body["properties"]["tags"] == {"x": "y"}
    assert again.call("GET", namespace).body["registrationState"] == "Unregistered"
    at = "/providers/Microsoft.Features/providers/Microsoft.Compute/features/EncryptionAtHost"
    assert again.call("GET", at, api="2021-07-01").body["properties"]["state"] == "Registered"
    _unlock(again, lock)
    assert again.wait(again.call("DELETE", group.path)).status == 200
