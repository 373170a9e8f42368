"""A server that is killed before any one of its writes or calls of machines: the next one has nothing half-done."""

from __future__ import annotations

import contextlib
import copy
import http.client
import itertools
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import arm_support
import pytest
from arm_support import Group, LocalAzure, eventually
from memory_platform import MemoryPlatform

from localazure.machines.machine import DataDisk
from localazure.protocol import ids
from localazure.store.database import Database

DISK = "Microsoft.Compute/disks"
VM = "Microsoft.Compute/virtualMachines"
_CHANGES = ("machine_", "network_", "disk_")
_READS = ("machine_state", "machine_agent", "machine_console", "machine_run")


class Killed(BaseException):
    """What a dead server would have done next does not happen, and nobody in it gets to know."""


class Life:
    """Lets a server do `steps` more things that outlast it, and nothing after them."""

    def __init__(self, steps: float) -> None:
        self.left = steps
        self.done = 0
        self._lock = threading.Lock()

    def step(self) -> None:
        with self._lock:
            if self.done >= self.left:
                raise Killed
            self.done += 1


class MortalDatabase(Database):
    """Writes as long as its server lives."""

    life = Life(float("inf"))

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._life = MortalDatabase.life

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        outermost = not self._connection.in_transaction
        with super().together():
            yield
            if outermost:
                self._life.step()

    def save(self, table: str, key: str, value: dict[str, Any]) -> None:
        if not self._connection.in_transaction:
            self._life.step()
        super().save(table, key, value)

    def delete(self, table: str, key: str) -> None:
        if not self._connection.in_transaction:
            self._life.step()
        super().delete(table, key)


class MortalPlatform:
    """The machines as one server reaches them; they live on when it is dead."""

    def __init__(self, platform: MemoryPlatform, life: Life) -> None:
        self._platform = platform
        self._life = life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._platform, name)
        if not name.startswith(_CHANGES) or name in _READS:
            return found

        def call(*arguments: Any) -> Any:
            self._life.step()
            return found(*arguments)

        return call


