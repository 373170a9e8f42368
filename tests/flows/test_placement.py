"""Hosts with a place, a price, an identity and a daily end: from create to delete, and in Azure's own view."""

from __future__ import annotations

import base64

from flow_cloud import HOST
from flow_placement import EVERYTHING, lay_placement
from local_azure import eventually

VM = "Microsoft.Compute/virtualMachines"
SCHEDULES, ADDRESSES = "Microsoft.DevTestLab/schedules", "Microsoft.Network/publicIPAddresses"
NAME = f"shutdown-computevm-{HOST}"
SCHEDULE_API = "2018-09-15"


def schedule(cloud):
    found = cloud.instance.arm("GET", cloud.path(SCHEDULES, ""), SCHEDULE_API)["value"]
    return found[0] if found else None


def test_all_that_goes_together_is_on_one_host_and_goes_with_it(zonal):
    cloud = zonal
    identity = lay_placement(cloud)
    made = cloud.create("--provisioner", "run-command", *EVERYTHING).succeeded()
    vm = cloud.instance.arm("GET", f"{cloud.path(VM, HOST)}", "2024-11-01")
    properties = vm["properties"]
    assert (vm["zones"], cloud.get(ADDRESSES, f"{HOST}PublicIP")["zones"]) == (["2"], ["2"])
    assert [one.lower() for one in vm["identity"]["userAssignedIdentities"]] == [identity.lower()]
    assert vm["identity"]["principalId"]
    assert (properties["priority"], properties["evictionPolicy"], properties["billingProfile"]) == (
        "Spot", "Deallocate", {"maxPrice": 0.5})
    assert properties["diagnosticsProfile"] == {"bootDiagnostics": {"enabled": True}}
    linux = properties["osProfile"]["linuxConfiguration"]
    assert linux["disablePasswordAuthentication"] is False and linux["ssh"]["publicKeys"][0]["keyData"].endswith("body")
    kept = cloud.instance.arm("GET", f"{cloud.path(VM, HOST)}", "2024-11-01&$expand=userData")["properties"]["userData"]
    assert base64.b64decode(kept) == b"role=build"
    set_up = schedule(cloud)
    assert set_up["properties"].items() >= {
        "targetResourceId": vm["id"], "dailyRecurrence": {"time": "1900"}, "timeZoneId": "W. Europe Standard Time",
        "notificationSettings": {"status": "Enabled", "timeInMinutes": 30, "emailRecipient": "me@example.com"}}.items()
    assert set_up["tags"]["dockervm-host"] == HOST
    # The same again changes nothing, and tells of nothing but the login.
    again = cloud.create("--provisioner", "run-command", *EVERYTHING).succeeded()
    assert again.json["id"] == made.json["id"]
    told = [line for line in again.stderr.splitlines() if "Not applied" in line]
    assert {line.partition(": --")[2].partition(":")[0] for line in told} == {
        "authentication-type", "ssh-key-name", "user-data", "boot-diagnostics-storage", ""}, told
    assert schedule(cloud) == set_up
    assert cloud.az("info", "-g", cloud.group, "-n", HOST).succeeded().json["priority"] == "Spot"
    cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes").succeeded()
    assert cloud.parts() == {"proximityPlacementGroups/near", "sshPublicKeys/mine", "userAssignedIdentities/builder"}


def test_a_region_without_zones_is_found_before_anything_is_made(cloud):
    refused = cloud.create("--zone", "1")
    assert refused.code == 1 and "westus has the size Standard_D2s_v5 in none of its zones" in refused.stderr
    assert cloud.parts() == set()


def test_a_host_that_exists_is_shut_down_daily_by_the_same_create(cloud):
    cloud.host()
    assert schedule(cloud) is None
    cloud.host("--auto-shutdown", "0100")
    assert schedule(cloud)["properties"]["dailyRecurrence"] == {"time": "0100"}
    cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes").succeeded()
    assert cloud.parts() == set()


def test_a_host_that_azure_takes_away_is_told_as_such_and_comes_back(cloud):
    cloud.host("--priority", "Spot")
    cloud.instance.arm("POST", f"{cloud.path(VM, HOST)}/simulateEviction", "2024-11-01")
    eventually(lambda: cloud.az("show", "-g", cloud.group, "-n", HOST).json["powerState"] == "deallocated",
               "the VM is deallocated", 30)
    told = cloud.create()
    assert told.code == 1 and "a Spot VM, which Azure may have taken away" in told.stderr
    info = cloud.az("info", "-g", cloud.group, "-n", HOST).succeeded().json
    assert "a Spot VM, which Azure may have taken away" in info["engineUnreachable"]
    assert "deallocated (Spot)" in cloud.az("list", "-g", cloud.group, "-o", "table").stdout
    cloud.instance.arm("POST", f"{cloud.path(VM, HOST)}/start", "2024-11-01")
    eventually(lambda: cloud.az("show", "-g", cloud.group, "-n", HOST).json["powerState"] == "running",
               "the VM runs", 30)
    assert cloud.host()["reachable"] is True


def test_a_schedule_that_is_refused_costs_no_host(cloud):
    cloud.behavior(rules=[{"do": "answer", "status": 403, "code": "RequestDisallowedByPolicy", "message": "no",
                           "method": "PUT", "path": "*/schedules/*"}])
    made = cloud.create("--provisioner", "run-command", "--auto-shutdown", "1900").succeeded()
    assert made.json["reachable"] is True
    assert "The host is not shut down every day" in made.stderr and "az vm auto-shutdown" in made.stderr
