"""The engine's settings on a host that exists: told, changed where that is asked for, never by the way."""

from __future__ import annotations

from functools import partial

import pytest
from fake_host import FakeHost
from specs import typed

from azext_dockervm.azure import kinds, names
from azext_dockervm.errors import HostFailed
from azext_dockervm.provision.daemon import extension_options
from azext_dockervm.secret import Secret

LABELS = {"engine.labels": ("a=b",), "given": typed({"--engine-labels": ("a=b",)})}
APPLIED = {**LABELS, "applies": True, "given": typed({"--engine-labels": ("a=b",), "--apply": ()})}
URL = "http://me:s3cret@proxy:3128"
PROXY = {"proxies.http": Secret(URL), "given": typed({"--http-proxy": ("hidden",)})}


def asked(cloud) -> list[str]:
    return [action for action in cloud.host().asked() if action == "configure"]


def test_other_settings_are_told_with_the_command_that_changes_them(cloud, command, finished):
    before = cloud.host().settings
    command.create(**LABELS)
    (told,) = command.heard.warned
    assert told.startswith("Not applied: the engine has other settings (- goes, + comes):\n    + other settings\n")
    assert told.endswith("az dockervm create -g g -n web1 --engine-labels a=b --apply")
    assert cloud.host().settings == before and asked(cloud) == ["configure"]


def test_with_apply_they_are_changed_noted_and_the_engine_proven(cloud, command, finished):
    tag = cloud.tags()[names.TAG_SETTINGS]
    made = command.create(**APPLIED)
    assert '"labels": ["a=b"]' in cloud.host().settings and command.heard.warned == []
    assert made.vm["tags"][names.TAG_SETTINGS] == cloud.tags()[names.TAG_SETTINGS] != tag
    command.anew()
    command.create(**LABELS)
    assert asked(cloud) == [], "the tag says that it has them"


def test_where_none_is_typed_nobody_is_asked(cloud, command, finished):
    command.create()
    assert cloud.host().asked() == []


def test_nor_where_the_tag_notes_the_same(cloud, command):
    command.create(provisioner="run-command", **LABELS)
    command.anew()
    command.create(**LABELS)
    assert cloud.host().asked() == []


def test_apply_asks_even_then(cloud, command):
    """A hand may have changed them."""
    command.create(provisioner="run-command", **LABELS)
    command.anew()
    command.create(**APPLIED)
    assert asked(cloud) == ["configure"]


@pytest.mark.parametrize("provisioner", ["run-command", "cloud-init"])
def test_a_new_certificate_changes_no_settings(cloud, command, provisioner):
    command.create(provisioner=provisioner, **LABELS)
    command.anew()
    command.create(port=2376, **{"given": typed({"-dp": ("2376",)})})
    action, values = cloud.host().actions[-1]
    assert (action, values["DOCKERVM_KEEP_SETTINGS"]) == ("serve", "1")
    assert '"labels": ["a=b"]' in cloud.host().settings and cloud.tags()[names.TAG_SETTINGS]


def test_another_port_and_other_settings_in_one_command(cloud, command, finished):
    command.create(port=2376, **{**APPLIED, "given": {**APPLIED["given"], **typed({"-dp": ("2376",)})}})
    assert cloud.host().asked()[-2:] == ["serve", "configure"] and '"a=b"' in cloud.host().settings
    assert cloud.host().engine.port == 2376


def test_a_hand_s_changes_stay_and_the_way_out_is_told(cloud, command, finished):
    cloud.host().by_hand = True
    with pytest.raises(HostFailed, match="Docker's settings were edited on the host") as caught:
        command.create(**APPLIED)
    advice = " ".join(caught.value.recommendations)
    assert "mv /etc/docker/daemon.json /etc/docker/daemon.json.by-hand" in advice and "--daemon-json" in advice
    assert '"a=b"' not in cloud.host().settings


