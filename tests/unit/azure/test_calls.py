"""Reads and writes by kind over real HTTPS, with the SDKs at both ends: what is sent, what comes back, how often."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from arm_service import HANG_UP, ID, PAGE, Reply, cut, refusal, truncated

from azext_dockervm.azure import kinds
from azext_dockervm.azure.calls import Azure, Clients
from azext_dockervm.errors import AnswerUnreadable, AzureRefused, AzureUnreachable, HostGone, NotFound
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request
from azext_dockervm.secret import Secret

DONE, IN_PROGRESS = Reply(200, {"status": "Succeeded"}), Reply(200, {"status": "InProgress"})
NAMES = {kinds.SUBNET: ("net", "hosts"), kinds.SECURITY_RULE: ("group", "docker"),
         kinds.EXTENSION: ("web1", "DockerExtension"),
         kinds.RUN_COMMAND: ("web1", "dockervm-serve")}
# What is never made by itself: data disks are made with their VM, encryption sets by others.
NEVER_PUT = (kinds.DISK, kinds.DISK_ENCRYPTION_SET)
EVERY_KIND = pytest.mark.parametrize("kind", kinds.KINDS.values(), ids=lambda kind: kind.noun)


def named(kind):
    return NAMES.get(kind, ("thing",))


def resource(kind, state="Succeeded", tags=None, **properties):
    name = named(kind)[-1]
    return {"id": f"/subscriptions/s/resourceGroups/g/providers/{kind.type}/{name}", "name": name, "location": "westus",
            "tags": tags or {}, "properties": {"provisioningState": state, "newerThanTheSdk": {"a": [1]}, **properties}}


def put(kind, body):
    return Request("PUT", kind.type, "g", named(kind), body)


def patch(kind, tags):
    return Request("PATCH", kind.type, "g", named(kind), {"tags": tags})


def delete(kind):
    return Request("DELETE", kind.type, "g", named(kind))


@pytest.mark.parametrize("forced", [True, False])
@pytest.mark.parametrize("sending", ["remove", "begin"])
def test_a_vm_is_deleted_by_force_where_that_is_asked(azure, service, forced, sending):
    service.replies("DELETE", "thing", Reply(204))
    getattr(azure, sending)(Request("DELETE", kinds.VM.type, "g", ("thing",), force=forced))
    [asked] = [one for one in service.asked if one.method == "DELETE"]
    assert [one.lower() for one in asked.query.get("forceDeletion", [])] == (["true"] if forced else [])


# Reads

@EVERY_KIND
def test_a_resource_comes_as_it_is_on_the_wire_and_none_where_there_is_none(azure, service, kind):
    service.replies("GET", named(kind)[-1], Reply(200, resource(kind)))
    assert azure.get(kind, "g", *named(kind)) == resource(kind)
    path = "/".join(word for pair in zip(kind.type.split("/")[1:], named(kind), strict=True) for word in pair)
    assert service.asked[0].path == ("/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/g/providers/"
                                     f"{kind.type.split('/')[0]}/{path}")
    assert service.asked[0].query.get("$expand", [None]) == [kind.expand]
    service.replies("GET", named(kind)[-1], refusal(404, "ResourceNotFound"))
    assert azure.get(kind, "g", *named(kind)) is None


def test_what_is_in_another_subscription_is_read_there(azure, service):
    service.replies("GET", "thing", Reply(200, resource(kinds.VM)))
    assert azure.get(kinds.VM, "g", "thing", subscription="other") == resource(kinds.VM)
    assert service.asked[0].path == ("/subscriptions/other/resourceGroups/g/providers/Microsoft.Compute/"
                                     "virtualMachines/thing")


def test_a_name_with_characters_of_its_own_stays_one_name(azure, service):
    service.replies("GET", "a b?c#d%20", Reply(200, resource(kinds.VM)))
    assert azure.get(kinds.VM, "g(1)/?", "a b?c#d%20")
    assert service.asked[0].path.endswith("/resourceGroups/g(1)/?/providers/Microsoft.Compute/virtualMachines/"
                                          "a b?c#d%20")


def test_what_may_not_be_read_keeps_its_status_by_which_callers_take_it_as_unknown(azure, service):
    service.replies("GET", "thing", refusal(403, "AuthorizationFailed", "may not read"))
    with pytest.raises(AzureRefused, match="read the VM 'thing': may not read") as caught:
        azure.get(kinds.VM, "g", "thing")
    assert (caught.value.status, caught.value.code) == (403, "AuthorizationFailed")


def test_the_id_of_what_may_not_be_there(azure):
    assert azure.resource_id(kinds.EXTENSION, "my(g)", "web1", "x") == (
        "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/my%28g%29/providers/Microsoft.Compute/"
        "virtualMachines/web1/extensions/x")


def test_a_list_has_all_pages_as_on_the_wire(azure, service):
    next_page = f"{service.endpoint}/subscriptions/s/more?api-version=1999-01-01"
    service.replies("GET", "runCommands", Reply(200, {"value": [resource(kinds.RUN_COMMAND)], "nextLink": next_page}))
    second = {**resource(kinds.RUN_COMMAND), "name": "second", "new": 1}
    service.replies("GET", "more", Reply(200, {"value": [second]}))
    assert azure.list(kinds.RUN_COMMAND, "g", "web1") == [resource(kinds.RUN_COMMAND), second]
    service.replies("GET", "networkInterfaces", Reply(200, {"value": [resource(kinds.NETWORK_INTERFACE)]}))
    assert azure.list(kinds.NETWORK_INTERFACE, "g") == [resource(kinds.NETWORK_INTERFACE)]
    service.replies("GET", "virtualMachines", Reply(200, {"value": []}))
    assert azure.list(kinds.VM, "g") == []


def test_all_of_a_kind_in_the_subscription_and_the_states_of_its_vms(azure, service):
    next_page = f"{service.endpoint}/subscriptions/s/more?api-version=1999-01-01"
    service.replies("GET", "virtualMachines", Reply(200, {"value": [resource(kinds.VM)], "nextLink": next_page}))
    second = {**resource(kinds.VM), "name": "second", "new": 1}
    service.replies("GET", "more", Reply(200, {"value": [second]}))
    for query in ({}, {"status_only": "true"}):
        assert azure.list_all(kinds.VM, **query) == [resource(kinds.VM), second]
    first, _, states, _ = service.asked
    assert first.path == states.path == (
        "/subscriptions/00000000-0000-0000-0000-00000000000a/providers/Microsoft.Compute/virtualMachines")
    assert "statusOnly" not in first.query and states.query["statusOnly"] == ["true"]


def test_how_much_of_a_quota_is_used(azure, service):
    def usage(name, used, limit):
        return {"name": {"value": name, "localizedValue": "Words"}, "currentValue": used, "limit": limit}

    shown = Reply(200, {"value": [usage("cores", 2, 10), usage("standardDSv5Family", 0, 5)]})
    for namespace, ask in (("Microsoft.Compute", azure.compute_usages), ("Microsoft.Network", azure.network_usages)):
        service.replies("GET", "usages", shown)
        assert ask("westus") == {"cores": (2, 10), "standarddsv5family": (0, 5)}
        assert service.asked[-1].path.endswith(f"/providers/{namespace}/locations/westus/usages")


def test_the_locks_of_a_group(azure, service):
    lock = {"name": "a", "id": "/s/providers/Microsoft.Authorization/locks/a", "properties": {"level": "ReadOnly"}}
    service.replies("GET", "locks", Reply(200, {"value": [lock]}))
    assert azure.locks("my(group)") == [lock]
    assert service.asked[-1].path.endswith("/resourceGroups/my(group)/providers/Microsoft.Authorization/locks")
    service.replies("GET", "locks", Reply(200, {"value": [{}]}), Reply(200, {}), Reply(200, "x"))
    with pytest.raises(AnswerUnreadable):
        azure.locks("g")


def test_what_a_size_can_do_is_told_in_the_service_s_words(azure, service):
    service.replies("GET", "skus", Reply(200, {"value": [
        {"resourceType": "disks", "name": "Standard_D2s_v5"},
        {"resourceType": "virtualMachines", "name": "Standard_D2s_v5", "capabilities": [
            {"name": "MaxDataDiskCount", "value": "4"}, {"name": "PremiumIO", "value": "True"}]},
        {"resourceType": "virtualMachines", "name": "Standard_B1s"},
        {"resourceType": "virtualMachines", "name": "Standard_Z", "locationInfo": [{"location": "westus", "zones": [
            "3", "1", "2"]}], "restrictions": [{"type": "Zone", "restrictionInfo": {"zones": ["2"]}}, {
                "type": "Location"}]},
        {"resourceType": "virtualMachines", "name": "Standard_N", "locationInfo": [{"location": "westus"}]}]}))
    assert azure.size_offer("westus", "Standard_Z") == {"zones": "1,3"}
    assert azure.size_offer("westus", "Standard_N") == {"zones": ""}
    assert azure.size_offer("westus", "standard_d2S_v5") == {"MaxDataDiskCount": "4", "PremiumIO": "True"}
    assert azure.size_offer("westus", "Standard_B1s") == {} and azure.size_offer("westus", "Standard_X1") is None
    assert service.asked[0].query["$filter"] == ["location eq 'westus'"]


def test_whether_the_terms_of_an_image_are_accepted(azure, service):
    service.replies("GET", "current", Reply(200, {"properties": {"accepted": True}}), Reply(200, {"properties": {}}))
    assert azure.terms_accepted("resf", "rocky linux", "9-base") is True
    assert azure.terms_accepted("resf", "rocky linux", "9-base") is False
    assert service.asked[0].path == (
        "/subscriptions/00000000-0000-0000-0000-00000000000a/providers/Microsoft.MarketplaceOrdering/offerTypes/"
        "virtualmachine/publishers/resf/offers/rocky linux/plans/9-base/agreements/current")
    service.replies("GET", "current", refusal(404, "NotFound"))
    assert azure.terms_accepted("resf", "none", "none") is None


def test_the_state_of_a_feature_of_the_subscription(azure, service):
    service.replies("GET", "EncryptionAtHost", Reply(200, {"properties": {"state": "Registering"}}))
    assert azure.feature_state("EncryptionAtHost") == "Registering"
    assert service.asked[0].path == (
        "/subscriptions/00000000-0000-0000-0000-00000000000a/providers/Microsoft.Features/providers/"
        "Microsoft.Compute/features/EncryptionAtHost")
    service.replies("GET", "Other", refusal(404, "FeatureNotFound"))
    assert azure.feature_state("Other") is None


def test_of_what_no_sdk_knows_resource_manager_has_the_list(azure, service):
    """Their own providers may not be asked: a subscription that never used them would be registered for them."""
    shown = {"id": ID, "name": "x", "type": kinds.SCHEDULE.type, "location": "westus", "tags": {"a": "1"}}
    service.replies("GET", "resources", Reply(200, {"value": [shown]}))
    assert azure.list(kinds.SCHEDULE, "g") == [shown]
    assert azure.list_all(kinds.STORAGE_ACCOUNT, name="mine") == [shown]
    first, second = service.asked
    assert first.path.lower().endswith("/resourcegroups/g/resources") and second.path.endswith("000a/resources")
    assert first.query["$filter"] == ["resourceType eq 'Microsoft.DevTestLab/schedules'"]
    assert second.query["$filter"] == ["resourceType eq 'Microsoft.Storage/storageAccounts' and name eq 'mine'"]


@pytest.mark.parametrize("free", [True, False])
def test_whether_a_private_address_is_free(azure, service, free):
    service.replies("GET", "CheckIPAddressAvailability", Reply(200, {"available": free, "availableIPAddresses": []}))
    assert azure.private_address_is_free("net", "corp", "10.1.0.9") is free
    assert service.asked[0].path.lower().endswith(      # the SDKs differ in case
        "/resourcegroups/net/providers/microsoft.network/virtualnetworks/corp/checkipaddressavailability")
    assert service.asked[0].query["ipAddress"] == ["10.1.0.9"]


def test_what_is_asked_of_a_region(azure, service):
    service.replies("GET", "versions", Reply(200, [{"name": "24.04.2", "location": "westus"}]))
    service.replies("GET", "24.04.2", Reply(200, {"name": "24.04.2", "properties": {"features": [{"new": 1}]}}))
    service.replies("GET", "vmSizes", Reply(200, {"value": [{"name": "Standard_D2s_v5", "numberOfCores": 2,
                                                   "maxDataDiskCount": 4}]}))
    service.replies("GET", "skus", Reply(200, {"value": [
        {"resourceType": "virtualMachines", "name": "A", "restrictions": [{"type": "Zone"}],
         "capabilities": [{"name": "vCPUs", "value": "2"}, {"name": "CpuArchitectureType", "value": "x64"}]},
        {"resourceType": "virtualMachines", "name": "B", "restrictions": [{"type": "Location"}]},
        {"resourceType": "disks", "name": "C"}]}))
    service.replies("GET", "CheckDnsNameAvailability", Reply(200, {"available": True}))
    assert azure.image_versions("westus", "P", "O", "S") == [{"name": "24.04.2", "location": "westus"}]
    assert service.asked[0].query.items() >= {"$top": ["1"], "$orderby": ["name desc"]}.items()
    assert azure.image("westus", "P", "O", "S", "24.04.2")["properties"]["features"] == [{"new": 1}]
    assert azure.image("westus", "P", "O", "S", "none") is None
    assert azure.extension_versions("westus", "P", "T")[0]["name"] == "24.04.2"
    assert azure.extension_versions("westus", "P", "T2")[0]["name"] == "24.04.2"
    assert azure.sizes("westus") == {"Standard_D2s_v5": (2, 4)}
    assert azure.offered_sizes("westus") == [("A", ("2", "x64"), True), ("B", ("", ""), False)]
    assert azure.label_is_free("westus", "web1") is True
    assert azure.locations() == ["westus"]


def test_a_group_that_is_not_there_is_none(azure, service):
    assert azure.group("g") is None
    service.replies("GET", "g", Reply(200, {"id": "/subscriptions/s/resourceGroups/g", "location": "westus"}))
    assert azure.group("g")["location"] == "westus"


# Writes

@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS.values() if kind not in NEVER_PUT],
                         ids=lambda kind: kind.noun)
def test_a_resource_is_put_as_it_is_and_waited_for(azure, service, kind):
    body = {"location": "westus", "tags": {"a": "b"}, "properties": {"newerThanTheSdk": {"a": [1]}}}
    service.operation(named(kind)[-1], resource(kind), IN_PROGRESS, IN_PROGRESS, DONE)
    assert azure.send(put(kind, body)) == resource(kind)
    assert service.asked[0].body == body and service.asked[0].version == kind.api_version
    assert azure.deadline.slept == [1, 2]


def test_what_is_done_with_the_first_answer_is_not_asked_for_again(azure, service):
    service.replies("PUT", "thing", Reply(201, resource(kinds.NETWORK_INTERFACE)))
    assert azure.send(put(kinds.NETWORK_INTERFACE, {"location": "westus"})) == resource(kinds.NETWORK_INTERFACE)
    assert len(service.asked) == 1


def test_a_secret_is_revealed_on_the_wire_only(azure, service):
    service.operation("thing", resource(kinds.VM), DONE)
    azure.send(put(kinds.VM, {"location": "westus", "properties": {"osProfile": {"adminPassword": Secret("hush")}}}))
    assert service.asked[0].body["properties"] == {"osProfile": {"adminPassword": "hush"}}


def test_only_a_vm_is_never_put_over_what_is_there(azure, service):
    for kind in kinds.KINDS.values():
        service.forget()
        service.operation(named(kind)[-1], resource(kind), DONE)
        azure.send(put(kind, {"location": "westus"}))
        assert (service.asked[0].headers.get("If-None-Match") == "*") == (kind is kinds.VM), kind.noun


def test_a_put_that_is_refused_as_such_is_told_with_code_message_and_details(azure, service):
    details = [{"code": "Inner", "message": "The name has an umlaut."}]
    service.replies("PUT", "thing", Reply(400, {"error": {"code": "InvalidParameter", "message": "computerName is bad.",
                                                          "details": details}}))
    with pytest.raises(AzureRefused) as caught:
        azure.send(put(kinds.VM, {"location": "westus"}))
    assert (caught.value.code, caught.value.status) == ("InvalidParameter", 400)
    assert caught.value.message == "create the VM 'thing': computerName is bad. The name has an umlaut."


def test_a_parent_that_is_missing_is_an_error_to_a_writer(azure, service):
    service.replies("PUT", "hosts", refusal(404, "ParentResourceNotFound", "no net"))
    with pytest.raises(NotFound, match="create the subnet 'hosts': no net"):
        azure.send(put(kinds.SUBNET, {"properties": {}}))


@EVERY_KIND
def test_tags_are_added_to_those_that_are_there_and_written_only_where_that_changes_any(azure, service, kind):
    service.replies("GET", named(kind)[-1], Reply(200, resource(kind, tags={"Mine": "1", "b": "2"})))
    service.replies("PATCH", named(kind)[-1], Reply(200, resource(kind, tags={"answer": "y"})))
    assert azure.send(patch(kind, {"b": "2"}))["tags"] == {"Mine": "1", "b": "2"}
    assert service.times("PATCH", named(kind)[-1]) == 0
    if kind in (kinds.VIRTUAL_NETWORK, kinds.PUBLIC_IP, kinds.NETWORK_INTERFACE, kinds.SECURITY_GROUP, kinds.VM):
        assert azure.send(patch(kind, {"mine": "3"}))["tags"] == {"answer": "y"}
        assert service.bodies("PATCH", named(kind)[-1]) == [{"tags": {"mine": "3", "b": "2"}}]


def test_tags_are_written_again_after_a_lost_connection_but_not_when_they_arrived(azure, service):
    service.replies("GET", "thing", Reply(200, resource(kinds.VM)))
    service.replies("PATCH", "thing", HANG_UP, HANG_UP, Reply(200, resource(kinds.VM, tags={"a": "b"})))
    assert azure.send(patch(kinds.VM, {"a": "b"}))["tags"] == {"a": "b"}
    assert service.times("PATCH", "thing") == 3
    assert azure.deadline.slept == [1, 2], "what has just broken down is not asked again at once"
    service.replies("GET", "thing", Reply(200, resource(kinds.VM)), Reply(200, resource(kinds.VM, tags={"a": "b"})))
    service.replies("PATCH", "thing", HANG_UP)
    assert azure.send(patch(kinds.VM, {"a": "b"}))["tags"] == {"a": "b"}
    assert service.times("PATCH", "thing") == 4


def test_tags_that_are_said_to_be_written_and_are_not_are_written_again(azure, service):
    service.replies("GET", "thing", Reply(200, resource(kinds.VM)))
    service.replies("PATCH", "thing", Reply(200, {}), Reply(200, resource(kinds.VM)),
                    Reply(200, resource(kinds.VM, tags={"a": "b"})))
    assert azure.send(patch(kinds.VM, {"a": "b"}))["tags"] == {"a": "b"}
    assert service.times("PATCH", "thing") == 3
    service.replies("PATCH", "thing", Reply(200, {}))
    with pytest.raises(AnswerUnreadable, match="write the tags of the VM 'thing'"):
        azure.send(patch(kinds.VM, {"a": "b"}))


def test_tags_of_what_is_gone_are_an_error(azure, service):
    with pytest.raises(NotFound, match="not there any more"):
        azure.send(patch(kinds.VM, {"a": "b"}))


def test_tags_that_never_arrive_are_given_up(azure, service):
    service.replies("GET", "thing", Reply(200, resource(kinds.VM)))
    service.replies("PATCH", "thing", HANG_UP)
    with pytest.raises(AzureUnreachable, match="write the tags of the VM 'thing'"):
        azure.send(patch(kinds.VM, {"a": "b"}))
    assert service.times("PATCH", "thing") == 4


NIC_ID = "/subscriptions/s/resourceGroups/g/providers/x/y/nic"
SETTLED = {"networkProfile": {"networkInterfaces": [{"id": NIC_ID, "properties": {"deleteOption": "Detach"}}]}}


def change(azure):
    return azure.send(Request("PATCH", kinds.VM.type, "g", ("thing",), {"properties": SETTLED}))


def test_properties_are_changed_as_they_are_given_and_waited_for(azure, service):
    service.operation("thing", {**resource(kinds.VM), "properties": SETTLED}, IN_PROGRESS, DONE, method="PATCH")
    assert change(azure)["properties"] == SETTLED
    assert service.bodies("PATCH", "thing") == [{"properties": SETTLED}]


def test_a_change_that_is_said_to_be_done_and_is_not_is_made_again(azure, service):
    other = {"networkProfile": {"networkInterfaces": [{"id": NIC_ID, "properties": {"deleteOption": "Delete"}}]}}
    service.replies("PATCH", "thing", Reply(200, {}), HANG_UP, Reply(200, resource(kinds.VM)))
    service.replies("GET", "thing", Reply(200, {**resource(kinds.VM), "properties": other}),
                    Reply(200, {**resource(kinds.VM), "properties": SETTLED}))
    assert change(azure)["properties"] == SETTLED
    assert service.times("PATCH", "thing") == 3 and azure.deadline.slept == [1, 2]


def test_a_change_of_what_is_gone_is_an_error(azure, service):
    with pytest.raises(NotFound, match="change the VM 'thing'"):
        change(azure)


def test_a_deletion_is_sent_and_not_waited_for(azure, service):
    service.operation("web1", resource(kinds.VM), IN_PROGRESS, DONE, method="DELETE", status=202)
    azure.begin(Request("DELETE", kinds.VM.type, "g", ("web1",)))
    assert len(service.asked) == 1 and azure.deadline.slept == []
    azure.begin(Request("DELETE", kinds.VM.type, "g", ("gone",)))


def test_a_deletion_that_is_refused_is_told(azure, service):
    service.replies("DELETE", "web1", refusal(409, "ScopeLocked", "It is locked."))
    with pytest.raises(AzureRefused, match="delete the VM 'web1': It is locked"):
        azure.begin(Request("DELETE", kinds.VM.type, "g", ("web1",)))


@EVERY_KIND
def test_a_deletion_is_waited_for_and_what_is_not_there_is_fine(azure, service, kind):
    service.operation(named(kind)[-1], resource(kind), IN_PROGRESS, DONE, method="DELETE", status=202)
    assert azure.send(delete(kind)) is None
    assert azure.deadline.slept == [1] and service.times("GET", named(kind)[-1]) == 0
    service.replies("DELETE", named(kind)[-1], refusal(404, "ResourceNotFound"))
    assert azure.send(delete(kind)) is None
    service.replies("DELETE", named(kind)[-1], Reply(204))
    assert azure.send(delete(kind)) is None


def test_a_request_of_another_method_or_kind_is_a_mistake_of_ours(azure):
    with pytest.raises(ValueError, match="POST"):
        azure.send(Request("POST", kinds.VM.type, "g", ("thing",)))
    with pytest.raises(KeyError):
        azure.send(Request("PUT", "Microsoft.Web/sites", "g", ("thing",), {}))


# Answers that tell nothing, though the request may have been carried out

BODY = {"location": "West US", "tags": {"run": "1"}, "properties": {"size": "a", "secret": "never shown"}}


@pytest.mark.parametrize("way", ["{}", "nothing", "a list", "cut", "truncated"])
@pytest.mark.parametrize("kind", [kinds.VM, kinds.SECURITY_GROUP], ids=lambda kind: kind.noun)
def test_a_put_whose_answer_tells_nothing_is_looked_for(azure, service, kind, way):
    made = resource(kind, tags={"run": "1"}, size="A")
    creating = resource(kind, "Updating", tags={"run": "1"}, size="A")
    answer = {"{}": Reply(200, {}), "nothing": Reply(200), "a list": Reply(200, []), "cut": cut(made, 201),
              "truncated": truncated(made, 201)}[way]
    service.replies("PUT", "thing", answer)
    service.replies("GET", "thing", Reply(200, creating), Reply(200, made))
    assert azure.send(put(kind, BODY)) == made
    assert service.times("PUT", "thing") == 1


@pytest.mark.parametrize("there", [None, {"run": "another"}], ids=["nothing", "something else"])
def test_and_what_is_not_there_as_asked_was_not_made(azure, service, there):
    service.replies("PUT", "thing", Reply(200, {}))
    if there:
        service.replies("GET", "thing", Reply(200, resource(kinds.VM, tags=there)))
    with pytest.raises(AzureUnreachable, match="create the VM 'thing': the answer is not what Azure answers"):
        azure.send(put(kinds.VM, BODY))


def test_and_what_has_failed_is_told_so(azure, service):
    service.replies("PUT", "thing", Reply(200, {}))
    service.replies("GET", "thing", Reply(200, resource(kinds.VM, "Failed", tags={"run": "1"})))
    with pytest.raises(AzureRefused, match="it ended as Failed"):
        azure.send(put(kinds.VM, BODY))


def test_a_deletion_whose_answer_tells_nothing_is_looked_for(azure, service):
    service.replies("DELETE", "thing", PAGE)
    service.replies("GET", "thing", Reply(200, resource(kinds.VM, "Deleting")), refusal(404, "ResourceNotFound"))
    assert azure.send(delete(kinds.VM)) is None
    service.replies("GET", "thing", Reply(200, resource(kinds.VM)))
    with pytest.raises(AzureUnreachable, match="delete the VM 'thing': the answer is a web page"):
        azure.send(delete(kinds.VM))
    service.replies("DELETE", "thing", Reply(200, "Sorry.", {"Content-Type": "text/plain"}))
    with pytest.raises(AzureUnreachable, match="delete the VM 'thing': the answer is not what Azure answers"):
        azure.send(delete(kinds.VM))


def test_a_made_resource_that_azure_does_not_find_at_once_is_asked_for_again(azure, service):
    service.operation("thing", resource(kinds.PUBLIC_IP), DONE)
    service.replies("GET", "thing", refusal(404, "ResourceNotFound"), Reply(200, resource(kinds.PUBLIC_IP)))
    assert azure.send(put(kinds.PUBLIC_IP, {"location": "westus"})) == resource(kinds.PUBLIC_IP)
    assert azure.deadline.slept == [4]


# Patience

NETWORK_KINDS = [kinds.VIRTUAL_NETWORK, kinds.SUBNET, kinds.PUBLIC_IP, kinds.NETWORK_INTERFACE, kinds.SECURITY_GROUP]


@pytest.mark.parametrize("kind", NETWORK_KINDS, ids=lambda kind: kind.noun)
def test_what_is_still_held_is_waited_for(azure, service, kind):
    codes = sorted(kinds.STILL_HELD.codes)
    service.replies("DELETE", named(kind)[-1], *[refusal(400, code) for code in codes], Reply(204))
    azure.send(delete(kind))
    service.replies("PUT", named(kind)[-1], *[refusal(400, code) for code in codes], Reply(201, resource(kind)))
    assert azure.send(put(kind, {"location": "westus"})) == resource(kind)
    assert azure.deadline.slept == [5] * 2 * len(codes)


def test_but_not_for_ever_and_not_for_other_reasons(connected, service):
    service.replies("DELETE", "thing", refusal(400, "NicInUse"))
    with pytest.raises(AzureRefused) as caught:
        connected(Deadline(9)).send(delete(kinds.NETWORK_INTERFACE))    # less than two pauses are left
    assert caught.value.code == "NicInUse"
    service.replies("DELETE", "thing", refusal(400, "ScopeLocked"))
    with pytest.raises(AzureRefused):
        connected().send(delete(kinds.NETWORK_INTERFACE))
    assert service.times("DELETE", "thing") == 2


def test_what_stays_busy_is_asked_less_often_within_what_a_vm_may_be_changed(azure, service):
    service.replies("DELETE", "thing", *[refusal(409, "Conflict")] * 40, Reply(204))
    azure.send(delete(kinds.VM))
    pauses = azure.deadline.slept
    assert pauses[:4] == [3] * 4 and set(pauses[4:]) == {15}
    assert all(again + 1 <= 12 + sum(pauses[:again]) * 4 / 60 for again in range(41)), "12, and 4 more each minute"


@pytest.mark.parametrize("kind", [kinds.EXTENSION, kinds.RUN_COMMAND], ids=lambda kind: kind.noun)
@pytest.mark.parametrize("vm", [Reply(200, resource(kinds.VM, "Deleting")), refusal(404, "ResourceNotFound")],
                         ids=["Deleting", "gone"])
def test_a_vm_that_is_busy_with_its_own_deletion_is_not_waited_for(azure, service, kind, vm):
    service.replies("PUT", named(kind)[-1], refusal(409, "Conflict"))
    service.replies("GET", "web1", vm)
    with pytest.raises(HostGone, match="The VM 'web1' has been deleted meanwhile"):
        azure.send(put(kind, {"location": "westus"}))
    assert sum(azure.deadline.slept) < 10


@pytest.mark.parametrize("code", sorted(kinds.BUSY.codes))
def test_a_busy_vm_is_waited_for_but_its_own_put_is_not(azure, service, code):
    service.replies("GET", "web1", Reply(200, resource(kinds.VM)))
    for kind in (kinds.EXTENSION, kinds.RUN_COMMAND):
        service.replies("PUT", named(kind)[-1], refusal(409, code), Reply(201, resource(kind)))
        azure.send(put(kind, {"location": "westus"}))
    for kind in (kinds.EXTENSION, kinds.RUN_COMMAND, kinds.VM):
        service.replies("DELETE", named(kind)[-1], refusal(409, code), Reply(204))
        azure.send(delete(kind))
    service.replies("GET", "thing", Reply(200, resource(kinds.VM)))
    service.replies("PATCH", "thing", refusal(409, code), Reply(200, resource(kinds.VM, tags={"a": "b"})))
    azure.send(patch(kinds.VM, {"a": "b"}))
    assert azure.deadline.slept == [3] * 6
    service.replies("PUT", "thing", refusal(409, code))
    with pytest.raises(AzureRefused):
        azure.send(put(kinds.VM, {"location": "westus"}))


# What az knows

def test_az_s_own_subscription_and_regions_are_used(connected, service, monkeypatch):
    from azext_dockervm import _client_factory

    made = connected().sdk.shared.clients
    monkeypatch.setattr(_client_factory, "resource_client", lambda _cli_ctx, **_options: made.resources())
    monkeypatch.setattr(_client_factory, "subscription_id", lambda cli_ctx: f"subscription-of-{cli_ctx}")
    monkeypatch.setattr(_client_factory, "subscription_locations", lambda cli_ctx: [f"region of {cli_ctx}"])
    service.replies("GET", "thing", Reply(200, resource(kinds.VM)))
    azure = Azure.for_cli("az")
    assert azure.get(kinds.VM, "g", "thing") == resource(kinds.VM)
    assert service.asked[0].path.startswith("/subscriptions/subscription-of-az/resourceGroups/g/")
    assert azure.locations() == ["region of az"]


# One service, many deadlines

def test_another_deadline_shares_clients_and_versions(connected, service):
    azure = connected()
    azure.connect("compute", "network", "resources")
    deadline = Deadline(5)
    other = azure.until(deadline)
    assert other.deadline is deadline and azure.deadline is not deadline
    assert other.sdk.shared is azure.sdk.shared and set(azure.sdk.shared.made) == {"compute", "network", "resources"}


def test_each_client_is_made_once_however_many_threads_want_it():
    made = []

    def make():
        time.sleep(0.2)
        made.append(1)
        return SimpleNamespace()

    azure = Azure(Clients(make, make, make, list, str), Deadline(60))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: azure.connect("compute"), range(8)))
    assert made == [1]
