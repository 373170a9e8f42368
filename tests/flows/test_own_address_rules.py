"""``--sources me``: the address that an echo service tells, in Azure's rules and in what is printed."""

from __future__ import annotations

import pytest
from echo_service import ADDRESS, echo_service
from flow_cloud import HOST

NSG = "Microsoft.Network/networkSecurityGroups"


@pytest.fixture
def echo(cloud, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with echo_service() as served:
        monkeypatch.setenv("AZURE_DOCKERVM_ECHO", served.url)
        yield served


def let_in(cloud, rule: str = "allow-docker") -> list[str]:
    rules = cloud.settled(NSG, f"{HOST}NSG")["properties"]["securityRules"]
    properties = next(one["properties"] for one in rules if one["name"] == rule)
    return properties.get("sourceAddressPrefixes") or [properties["sourceAddressPrefix"]]


def test_a_host_lets_in_the_address_and_the_token_is_not_sent(cloud, echo, monkeypatch):
    seen = []
    monkeypatch.setattr("azext_dockervm.azure.login_address.claimed", lambda token, _now: seen.append(token) or "")
    made = cloud.create("--provisioner", "run-command", "--sources", "me")
    assert made.code == 4 and let_in(cloud) == [ADDRESS] and len(echo.asked) == 1
    assert f"'me' is {ADDRESS}, the public address of this computer as {echo.url} sees it." in made.stderr
    assert [text.count(".") for text in seen] == [2], "az's own token is what is looked at, once"
    assert "Authorization" not in echo.asked[0]
    again = cloud.create("--sources", "me", "127.0.0.0/8")   # the addresses that the machines of this cloud see
    assert again.succeeded().json["reachable"] is True and sorted(let_in(cloud)) == ["127.0.0.0/8", ADDRESS]


def test_the_plan_the_check_and_the_template_have_the_address_and_write_nothing(cloud, echo):
    cloud.mark()
    plan = cloud.create("--sources", "me", "--open-ports", "80", "--dry-run").succeeded()
    assert plan.stdout.count(f'"{ADDRESS}"') == 2 and '"me"' not in plan.stdout and f"'me' is {ADDRESS}" in plan.stderr
    table = cloud.create("--sources", "me", "--dry-run", "-o", "table").succeeded()
    assert f"Who may reach Docker (port 4243): {ADDRESS}." in table.stderr
    assert ADDRESS in cloud.create("--sources", "me", "--dry-run", "template").succeeded().stdout
    cloud.create("--sources", "me", "--validate").succeeded()
    assert rf"(PUT|PATCH|DELETE|POST) \S+/{cloud.group}/" not in cloud.requests


def test_without_an_answer_nothing_is_made(cloud, echo):
    cloud.mark()
    echo.answer = b"192.168.0.7"
    failed = cloud.create("--open-ports", "80", "--open-ports-sources", "10.0.0.1", "me")
    assert failed.code == 1 and f"{echo.url} answered with 192.168.0.7, which is no public address." in failed.stderr
    assert "--open-ports 80 --open-ports-sources 10.0.0.1 ADDRESS" in failed.stderr
    assert rf"(PUT|PATCH|DELETE|POST) \S+/{cloud.group}/" not in cloud.requests


def test_a_sound_host_follows_the_address_only_where_it_is_typed(cloud, echo, monkeypatch):
    cloud.host("--sources", "127.0.0.0/8")
    monkeypatch.setenv("AZURE_DOCKERVM_SOURCES", "me")
    cloud.create().succeeded()
    assert let_in(cloud) == ["127.0.0.0/8"]
    cloud.create("--sources", "me", "127.0.0.0/8").succeeded()
    assert sorted(let_in(cloud)) == ["127.0.0.0/8", ADDRESS]
