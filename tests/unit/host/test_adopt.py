"""What an existing VM means, as far as its description tells: whose it is, whether it runs."""

from __future__ import annotations

import pytest
from specs import changed, host_spec

from azext_dockervm.azure import names
from azext_dockervm.errors import Conflict
from azext_dockervm.host import adopt
from azext_dockervm.preflight.found import Found

SPEC = host_spec("g", "web1", location="westus")
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


@pytest.mark.parametrize(("tag", "port"), [("2376", 2376), ("70000", None), ("x", None), ("٢٣", None), (None, None)])
def test_the_port_that_the_tags_tell(tag, port):
    machine = tagged(dockervm_port=tag) if tag else tagged()
    assert Found(vm=machine).docker_port == port
    assert adopt.adapted(SPEC, Found(vm=machine)).engine.port == (port or 4243)
    typed = changed(SPEC, port=9999, typed={"-dp": ("9999",)})
    assert adopt.adapted(typed, Found(vm=machine)).engine.port == 9999


@pytest.mark.parametrize(("state", "power", "words"), [
    ("Deleting", "running", "being deleted"), ("Succeeded", "deallocated", "az vm start"),
    ("Succeeded", "stopped", "az vm start")])
def test_a_host_that_does_not_run_is_told_with_the_command(state, power, words):
    machine = {**MACHINE, "properties": {"provisioningState": state, "instanceView": {
        "statuses": [{"code": f"PowerState/{power}"}]}}}
    with pytest.raises(Conflict) as caught:
        adopt.check_runs(SPEC, machine)
    assert words in caught.value.message + "".join(caught.value.recommendations)


@pytest.mark.parametrize("power", ["stopping", "deallocating"])
def test_one_that_is_about_to_be_off_is_off(power):
    machine = {**MACHINE, "properties": {"provisioningState": "Updating", "instanceView": {
        "statuses": [{"code": f"PowerState/{power}"}]}}}
    with pytest.raises(Conflict, match=f"exists and is {power}"):
        adopt.check_runs(SPEC, machine)


@pytest.mark.parametrize("power", ["running", "starting", "unknown"])
def test_one_that_runs_or_of_which_nobody_knows_is_not(power):
    adopt.check_runs(SPEC, {**MACHINE, "properties": {"provisioningState": "Failed", "instanceView": {
        "statuses": [{"code": f"PowerState/{power}"}]}}})


def test_a_host_keeps_its_user_and_gets_new_tags_beside_its_own():
    machine = {**tagged(dockervm_port="2376", cost="1", Owner="me"), "properties": {
        "osProfile": {"adminUsername": "me"}}}
    spec = adopt.adapted(changed(SPEC, tags={"owner": "you"}), Found(vm=machine))
    assert spec.login.user == "me" and spec.tags == {"cost": "1", "owner": "you"} and spec.engine.port == 2376
    assert adopt.adapted(SPEC, Found(vm={**machine, "properties": {}})).login.user == "azureuser"


GROUP = {"name": "web1NSG", "id": "/subscriptions/s/resourceGroups/g/providers/p/networkSecurityGroups/web1NSG"}
OPTIONS = {"-dp": ("2376",), "-e": ("22",), "--sources": ("10.0.0.1",), "--open-ports": ("80",),
           "--open-ports-sources": ("*",), "--size": ("x",)}


def interface(group):
    return {"properties": {"networkSecurityGroup": group and {"id": group}}}


@pytest.mark.parametrize(("found", "behind"), [
    (Found(security_group=GROUP, network_interface=interface(None)), "none"),
    (Found(security_group=GROUP, network_interface=interface("/subscriptions/s/resourceGroups/h/a/b/c/other")),
     "'other'"),
    (Found(security_group=GROUP, network_interface=interface(GROUP["id"].upper())), None),
    (Found(network_interface=interface(None)), None), (Found(security_group=GROUP), None)])
def test_what_is_written_into_a_group_that_guards_nothing_is_named(found, behind):
    told = adopt.without_effect(changed(SPEC, typed=OPTIONS), found)
    assert told == ([] if behind is None else [
        f"{option}: it is written into the network security group 'web1NSG', but the network interface stands behind "
        f"{behind}" for option in ("-dp", "-e", "--sources", "--open-ports", "--open-ports-sources")])
    assert adopt.without_effect(SPEC, found) == []
