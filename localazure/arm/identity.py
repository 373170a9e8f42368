"""Sign-in: tokens for the tenant's people and applications, OpenID configuration, and the cloud's metadata."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

from localazure.arm.identities import PERSON, PUBLIC_CLIENT, Identity
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request

LIFETIME_S = 24 * 3600 - 1  # what Azure gives to service principals with continuous access evaluation
# The version of the cloud's metadata that msrestazure asks for.
_FIRST_METADATA = "2015-01-01"
_SHARED_TENANTS = ("common", "organizations")
# The authentication context of Microsoft's mandatory MFA, as tokens and claims challenges name it (azure-cli#31699).
MULTI_FACTOR = "p1"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_CODE_LIFETIME_S = 900.0


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authority:
    """Issues and checks the bearer tokens of one tenant. The key is the instance's own."""

    def __init__(self, tenant: str, key: bytes) -> None:
        self.tenant = tenant
        self.key = key

    def issue(
        self, identity: Identity, audience: str, issuer: str, lifetime: float = LIFETIME_S, factors: bool = False
    ) -> str:
        """An access token; `factors`: the person has signed in with more than a password."""
        now = int(time.time())
        claims = {
            "aud": audience, "iss": issuer, "iat": now, "nbf": now, "exp": int(now + lifetime), "idp": issuer,
            "oid": identity.object_id, "sub": identity.object_id, "tid": self.tenant, "ver": "1.0",
        }  # fmt: skip
        if identity.kind == PERSON:
            claims |= {
                "acr": "1", "amr": ["pwd", "mfa"] if factors else ["pwd"], "acrs": [MULTI_FACTOR] if factors else [],
                "appid": PUBLIC_CLIENT, "appidacr": "0", "idtyp": "user", "ipaddr": "127.0.0.1",
                "name": identity.name, "scp": "user_impersonation", "unique_name": identity.upn, "upn": identity.upn,
            }  # fmt: skip
        else:
            claims |= {"appid": identity.app_id, "appidacr": "1", "idtyp": "app"}
        return self.signed(claims)

    def signed(self, claims: Mapping[str, Any], purpose: str = "") -> str:
        """A token; one with a `purpose` is no access token, and good for that alone."""
        signed = ".".join(_encode(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
        return f"{signed}.{self._signature(f'{purpose}:{signed}' if purpose else signed)}"

    def key_of(self, principal: str, client: str, resource: str) -> bytes:
        """What the metadata service signs a managed identity's tokens with: good for those of this identity alone."""
        return hmac.new(self.key, f"imds:{principal} {client} {resource}".encode(), hashlib.sha256).digest()

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
        given, claims = signature.encode("utf-8", "surrogateescape"), _claims(signed)
        own = hmac.compare_digest(self._signature(signed).encode(), given)
        if claims is None or not (own or hmac.compare_digest(self._of_guest(signed, claims), given)):
            raise self._foreign(claims or {})
        if claims["exp"] < time.time():
            expiry, now = (time.strftime("%m/%d/%Y %I:%M:%S %p", time.gmtime(at)) for at in (claims["exp"], None))
            message = f"The access token expiry UTC time '{expiry}' is earlier than current UTC time '{now}'."
            raise self._refused("ExpiredAuthenticationToken", message, message)
        return claims

    def _of_guest(self, signed: str, claims: Mapping[str, Any]) -> bytes:
        """The signature that the metadata service gives such a token; a managed identity's names its resource."""
        key = self.key_of(*(str(claims.get(name)) for name in ("oid", "appid", "xms_mirid")))
        return _encode(hmac.new(key, signed.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()).encode()

    def _foreign(self, claims: Mapping[str, Any]) -> ArmError:
        """The refusal of a token that was not issued here: of another tenant, or of nobody."""
        tenant = claims.get("tid")
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


def _claims(signed: str) -> dict[str, Any] | None:
    try:
        found = json.loads(_decode(signed.split(".")[1]))
    except (ValueError, IndexError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


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
    """POST /{tenant}/oauth2/v2.0/token; `request.body` is the form."""
    scopes = request.body.get("scope", "").split()
    audience = next((one.removesuffix("/.default") for one in scopes if one.endswith("/.default")), "")
    return _signed_in(cloud, request, audience or request.base_url, {
        "expires_in": LIFETIME_S, "ext_expires_in": LIFETIME_S, "scope": " ".join(scopes)})  # fmt: skip


def token_v1(cloud: Any, request: Request) -> Reply:
    """POST /{tenant}/oauth2/token, as Azure AD's first endpoint has it: for a resource, and with times as texts."""
    now = int(time.time())
    told = {
        "expires_in": str(LIFETIME_S), "ext_expires_in": str(LIFETIME_S), "expires_on": str(now + LIFETIME_S),
        "not_before": str(now), "resource": request.body.get("resource", ""),
    }  # fmt: skip
    return _signed_in(cloud, request, told["resource"], told)


def device_code(cloud: Any, request: Request) -> Reply:
    """POST /{tenant}/oauth2/v2.0/devicecode: what a client shows, and asks by until somebody has signed in."""
    _tenant(cloud, request)
    user, device = secrets.token_hex(4).upper(), secrets.token_urlsafe(30)
    cloud.device_codes[device] = {"user_code": user, "until": time.time() + _CODE_LIFETIME_S}
    page = f"{request.base_url}/common/oauth2/deviceauth"
    return Reply(200, {
        "user_code": user, "device_code": device, "verification_uri": page, "expires_in": int(_CODE_LIFETIME_S),
        "interval": 1,
        "message": f"To sign in, use a web browser to open the page {page} and enter the code {user} to authenticate.",
    })  # fmt: skip


def sign_in_by_device(cloud: Any, request: Request) -> Reply:
    """POST /common/oauth2/deviceauth: a person's user name and password for a code; `factors=true` is a second one."""
    form = request.body
    waiting = next((one for one in cloud.device_codes.values() if one["user_code"] == form.get("user_code")), None)
    if waiting is None or waiting["until"] < time.time():
        raise _denied(400, "invalid_grant", 70019, "The code is wrong or has expired.")
    identity = _by_password(cloud, form)
    waiting |= {"who": identity.object_id, "factors": form.get("factors") == "true"}
    return Reply(200, {"user_code": form["user_code"], "signed_in": identity.upn})


def user_realm(cloud: Any, request: Request) -> Reply:
    """GET /common/userrealm/{name}: who signs this person in. MSAL asks before it sends a password."""
    return Reply(200, {
        "ver": "1.0", "account_type": "Managed", "domain_name": cloud.settings.suffix,
        "cloud_instance_name": "localhost", "cloud_audience_urn": "urn:federation:LocalAzure",
    })  # fmt: skip


def _signed_in(cloud: Any, request: Request, audience: str, told: dict[str, Any]) -> Reply:
    _tenant(cloud, request)
    form = request.body
    grant = form.get("grant_type", "")
    if grant not in ("client_credentials", "password", "refresh_token", DEVICE_CODE):
        raise _denied(400, "unsupported_grant_type", 70003,
                      f"The app requested an unsupported grant type '{grant}'.")  # fmt: skip
    if not form.get("client_id"):
        message = "The request body must contain the parameter: 'client_id'."
        raise _denied(400, "invalid_request", 900144, message)
    if not audience:
        raise _denied(400, "invalid_resource", 50001, "Resource identifier is not provided.")
    issuer = f"https://sts.windows.net/{cloud.settings.tenant}/"
    if grant == "client_credentials":
        identity = _application(cloud, form)
        body = {"token_type": "Bearer", **told, "access_token": cloud.authority.issue(identity, audience, issuer)}
        body.pop("scope", None)
    else:
        identity, factors = _person(cloud, form)
        if _asks_for_factors(form) and not factors:
            raise _denied(400, "invalid_grant", 50076,
                "Due to a configuration change made by your administrator, or because you moved to a new location, you "
                f"must use multi-factor authentication to access '{audience}'.", suberror="basic_action")  # fmt: skip
        body = {
            "token_type": "Bearer", **told, **_of_person(cloud, request, identity, factors),
            "access_token": cloud.authority.issue(identity, audience, issuer, factors=factors),
        }  # fmt: skip
    return Reply(200, body, {"Cache-Control": "no-store, no-cache"})


def _application(cloud: Any, form: Mapping[str, Any]) -> Identity:
    """The service principal that signs in by its secret; raises SignInRefused for everybody else."""
    identity: Identity | None = cloud.identities.application(form["client_id"])
    if identity is None:
        raise _unknown_application(cloud, form["client_id"])
    if form.get("client_assertion"):
        raise _denied(401, "invalid_client", 700027,
                      "Client assertion contains an invalid signature. No certificate is registered here.")  # fmt: skip
    if not form.get("client_secret"):
        message = "'client_assertion', 'client_secret' or 'request' is required for 'client_credentials'."
        raise _denied(401, "invalid_client", 7000216, message)
    if not identity.accepts(form["client_secret"]):
        message = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{identity.app_id}'."
        )
        raise _denied(401, "invalid_client", 7000215, message)
    return identity


def _person(cloud: Any, form: Mapping[str, Any]) -> tuple[Identity, bool]:
    """The person who signs in, or has, and whether that was with more than a password; raises SignInRefused."""
    if form["client_id"].lower() != PUBLIC_CLIENT:
        raise _unknown_application(cloud, form["client_id"])
    if form["grant_type"] == "refresh_token":
        claims = _claims(form.get("refresh_token", "").rpartition(".")[0]) or {}
        identity = cloud.identities.of(str(claims.get("refreshes")))
        if identity is None or not hmac.compare_digest(
            cloud.authority.signed(claims, "refresh").encode(), form["refresh_token"].encode("utf-8", "surrogateescape")
        ):
            raise _denied(400, "invalid_grant", 70000, "The provided value for the input parameter 'refresh_token' is "
                          "not valid.", suberror="bad_token")  # fmt: skip
        return identity, bool(claims["factors"])
    if form["grant_type"] == DEVICE_CODE:
        waiting = cloud.device_codes.get(form.get("device_code", ""))
        if waiting is None or waiting["until"] < time.time():
            raise _denied(400, "expired_token", 70020, "The provided value for the input parameter 'device_code' is "
                          "not valid.")  # fmt: skip
        if "who" not in waiting:
            raise _denied(400, "authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending.")
        del cloud.device_codes[form["device_code"]]
        return cloud.identities.of(waiting["who"]), waiting["factors"]
    return _by_password(cloud, form), False


def _by_password(cloud: Any, form: Mapping[str, Any]) -> Identity:
    identity: Identity | None = cloud.identities.person(form.get("username", ""))
    if identity is None:
        raise _denied(400, "invalid_grant", 50034, "The user account {EUII Hidden} does not exist in the "
                      f"{cloud.settings.tenant} directory. To sign into this application, the account must be added to "
                      "the directory.")  # fmt: skip
    if not identity.accepts(form.get("password", "")):
        raise _denied(400, "invalid_grant", 50126, "Error validating credentials due to invalid username or password.")
    return identity


def _asks_for_factors(form: Mapping[str, Any]) -> bool:
    """Whether the claims that a client passes on are those of a challenge for multi-factor authentication."""
    try:
        asked = json.loads(form.get("claims") or "{}")["access_token"]["acrs"]
        return MULTI_FACTOR in (asked.get("values") or [asked.get("value")])
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _of_person(cloud: Any, request: Request, identity: Identity, factors: bool) -> dict[str, Any]:
    """What a client needs of a person beside the access token: who it is, and how to go on without the password."""
    now, tenant = int(time.time()), cloud.settings.tenant
    about = {"uid": identity.object_id, "utid": tenant}
    return {
        "refresh_token": cloud.authority.signed(
            {"refreshes": identity.object_id, "factors": factors, "iat": now}, "refresh"),
        "client_info": _encode(json.dumps(about).encode()),
        "id_token": cloud.authority.signed({
            "aud": PUBLIC_CLIENT, "iss": f"{request.base_url}/{tenant}/v2.0", "iat": now, "nbf": now, "exp": now + 3600,
            "name": identity.name, "oid": identity.object_id, "sub": identity.object_id, "tid": tenant, "ver": "2.0",
            "preferred_username": identity.upn,
        }, "id"),
    }  # fmt: skip


def _tenant(cloud: Any, request: Request) -> str:
    tenant = request.params["tenant"].lower()
    if tenant not in (cloud.settings.tenant, *_SHARED_TENANTS):
        raise _denied(400, "invalid_tenant", 90002, f"Tenant '{request.params['tenant']}' not found.")
    return str(cloud.settings.tenant)


class SignInRefused(ArmError):
    """A refusal in the form of OAuth 2.0, with what Microsoft Entra adds."""

    def __init__(self, status: int, error: str, number: int, message: str, suberror: str = "") -> None:
        super().__init__(status, error, f"AADSTS{number}: {message}")
        self.number, self.suberror = number, suberror

    def body(self) -> dict[str, Any]:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        at = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
        return {
            "error": self.code,
            "error_description": (
                f"{self.message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}"
            ),
            "error_codes": [self.number],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
            **({"suberror": self.suberror} if self.suberror else {}),
        }


def _unknown_application(cloud: Any, application: str) -> SignInRefused:
    return _denied(400, "unauthorized_client", 700016,
        f"Application with identifier '{application}' was not found in the directory '{cloud.settings.tenant}'. This "
        "can happen if the application has not been installed by the administrator of the tenant or consented to by "
        "any user in the tenant. You may have sent your authentication request to the wrong tenant.")  # fmt: skip


def _denied(status: int, code: str, number: int, message: str, suberror: str = "") -> SignInRefused:
    return SignInRefused(status, code, number, message, suberror)
