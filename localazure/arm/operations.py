"""Long-running operations: started by a provider, watched by clients at status URLs, kept across restarts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from localazure.arm import patience
from localazure.behavior.behavior import Behavior, operation_rule
from localazure.behavior.paths import type_of
from localazure.behavior.rules import Rule
from localazure.machines.machine import MachineError
from localazure.protocol import ids
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request
from localazure.store.database import Database

log = logging.getLogger(__name__)

# How long a finished operation can still be asked for; Azure keeps them a day or longer.
KEEP = timedelta(hours=24)
MOST_KEPT = 20_000
Work = Callable[["Operation"], Awaitable[Any]]


_current: ContextVar[Operation | None] = ContextVar("operation", default=None)


def timestamp() -> str:
    """Now, as Azure writes it: 2025-11-24T13:42:25.123456+00:00."""
    return datetime.now(timezone.utc).isoformat()


@dataclass
class Operation:
    """`provider` is "compute", "network" or "groups"; `target` the resource's id; `action` like "put", "delete"."""

    id: str
    provider: str
    location: str
    target: str
    action: str
    status: str = "InProgress"
    start: str = field(default_factory=timestamp)
    end: str | None = None
    error: dict[str, Any] | None = None
    error_status: int = 400
    output: Any = None
    polls: int = 0
    url: str = ""  # where its client asks for it

    @property
    def uri(self) -> str:
        """What a refusal names it by: its address, or the id of one that nobody was told of."""
        return self.url or self.id

    @property
    def running(self) -> bool:
        return self.status == "InProgress"

    def fail(self, code: str, message: str, status: int = 400) -> None:
        """End it as Failed."""
        self.status, self.error, self.error_status = "Failed", {"code": code, "message": message}, status
        self.end = timestamp()

    def cancel(self, details: list[dict[str, Any]]) -> None:
        """End it as Canceled; the details say why."""
        self.status, self.error_status = "Canceled", 409
        self.error = {"code": "Canceled", "message": "Operation was canceled.", "details": details}
        self.end = timestamp()


