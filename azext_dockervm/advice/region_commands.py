"""Commands about a region: which ones there are, what can be had in one, and how much of it."""

from __future__ import annotations

from azext_dockervm.advice.command_line import az
from azext_dockervm.advice.subject import AskedHost, PlacedHost

_ANY = "REGION"     # stands for a region that the user fills in


def list_regions(subscription: str | None = None) -> str:
    """With the names that people read beside those to type."""
    return az("account", "list-locations", "-o", "table", subscription=subscription)


def list_region_names(subscription: str | None) -> str:
    return az("account", "list-locations", "--query", "[].name", "-o", "tsv", subscription=subscription)


def list_groups(subscription: str | None) -> str:
    return az("group", "list", "-o", "table", subscription=subscription)


def list_sizes(region: str | None, subscription: str | None = None) -> str:
    """``az vm list-sizes`` is deprecated, and lists what can't be had."""
    return az("vm", "list-skus", "--resource-type", "virtualMachines", "-l", region or _ANY, "-o", "table",
              subscription=subscription)


def list_zonal_sizes(region: str | None, subscription: str | None = None, size: str | None = None) -> str:
    """The sizes that can be had in zones, and in which; ``size`` is one of them, or what its name begins with."""
    return az("vm", "list-skus", "-l", region or _ANY, "--zone", *(("--size", size) if size else ()), "-o", "table",
              subscription=subscription)


def list_publisher_images(host: AskedHost) -> str:
    """The images of the publisher whose image was asked for."""
    return az("vm", "image", "list", "-l", host.location or _ANY, "--publisher", host.machine.image.publisher, "--all",
              "-o", "table", subscription=host.subscription)


def accept_terms(host: AskedHost) -> str:
    """Once for each subscription and image of a Marketplace publisher."""
    return az("vm", "image", "terms", "accept", "--urn", host.machine.image, subscription=host.subscription)


def show_compute_quota(host: PlacedHost) -> str:
    return _usage(host, "vm", "list-usage")


def show_network_quota(host: PlacedHost) -> str:
    return _usage(host, "network", "list-usages")


def _usage(host: PlacedHost, *words: str) -> str:
    return az(*words, "-l", host.location or _ANY, "-o", "table", subscription=host.subscription)
