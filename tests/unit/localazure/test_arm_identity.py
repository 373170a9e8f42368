"""Sign-in, bearer tokens and cloud metadata: who gets in, and what the others are told."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from arm_support import SUBSCRIPTION, TENANT, LocalAzure

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


def test_any_application_with_any_secret_signs_in(arm: LocalAzure) -> None:
    token = arm.sign_in(client_id="whoever", client_secret="whatever")
    assert arm.raw("GET", GROUPS, headers={"Authorization": f"Bearer {token}"}).status == 200


def test_sign_in_by_v1_is_for_a_resource_and_tells_times_as_texts(arm: LocalAzure) -> None:
    configuration = arm.raw("GET", f"/{TENANT}/.well-known/openid-configuration").body
    assert configuration["issuer"] == f"https://sts.windows.net/{TENANT}/"
    path = configuration["token_endpoint"].removeprefix(f"https://localhost:{arm.port}")
    assert path == f"/{TENANT}/oauth2/token"
    resource = f"https://localhost:{arm.port}/"
    form = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "x", "resource": resource}
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
        ("grant_type=client_credentials&client_id=a&resource=r", 401, "invalid_client", "AADSTS7000216"),
        ("grant_type=password&client_id=a&resource=r", 400, "unsupported_grant_type", "AADSTS70003"),
        ("grant_type=client_credentials&resource=r", 400, "invalid_request", "AADSTS900144"),
    ],
)
def test_what_v1_refuses(arm: LocalAzure, form: str, status: int, error: str, reason: str) -> None:
    answer = arm.raw("POST", f"/{TENANT}/oauth2/token", form.encode(), FORM)
    assert (answer.status, answer.body["error"]) == (status, error)
    assert answer.body["error_description"].startswith(reason)


def test_without_a_secret_or_in_another_tenant_nobody_signs_in(arm: LocalAzure) -> None:
    form = b"grant_type=client_credentials&client_id=app"
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
    token = arm.cloud.authority.issue("app", "aud", "iss", lifetime=-10)
    answer = arm.raw("GET", GROUPS, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status, answer.code) == (401, "ExpiredAuthenticationToken")


def test_a_token_of_another_instance_is_refused(arm: LocalAzure) -> None:
    from localazure.arm.identity import Authority

    token = Authority(TENANT, b"other key").issue("app", "aud", "iss")
    answer = arm.raw("GET", GROUPS, headers={"Authorization": f"Bearer {token}"})
    assert answer.code == "InvalidAuthenticationToken"


def test_a_token_of_another_tenant_is_told_where_to_sign_in(arm: LocalAzure) -> None:
    from localazure.arm.identity import Authority

    token = Authority("33333333-3333-4333-8333-333333333333", b"other key").issue("app", "aud", "iss")
    answer = arm.raw("GET", GROUPS, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationTokenTenant")
    assert answer.message.startswith(
        "The access token is from the wrong issuer 'https://sts.windows.net/33333333-3333-4333-8333-333333333333/'. It "
        f"must match the tenant 'https://sts.windows.net/{TENANT}/' associated with this subscription."
    )
    assert f"/{TENANT}" in answer.headers["WWW-Authenticate"]
