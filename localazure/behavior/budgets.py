"""Budgets: the token buckets of Resource Manager and of Compute, their headers, and the answers when one is empty.

Sources: learn.microsoft.com, "Understand how Azure Resource Manager throttles requests" and "Compute throttling
limits". Buckets are kept by subscription (the service keeps them by principal and region too); Compute's also by VM.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from localazure.protocol.errors import ArmError, gateway_error


@dataclass(frozen=True)
class Size:
    """What a bucket holds, and how many come back in a minute of the service's own time."""

    bucket: int
    per_minute: float


SIZES: Mapping[str, Size] = {
    "reads": Size(250, 1500),
    "writes": Size(200, 600),
    "deletes": Size(200, 600),
    # A subscription's in all: fifteen times what one principal has.
    "global-reads": Size(3750, 22500),
    "global-writes": Size(3000, 9000),
    "global-deletes": Size(3000, 9000),
    "UpdateVMSubscriptionMaximum": Size(1500, 500),
    "UpdateVMResource": Size(12, 4),
    "DeleteVMSubscriptionMaximum": Size(1500, 500),
    "DeleteVMResource": Size(12, 4),
    "LowCostGetSubscriptionMaximum": Size(24000, 8000),
    "LowCostGetResource": Size(36, 12),
    "HighCostGetSubscriptionMaximum": Size(900, 300),
    "GetOperationSubscriptionMaximum": Size(15000, 5000),
    "GetOperationResource": Size(45, 15),
    "PutDeletePPGSubscriptionMaximum": Size(120, 40),
    "PutDeleteSshPublicKeysSubscriptionMaximum": Size(120, 40),
    "SshKeyGenSubscriptionMaximum": Size(12, 4),
    "GetSubscriptionInfoSubscriptionMaximum": Size(360, 120),
    **{
        f"{policy}{minutes}Min": Size(bucket, bucket / minutes)
        for policy, *buckets in (
            ("CreateUpdateDisks", 3000, 25000), ("DeleteDisks", 3000, 24000), ("LowCostGet", 15000, 120000),
            ("HighCostGet", 240, 1920), ("GetOperation", 50000, 400000), ("GetVMExtension", 10000, 22000),
            ("ListVMExtensions", 10000, 22000), ("ListVMExtensionTypes", 18000, 22500),
            ("ListVMImageOffersFromLocation", 200, 1000), ("ListVMImageSkusFromLocation", 10000, 30000),
            ("ListVMImagesVersionsFromLocation", 16000, 44000), ("GetVMImageFromLocation", 13000, 74000),
        )
        for minutes, bucket in zip((3, 30), buckets, strict=True)
    },
}  # fmt: skip
# What counts for other things than VMs: methods, path behind the namespace, policies. By recorded answers of 2023-24.
_IMAGES = r"locations/[^/]+/publishers/[^/]+/artifacttypes/vmimage/offers"
_TYPES = r"locations/[^/]+/publishers/[^/]+/artifacttypes/vmextension/types"
_SHORT_AND_LONG = ("3Min", "30Min")
_OTHERS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("PUT PATCH", r"disks/[^/]+", "CreateUpdateDisks", _SHORT_AND_LONG),
    ("DELETE", r"disks/[^/]+", "DeleteDisks", _SHORT_AND_LONG),
    ("GET", r"disks/[^/]+", "LowCostGet", _SHORT_AND_LONG),
    ("GET", r"disks", "HighCostGet", _SHORT_AND_LONG),
    ("GET", r"locations/[^/]+/diskoperations/[^/]+", "GetOperation", _SHORT_AND_LONG),
    ("GET", _IMAGES, "ListVMImageOffersFromLocation", _SHORT_AND_LONG),
    ("GET", rf"{_IMAGES}/[^/]+/skus", "ListVMImageSkusFromLocation", _SHORT_AND_LONG),
    ("GET", rf"{_IMAGES}/[^/]+/skus/[^/]+/versions", "ListVMImagesVersionsFromLocation", _SHORT_AND_LONG),
    ("GET", rf"{_IMAGES}/[^/]+/skus/[^/]+/versions/[^/]+", "GetVMImageFromLocation", _SHORT_AND_LONG),
    ("GET", _TYPES, "ListVMExtensionTypes", _SHORT_AND_LONG),
    ("GET", rf"{_TYPES}/[^/]+/versions", "ListVMExtensions", _SHORT_AND_LONG),
    ("GET", rf"{_TYPES}/[^/]+/versions/[^/]+", "GetVMExtension", _SHORT_AND_LONG),
    ("GET", r"locations/[^/]+/(vmsizes|usages)", "GetSubscriptionInfo", ("SubscriptionMaximum",)),
    ("PUT PATCH", r"availabilitysets/[^/]+", "UpdateVM", ("SubscriptionMaximum",)),
    ("DELETE", r"availabilitysets/[^/]+", "DeleteVM", ("SubscriptionMaximum",)),
    ("GET", r"availabilitysets(/.+)?", "LowCostGet", ("SubscriptionMaximum",)),
    ("PUT PATCH DELETE", r"proximityplacementgroups/[^/]+", "PutDeletePPG", ("SubscriptionMaximum",)),
    ("GET", r"proximityplacementgroups/[^/]+", "HighCostGet", ("SubscriptionMaximum",)),
    ("PUT PATCH DELETE", r"sshpublickeys/[^/]+", "PutDeleteSshPublicKeys", ("SubscriptionMaximum",)),
    ("POST", r"sshpublickeys/[^/]+/generatekeypair", "SshKeyGen", ("SubscriptionMaximum",)),
    ("GET", r"sshpublickeys(/[^/]+)?", "LowCostGet", ("SubscriptionMaximum",)),
    ("GET", r"proximityplacementgroups", "LowCostGet", ("SubscriptionMaximum",)),
)
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}
_FULL_SOON_S = 3600.0  # a bucket that nobody asked for so long is full again and is forgotten


