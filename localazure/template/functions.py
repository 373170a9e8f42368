"""The functions that need nothing but their arguments: text, numbers, logic, arrays and objects."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urljoin

from localazure.template import hashes
from localazure.template.budget import LARGEST
from localazure.template.errors import unevaluable
from localazure.template.values import find, item, mark, member, same, text, type_name

_ANY = "Any"


@dataclass(frozen=True)
class Function:
    """`types` are those of the arguments ("String|Array"); the last one counts for all that follow if `more`."""

    call: Callable[..., Any]
    types: tuple[str, ...]
    least: int
    more: bool = False


PURE: dict[str, Function] = {}


def apply(name: str, arguments: list[Any]) -> Any:
    """Call one of PURE; raises TemplateError for a wrong number or type of arguments."""
    function = PURE[name.lower()]
    _check(name, function, arguments)
    try:
        return function.call(*arguments)
    except (ValueError, OverflowError, IndexError) as error:
        raise unevaluable(name, f"{error}.") from None
    except RecursionError:
        raise unevaluable(name, "the value is nested too deeply.") from None


def _check(name: str, function: Function, arguments: list[Any]) -> None:
    count = len(arguments)
    if count < function.least or (count > len(function.types) and not function.more):
        expected = (
            str(function.least)
            if not function.more and function.least == len(function.types)
            else (f"{function.least} or more" if function.more else f"{function.least} to {len(function.types)}")
        )
        raise unevaluable(name, f"the function expects {expected} arguments and was given {count}.")
    for place, value in enumerate(arguments):
        wanted = function.types[min(place, len(function.types) - 1)]
        if wanted != _ANY and type_name(value) not in wanted.split("|"):
            raise unevaluable(
                name,
                f"the argument at position {place + 1} must be of type '{wanted.replace('|', ', ')}', and is of type "
                f"'{type_name(value)}'.",
            )


def _function(name: str, *types: str, least: int | None = None, more: bool = False) -> Callable[[Any], Any]:
    def register(call: Any) -> Any:
        PURE[name.lower()] = Function(call, types, len(types) if least is None else least, more)
        return call

    return register


def _simple(types: str, functions: dict[str, Callable[..., Any]]) -> None:
    for name, call in functions.items():
        _function(name, *types.split())(call)


def _refuse_size(size: int) -> None:
    if size > LARGEST:
        raise ValueError(f"the result would be longer than {LARGEST} characters")


def _refuse_zero(divisor: int) -> int:
    if divisor == 0:
        raise ValueError("attempted to divide by zero")
    return divisor


def _quotient(dividend: int, divisor: int) -> int:
    whole = abs(dividend) // abs(_refuse_zero(divisor))
    return whole if (dividend < 0) == (divisor < 0) else -whole


_simple("String", {
    "toLower": str.lower,
    "toUpper": str.upper,
    "trim": str.strip,
    "uriComponent": lambda value: quote(value, safe="-_.!~*'()"),
    "uriComponentToString": unquote,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "dataUri": lambda value: f"data:text/plain;charset=utf8;base64,{base64.b64encode(value.encode()).decode()}",
})  # fmt: skip
_simple("String String", {
    # These three ignore case, as the service's do; contains() and replace() don't.
    "startsWith": lambda value, part: value.lower().startswith(part.lower()),
    "endsWith": lambda value, part: value.lower().endswith(part.lower()),
    "indexOf": lambda value, part: value.lower().find(part.lower()),
    "lastIndexOf": lambda value, part: value.lower().rfind(part.lower()),
    "uri": lambda base, relative: urljoin(base, relative),
})  # fmt: skip
_simple("Integer Integer", {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": _quotient,
    "mod": lambda a, b: a - b * _quotient(a, b),
})  # fmt: skip
_simple("Integer|String Integer|String", {
    "less": lambda a, b: _comparable(a, b) and a < b,
    "lessOrEquals": lambda a, b: _comparable(a, b) and a <= b,
    "greater": lambda a, b: _comparable(a, b) and a > b,
    "greaterOrEquals": lambda a, b: _comparable(a, b) and a >= b,
})  # fmt: skip
_simple("", {"true": lambda: True, "false": lambda: False, "null": lambda: None})
_simple("Boolean", {"not": lambda value: not value})
_simple("Any Any", {"equals": same})
_simple("Any", {"string": text, "array": lambda value: value if isinstance(value, list) else [value]})
_simple("String|Array|Object", {"length": len})
_simple("String|Array", {
    "first": lambda value: value[0] if value else ("" if isinstance(value, str) else None),
    "last": lambda value: value[-1] if value else ("" if isinstance(value, str) else None),
})  # fmt: skip
_simple("String|Array Integer", {
    "take": lambda value, count: value[: max(0, count)],
    "skip": lambda value, count: value[max(0, count) :],
})  # fmt: skip
_simple("Object", {
    "items": lambda value: [{"key": name, "value": value[name]} for name in sorted(value)],
    "objectKeys": sorted,
})  # fmt: skip


def _comparable(first: Any, second: Any) -> bool:
    if type_name(first) != type_name(second):
        raise ValueError("both arguments must be of the same type")
    return True


@_function("empty", "String|Array|Object|Null")
def _empty(value: Any) -> bool:
    return not value


@_function("concat", "String|Integer|Boolean|Array", least=1, more=True)
def _concat(*values: Any) -> Any:
    if all(isinstance(value, list) for value in values):
        return [inner for value in values for inner in value]
    if any(isinstance(value, list) for value in values):
        raise ValueError("the arguments must all be arrays or none of them")
    return "".join(text(value) for value in values)


@_function("uniqueString", "String", least=1, more=True)
def _unique_string(*values: str) -> str:
    return hashes.unique_string(list(values))


@_function("guid", "String", least=1, more=True)
def _guid(*values: str) -> str:
    return hashes.guid(list(values))


_HOLE = re.compile(r"\{\{|\}\}|\{(\d+)(?:,(-?\d+))?(?::([^}]*))?\}|[{}]")


@_function("format", "String", _ANY, least=1, more=True)
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
        _refuse_size(max(len(shown), abs(width)) * holes)
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


@_function("join", "Array", "String")
def _join(values: list[Any], separator: str) -> str:
    _refuse_size(len(separator) * len(values))
    return separator.join(text(value) for value in values)


@_function("split", "String", "String|Array")
def _split(value: str, separators: str | list[str]) -> list[str]:
    signs = [separators] if isinstance(separators, str) else separators
    return re.split("|".join(re.escape(sign) for sign in signs if sign) or r"(?!)", value)


@_function("replace", "String", "String", "String")
def _replace(value: str, old: str, new: str) -> str:
    if not old:
        raise ValueError("the text to replace can't be empty")
    _refuse_size(value.count(old) * len(new))
    return value.replace(old, new)


@_function("substring", "String", "Integer", "Integer", least=2)
def _substring(value: str, start: int, length: int | None = None) -> str:
    end = len(value) if length is None else start + length
    if not 0 <= start <= len(value) or not start <= end <= len(value):
        raise ValueError(
            "the index and length parameters must refer to a location within the string. The index parameter: "
            f"'{start}', the length parameter: '{length}', the length of the string parameter: '{len(value)}'"
        )
    return value[start:end]


@_function("padLeft", "String|Integer", "Integer", "String", least=2)
def _pad_left(value: str | int, width: int, sign: str = " ") -> str:
    if len(sign) != 1:
        raise ValueError("the padding must be a single character")
    if width > 16:
        raise ValueError("the total length can't be more than 16")
    return text(value).rjust(width, sign)


@_function("base64ToString", "String")
def _base64_to_string(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("the argument is not a text in base64") from None


@_function("base64ToJson", "String")
def _base64_to_json(value: str) -> Any:
    return _json(_base64_to_string(value))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


@_function("json", "String")
def _json(value: str) -> Any:
    try:
        return json.loads(value, parse_constant=_refuse_constant, parse_float=_float)
    except ValueError:
        raise ValueError("the argument is not JSON") from None


@_function("int", "Integer|Float|String")
def _int(value: Any) -> int:
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"the value '{value}' can't be converted to a whole number") from None


@_function("float", "Integer|Float|String")
def _float(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"the value '{value}' is not a finite number")
    return number


@_function("bool", "Boolean|Integer|String")
def _bool(value: Any) -> bool:
    if isinstance(value, str):
        if value.strip().lower() not in ("true", "false", "0", "1"):
            raise ValueError(f"the value '{value}' can't be converted to a boolean")
        return value.strip().lower() in ("true", "1")
    return bool(value)


@_function("contains", "String|Array|Object", _ANY)
def _contains(container: Any, wanted: Any) -> bool:
    if isinstance(container, str):
        return text(wanted) in container
    if isinstance(container, list):
        return any(same(one, wanted) for one in container)
    return isinstance(wanted, str) and find(container, wanted) is not None


@_function("createArray", _ANY, least=0, more=True)
def _create_array(*values: Any) -> list[Any]:
    return list(values)


@_function("createObject", _ANY, least=0, more=True)
def _create_object(*values: Any) -> dict[str, Any]:
    if len(values) % 2 or not all(isinstance(name, str) for name in values[::2]):
        raise ValueError("the arguments must be pairs of a name, which is a string, and a value")
    return dict(zip(values[::2], values[1::2], strict=True))


@_function("range", "Integer", "Integer")
def _range(start: int, count: int) -> list[int]:
    if not 0 <= count <= 10000:
        raise ValueError("the count must be from 0 to 10000")
    return list(range(start, start + count))


@_function("min", "Integer|Array", least=1, more=True)
def _min(*values: Any) -> int:
    return min(_numbers(values))


@_function("max", "Integer|Array", least=1, more=True)
def _max(*values: Any) -> int:
    return max(_numbers(values))


def _numbers(values: tuple[Any, ...]) -> list[int]:
    numbers = list(values[0]) if len(values) == 1 and isinstance(values[0], list) else list(values)
    if not numbers or not all(type_name(one) == "Integer" for one in numbers):
        raise ValueError("the arguments must be whole numbers, or one array of them")
    return numbers


@_function("union", "Array|Object", least=2, more=True)
def _union(*values: Any) -> Any:
    _of_one_kind(values)
    if isinstance(values[0], list):
        found: dict[Any, Any] = {}
        for value in (inner for one in values for inner in one):
            found.setdefault(mark(value), value)
        return list(found.values())
    merged: dict[str, Any] = {}
    for value in values:
        merged = _merge(merged, value)
    return merged


def _merge(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Members of the second win; objects in both are merged in their turn."""
    merged = dict(first)
    spelled = {name.lower(): name for name in merged}
    for name, value in second.items():
        kept = spelled.setdefault(name.lower(), name)
        before = merged.get(kept)
        merged[kept] = _merge(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged


@_function("intersection", "Array|Object", least=2, more=True)
def _intersection(*values: Any) -> Any:
    _of_one_kind(values)
    first, *others = values
    if isinstance(first, list):
        marks = [{mark(value) for value in other} for other in others]
        return [one for one in _union(first, []) if all(mark(one) in known for known in marks)]
    return {
        name: value for name, value in first.items()
        if all((own := find(other, name)) is not None and same(other[own], value) for other in others)
    }  # fmt: skip


def _of_one_kind(values: tuple[Any, ...]) -> None:
    if len({type_name(value) for value in values}) > 1:
        raise ValueError("the arguments must all be arrays or all be objects")


@_function("shallowMerge", "Array")
def _shallow_merge(values: list[dict[str, Any]]) -> dict[str, Any]:
    if not all(isinstance(value, dict) for value in values):
        raise ValueError("the items of the array must be objects")
    return {name: inner for value in values for name, inner in value.items()}


@_function("flatten", "Array")
def _flatten(values: list[Any]) -> list[Any]:
    return [inner for value in values for inner in (value if isinstance(value, list) else [value])]


@_function("tryGet", _ANY, "String|Integer", least=2, more=True)
def _try_get(value: Any, *path: Any) -> Any:
    for part in path:
        there = isinstance(value, dict) and isinstance(part, str) and find(value, part) is not None
        if not there and not (isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value)):
            return None
        value = member(value, part) if isinstance(part, str) else item(value, part)
    return value


@_function("cidrSubnet", "String", "Integer", "Integer")
def _cidr_subnet(network: str, size: int, index: int) -> str:
    whole = ipaddress.ip_network(network, strict=False)
    if size < whole.prefixlen or size > whole.max_prefixlen or not 0 <= index < 2 ** (size - whole.prefixlen):
        raise ValueError(f"the network {whole} has no subnet {index} of size {size}")
    first = int(whole.network_address) + index * 2 ** (whole.max_prefixlen - size)
    return f"{type(whole.network_address)(first)}/{size}"


@_function("cidrHost", "String", "Integer")
def _cidr_host(network: str, index: int) -> str:
    whole = ipaddress.ip_network(network, strict=False)
    return str(whole[index + 1])
