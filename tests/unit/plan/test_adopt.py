"""What an existing VM means, as far as its description tells: whose it is, what does not apply, when to renew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from azext_dockervm import names
from azext_dockervm.errors import Conflict
from azext_dockervm.plan import adopt
from azext_dockervm.plan.preflight import Found
from azext_dockervm.spec import HostSpec, Image

SPEC = HostSpec("g", "web1", location="westus")
MINE, THEIRS = "a" * 64, "b" * 64
MACHINE = {"id": "/vm", "tags": {names.TAG_HOST: "web1", names.TAG_PROVISIONER: "run-command"}, "properties": {
    "hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "osProfile": {"adminUsername": "azureuser"},
    "storageProfile": {"imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server",
                                          "version": "latest"}}}}


def tagged(**tags):
    own = {key.replace("_", "-"): value for key, value in tags.items()}
    return {**MACHINE, "tags": {names.TAG_HOST: "web1", **own}}


@pytest.mark.parametrize(("machine", "mine", "ours"), [
    (tagged(dockervm_ca=MINE), (MINE,), True),
    (tagged(Dockervm_CA=MINE.upper()), (MINE,), True),
    (tagged(dockervm_ca=MINE), (MINE, THEIRS), True),
    (tagged(dockervm_ca=THEIRS), (MINE, THEIRS), False),    # ca.pem believes their hosts; it does not make them mine
    (tagged(dockervm_ca=THEIRS), (MINE,), False),
    (tagged(dockervm_ca=THEIRS), (), False),
    (tagged(dockervm_provisioner="run-command"), (), False),
    (tagged(dockervm_provisioner="run-command"), (MINE,), True),    # the host itself is asked
    (tagged(), (), True),   # never finished, and nobody's
])
def test_whose_a_host_is_by_its_tags(machine, mine, ours):
    if ours:
        adopt.check_whose(SPEC, machine, mine)
        return
    with pytest.raises(Conflict, match="left as it is"):
        adopt.check_whose(SPEC, machine, mine)


def test_no_host_that_was_finished_once_is_a_ruin():
    """Whatever a hand wrote into the tag that says by whom."""
    failed = {"provisioningState": "Failed", "instanceView": {"statuses": [{"code": "ProvisioningState/failed/X"}]}}
    assert adopt.is_ruin({"tags": {}, "properties": failed})
    assert not adopt.is_ruin({"tags": {"Dockervm-Provisioner": "magic"}, "properties": failed})


def test_only_what_was_typed_and_differs_is_named():
    asked = replace(SPEC, size="Standard_D4s_v5", image=Image.parse("Debian:debian-13:13-gen2:latest"),
                    admin_username="me", provisioner="docker-extension")
    assert adopt.not_applied(asked, MACHINE) == []      # all of it may come from az's configuration
    words = {"--size": ("x",), "--image": ("x",), "-u": ("me",), "-p": (), "--provisioner": ("x",)}
    told = adopt.not_applied(replace(asked, typed=words), MACHINE)
    assert [text.split(":")[0] for text in told] == list(words)
    assert adopt.not_applied(replace(SPEC, typed={**words, "-u": ("azureuser",)}, provisioner="run-command"),
                             MACHINE)[0].startswith("-p:")


@pytest.mark.parametrize(("days", "authority_days", "renews"), [
    (29, 1000, True), (31, 1000, False), (-3, 1000, True), (20, 20.5, False), (20, 22, True)])
def test_when_a_server_certificate_is_renewed(days, authority_days, renews):
    now = datetime.now(timezone.utc)
    authority = SimpleNamespace(expires=now + timedelta(days=authority_days))
    assert bool(adopt.why_renew(now + timedelta(days=days, hours=1), authority)) is renews


@pytest.mark.parametrize("text", [None, "", "soon", "2026-13-01T00:00:00Z"])
def test_an_end_that_a_tag_does_not_tell(text):
    assert adopt.noted_expiry(text) is None


@pytest.mark.parametrize(("tag", "port"), [("2376", 2376), ("70000", None), ("x", None), ("٢٣", None), (None, None)])
def test_the_port_that_the_tags_tell(tag, port):
    machine = tagged(dockervm_port=tag) if tag else tagged()
    assert Found(vm=machine).docker_port == port
    assert adopt.adapted(SPEC, Found(vm=machine)).docker_port == (port or 4243)
    typed = replace(SPEC, docker_port=9999, typed={"-dp": ("9999",)})
    assert adopt.adapted(typed, Found(vm=machine)).docker_port == 9999


@pytest.mark.parametrize(("state", "power", "words"), [
    ("Deleting", "running", "being deleted"), ("Succeeded", "deallocated", "az vm start"),
    ("Succeeded", "stopped", "az vm start")])
def test_a_host_that_does_not_run_is_told_with_the_command(state, power, words):
    machine = {**MACHINE, "properties": {"provisioningState": state, "instanceView": {
        "statuses": [{"code": f"PowerState/{power}"}]}}}
    with pytest.raises(Conflict) as caught:
        adopt.check_runs(SPEC, machine)
    assert words in caught.value.message + "".join(caught.value.recommendations)