class Operations:
    """All operations of one Local Azure. Used from the event loop's thread only."""

    def __init__(self, database: Database, subscription: str, time_scale: float, behavior: Behavior) -> None:
        self._database = database
        self._subscription = subscription
        self.time_scale = time_scale
        self._behavior = behavior
        self._due: dict[str, float] = {}  # operation id -> loop time before which the service is not ready with it
        self._lingering: dict[str, Operation] = {}  # what is deleted, but still to be seen
        self._operations: dict[str, Operation] = {}
        self._running: dict[str, Operation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: dict[str, asyncio.Event] = {}
        oldest = (datetime.now(timezone.utc) - KEEP).isoformat()
        for value in database.load("operations"):
            operation = Operation(**value)
            if operation.end is not None and operation.end < oldest:
                database.delete("operations", operation.id)
            else:
                self.remember(operation)

    def remember(self, operation: Operation) -> None:
        """Put an operation on record; of those that have ended, the oldest go when there are very many."""
        if len(self._operations) >= MOST_KEPT:
            for old in [one for one in self._operations.values() if not one.running][: MOST_KEPT // 10]:
                del self._operations[old.id]
                self._database.delete("operations", old.id)
        self._operations[operation.id] = operation
        if operation.running:
            self._running[operation.id] = operation
        self._save(operation)

    def get(self, operation_id: str) -> Operation | None:
        return self._operations.get(operation_id)

    def interrupted(self) -> list[Operation]:
        """Those that the last server left unfinished."""
        return list(self._running.values())

    def in_flight(self, target: ids.ResourceId | str) -> Operation | None:
        """The unfinished operation on exactly this resource, if there is one."""
        key = ids.key(target)
        return next((one for one in self._running.values() if one.target == key), None)

    def below(self, target: ids.ResourceId | str) -> list[Operation]:
        """The unfinished operations on this resource and its children."""
        key = ids.key(target)
        return [one for one in self._running.values() if one.target == key or one.target.startswith(key + "/")]

    def start(
        self,
        provider: str,
        location: str,
        target: ids.ResourceId | str,
        action: str,
        work: Work,
        on_failure: Callable[[Operation], None] | None = None,
    ) -> Operation:
        """Start `work`; what it returns is the operation's output, ArmError and MachineError make it fail."""
        operation = Operation(str(uuid.uuid4()), provider, location, ids.key(target), action)
        if operation.target in self._lingering:
            work, on_failure = self._outlast, None
        self.remember(operation)
        self.run(operation, work, on_failure)
        return operation

    def run(
        self,
        operation: Operation,
        work: Work,
        on_failure: Callable[[Operation], None] | None = None,
    ) -> None:
        """Run the work of an operation that is on record already (a resumed one)."""
        task = asyncio.get_running_loop().create_task(self._run(operation, work, on_failure))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(
        self,
        operation: Operation,
        work: Work,
        on_failure: Callable[[Operation], None] | None,
    ) -> None:
        rule = operation_rule.get()
        _current.set(operation)
        try:
            output = await self._perform(operation, work, rule)
        except ArmError as error:
            self._fail(operation, error.code, error.message, error.status)
        except MachineError as error:
            self._fail(operation, error.code, error.message)
        except Exception:  # noqa: BLE001 - an operation must end, whatever went wrong; the log has the traceback
            log.exception("operation %s (%s %s) broke", operation.id, operation.action, operation.target)
            self._fail(operation, "InternalExecutionError", "An internal execution error occurred.", 500)
        else:
            if operation.running:
                operation.status, operation.end, operation.output = "Succeeded", timestamp(), output
        self._due.pop(operation.id, None)
        if operation.status == "Failed" and on_failure is not None:
            on_failure(operation)
        self._save(operation)
        took = datetime.fromisoformat(operation.end or timestamp()) - datetime.fromisoformat(operation.start)
        log.info(
            "operation %s %s %s: %s after %.2f s%s", operation.id, operation.action, operation.target, operation.status,
            took.total_seconds(), f" ({operation.error['code']})" if operation.error else "",
        )  # fmt: skip

    async def _perform(self, operation: Operation, work: Work, rule: Rule | None) -> Any:
        """The work, as slow and as faulty as behavior.json has it."""
        full_type = type_of("GET", operation.target)
        latency = self._behavior.latency(full_type, operation.action)
        if latency is not None:
            self._due[operation.id] = asyncio.get_running_loop().time() + latency * self.time_scale
        if rule is not None:
            await self._behavior.spoil(rule)
            if not operation.running:
                return None  # overtaken meanwhile
        lags = operation.action == "delete" and self._behavior.deletion_lag(operation.target) > 0
        if lags and operation.target not in self._lingering:
            await self._linger(operation)
        try:
            output = await work(operation)
        finally:
            if self._lingering.get(operation.target) is operation:
                del self._lingering[operation.target]
        await self.ripe()
        return output

    async def _linger(self, operation: Operation) -> None:
        """Report a deletion as done, and wait as long as what it deletes is still to be seen.

        On record it is still running, so that a server that ends meanwhile deletes after its next start.
        """
        await self.ripe()
        if not operation.running:
            return
        operation.status, operation.end = "Succeeded", timestamp()
        self._ended(operation)
        self._lingering[operation.target] = operation
        loop = asyncio.get_running_loop()
        began = loop.time()
        while (left := began + self._behavior.deletion_lag(operation.target) - loop.time()) > 0:
            await asyncio.sleep(min(left, 1.0))
        self._due[operation.id] = loop.time()

    def lingering(self, target: ids.ResourceId | str) -> Operation | None:
        """The operation that has deleted this, while it is still to be seen."""
        return self._lingering.get(ids.key(target))

    async def _outlast(self, operation: Operation) -> None:
        while operation.target in self._lingering:
            await asyncio.sleep(0.1)

    async def ripe(self) -> None:
        """Within an operation: wait until the service would be ready with it, or something overtakes it."""
        operation = _current.get()
        left = self._due.get(operation.id, 0.0) - asyncio.get_running_loop().time() if operation is not None else 0.0
        if operation is not None and left > 0:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.finished(operation), left)

    async def finished(self, operation: Operation) -> None:
        """Wait until an operation has ended, whatever its end."""
        if operation.running:
            await self._ends.setdefault(operation.id, asyncio.Event()).wait()

    def _fail(self, operation: Operation, code: str, message: str, status: int = 400) -> None:
        # Work that was overtaken keeps the error that overtook it.
        if operation.running:
            operation.fail(code, message, status)

    def end_as_failed(self, operation: Operation, code: str, message: str) -> None:
        """End an operation from outside: overtaken by a deletion, or left behind by a server that died."""
        operation.fail(code, message, 409)
        self._save(operation)

    def end_as_canceled(self, operation: Operation, code: str, message: str) -> None:
        """End an operation whose place another one takes. Nothing is done at its end."""
        operation.cancel([{"code": code, "message": message}])
        self._save(operation)

    def _save(self, operation: Operation) -> None:
        if not operation.running:
            self._ended(operation)
        self._database.save("operations", operation.id, {**vars(operation), "polls": 0})

    def _ended(self, operation: Operation) -> None:
        self._running.pop(operation.id, None)
        if operation.id in self._ends:
            self._ends.pop(operation.id).set()

    async def pause(self, nominal: float) -> None:
        """Wait as long as the service takes for this, by the time scale. `nominal` in seconds.

        Where behavior.json has a latency for the operation at hand, that counts instead.
        """
        operation = _current.get()
        if operation is not None and operation.id in self._due:
            await self.ripe()
        else:
            await asyncio.sleep(nominal * self.time_scale)

    async def spend(self, nominal: float) -> None:
        """Wait by the time scale, besides what the operation at hand takes at least. `nominal` in seconds."""
        await asyncio.sleep(nominal * self.time_scale)

    async def close(self) -> None:
        """Drop the tasks; what was running stays on record as InProgress for the next server."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # what clients see

    def accepted(self, operation: Operation, request: Request, reply: Reply, retry_after: float | None = None) -> Reply:
        """Add the headers by which a client follows the operation; `retry_after` is the service's own, in seconds."""
        at = f"{request.base_url}/subscriptions/{self._subscription}/providers"
        query = f"api-version={request.api_version}"
        if operation.provider == "compute":
            disk = type_of("GET", operation.target) == "microsoft.compute/disks"
            url = f"{at}/Microsoft.Compute/locations/{operation.location}/{'DiskOperations' if disk else 'operations'}"
            url += f"/{operation.id}?p={operation.id}"
            reply.headers["Azure-AsyncOperation"] = f"{url}&{query}"
            if not disk:
                reply.headers["Azure-AsyncNotification"] = "Enabled"
            location = f"{url}&monitor=true&{query}"
        else:
            url = f"{at}/Microsoft.Network/locations/{operation.location}"
            reply.headers["Azure-AsyncOperation"] = f"{url}/operations/{operation.id}?{query}"
            location = f"{url}/operationResults/{operation.id}?{query}"
        operation.url = reply.headers["Azure-AsyncOperation"]
        if reply.status == 202:
            reply.headers["Location"] = location
        if retry_after is None:
            retry_after = patience.first(request.method, operation.target)
        self.hint(operation, reply, retry_after)
        return reply

    def hint(self, operation: Operation, reply: Reply, retry_after: float | None) -> None:
        """Say when to ask again, in the service's own seconds; where Compute names none, see patience.py."""
        if retry_after is not None:
            reply.headers.update(patience.header(retry_after, self.time_scale))
        elif operation.provider == "compute":
            reply.headers.update(patience.of_compute(operation.target, operation.polls, self.time_scale))
