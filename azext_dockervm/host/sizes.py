"""Sizes that can be had in place of one that can't."""

from __future__ import annotations

from collections.abc import Iterable

from azext_dockervm.azure.offers import Offer

ALTERNATIVES = 5


def nearest_sizes(offered: Iterable[Offer], asked: str) -> list[str]:
    """Of a region's sizes those that can be had and are like the one that can't: the same architecture, the nearest
    number of vCPUs, then those of its own family."""
    sizes = list(offered)
    kind = next((kind for name, kind, _ in sizes if name.lower() == asked.lower()), None)
    if kind is None or not kind[0].isdigit():
        return []
    family = asked.lower().partition("_")[2][:1]
    wanted = int(kind[0])

    def distance(size: Offer) -> tuple[int, bool, str]:
        name, (cores, _), _ = size
        return abs(int(cores) - wanted), name.lower().partition("_")[2][:1] != family, name

    like = [size for size in sizes if size[2] and size[1][1] == kind[1] and size[1][0].isdigit()]
    return [f"{name} ({cores} vCPUs)" for name, (cores, _), _ in sorted(like, key=distance)[:ALTERNATIVES]]
