"""Options of contexts and builders: what is a tunnel's near end, which hosts build, what has to be said."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.options.commands import option_of, options_of
from azext_dockervm.options.configuration import Configuration


def checked(command, name, value):
    return option_of(command, name).checked(value)


@pytest.mark.parametrize(("text", "endpoint"), [
    ("127.0.0.1:2376", "tcp://127.0.0.1:2376"), ("LocalHost:1", "tcp://localhost:1"),
    ("localhost:65535", "tcp://localhost:65535")])
def test_a_tunnel_ends_here(text, endpoint):
    assert checked("context create", "via", text) == endpoint


@pytest.mark.parametrize("text", ["127.0.0.2:2376", "[::1]:2376", "web1:2376", ":2376", "localhost", "localhost:65536",
                                  "localhost:x", "localhost:2376/x", "user@localhost:22"])
def test_what_the_host_s_certificate_does_not_name_is_no_tunnel(text):
    with pytest.raises(InvalidValue, match="^--via: ") as refused:
        checked("context create", "via", text)
    assert refused.value.recommendations == ("For example: --via 127.0.0.1:2376",)


def test_each_host_builds_once_in_the_order_that_was_typed():
    assert checked("builder create", "hosts", ["web2", "web1", "web2"]) == ("web2", "web1")
    with pytest.raises(InvalidValue, match="^--hosts: 'a b'") as refused:
        checked("builder create", "hosts", ["web1", "a b"])
    assert refused.value.recommendations == ("For example: --hosts web1 web2",)


def test_a_new_host_s_context_has_its_name_or_another():
    assert checked("create", "docker_context", True) is True and checked("create", "docker_context", None) is None
    assert checked("create", "docker_context", "shop") == "shop"
    with pytest.raises(InvalidValue, match="^--docker-context: 'a b'"):
        checked("create", "docker_context", "a b")


@pytest.mark.parametrize(("command", "required"), [
    ("context create", ["resource_group_name", "vm_name"]), ("context show", []), ("context use", ["context_name"]),
    ("context remove", ["context_name"]), ("builder create", ["resource_group_name", "builder_name", "hosts"]),
    ("builder remove", ["builder_name"])])
def test_what_has_to_be_said(command, required):
    assert [option.name for option in options_of(command) if option.required] == required


def test_docker_s_own_context_can_be_chosen_and_not_made():
    assert checked("context use", "context_name", "default") == "default"
    with pytest.raises(InvalidValue, match="^--context-name: 'default' is the name that docker keeps for itself"):
        checked("context create", "context_name", "default")


# As configured for every host


@pytest.mark.parametrize(("text", "value"), [("true", True), ("True", True), ("false", None), ("web", "web")])
def test_docker_context_is_configured_for_every_host_or_for_none(config, text, value):
    config.set_value("dockervm", "docker_context", text)
    option = option_of("create", "docker_context")
    assert Configuration(config).value(option, None) == value
    assert Configuration(config).value(option, "mine") == "mine"
    assert Configuration(config).value(option, "false") is None
