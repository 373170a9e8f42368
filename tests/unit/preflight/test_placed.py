"""What a host is to stand in and carry: read for who asks for it alone, found by name and by id, refused in words."""

from __future__ import annotations

import pytest
from fake_azure import SUBSCRIPTION
from specs import changed, host_spec

from azext_dockervm.azure import kinds, names
from azext_dockervm.errors import AzureRefused, Conflict, InvalidValue
from azext_dockervm.preflight.survey import survey
from azext_dockervm.spec import rules
from azext_dockervm.spec.placement import Identity

SPEC = host_spec(location=None)
ALIGNED = {"location": "westus", "sku": {"name": "Aligned"}}
BLOB = "https://mine.blob.core.windows.net/"
ACCOUNT = {"location": "westus", "sku": {"name": "Standard_LRS"}, "properties": {"primaryEndpoints": {"blob": BLOB}}}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqPjJ7G1Y0mE1o3lQ0mT5p0cS7rVh2m5k8F3bq9yZ1X me@here"


def named(kind, text):
    return rules.resource_name_or_id(text, "--it", kind.type)


def id_of(kind, name, group="other"):
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{kind.type}/{name}"


def see(cloud, **values):
    typed = values.pop("typed", {})
    return survey(cloud.azure(), changed(SPEC.having(values), typed=typed))[1]


def refused(cloud, kind=InvalidValue, **values):
    with pytest.raises(kind) as caught:
        survey(cloud.azure(), SPEC.having(values))
    assert not cloud.writes()
    return caught.value


def asked_for(cloud):
    return {request.kind for request in cloud.log}


def test_a_host_of_defaults_costs_no_further_read(cloud):
    see(cloud)
    assert asked_for(cloud) == {kinds.VM.type, kinds.SECURITY_GROUP.type, kinds.PUBLIC_IP.type,
                                kinds.NETWORK_INTERFACE.type, kinds.VIRTUAL_NETWORK.type}


@pytest.mark.parametrize(("kind", "place", "field", "body"), [
    (kinds.AVAILABILITY_SET, "placement.availability_set", "availability_set", ALIGNED),
    (kinds.PROXIMITY_GROUP, "placement.proximity_group", "proximity_group", {"location": "West US"})])
def test_what_is_named_is_found_in_the_host_s_group_or_in_another(cloud, kind, place, field, body):
    here, there = cloud.put(kind, "mine", body=body), cloud.put(kind, "mine", body=body, group="other")
    assert getattr(see(cloud, **{place: named(kind, "mine")}), field) == here["id"]
    assert getattr(see(cloud, **{place: named(kind, id_of(kind, "mine"))}), field) == there["id"]


def test_what_may_not_be_read_is_taken_on_trust(cloud):
    kind = kinds.AVAILABILITY_SET
    cloud.refuse("GET", kind, "AuthorizationFailed", status=403)
    for text, whole in (("mine", id_of(kind, "mine", "g")), (id_of(kind, "mine"), id_of(kind, "mine"))):
        assert see(cloud, **{"placement.availability_set": named(kind, text)}).availability_set == whole
    cloud.refuse("GET", kinds.PROXIMITY_GROUP, "Broken", status=500)
    with pytest.raises(AzureRefused, match="Broken"):
        see(cloud, **{"placement.proximity_group": named(kinds.PROXIMITY_GROUP, "mine")})


def test_the_set_and_the_vm_stand_in_one_proximity_group(cloud):
    group = cloud.put(kinds.PROXIMITY_GROUP, "near", body={"location": "westus"})
    inside = {**ALIGNED, "properties": {"proximityPlacementGroup": {"id": group["id"].upper()}}}
    cloud.put(kinds.AVAILABILITY_SET, "mine", body=inside)
    both = {"placement.availability_set": named(kinds.AVAILABILITY_SET, "mine")}
    assert see(cloud, **both, **{"placement.proximity_group": named(kinds.PROXIMITY_GROUP, "near")}).proximity_group
    cloud.put(kinds.PROXIMITY_GROUP, "far", body={"location": "westus"})
    told = refused(cloud, **both, **{"placement.proximity_group": named(kinds.PROXIMITY_GROUP, "far")})
    assert "the availability set 'mine' is in the proximity placement group 'NEAR'" in told.message


