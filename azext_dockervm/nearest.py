"""What somebody probably meant: of the words that are known, those that are spelled like what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterable


def nearest(text: str, known: Iterable[str], most: int = 3, cutoff: float = 0.7) -> list[str]:
    """The closest first, as ``known`` spells them; case and punctuation do not count. ``cutoff`` is difflib's ratio,
    from 0 to 1: 0.7 is what az takes for its own commands."""
    import difflib

    by_plain_name: dict[str, str] = {}
    for name in known:
        by_plain_name.setdefault(_plain(name), name)
    wanted = _plain(text)
    if wanted in by_plain_name:
        return [by_plain_name[wanted]]
    return [by_plain_name[one] for one in difflib.get_close_matches(wanted, by_plain_name, n=most, cutoff=cutoff)]


def did_you_mean(names: Iterable[str]) -> str:
    """A sentence with a space before it, to be put behind a message; empty for no names."""
    found = list(names)
    return f" Did you mean {' or '.join(found)}?" if found else ""


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
