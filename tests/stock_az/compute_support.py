"""Virtual machines for tests of az's compute verbs, made by az's own network commands and one PUT."""

from __future__ import annotations

import json
from typing import Any

USER = "azureuser"
PASSWORD = "Correct-Horse-7!"
API = "2024-11-01"


def vm_path(azure: Any, group: str, name: str) -> str:
    return (
        f"/subscriptions/{azure.subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
    )


def body(nic: str, name: str, size: str = "Standard_B2s", **properties: Any) -> dict[str, Any]:
    """A VM that the service takes; `properties` are added to it, or take the place of what is there."""
    image = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
    return {
        "location": "westus",
        "tags": {},
        "properties": {
            "hardwareProfile": {"vmSize": size},
            "storageProfile": {
                "imageReference": image, "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
            },
            "osProfile": {"computerName": name, "adminUsername": USER, "adminPassword": PASSWORD},
            "networkProfile": {"networkInterfaces": [{"id": nic, "properties": {"deleteOption": "Delete"}}]},
            **properties,
        },
    }  # fmt: skip


def make_nic(azure: Any, group: str, name: str) -> str:
    """A NIC in a new network of its own, without a public address; returns its id."""
    at = ("-g", group, "-n", name)
    azure.query("network", "vnet", "create", *at, "--subnet-name", "default")
    nic = azure.query("network", "nic", "create", *at, "--vnet-name", name, "--subnet", "default")
    return str(nic["NewNIC"]["id"])


def make_vm(azure: Any, group: str, name: str, **properties: Any) -> str:
    """Make a VM and wait until it runs; returns its id."""
    given = body(make_nic(azure, group, name), name, **properties)
    put_vm(azure, group, name, given)
    azure.az("vm", "wait", "-g", group, "-n", name, "--created", "--interval", "1").succeeded()
    return vm_path(azure, group, name)


def put_vm(azure: Any, group: str, name: str, given: dict[str, Any]) -> Any:
    """The PUT alone; returns what az did."""
    url = f"{vm_path(azure, group, name)}?api-version={API}"
    return azure.az("rest", "--method", "put", "--url", url, "--body", json.dumps(given))
