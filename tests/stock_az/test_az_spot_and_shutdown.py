"""az vm auto-shutdown and az vm simulate-eviction, as stock az has them."""

from __future__ import annotations

import time

import pytest
from compute_support import make_vm

pytestmark = pytest.mark.long

NAME = "shutdown-computevm-web1"


@pytest.fixture(scope="module")
def web1(azure):
    azure.az("group", "create", "-n", "nightly", "-l", "westus", "-o", "none").succeeded()
    make_vm(azure, "nightly", "web1", priority="Spot", billingProfile={"maxPrice": 0.5})
    yield ("-g", "nightly", "-n", "web1")
    azure.az("group", "delete", "-n", "nightly", "--yes", "--no-wait")


def schedules(azure):
    found = azure.query("resource", "list", "-g", "nightly", "--resource-type", "Microsoft.DevTestLab/schedules")
    return [one["name"] for one in found]


def test_vm_auto_shutdown(azure, web1):
    made = azure.query("vm", "auto-shutdown", *web1, "--time", "1900")
    assert (made["name"], made["dailyRecurrence"], made["timeZoneId"], made["status"]) == (
        NAME, {"time": "1900"}, "UTC", "Enabled")
    assert made["targetResourceId"] == azure.query("vm", "show", *web1)["id"]
    told = azure.query("vm", "auto-shutdown", *web1, "--time", "0730", "--email", "me@example.com")
    assert told["notificationSettings"] == {
        "emailRecipient": "me@example.com", "status": "Enabled", "timeInMinutes": 30}
    assert told["uniqueIdentifier"] == made["uniqueIdentifier"] and schedules(azure) == [NAME]
    azure.az("vm", "auto-shutdown", *web1, "--off").succeeded()
    azure.az("vm", "auto-shutdown", *web1, "--off").succeeded()
    assert schedules(azure) == []


def test_vm_auto_shutdown_of_no_vm_and_at_no_time(azure, web1):
    missing = azure.az("vm", "auto-shutdown", "-g", "nightly", "-n", "nobody", "--time", "1900")
    assert missing.code and "InvalidTargetResourceId" in missing.stderr
    assert "InvalidTime" in azure.az("vm", "auto-shutdown", *web1, "--time", "19:00").stderr


def test_vm_simulate_eviction(azure, web1):
    shown = azure.query("vm", "show", *web1)
    assert (shown["priority"], shown["evictionPolicy"], shown["billingProfile"]) == (
        "Spot", "Deallocate", {"maxPrice": 0.5})
    azure.az("vm", "simulate-eviction", *web1).succeeded()
    for _ in range(100):
        if azure.query("vm", "show", *web1, "-d")["powerState"] == "VM deallocated":
            break
        time.sleep(0.2)
    azure.az("vm", "update", *web1, "--max-price", "-1").succeeded()
    azure.az("vm", "start", *web1).succeeded()
    shown = azure.query("vm", "show", *web1, "-d")
    assert (shown["powerState"], shown["billingProfile"]) == ("VM running", {"maxPrice": -1.0})
