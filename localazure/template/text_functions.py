"""The functions that take texts apart, put them together, and read values out of them; put into the table by import."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import Any

from localazure.template.function_table import ANY, function, refuse_size
from localazure.template.values import text

_HOLE = re.compile(r"\{\{|\}\}|\{(\d+)(?:,(-?\d+))?(?::([^}]*))?\}|[{}]")


@function("format", "String", ANY, least=1, more=True)
def _format(pattern: str, *values: Any) -> str:
    def fill(match: re.Match[str]) -> str:
        if match.group() in ("{{", "}}"):
            return match.group()[0]
        if match.group(1) is None:
            raise ValueError("the input string was not in a correct format")
        if int(match.group(1)) >= len(values):
            raise ValueError("the index of a placeholder is larger than the number of arguments")
        shown = _formatted(values[int(match.group(1))], match.group(3))
        width = int((match.group(2) or "0")[:9])
        refuse_size(max(len(shown), abs(width)) * holes)
        return shown.rjust(width) if width >= 0 else shown.ljust(-width)

    holes = pattern.count("{")
    return _HOLE.sub(fill, pattern)


def _formatted(value: Any, style: str | None) -> str:
    """A value in one of .NET's number formats D, X, N and F; anything else as it is."""
    match = re.fullmatch(r"([DdXxNnFf])(\d{0,2})", style or "")
    if match is None or not isinstance(value, int) or isinstance(value, bool):
        return text(value)
    kind, digits = match.group(1), int(match.group(2) or 0)
    if kind in "Dd":
        return ("-" if value < 0 else "") + str(abs(value)).zfill(digits)
    if kind in "Xx":
        return format(value & 0xFFFFFFFFFFFFFFFF, kind).zfill(digits)
    digits = digits if match.group(2) else 2
    return format(value, f",.{digits}f" if kind in "Nn" else f".{digits}f")


@function("join", "Array", "String")
def _join(values: list[Any], separator: str) -> str:
    refuse_size(len(separator) * len(values))
    return separator.join(text(value) for value in values)


@function("split", "String", "String|Array")
def _split(value: str, separators: str | list[str]) -> list[str]:
    signs = [separators] if isinstance(separators, str) else separators
    return re.split("|".join(re.escape(sign) for sign in signs if sign) or r"(?!)", value)


@function("replace", "String", "String", "String")
def _replace(value: str, old: str, new: str) -> str:
    if not old:
        raise ValueError("the text to replace can't be empty")
    refuse_size(value.count(old) * len(new))
    return value.replace(old, new)


@function("substring", "String", "Integer", "Integer", least=2)
def _substring(value: str, start: int, length: int | None = None) -> str:
    end = len(value) if length is None else start + length
    if not 0 <= start <= len(value) or not start <= end <= len(value):
        raise ValueError(
            "the index and length parameters must refer to a location within the string. The index parameter: "
            f"'{start}', the length parameter: '{length}', the length of the string parameter: '{len(value)}'"
        )
    return value[start:end]


@function("padLeft", "String|Integer", "Integer", "String", least=2)
def _pad_left(value: str | int, width: int, sign: str = " ") -> str:
    if len(sign) != 1:
        raise ValueError("the padding must be a single character")
    if width > 16:
        raise ValueError("the total length can't be more than 16")
    return text(value).rjust(width, sign)


@function("base64ToString", "String")
def _base64_to_string(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("the argument is not a text in base64") from None


@function("base64ToJson", "String")
def _base64_to_json(value: str) -> Any:
    return _json(_base64_to_string(value))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


@function("json", "String")
def _json(value: str) -> Any:
    try:
        return json.loads(value, parse_constant=_refuse_constant, parse_float=_float)
    except ValueError:
        raise ValueError("the argument is not JSON") from None


@function("int", "Integer|Float|String")
def _int(value: Any) -> int:
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"the value '{value}' can't be converted to a whole number") from None


@function("float", "Integer|Float|String")
def _float(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"the value '{value}' is not a finite number")
    return number


@function("bool", "Boolean|Integer|String")
def _bool(value: Any) -> bool:
    if isinstance(value, str):
        if value.strip().lower() not in ("true", "false", "0", "1"):
            raise ValueError(f"the value '{value}' can't be converted to a boolean")
        return value.strip().lower() in ("true", "1")
    return bool(value)
