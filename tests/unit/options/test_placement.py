"""Place, price and platform of a host: from what was typed to the host that is meant, and what of it is said again."""

from __future__ import annotations

import pytest
from specs import changed, host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.options.arguments import Arguments
from azext_dockervm.options.commands import option_of
from azext_dockervm.options.existing import not_applied
from azext_dockervm.spec import rules
from azext_dockervm.spec.placement import Identity

NAMED = {"resource_group_name": "demo", "vm_name": "web1"}
SET = ("/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/g/providers/Microsoft.Compute/"
       "availabilitySets")


@pytest.fixture
def spec(cli_ctx):
    def spec(**typed):
        return Arguments("create", {**NAMED, **typed}, cli_ctx).host_spec()
    return spec


def test_everything_that_is_typed_has_its_place(spec):
    made = spec(zone="2", proximity_placement_group="near", priority="spot", eviction_policy="delete", max_price=0.5,
                license_type="sles_byos", assign_identity=[], user_data="role=build", boot_diagnostics_storage="",
                auto_shutdown="1900", auto_shutdown_time_zone="tokyo standard time",
                auto_shutdown_email="me@example.com", ssh_key_name="mine", authentication_type="ALL").placement
    assert (made.zone, made.proximity_group.name, made.priority, made.eviction_policy, made.max_price) == (
        "2", "near", "Spot", "Delete", 0.5)
    assert (made.license_type, made.identity, made.user_data, made.diagnostics) == (
        "SLES_BYOS", Identity(system=True), b"role=build", "")
    assert (made.shutdown_time, made.shutdown_zone, made.shutdown_email) == (
        "1900", "Tokyo Standard Time", "me@example.com")


def test_nothing_is_asked_for_of_itself(spec):
    made = spec()
    assert made.placement == host_spec().placement and made.login.ssh_key is None
    assert not made.login.wants_password and made.login.wants_keys


def test_the_login_has_its_place(spec):
    login = spec(ssh_key_name="mine", authentication_type="all").login
    assert (login.ssh_key.name, login.authentication, login.wants_password, login.wants_keys) == (
        "mine", "all", True, True)
    assert spec(ssh_key_type="ed25519").login.key_type == "Ed25519"
    assert not spec(authentication_type="password").login.key_type


def test_user_data_is_a_text_or_a_file(spec, tmp_path):
    file = tmp_path / "data"
    file.write_bytes(b"\x89binary\n")
    assert spec(user_data=str(file)).placement.user_data == b"\x89binary\n"
    assert spec(user_data="größer\nas it is").placement.user_data == "größer\nas it is".encode()
    assert spec(user_data=str(tmp_path)).placement.user_data == str(tmp_path).encode()     # a folder's name is a text
    with pytest.raises(InvalidValue, match="--user-data: it has 70000 bytes"):
        spec(user_data="a" * 70000)


@pytest.mark.parametrize(("text", "again"), [
    ("role=build", "role=build"), ("./data.txt", "./data.txt"), ("two\nlines", "@FILE"), ("a" * 61, "@FILE")])
def test_long_user_data_is_not_said_again(spec, text, again):
    assert spec(user_data=text).given["user_data"].words == ("--user-data", again)


def test_what_is_typed_is_said_again(spec):
    given = spec(zone="1", assign_identity=[], boot_diagnostics_storage="", max_price=-1.0, priority="Spot",
                 auto_shutdown="1900").given
    assert {name: (one.words, one.only_new) for name, one in given.items()} == {
        "zone": (("-z", "1"), True), "assign_identity": (("--assign-identity",), True),
        "boot_diagnostics_storage": (("--boot-diagnostics-storage", ""), True),
        "max_price": (("--max-price", "-1.0"), True), "priority": (("--priority", "Spot"), True),
        "auto_shutdown": (("--auto-shutdown", "1900"), False)}


def test_what_goes_with_spot_may_be_configured_without_it(spec, config):
    config.set_value("dockervm", "eviction_policy", "Delete")
    config.set_value("dockervm", "auto_shutdown_time_zone", "Tokyo Standard Time")
    made = spec().placement
    assert (made.eviction_policy, made.vanishes, made.shutdown_zone) == ("Delete", False, "Tokyo Standard Time")


# A host that exists


