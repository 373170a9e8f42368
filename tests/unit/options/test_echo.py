"""The echo service of ``me``: only az's configuration names it, and only where ``me`` is used."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.options.arguments import Arguments
from azext_dockervm.options.echo import check_echo

NAMED = {"resource_group_name": "g", "vm_name": "web1"}


def network(cli_ctx, **typed):
    return Arguments("create", {**NAMED, **typed}, cli_ctx).host_spec().network


@pytest.mark.parametrize(("text", "expected"), [
    ("https://echo.example", "https://echo.example"), ("https://echo.example:8443/ip", "https://echo.example:8443/ip"),
    ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/"), ("http://localhost:1", "http://localhost:1"),
    ("none", ""), ("None", "")])
def test_an_https_url_is_taken_and_http_on_this_computer(text, expected):
    assert check_echo(text) == expected


@pytest.mark.parametrize(("text", "words"), [
    ("http://echo.example", "must begin with https://"), ("ftp://echo.example", "must begin with https://"),
    ("echo.example", "neither a URL"), ("https://", "neither a URL"), ("https://a:b", "neither a URL"),
    ("https://a b", "neither a URL"), ("https://me:secret@echo.example", "must not include a user name")])
def test_any_other_is_refused(text, words):
    with pytest.raises(InvalidValue) as refused:
        check_echo(text)
    assert words in refused.value.message and "secret" not in refused.value.message


def test_the_service_that_az_asks_is_asked_unless_another_is_configured(cli_ctx, config, monkeypatch):
    assert network(cli_ctx, sources=["me"]).echo == "https://api.ipify.org"
    config.set_value("dockervm", "echo", "https://echo.example/")
    assert network(cli_ctx, sources=["10.0.0.0/8", "ME"]).echo == "https://echo.example/"
    monkeypatch.setenv("AZURE_DOCKERVM_ECHO", "none")
    assert network(cli_ctx, open_ports=["80"], open_ports_sources=["me"]).echo == ""


def test_it_is_not_looked_up_where_me_is_not_used(cli_ctx, monkeypatch):
    monkeypatch.setenv("AZURE_DOCKERVM_ECHO", "nonsense")
    assert network(cli_ctx).echo is None and network(cli_ctx, sources=["10.0.0.1"]).echo is None
    with pytest.raises(InvalidValue) as refused:
        network(cli_ctx, sources=["me"])
    assert "environment variable AZURE_DOCKERVM_ECHO: 'nonsense'" in refused.value.message
    monkeypatch.setenv("AZURE_DOCKERVM_SOURCES", "me")
    with pytest.raises(InvalidValue):
        network(cli_ctx)


def test_me_can_be_configured(cli_ctx, config):
    config.set_value("dockervm", "sources", "me 10.0.0.0/8")
    assert network(cli_ctx).sources == ("me", "10.0.0.0/8")
