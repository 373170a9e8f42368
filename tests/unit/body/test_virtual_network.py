"""The virtual network that hosts share: its body, and where in it the hosts' subnet is."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.body import virtual_network

# Whether Azure lends a way out to who has no address of his own is said, whatever the api-version makes of silence.
SUBNET = {"addressPrefix": "10.0.0.0/20", "defaultOutboundAccess": False}


def test_it_carries_the_user_s_tags_and_no_host_s_name_because_hosts_share_it():
    assert virtual_network.body(host_spec("demo", "web1", tags={"team": "a"}), "r1") == {
        "location": "westus",
        "tags": {"team": "a", "dockervm-shared": "1", "dockervm-run": "r1"},
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                       "subnets": [{"name": "hosts", "properties": SUBNET}]}}


def test_a_subnet_that_is_made_later_is_the_same_one():
    assert virtual_network.subnet_body() == {"properties": SUBNET}


@pytest.mark.parametrize(("subnets", "found"), [
    ([{"name": "other", "id": "/other"}, {"name": "hosts", "id": "/hosts"}], "/hosts"),
    ([{"name": "Hosts", "id": "/hosts"}], "/hosts"),        # Azure compares names without case
    ([{"name": "other", "id": "/other"}], None), ([], None), (None, None)])
def test_the_hosts_subnet_is_found_by_its_name(subnets, found):
    assert virtual_network.subnet_id({"properties": {"subnets": subnets}}) == found


def network(*subnets, **properties):
    return {"properties": {"subnets": [{"name": name, "properties": inner} for name, inner in subnets], **properties}}


@pytest.mark.parametrize(("found", "unused"), [
    (network(("hosts", {"addressPrefix": "10.0.0.0/20", "ipConfigurations": [], "delegations": []})), True),
    (network(("Hosts", None)), True), (network(), True), ({"properties": {"subnets": None}}, True),
    (network(("hosts", {"ipConfigurations": [{"id": "/nic"}]})), False), (network(("hosts", {}), ("db", {})), False),
    (network(("hosts", {}), virtualNetworkPeerings=[{"id": "/p"}]), False),
    *((network(("hosts", {used: [{"id": "/x"}]})), False) for used in (
        "ipConfigurationProfiles", "privateEndpoints", "serviceAssociationLinks", "resourceNavigationLinks",
        "delegations", "natGateway", "routeTable", "networkSecurityGroup"))])
def test_a_network_is_unused_where_nobody_stands_in_it_or_has_built_on_it(found, unused):
    assert virtual_network.is_unused(found) is unused


# Another name, other ranges; networks of others


def test_a_network_of_another_name_notes_its_subnet_s():
    body = virtual_network.body(host_spec(), "r1", "apps", "10.9.0.0/16", "10.9.0.0/24")
    assert body["tags"] == {"dockervm-shared": "1", "dockervm-run": "r1", "dockervm-subnet": "apps"}
    assert body["properties"] == {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}, "subnets": [
        {"name": "apps", "properties": {"addressPrefix": "10.9.0.0/24", "defaultOutboundAccess": False}}]}


def test_such_a_network_is_unused_where_that_subnet_is_empty():
    found = {**network(("apps", {})), "tags": {"dockervm-subnet": "Apps"}}
    assert virtual_network.is_unused(found) and not virtual_network.is_unused({**found, "tags": {}})


@pytest.mark.parametrize(("whole", "taken", "prefix"), [
    (["10.0.0.0/16"], [], "10.0.0.0/20"), (["10.0.0.0/16"], ["10.0.1.0/24"], "10.0.16.0/20"),
    (["10.9.0.0/16"], [], "10.9.0.0/20"), (["10.9.0.0/24"], ["10.9.0.0/25"], "10.9.0.128/25"), ([], [], "10.0.0.0/20")])
def test_a_subnet_that_was_taken_from_it_gets_a_range_that_is_free(whole, taken, prefix):
    found = {"tags": {}, "properties": {"addressSpace": {"addressPrefixes": whole}, "subnets": [
        {"name": "other", "properties": {"addressPrefix": one}} for one in taken]}}
    assert virtual_network.lost_subnet_prefix(found) == prefix
    assert virtual_network.own_subnet(found) == virtual_network.own_subnet(None) == "hosts"


def test_a_subnet_is_found_by_its_name_or_id():
    apps = {"name": "apps", "id": "/v/subnets/apps"}
    found = {"properties": {"subnets": [{"name": "web", "id": "/v/subnets/web"}, apps]}}
    assert virtual_network.subnet(found, "APPS") is virtual_network.subnet_by_id(found, "/V/subnets/Apps") is apps
    assert virtual_network.subnet(found, "none") is virtual_network.subnet_by_id(None, "/x") is None


@pytest.mark.parametrize(("properties", "ranges"), [
    ({"addressPrefix": "10.0.0.0/24"}, ["10.0.0.0/24"]), ({"addressPrefixes": ["a", "b"]}, ["a", "b"]), ({}, []),
    ({"addressPrefix": "a", "addressPrefixes": []}, ["a"])])
def test_the_ranges_of_a_subnet(properties, ranges):
    assert virtual_network.subnet_prefixes({"properties": properties}) == ranges


@pytest.mark.parametrize(("whole", "properties", "out"), [
    ({}, {"defaultOutboundAccess": False}, False), ({}, {"defaultOutboundAccess": True}, True), ({}, {}, True),
    ({}, {"defaultOutboundAccess": False, "natGateway": {"id": "/n"}}, True),
    ({}, {"defaultOutboundAccess": False, "routeTable": {"id": "/r"}}, True),
    ({"defaultPublicNatGateway": {"id": "/n"}}, {"defaultOutboundAccess": False}, True)])
def test_whether_one_gets_out_without_a_public_address(whole, properties, out):
    assert virtual_network.has_way_out({"properties": whole}, {"properties": properties}) is out
    assert virtual_network.has_way_out(None, {"name": "that may not be read"})


def test_who_guards_a_subnet_and_whose_a_network_is():
    assert virtual_network.subnet_group_id({"properties": {"networkSecurityGroup": {"id": "/nsg"}}}) == "/nsg"
    assert virtual_network.subnet_group_id({"properties": {}}) is virtual_network.subnet_group_id(None) is None
    assert virtual_network.is_ours({"tags": {"Dockervm-Shared": "1"}}) and not virtual_network.is_ours({})
