"""What was asked of the disks of a host that exists, compared with those that its VM has.

Azure shows sizes and types of a VM's disks only while it is allocated: what it does not show, is told as not applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azext_dockervm.advice import disk_commands, vm_commands
from azext_dockervm.options.option import Vm
from azext_dockervm.spec.words import OS

if TYPE_CHECKING:
    from azext_dockervm.spec.disks import DataDisk
    from azext_dockervm.spec.host import HostSpec

Disk = dict[str, Any]       # as the VM shows it


def another_os_size(spec: HostSpec, vm: Vm) -> str | None:
    has, asked = _os(vm).get("diskSizeGB"), spec.disks.os_size_gb or 0
    if has == asked:
        return None
    told = f"the host's OS disk has {has} GB" if has else "the host keeps its OS disk"
    if has and has > asked:
        return f"{told}, and disks do not shrink"
    return f"{told}.\n{vm_commands.while_deallocated(spec, disk_commands.grow(spec, _name(vm), asked))}"


def other_types(spec: HostSpec, vm: Vm) -> str | None:
    wrong = [(one["name"], sku) for one, sku in _with(vm, spec.disks.os_sku, lambda disk: disk.sku, spec)
             if sku not in (None, _sku(one))]
    if not wrong:
        return None
    disk, sku = wrong[0]
    return (f"the disk '{disk}' keeps its type.\n"
            + vm_commands.while_deallocated(spec, disk_commands.change_type(spec, disk, sku or "")))


def another_os_caching(spec: HostSpec, vm: Vm) -> str | None:
    has, asked = _os(vm).get("caching") or "None", spec.disks.os_caching or ""
    if has == asked:
        return None
    return f"the OS disk's is {has}.\nTo change it: {disk_commands.cache(spec, f'{OS}={asked}')}"


def other_caching(spec: HostSpec, vm: Vm) -> str | None:
    wrong = [f"{one['lun']}={caching}" for one, caching in _with(vm, None, lambda disk: disk.caching, spec)
             if caching not in (None, one.get("caching") or "None")]
    return f"the data disks keep theirs.\nTo change it: {disk_commands.cache(spec, *wrong)}" if wrong else None


def another_kind(spec: HostSpec, vm: Vm) -> str | None:
    if _is_ephemeral(vm) == spec.disks.ephemeral:
        return None
    return "a VM's OS disk stays on its own server" if _is_ephemeral(vm) else "a VM's OS disk stays in Azure's storage"


def another_placement(spec: HostSpec, vm: Vm) -> str | None:
    has = (_os(vm).get("diffDiskSettings") or {}).get("placement")
    return None if has == spec.disks.placement else "a VM's OS disk stays where it is"


def other_data_disks(spec: HostSpec, vm: Vm) -> str | None:
    there = {one.get("lun"): one for one in _data(vm)}
    for disk in spec.disks.data_disks():
        if disk.size_gb and not disk.is_dockers and (there.get(disk.lun) or {}).get("diskSizeGB") != disk.size_gb:
            return ("no data disks are made for a host that exists.\nTo add one: "
                    + disk_commands.add(spec, disk.size_gb))
    return None


def not_attached(spec: HostSpec, vm: Vm) -> str | None:
    has = [(one.get("managedDisk") or {}).get("id") or "" for one in _data(vm)]
    for asked in spec.disks.attached:
        if not any(asked.means(one, spec.group) for one in has):
            return f"'{asked}' is not attached.\nTo do that: {disk_commands.attach(spec, asked)}"
    return None


def another_encryption(spec: HostSpec, vm: Vm) -> str | None:
    has = ((_os(vm).get("managedDisk") or {}).get("diskEncryptionSet") or {}).get("id") or ""
    asked = spec.disks.encryption_set
    if asked is None or asked.means(has, spec.group):
        return None
    return ("the OS disk keeps its encryption.\n"
            + vm_commands.while_deallocated(spec, disk_commands.encrypt(spec, _name(vm), asked)))


def another_encryption_at_host(spec: HostSpec, vm: Vm) -> str | None:
    has = bool((vm["properties"].get("securityProfile") or {}).get("encryptionAtHost"))
    if has == spec.disks.encryption_at_host:
        return None
    change = disk_commands.encrypt_at_host(spec, spec.disks.encryption_at_host)
    return f"it is {'on' if has else 'off'}.\n{vm_commands.while_deallocated(spec, change)}"


def _with(vm: Vm, of_os: str | None, of_data: Any, spec: HostSpec) -> list[tuple[Disk, str | None]]:
    """Each of the VM's disks with what is asked of the one that a new host would have in its place."""
    asked: dict[int, DataDisk] = {disk.lun: disk for disk in spec.disks.data_disks()}
    data = [(one, of_data(asked[one["lun"]])) for one in _data(vm) if one.get("lun") in asked]
    return [(_os(vm), of_os), *data] if _os(vm) else data


def _storage(vm: Vm) -> Disk:
    found: Disk = vm["properties"].get("storageProfile") or {}
    return found


def _os(vm: Vm) -> Disk:
    return _storage(vm).get("osDisk") or {}


def _data(vm: Vm) -> list[Disk]:
    return _storage(vm).get("dataDisks") or []


def _name(vm: Vm) -> str:
    return _os(vm).get("name") or "DISK"


def _sku(disk: Disk) -> str | None:
    return (disk.get("managedDisk") or {}).get("storageAccountType")


def _is_ephemeral(vm: Vm) -> bool:
    return bool((_os(vm).get("diffDiskSettings") or {}).get("option"))
