"""The same VM three times in a row, each deleted while an extension and a run command are at work on it."""

from __future__ import annotations

import json
from urllib.error import HTTPError

from local_azure import GROUP, eventually

NETWORK, COMPUTE = "2023-11-01", "2024-03-01"
# It writes into the machine's folder without an end.
ENDLESS = 'while :; do mkdir -p "$DOCKERVM_ROOT/srv/$RANDOM/x"; done'
IMAGE = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}


def status(azure, path: str) -> int | str:
    """The provisioning state, or the HTTP status of what is not there."""
    try:
        return azure.arm("GET", path, COMPUTE if "Compute" in path else NETWORK)["properties"]["provisioningState"]
    except HTTPError as error:
        return error.code


def put(azure, path: str, properties: dict, **more) -> None:
    version = COMPUTE if "Compute" in path else NETWORK
    azure.arm("PUT", path, version, {"location": "westus", "properties": properties, **more})


def live(azure, at: str) -> list[object]:
    """One life → what was seen of it."""
    nic, vm = f"{at}/Microsoft.Network/networkInterfaces/life", f"{at}/Microsoft.Compute/virtualMachines/life"
    subnet = {"id": f"{azure.group_path(GROUP)}/providers/Microsoft.Network/virtualNetworks/life/subnets/default"}
    put(azure, nic, {"ipConfigurations": [{"name": "one", "properties": {"subnet": subnet}}]})
    disk = {"createOption": "FromImage", "deleteOption": "Delete"}
    put(azure, vm, {
        "hardwareProfile": {"vmSize": "Standard_B1s"}, "storageProfile": {"imageReference": IMAGE, "osDisk": disk},
        "osProfile": {"computerName": "life", "adminUsername": "me", "adminPassword": "Correct-Horse-9"},
        "networkProfile": {"networkInterfaces": [{"id": nic, "properties": {"deleteOption": "Delete"}}]}})
    eventually(lambda: status(azure, vm) == "Succeeded", "the VM is there")
    put(azure, f"{vm}/extensions/script", {
        "publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1",
        "settings": {"commandToExecute": f"bash -c '{ENDLESS}'"}})
    put(azure, f"{vm}/runCommands/endless", {"source": {"script": f"#!/bin/bash\n{ENDLESS}"}})
    machines = [path for path in azure.folder.glob("machines/*/machine.json")
                if json.loads(path.read_text())["spec"]["hostname"] == "life"]
    eventually(lambda: any(path.parent.glob("root/srv/*") for path in machines), "something is at work on it")
    seen = [len(machines), status(azure, f"{vm}/extensions/script")]
    azure.arm("DELETE", vm, COMPUTE)
    eventually(lambda: status(azure, vm) == 404, "the VM is gone")
    seen += [status(azure, one) for one in (f"{vm}/extensions/script", f"{vm}/runCommands/endless", nic)]
    return [*seen, [path for path in machines if path.parent.exists()]]


def test_three_lives_of_a_vm_in_a_row_are_the_same(azure):
    at = f"{azure.group_path(GROUP)}/providers"
    network = {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]},
               "subnets": [{"name": "default", "properties": {"addressPrefix": "10.9.0.0/24"}}]}
    put(azure, f"{at}/Microsoft.Network/virtualNetworks/life", network)
    path = f"{at}/Microsoft.Network/virtualNetworks/life"
    eventually(lambda: status(azure, path) == "Succeeded", "the network is there")
    lives = [live(azure, at) for _ in range(3)]
    assert lives == [[1, "Creating", 404, 404, 404, []]] * 3
    azure.arm("DELETE", path, NETWORK)
