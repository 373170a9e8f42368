"""The address in az's token: of a young one alone, and nothing that is odd."""

from __future__ import annotations

import base64
import json

import pytest

from azext_dockervm.azure.login_address import claimed

NOW = 1_800_000_000


def token(claims: object) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.signature"


@pytest.mark.parametrize("age", [-5, 0, 299])
def test_a_young_token_tells_the_address(age):
    assert claimed(token({"iat": NOW - age, "ipaddr": "20.42.73.5"}), NOW) == "20.42.73.5"


@pytest.mark.parametrize("text", [
    "", "opaque", "a.%%%.c", "e30.e30.x", token([]), token(None), token({"iat": NOW}),
    token({"iat": NOW - 301, "ipaddr": "20.42.73.5"}), token({"iat": NOW + 301, "ipaddr": "20.42.73.5"}),
    token({"iat": "soon", "ipaddr": "20.42.73.5"}), token({"iat": NOW, "ipaddr": "2001:db8::1"}),
    token({"iat": NOW, "ipaddr": None}), token({"iat": float("nan"), "ipaddr": "20.42.73.5"})])
def test_any_other_token_tells_none(text):
    assert claimed(text, NOW) == ""
