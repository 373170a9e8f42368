"""Regions and clouds with older api-versions, and companies with policies: a create copes, or says what to type."""

from __future__ import annotations

import pytest
from arm_support import SUBSCRIPTION

from azext_dockervm.azure import kinds
from azext_dockervm.spec.network_rules import check_virtual_network

NETWORK, COMPUTE = "Microsoft.Network", "Microsoft.Compute"
# Of the clock that does not wait: what is at work here takes real time, and each look at it seconds of that clock.
HOUR = 3600.0


def served(compute: str, network: str, **where: str) -> list[dict]:
    return [{"type": f"{COMPUTE}/virtualMachines*", "versions": compute.split(), **where},
            {"type": f"{COMPUTE}/locations", "versions": compute.split(), **where},
            {"type": f"{NETWORK}/*", "versions": network.split(), **where}]


@pytest.mark.parametrize("where", [{}, {"region": "westus"}])
@pytest.mark.parametrize(("compute", "network"), [
    ("2020-06-01 2023-03-01 2024-11-01", "2020-11-01 2023-05-01 2024-05-01"), ("2021-03-01", "2021-02-01"),
    ("2020-12-01", "2020-11-01")])      # before the disk's deleteOption, and the address's
def test_a_host_is_made_where_only_older_versions_are_served(world, group, certificates, compute, network, where):
    world.faults(api_versions=served(compute, network, **where))
    made = world.create(group, certificates, HOUR)
    assert made.error is None, made.text
    assert made.host.proof.reachable
    again = world.create(group, certificates, HOUR)
    assert again.error is None, again.text
    assert kinds.COMPUTE_VERSION not in compute and kinds.NETWORK_VERSION not in network


def test_where_nothing_older_is_served_the_refusal_names_what_is(world, group, certificates):
    world.faults(api_versions=served("2025-11-01", "2025-09-01"))
    first = world.create(group, certificates, HOUR)
    assert "The supported api-versions are '2025-" in first.error.message
    assert world.parts(group) == set()


# Rights on one group alone

SUBSCRIBED = f"/subscriptions/{SUBSCRIPTION}"


@pytest.mark.parametrize("asked", [{}, {"size": "Standard_B2s"}, {"placement.priority": "Spot"}],
                         ids=["default", "a size", "Spot"])
def test_rights_on_its_group_alone_make_a_host(world, group, certificates, asked):
    """Nothing may be read or done outside of it, be it of the subscription or of a region."""
    world.faults(denied=[{"action": "*", "scope": [SUBSCRIBED, f"{SUBSCRIBED}/providers/*"]}])
    for of_others in ("/resourceGroups", f"/providers/{COMPUTE}/locations/westus/usages"):
        assert world.arm.call("GET", of_others).status == 403
    made = world.create(group, certificates, HOUR, location=None, **asked)
    assert made.error is None and made.host.proof.reachable, made.text
    again = world.create(group, certificates, HOUR, location=None, **asked)
    assert again.error is None, again.text


# Policies

EVERYTHING = [f"{NETWORK}/*", f"{COMPUTE}/virtualMachines", f"{COMPUTE}/virtualMachines/*"]
TAGGED = {"type": EVERYTHING, "without_tag": "cost", "assignment": "Pay", "definition": "Require a tag on resources"}


def test_all_that_a_create_makes_bears_the_users_tags(world, group, certificates):
    """Policies judge run commands and networks too, and what a change of tags leaves."""
    world.faults(policy=[TAGGED])
    made = world.create(group, certificates, HOUR, tags={"cost": "7"})
    assert made.error is None, made.text
    assert made.host.vm["tags"]["cost"] == "7"


def test_so_does_the_extension(world, group, certificates):
    """Its handler does nothing here, so the host's own check ends the create."""
    world.faults(policy=[TAGGED])
    first = world.create(group, certificates, HOUR, provisioner="docker-extension", tags={"cost": "7"})
    assert "Docker is not set up" in first.error.message
    path = f"/resourceGroups/{group}/providers/{COMPUTE}/virtualMachines/web1/extensions/DockerExtension"
    assert world.arm.call("GET", path).body["tags"]["cost"] == "7"


def test_a_tag_that_is_missing_is_named_and_nothing_is_left(world, group, certificates):
    world.faults(policy=[TAGGED])
    first = world.create(group, certificates, HOUR)
    assert "the policy 'Require a tag on resources' (assigned as 'Pay') disallows it" in first.error.message
    assert first.error.recommendations[0].endswith(
        f": az dockervm create -g {group} -n web1 --provisioner run-command --tags cost=VALUE")
    assert world.parts(group) == set()


def test_rules_that_let_in_everybody_are_made_for_some(world, group, certificates):
    world.faults(policy=[{"any_source": True, "assignment": "Closed"}])
    first = world.create(group, certificates, HOUR)
    assert "--source-address-prefixes ADDRESSES" in first.error.recommendations[0]
    made = world.create(group, certificates, HOUR, sources=("198.51.100.7",))
    assert made.error is None, made.text


def test_where_public_addresses_are_forbidden_a_host_does_without_or_who_may_exempts_the_group(
        world, group, certificates):
    world.faults(policy=[{"type": f"{NETWORK}/publicIPAddresses", "assignment": "Inside"}])
    first = world.create(group, certificates, HOUR)
    without, exempted = first.error.recommendations[:2]
    assert without.endswith("--public-ip-address '' --subnet SUBNET-ID")
    assert f"az policy exemption create -n dockervm -g {group} --policy-assignment /subscr" in exempted
    assert world.parts(group) - {"virtualNetworks"} == set()
    path = f"/resourceGroups/{group}/providers/{NETWORK}/virtualNetworks/corp"
    world.arm.done("PUT", path, {"location": "westus", "properties": {
        "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}, "subnets": [
            {"name": "apps", "properties": {"addressPrefix": "10.1.0.0/24", "defaultOutboundAccess": True}}]}})
    made = world.create(group, certificates, HOUR, public_ip="", virtual_network=check_virtual_network("corp"))
    assert made.error is None and made.host.address.endpoint == made.host.address.private, made.text
