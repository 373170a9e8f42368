"""What the subscription lets a new host have: quotas, locks, and providers that it has never used."""

from __future__ import annotations

import pytest
from fake_azure import GROUP, SUBSCRIPTION
from specs import changed, host_spec

from azext_dockervm.advice import refusals
from azext_dockervm.azure import kinds
from azext_dockervm.errors import AnswerUnreadable, AzureRefused, DeadlinePassed, Obstacle
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.preflight import limits
from azext_dockervm.preflight.survey import survey

SPEC = host_spec(location=None)
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
READS = ("compute_usages", "network_usages", "locks")


def see(cloud, **values):
    return survey(cloud.azure(), changed(SPEC, **values))[1]


def refused(cloud, **values):
    with pytest.raises(Obstacle) as caught:
        see(cloud, **values)
    assert not cloud.writes()
    return caught.value


# Quotas


@pytest.mark.parametrize(("used", "limit", "size", "fits"), [
    (18, 20, "Standard_D2s_v5", True), (19, 20, "Standard_D2s_v5", False), (17, 20, "Standard_D4s_v5", False),
    (16, 20, "Standard_D4s_v5", True), (0, 0, "Standard_D2s_v5", False)])
def test_vcpus_of_the_region(cloud, used, limit, size, fits):
    cloud.sizes = {"Standard_D2s_v5": 2, "Standard_D4s_v5": 4}
    cloud.compute_usages = {"cores": (used, limit)}
    if fits:
        assert see(cloud, size=size).compute_usages
        return
    told = refused(cloud, size=size)
    assert told.message == (
        f"The quota does not suffice: '{size}' takes {size[10]} vCPUs, and of the {limit} of the subscription in "
        f"westus {used} are in use.")
    assert told.recommendations[0].endswith("az vm list-usage -l westus -o table")


def test_vcpus_of_the_size_s_family(cloud):
    cloud.compute_usages = {"cores": (0, 20), "standarddsv5family": (9, 10), "standarddsv4family": (10, 10)}
    assert "of the 10 of the size's family in westus 9 are in use" in refused(cloud).message


def test_spot_vms_have_a_quota_of_their_own_for_all_families(cloud):
    cloud.compute_usages = {"cores": (20, 20), "standarddsv5family": (10, 10), "lowprioritycores": (1, 3)}
    assert see(cloud, **{"placement.priority": "Spot"}).compute_usages
    cloud.compute_usages["lowprioritycores"] = (2, 3)
    told = refused(cloud, **{"placement.priority": "Low"})
    assert "of the 3 of the subscription's Spot VMs in westus 2 are in use" in told.message


@pytest.mark.parametrize(("size", "quota"), [
    ("Standard_D2s_v5", "standardDSv5Family"), ("standard_d2S_V5", "standardDSv5Family"),
    ("Standard_D2_v5", "standardDv5Family"), ("Standard_D2ads_v5", "standardDADSv5Family"),
    ("Standard_D2ls_v5", "standardDLSv5Family"), ("Standard_D2pls_v5", "standardDPLSv5Family"),
    ("Standard_DS2_v2", "standardDSv2Family"), ("Standard_F2s_v2", "standardFSv2Family"),
    ("Standard_B2ms", "standardBSFamily"), ("Standard_B1ls", "standardBSFamily"),
    ("Standard_B2ls_v2", None), ("Standard_E4-2s_v5", "standardESv5Family"), ("Standard_M64ms", "standardMSFamily"),
    ("Standard_NC4as_T4_v3", None), ("Basic_A1", None), ("Standard_L8s_v3", None)])
def test_a_size_s_family_by_its_name(size, quota):
    """By the names that the service gives its quotas; what is not among them is not known."""
    names = ("standardDSv5Family standardDv5Family standardDADSv5Family standardDLSv5Family standardDPLSv5Family "
             "standardDSv2Family standardFSv2Family standardBSFamily standardBsv2Family standardESv5Family "
             "standardMSFamily standardFamily").lower().split()
    assert limits.family(size, dict.fromkeys(names, (0, 1))) == (quota or "").lower()


def test_where_the_vcpus_of_a_size_are_not_told_one_has_to_be_left(cloud):
    cloud.forbidden = {"sizes"}
    cloud.compute_usages = {"cores": (19, 20)}
    assert see(cloud, size="Standard_Unheard").cores is None
    cloud.compute_usages = {"cores": (20, 20)}
    assert "takes 1 vCPU, and" in refused(cloud, size="Standard_Unheard").message


