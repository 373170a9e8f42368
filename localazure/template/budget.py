"""Budget: how large the values of one template may get, and how much work they may be."""

from __future__ import annotations

from typing import Any

from localazure.template.errors import TemplateError

LARGEST = 4 * 1024 * 1024  # characters of a value as JSON: the service's own limit of a template that is written out
# What all values of a template may add up to; a call counts as a few characters by itself. It takes about a second.
_MOST = 8 * LARGEST
_CALL = 64
_INTEGERS = range(-(2**63), 2**63)


class Budget:
    """What is left for one template. Without it a few lines could ask for more memory than there is."""

    def __init__(self) -> None:
        self._spent = 0
        # Sizes of the arrays and objects that were made; each is kept, so that its id stays its own.
        self._sizes: dict[int, tuple[Any, int]] = {}

    def take(self, value: Any) -> Any:
        """The value; raises TemplateError where it or all of them are too large."""
        if isinstance(value, int) and value not in _INTEGERS:
            raise TemplateError("The language expression's whole number does not fit into 64 bits.")
        before = len(self._sizes)
        size = self._size(value)
        self._spent += _CALL + (size if isinstance(value, str) else _CALL * (len(self._sizes) - before))
        if isinstance(value, (list, dict)):
            self._spent += 8 * len(value)
        if size > LARGEST:
            raise _too_large("a value", LARGEST)
        if self._spent > _MOST:
            raise _too_large("what is evaluated for it", _MOST)
        return value

    def refuse(self, values: list[Any]) -> None:
        """Raise TemplateError for arguments that are too large together: a function's result may be as large."""
        if sum(self._size(value) for value in values) > LARGEST:
            raise _too_large("the arguments of a function", LARGEST)

    def _size(self, value: Any) -> int:
        if isinstance(value, str):
            return len(value) + 2
        if not isinstance(value, (list, dict)):
            return 8
        known = self._sizes.get(id(value))
        if known is None:
            inner = value if isinstance(value, list) else value.values()
            size = 2 + sum(self._size(one) for one in inner)
            if isinstance(value, dict):
                size += sum(len(name) + 4 for name in value)
            known = self._sizes[id(value)] = (value, size)
        return known[1]


def _too_large(what: str, limit: int) -> TemplateError:
    return TemplateError(f"The template exceeds the size that is allowed: {what} is over '{limit}' characters.")
