"""Whole messages about a host: what happened, why, what to type."""

from __future__ import annotations

import os

import pytest
from specs import host_spec

from azext_dockervm.advice import host_commands, host_messages, refusals
from azext_dockervm.body.security_group import Opening
from azext_dockervm.errors import AzureRefused, HostFailed, HostGone


@pytest.mark.parametrize("said", ["No.", "No", "No. ", "No.. "])
def test_a_message_gets_one_more_sentence_however_it_ends(said):
    assert host_messages.with_sentence(said, "Go on.") == "No. Go on."


def test_a_host_of_others_is_left_alone_and_says_both_ways_on(host):
    error = host_messages.belongs_to_others(host, "because")
    assert error.message == "The host 'web1' was set up with other certificates: because. It was left as it is."
    assert "az dockervm cert show -dc FOLDER" in error.recommendations[0]
    assert error.recommendations[1].endswith(host_commands.enable(host))


def test_a_vm_that_was_kept_says_how_to_go_on_and_how_to_delete_what_was_never_finished(host):
    error = host_messages.vm_was_kept(HostFailed("Broken.", "first"), host)
    assert error.message == "Broken. The VM 'web1' was kept."
    first, again, look, *delete = error.recommendations
    assert first == "first" and again.endswith(host_commands.create_again(host))
    assert look.endswith(host_commands.show_state(host)) and delete == [f"To delete it: {host_commands.delete(host)}"]
    finished = host_messages.vm_was_kept(HostFailed("Broken."), host, finished=True)
    assert not [text for text in finished.recommendations if "delete" in text]


def test_of_a_host_that_is_gone_nothing_is_left_to_say(host):
    error = host_messages.vm_was_kept(HostGone("Gone."), host)
    assert error.message == "Gone." and error.recommendations == ()


def test_the_warning_of_a_certificate_that_ends_says_when_and_what_to_type(host):
    ends = "2026-12-01T00:00:00Z"
    assert host_messages.certificate_ends(host, ends, 1).startswith(
        f"The server certificate of 'web1' expires on {ends}, in 1 day. To renew it: az dockervm create")
    assert f" expires on {ends}, in 0 days. " in host_messages.certificate_ends(host, ends, 0)
    assert f" expired on {ends}. " in host_messages.certificate_ends(host, ends, -1)


def test_for_what_hangs_what_holds_a_lock_and_a_wrong_clock_there_is_a_restart(host):
    restart = "az vm restart -g 'my(group)' -n web1 --subscription 'sub 1'"
    assert host_messages.agent_may_hang(host) == (
        "If the VM's agent was restarted meanwhile, Azure waits for it in vain. Restarting the VM helps then: "
        + restart)
    lock = host_messages.lock_may_stay(host)
    assert "holds its lock" in lock and lock.endswith(f": {restart}")
    assert host_messages.clock_may_be_wrong(host) == (
        f"If the host's clock is wrong, a restart sets it; then the same command again: {restart}")


def test_a_host_that_works_and_does_not_run_all_says_so_with_what_tries_again(host):
    assert host_messages.workload_failed(host, "It said: no such image\n", 4) == (
        "The host 'web1' works, but not all runs on it that was to. It said: no such image\n"
        f"The same create tries again: {host_commands.create_again(host)}\nHence exit code 4.")


def test_for_settings_that_are_wrong_the_options_are_named_that_have_them(host):
    text = host_messages.settings_are_wrong(host)
    assert "--daemon-json, --engine-options or an option of its own" in text and "--apply" in text


@pytest.mark.parametrize(("unfit", "command"), [
    ({"engine_options": ("--engine-options", "mtu=1450")}, "-dp 2376 --engine-options mtu=1450"),
    ({"engine_options": ()}, "-dp 2376"),
    ({"docker_version": ("--docker-version", "28.5.2")},
     "-dp 2376 --engine-options mtu=1450 debg=true --docker-version 28.5.2")])
