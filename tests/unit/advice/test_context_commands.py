"""Commands about the docker client's contexts and builders."""

from __future__ import annotations

import pytest

from azext_dockervm.advice import context_commands, context_messages, docker_commands


@pytest.mark.parametrize(("command", "words"), [
    (lambda host: context_commands.list_contexts(), "az dockervm context list -o table"),
    (lambda host: context_commands.create(host, "web1"),
     "az dockervm context create -g 'my(group)' -n web1 -dc 'my certs' --subscription 'sub 1'"),
    (lambda host: context_commands.create(host, "shop"),
     "az dockervm context create -g 'my(group)' -n web1 --context-name shop -dc 'my certs' --subscription 'sub 1'"),
    (lambda host: context_commands.use("web1"), "az dockervm context use -n web1"),
    (lambda host: context_commands.remove("web1"), "az dockervm context remove -n web1"),
    (lambda host: context_commands.remove_by_docker("web1"), "docker context rm web1"),
    (lambda host: context_commands.create_builder(host, "pool", ["web1", "web2"]),
     "az dockervm builder create -g 'my(group)' -n pool --hosts web1 web2 -dc 'my certs' --subscription 'sub 1'"),
    (lambda host: context_commands.remove_builder_by_buildx("pool"), "docker buildx rm pool"),
    (lambda host: context_commands.list_builders(), "docker buildx ls"),
    (lambda host: docker_commands.in_context("web1", "info"), "docker --context web1 info"),
    (lambda host: docker_commands.build_by("pool"), "docker buildx build --builder pool ."),
])
def test_each_can_be_pasted(host, command, words):
    assert command(host) == words


@pytest.mark.parametrize(("platform", "count"), [("linux", 2), ("win32", 1), ("darwin", 1)])
def test_debian_s_packages_are_named_on_linux_only(monkeypatch, platform, count):
    monkeypatch.setattr("sys.platform", platform)
    assert len(context_commands.to_get_docker()) == len(context_commands.to_get_buildx()) == count


def test_a_name_of_another_host_s_context_can_be_freed_others_not():
    assert context_commands.for_a_taken_name(None, "Other.") == ("Other.",)
    assert context_commands.for_a_taken_name("web1", "Other.")[1].endswith("az dockervm context remove -n web1")


def test_messages_end_in_the_command_that_goes_on(host):
    assert context_messages.variable_wins("DOCKER_HOST", "web1").endswith("unset DOCKER_HOST")
    assert context_messages.current_is_gone("x").endswith("az dockervm context use -n default")
    assert "could not be made: no room. To make it: az dockervm context create" in context_messages.not_made(
        host, "web1", "no room. ")
    assert context_messages.not_refreshed("/c", "no room.").endswith("az dockervm context list -o table")
    assert "az dockervm enable -g 'my(group)' -n web1 --replace-trust" in context_messages.keeps_old_authority(
        "web1", host)
