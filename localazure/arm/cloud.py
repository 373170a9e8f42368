"""Cloud: what handlers work with (settings, store, operations, platform), and how they call what blocks."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from localazure.arm.identities import Identities, new
from localazure.arm.identity import Authority
from localazure.arm.operations import Operations
from localazure.behavior.behavior import Behavior
from localazure.machines.machine import Platform
from localazure.protocol import ids
from localazure.protocol.errors import gateway_error, group_not_found
from localazure.protocol.request import Reply
from localazure.settings import Settings
from localazure.store.database import Database
from localazure.store.records import Records
from localazure.store.resources import Group, Resource, ResourceStore

Result = TypeVar("Result")


async def _no_server(*_: Any) -> Reply:
    raise RuntimeError("nothing serves this cloud")


async def _no_providers(*_: Any) -> None:
    raise RuntimeError("no providers serve this cloud")


# Run commands and extensions each hold a thread for minutes while they wait for the guest.
_THREADS = 128


class Cloud:
    """One running Local Azure. Everything but `blocking` work runs on the event loop's thread."""

    def __init__(
        self, settings: Settings, database: Database, platform: Platform, signing_key: bytes,
        identities: Identities | None = None,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.database = database
        self.platform = platform
        self.authority = Authority(settings.tenant, signing_key)
        self.identities = identities or new(settings.instance, settings.suffix)
        self.device_codes: dict[str, dict[str, Any]] = {}  # of people who are just signing in
        self.store = ResourceStore(database, settings.subscription)
        self.records = Records(database)
        self.behavior = Behavior(settings.subscription, settings.time_scale)
        self.operations = Operations(database, settings.subscription, settings.time_scale, self.behavior)
        # How a deployment calls what a client could: set by the server. (method, path, api-version, body, base URL)
        self.dispatch: Callable[..., Awaitable[Reply]] = _no_server
        # Called with a VM whose machine has been brought in line with its network: set by the providers.
        self.after_network_update: Callable[[Cloud, Resource], Awaitable[None]] = _no_providers
        self.deployments: dict[str, Any] = {}  # those that run, by key of their id
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="machine")
        self._background: set[asyncio.Task[None]] = set()
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def blocking(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run a call of the platform in a worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: function(*arguments))

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something happen later that no client waits for; dropped when the server stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def lock(self, identifier: ids.ResourceId | str, purpose: str = "machine") -> asyncio.Lock:
        """One piece of work at a time for a machine (or for the agent in it)."""
        return self._locks[f"{purpose}:{ids.key(identifier)}"]

    def group(self, name: str) -> Group:
        """An existing group; raises ArmError ResourceGroupNotFound."""
        group = self.store.group(name)
        if group is None:
            raise group_not_found(name)
        return group

    def writable_group(self, name: str) -> Group:
        """An existing group that is not being deleted."""
        group = self.group(name)
        if group.state == "Deleting":
            raise gateway_error(
                409,
                "ResourceGroupBeingDeleted",
                f"The resource group '{group.name}' is in deprovisioning state and cannot perform this operation.",
            )
        return group

    async def close(self) -> None:
        for task in list(self._background):
            task.cancel()
        await self.operations.close()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self.database.close()
