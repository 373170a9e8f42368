"""A route table that somebody made, as it is read: where it sends packets for the Internet."""

from __future__ import annotations

from collections.abc import Iterator

from azext_dockervm.body.resource import Resource

_DEFAULT = "0.0.0.0/0"
# Two of these are a default route too, which outdoes one that a gateway has announced.
_HALVES = frozenset({"0.0.0.0/1", "128.0.0.0/1"})
_INTERNET = "internet"


def diverted(table: Resource | None) -> str | None:
    """Where everything for the Internet goes instead, in Azure's words such as 'VirtualAppliance 10.0.0.4'; None where
    it goes to the Internet, or where nothing is known."""
    hops = dict(_hops(table))
    if _DEFAULT in hops:
        return _elsewhere(hops[_DEFAULT])
    return _elsewhere(hops["0.0.0.0/1"]) if hops.keys() >= _HALVES else None


def _elsewhere(hop: str) -> str | None:
    return None if hop.lower() == _INTERNET else hop


def _hops(table: Resource | None) -> Iterator[tuple[str, str]]:
    for route in ((table or {}).get("properties") or {}).get("routes") or []:
        properties = route.get("properties") or {}
        hop = " ".join(filter(None, (properties.get("nextHopType"), properties.get("nextHopIpAddress"))))
        if hop:
            yield properties.get("addressPrefix") or "", hop
