"""A plan as it is printed, against the requests that were sent: what was not known yet stands for what it became."""

from __future__ import annotations

import re
from typing import Any

from azext_dockervm.secret import REDACTED

LATER = re.compile(r"<[a-z_]+[.:][^<>]*>")      # a Ref


def requests(steps: list[dict[str, Any]], *otherwise: str) -> list[dict[str, Any]]:
    """Those of one way through the plan: of an alternative the first, or the second where one of its keys is named."""
    found = []
    for one in steps:
        if "first" in one:
            fell = any(step["step"] in otherwise for step in one["otherwise"])
            # The first way's first write was sent all the same; it failed.
            found += [*requests(one["first"])[:1], *requests(one["otherwise"])] if fell else requests(one["first"])
        elif "request" in one:
            found.append(one["request"])
    return found


def fits(shown: Any, sent: Any) -> bool:
    """Whether what was printed is what was sent: a Ref stands for anything but another, a redacted secret for text."""
    if isinstance(shown, dict):
        return isinstance(sent, dict) and shown.keys() == sent.keys() and all(fits(shown[key], sent[key])
                                                                              for key in shown)
    if isinstance(shown, list):
        return isinstance(sent, list) and len(shown) == len(sent) and all(map(fits, shown, sent))
    if shown == REDACTED:
        return isinstance(sent, str) and sent not in ("", REDACTED)
    if isinstance(shown, str) and LATER.fullmatch(shown):
        return isinstance(sent, (str, int)) and sent != "" and not LATER.fullmatch(str(sent))
    return shown == sent and type(shown) is type(sent)