def test_addresses_of_the_kind_that_a_host_has(cloud):
    cloud.network_usages = {"publicipaddresses": (0, 0), "standardskupublicipaddresses": (9, 10)}
    assert see(cloud)
    cloud.network_usages["standardskupublicipaddresses"] = (10, 10)
    told = refused(cloud)
    assert "all 10 public IP addresses (Standard)" in told.message
    assert told.recommendations[0].endswith("az network list-usages -l westus -o table")


def test_an_address_that_is_there_takes_none(cloud):
    cloud.network_usages = {"standardskupublicipaddresses": (10, 10)}
    cloud.put(kinds.PUBLIC_IP, "web1PublicIP", body={
        "location": "westus", "tags": {"dockervm-host": "web1"}, "properties": {}})
    assert see(cloud).public_ip


def test_a_host_that_exists_needs_no_more(cloud, finished):
    cloud.compute_usages = {"cores": (20, 20)}
    cloud.locks = [lock("ReadOnly")]
    found = see(cloud)
    assert found.vm and not {*READS} & {*cloud.asked}


# Locks


def lock(level, scope=GROUP_ID, name="keep"):
    return {"name": name, "id": f"{scope}/providers/Microsoft.Authorization/locks/{name}",
            "properties": {"level": level}}


@pytest.mark.parametrize(("scope", "of"), [
    (GROUP_ID, "the resource group"), (GROUP_ID.upper(), "the resource group"),
    (f"/subscriptions/{SUBSCRIPTION}", "the subscription")])
def test_a_lock_that_allows_no_change_is_told_before_anything_is_made(cloud, scope, of):
    cloud.locks = [lock("ReadOnly", scope)]
    told = refused(cloud, subscription="mine")
    assert told.message == (f"The lock 'keep' of {of} allows no change: nothing can be made in the resource group "
                            f"'{GROUP}'.")
    assert told.recommendations == (
        f"Who may, takes it away: az lock delete --ids {cloud.locks[0]['id']} --subscription mine",)


def test_one_that_forbids_deletions_is_a_remark(cloud):
    cloud.locks = [lock("CanNotDelete")]
    remark, = see(cloud).remarks
    assert "The lock 'keep' of the resource group forbids deletions" in remark and "az lock delete --ids" in remark


@pytest.mark.parametrize("level", ["ReadOnly", "CanNotDelete"])
def test_locks_of_what_is_in_the_group_or_beside_it_are_none_of_the_host_s(cloud, level):
    cloud.locks = [lock(level, f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/x"),
                   lock(level, f"{GROUP_ID}2")]
    assert see(cloud).remarks == ()


# What is not told


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("error", [
    AzureRefused("no", status=403), AzureRefused("no", code="NoRegisteredProviderFound", status=400),
    AzureRefused("no", status=500), AnswerUnreadable("no"), DeadlinePassed("no")], ids=lambda one: type(one).__name__)
def test_what_is_not_told_is_unknown(cloud, monkeypatch, read, error):
    def broken(*_arguments):
        raise error

    monkeypatch.setattr(f"fake_azure.FakeAzure.{read}", broken)
    assert getattr(see(cloud), read) is None


def test_time_that_is_over_is_the_command_s(cloud):
    def broken(_azure, _spec):
        raise DeadlinePassed("over")

    with pytest.raises(DeadlinePassed):
        limits.if_told(broken)(cloud.azure(Deadline(0)), SPEC, None)


@pytest.mark.parametrize("read", ["compute_usages", "network_usages"])
def test_a_provider_that_may_not_be_registered_is_told_with_the_command(cloud, monkeypatch, read):
    def unregistered(*_arguments):
        raise AzureRefused("not registered to use namespace 'Microsoft.Compute'", status=409,
                           code="MissingSubscriptionRegistration")

    monkeypatch.setattr(f"fake_azure.FakeAzure.{read}", unregistered)
    with pytest.raises(AzureRefused) as caught:
        see(cloud)
    told = refusals.with_recommendation(caught.value, SPEC).recommendations
    assert "az provider register -n Microsoft.Compute --wait" in told
