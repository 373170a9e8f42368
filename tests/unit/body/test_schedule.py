"""The schedule that shuts a VM down: az's own body, and the tags of whoever made it."""

from __future__ import annotations

from specs import host_spec

from azext_dockervm.body import schedule

SPEC = host_spec(tags={"team": "a"}, **{"placement.shutdown_time": "1900"})


def test_it_is_what_az_makes_and_bears_our_tags():
    assert schedule.body(SPEC, "r1", "/vm", None) == {
        "location": "westus", "tags": {"team": "a", "dockervm-host": "web1", "dockervm-run": "r1"},
        "properties": {"status": "Enabled", "taskType": "ComputeVmShutdownTask", "targetResourceId": "/vm",
                       "dailyRecurrence": {"time": "1900"}, "timeZoneId": "UTC"}}


def test_whom_azure_tells_and_where_it_is_seven_o_clock():
    spec = SPEC.having({"placement.shutdown_zone": "Tokyo Standard Time", "placement.shutdown_email": "me@example.com"})
    made = schedule.body(spec, "r1", "/vm", None)["properties"]
    assert made["timeZoneId"] == "Tokyo Standard Time"
    assert made["notificationSettings"] == {"status": "Enabled", "timeInMinutes": 30,
                                            "emailRecipient": "me@example.com"}


def test_one_that_is_there_keeps_its_tags():
    assert schedule.body(SPEC, "r1", "/vm", {"name": "s", "tags": {"mine": "1"}})["tags"] == {"mine": "1"}
    assert schedule.body(SPEC, "r1", "/vm", {"name": "s"})["tags"] == {}
