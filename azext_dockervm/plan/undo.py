"""Undoing what a run made, and never what another run has made under the same name meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from azext_dockervm import names


def undo_own(read: Callable[[], dict | None], delete: Callable[[], object], run_id: str) -> Callable[[], bool]:
    """``delete``, once a look has shown that what bears the name now is this run's → whether it is gone."""
    def undo() -> bool:
        found = read()
        if found is not None and names.tag(found, names.TAG_RUN) != run_id:
            return False
        if found is not None:
            delete()
        return True

    return undo
