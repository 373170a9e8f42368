"""Schedules that shut down a VM every day: kept as the service keeps them, and carried out when somebody says so.

Nothing here looks at the clock: `POST …/execute`, the service's own way to run one at once, deallocates the VM.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import timestamp
from localazure.protocol import ids
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds, model
from localazure.providers.common import envelope, existing, place
from localazure.providers.compute import ephemeral_disks, vm_life, vm_update
from localazure.providers.model import ANY, READ_ONLY, NotHere, enum, named, obj
from localazure.store.resources import Resource

KIND = kinds.SCHEDULE
TASK = "ComputeVmShutdownTask"
_STATUS = enum("EnableStatus", "Enabled Disabled")
_LABS = NotHere("Labs", "labs, whose schedules alone recur by the week or the hour")
_MODEL = obj(
    "Schedule",
    **named("id name type systemData", READ_ONLY), location=ANY, tags=ANY,
    properties=obj(
        "ScheduleProperties",
        status=_STATUS, taskType=str, timeZoneId=str, targetResourceId=str, dailyRecurrence=obj("DayDetails", time=str),
        **named("weeklyRecurrence hourlyRecurrence", _LABS),
        notificationSettings=obj(
            "NotificationSettings", status=_STATUS, timeInMinutes=int,
            **named("webhookUrl emailRecipient notificationLocale", str),
        ),
        **named("createdDate provisioningState uniqueIdentifier", READ_ONLY),
    ),
)  # fmt: skip
# What .NET on Windows has names for, as far as their form tells; UTC has some of its own.
_TIME_ZONE = re.compile(r"UTC([+-]\d\d)?|[\w.& -]+ Standard Time( \(Mexico\))?|Russia Time Zone \d+", re.I)
_TIME = re.compile(r"([01]\d|2[0-3])[0-5]\d")


def routes() -> list[Route]:
    return [
        *crud.routes(
            KIND, "schedule", show=render, put=put, patch=crud.patch_tags(KIND, "schedule", render),
            delete=crud.delete_at_once(KIND, "schedule"),
        ),
        Route("POST", f"{crud.address(KIND, 'schedule')}/execute", execute, KIND),
    ]  # fmt: skip


def render(cloud: Cloud, request: Request, schedule: Resource) -> dict[str, Any]:
    return envelope(schedule, {**schedule.properties, "provisioningState": "Succeeded"})


def put(cloud: Cloud, request: Request) -> Reply:
    """Made at once. The refusal of another name is a recorded one (Azure/bicep#4944); the other words are ours."""
    identifier = request.resource_id(KIND, "schedule")
    given = model.read(request.body, _MODEL, model.FRONT_DOOR).get("properties") or {}
    location, tags = place(cloud, request, identifier)
    if given.get("taskType") != TASK:
        raise _refused("InvalidTaskType", f"Local Azure has schedules of the task {TASK} only, no labs.")
    vm = _target(cloud, given.get("targetResourceId"))
    expected = f"shutdown-computevm-{vm.name}"
    if identifier.name.lower() != expected.lower() or identifier.group.lower() != vm.id.group.lower():
        message = (
            f"The schedule should be created in subscription {vm.id.subscription}, resource group {vm.id.group} and "
            f"with name {expected}"
        )
        raise _refused("InvalidScheduleId", message)
    if not _TIME.fullmatch(str((given.get("dailyRecurrence") or {}).get("time"))):
        raise _refused("InvalidTime", "The time of a daily recurrence has four digits, from 0000 to 2359.")
    if not _TIME_ZONE.fullmatch(given.get("timeZoneId") or ""):
        message = f"The time zone ID '{given.get('timeZoneId')}' was not found on the local computer."
        raise _refused("InvalidTimeZoneId", message)
    before = cloud.store.get(identifier)
    kept = before.properties if before else {"createdDate": timestamp(), "uniqueIdentifier": str(uuid.uuid4())}
    own = {name: kept[name] for name in ("createdDate", "uniqueIdentifier")}
    settings = {"status": "Disabled", "timeInMinutes": 30, **(given.get("notificationSettings") or {})}
    properties = {"status": "Enabled", **given, "notificationSettings": settings, **own}
    schedule = cloud.store.put(Resource(identifier, location, tags or {}, properties))
    return Reply(200 if before else 201, render(cloud, request, schedule))


def _target(cloud: Cloud, text: str | None) -> Resource:
    if not text:
        raise _refused("InvalidTargetResourceId", "A schedule needs a targetResourceId.")
    vm = cloud.store.get(ids.parse(text, "properties.targetResourceId"))
    if vm is None or vm.type != kinds.VM:
        raise _refused("InvalidTargetResourceId", f"The target resource '{text}' of the schedule was not found.")
    return vm


def execute(cloud: Cloud, request: Request) -> Reply:
    """What happens at its time: the VM is deallocated; the answer does not wait for it."""
    schedule = existing(cloud, request.resource_id(KIND, "schedule"))
    vm = _target(cloud, schedule.properties["targetResourceId"])
    vm_life.refuse_if_busy(cloud, vm.id)
    vm_update.needs_machine(vm)

    ephemeral_disks.refuse_deallocation(vm)
    vm_life.begin_to_deallocate(cloud, vm)
    return Reply(200)


def _refused(code: str, message: str) -> ArmError:
    return ArmError(400, code, message)
