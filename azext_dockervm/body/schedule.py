"""The schedule that shuts a host's VM down every day, as ``az vm auto-shutdown`` makes it."""

from __future__ import annotations

from typing import Any

from azext_dockervm.body.resource import Resource
from azext_dockervm.flow.request import Ref
from azext_dockervm.spec.host import HostSpec

# Minutes before it, at which az has people told.
NOTICE_MINUTES = 30


def body(spec: HostSpec, run_id: str, vm: str | Ref, existing: Resource | None) -> Resource:
    """``vm`` is the VM's id. A schedule that is there already keeps its tags: it may be the user's own."""
    properties: dict[str, Any] = {
        "status": "Enabled", "taskType": "ComputeVmShutdownTask", "targetResourceId": vm,
        "dailyRecurrence": {"time": spec.placement.shutdown_time}, "timeZoneId": spec.placement.shutdown_zone}
    if spec.placement.shutdown_email:
        properties["notificationSettings"] = {"status": "Enabled", "timeInMinutes": NOTICE_MINUTES,
                                              "emailRecipient": spec.placement.shutdown_email}
    tags = spec.part_tags(run_id) if existing is None else existing.get("tags") or {}
    return {"location": spec.location, "tags": tags, "properties": properties}
