"""The host that is meant: its values by where they stand, its tags, its name to ask for."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.spec.host import Given, HostSpec

HOST = HostSpec("demo", "Web1")


def test_a_host_has_other_values_by_where_they_stand_and_the_first_one_stays():
    made = HOST.having({"engine.port": 2376, "network.ssh_port": 2222, "network.dns_label": "boat",
                        "location": "westus"})
    assert (made.group, made.name, made.location) == ("demo", "Web1", "westus")
    assert (made.engine.port, made.network.ssh_port, made.network.dns_label) == (2376, 2222, "boat")
    assert HOST.having({}) == HOST == HostSpec("demo", "Web1")


def test_a_host_of_which_only_the_name_is_said():
    assert (HOST.location, HOST.subscription, HOST.tags, HOST.given) == (None, None, {}, {})
    assert HOST.label == "web1"
    assert (HOST.provisioner, HOST.timeout, HOST.cloud) == ("auto", 1200, "AzureCloud")
    assert (HOST.network.ssh_port, HOST.network.sources, HOST.network.dns_label) == (None, ("*",), None)
    assert (HOST.login.user, HOST.login.password, HOST.login.ssh_keys) == ("azureuser", None, ())
    assert (HOST.engine.port, HOST.machine.size, str(HOST.machine.image)) == (
        4243, "Standard_D2s_v5", "Canonical:ubuntu-24_04-lts:server:latest")


def test_what_was_typed_belongs_to_the_host_and_is_said_again_unless_a_vm_keeps_it():
    given = HOST.having({"given": {"ssh_port": Given(("-e", "22"))}}).given
    assert given["ssh_port"].words == ("-e", "22") and given["ssh_port"].only_new is False


def test_all_that_is_made_for_a_host_has_the_user_s_tags_and_ours():
    assert HOST.having({"tags": {"env": "test"}}).part_tags("run7") == {
        "env": "test", "dockervm-host": "Web1", "dockervm-run": "run7"}


@pytest.mark.parametrize(("name", "asked", "label"), [
    ("Web1", "boat", "boat"), ("Web1", None, "web1"), ("ab", None, None), ("1web", None, None)])
def test_the_dns_label_is_the_one_asked_for_else_the_name_where_it_is_one(name, asked, label):
    assert host_spec(name=name, dns_label=asked).label == label
