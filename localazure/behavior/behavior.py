"""What of behavior.json is in force, read again when the file changes, and the questions that others ask of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from localazure.behavior import config, denials, latencies
from localazure.behavior.budgets import Budgets
from localazure.behavior.config import Config
from localazure.behavior.paths import type_of
from localazure.behavior.rules import OPERATION_EFFECTS, Rule
from localazure.behavior.values import BehaviorError
from localazure.behavior.visibility import Visibility
from localazure.machines.machine import MachineError, RunResult
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Request

log = logging.getLogger(__name__)

# The rule that spoils the operation which the request at hand starts.
operation_rule: ContextVar[Rule | None] = ContextVar("operation_rule", default=None)
_LOOK_AGAIN_S = 1.0


class Behavior:
    """The behavior of one Local Azure; with no file it only counts requests. Used from the event loop's thread."""

    def __init__(self, subscription: str, time_scale: float) -> None:
        self._subscription = subscription
        self._time_scale = time_scale
        self._path: Path | None = None
        self._stamp: tuple[int, int, int] | None = None
        self.config = Config()
        self.budgets = self._new_budgets()
        self.visibility = Visibility()

    def watch(self, path: Path) -> None:
        """Take this file from now on."""
        self._path, self._stamp = path, None
        self.refresh()

    def refresh(self) -> None:
        """Read the file if it has changed. A broken one is logged, and what was in force stays so."""
        if self._path is None:
            return
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        except OSError:
            stamp = (0, 0, 0)
        if stamp == self._stamp:
            return
        first, self._stamp = self._stamp is None, stamp
        try:
            new = config.load(self._path)
        except BehaviorError as error:
            log.warning("%s is broken and not used: %s", self._path.name, error)
            return
        changed, self.config = new.throttle != self.config.throttle, new
        if changed:
            self.budgets = self._new_budgets()
        if not new.conditions.all("replication_lag"):
            self.visibility.forget()
        if not first or stamp != (0, 0, 0):
            log.info("%s: %s", self._path.name, new.summary())

    def _new_budgets(self) -> Budgets:
        throttle = self.config.throttle
        # At a small time scale neither machines nor clients are quicker, so that tight loops would notice.
        real = self._time_scale >= 1
        arm = real if throttle.arm is None else throttle.arm
        compute = real if throttle.compute is None else throttle.compute
        return Budgets(self._subscription, self._time_scale, arm=arm, compute=compute, sizes=throttle.sizes)

    # requests

    def rule_for(
        self, method: str, path: str, api_version: str, headers: Mapping[str, str], effects: tuple[str, ...] = ()
    ) -> Rule | None:
        """The first rule that applies to a request now; with `effects` only those and the ones on operations count.

        `headers` ignores case, or has lower-case names.
        """
        self.refresh()
        for rule in self.config.rules:
            if effects and rule.do not in (*effects, *OPERATION_EFFECTS):
                continue
            if rule.applies(method, path, api_version, headers):
                # The path alone, as in the server's own lines: queries and headers may hold secrets.
                log.info("behavior: %s: %s on %s %s", rule.name, rule.do, method, path)
                return rule
        return None

    def refuse(self, request: Request, claims: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Raise ArmError for what is denied, disallowed by policy, read only, or not visible yet. `tags` are those that
        the resource has."""
        if len(self.config.conditions):
            denials.refuse(self.config.conditions, request, claims, self._subscription, tags)
            self.visibility.refuse(request)

    def served_versions(self, full_type: str, region: str) -> tuple[str, ...] | None:
        """The api-versions in which a type is served there, oldest first; None for all that it has."""
        found = self.config.conditions.find("api_versions", type=full_type, region=region)
        return tuple(sorted(found["versions"])) if found else None

    # operations

    def latency(self, full_type: str, action: str) -> float | None:
        """How long the service takes for this, in seconds before the time scale; None when nothing is known."""
        return latencies.find(latencies.action_of_operation(full_type, action), self.config.latencies)

    def deletion_lag(self, target: str) -> float:
        """For how many real seconds a resource outlives its deletion."""
        found = self.config.conditions.find("deletion_lag", type=type_of("DELETE", target))
        return found["seconds"] if found else 0.0

    async def spoil(self, rule: Rule) -> None:
        """What a rule does to an operation: raises ArmError, or returns when the rule is gone from the file."""
        if rule.do == "fail_operation":
            await asyncio.sleep(rule.options.get("after", 0.0))
            message = rule.options.get("message", "The operation failed.")
            raise ArmError(409, rule.options["code"], message)
        while rule in self.config.rules:
            await asyncio.sleep(_LOOK_AGAIN_S)
            self.refresh()

    # regions

    def lacks_size(self, size: str, region: str) -> bool:
        """Whether the region has no room for a size: SkuNotAvailable."""
        return self.config.conditions.find("sku_not_available", size=size, region=region) is not None

    def cores(self, region: str) -> int | None:
        """The quota of a region, where one is set."""
        found = self.config.conditions.find("quota", region=region)
        return None if found is None else int(found["cores"])

    def allocation(self, size: str, region: str, zones: Any = None) -> str:
        """The code with which allocating a VM fails, or ""."""
        found = self.config.conditions.find("allocation_failed", size=size, region=region)
        if found is None:
            return ""
        return "ZonalAllocationFailed" if found.get("zonal", bool(zones)) else "AllocationFailed"

    # guests

    async def os_provisioning(self, vm: str, region: str) -> None:
        """Raise ArmError when this VM's operating system never reports that it is there."""
        found = self.config.conditions.find("os_provisioning_timed_out", vm=vm, region=region)
        if found is not None:
            await asyncio.sleep(found.get("after", 0.0))
            raise ArmError(
                409,
                "OSProvisioningTimedOut",
                f"OS Provisioning for VM '{vm}' did not finish in the allotted time. The VM may still finish "
                "provisioning successfully. Please check provisioning state later. For details on how to check "
                "current provisioning state of Linux VMs, refer to https://aka.ms/LinuxVMLifecycle.",
            )

    async def extension(self, vm: str, publisher: str, type_name: str) -> RunResult | None:
        """How this extension's handler ends, when it shall not work; None lets it. Raises MachineError NoAgent."""
        self._refuse_silent(vm)
        found = self.config.conditions.find("extension", vm=vm, publisher=publisher, type=type_name)
        if found is None:
            return None
        await asyncio.sleep(found.get("after", 0.0))
        if found["outcome"] == "timed_out":
            return RunResult(124, "", "", timed_out=True)
        return RunResult(1, "", found.get("message", "Enable failed with exit status 1"))

    async def run_command(self, vm: str, command: str) -> RunResult | None:
        """How this run command ends, when it shall not be run; None lets it. Raises MachineError."""
        self._refuse_silent(vm)
        found = self.config.conditions.find("run_command", vm=vm, command=command)
        if found is None or found.get("outcome", "hangs") == "hangs":
            return None
        await asyncio.sleep(found.get("after", 0.0))
        message = found.get("message", "")
        if found["outcome"] == "failed":
            raise MachineError("VMExtensionProvisioningError", message or "Run command extension failed.")
        if found["outcome"] == "timed_out":
            return RunResult(124, "", message, timed_out=True)
        return RunResult(found.get("exit_code", 1), "", message)

    def run_command_hangs(self, vm: str, command: str) -> bool:
        """Whether nobody hears of this run command's end: the agent was restarted while its script ran."""
        self.refresh()
        found = self.config.conditions.find("run_command", vm=vm, command=command)
        return found is not None and found.get("outcome") == "hangs"

    def late_view(self, vm: str, command: str) -> tuple[str, float] | None:
        """What a run command's view still says when its PUT has ended, and for how many seconds."""
        found = self.config.conditions.find("run_command", vm=vm, command=command)
        if found is None or "view" not in found:
            return None
        return found["view"], found.get("view_seconds", 0.0)

    def failed_extension_blocks(self, vm: str, what: str) -> bool:
        """Whether an extension that has failed on this VM blocks `what`: "extensions" or "run_commands"."""
        found = self.config.conditions.find("failed_extension", vm=vm)
        return found is not None and found["blocks"] in (what, "both")

    def machine(self, vm: str) -> dict[str, Any]:
        """Members of the MachineSpec of a new VM that differ from their defaults."""
        changed: dict[str, Any] = {}
        delay = self.config.conditions.find("cloud_init_delay", vm=vm)
        if delay is not None:
            changed["cloud_init_delay_s"] = delay["seconds"]
        installation = self.config.conditions.find("installation", vm=vm)
        if installation is not None:
            changed["installation_s"] = installation["seconds"]
            changed["package_lists_s"] = installation.get("lists_seconds", 0.0)
        agent = self.config.conditions.find("agent", vm=vm)
        if agent is not None and agent["state"] == "absent":
            changed["agent"] = False
        return changed

    def _refuse_silent(self, vm: str) -> None:
        if self.agent_is_silent(vm):
            raise MachineError("NoAgent", f"The agent of VM '{vm}' does not answer.")

    def agent_is_silent(self, vm: str) -> bool:
        """Whether the agent of a VM reports nothing."""
        return self.config.conditions.find("agent", vm=vm) is not None


def spoils_operation(rule: Rule | None) -> bool:
    return rule is not None and rule.do in OPERATION_EFFECTS
