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
