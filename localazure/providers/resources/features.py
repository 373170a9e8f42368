"""Preview features of the namespaces, and whether the subscription is registered for them."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol.errors import gateway_error, invalid_namespace
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers.common import spelled

_KIND = "Microsoft.Features/features"
_RECORD = "feature"
# Features that tools around virtual machines ask for.
_FEATURES = {
    "Microsoft.Compute": (
        "AutomaticZoneRebalancing", "EncryptionAtHost", "InGuestPatchVMPreview", "StandardSecurityTypeAsDefault",
        "TrustedLaunchByDefaultPreview", "UltraSSDWithVMSS", "UseStandardSecurityType", "VMHibernationPreview",
    ),
    "Microsoft.Network": ("AllowBringYourOwnPublicIpAddress", "AllowGatewayLoadBalancer", "EnableVnetEncryption"),
    "Microsoft.Resources": ("DeploymentStacks", "EUAPParticipation", "TemplateSpecs"),
}  # fmt: skip
# Those for which a person at Microsoft decides.
_BY_APPROVAL = ("EUAPParticipation", "AllowBringYourOwnPublicIpAddress")
_DURATION_S = 60.0


def routes() -> list[Route]:
    features = "/subscriptions/{subscription}/providers/Microsoft.Features"
    of_provider = f"{features}/providers/{{namespace}}/features"
    return [
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
                cloud.records.put(_RECORD, key, {"key": key, "state": final})

        if passing != "Pending":
            cloud.background(finish())
    return Reply(200, _render(cloud, namespace, name))


def settle(cloud: Cloud) -> None:
    """End what the last server left half-way."""
    for record in cloud.records.all(_RECORD):
        if record["state"] in ("Registering", "Unregistering"):
            state = record["state"].replace("ing", "ed")
            cloud.records.put(_RECORD, record["key"], {**record, "state": state})
