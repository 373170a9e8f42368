"""Sign-in: the tokens of a tenant that trusts every application, OpenID configuration, and the cloud's metadata."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request

LIFETIME_S = 24 * 3600 - 1  # what Azure gives to service principals with continuous access evaluation
# The version of the cloud's metadata that msrestazure asks for.
_FIRST_METADATA = "2015-01-01"
_SHARED_TENANTS = ("common", "organizations")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def object_id(application: str) -> str:
    """The id of an application's service principal; an application that signs in has one at once."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, application))


class Authority:
    """Issues and checks the bearer tokens of one tenant. The key is the instance's own."""

    def __init__(self, tenant: str, key: bytes) -> None:
        self.tenant = tenant
        self.key = key

    def issue(self, application: str, audience: str, issuer: str, lifetime: float = LIFETIME_S) -> str:
        now = int(time.time())
        principal = object_id(application)
        header = {"typ": "JWT", "alg": "HS256"}
        claims = {
            "aud": audience, "iss": issuer, "iat": now, "nbf": now, "exp": int(now + lifetime), "appid": application,
            "appidacr": "1", "idp": issuer, "idtyp": "app", "oid": principal, "sub": principal, "tid": self.tenant,
            "ver": "1.0",
        }  # fmt: skip
        signed = ".".join(_encode(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{self._signature(signed)}"

    def _signature(self, signed: str) -> str:
        return _encode(hmac.new(self.key, signed.encode("utf-8", "surrogateescape"), hashlib.sha256).digest())

    def sign(self, text: str) -> str:
        """A signature of a text that this instance alone can make; never one of a token."""
        return self._signature(f"sas:{text}")

    def check(self, authorization: str | None) -> dict[str, Any]:
        """The claims of a bearer token; raises ArmError 401 with the header that tells a client where to sign in."""
        if not authorization:
            message = "Authentication failed. The 'Authorization' header is missing."
            raise self._refused(
                "AuthenticationFailed", message, "The authentication failed because of missing 'Authorization' header."
            )
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            message = "Authentication failed. The 'Authorization' header is provided in an invalid format."
            raise self._refused("AuthenticationFailedInvalidHeader", message, message)
        signed, _, signature = token.strip().rpartition(".")
        # As bytes: compare_digest takes no text beyond ASCII, and a header may hold any.
        if not hmac.compare_digest(self._signature(signed).encode(), signature.encode("utf-8", "surrogateescape")):
            raise self._foreign(signed)
        claims: dict[str, Any] = json.loads(_decode(signed.split(".")[1]))
        if claims["exp"] < time.time():
            expiry, now = (time.strftime("%m/%d/%Y %I:%M:%S %p", time.gmtime(at)) for at in (claims["exp"], None))
            message = f"The access token expiry UTC time '{expiry}' is earlier than current UTC time '{now}'."
            raise self._refused("ExpiredAuthenticationToken", message, message)
        return claims

    def _foreign(self, signed: str) -> ArmError:
        """The refusal of a token that was not issued here: of another tenant, or of nobody."""
        try:
            claims = json.loads(_decode(signed.split(".")[1]))
            tenant = claims["tid"]
        except (ValueError, IndexError, KeyError, TypeError, RecursionError):
            tenant = None
        if not isinstance(tenant, str) or tenant.lower() == self.tenant:
            message = "The access token is invalid."
            return self._refused("InvalidAuthenticationToken", message, message)
        message = (
            f"The access token is from the wrong issuer 'https://sts.windows.net/{tenant}/'. It must match the tenant "
            f"'https://sts.windows.net/{self.tenant}/' associated with this subscription. Please use the authority "
            f"(URL) 'https://login.windows.net/{self.tenant}' to get the token. Note, if the subscription is "
            "transferred to another tenant there is no impact to the services, but information about new tenant could "
            "take time to propagate (up to an hour). If you just transferred your subscription and see this error "
            "message, please try back later."
        )
        return self._refused("InvalidAuthenticationTokenTenant", message, "The access token is from the wrong issuer.")

    def _refused(self, code: str, message: str, description: str) -> ArmError:
        challenge = (
            f'Bearer authorization_uri="https://login.windows.net/{self.tenant}", error="invalid_token", '
            f'error_description="{description}"'
        )
        return ArmError(401, code, message, headers={"WWW-Authenticate": challenge, "x-ms-failure-cause": "gateway"})


def endpoints(cloud: Any, request: Request) -> Reply:
    """GET /metadata/endpoints: one JSON object, as `az cloud register` reads it."""
    base = request.base_url
    if request.query.get("api-version") == _FIRST_METADATA:
        sign_in = {"loginEndpoint": base, "audiences": [f"{base}/"]}
        old = {f"{name}Endpoint": base for name in ("gallery", "graph", "portal")}
        return Reply(200, {**old, "authentication": sign_in})
    suffix = cloud.settings.suffix
    return Reply(
        200,
        {
            "name": f"LocalAzure-{cloud.settings.instance}",
            "portal": base,
            "authentication": {
                "loginEndpoint": base,
                "audiences": [base, f"{base}/"],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "resourceManager": base,
            "graph": base,
            "graphAudience": base,
            "microsoftGraphResourceId": base,
            "media": base,
            "batch": base,
            "gallery": base,
            "sqlManagement": base,
            "vmImageAliasDoc": f"{base}/metadata/aliases.json",
            "logAnalyticsResourceId": base,
            "suffixes": {
                "storage": f"core.{suffix}",
                "keyVaultDns": f"vault.{suffix}",
                "sqlServerHostname": f"database.{suffix}",
                "acrLoginServer": f"azurecr.{suffix}",
            },
        },
    )


def openid_configuration(cloud: Any, request: Request) -> Reply:
    """GET /{tenant}/v2.0/.well-known/openid-configuration."""
    return Reply(200, _configuration(cloud, request, "v2.0/", "v2.0"))


def openid_configuration_v1(cloud: Any, request: Request) -> Reply:
    """GET /{tenant}/.well-known/openid-configuration."""
    issuer = f"https://sts.windows.net/{_tenant(cloud, request)}/"
    body = {**_configuration(cloud, request, "", ""), "issuer": issuer, "microsoft_multi_refresh_token": True}
    return Reply(200, body)


def _configuration(cloud: Any, request: Request, version: str, issuer: str) -> dict[str, Any]:
    tenant = _tenant(cloud, request)
    at = f"{request.base_url}/{tenant}"
    return {
        "token_endpoint": f"{at}/oauth2/{version}token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{at}/discovery/{version}keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{at}/{issuer}",
        "authorization_endpoint": f"{at}/oauth2/{version}authorize",
        "device_authorization_endpoint": f"{at}/oauth2/{version}devicecode",
        "tenant_region_scope": None,
        "cloud_instance_name": "localhost",
    }


def token(cloud: Any, request: Request) -> Reply:
    """POST /{tenant}/oauth2/v2.0/token: any application with any secret gets in; `request.body` is the form."""
    audience = request.body.get("scope", "").removesuffix("/.default") or request.base_url
    return _signed_in(cloud, request, audience, {"expires_in": LIFETIME_S, "ext_expires_in": LIFETIME_S})


def token_v1(cloud: Any, request: Request) -> Reply:
    """POST /{tenant}/oauth2/token, as Azure AD's first endpoint has it: for a resource, and with times as texts."""
    now = int(time.time())
    told = {
        "expires_in": str(LIFETIME_S), "ext_expires_in": str(LIFETIME_S), "expires_on": str(now + LIFETIME_S),
        "not_before": str(now), "resource": request.body.get("resource", ""),
    }  # fmt: skip
    return _signed_in(cloud, request, told["resource"], told)


def _signed_in(cloud: Any, request: Request, audience: str, told: dict[str, Any]) -> Reply:
    _tenant(cloud, request)
    refused = _refusal(request.body, audience)
    if refused is not None:
        return refused
    application = request.body["client_id"]
    _remember(cloud, application)
    issuer = f"{request.base_url}/{cloud.settings.tenant}/"
    access_token = cloud.authority.issue(application, audience, issuer)
    body = {"token_type": "Bearer", **told, "access_token": access_token}
    return Reply(200, body, {"Cache-Control": "no-store, no-cache"})


def _refusal(form: dict[str, Any], audience: str) -> Reply | None:
    if form.get("grant_type") != "client_credentials":
        return _denied(
            400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type "
            f"'{form.get('grant_type', '')}'. Local Azure signs in service principals only.",
        )  # fmt: skip
    if not form.get("client_id"):
        return _denied(
            400, "invalid_request", "AADSTS900144: The request body must contain the parameter: 'client_id'."
        )
    if not audience:
        return _denied(400, "invalid_resource", "AADSTS50001: Resource identifier is not provided.")
    if not form.get("client_secret") and not form.get("client_assertion"):
        message = (
            "AADSTS7000216: 'client_assertion', 'client_secret' or 'request' is required for 'client_credentials'."
        )
        return _denied(401, "invalid_client", message)
    return None


def _remember(cloud: Any, application: str) -> None:
    """Keep the application in the directory."""
    if cloud.records.get("application", application) is None:
        since = time.strftime("%Y-%m-%dT%H:%M:%S.000000+00:00", time.gmtime())
        cloud.records.put("application", application, {"name": application, "since": since})


def _tenant(cloud: Any, request: Request) -> str:
    tenant = request.params["tenant"].lower()
    if tenant not in (cloud.settings.tenant, *_SHARED_TENANTS):
        message = f"AADSTS90002: Tenant '{request.params['tenant']}' not found."
        raise SignInRefused(400, "invalid_tenant", message)
    return cloud.settings.tenant


class SignInRefused(ArmError):
    """A refusal in the form of OAuth 2.0: error and error_description."""

    def body(self) -> dict[str, Any]:
        return {"error": self.code, "error_description": self.message}


def _denied(status: int, code: str, message: str) -> Reply:
    return Reply(status, SignInRefused(status, code, message).body())