def told(vm, option, **values):
    """What is said of an option that was typed; "" for nothing."""
    spec = changed(host_spec(**{f"placement.{name}": value for name, value in values.items()}), typed={
        option_of("create", option).shortest: ("x",)})
    found = not_applied(spec, {"id": "/vm", **vm, "properties": vm.get("properties") or {}})
    return found[0].partition(": ")[2] if found else ""


def named(kind, text):
    return rules.resource_name_or_id(text, "--it", kind.type)


@pytest.mark.parametrize(("option", "values", "vm", "says"), [
    ("zone", {"zone": "1"}, {"zones": ["1"]}, ""),
    ("zone", {"zone": "1"}, {"zones": ["2"]}, "the host is in zone 2, and a VM keeps its zone"),
    ("availability_set", {"availability_set": named(kinds.AVAILABILITY_SET, "mine")}, {"properties": {
        "availabilitySet": {"id": f"{SET.upper()}/MINE"}}}, ""),
    ("availability_set", {"availability_set": named(kinds.AVAILABILITY_SET, f"{SET}/other")}, {"properties": {
        "availabilitySet": {"id": f"{SET}/mine"}}}, "a VM keeps the availability set"),
    ("proximity_placement_group", {"proximity_group": named(kinds.PROXIMITY_GROUP, "near")}, {},
     "a VM is moved only while it is deallocated.\nTo change it, which stops the host meanwhile:\n"
     "    az vm deallocate -g g -n web1\n    az vm update -g g -n web1 --ppg near\n    az vm start -g g -n web1"),
    ("priority", {"priority": "Regular"}, {}, ""),
    ("priority", {"priority": "Spot"}, {"properties": {"priority": "Low"}}, "the host's priority is Low"),
    ("eviction_policy", {"eviction_policy": "Delete"}, {"properties": {"evictionPolicy": "Delete"}}, ""),
    ("eviction_policy", {"eviction_policy": "Delete"}, {}, "a VM keeps the eviction policy"),
    ("max_price", {"max_price": -1.0}, {"properties": {"billingProfile": {"maxPrice": -1}}}, ""),
    ("max_price", {"max_price": -1.0}, {}, "\n    az vm update -g g -n web1 --max-price -1"),
    ("license_type", {"license_type": "None"}, {}, ""),
    ("license_type", {"license_type": "SLES_BYOS"}, {},
     "the host keeps its license.\nTo change it: az vm update -g g -n web1 --license-type SLES_BYOS"),
    ("assign_identity", {"identity": Identity(system=True)}, {"identity": {"type": "SystemAssigned"}}, ""),
    ("assign_identity", {"identity": Identity.parse(["[system]", "builder"])}, {"identity": {
        "type": "SystemAssigned"}}, "To assign it: az vm identity assign -g g -n web1 --identities builder"),
    ("assign_identity", {"identity": Identity(system=True)}, {},
     "To assign it: az vm identity assign -g g -n web1 --identities '[system]'"),
    ("user_data", {"user_data": b"x"}, {}, "To change it: az vm update -g g -n web1 --user-data x"),
    ("boot_diagnostics_storage", {"diagnostics": ""}, {}, "To change them: az vm boot-diagnostics enable -g g -n web1"),
    ("auto_shutdown", {"shutdown_time": "1900"}, {}, ""),
    ("auto_shutdown", {"shutdown_time": "1900"}, {"properties": {"storageProfile": {"osDisk": {"diffDiskSettings": {
        "option": "Local"}}}}}, "the host's OS disk is ephemeral, so it can't be deallocated"),
    ("auto_shutdown_email", {"shutdown_time": "0130"}, {},
     "the daily shutdown that is configured is for new hosts; to give this one such, type it too: --auto-shutdown "
     "0130"),
])
def test_each_is_told_with_what_changes_it(option, values, vm, says):
    said = told(vm, option, **values)
    assert says in said if says else said == ""


@pytest.mark.parametrize(("typed", "says"), [
    ({"auto_shutdown": "1900", "ephemeral_os_disk": "true"}, "--auto-shutdown and --ephemeral-os-disk exclude"),
    ({"auto_shutdown_email": "me@example.com"}, "--auto-shutdown-email goes with --auto-shutdown"),
    ({"auto_shutdown_time_zone": "UTC"}, "--auto-shutdown-time-zone goes with --auto-shutdown"),
])
def test_shutdown_options_that_do_not_fit_are_refused_together(spec, typed, says):
    with pytest.raises(ConflictingArguments, match=says):
        spec(**typed)
