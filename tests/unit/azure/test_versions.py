"""The api-version that each kind is spoken to in, and what happens where a cloud does not know it."""

from __future__ import annotations

import pytest
from arm_service import ID, Reply, refusal

from azext_dockervm.azure import kinds
from azext_dockervm.azure.kinds import Member, Spoken
from azext_dockervm.azure.versions import Versions, newest_before, without_younger
from azext_dockervm.errors import AzureRefused
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request

VM = {"id": ID, "name": "web1", "properties": {"provisioningState": "Succeeded"}}
OLD = ("No registered resource provider found for location 'usgovvirginia' and API version '2023-09-01' for type "
       "'virtualMachines'. The supported api-versions are '2015-06-15, 2020-12-01, 2021-03-01, 2022-01-01-preview, "
       "2024-11-01'.")
BODY = {"location": "usgovvirginia", "properties": {
    "storageProfile": {"osDisk": {"createOption": "FromImage", "deleteOption": "Delete"}},
    "networkProfile": {"networkInterfaces": [{"id": "a", "properties": {"primary": True, "deleteOption": "Delete"}}]},
    "securityProfile": {"securityType": "TrustedLaunch", "uefiSettings": {"vTpmEnabled": True}}}}


def test_our_version_goes_with_every_request_and_the_service_s_own_with_an_operation_s(azure, service):
    service.operation("web1", VM, Reply(200, {"status": "Succeeded"}))
    azure.send(Request("PUT", kinds.VM.type, "g", ("web1",), {"location": "westus"}))
    assert service.versions("PUT", "web1") == service.versions("GET", "web1") == [kinds.COMPUTE_VERSION]
    assert service.versions("GET", "op") == ["1999-01-01"]


def test_also_with_every_page_of_a_list(azure, service):
    next_page = f"{service.endpoint}/subscriptions/s/more?api-version=1999-01-01&$skiptoken=x"
    for last, kind, names in (("runCommands", kinds.RUN_COMMAND, ("web1",)), ("virtualMachines", kinds.VM, ()),
                              ("networkInterfaces", kinds.NETWORK_INTERFACE, ())):
        service.forget()
        service.replies("GET", last, Reply(200, {"value": [], "nextLink": next_page}))
        service.replies("GET", "more", Reply(200, {"value": []}))
        azure.list(kind, "g", *names)
        assert service.versions("GET", last) == service.versions("GET", "more") == [kind.api_version], last


def test_the_other_reads_have_theirs(azure, service):
    for last, ask, version in (
            ("g", lambda: azure.group("g"), kinds.GROUPS), ("vmSizes", lambda: azure.sizes("westus"), kinds.SIZES),
            ("skus", lambda: azure.offered_sizes("westus"), kinds.SIZES_ON_OFFER)):
        service.replies("GET", last, Reply(200, {"value": [], "location": "westus"}))
        ask()
        assert service.versions("GET", last) == [version.api_version]


def test_where_it_is_not_known_the_newest_stable_older_one_is_spoken_from_then_on(azure, service):
    service.replies("GET", "web1", refusal(400, "NoRegisteredProviderFound", OLD), Reply(200, VM))
    assert azure.get(kinds.VM, "g", "web1") == azure.get(kinds.VM, "g", "web1") == VM
    assert service.versions("GET", "web1") == ["2023-09-01", "2021-03-01", "2021-03-01"]
    # Another deadline is still the same service.
    azure.until(Deadline(60)).get(kinds.VM, "g", "web1")
    assert service.versions("GET", "web1")[-1] == "2021-03-01"


def test_and_what_it_does_not_know_is_left_out(azure, service):
    older = OLD.replace("2020-12-01, 2021-03-01", "2020-06-01, 2020-12-01")
    service.replies("PUT", "web1", refusal(400, "NoRegisteredProviderFound", older), Reply(201, VM))
    azure.send(Request("PUT", kinds.VM.type, "g", ("web1",), BODY))
    first, second = service.bodies("PUT", "web1")
    assert first == BODY and service.versions("PUT", "web1") == ["2023-09-01", "2020-12-01"]
    assert second == {"location": "usgovvirginia", "properties": {
        "storageProfile": {"osDisk": {"createOption": "FromImage"}},
        "networkProfile": {"networkInterfaces": [{"id": "a", "properties": {"primary": True}}]},
        "securityProfile": BODY["properties"]["securityProfile"]}}


def test_a_vm_of_somebody_else_is_safe_where_a_put_can_t_say_so(azure, service):
    service.replies("PUT", "web1", refusal(400, "NoRegisteredProviderFound", OLD), Reply(201, VM))
    service.replies("GET", "web1", Reply(200, VM))
    with pytest.raises(AzureRefused) as caught:
        azure.send(Request("PUT", kinds.VM.type, "g", ("web1",), BODY))
    assert caught.value.status == 412 and service.times("PUT", "web1") == 1
    service.replies("GET", "web1", refusal(404, "ResourceNotFound"))
    assert azure.send(Request("PUT", kinds.VM.type, "g", ("web1",), BODY)) == VM
    assert [asked.headers.get("If-None-Match") for asked in service.asked if asked.method == "PUT"] == ["*", None]


