"""The cloud that is recorded against: which it is, and the groups that tests make in it and that always go again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from in_process_az import az, configured_in, rest

API = "2024-11-01"      # of resource groups
SDKS = ("azure-mgmt-compute", "azure-mgmt-network")
TAG = "dockervm-scenario"
# What a real Azure takes to delete a VM with its group, and more.
DELETION_SECONDS = 1200.0


class LiveCloud:
    """The subscription that az is logged in to, in the folder AZURE_CONFIG_DIR: Local Azure's, or a real one."""

    def __init__(self) -> None:
        # Kept from before a test moves HOME.
        self.folder = Path(os.environ.get("AZURE_CONFIG_DIR") or Path.home() / ".azure")
        with configured_in(self.folder):
            from azure.cli.core._profile import Profile

            self._az = az(self.folder)
            account = Profile(cli_ctx=self._az).get_subscription()
        self.subscription, self.tenant = account["id"], account["tenantId"]
        self.endpoint = self._az.cloud.endpoints.resource_manager.rstrip("/")
        self.is_local = self.endpoint == (os.environ.get("LOCALAZURE_ENDPOINT") or "").rstrip("/")
        self.groups: list[str] = []     # begun and not yet gone
        asked_for = os.environ.get("SCENARIO_SUBSCRIPTION")
        assert self.is_local or asked_for == self.subscription, (
            f"az is logged in to the subscription {self.subscription} of {self._az.cloud.name}; recording makes VMs "
            "there that cost money, so that subscription has to be named: script/record --subscription "
            f"{self.subscription}. (Without, script/record takes Local Azure.)")

    @property
    def head(self) -> dict[str, str]:
        """Where and with what a cassette was recorded."""
        machines = os.environ.get("LOCALAZURE_MACHINES", "unknown")
        where = f"Local Azure {_version()}, {machines} machines" if self.is_local else f"Azure ({self._az.cloud.name})"
        return {"against": where, "with": ", ".join(f"{name} {version(name)}" for name in SDKS)}

    @property
    def token(self) -> str:
        """What signs the requests; no cassette may hold it."""
        from azure.cli.core._profile import Profile

        return Profile(cli_ctx=self._az).get_raw_token()[0][1]

    def call(self, method: str, path: str, api: str, body: Any = None) -> Any:
        return rest(self.folder, method, path, api, body)

    def make(self, path: str, api: str, body: dict) -> dict:
        """PUT a resource and wait until it is there."""
        self.call("PUT", path, api, body)
        return until(lambda: self._finished(path, api), 300, path)

    def _finished(self, path: str, api: str) -> dict | None:
        found = self.call("GET", path, api)
        state = found and found["properties"].get("provisioningState")
        assert state != "Failed", f"{path} could not be made"
        return found if state == "Succeeded" else None

    def act(self, path: str, api: str, vm: str, state: str) -> None:
        """An action on a VM, and waiting until its power state is that."""
        self.call("POST", path, api)

        def reached():
            statuses = self.call("GET", f"{vm}/instanceView", api)["statuses"]
            return any(one["code"] == f"PowerState/{state}" for one in statuses)

        until(reached, 300, f"{vm} to be {state}")

    def make_group(self, name: str, location: str) -> None:
        self.groups.append(name)
        self.make(f"/resourcegroups/{name}", API, {"location": location, "tags": {TAG: "1"}})

    def begin_to_delete(self, name: str) -> None:
        """Azure goes on by itself; ``wait_for_deletions`` looks whether it came to an end."""
        self.call("DELETE", f"/resourcegroups/{name}", API)

    def wait_for_deletions(self) -> None:
        """Also deletes what a test that was cut short has left. Raises when a group is still there."""
        for name in self.groups:
            if self.call("GET", f"/resourcegroups/{name}", API):
                self.begin_to_delete(name)
        for name in self.groups:
            until(lambda name=name: not self.call("GET", f"/resourcegroups/{name}", API), DELETION_SECONDS,
                  f"the deletion of the group '{name}'; delete it yourself, it may cost money")
        self.groups.clear()

    def publishes_docker_extension(self, location: str) -> bool:
        path = (f"/providers/Microsoft.Compute/locations/{location}/publishers/Microsoft.Azure.Extensions"
                "/artifacttypes/vmextension/types/DockerExtension/versions")
        return bool(self.call("GET", path, "2024-07-01"))


def until(ask: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first answer that is not empty."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"still waiting after {seconds:.0f} s for {what}"
        time.sleep(min(2.0, seconds / 100))


def _version() -> str:
    text = (Path(__file__).parents[2] / "setup.py").read_text()
    return text.partition('VERSION = "')[2].partition('"')[0]
