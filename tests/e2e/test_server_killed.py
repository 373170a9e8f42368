"""The server of real machines is killed in the middle of things, again and again; nothing stays half-done."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from leftovers import MachineState
from local_azure import LocalAzure, eventually, instance_name

pytestmark = pytest.mark.machines
GROUP = "/resourceGroups/killed"
NETWORK, COMPUTE = f"{GROUP}/providers/Microsoft.Network", f"{GROUP}/providers/Microsoft.Compute"
VERSIONS = {"Microsoft.Network": "2025-07-01", "/disks": "2024-03-02"}
REACHABLE = {
    "protocol": "Tcp", "priority": 100, "direction": "Inbound", "access": "Allow", "sourcePortRange": "*",
    "destinationPortRange": "22", "sourceAddressPrefix": "*", "destinationAddressPrefix": "*",
}  # fmt: skip


class Client:
    """ARM over HTTPS; starts the server again after each kill."""

    def __init__(self, azure: LocalAzure) -> None:
        self.azure = azure
        self.before = MachineState(azure)
        self.up()

    def up(self) -> None:
        self.azure.serve("nspawn", "--registry")
        self.state = json.loads((self.azure.folder / "server.json").read_text())
        first = json.loads((self.azure.folder / "identities.json").read_text())[0]
        form = urlencode({"grant_type": "client_credentials", "client_id": first["appId"],
                          "client_secret": Path(first["secretFile"]).read_text()})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self.token = self._send("POST", f"/{self.state['tenant']}/oauth2/v2.0/token", form, kind)[1]["access_token"]

    def kill(self, after: float) -> None:
        """End the server as the kernel ends one that takes too much memory, and start the next one."""
        time.sleep(after)
        os.kill(self.azure.server_pid, signal.SIGKILL)
        self.up()

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, Any, Any]:
        context = ssl.create_default_context(cafile=str(self.azure.folder / "tls" / "ca.pem"))
        line = http.client.HTTPSConnection("localhost", self.state["port"], context=context, timeout=60)
        with contextlib.closing(line):
            line.request(method, path, body, headers)
            answer = line.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if data else None, answer.headers

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any, Any]:
        version = next((value for part, value in VERSIONS.items() if part in path), "2024-11-01")
        target = path if path.startswith("/subscriptions") else f"/subscriptions/{self.state['subscription']}{path}"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        query = "" if "api-version=" in path else f"{'&' if '?' in path else '?'}api-version={version}"
        return self._send(method, target + query, None if body is None else json.dumps(body), headers)

    def begin(self, method: str, path: str, body: Any = None) -> str:
        """Start something; where its end is to be asked for."""
        status, answer, headers = self.call(method, path, body)
        assert status in (200, 201, 202), answer
        url = headers.get("Azure-AsyncOperation") or headers.get("Location") or ""
        return url and "/subscriptions/" + url.split("/subscriptions/", 1)[1]

    def end(self, url: str) -> str:
        """How something ended: Succeeded, Failed, Canceled."""

        def ended() -> str | None:
            status, body, _ = self.call("GET", url)
            state = (body or {}).get("status", "Succeeded")
            return None if status == 202 or state in ("InProgress", "Accepted", "Running") else state

        return str(eventually(ended, f"the end of {url}", 60))

    def done(self, method: str, path: str, body: Any = None) -> None:
        url = self.begin(method, path, body)
        assert not url or self.end(url) == "Succeeded"

    def states(self) -> dict[str, str]:
        """The provisioning states of all resources of the group, by type and name."""
        found = {}
        for rest in (f"{COMPUTE}/virtualMachines", f"{COMPUTE}/disks", f"{NETWORK}/networkInterfaces",
                     f"{NETWORK}/publicIPAddresses"):  # fmt: skip
            for one in self.call("GET", rest)[1]["value"]:
                found[f"{rest.rsplit('/', 1)[1]}/{one['name']}"] = one["properties"]["provisioningState"]
        return found


@pytest.fixture
def client() -> Iterator[Client]:
    azure = LocalAzure(f"{instance_name('e2e')}-k")
    if azure.folder.exists():
        azure.down().succeeded()
    try:
        yield Client(azure)
    finally:
        if azure.folder.exists():
            azure.down().succeeded()


def network(client: Client) -> None:
    client.call("PUT", GROUP, {"location": "westus"})
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
             "subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}]}  # fmt: skip
    client.done("PUT", f"{NETWORK}/virtualNetworks/v", {"location": "westus", "properties": space})
    rules = {"securityRules": [{"name": "ssh", "properties": REACHABLE}]}
    client.done("PUT", f"{NETWORK}/networkSecurityGroups/n", {"location": "westus", "properties": rules})


def vm(client: Client, name: str) -> dict[str, Any]:
    """What a VM needs is made; returns its body."""
    at = f"/subscriptions/{client.state['subscription']}{NETWORK}"
    address = {"location": "westus", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
    client.done("PUT", f"{NETWORK}/publicIPAddresses/{name}", address)
    card = {"subnet": {"id": f"{at}/virtualNetworks/v/subnets/s"},
            "publicIPAddress": {"id": f"{at}/publicIPAddresses/{name}"}}  # fmt: skip
    client.done("PUT", f"{NETWORK}/networkInterfaces/{name}", {"location": "westus", "properties": {
        "networkSecurityGroup": {"id": f"{at}/networkSecurityGroups/n"},
        "ipConfigurations": [{"name": "c", "properties": card}],
    }})  # fmt: skip
    image = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
    return {"location": "westus", "properties": {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {
            "imageReference": image, "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
            "dataDisks": [{"lun": 0, "createOption": "Empty", "diskSizeGB": 1, "deleteOption": "Delete"}],
        },
        "osProfile": {"computerName": name, "adminUsername": "azureuser", "adminPassword": "Correct-Horse-9"},
        "networkProfile": {"networkInterfaces": [{"id": f"{at}/networkInterfaces/{name}"}]},
    }}  # fmt: skip


def answers(client: Client, name: str) -> bool:
    """Whether the SSH server of a VM answers at its public address."""
    address = client.call("GET", f"{NETWORK}/publicIPAddresses/{name}")[1]["properties"]["ipAddress"]
    with contextlib.suppress(OSError), socket.create_connection((address, 22), 2) as line:
        line.settimeout(2)
        return line.recv(4) == b"SSH-"
    return False


def settled(client: Client) -> None:
    passing = {"wait": True}

    def check() -> bool:
        passing.clear()
        passing.update({key: one for key, one in client.states().items() if one not in ("Succeeded", "Failed")})
        return not passing

    eventually(check, f"all resources are settled: {passing}", 30)


@pytest.mark.long
def test_killed_in_the_middle_of_anything(client: Client) -> None:
    network(client)
    one, two = f"{COMPUTE}/virtualMachines/one", f"{COMPUTE}/virtualMachines/two"
    client.done("PUT", one, vm(client, "one"))
    size = {"properties": {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}}}
    disks = {"properties": {"storageProfile": {"dataDisks": [
        {"lun": 4, "createOption": "Empty", "diskSizeGB": 1, "deleteOption": "Delete"}]}}}  # fmt: skip
    card = client.call("GET", f"{NETWORK}/networkInterfaces/one")[1]
    card["properties"]["ipConfigurations"][0]["properties"].update(
        privateIPAddress="10.0.0.77", privateIPAllocationMethod="Static")  # fmt: skip
    handler = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1",
               "settings": {"commandToExecute": "sleep 3"}}  # fmt: skip
    steps: list[tuple[str, str, Any, float]] = [
        ("PUT", two, vm(client, "two"), 1.2),
        ("PATCH", one, size, 0.5),
        ("PATCH", one, disks, 0.3),
        ("PUT", f"{NETWORK}/networkInterfaces/one", card, 0.3),
        ("PUT", f"{one}/extensions/x", {"location": "westus", "properties": handler}, 1.0),
        ("POST", f"{one}/restart", None, 1.5),
        ("DELETE", two, None, 0.3),
    ]
    for method, path, body, longest in steps:
        url = client.begin(method, path, body)
        client.kill(random.uniform(0, longest))
        state = client.end(url)
        settled(client)
        assert client.call("GET", path)[0] == (404 if method == "DELETE" and state == "Succeeded" else 200) or (
            method == "POST")  # fmt: skip
        eventually(lambda: answers(client, "one"), "the first machine answers", 30)
    shown = client.call("GET", f"{one}?$expand=instanceView")[1]["properties"]
    assert shown["hardwareProfile"]["vmSize"] == "Standard_D4s_v5"
    assert [disk["lun"] for disk in shown["storageProfile"]["dataDisks"]] == [4]
    disk = client.azure.in_guest("one", "readlink -e /dev/disk/azure/scsi1/lun4; hostname -I")
    assert disk.startswith("/dev/") and "10.0.0.77" in disk
    url = client.begin("DELETE", GROUP)
    client.kill(random.uniform(0, 1))
    client.end(url)
    assert client.call("GET", GROUP)[0] == 404
    assert not [path for path in (client.azure.folder / "machines").glob("????????") if path.is_dir()]
    os.kill(client.azure.server_pid, signal.SIGKILL)
    client.azure.down().succeeded()
    assert client.before.differences(MachineState(client.azure)) == []
