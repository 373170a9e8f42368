"""``--sources me`` from what az parsed to the rules that Azure gets, and what the user reads of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from azure.cli.core import azclierror
from echo_service import ADDRESS, echo_service

from azext_dockervm.azure import kinds
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.handlers import create

HOST = {"resource_group_name": "g", "vm_name": "web1", "admin_password": "Tall-Ships_2014+Docker",
        "provisioner": "run-command"}
OTHER = "20.42.73.99"


@pytest.fixture
def configured(cmd):
    """az's configuration for dockervm."""
    found: dict[str, str] = {}
    cmd.cli_ctx.config = SimpleNamespace(get=lambda _section, name, default=None: found.get(name, default),
                                         env_var_name=lambda section, name: f"AZURE_{section}_{name}".upper())
    return found


@pytest.fixture
def echo(configured, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "ACC_CLOUD"):
        monkeypatch.delenv(name, raising=False)
    with echo_service() as served:
        configured["echo"] = served.url
        yield served


@pytest.fixture
def created(cmd, cloud, folder, capsys):
    """Runs a create → its answer and what it said."""
    def run(**typed):
        answer = create.create(cmd, **HOST, cert_dir=str(folder), **typed)
        return answer, capsys.readouterr().err
    return run


def let_in(cloud) -> dict[str, list[str]]:
    rules = cloud.find(kinds.SECURITY_GROUP, "web1NSG")["properties"]["securityRules"]
    return {one["name"]: one["properties"].get("sourceAddressPrefixes") or [one["properties"]["sourceAddressPrefix"]]
            for one in rules}


def test_the_rules_have_the_address_and_it_is_printed(cloud, echo, created):
    _, said = created(sources=["me"], ssh_port="22")
    assert let_in(cloud) == {"allow-docker": [ADDRESS], "allow-ssh": [ADDRESS]} and len(echo.asked) == 1
    assert f"'me' is {ADDRESS}, the public address of this computer as {echo.url} sees it." in said
    assert f"Who may reach Docker (port 4243) and SSH (port 22): {ADDRESS}." in said


def test_it_stands_beside_others_and_in_open_ports_sources(cloud, echo, created):
    created(sources=["10.0.0.0/8"], open_ports=["80"], open_ports_sources=["198.51.100.0/24", "me"])
    assert let_in(cloud) == {"allow-docker": ["10.0.0.0/8"], "allow-ports": [ADDRESS, "198.51.100.0/24"]}


def test_an_address_in_another_range_is_left_out_as_azure_wants_it(cloud, echo, created):
    created(sources=["me", "20.42.0.0/16"])
    assert let_in(cloud) == {"allow-docker": ["20.42.0.0/16"]}


def test_nobody_is_asked_where_me_is_not_used(cloud, echo, created):
    created(sources=["10.0.0.0/8"])
    assert echo.asked == [] and "login_address" not in cloud.asked


def test_the_configured_me_is_for_new_hosts_and_a_typed_one_changes_a_host(cloud, echo, created, configured):
    configured["sources"] = "me"
    created()
    assert let_in(cloud) == {"allow-docker": [ADDRESS]}
    echo.answer = OTHER.encode()
    _, said = created()
    assert let_in(cloud) == {"allow-docker": [ADDRESS]} and "'me' is" not in said
    _, said = created(sources=["me"])
    assert let_in(cloud) == {"allow-docker": [OTHER]} and f"'me' is {OTHER}" in said
    echo.status = 500
    created()
    assert let_in(cloud) == {"allow-docker": [OTHER]}, "whom a host lets in needs no echo service"


@pytest.mark.parametrize(("typed", "command"), [
    ({"sources": ["me"]}, "--sources ADDRESS"), ({"sources": ["10.0.0.1,ME"]}, "--sources 10.0.0.1 ADDRESS"),
    ({"open_ports": ["80"], "open_ports_sources": ["me"]}, "--open-ports 80 --open-ports-sources ADDRESS")])
@pytest.mark.parametrize("preview", [{}, {"dry_run": "plan"}, {"validate": True}], ids=["create", "plan", "validate"])
def test_without_an_answer_nothing_is_made_and_the_command_names_the_address(cloud, echo, created, typed, command,
                                                                             preview):
    echo.status = 503
    with pytest.raises(azclierror.AzCLIError) as refused:
        created(**typed, **preview)
    told = "\n".join([str(refused.value), *refused.value.recommendations])
    assert "the address for 'me' is not known" in told and f"{echo.url} answered with HTTP 503" in told
    assert "To name the address yourself: az dockervm create -g g -n web1 " in told and command in told
    assert not cloud.writes()


def test_with_the_echo_off_me_is_refused_with_both_ways_on(cloud, created, configured):
    configured |= {"echo": "none", "sources": "me 10.0.0.0/8"}
    with pytest.raises(azclierror.AzCLIError) as refused:
        created()
    told = "\n".join([str(refused.value), *refused.value.recommendations])
    assert "dockervm.echo=none" in told and "--sources ADDRESS 10.0.0.0/8" in told
    assert "az config unset dockervm.echo" in told


def test_another_address_of_the_login_is_told_and_the_echo_s_is_taken(cloud, echo, created):
    cloud.login_address = OTHER
    _, said = created(sources=["me", "10.0.0.1"])
    assert let_in(cloud) == {"allow-docker": [ADDRESS, "10.0.0.1"]}
    assert f"{echo.url} sees {ADDRESS}, and az's login came from {OTHER}" in said
    assert f"--sources {ADDRESS} {OTHER} 10.0.0.1" in said


@pytest.mark.parametrize("login", ["", ADDRESS, "10.0.0.9", "127.0.0.1"])
def test_the_same_address_or_a_private_one_of_the_login_is_no_news(cloud, echo, created, login):
    cloud.login_address = login
    assert "az's login" not in created(sources=["me"])[1]


def test_cloud_shell_says_whose_address_it_is(cloud, echo, created, monkeypatch):
    monkeypatch.setenv("ACC_CLOUD", "PROD")
    assert f"{ADDRESS} is the address of this Cloud Shell session, not of your own computer" in created(
        sources=["me"])[1]


def test_a_proxy_on_the_way_to_the_echo_is_told(cloud, echo, created, monkeypatch):
    monkeypatch.setattr("azext_dockervm.client.own_address.by_proxy", lambda url: True)
    assert f"{ADDRESS} may be a proxy's address" in created(sources=["me"])[1]


def test_the_plan_has_the_address(cloud, echo, created):
    answer, said = created(sources=["me"], dry_run="plan")
    assert f"'sourceAddressPrefix': '{ADDRESS}'" in str(answer) and f"'me' is {ADDRESS}" in said
    answer, _ = created(sources=["me"], dry_run="template")
    assert f"'sourceAddressPrefix': '{ADDRESS}'" in str(answer) and "'me'" not in str(answer)
    assert not cloud.writes()


def test_a_host_that_does_not_answer_from_here_may_see_another_address(cloud, echo, created):
    cloud.engine_says = [EngineUnreachable("something drops the packets", kind="timeout")] * 500
    answer, said = created(sources=["me"])
    assert answer["reachable"] is False and f"{ADDRESS} is this computer's address as {echo.url} sees it." in said
    assert "Azure may see another one" in said
    command = next(line for line in said.splitlines() if line.startswith("To let in another address too: "))
    assert "az dockervm create -g g -n web1 " in command and f"--sources {ADDRESS} ADDRESS" in command
