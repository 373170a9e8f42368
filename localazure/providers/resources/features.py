"""Preview features of the namespaces, and the subscription's registrations for them: by actions, or as resources."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import timestamp
from localazure.protocol.errors import gateway_error, invalid_namespace
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import model
from localazure.providers.common import spelled
from localazure.providers.model import READ_ONLY, named, obj

_KIND = "Microsoft.Features/features"
_REGISTRATION = "Microsoft.Features/subscriptionFeatureRegistrations"
_RECORD = "feature"
# Features that tools around virtual machines ask for.
_FEATURES = {
    "Microsoft.Compute": (
        "AutomaticZoneRebalancing", "EncryptionAtHost", "InGuestPatchVMPreview", "StandardSecurityTypeAsDefault",
        "TrustedLaunchByDefaultPreview", "UltraSSDWithVMSS", "UseStandardSecurityType", "VMHibernationPreview",
    ),
    "Microsoft.Network": (
        "AllowBringYourOwnPublicIpAddress", "AllowGatewayLoadBalancer", "AllowLBPreview", "EnableVnetEncryption",
        "SkipPseudoVipGeneration",
    ),
    "Microsoft.Resources": ("DeploymentStacks", "EUAPParticipation", "TemplateSpecs"),
    "Microsoft.Xrm": ("uxdevelopment",),
}  # fmt: skip
# Those for which a person at Microsoft decides.
_BY_APPROVAL = ("EUAPParticipation", "AllowBringYourOwnPublicIpAddress")
_DURATION_S = 60.0
_MODEL = obj("SubscriptionFeatureRegistration", "properties", **named("id name type", READ_ONLY))
_RELEASED = "2021-01-01T00:00:00Z"  # one day for all: nobody's decisions hang on it


def routes() -> list[Route]:
    features = "/subscriptions/{subscription}/providers/Microsoft.Features"
    of_provider = f"{features}/providers/{{namespace}}/features"
    registrations = f"{features}/featureProviders/{{namespace}}/subscriptionFeatureRegistrations"
    one = f"{registrations}/{{feature}}"
    return [
        Route("GET", f"{features}/subscriptionFeatureRegistrations", list_registrations, _REGISTRATION),
        Route("GET", registrations, list_registrations, _REGISTRATION),
        Route("GET", one, get_registration, _REGISTRATION),
        Route("PUT", one, put_registration, _REGISTRATION, body=False),
        Route("DELETE", one, delete_registration, _REGISTRATION),
        Route("GET", f"{features}/features", list_all, _KIND),
        Route("GET", of_provider, list_of_provider, _KIND),
        Route("GET", f"{of_provider}/{{feature}}", get, _KIND),
        Route("POST", f"{of_provider}/{{feature}}/register", register, _KIND),
        Route("POST", f"{of_provider}/{{feature}}/unregister", unregister, _KIND),
    ]


def _render(cloud: Cloud, namespace: str, name: str) -> dict[str, Any]:
    record = cloud.records.get(_RECORD, f"{namespace}/{name}")
    at = f"/subscriptions/{cloud.settings.subscription}/providers/Microsoft.Features/providers/{namespace}"
    return {
        "properties": {"state": record["state"] if record else "NotRegistered"},
        "id": f"{at}/features/{name}",
        "type": "Microsoft.Features/providers/features",
        "name": f"{namespace}/{name}",
    }


def _registration(cloud: Cloud, namespace: str, name: str) -> dict[str, Any]:
    """The same state as a resource of the registration API."""
    record = cloud.records.get(_RECORD, f"{namespace}/{name}") or {"state": "NotRegistered"}
    of_provider = f"Microsoft.Features/featureProviders/{namespace}/subscriptionFeatureRegistrations"
    properties = {
        "subscriptionId": cloud.settings.subscription, "featureName": name, "providerNamespace": namespace,
        "state": record["state"], "releaseDate": _RELEASED, "shouldFeatureDisplayInPortal": False,
        "approvalType": "ApprovalRequired" if name in _BY_APPROVAL else "AutoApproval",
    }  # fmt: skip
    if "since" in record:
        properties["registrationDate"] = record["since"]
    return {
        "id": f"/subscriptions/{cloud.settings.subscription}/providers/{of_provider}/{name}",
        "name": f"{namespace}/{name}",
        "type": "Microsoft.Features/featureProviders/subscriptionFeatureRegistrations",
        "properties": properties,
    }


def list_registrations(cloud: Cloud, request: Request) -> Reply:
    """Of one namespace, where the path has one, or of all."""
    namespaces = [_namespace(request)] if "namespace" in request.params else list(_FEATURES)
    return listing([_registration(cloud, namespace, name) for namespace in namespaces for name in _FEATURES[namespace]])


def get_registration(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, _registration(cloud, *_feature(request)))


def put_registration(cloud: Cloud, request: Request) -> Reply:
    """As `register` does."""
    if model.read(request.body, _MODEL, model.FRONT_DOOR).get("properties"):
        message = "Local Azure keeps no properties of a feature's registration: send none."
        raise gateway_error(400, "FeatureRegistrationPropertiesNotSupportedByLocalAzure", message)
    register(cloud, request)
    namespace, name = _feature(request)
    return Reply(200, {**_registration(cloud, namespace, name), "name": name})


def delete_registration(cloud: Cloud, request: Request) -> Reply:
    record = cloud.records.get(_RECORD, "/".join(_feature(request)))
    if record is None or record["state"] == "Unregistered":
        return Reply(204)
    unregister(cloud, request)
    return Reply(200)


def list_all(cloud: Cloud, request: Request) -> Reply:
    return listing([_render(cloud, namespace, name) for namespace, names in _FEATURES.items() for name in names])


def _namespace(request: Request) -> str:
    asked = request.params["namespace"]
    found = spelled(asked, _FEATURES)
    if found is None:
        raise invalid_namespace(asked)
    return found


def list_of_provider(cloud: Cloud, request: Request) -> Reply:
    namespace = _namespace(request)
    return listing([_render(cloud, namespace, name) for name in _FEATURES[namespace]])


def _feature(request: Request) -> tuple[str, str]:
    namespace, asked = _namespace(request), request.params["feature"]
    name = spelled(asked, _FEATURES[namespace])
    if name is None:
        raise gateway_error(404, "FeatureNotFound", f"The feature '{asked}' could not be found.")
    return namespace, name


def get(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, _render(cloud, *_feature(request)))


def register(cloud: Cloud, request: Request) -> Reply:
    """Registering, and Registered after a while; Pending for good where somebody would have to approve it."""
    name = _feature(request)[1]
    return _change(cloud, request, "Pending" if name in _BY_APPROVAL else "Registering", "Registered")


def unregister(cloud: Cloud, request: Request) -> Reply:
    return _change(cloud, request, "Unregistering", "Unregistered")


def _change(cloud: Cloud, request: Request, passing: str, final: str) -> Reply:
    namespace, name = _feature(request)
    key = f"{namespace}/{name}"
    if (cloud.records.get(_RECORD, key) or {}).get("state") not in (passing, final):
        cloud.records.put(_RECORD, key, {"key": key, "state": passing})

        async def finish() -> None:
            await cloud.operations.pause(_DURATION_S)
            if cloud.records.get(_RECORD, key) == {"key": key, "state": passing}:
                cloud.records.put(_RECORD, key, _ended(key, final))

        if passing != "Pending":
            cloud.background(finish())
    return Reply(200, _render(cloud, namespace, name))


def settle(cloud: Cloud) -> None:
    """End what the last server left half-way."""
    for record in cloud.records.all(_RECORD):
        if record["state"] in ("Registering", "Unregistering"):
            state = record["state"].replace("ing", "ed")
            cloud.records.put(_RECORD, record["key"], _ended(record["key"], state))


def _ended(key: str, state: str) -> dict[str, Any]:
    """What is kept of a feature that the subscription is registered for, or no more."""
    return {"key": key, "state": state, **({"since": timestamp()} if state == "Registered" else {})}
