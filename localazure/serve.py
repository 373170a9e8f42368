"""The server process of one instance: platform, recovery, HTTPS, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import shutil
import signal
import sys
from pathlib import Path
from typing import NoReturn

from localazure import registry
from localazure.arm import identities, tls
from localazure.arm.cloud import Cloud
from localazure.arm.server import ArmServer
from localazure.files import write_private
from localazure.instance import Instance
from localazure.machines.machine import MachineError
from localazure.machines.platforms import platform_for
from localazure.providers.recovery import recover
from localazure.providers.routes import connect
from localazure.registry.client import RegistryError
from localazure.registry.debian import PackageError
from localazure.registry.service import RegistryService
from localazure.store.database import Database

log = logging.getLogger(__name__)

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def serve(instance: Instance) -> NoReturn:
    """Run in the foreground; exit status 0 after a signal, 1 when it could not start."""
    os.umask(0o077)
    logging.basicConfig(handlers=[BoundedLog(instance.log)], level=logging.INFO, format=FORMAT)
    # aiohttp and asyncio say at INFO what a client's broken connection was, and at ERROR, with a traceback, what was
    # no HTTP; nobody needs that. What breaks in a handler is logged by arm/server.py.
    for noisy, level in (("aiohttp", logging.WARNING), ("asyncio", logging.WARNING), ("aiohttp.server", "CRITICAL")):
        logging.getLogger(noisy).setLevel(level)
    instance.hold_server_lock()
    status = 0
    try:
        asyncio.run(_serve(instance))
    except (MachineError, OSError, PackageError, RegistryError) as error:
        log.error("could not start: %s", error)
        status = 1
    logging.shutdown()
    # Threads that wait for a guest (a run command may take 90 minutes) would hold up an ordinary exit.
    os._exit(status)


class BoundedLog(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to stderr. Where that is the instance's log, what is over `most` bytes becomes server.log.1."""

    def __init__(self, path: Path, most: int = 50_000_000, every: int = 1000) -> None:
        super().__init__(sys.stderr)
        self._path = path
        self._most = most
        self._every = every
        self._count = 0

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        self._count += 1
        if self._count % self._every:
            return
        with contextlib.suppress(OSError, ValueError):
            # The descriptor stays, since what others write there (a traceback at the end) belongs here too.
            descriptor = self.stream.fileno()
            known = os.fstat(descriptor)
            if known.st_size > self._most and os.path.samestat(known, self._path.stat()):
                shutil.copyfile(self._path, self._path.with_name(f"{self._path.name}.1"))
                os.ftruncate(descriptor, 0)


async def _serve(instance: Instance) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    settings = instance.settings()
    tls.ensure(instance.tls, instance.name, registry.name_in(instance.suffix))
    platform = platform_for(settings.machines, instance.folder, instance.name)
    known = identities.ensure(instance.folder, instance.name, instance.suffix)
    cloud = Cloud(settings, Database(instance.store), platform, _signing_key(instance), known)
    cloud.behavior.watch(instance.behavior)
    server = ArmServer(cloud, connect(cloud))
    platform.service_name = registry.name_in(instance.suffix) if settings.registry else ""
    platform.authority = (instance.tls / "ca.pem").read_bytes()
    service = RegistryService(instance.registry, instance.tls, platform) if settings.registry else None
    starting = asyncio.create_task(_start(cloud, server, instance, service))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        log.info("stopped while it was starting")
        return  # the kernel ends a registry with this process
    starting.result()  # raises what kept it from starting
    await stopping
    log.info("stopping")
    await server.stop()
    if service is not None:
        await cloud.blocking(service.stop)
    await cloud.blocking(platform.stop)
    await cloud.close()


async def _start(cloud: Cloud, server: ArmServer, instance: Instance, service: RegistryService | None) -> None:
    await cloud.blocking(cloud.platform.start)
    if service is not None:
        await cloud.blocking(service.start)
    await recover(cloud)
    port = await _listen(server, instance)
    instance.write(cloud.settings, port=port, pid=os.getpid())
    log.info("Local Azure %s (machines: %s) listens on port %d", instance.name, cloud.settings.machines, port)


async def _listen(server: ArmServer, instance: Instance) -> int:
    """The port of last time, so that clients that know it go on; another when somebody has taken it."""
    port = int(instance.read().get("port") or 0)
    try:
        return await server.start(port, instance.tls)
    except OSError as error:
        if port == 0:
            raise
        log.warning("port %d is taken (%s); taking another", port, error)
        await server.stop()
        return await server.start(0, instance.tls)


def _signing_key(instance: Instance) -> bytes:
    """The key of the instance's tokens: they stay good when the server starts again."""
    path = instance.folder / "token.key"
    if not path.exists():
        write_private(path, secrets.token_bytes(32))
    return path.read_bytes()