@pytest.mark.parametrize("message", ["No list.", OLD.replace("2015-06-15, 2020-12-01, 2021-03-01, ", "")])
def test_where_nothing_older_is_named_the_refusal_is_told(azure, service, message):
    service.replies("GET", "web1", refusal(400, "NoRegisteredProviderFound", message))
    with pytest.raises(AzureRefused, match="NoRegistered|No "):
        azure.get(kinds.VM, "g", "web1")
    assert service.times("GET", "web1") == 1


def test_refused_again_and_again_it_ends(azure, service):
    service.replies("GET", "web1", refusal(400, "NoRegisteredProviderFound", OLD))
    with pytest.raises(AzureRefused):
        azure.get(kinds.VM, "g", "web1")
    assert service.versions("GET", "web1") == ["2023-09-01", "2021-03-01", "2020-12-01", "2015-06-15"]


def test_other_refusals_change_no_version(azure, service):
    service.replies("GET", "web1", refusal(400, "BadRequest", OLD))
    with pytest.raises(AzureRefused):
        azure.get(kinds.VM, "g", "web1")
    assert service.times("GET", "web1") == 1


def test_a_choice_is_for_one_type_and_place():
    versions, spoken = Versions(), Spoken("A/b", "2023-09-01")
    assert versions.fall_back(spoken, "here", "2023-09-01", "'2020-01-01'")
    assert versions.of(spoken, "here") == "2020-01-01" and versions.of(spoken, "there") == "2023-09-01"
    assert versions.of(Spoken("A/c", "2023-09-01"), "here") == "2023-09-01"


def test_of_two_threads_choices_the_older_one_stays():
    versions, spoken = Versions(), Spoken("A/b", "2023-09-01")
    for late in ("2019-01-01", "2020-01-01"):       # both were refused what was spoken first
        assert versions.fall_back(spoken, "", "2023-09-01", late)
    assert versions.of(spoken) == "2019-01-01"


def test_the_newest_before():
    assert newest_before("2023-09-01", OLD) == "2021-03-01"
    assert newest_before("2021-03-01", OLD) == "2020-12-01"
    assert newest_before("2015-06-15", OLD) is None


MEMBERS = (Member("a.b", "2021-01-01"), Member("list[].c.d", "2022-01-01"))


@pytest.mark.parametrize("version,body,left", [
    ("2023-01-01", {"a": {"b": 1}}, {"a": {"b": 1}}),
    ("2021-01-01", {"a": {"b": 1}, "list": [{"c": {"d": 1}}]}, {"a": {"b": 1}, "list": [{}]}),
    ("2020-01-01", {"a": {"b": 1, "e": 2}}, {"a": {"e": 2}}),
    ("2020-01-01", {"a": {}, "list": []}, {"a": {}, "list": []}),
    ("2020-01-01", {"list": [{"c": {"d": 1, "e": 2}}, {"f": 3}]}, {"list": [{"c": {"e": 2}}, {"f": 3}]}),
    ("2020-01-01", {"a": "text", "list": None}, {"a": "text", "list": None}),
])
def test_younger_members_are_left_out_wherever_they_are(version, body, left):
    assert without_younger(MEMBERS, version, body) == left


def test_every_member_that_is_younger_than_our_oldest_fallback_has_a_real_place():
    for kind in kinds.KINDS.values():
        for member in kind.younger_members:
            assert member.path.startswith("properties.") and member.since <= kind.api_version


def test_an_older_network_is_not_asked_for_what_it_does_not_know():
    subnet = {"properties": {"addressPrefix": "10.0.0.0/20", "defaultOutboundAccess": False}}
    network = {"properties": {"subnets": [{"name": "hosts", **subnet}]}}
    for kind, body in ((kinds.SUBNET, subnet), (kinds.VIRTUAL_NETWORK, network)):
        assert without_younger(kind.younger_members, kind.api_version, body) == body
        assert without_younger(kind.younger_members, "2023-06-01", body) == body
        assert "defaultOutboundAccess" not in str(without_younger(kind.younger_members, "2023-05-01", body))


def test_a_value_that_our_version_does_not_know_is_said_in_a_later_one(azure, service):
    def put(placement, priority="Spot"):
        service.replies("PUT", "web1", Reply(201, VM))
        disk = {"osDisk": {"diffDiskSettings": {"option": "Local", "placement": placement}}}
        azure.send(Request("PUT", kinds.VM.type, "g", ("web1",), {
            "location": "westus", "properties": {"storageProfile": disk, "priority": priority}}))
        return service.versions("PUT", "web1")[-1]

    assert put("ResourceDisk") == kinds.VM.api_version < put("NvmeDisk") == "2024-03-01"
    assert put("NvmeDisk", "SpotPlus") == "2026-04-01"
    assert kinds.VM.speaking({}) == kinds.VM.speaking({"properties": None}) == kinds.VM
