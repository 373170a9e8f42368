"""Commands about the disks of a host, and what encrypts them."""

from __future__ import annotations

from azext_dockervm.advice import host_commands
from azext_dockervm.advice.command_line import az
from azext_dockervm.advice.subject import NamedHost


def list_disks(group: str, subscription: str | None) -> str:
    return az("disk", "list", "-g", group, "-o", "table", subscription=subscription)


def list_encryption_sets(group: str, subscription: str | None) -> str:
    return az("disk-encryption-set", "list", "-g", group, "-o", "table", subscription=subscription)


def detach(vm_group: str, vm: str, disk: str, subscription: str | None) -> str:
    """From another VM."""
    return az("vm", "disk", "detach", "-g", vm_group, "--vm-name", vm, "-n", disk, subscription=subscription)


def add(host: NamedHost, gigabytes: int) -> str:
    """DISK stands for a name that the user chooses."""
    return _at(host, "attach", "-n", "DISK", "--new", "--size-gb", gigabytes)


def attach(host: NamedHost, disk: object) -> str:
    """A disk by its name, in the host's group, or its id."""
    return _at(host, "attach", "-n", disk)


def grow(host: NamedHost, disk: str, gigabytes: object) -> str:
    """An OS disk grows while its VM is deallocated only."""
    return _of_disk(host, disk, "--size-gb", gigabytes)


def grow_docker_disk(host: NamedHost, disk: str, gigabytes: object) -> str:
    """``disk`` by name or id. While the host runs; the file system grows when the engine starts."""
    by_id = az("disk", "update", "--ids", disk, "--size-gb", gigabytes)
    command = by_id if "/" in disk else grow(host, disk, gigabytes)
    return f"To grow it: {command}\nThe host uses the new size after a restart: {host_commands.restart(host)}"


def full_docker_disk(host: NamedHost, disk: str) -> str:
    """GB stands for a size that the user chooses."""
    return grow_docker_disk(host, disk, "GB")


def put_docker_disk_back(host: NamedHost, disk: str) -> str:
    return f"To attach it: {attach(host, disk)}\nThe engine starts with the next restart: {host_commands.restart(host)}"


def change_type(host: NamedHost, disk: str, sku: str) -> str:
    """While the VM is deallocated only."""
    return _of_disk(host, disk, "--sku", sku)


def encrypt(host: NamedHost, disk: str, encryption_set: object) -> str:
    """While the VM is deallocated only."""
    return _of_disk(host, disk, "--encryption-type", "EncryptionAtRestWithCustomerKey", "--disk-encryption-set",
                    encryption_set)


def cache(host: NamedHost, *words: str) -> str:
    """``words`` such as os=ReadOnly and 0=None."""
    return az("vm", "update", "-g", host.group, "-n", host.name, "--disk-caching", *words,
              subscription=host.subscription)


def encrypt_at_host(host: NamedHost, on: bool) -> str:
    """While the VM is deallocated only."""
    return az("vm", "update", "-g", host.group, "-n", host.name, "--set",
              f"securityProfile.encryptionAtHost={str(on).lower()}", subscription=host.subscription)


def deallocate(host: NamedHost) -> str:
    return az("vm", "deallocate", "-g", host.group, "-n", host.name, subscription=host.subscription)


def register_feature(name: str, subscription: str | None) -> str:
    """One of Microsoft.Compute's, for the subscription; it takes Azure some minutes."""
    return az("feature", "register", "--namespace", "Microsoft.Compute", "--name", name, subscription=subscription)


def _at(host: NamedHost, verb: str, *words: object) -> str:
    return az("vm", "disk", verb, "-g", host.group, "--vm-name", host.name, *words, subscription=host.subscription)


def _of_disk(host: NamedHost, disk: str, *words: object) -> str:
    return az("disk", "update", "-g", host.group, "-n", disk, *words, subscription=host.subscription)
