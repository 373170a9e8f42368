"""A create against Local Azure's ARM with machines in memory, and what its user would have read."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from specs import host_spec

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "localazure"))
import arm_support
from memory_host import HostsPlatform

from azext_dockervm.azure.calls import Azure, Clients
from azext_dockervm.azure.pipeline import client_options
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.errors import DockerVMError
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.host import create
from azext_dockervm.secret import Secret
from azext_dockervm.spec.host import Given

PASSWORD = "Tall-Ships_2014+Docker"
# Of the clock that does not wait; endless operations cost requests, not time.
TIMEOUT_SECONDS = 60.0


class Told:
    """What a user would have read."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.warnings: list[str] = []

    def started(self, _step: Any) -> None: ...

    def finished(self, step: Any, _seconds: float, detail: str) -> None:
        self.lines.append(f"done {step.title} {detail}")

    def failed(self, step: Any, _seconds: float) -> None:
        self.lines.append(f"failed {step.title}")

    def say(self, text: str) -> None:
        self.lines.append(text)

    def warn(self, text: str) -> None:
        self.lines.append(text)
        self.warnings.append(text)

    alert = warn


@dataclass
class Ended:
    """A create that has ended: with a host, or with an error; and what was told meanwhile."""

    host: Any
    error: DockerVMError | None
    told: Told

    @property
    def text(self) -> str:
        error = self.error
        words = [] if error is None else [error.message, *error.recommendations]
        return "\n".join([*self.told.lines, *words])


class Credential:
    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, int(time.time()) + 3600)


class World:
    """One server for all tests of a process; a group for each."""

    def __init__(self, folder: Path, time_scale: float = 0.0) -> None:
        self.platform = HostsPlatform(folder)
        self.arm = arm_support.LocalAzure(folder, self.platform, time_scale)
        self.clients = Clients(
            self._client("compute", "ComputeManagementClient"), self._client("network", "NetworkManagementClient"),
            self._client("resource.resources", "ResourceManagementClient"), lambda: ["westus"],
            lambda: arm_support.SUBSCRIPTION)
        self.groups = 0

    def faults(self, *rules: dict[str, Any], **conditions: list[dict[str, Any]]) -> None:
        self.behave(**({"rules": rules, "conditions": conditions} if rules or conditions else {}))

    def behave(self, **members: Any) -> None:
        """Members of behavior.json."""
        path = self.arm.folder / "behavior.json"
        path.unlink(missing_ok=True)
        if members:
            path.write_text(json.dumps(members))
        self.arm.on_loop(lambda: self.arm.cloud.behavior.watch(path))

    def met(self) -> int:
        """How many requests have met a fault."""
        return sum(rule.applied for rule in self.arm.on_loop(lambda: self.arm.cloud.behavior.config.rules))

    def new_group(self) -> str:
        self.groups += 1
        group = f"faults{self.groups}"
        self.arm.done("PUT", f"/resourceGroups/{group}", {"location": "westus"})
        return group

    def parts(self, group: str) -> set[str]:
        """Types of what the group holds, disks left out."""
        found = self.arm.call("GET", f"/resourceGroups/{group}/resources").body["value"]
        return {one["type"].rpartition("/")[2] for one in found if not one["type"].endswith("/disks")}

    def rest(self, group: str) -> None:
        """Wait, in real time, until nothing is at work: Local Azure looks once a second whether a rule still holds."""
        below, until = f"/subscriptions/{arm_support.SUBSCRIPTION}/resourceGroups/{group}", time.monotonic() + 30
        while self.arm.on_loop(lambda: self.arm.cloud.operations.below(below)):
            assert time.monotonic() < until, f"something in {group} is still at work"
            time.sleep(0.02)

    def azure(self, until: Deadline) -> Azure:
        return Azure(self.clients, until)

    def _client(self, module: str, name: str) -> Callable[[], Any]:
        def make() -> Any:
            endpoint = f"https://localhost:{self.arm.port}"
            return getattr(importlib.import_module(f"azure.mgmt.{module}"), name)(
                Credential(self.arm.token), arm_support.SUBSCRIPTION, base_url=endpoint,
                credential_scopes=[f"{endpoint}/.default"], connection_verify=str(self.arm.folder / "tls" / "ca.pem"),
                **client_options())
        return make

    def create(self, group: str, folder: Path, seconds: float = TIMEOUT_SECONDS, **values: Any) -> Ended:
        """``values`` as ``host_spec`` names them."""
        provisioner = values.setdefault("provisioner", "run-command")
        given = {"provisioner": Given(("--provisioner", provisioner))}
        spec = host_spec(group, "web1", password=Secret(PASSWORD), given=given, **values)
        store, told = CertificateStore(folder), Told()
        azure = self.azure(Deadline(seconds))
        try:
            host = create.create(azure, create.prepare(azure, spec, store), store, told, tuple)
        except DockerVMError as error:
            return Ended(None, error, told)
        return Ended(host, None, told)
