"""Security groups of others, application security groups, quotas and locks, against Resource Manager's own rules."""

from __future__ import annotations

import pytest
from flow_cloud import HOST, REGION
from flow_networks import lay_group
from local_azure import eventually

NSG, ASG, NIC = (f"Microsoft.Network/{kind}" for kind in (
    "networkSecurityGroups", "applicationSecurityGroups", "networkInterfaces"))
LOCK = "Microsoft.Authorization/locks"


@pytest.fixture
def group(cloud):
    """Somebody's, which shuts everything."""
    lay_group(cloud, "corp-nsg", "Deny")
    return "corp-nsg"


def rules(cloud, group: str) -> dict[str, dict]:
    return {one["name"]: one["properties"] for one in cloud.settled(NSG, group)["properties"]["securityRules"]}


def no_write(cloud) -> bool:
    return rf"(PUT|PATCH|DELETE|POST) \S+/{cloud.group}/" not in cloud.requests


def test_a_group_that_shuts_docker_is_told_before_anything_is_made(cloud, group):
    cloud.mark()
    failed = cloud.create("--nsg", group)
    assert failed.code == 1 and "Docker's port, 4243 (its rule 'no' shuts it)" in failed.stderr
    assert f"--nsg {group} -p --open" in failed.stderr or f"--nsg {group} --open" in failed.stderr
    assert f"az network nsg rule create -g {cloud.group} --nsg-name {group} -n allow-docker --priority 199" in (
        failed.stderr)
    assert no_write(cloud)


def test_rules_of_ours_come_beside_and_go_with_the_host(cloud, group):
    cloud.arm("PUT", ASG, "web", {"location": REGION})
    cloud.host("--nsg", group, "--open", "--open-ports", "80", "8000-8080", "--asgs", "web")
    docker, ports = sorted(set(rules(cloud, group)) - {"no"})
    assert docker.startswith(f"allow-docker-{HOST}-") and ports.startswith(f"allow-ports-{HOST}-")
    assert rules(cloud, group)[ports]["destinationPortRanges"] == ["80", "8000-8080"]
    interface = cloud.get(NIC, f"{HOST}VMNic")["properties"]
    assert interface["networkSecurityGroup"]["id"].endswith("/corp-nsg")
    inner = interface["ipConfigurations"][0]["properties"]
    assert inner["applicationSecurityGroups"][0]["id"].endswith("/web")
    assert rules(cloud, group)[docker]["destinationAddressPrefix"] == inner["privateIPAddress"]
    assert cloud.get(NSG, f"{HOST}NSG") is None
    cloud.host("-dp", "2376")
    assert rules(cloud, group)[docker]["destinationPortRange"] == "2376", "the old port is shut again"
    cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes").succeeded()
    assert set(rules(cloud, group)) == {"no"}


def test_what_a_failed_create_has_added_is_taken_away(cloud, group):
    cloud.behavior(rules=[{"do": "fail_operation", "code": "AllocationFailed", "message": "No room.", "method": "PUT",
                           "type": "Microsoft.Compute/virtualMachines"}])
    failed = cloud.create("--nsg", group, "--open")
    assert failed.code == 1 and f"undone: add the security rule 'allow-docker-{HOST}-" in failed.stderr
    eventually(lambda: set(rules(cloud, group)) == {"no"}, "the rule is gone", 10)


def test_ports_of_containers_and_whom_they_are_for(cloud):
    cloud.host("--open-ports", "443", "80", "--open-ports-sources", "203.0.113.0/24")
    opened = rules(cloud, f"{HOST}NSG")["allow-ports"]
    assert (opened["priority"], opened["destinationPortRanges"]) == (1020, ["80", "443"])
    assert opened["sourceAddressPrefix"] == "203.0.113.0/24"
    cloud.host("--open-ports", "8080")
    later = rules(cloud, f"{HOST}NSG")["allow-ports"]
    assert (later["destinationPortRange"], later["sourceAddressPrefix"]) == ("8080", "203.0.113.0/24")


def test_a_quota_that_does_not_suffice_is_told_before_anything_is_made(cloud):
    cloud.behavior(conditions={"quota": [{"cores": 1}]})
    cloud.mark()
    failed = cloud.create()
    assert failed.code == 1 and "takes 2 vCPUs, and of the 1 of the subscription" in failed.stderr
    assert "az vm list-usage -l westus" in failed.stderr and no_write(cloud)


@pytest.mark.parametrize("level", ["ReadOnly", "CanNotDelete"])
def test_locks(cloud, level):
    path = f"{cloud.instance.group_path(cloud.group)}/providers/{LOCK}/keep"
    cloud.instance.arm("PUT", path, "2016-09-01", {"properties": {"level": level}})
    try:
        cloud.mark()
        ended = cloud.create("--validate")
        if level == "ReadOnly":
            assert ended.code == 1 and "The lock 'keep' of the resource group allows no change" in ended.stderr
            assert f"az lock delete --ids {path}" in ended.stderr
        else:
            assert ended.succeeded() and "The lock 'keep' of the resource group forbids deletions" in ended.stderr
        assert no_write(cloud)
    finally:
        cloud.instance.arm("DELETE", path, "2016-09-01")
