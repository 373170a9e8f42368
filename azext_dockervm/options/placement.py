"""Options that say where a host stands."""

from __future__ import annotations

from azext_dockervm.options.option import Option, filled
from azext_dockervm.spec import rules


def _region(text: str) -> str:
    """az's own type asks Azure for its regions while it parses; this one only folds case and spaces. What else az says
    of every argument of this name stays: ``az config set defaults.location``."""
    return filled(text).replace(" ", "").lower()


PLACEMENT = (
    Option("location", "--location -l", "Region, as 'westus' or \"West US\".",
           default_in_words="the resource group's", read=_region, check=rules.check_location, place="location",
           parser={"completer": "regions"}),
)
