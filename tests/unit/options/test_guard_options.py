"""--nsg and --asgs: how they are read, and what an existing host does not get of them."""

from __future__ import annotations

import pytest
from networks import resource_id
from specs import changed, host_spec

from azext_dockervm.options.commands import option_of
from azext_dockervm.options.existing import not_applied
from azext_dockervm.spec.words import NO_SECURITY_GROUP

GROUP = resource_id("networkSecurityGroups", "corp-nsg")
OTHER = resource_id("networkSecurityGroups", "other", group="h")
WEB, DB = (resource_id("applicationSecurityGroups", name) for name in ("web", "db"))
INTERFACE = resource_id("networkInterfaces", "web1VMNic")


def vm(group=None, *application_groups):
    inner = {"primary": True, "applicationSecurityGroups": [{"id": one} for one in application_groups]}
    return {"id": resource_id("virtualMachines", "web1"), "properties": {"networkProfile": {"networkInterfaces": [{
        "id": INTERFACE, "name": "web1VMNic", "properties": {
            "primary": True, "networkSecurityGroup": group and {"id": group},
            "ipConfigurations": [{"name": "ipconfig1", "properties": inner}]}}]}}}


def told(vm, **typed):
    spec = host_spec("g", "web1")
    for option, value in typed.items():
        found = option_of("create", option)
        spec = changed(spec.having({found.place: found.checked(value)}), typed={found.shortest: ()})
    return not_applied(spec, vm)


@pytest.mark.parametrize(("has", "asked", "says"), [
    (GROUP, "corp-nsg", None), (GROUP, GROUP.upper(), None), (OTHER, OTHER, None), (None, NO_SECURITY_GROUP, None),
    (OTHER, "corp-nsg", f"stands behind the network security group 'other'.\n"
     "To change that: az network nic update -g g "
                        f"-n web1VMNic --network-security-group {GROUP}"),
    (None, "corp-nsg", f"stands behind none of its own.\nTo change that: az network nic update -g g -n web1VMNic "
                       f"--network-security-group {GROUP}"),
    (GROUP, NO_SECURITY_GROUP, "stands behind the network security group 'corp-nsg'.\nTo change that: az network nic "
                               "update -g g -n web1VMNic --network-security-group null")])
def test_a_host_keeps_the_group_that_it_stands_behind(has, asked, says):
    assert told(vm(has), nsg=asked) == ([] if says is None else [f"--nsg: the host's interface {says}"])


@pytest.mark.parametrize(("has", "asked", "is_told"), [
    ((WEB,), ["web"], False), ((WEB, DB), ["db", WEB.upper(), "web"], False), ((WEB,), ["db"], True),
    ((), ["web"], True)])
def test_a_host_keeps_its_application_groups(has, asked, is_told):
    found = told(vm(None, *has), asgs=asked)
    assert bool(found) is is_told
    if is_told:
        assert found[0].startswith("--asgs: the host keeps those that it has.\n"
                                   "To change them: az network nic ip-config "
                                   "update -g g --nic-name web1VMNic -n ipconfig1 --application-security-groups ")


def test_of_an_interface_that_is_not_shown_nothing_is_said():
    bare = {"id": "/vm", "properties": {}}
    assert told(bare, nsg="corp-nsg") == told(bare, asgs=["a"]) == []


def test_a_group_that_is_named_twice_is_meant_once():
    assert [str(one) for one in option_of("create", "asgs").checked(["web", "db", "web"])] == ["web", "db"]
