"""A Local Azure in this process for tests: real TLS on a free port, machines in memory; and a small client."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import ssl
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from memory_platform import MemoryPlatform

from localazure.arm import tls
from localazure.arm.cloud import Cloud
from localazure.arm.server import ArmServer
from localazure.providers.recovery import recover
from localazure.providers.routes import connect
from localazure.settings import Settings
from localazure.store.database import Database

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
TENANT = "22222222-2222-4222-8222-222222222222"
COMPUTE = "2024-11-01"
NETWORK = "2025-07-01"
RESOURCES = "2024-11-01"
PASSWORD = "Correct-Horse-9"


@dataclass
class Answer:
    """One HTTP answer; `body` is None when it was empty."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """The error's code."""
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


class LocalAzure:
    """A server of its own thread and event loop. `platform` is shared by the servers of a restarted instance."""

    def __init__(self, folder: Path, platform: MemoryPlatform | None = None, time_scale: float = 0.0) -> None:
        self.folder = folder
        self.platform = platform or MemoryPlatform(folder)
        tls.ensure(folder / "tls", "test", "registry.test.test")
        context = ssl.create_default_context(cafile=str(folder / "tls" / "ca.pem"))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        settings = Settings("test", SUBSCRIPTION, TENANT, "test.test", "memory", time_scale, {"uksouth": "published"})
        self._run(self._start(settings))
        self._connection = http.client.HTTPSConnection("localhost", self.port, context=context, timeout=20)
        self.token = self.sign_in()

    async def _start(self, settings: Settings) -> None:
        self.cloud = Cloud(settings, Database(self.folder / "store.sqlite"), self.platform, b"k" * 32)
        self.server = ArmServer(self.cloud, connect(self.cloud))
        self.platform.start()
        await recover(self.cloud)
        self.port = await self.server.start(0, self.folder / "tls")

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def on_loop(self, function: Callable[[], Any]) -> Any:
        """Call a function on the server's thread."""

        async def call() -> Any:
            return function()

        return self._run(call())

    def stop(self) -> None:
        """As SIGTERM does: operations in flight stay on record as they are."""

        async def stop() -> None:
            await self.server.stop()
            await self.cloud.close()

        self._connection.close()
        self._run(stop())
        self.platform.unblocked.set()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    # a client

    def raw(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Send just this, on a connection that is kept; `path` with its query."""
        try:
            self._connection.request(method, path, body, headers or {})
            response = self._connection.getresponse()
            data = response.read()
        except (http.client.HTTPException, OSError):
            self._connection.close()  # the next call opens it anew
            raise
        body: Any = data or None
        if body and "json" in response.headers.get("Content-Type", ""):
            body = json.loads(data)
        return Answer(response.status, body, dict(response.headers))

    def sign_in(self, tenant: str = TENANT, **form: str) -> str:
        first = next(iter(self.cloud.identities))
        form = {
            "grant_type": "client_credentials", "client_id": first.app_id, "client_secret": first.secret, **form,
        }  # fmt: skip
        answer = self.raw(
            "POST", f"/{tenant}/oauth2/v2.0/token", urlencode(form).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        assert answer.status == 200, answer.body
        return str(answer.body["access_token"])

    def call(self, method: str, path: str, body: Any = None, api: str | None = None, **query: str) -> Answer:
        """An authorized ARM call; `path` below the subscription, api-version chosen by its provider."""
        if api is None:
            api = NETWORK if "Microsoft.Network" in path else COMPUTE if "Microsoft.Compute" in path else RESOURCES
            if "/disks" in path:
                api = "2024-03-02"
        named = {name.replace("_", "$", 1) if name.startswith("_") else name: value for name, value in query.items()}
        target = path if path.startswith("/subscriptions") else f"/subscriptions/{SUBSCRIPTION}{path}"
        url = f"{target}?{urlencode({'api-version': api, **named})}"
        headers = {"Authorization": f"Bearer {self.token}"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        return self.raw(method, url, data, headers)

    def wait(self, answer: Answer, timeout: float = 10.0) -> Answer:
        """Follow a long-running operation to its end; returns the last status."""
        url = answer.headers.get("Azure-AsyncOperation") or answer.headers["Location"]
        path = url.split(f":{self.port}", 1)[1]
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            status = self.raw("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            if status.status == 202 or (status.body or {}).get("status") in ("InProgress", "Accepted", "Running"):
                time.sleep(0.01)
                continue
            return status
        raise AssertionError(f"still running after {timeout} s: {url}")

    def done(self, method: str, path: str, body: Any = None, **query: str) -> Answer:
        """A call that must be accepted and succeed; returns its first answer."""
        answer = self.call(method, path, body, **query)
        assert answer.status in (200, 201, 202, 204), answer.body
        if "Azure-AsyncOperation" in answer.headers or answer.status == 202:
            status = self.wait(answer)
            assert (status.body or {"status": "Succeeded"}).get("status") == "Succeeded", status.body
        return answer


class Group:
    """A new resource group with shorthands for what a VM needs."""

    def __init__(self, arm: LocalAzure, location: str = "westus") -> None:
        self.arm = arm
        self.location = location
        self.name = f"g{uuid.uuid4().hex[:10]}"
        self.path = f"/resourceGroups/{self.name}"
        self.id = f"/subscriptions/{SUBSCRIPTION}{self.path}"
        arm.done("PUT", self.path, {"location": location})

    def network(self, rest: str) -> str:
        return f"{self.path}/providers/Microsoft.Network/{rest}"

    def compute(self, rest: str) -> str:
        return f"{self.path}/providers/Microsoft.Compute/{rest}"

    def id_of(self, path: str) -> str:
        return f"/subscriptions/{SUBSCRIPTION}{path}"

    def vnet(self, name: str = "vnet", subnet: dict[str, Any] | None = None) -> str:
        """Make a VNet 10.0.0.0/16 with the subnet `default`; returns the subnet's id."""
        properties = {"addressPrefix": "10.0.0.0/24", **(subnet or {})}
        body = {
            "location": self.location,
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [{"name": "default", "properties": properties}],
            },
        }
        self.arm.done("PUT", self.network(f"virtualNetworks/{name}"), body)
        return self.id_of(self.network(f"virtualNetworks/{name}/subnets/default"))

    def public_ip(self, name: str = "ip", label: str | None = None) -> str:
        properties: dict[str, Any] = {"publicIPAllocationMethod": "Static"}
        if label:
            properties["dnsSettings"] = {"domainNameLabel": label}
        body = {"location": self.location, "sku": {"name": "Standard"}, "properties": properties}
        self.arm.done("PUT", self.network(f"publicIPAddresses/{name}"), body)
        return self.id_of(self.network(f"publicIPAddresses/{name}"))

    def nsg(self, name: str = "nsg", *rules: dict[str, Any]) -> str:
        body = {"location": self.location, "properties": {"securityRules": list(rules)}}
        self.arm.done("PUT", self.network(f"networkSecurityGroups/{name}"), body)
        return self.id_of(self.network(f"networkSecurityGroups/{name}"))

    def nic_body(
        self, subnet: str, public_ip: str | None = None, nsg: str | None = None, **more: Any
    ) -> dict[str, Any]:
        configuration: dict[str, Any] = {"subnet": {"id": subnet}, **more}
        if public_ip:
            configuration["publicIPAddress"] = {"id": public_ip, "properties": {"deleteOption": "Delete"}}
        properties: dict[str, Any] = {"ipConfigurations": [{"name": "one", "properties": configuration}]}
        if nsg:
            properties["networkSecurityGroup"] = {"id": nsg}
        return {"location": self.location, "properties": properties}

    def nic(self, subnet: str, name: str = "nic", **more: Any) -> str:
        self.arm.done("PUT", self.network(f"networkInterfaces/{name}"), self.nic_body(subnet, **more))
        return self.id_of(self.network(f"networkInterfaces/{name}"))

    def vm_body(self, nic: str, **profile: Any) -> dict[str, Any]:
        """A VM that the service takes; `profile` changes its osProfile."""
        os_profile = {"computerName": "web1", "adminUsername": "azureuser", "adminPassword": PASSWORD, **profile}
        return {
            "location": self.location,
            "properties": {
                "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
                "storageProfile": {
                    "imageReference": {
                        "publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest",
                    },
                    "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
                },
                "osProfile": {name: value for name, value in os_profile.items() if value is not None},
                "networkProfile": {"networkInterfaces": [{"id": nic, "properties": {"deleteOption": "Delete"}}]},
            },
        }  # fmt: skip

    def vm(self, name: str = "web1", **nic: Any) -> str:
        """Make a VM with all that it needs; returns its path."""
        interface = self.nic(self.vnet(), **nic)
        self.arm.done("PUT", self.compute(f"virtualMachines/{name}"), self.vm_body(interface))
        return self.compute(f"virtualMachines/{name}")

    def machine(self, vm_path: str) -> str:
        """The machine of a VM."""
        from localazure.protocol import ids

        return ids.short_id(self.id_of(vm_path))


def rule(name: str, priority: int, port: str, access: str = "Allow", **more: Any) -> dict[str, Any]:
    """An inbound rule for one TCP port."""
    properties = {
        "protocol": "Tcp", "priority": priority, "direction": "Inbound", "access": access, "sourcePortRange": "*",
        "destinationPortRange": port, "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", **more,
    }  # fmt: skip
    return {"name": name, "properties": properties}


def eventually(holds: Callable[[], bool], timeout: float = 5.0) -> None:
    """Wait until something holds; fails when it does not in `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.01)


def encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()