def test_identities_of_any_group_and_in_their_order(cloud):
    kind = kinds.USER_IDENTITY
    here, there = cloud.put(kind, "b", body={"location": "eastus"}), cloud.put(kind, "a", body={
        "location": "westus"}, group="other")
    asked = Identity.parse(["b", "[system]", id_of(kind, "a")])
    assert see(cloud, **{"placement.identity": asked}).identities == (here["id"], there["id"])
    assert see(cloud, **{"placement.identity": Identity(system=True)}).identities == ()
    told = refused(cloud, **{"placement.identity": Identity.parse([id_of(kind, "nobody")])})
    assert told.message == ("--assign-identity: there is no managed identity 'nobody' in a resource group 'other'.")
    assert told.recommendations == ("To make it: az identity create -g other -n nobody -l westus",)


@pytest.mark.parametrize(("asked", "found", "looked"), [("", None, False), (BLOB, BLOB, False), ("mine", BLOB, True)])
def test_a_storage_account_by_its_name_wherever_it_is(cloud, asked, found, looked):
    cloud.put(kinds.STORAGE_ACCOUNT, "mine", body=ACCOUNT, group="storage")
    assert see(cloud, **{"placement.diagnostics": asked}).diagnostics == found
    assert (kinds.STORAGE_ACCOUNT.type in asked_for(cloud)) is looked


@pytest.mark.parametrize("sku", ["Premium_LRS", "Standard_ZRS", "Standard_RAGZRS"])
def test_not_every_storage_account_takes_boot_diagnostics(cloud, sku):
    cloud.put(kinds.STORAGE_ACCOUNT, "mine", body={**ACCOUNT, "sku": {"name": sku}})
    assert sku in refused(cloud, **{"placement.diagnostics": "mine"}).message


def test_who_may_not_list_storage_accounts_names_a_uri(cloud):
    cloud.refuse("LIST", kinds.STORAGE_ACCOUNT, "AuthorizationFailed", status=403)
    told = refused(cloud, **{"placement.diagnostics": "mine"})
    assert "name it by the URI of its blobs" in told.message and BLOB in told.recommendations[0]


def test_the_ssh_key_that_is_named_opens_the_host(cloud):
    kind = kinds.SSH_KEY
    cloud.put(kind, "mine", body={"location": "eastus", "properties": {"publicKey": f"{KEY}\r\n"}})
    assert see(cloud, **{"login.ssh_key": named(kind, "mine")}).ssh_key == KEY


def test_an_ssh_key_that_is_none(cloud):
    kind = kinds.SSH_KEY
    cloud.put(kind, "empty", body={"location": "westus", "properties": {}})
    told = refused(cloud, **{"login.ssh_key": named(kind, "empty")})
    assert "holds no public key yet" in told.message
    assert told.recommendations == ("One with a key pair: az sshkey create -g g -n empty -l westus",)
    told = refused(cloud, **{"login.ssh_key": named(kind, "nobody")})
    assert told.recommendations == ("To make it, with a key pair: az sshkey create -g g -n nobody -l westus",)
    cloud.refuse("GET", kind, "AuthorizationFailed", status=403)
    assert refused(cloud, AzureRefused, **{"login.ssh_key": named(kind, "mine")}).status == 403


# Parts that are there


def address(cloud, zones):
    cloud.put(kinds.PUBLIC_IP, names.public_ip("web1"), body={
        "location": "westus", "zones": zones, "tags": {names.TAG_HOST: "web1"}, "properties": {}})


@pytest.mark.parametrize(("zones", "asked"), [(["1"], "1"), (["1", "2", "3"], "2"), (None, "2"), (["1"], None)])
def test_an_address_that_a_vm_of_the_zone_can_have(cloud, zones, asked):
    address(cloud, zones)
    see(cloud, **{"placement.zone": asked})


