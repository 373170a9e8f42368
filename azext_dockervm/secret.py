"""A value that must never be shown: passwords, private keys, protected settings."""

from __future__ import annotations

import hmac
from typing import Any, Generic, NoReturn, TypeVar

Text = TypeVar("Text", str, bytes)

REDACTED = "<redacted>"


class Secret(Generic[Text]):
    """Wraps a ``str`` or ``bytes`` so that it can be passed on but not shown by accident.

    ``repr``, ``str``, ``format`` and ``%s`` give ``<redacted>``, so log lines and tracebacks are safe; ``pickle`` and
    ``json`` raise ``TypeError``. ``reveal()`` is the one way to the value, so a search for it finds every place
    where a secret leaves the program.

    It is no dataclass on purpose: ``dataclasses.asdict`` would open it, together with whatever holds it.
    """

    __slots__ = ("__value",)
    __value: Text

    def __init__(self, value: Text) -> None:
        if isinstance(value, Secret) or not isinstance(value, (str, bytes)):
            raise TypeError(f"a secret is str or bytes, not {type(value).__name__}")
        object.__setattr__(self, "_Secret__value", value)

    def reveal(self) -> Text:
        """The value itself. Hand it straight to what needs it; never keep it in a variable that outlives the call."""
        return self.__value

    def __repr__(self) -> str:
        return f"Secret({REDACTED})"

    def __str__(self) -> str:
        return REDACTED

    def __format__(self, spec: str) -> str:
        return REDACTED

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = self.reveal(), other.reveal()
        if type(mine) is not type(theirs):
            return False
        return hmac.compare_digest(_as_bytes(mine), _as_bytes(theirs))

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError("a secret can't be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a secret can't be changed")

    # Copies are the same object: az copies its argument namespaces.
    def __copy__(self) -> Secret[Text]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret[Text]:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a secret can't be pickled")


def _as_bytes(value: str | bytes) -> bytes:
    # surrogatepass: a password typed on a terminal with a broken encoding may hold lone surrogates.
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