def test_the_command_that_goes_on_does_not_repeat_the_value_that_failed(unfit, command):
    host = host_spec(typed={"-dp": ("2376",), "--engine-options": ("mtu=1450", "debg=true"),
                            "--docker-version": ("99",)})
    error = HostFailed("It failed.", "Correct it.")
    error.unfit = unfit
    told = host_messages.vm_was_kept(error, host).recommendations
    assert told[:2] == ("Correct it.", "To continue without the value that failed: az dockervm create -g g -n web1 "
                                       f"{command}")
    assert HostFailed("x").unfit == {}


def test_a_command_that_goes_on_is_printed_once():
    host = host_spec()
    error = HostFailed("It failed.", host_messages.metadata_is_open(host))
    error.unfit = {"container_metadata": ("--container-metadata",)}
    told = host_messages.vm_was_kept(error, host).recommendations
    assert [one for one in told if "create" in one] == [host_messages.metadata_is_open(host)]


def test_for_settings_of_a_hand_there_are_two_ways(host):
    keep, aside = host_messages.settings_of_others(host)
    assert keep.startswith("To keep what the hand has changed: ") and "--daemon-json" in keep
    assert aside.partition(": ")[2].startswith("az vm run-command invoke -g 'my(group)' -n web1 ")
    assert "mv /etc/docker/daemon.json /etc/docker/daemon.json.by-hand" in aside


def test_other_settings_of_an_engine_are_shown_with_what_applies_them(host):
    text = host_messages.settings_differ(host, ["- log-driver: json-file", "+ log-driver: local"], None)
    told, removed, added, change = text.split("\n")
    assert told.startswith("Not applied: the engine has other settings")
    assert [removed, added] == ["    - log-driver: json-file", "    + log-driver: local"]
    assert "restarts the engine: az dockervm create " in change and " --apply " in change
    by_hand = host_messages.settings_differ(host, ["+ ipv6: true"], "daemon.json")
    assert by_hand.endswith(" A hand has changed daemon.json on the host, which is never written over.")


def test_mirrors_that_do_not_answer_are_named_with_what_docker_does_then():
    one, both = host_messages.silent_mirrors(["https://a"]), host_messages.silent_mirrors(["https://a", "https://b"])
    assert one.startswith("--registry-mirrors: https://a does not answer the host. Docker goes to Docker Hub itself")
    assert both.startswith("--registry-mirrors: https://a, https://b do not answer the host.")


def test_on_windows_too_each_command_is_one_line_quoted_for_its_shells(host, monkeypatch):
    monkeypatch.setattr(os, "name", "nt")
    errors = [host_messages.vm_was_kept(AzureRefused("no"), host), host_messages.belongs_to_others(host, "because"),
              *(refusals.with_recommendation(AzureRefused("no", code=code), host) for code in refusals.ADVICE)]
    for text in (text for error in errors for text in error.recommendations):
        assert "&&" not in text and "\n" not in text and "'my(group)' -n" not in text, text
        command = text.partition(": az ")[2]
        if command and not command.startswith(("login", "account list")):
            assert command.endswith('--subscription "sub 1"'), text


@pytest.mark.parametrize(("changes", "said"), [
    ([Opening(("9090",), ("8080",), ("9090",), None)], "opens 9090, closes 8080"),
    ([Opening((), ("8080", "81"), ("80",), None)], "closes 8080, 81"),
    ([Opening(("80",), (), ("80",), ("*",))], "opens 80 for everybody"),
    ([Opening(("80",), (), ("80", "81"), ("10.0.0.0/8",))], "opens 80 for 10.0.0.0/8, lets in 10.0.0.0/8 at 80, 81"),
    ([Opening((), (), ("4243",), ("10.0.0.0/8", "203.0.113.7"))], "lets in 10.0.0.0/8, 203.0.113.7 at 4243"),
    ([Opening(("22",), (), ("22",), ("*",)), Opening((), ("81",), ("80",), None)],
     "opens 22 for everybody, closes 81")])
def test_what_becomes_of_ports_is_one_sentence(changes, said):
    assert host_messages.ports_change("web1NSG", changes) == f"In the network security group 'web1NSG' it {said}."