def test_an_address_of_another_zone(cloud):
    address(cloud, ["2"])
    told = refused(cloud, Conflict, **{"placement.zone": "1"})
    assert "'web1PublicIP' is in zone 2, not in zone 1" in told.message
    assert told.recommendations[0] == "To go on with it there: --zone 2"


def test_a_host_that_is_there_is_not_looked_at_for_what_it_does_not_get(cloud, finished):
    see(cloud, **{
        "placement.zone": "1", "placement.availability_set": named(kinds.AVAILABILITY_SET, "mine"),
        "placement.identity": Identity.parse(["x"]), "placement.diagnostics": "mine",
        "placement.shutdown_time": "1900", "login.ssh_key": named(kinds.SSH_KEY, "mine")})
    assert not asked_for(cloud) & {kinds.AVAILABILITY_SET.type, kinds.USER_IDENTITY.type, kinds.SSH_KEY.type,
                                   kinds.STORAGE_ACCOUNT.type, kinds.SCHEDULE.type}


def test_a_schedule_that_is_there_is_found_without_asking_its_provider(cloud, finished):
    cloud.put(kinds.SCHEDULE, "Shutdown-ComputeVM-WEB1", body={"location": "westus", "tags": {"mine": "1"}})
    found = see(cloud, typed={"--auto-shutdown": ("1900",)}, **{"placement.shutdown_time": "1900"})
    assert found.schedule["tags"] == {"mine": "1"}
    assert not [one for one in cloud.log if one.kind == kinds.SCHEDULE.type and one.method == "GET"]


def test_a_vm_that_vanishes_is_warned_of(cloud):
    found = see(cloud, **{"placement.priority": "Spot", "placement.eviction_policy": "Delete"})
    assert len(found.remarks) == 1 and "deletes 'web1' with its disk and everything on it" in found.remarks[0]
    assert see(cloud, **{"placement.priority": "Spot"}).remarks == ()


# What a size can have


@pytest.mark.parametrize(("can", "says"), [
    ({"zones": "1,3"}, "westus has the size Standard_D2s_v5 only in its zones 1,3,"),
    ({"zones": ""}, "westus has the size Standard_D2s_v5 in none of its zones,")])
def test_a_zone_in_which_the_size_can_t_be_had(cloud, can, says):
    cloud.capabilities = can
    told = refused(cloud, **{"placement.zone": "2"})
    assert says in told.message
    assert told.recommendations == ("az vm list-skus -l westus --zone --size Standard_D2s_v5 -o table",)


@pytest.mark.parametrize("can", [{"zones": "1,2"}, {}, None])
def test_a_zone_that_it_has_or_of_which_nothing_is_told(cloud, can):
    cloud.capabilities = can
    see(cloud, **{"placement.zone": "2"})
    assert "size_offer" in cloud.asked


def test_a_size_that_is_no_spot_vm(cloud):
    cloud.capabilities = {"LowPriorityCapable": "False"}
    assert refused(cloud, **{"placement.priority": "Spot"}).message == (
        "--priority: the size Standard_D2s_v5 can't be had as a Spot VM.")
    see(cloud, **{"placement.priority": "Regular"})


@pytest.mark.parametrize(("zones", "sku", "asked", "says"), [
    (["2"], "Premium_LRS", "1", "is in zone 2"), (["2"], "Premium_LRS", None, "is in zone 2"),
    (None, "Premium_LRS", "1", "is in no zone"), (["1"], "Premium_LRS", "1", ""), (None, "Premium_LRS", None, ""),
    (None, "Premium_ZRS", "1", "")])
def test_a_disk_that_is_attached_is_of_the_host_s_zone(cloud, zones, sku, asked, says):
    cloud.put(kinds.DISK, "data", body={"location": "westus", "zones": zones, "sku": {"name": sku}})
    values = {"placement.zone": asked, "disks.attached": (named(kinds.DISK, "data"),)}
    if says:
        assert says in refused(cloud, **values).message
    else:
        see(cloud, **values)
