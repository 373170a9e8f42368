"""Namespaces and features: registered, unregistered, and what that forbids."""

from __future__ import annotations

from typing import Any

from arm_support import SUBSCRIPTION, Answer, Group, LocalAzure, eventually

IDENTITY = "/providers/Microsoft.ManagedIdentity"


def _state(arm: LocalAzure, path: str) -> str:
    return arm.call("GET", path).body["registrationState"]


def test_a_write_to_an_unregistered_namespace_is_refused_until_it_is_registered(arm: LocalAzure, group: Group) -> None:
    assert arm.call("POST", f"{IDENTITY}/unregister").body["registrationState"] == "Unregistering"
    eventually(lambda: _state(arm, IDENTITY) == "Unregistered")
    path = f"{group.path}{IDENTITY}/userAssignedIdentities/worker"
    refused = arm.call("PUT", path, {"location": "westus"}, api="2023-01-31")
    assert (refused.status, refused.code) == (409, "MissingSubscriptionRegistration")
    assert refused.message.startswith(
        "The subscription is not registered to use namespace 'Microsoft.ManagedIdentity'. "
    )
    assert refused.body["error"]["details"][0]["target"] == "Microsoft.ManagedIdentity"
    assert arm.call("POST", f"{IDENTITY}/register").body["registrationState"] == "Registering"
    eventually(lambda: _state(arm, IDENTITY) == "Registered")
    assert arm.call("PUT", path, {"location": "westus"}, api="2023-01-31").status == 201
    assert arm.call("POST", f"{IDENTITY}/unregister").code == "CannotUnregisterNamespaceInUse"


def test_a_namespace_of_which_nothing_is_here_can_be_registered(arm: LocalAzure) -> None:
    path = "/providers/Microsoft.ContainerRegistry"
    shown = arm.call("GET", path).body
    assert (shown["resourceTypes"], shown["registrationState"]) == ([], "NotRegistered")
    assert arm.call("POST", f"{path}/register").body["registrationState"] == "Registering"
    eventually(lambda: _state(arm, path) == "Registered")
    assert arm.call("POST", f"{path}/unregister").body["registrationState"] == "Unregistering"
    assert "Microsoft.ContainerRegistry" in [one["namespace"] for one in arm.call("GET", "/providers").body["value"]]
    assert arm.call("GET", "/providers/Microsoft.Nonsense").code == "InvalidResourceNamespace"


def test_the_terms_of_another_company_s_namespace_are_accepted(arm: LocalAzure) -> None:
    path, version = "/providers/Microsoft.Confluent/agreements/default", "2020-03-01-preview"
    assert arm.call("GET", path, api=version).body["properties"] == {"accepted": False}
    accepted = arm.call("PUT", path, {"properties": {"accepted": True}}, api=version)
    assert (accepted.status, accepted.body["properties"]) == (200, {"accepted": True})
    assert arm.call("GET", path, api=version).body == accepted.body
    assert arm.call("PUT", path, {"properties": {"accepted": {}}}, api=version).status == 400
    assert arm.call("GET", path.replace("Confluent", "Web"), api=version).code == "InvalidResourceNamespace"


def test_what_every_subscription_has_stays_registered(arm: LocalAzure) -> None:
    assert arm.call("POST", "/providers/Microsoft.Resources/unregister").status == 400
    provider = arm.call("GET", "/providers/microsoft.resources").body
    assert provider["registrationPolicy"] == "RegistrationFree"


def test_every_type_that_is_served_is_told_with_its_versions(arm: LocalAzure) -> None:
    from localazure.providers.routes import all_routes

    told = {
        f"{one['namespace']}/{kind['resourceType']}".lower()
        for one in arm.call("GET", "/providers").body["value"]
        for kind in one["resourceTypes"]
    }
    puts = [one for one in all_routes() if one.method == "PUT"]
    routes = [one for one in puts if not one.handler.__module__.endswith(".absent_types")]
    served = {route.kind.lower() for route in routes if route.kind}
    assert served - told == set()


def test_a_feature_registers_or_waits_for_approval(arm: LocalAzure) -> None:
    at = "/providers/Microsoft.Features/providers/Microsoft.Compute/features/UltraSSDWithVMSS"
    assert arm.call("GET", at, api="2021-07-01").body["properties"]["state"] == "NotRegistered"
    assert arm.call("POST", f"{at}/register", api="2021-07-01").body["properties"]["state"] == "Registering"
    eventually(lambda: arm.call("GET", at, api="2021-07-01").body["properties"]["state"] == "Registered")
    slow = "/providers/Microsoft.Features/providers/Microsoft.Resources/features/EUAPParticipation"
    assert arm.call("POST", f"{slow}/register", api="2021-07-01").body["properties"]["state"] == "Pending"
    unknown = arm.call("GET", at.replace("UltraSSD", "Nothing"), api="2021-07-01")
    assert (unknown.status, unknown.code) == (404, "FeatureNotFound")


