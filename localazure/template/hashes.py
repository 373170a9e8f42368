"""uniqueString and guid: the same values as the real service's for the same arguments."""

from __future__ import annotations

import uuid

_GUID_NAMESPACE = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_MASK = 0xFFFFFFFF
# The multipliers of MurmurHash3's x86 variants; the service's hash is a mixture of its own of them.
_C1, _C2 = 2869860233, 597399067
_F1, _F2 = 2246822507, 3266489909


def guid(values: list[str]) -> str:
    """A UUID of version 5 in the service's namespace."""
    return str(uuid.uuid5(_GUID_NAMESPACE, "-".join(values)))


def unique_string(values: list[str]) -> str:
    """Thirteen lower-case letters and digits."""
    number = _hash("-".join(values).encode())
    return "".join(_ALPHABET[(number << 5 * place & 0xFFFFFFFFFFFFFFFF) >> 59] for place in range(13))


def _rotate(value: int, by: int) -> int:
    return (value << by | value >> (32 - by)) & _MASK


def _scramble(value: int, first: int, by: int, second: int) -> int:
    return _rotate(value * first & _MASK, by) * second & _MASK


def _finish(value: int) -> int:
    value = (value ^ value >> 16) * _F1 & _MASK
    value = (value ^ value >> 13) * _F2 & _MASK
    return value ^ value >> 16


def _hash(data: bytes) -> int:
    low = high = 0
    whole = len(data) - len(data) % 8
    for at in range(0, whole, 8):
        first, second = (int.from_bytes(data[start : start + 4], "little") for start in (at, at + 4))
        low = (_rotate(low ^ _scramble(first, _C2, 15, _C1), 19) + high) * 5 + 1444728091 & _MASK
        high = (_rotate(high ^ _scramble(second, _C1, 17, _C2), 13) + low) * 5 + 197830471 & _MASK
    rest = data[whole:]
    if rest:
        low ^= _scramble(int.from_bytes(rest[:4], "little"), _C2, 15, _C1)
    if len(rest) > 4:
        high ^= _scramble(int.from_bytes(rest[4:], "little"), _C1, 17, _C2)
    last_high = high ^ len(data)
    last_low = (low ^ len(data)) + last_high & _MASK
    last_high = last_high + last_low & _MASK
    last_low, last_high = _finish(last_low), _finish(last_high)
    last_low = last_low + last_high & _MASK
    last_high = last_high + last_low & _MASK
    return last_high << 32 | last_low
