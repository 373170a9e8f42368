"""Sign-in, bearer tokens and cloud metadata: who gets in, and what the others are told."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import pytest
from arm_support import SUBSCRIPTION, TENANT, LocalAzure

from localazure.arm.identities import PERSON, PUBLIC_CLIENT, SERVICE_PRINCIPAL, Identity, ensure

ANYBODY = Identity("app", SERVICE_PRINCIPAL, "o", "s", "app")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourcegroups?api-version=2024-11-01"


def test_metadata_is_one_object_that_names_this_server_for_sign_in_and_arm(arm: LocalAzure) -> None:
    answer = arm.raw("GET", "/metadata/endpoints?api-version=2022-09-01")
    assert answer.status == 200
    base = f"https://localhost:{arm.port}"
    assert answer.body["resourceManager"] == base
    assert answer.body["authentication"]["loginEndpoint"] == base


def test_the_first_version_of_the_metadata_has_names_of_its_own(arm: LocalAzure) -> None:
    base = f"https://localhost:{arm.port}"
    assert arm.raw("GET", "/metadata/endpoints?api-version=2015-01-01").body == {
        "galleryEndpoint": base, "graphEndpoint": base, "portalEndpoint": base,
        "authentication": {"loginEndpoint": base, "audiences": [f"{base}/"]},
    }  # fmt: skip


def test_openid_configuration_of_the_tenant_leads_to_its_token_endpoint(arm: LocalAzure) -> None:
    answer = arm.raw("GET", f"/{TENANT}/v2.0/.well-known/openid-configuration")
    assert answer.body["token_endpoint"].endswith(f"/{TENANT}/oauth2/v2.0/token")


def asked(arm: LocalAzure, **form: str):
    return arm.raw("POST", f"/{TENANT}/oauth2/v2.0/token", urlencode(form).encode(), FORM)


def of_kind(arm: LocalAzure, kind: str) -> list[Identity]:
    return [one for one in arm.cloud.identities if one.kind == kind]


def claims_of(token: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def test_each_service_principal_signs_in_as_itself(arm: LocalAzure) -> None:
    first, second = of_kind(arm, SERVICE_PRINCIPAL)
    for one in (first, second):
        token = arm.sign_in(client_id=one.app_id, client_secret=one.secret)
        assert arm.raw("GET", GROUPS, headers={"Authorization": f"Bearer {token}"}).status == 200
        claims = claims_of(token)
        assert (claims["appid"], claims["oid"], claims["idtyp"]) == (one.app_id, one.object_id, "app")
        assert "upn" not in claims
    assert first.object_id != second.object_id and first.secret != second.secret


def test_application_that_is_not_in_the_tenant_gets_no_token(arm: LocalAzure) -> None:
    secret = of_kind(arm, SERVICE_PRINCIPAL)[0].secret
    answer = asked(arm, grant_type="client_credentials", client_id="whoever", client_secret=secret, scope="r/.default")
    assert (answer.status, answer.body["error"], answer.body["error_codes"]) == (400, "unauthorized_client", [700016])
    assert answer.body["error_description"].startswith(
        f"AADSTS700016: Application with identifier 'whoever' was not found in the directory '{TENANT}'.")


@pytest.mark.parametrize("secret", ["wrong", "\u00e9", "of another"])
def test_wrong_secret_gets_no_token(arm: LocalAzure, secret: str) -> None:
    first, second = of_kind(arm, SERVICE_PRINCIPAL)
    given = second.secret if secret == "of another" else secret
    answer = asked(arm, grant_type="client_credentials", client_id=first.app_id, client_secret=given,
                   scope="r/.default")
    assert (answer.status, answer.body["error"], answer.body["error_codes"]) == (401, "invalid_client", [7000215])
    assert answer.body["error_description"].startswith("AADSTS7000215: Invalid client secret provided.")
    assert {"trace_id", "correlation_id", "timestamp"} <= set(answer.body)
    assert given not in str(answer.body)


def by_password(arm: LocalAzure, person: Identity, **form: str):
    return asked(arm, **{
        "grant_type": "password", "client_id": PUBLIC_CLIENT, "username": person.upn.upper(),
        "password": person.secret, "scope": "https://arm/.default offline_access openid profile", **form})


def test_people_sign_in_by_az_s_application_and_their_token_says_who_they_are(arm: LocalAzure) -> None:
    alice, bob = of_kind(arm, PERSON)
    answer = by_password(arm, alice)
    claims = claims_of(answer.body["access_token"])
    assert (claims["upn"], claims["oid"], claims["appid"], claims["idtyp"]) == (
        alice.upn, alice.object_id, PUBLIC_CLIENT, "user")
    assert (claims["aud"], claims["ipaddr"], claims["amr"]) == ("https://arm", "127.0.0.1", ["pwd"])
    headers = {"Authorization": f"Bearer {answer.body['access_token']}"}
    assert arm.raw("GET", GROUPS, headers=headers).status == 200
    assert claims_of(answer.body["id_token"])["preferred_username"] == alice.upn
    assert alice.object_id != bob.object_id


@pytest.mark.parametrize(("form", "code"), [
    ({"password": "x"}, 50126), ({"username": "mallory@test.test"}, 50034), ({"client_id": "other"}, 700016)])
def test_people_are_refused_in_entra_s_words(arm: LocalAzure, form: dict[str, str], code: int) -> None:
    answer = by_password(arm, of_kind(arm, PERSON)[0], **form)
    assert (answer.status, answer.body["error_codes"]) == (400, [code])
    assert answer.body["error_description"].startswith(f"AADSTS{code}: ")


def test_refresh_token_gives_the_same_person_a_token_again(arm: LocalAzure) -> None:
    alice = of_kind(arm, PERSON)[0]
    first = by_password(arm, alice).body
    form = {"grant_type": "refresh_token", "client_id": PUBLIC_CLIENT, "scope": "https://arm/.default"}
    again = asked(arm, **form, refresh_token=first["refresh_token"])
    assert claims_of(again.body["access_token"])["oid"] == alice.object_id
    for wrong in (first["access_token"], first["id_token"], first["refresh_token"][:-2] + "xx", "", "a.b.c"):
        answer = asked(arm, **form, refresh_token=wrong)
        assert (answer.status, answer.body["error_codes"]) == (400, [70000])


def test_no_token_but_an_access_token_is_taken(arm: LocalAzure) -> None:
    told = by_password(arm, of_kind(arm, PERSON)[0]).body
    for wrong in (told["refresh_token"], told["id_token"]):
        answer = arm.raw("GET", GROUPS, headers={"Authorization": f"Bearer {wrong}"})
        assert (answer.status, answer.code) == (401, "InvalidAuthenticationToken")


def test_claims_that_ask_for_more_factors_are_not_met_by_a_password(arm: LocalAzure) -> None:
    """As az passes a challenge on: silently, with its refresh token."""
    alice = of_kind(arm, PERSON)[0]
    claims = json.dumps({"access_token": {"acrs": {"essential": True, "values": ["p1"]},
                                          "xms_cc": {"values": ["CP1"]}}})
    token = by_password(arm, alice, claims='{"access_token":{"xms_cc":{"values":["CP1"]}}}').body["refresh_token"]
    for answer in (by_password(arm, alice, claims=claims),
                   asked(arm, grant_type="refresh_token", client_id=PUBLIC_CLIENT, scope="https://arm/.default",
                         refresh_token=token, claims=claims)):
        assert (answer.status, answer.body["error"], answer.body["error_codes"]) == (400, "invalid_grant", [50076])


def test_secrets_are_private_files_that_stay_from_start_to_start(tmp_path) -> None:
    made = {one.name: one for one in ensure(tmp_path, "test", "test.test")}
    again = {one.name: one for one in ensure(tmp_path, "test", "test.test")}
    assert made == again and len({one.secret for one in made.values()}) == len(made) == 4
    for path in (tmp_path / "identities.json", *(tmp_path / "identities").iterdir()):
        assert path.stat().st_mode & 0o777 == 0o600
    index = (tmp_path / "identities.json").read_text()
    assert not any(one.secret in index or one.secret in repr(one) for one in made.values())
    listed = {one["name"]: one for one in json.loads(index)}
    assert open(listed["alice"]["secretFile"]).read() == made["alice"].secret
    assert listed["alice"]["upn"] == "alice@test.test" and listed["deployer"]["appId"] == made["deployer"].app_id


def test_sign_in_by_v1_is_for_a_resource_and_tells_times_as_texts(arm: LocalAzure) -> None:
    configuration = arm.raw("GET", f"/{TENANT}/.well-known/openid-configuration").body
    assert configuration["issuer"] == f"https://sts.windows.net/{TENANT}/"
    path = configuration["token_endpoint"].removeprefix(f"https://localhost:{arm.port}")
    assert path == f"/{TENANT}/oauth2/token"
    resource = f"https://localhost:{arm.port}/"
    first = of_kind(arm, SERVICE_PRINCIPAL)[0]
    form = {"grant_type": "client_credentials", "client_id": first.app_id, "client_secret": first.secret,
            "resource": resource}
    answer = arm.raw("POST", f"{path}?api-version=1.0", urlencode(form).encode(), FORM)
    assert (answer.status, answer.body["token_type"], answer.body["resource"]) == (200, "Bearer", resource)
    times = [answer.body.pop(name) for name in ("expires_in", "ext_expires_in", "expires_on", "not_before")]
    assert all(isinstance(one, str) and one.isdigit() for one in times)
    assert int(times[2]) - int(times[3]) == int(times[0])
    assert set(answer.body) == {"token_type", "resource", "access_token"}
    headers = {"Authorization": f"Bearer {answer.body['access_token']}"}
    assert arm.raw("GET", GROUPS, headers=headers).status == 200


@pytest.mark.parametrize(
    ("form", "status", "error", "reason"),
    [
        ("grant_type=client_credentials&client_id=a&client_secret=b", 400, "invalid_resource", "AADSTS50001"),
        ("grant_type=client_credentials&client_id=a&resource=r", 400, "unauthorized_client", "AADSTS700016"),
        ("grant_type=client_credentials&client_id=APP&resource=r", 401, "invalid_client", "AADSTS7000216"),
        ("grant_type=implicit&client_id=a&resource=r", 400, "unsupported_grant_type", "AADSTS70003"),
        ("grant_type=client_credentials&resource=r", 400, "invalid_request", "AADSTS900144"),
    ],
)
def test_what_v1_refuses(arm: LocalAzure, form: str, status: int, error: str, reason: str) -> None:
    form = form.replace("APP", of_kind(arm, SERVICE_PRINCIPAL)[0].app_id)
    answer = arm.raw("POST", f"/{TENANT}/oauth2/token", form.encode(), FORM)
    assert (answer.status, answer.body["error"]) == (status, error)
    assert answer.body["error_description"].startswith(reason)


def test_without_a_secret_or_in_another_tenant_nobody_signs_in(arm: LocalAzure) -> None:
    form = f"grant_type=client_credentials&client_id={of_kind(arm, SERVICE_PRINCIPAL)[0].app_id}".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert arm.raw("POST", f"/{TENANT}/oauth2/v2.0/token", form, headers).status == 401
    other = arm.raw("POST", "/00000000-0000-0000-0000-000000000000/oauth2/v2.0/token", form, headers)
    assert other.status == 400
    assert "AADSTS90002" in other.body["error_description"]


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "AuthenticationFailed"),
        ("Basic abc", "AuthenticationFailedInvalidHeader"),
        ("Bearer", "AuthenticationFailedInvalidHeader"),
        ("Bearer nonsense", "InvalidAuthenticationToken"),
        ("Bearer a.b.c", "InvalidAuthenticationToken"),
        ("Bearer h\u00e9", "InvalidAuthenticationToken"),
    ],
)
def test_a_call_without_a_good_token_is_refused_with_a_challenge(
    arm: LocalAzure, authorization: str | None, code: str
) -> None:
    answer = arm.raw("GET", GROUPS, headers={"Authorization": authorization} if authorization else {})
    assert (answer.status, answer.code) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


def test_an_unknown_path_tells_a_stranger_nothing(arm: LocalAzure) -> None:
    assert arm.raw("GET", "/nowhere").status == 401


def test_an_expired_token_is_named_as_such(arm: LocalAzure) -> None:
    token = arm.cloud.authority.issue(ANYBODY, "aud", "iss", lifetime=-10)
    answer = arm.raw("GET", GROUPS, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status, answer.code) == (401, "ExpiredAuthenticationToken")


def test_a_token_of_another_instance_is_refused(arm: LocalAzure) -> None:
    from localazure.arm.identity import Authority

    token = Authority(TENANT, b"other key").issue(ANYBODY, "aud", "iss")
    answer = arm.raw("GET", GROUPS, headers={"Authorization": f"Bearer {token}"})
    assert answer.code == "InvalidAuthenticationToken"


def test_a_token_of_another_tenant_is_told_where_to_sign_in(arm: LocalAzure) -> None:
    from localazure.arm.identity import Authority

    token = Authority("33333333-3333-4333-8333-333333333333", b"other key").issue(ANYBODY, "aud", "iss")
    answer = arm.raw("GET", GROUPS, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationTokenTenant")
    assert answer.message.startswith(
        "The access token is from the wrong issuer 'https://sts.windows.net/33333333-3333-4333-8333-333333333333/'. It "
        f"must match the tenant 'https://sts.windows.net/{TENANT}/' associated with this subscription."
    )
    assert f"/{TENANT}" in answer.headers["WWW-Authenticate"]