def test_a_namespace_without_types_here_has_its_features(arm: LocalAzure) -> None:
    listed = arm.call("GET", "/providers/Microsoft.Features/features", api="2021-07-01").body["value"]
    assert "Microsoft.Xrm/uxdevelopment" in [one["name"] for one in listed]


AT = "/providers/Microsoft.Features/featureProviders/microsoft.compute/subscriptionFeatureRegistrations"


def registration(arm: LocalAzure, method: str, name: str, body: Any = None) -> Answer:
    return arm.call(method, f"{AT}/{name}", body, api="2021-07-01")


def test_a_feature_s_registration_is_a_resource(arm: LocalAzure) -> None:
    name = "VMHibernationPreview"
    before = registration(arm, "GET", name.lower()).body
    assert before["id"].endswith(f"/featureProviders/Microsoft.Compute/subscriptionFeatureRegistrations/{name}")
    assert before["properties"].pop("releaseDate")
    assert before["properties"] == {
        "subscriptionId": SUBSCRIPTION, "featureName": name, "providerNamespace": "Microsoft.Compute",
        "state": "NotRegistered", "approvalType": "AutoApproval", "shouldFeatureDisplayInPortal": False,
    }  # fmt: skip
    assert registration(arm, "DELETE", name).status == 204
    made = registration(arm, "PUT", name, {})
    assert (made.status, made.body["name"], made.body["properties"]["state"]) == (200, name, "Registering")
    eventually(lambda: registration(arm, "GET", name).body["properties"]["state"] == "Registered")
    assert "registrationDate" in registration(arm, "GET", name).body["properties"]
    features = f"/providers/Microsoft.Features/providers/Microsoft.Compute/features/{name}"
    assert arm.call("GET", features, api="2021-07-01").body["properties"] == {"state": "Registered"}
    assert registration(arm, "DELETE", name).status == 200
    eventually(lambda: registration(arm, "GET", name).body["properties"]["state"] == "Unregistered")
    assert registration(arm, "DELETE", name).status == 204


def test_the_lists_of_registrations(arm: LocalAzure) -> None:
    of_one = arm.call("GET", AT, api="2021-07-01").body["value"]
    everything = arm.call(
        "GET", "/providers/Microsoft.Features/subscriptionFeatureRegistrations", api="2021-07-01"
    ).body["value"]
    assert {one["properties"]["providerNamespace"] for one in of_one} == {"Microsoft.Compute"}
    assert len(everything) > len(of_one)
    approval = {one["name"]: one["properties"]["approvalType"] for one in everything}
    assert approval["Microsoft.Resources/EUAPParticipation"] == "ApprovalRequired"


def test_what_a_registration_refuses(arm: LocalAzure) -> None:
    assert registration(arm, "PUT", "Nonsense", {}).code == "FeatureNotFound"
    refused = registration(arm, "PUT", "EncryptionAtHost", {"properties": {"description": "mine"}})
    assert refused.code == "FeatureRegistrationPropertiesNotSupportedByLocalAzure"
    spelled = registration(arm, "PUT", "EncryptionAtHost", {"Properties": {"description": "mine"}})
    assert spelled.code == refused.code
    assert registration(arm, "PUT", "EncryptionAtHost", {"tags": {"a": "b"}}).code == "InvalidRequestContent"
    elsewhere = AT.replace("microsoft.compute", "Microsoft.Nothing")
    assert arm.call("GET", elsewhere, api="2021-07-01").code == "InvalidResourceNamespace"


def test_so_is_what_a_namespace_has_in_a_region(arm: LocalAzure) -> None:
    """Of one that holds resources, which can't be unregistered, the state is written by hand."""
    usages, records = "/providers/Microsoft.Compute/locations/westus/usages", arm.cloud.records
    assert arm.call("GET", usages, api="2023-09-01").status == 200
    arm.on_loop(lambda: records.put("registration", "Microsoft.Compute", {"state": "Unregistered"}))
    try:
        refused = arm.call("GET", usages, api="2023-09-01")
        assert (refused.status, refused.code) == (409, "MissingSubscriptionRegistration")
    finally:
        arm.on_loop(lambda: records.delete("registration", "Microsoft.Compute"))
    assert arm.call("GET", usages, api="2023-09-01").status == 200