class World:
    """A state to begin with, of which each try gets a copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.platform = MemoryPlatform(folder)
        arm = LocalAzure(folder, self.platform)
        self.group = Group(arm)
        group = self.group
        body = group.vm_body(group.nic(group.vnet(), public_ip=group.public_ip(), nsg=group.nsg()))
        storage = body["properties"]["storageProfile"]
        storage["dataDisks"] = [
            {"lun": 0, "name": "goes", "createOption": "Empty", "diskSizeGB": 1, "deleteOption": "Delete"},
            {"lun": 1, "name": "stays", "createOption": "Empty", "diskSizeGB": 1, "deleteOption": "Detach"},
        ]
        arm.done("PUT", group.compute("virtualMachines/web1"), body)
        empty = {"location": "westus", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 2}}
        arm.done("PUT", group.compute("disks/free"), empty)
        more = {"properties": {"addressPrefix": "10.0.7.0/24"}}
        arm.done("PUT", group.network("virtualNetworks/vnet/subnets/more"), more)
        group.nic(group.id_of(group.network("virtualNetworks/vnet/subnets/default")), "nic2")
        group.public_ip("ip2")
        arm.stop()

    @contextlib.contextmanager
    def server(self, folder: Path, platform: MemoryPlatform, life: Life) -> Iterator[LocalAzure]:
        MortalDatabase.life = life
        arm = LocalAzure(folder, MortalPlatform(platform, life))  # type: ignore[arg-type]
        self.group.arm = arm
        try:
            yield arm
        finally:
            arm.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arm_support, "Database", MortalDatabase)
        yield World(tmp_path_factory.mktemp("killed"))


def create(group: Group) -> Any:
    body = group.vm_body(group.id_of(group.network("networkInterfaces/nic2")), computerName="web2")
    body["properties"]["storageProfile"]["dataDisks"] = [{"lun": 3, "createOption": "Empty", "diskSizeGB": 1}]
    return group.arm.call("PUT", group.compute("virtualMachines/web2"), body)


def change(group: Group) -> Any:
    """Another size, a new disk, one that is there already, and one less."""
    shown = group.arm.call("GET", group.compute("virtualMachines/web1")).body["properties"]["storageProfile"]
    disks = [one for one in shown["dataDisks"] if one["lun"] == 0]
    disks.append({"lun": 5, "name": "new", "createOption": "Empty", "diskSizeGB": 3})
    disk = {"id": group.id_of(group.compute("disks/free"))}
    disks.append({"lun": 6, "name": "free", "createOption": "Attach", "managedDisk": disk})
    properties = {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}, "storageProfile": {"dataDisks": disks}}
    return group.arm.call("PATCH", group.compute("virtualMachines/web1"), {"properties": properties})


def delete(group: Group) -> Any:
    return group.arm.call("DELETE", group.compute("virtualMachines/web1"))


def delete_disk(group: Group) -> Any:
    return group.arm.call("DELETE", group.compute("disks/free"))


def grow_disk(group: Group) -> Any:
    return group.arm.call("PATCH", group.compute("disks/free"), {"properties": {"diskSizeGB": 9}})


def delete_subnet(group: Group) -> Any:
    path = group.network("virtualNetworks/vnet/subnets/more")
    return group.arm.call("DELETE", path)


def delete_nic(group: Group) -> Any:
    return group.arm.call("DELETE", group.network("networkInterfaces/nic2"))


def readdress(group: Group) -> Any:
    body = group.nic_body(
        group.id_of(group.network("virtualNetworks/vnet/subnets/default")),
        group.id_of(group.network("publicIPAddresses/ip2")),
        privateIPAddress="10.0.0.99", privateIPAllocationMethod="Static",
    )  # fmt: skip
    return group.arm.call("PUT", group.network("networkInterfaces/nic"), body)


def stop(group: Group) -> Any:
    return group.arm.call("POST", group.compute("virtualMachines/web1/deallocate"))


def extend(group: Group) -> Any:
    handler = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1"}
    body = {"location": "westus", "properties": handler}
    return group.arm.call("PUT", group.compute("virtualMachines/web1/extensions/x"), body)


def deploy(group: Group) -> Any:
    names = ("a", "b")
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [
            {"type": "Microsoft.Network/networkSecurityGroups", "apiVersion": arm_support.NETWORK, "name": name,
             "location": "westus", "dependsOn": list(names[:index])} for index, name in enumerate(names)
        ],
    }  # fmt: skip
    body = {"properties": {"mode": "Incremental", "template": template}}
    return group.arm.call("PUT", f"{group.path}/providers/Microsoft.Resources/deployments/d", body)


def delete_group(group: Group) -> Any:
    return group.arm.call("DELETE", group.path)


ACTIONS = (create, change, delete, delete_disk, grow_disk, delete_subnet, delete_nic, readdress, stop, extend, deploy,
           delete_group)  # fmt: skip
DELETED: dict[Callable[[Group], Any], Callable[[Group], str]] = {
    delete: lambda group: group.compute("virtualMachines/web1"),
    delete_disk: lambda group: group.compute("disks/free"),
    delete_subnet: lambda group: group.network("virtualNetworks/vnet/subnets/more"),
    delete_nic: lambda group: group.network("networkInterfaces/nic2"),
    delete_group: lambda group: group.path,
}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
def test_killed_anywhere(world: World, action: Callable[[Group], Any], tmp_path: Path) -> None:
    for steps in itertools.count():
        folder = tmp_path / str(steps)
        shutil.copytree(world.folder, folder)
        platform = _copy(world.platform, folder)
        life = Life(float("inf"))
        answer = None
        with world.server(folder, platform, life) as arm:
            eventually(lambda arm=arm: not arm.cloud.operations.interrupted())
            life.left = life.done + steps
            with contextlib.suppress(http.client.HTTPException, OSError):
                answer = action(world.group)
                eventually(lambda arm=arm, life=life: life.done >= life.left or not arm.cloud.operations.interrupted())
            finished = life.done < life.left
        with world.server(folder, platform, Life(float("inf"))) as arm:
            where = f"{action.__name__} after {steps} steps"
            eventually(lambda arm=arm: not arm.cloud.operations.interrupted())
            _check(arm, platform, where)
            _check_answer(arm, world.group, answer, action, where)
            _check_group_goes(world.group, platform, where)
        if finished:
            assert steps > 2
            return


def _copy(platform: MemoryPlatform, folder: Path) -> MemoryPlatform:
    made = MemoryPlatform(folder)
    for name, value in vars(platform).items():
        if isinstance(value, dict | list | set):
            setattr(made, name, copy.deepcopy(value))
    return made


def _check(arm: LocalAzure, platform: MemoryPlatform, where: str) -> None:
    """Nothing in between, and machines that are as their models say."""
    store = arm.cloud.store
    passing = [(str(one.id), one.state) for one in store.all() if one.state not in ("Succeeded", "Failed")]
    assert not passing, where
    assert all(group.state == "Succeeded" for group in store.groups()), where
    for record in arm.cloud.records.all("deployment"):
        states = [record["properties"], *(one["properties"] for one in record["operations"])]
        assert {one["provisioningState"] for one in states} <= {"Succeeded", "Failed", "Canceled"}, where
    vms = {ids.short_id(vm.id): vm for vm in store.of_type(VM)}
    assert {key for key, vm in vms.items() if vm.hidden.get("machine")} == set(platform.machines), where
    held: set[str] = set()
    for machine, spec in platform.machines.items():
        held |= _check_machine(arm, platform, vms[machine], machine, spec, where)
    for disk in store.of_type(DISK):
        owner = disk.extra.get("managedBy")
        assert owner is None or store.get(owner) is not None, f"{where}: {disk.id} belongs to {owner}"
        if disk.hidden.get("data") and disk.state == "Succeeded":
            assert platform.disks.get(ids.short_id(disk.id)) == disk.properties["diskSizeGB"], f"{where}: {disk.id}"
    assert set(platform.disks) <= {ids.short_id(disk.id) for disk in store.of_type(DISK)}, where


def _check_machine(
    arm: LocalAzure, platform: MemoryPlatform, vm: Any, machine: str, spec: Any, where: str
) -> set[str]:
    body = arm.call("GET", str(vm.id)).body["properties"]
    store = arm.cloud.store
    nic = store.get(body["networkProfile"]["networkInterfaces"][0]["id"]).properties["ipConfigurations"][0]
    assert spec.private_ip == nic["properties"]["privateIPAddress"], where
    assert spec.cpus == {"Standard_D2s_v5": 2, "Standard_D4s_v5": 4}[body["hardwareProfile"]["vmSize"]], where
    entries = body["storageProfile"]["dataDisks"]
    found = {ids.short_id(one["managedDisk"]["id"]): store.get(one["managedDisk"]["id"]) for one in entries}
    luns = {ids.short_id(one["managedDisk"]["id"]): one["lun"] for one in entries}
    wanted = {DataDisk(key, luns[key], disk.properties["diskSizeGB"]) for key, disk in found.items()}
    assert set(spec.data_disks) == wanted, where
    for one in entries:
        assert ids.key(store.get(one["managedDisk"]["id"]).extra["managedBy"]) == ids.key(vm.id), where
    power = {"running": "running", "deallocated": "stopped"}[vm.hidden["power"]]
    assert platform.states[machine] == power, where
    address = store.get(nic["properties"]["publicIPAddress"]["id"]).properties["ipAddress"] if power == "running" and (
        nic["properties"].get("publicIPAddress")) else None  # fmt: skip
    exposed = platform.exposed[machine]
    assert (exposed.address if exposed else None) == address, where
    return {disk.id for disk in spec.data_disks}


def _check_answer(arm: LocalAzure, group: Group, answer: Any, action: Callable[[Group], Any], where: str) -> None:
    """A client that goes on asking is told an end; what is said to be deleted has gone."""
    if answer is None:
        return
    assert answer.status < 300, answer.body
    for name in answer.headers.keys() & {"Azure-AsyncOperation", "Location"}:
        answer.headers[name] = f"https://localhost:{arm.port}/subscriptions/" + (
            answer.headers[name].split("/subscriptions/", 1)[1])  # fmt: skip
    status = arm.wait(answer)
    ended_well = status.status < 300 and (status.body or {}).get("status", "Succeeded") == "Succeeded"
    if ended_well and action in DELETED:
        assert arm.call("GET", DELETED[action](group)).status == 404, f"{where}: it is said to be gone"


def _check_group_goes(group: Group, platform: MemoryPlatform, where: str) -> None:
    if group.arm.call("HEAD", group.path).status == 204:
        group.arm.done("DELETE", group.path)
    assert not platform.machines and not platform.disks and not platform.networks, where
    assert not group.arm.cloud.store.all(), where