def test_a_create_that_was_cut_short_is_finished_with_what_is_typed_now(cloud, command):
    command.create(provisioner="run-command")
    cloud.retag(kinds.VM, "web1", **{names.TAG_PROVISIONER: None})
    cloud.host().engine = cloud.host().files = None
    command.anew()
    command.create(provisioner="run-command", **LABELS)
    assert '"a=b"' in cloud.host().settings and asked(cloud) == []
    assert "DOCKERVM_KEEP_SETTINGS" not in cloud.host().actions[-1][1]


def test_a_secret_goes_the_protected_way_and_into_no_tag(cloud, command):
    made = command.create(provisioner="run-command", **PROXY)
    sent = [one.body["properties"] for one in cloud.sent("PUT", kinds.RUN_COMMAND)]
    hidden = [one["name"] for write in sent for one in write.get("protectedParameters", ())]
    assert hidden == ["DOCKERVM_HTTP_PROXY"] and cloud.host().actions[0][1]["DOCKERVM_HTTP_PROXY"] == URL
    assert "s3cret" not in str(made.vm["tags"])
    machine = cloud.sent("PUT", kinds.VM)[0].body["properties"]
    assert "customData" not in machine["osProfile"], "a head start would lack the proxy"


def test_what_is_secret_is_asked_for_each_time(cloud, command):
    options = {"engine.log_options": {"splunk-token": "x"}, "given": typed({"--log-options": ("splunk-token=x",)})}
    command.create(provisioner="run-command", **options)
    assert cloud.tags()[names.TAG_SETTINGS] == "not-told"
    command.anew()
    command.create(**options)
    assert asked(cloud) == ["configure"]


def test_silent_mirrors_are_a_warning(cloud, command, finished):
    cloud.host().silent_mirrors = "m.corp:443"
    command.create(**APPLIED)
    (told,) = command.heard.warned
    assert told.startswith("--registry-mirrors: m.corp:443 does not answer the host")


@pytest.mark.parametrize("provisioner", ["run-command", "docker-extension"])
def test_so_they_are_of_a_new_host_whichever_of_its_actions_tells_it(command, monkeypatch, provisioner):
    monkeypatch.setattr("fake_azure.FakeHost", partial(FakeHost, silent_mirrors="m.corp:443"))
    command.create(provisioner=provisioner)
    (told,) = command.heard.warned
    assert told.startswith("--registry-mirrors: m.corp:443 does not answer the host")


def test_the_extension_s_defaults_are_on_its_command_line_only_where_no_file_has_them(cloud, command):
    command.create(provisioner="docker-extension")
    assert options(cloud) == [] and "DOCKERVM_DAEMON_JSON" in cloud.host().actions[0][1]
    command.anew()
    command.create(port=2376, **{"given": typed({"-dp": ("2376",)})})
    assert options(cloud) == [], "the file is there still"
    cloud.retag(kinds.VM, "web1", **{names.TAG_SETTINGS: None})
    command.anew()
    command.create(port=2377, **{"given": typed({"-dp": ("2377",)})})
    assert options(cloud) == extension_options(), "an earlier version made the host, and wrote no file"


def test_nor_on_one_that_was_finished_by_a_second_create(cloud, command):
    command.create(provisioner="docker-extension")
    cloud.retag(kinds.VM, "web1", **{names.TAG_SETTINGS: None, names.TAG_PROVISIONER: None})
    cloud.host().engine = cloud.host().files = None
    command.anew()
    command.create(provisioner="docker-extension")
    assert cloud.tags()[names.TAG_SETTINGS], "what was written is noted, whichever create ends it"
    command.anew()
    command.create(port=2376, **{"given": typed({"-dp": ("2376",)})})
    assert options(cloud) == [], "the engine does not start with a setting in two places"


def options(cloud) -> list[str]:
    return cloud.sent("PUT", kinds.EXTENSION)[-1].body["properties"]["settings"]["docker"]["options"]