class Bucket:
    """Tokens that come back with time; `clock` in seconds."""

    def __init__(self, size: Size, time_scale: float, clock: Callable[[], float]) -> None:
        self._size = size
        # The service's minute lasts `time_scale` minutes here; at 0 everything comes back at once.
        self._per_second = size.per_minute / 60 / time_scale if time_scale else math.inf
        self._clock = clock
        self._tokens = float(size.bucket)
        self.touched = clock()

    @property
    def allowed(self) -> int:
        return self._size.bucket

    def _refill(self) -> None:
        now = self._clock()
        passed, self.touched = now - self.touched, now
        if math.isinf(self._per_second):
            self._tokens = float(self._size.bucket)
        else:
            self._tokens = min(float(self._size.bucket), self._tokens + passed * self._per_second)

    def take(self) -> bool:
        """Take one; False when there is none."""
        self._refill()
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def left(self) -> int:
        return int(self._tokens)

    def wait(self) -> float:
        """Seconds until there is one again."""
        return 0.0 if math.isinf(self._per_second) else max(0.0, (1 - self._tokens) / self._per_second)


class Budgets:
    """All buckets of one subscription. `sizes` change single ones; `arm` and `compute` say who refuses."""

    def __init__(
        self,
        subscription: str,
        time_scale: float,
        *,
        arm: bool = True,
        compute: bool = True,
        sizes: Mapping[str, Size] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._subscription = subscription
        self._time_scale = time_scale
        self._arm, self._compute = arm, compute
        self._sizes = {**SIZES, **(sizes or {})}
        self._clock = clock
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def spend(self, method: str, path: str, principal: str) -> dict[str, str]:
        """Count one request; returns the headers that tell what is left. Raises ArmError 429 when a bucket is empty."""
        kind = _KINDS.get(method, "writes")
        where = "subscription" if path.lower().startswith("/subscriptions/") else "tenant"
        bucket = self._bucket(kind, where)
        if not bucket.take() and self._arm:
            raise self._throttled_by_arm(kind, bucket, principal)
        headers = {f"x-ms-ratelimit-remaining-{where}-{kind}": str(bucket.left())}
        if where == "subscription":
            everybody = self._bucket(f"global-{kind}", where)
            if not everybody.take() and self._arm:
                raise self._throttled_by_arm(kind, everybody, principal)
            headers[f"x-ms-ratelimit-remaining-{where}-global-{kind}"] = str(everybody.left())
        remaining = []
        for policy, key in compute_policies(method, path):
            bucket = self._bucket(policy, key)
            if not bucket.take() and self._compute:
                raise self._throttled_by_compute(policy, bucket)
            remaining.append(f"Microsoft.Compute/{policy};{bucket.left()}")
        if remaining:
            headers["x-ms-ratelimit-remaining-resource"] = ",".join(remaining)
        return headers

    def _bucket(self, name: str, key: str) -> Bucket:
        found = self._buckets.get((name, key))
        if found is None:
            if len(self._buckets) > 10_000:
                self._forget()
            found = self._buckets[name, key] = Bucket(self._sizes[name], self._time_scale, self._clock)
        return found

    def _forget(self) -> None:
        oldest = self._clock() - _FULL_SOON_S
        self._buckets = {key: one for key, one in self._buckets.items() if one.touched > oldest}

    def _throttled_by_arm(self, kind: str, bucket: Bucket, principal: str) -> ArmError:
        seconds = max(1, math.ceil(bucket.wait()))
        message = (
            f"Number of '{kind[:-1]}' requests for subscription '{self._subscription}' actor '{principal}' exceeded. "
            f"Please try again after '{seconds}' seconds."
        )
        refusal = gateway_error(429, "SubscriptionRequestsThrottled", message)
        refusal.headers["Retry-After"] = str(seconds)
        return refusal

    def _throttled_by_compute(self, policy: str, bucket: Bucket) -> ArmError:
        seconds = max(1, math.ceil(bucket.wait()))
        now = datetime.now(timezone.utc)
        told = {
            "operationGroup": policy, "startTime": now.isoformat(), "allowedRequestCount": bucket.allowed,
            "endTime": (now + timedelta(seconds=seconds)).isoformat(), "measuredRequestCount": bucket.allowed + 1,
        }  # fmt: skip
        return ArmError(
            429,
            "OperationNotAllowed",
            "The server rejected the request because too many requests have been received for this subscription.",
            details=[{"code": "TooManyRequests", "target": policy, "message": json.dumps(told)}],
            headers={
                "Retry-After": str(seconds),
                "x-ms-ratelimit-remaining-resource": f"Microsoft.Compute/{policy};0",
            },
        )


def compute_policies(method: str, path: str) -> list[tuple[str, str]]:
    """The policies of Compute that a request counts for, each with what it is counted by."""
    parts = [part for part in path.lower().split("/") if part]
    if "microsoft.compute" not in parts:
        return []
    behind = parts[parts.index("microsoft.compute") + 1 :]
    if behind[:1] == ["locations"]:
        if behind[2:3] == ["operations"] and len(behind) == 4:
            return [("GetOperationResource", behind[3]), ("GetOperationSubscriptionMaximum", behind[1])]
        if behind[2:3] != ["virtualmachines"]:
            return _of_others(method, behind)
    elif behind[:1] != ["virtualmachines"]:
        return _of_others(method, behind)
    elif len(behind) > 1:
        vm = "/".join(parts[: parts.index("microsoft.compute") + 3])
        group = {"GET": "LowCostGet", "HEAD": "LowCostGet", "DELETE": "DeleteVM"}.get(method, "UpdateVM")
        if group == "DeleteVM" and len(behind) > 2:
            group = "UpdateVM"  # deleting an extension or a run command changes the VM
        return [(f"{group}SubscriptionMaximum", ""), (f"{group}Resource", vm)]
    return [("HighCostGetSubscriptionMaximum", "")] if method == "GET" else []


def _of_others(method: str, behind: list[str]) -> list[tuple[str, str]]:
    path = "/".join(behind)
    for methods, pattern, group, periods in _OTHERS:
        if method in methods.split() and re.fullmatch(pattern, path):
            return [(f"{group}{period}", "") for period in periods]
    return []
