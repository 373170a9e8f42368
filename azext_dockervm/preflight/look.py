"""One thing to look at before anything is made: what reads it, when it is wanted, what of ``Found`` it fills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from azext_dockervm.azure.calls import Azure
from azext_dockervm.errors import AzureRefused
from azext_dockervm.preflight.found import Found
from azext_dockervm.spec.host import HostSpec

Answer = TypeVar("Answer")

Read = Callable[[Azure, HostSpec, Found], Any]


def _always(_spec: HostSpec, _found: Found) -> bool:
    return True


@dataclass(frozen=True)
class Look:
    """``read`` may raise what ends the command. ``fills`` names fields of ``Found``, none where it only checks; for
    several of them it gives a tuple."""

    name: str
    read: Read
    fills: tuple[str, ...] = ()
    wanted: Callable[[HostSpec, Found], bool] = _always

    def filled(self, answer: Any) -> dict[str, Any]:
        """The fields, with what was read."""
        return dict(zip(self.fills, answer if len(self.fills) > 1 else (answer,), strict=True)) if self.fills else {}


def filling(fields: str, read: Read, wanted: Callable[[HostSpec, Found], bool] = _always) -> Look:
    """``fields`` with a space between them."""
    return Look(fields, read, tuple(fields.split()), wanted)


def is_new(_spec: HostSpec, found: Found) -> bool:
    """Whether the VM has yet to be made."""
    return found.vm is None


def unknown_if_forbidden(call: Callable[[], Answer]) -> Callable[[], Answer | None]:
    """People with rights on one group only are normal: a 403 on a read means 'unknown', not failure."""
    def read() -> Answer | None:
        try:
            return call()
        except AzureRefused as error:
            if error.status == 403:
                return None
            raise
    return read
