"""Commands that change a VM which is there: by az, for what create leaves as it is; and what must be there before."""

from __future__ import annotations

from collections.abc import Iterable

from azext_dockervm.advice.command_line import az, tool
from azext_dockervm.advice.subject import NamedHost


def update(host: NamedHost, option: str, value: str) -> str:
    """``az vm update`` with one of its options."""
    return _vm(host, "update", option, value)


def enable_boot_diagnostics(host: NamedHost, storage: str) -> str:
    """``storage`` as ``az vm create`` takes it; "" for storage that Azure manages."""
    return _vm(host, "boot-diagnostics enable", *(("--storage", storage) if storage else ()))


def assign_identity(host: NamedHost, identities: Iterable[str]) -> str:
    """``identities`` are ids, or names in the host's group, and [system]; they join those that the VM has."""
    return _vm(host, "identity assign", "--identities", *identities)


def shut_down_daily(host: NamedHost, time: str) -> str:
    """At ``time`` (HHMM) of UTC: the command knows no other time zone."""
    return _vm(host, "auto-shutdown", "--time", time)


def end_daily_shutdown(host: NamedHost) -> str:
    return _vm(host, "auto-shutdown", "--off")


def list_availability_sets(group: str, subscription: str | None) -> str:
    return az("vm", "availability-set", "list", "-g", group, "-o", "table", subscription=subscription)


def list_proximity_groups(group: str, subscription: str | None) -> str:
    return az("ppg", "list", "-g", group, "-o", "table", subscription=subscription)


def create_identity(group: str, name: str, region: str | None, subscription: str | None) -> str:
    return az("identity", "create", "-g", group, "-n", name, *(("-l", region) if region else ()),
              subscription=subscription)


def create_ssh_key(group: str, name: str, region: str | None, subscription: str | None) -> str:
    """Makes a key pair: the public key becomes a resource, the private one a file in ~/.ssh."""
    return az("sshkey", "create", "-g", group, "-n", name, *(("-l", region) if region else ()),
              subscription=subscription)


def list_storage_accounts(subscription: str | None) -> str:
    return az("storage", "account", "list", "-o", "table", subscription=subscription)


def while_deallocated(host: NamedHost, change: str) -> str:
    """Lines to type one after the other: what Azure changes only while the VM is deallocated, which stops the host."""
    return "\n    ".join(["To change it, which stops the host meanwhile:", _vm(host, "deallocate"), change,
                          _vm(host, "start")])


def log_in(user: str, address: str, port: int) -> str:
    """By SSH."""
    return tool("ssh", *(() if port == 22 else ("-p", port)), f"{user}@{address}")


def _vm(host: NamedHost, verbs: str, *words: str) -> str:
    return az("vm", *verbs.split(), "-g", host.group, "-n", host.name, *words, subscription=host.subscription)
