"""What to do where the subscription has no more to give, or where a lock stands, each with the command."""

from __future__ import annotations

from azext_dockervm.advice import region_commands
from azext_dockervm.advice.command_line import az
from azext_dockervm.advice.subject import NamedHost, PlacedHost

# Each cloud has a portal of its own, and quotas are raised nowhere else without an extension of az.
_MORE = "To ask for more, which costs nothing: Quotas in the portal."


def for_cores(host: PlacedHost) -> tuple[str, ...]:
    return (f"Your quota and its usage: {region_commands.show_compute_quota(host)}",
            "Choose a smaller --size or one of another family, or another --location.", _MORE)


def for_addresses(host: PlacedHost) -> tuple[str, ...]:
    return (f"Your quota of addresses and its usage: {region_commands.show_network_quota(host)}",
            f"Addresses that nothing uses, for --public-ip-address: {list_unused_addresses(host)}", _MORE)


def list_unused_addresses(host: NamedHost) -> str:
    """Of the whole subscription, by their ids."""
    return az("network", "public-ip", "list", "--query", "[?ipConfiguration==null]|[?natGateway==null].id", "-o", "tsv",
              subscription=host.subscription)


def for_a_lock(host: NamedHost, lock_id: str) -> tuple[str, ...]:
    return (f"Who may, takes it away: {az('lock', 'delete', '--ids', lock_id, subscription=host.subscription)}",)


def list_locks(host: NamedHost) -> str:
    return az("lock", "list", "-g", host.group, "-o", "table", subscription=host.subscription)


def register(host: NamedHost, namespace: str) -> str:
    """Once for each subscription; waits until it is done."""
    return az("provider", "register", "-n", namespace, "--wait", subscription=host.subscription)
