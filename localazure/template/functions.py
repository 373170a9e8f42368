"""The functions that need nothing but their arguments: text, numbers, logic, arrays and objects."""

from __future__ import annotations

import base64
import ipaddress
from typing import Any
from urllib.parse import quote, unquote, urljoin

from localazure.template import hashes, text_functions
from localazure.template.function_table import ANY, PURE, apply, function, simple
from localazure.template.values import find, item, mark, member, same, text, type_name

__all__ = ["PURE", "apply", "text_functions"]  # those of texts too are in the table then


def _refuse_zero(divisor: int) -> int:
    if divisor == 0:
        raise ValueError("attempted to divide by zero")
    return divisor


def _quotient(dividend: int, divisor: int) -> int:
    whole = abs(dividend) // abs(_refuse_zero(divisor))
    return whole if (dividend < 0) == (divisor < 0) else -whole


simple("String", {
    "toLower": str.lower,
    "toUpper": str.upper,
    "trim": str.strip,
    "uriComponent": lambda value: quote(value, safe="-_.!~*'()"),
    "uriComponentToString": unquote,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "dataUri": lambda value: f"data:text/plain;charset=utf8;base64,{base64.b64encode(value.encode()).decode()}",
})  # fmt: skip
simple("String String", {
    # The first four ignore case, as the service's do; contains() and replace() don't.
    "startsWith": lambda value, part: value.lower().startswith(part.lower()),
    "endsWith": lambda value, part: value.lower().endswith(part.lower()),
    "indexOf": lambda value, part: value.lower().find(part.lower()),
    "lastIndexOf": lambda value, part: value.lower().rfind(part.lower()),
    "uri": lambda base, relative: urljoin(base, relative),
})  # fmt: skip
simple("Integer Integer", {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": _quotient,
    "mod": lambda a, b: a - b * _quotient(a, b),
})  # fmt: skip
simple("Integer|String Integer|String", {
    "less": lambda a, b: _comparable(a, b) and a < b,
    "lessOrEquals": lambda a, b: _comparable(a, b) and a <= b,
    "greater": lambda a, b: _comparable(a, b) and a > b,
    "greaterOrEquals": lambda a, b: _comparable(a, b) and a >= b,
})  # fmt: skip
simple("", {"true": lambda: True, "false": lambda: False, "null": lambda: None})
simple("Boolean", {"not": lambda value: not value})
simple("Any Any", {"equals": same})
simple("Any", {"string": text, "array": lambda value: value if isinstance(value, list) else [value]})
simple("String|Array|Object", {"length": len})
simple("String|Array", {
    "first": lambda value: value[0] if value else ("" if isinstance(value, str) else None),
    "last": lambda value: value[-1] if value else ("" if isinstance(value, str) else None),
})  # fmt: skip
simple("String|Array Integer", {
    "take": lambda value, count: value[: max(0, count)],
    "skip": lambda value, count: value[max(0, count) :],
})  # fmt: skip
simple("Object", {
    "items": lambda value: [{"key": name, "value": value[name]} for name in sorted(value)],
    "objectKeys": sorted,
})  # fmt: skip


def _comparable(first: Any, second: Any) -> bool:
    if type_name(first) != type_name(second):
        raise ValueError("both arguments must be of the same type")
    return True


@function("empty", "String|Array|Object|Null")
def _empty(value: Any) -> bool:
    return not value


@function("concat", "String|Integer|Boolean|Array", least=1, more=True)
def _concat(*values: Any) -> Any:
    if all(isinstance(value, list) for value in values):
        return [inner for value in values for inner in value]
    if any(isinstance(value, list) for value in values):
        raise ValueError("the arguments must all be arrays or none of them")
    return "".join(text(value) for value in values)


@function("uniqueString", "String", least=1, more=True)
def _unique_string(*values: str) -> str:
    return hashes.unique_string(list(values))


@function("guid", "String", least=1, more=True)
def _guid(*values: str) -> str:
    return hashes.guid(list(values))


@function("contains", "String|Array|Object", ANY)
def _contains(container: Any, wanted: Any) -> bool:
    if isinstance(container, str):
        return text(wanted) in container
    if isinstance(container, list):
        return any(same(one, wanted) for one in container)
    return isinstance(wanted, str) and find(container, wanted) is not None


@function("createArray", ANY, least=0, more=True)
def _create_array(*values: Any) -> list[Any]:
    return list(values)


@function("createObject", ANY, least=0, more=True)
def _create_object(*values: Any) -> dict[str, Any]:
    if len(values) % 2 or not all(isinstance(name, str) for name in values[::2]):
        raise ValueError("the arguments must be pairs of a name, which is a string, and a value")
    return dict(zip(values[::2], values[1::2], strict=True))


@function("range", "Integer", "Integer")
def _range(start: int, count: int) -> list[int]:
    if not 0 <= count <= 10000:
        raise ValueError("the count must be from 0 to 10000")
    return list(range(start, start + count))


@function("min", "Integer|Array", least=1, more=True)
def _min(*values: Any) -> int:
    return min(_numbers(values))


@function("max", "Integer|Array", least=1, more=True)
def _max(*values: Any) -> int:
    return max(_numbers(values))


def _numbers(values: tuple[Any, ...]) -> list[int]:
    numbers = list(values[0]) if len(values) == 1 and isinstance(values[0], list) else list(values)
    if not numbers or not all(type_name(one) == "Integer" for one in numbers):
        raise ValueError("the arguments must be whole numbers, or one array of them")
    return numbers


@function("union", "Array|Object", least=2, more=True)
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


@function("intersection", "Array|Object", least=2, more=True)
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


@function("shallowMerge", "Array")
def _shallow_merge(values: list[dict[str, Any]]) -> dict[str, Any]:
    if not all(isinstance(value, dict) for value in values):
        raise ValueError("the items of the array must be objects")
    return {name: inner for value in values for name, inner in value.items()}


@function("flatten", "Array")
def _flatten(values: list[Any]) -> list[Any]:
    return [inner for value in values for inner in (value if isinstance(value, list) else [value])]


@function("tryGet", ANY, "String|Integer", least=2, more=True)
def _try_get(value: Any, *path: Any) -> Any:
    for part in path:
        there = isinstance(value, dict) and isinstance(part, str) and find(value, part) is not None
        if not there and not (isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value)):
            return None
        value = member(value, part) if isinstance(part, str) else item(value, part)
    return value


@function("cidrSubnet", "String", "Integer", "Integer")
def _cidr_subnet(network: str, size: int, index: int) -> str:
    whole = ipaddress.ip_network(network, strict=False)
    if size < whole.prefixlen or size > whole.max_prefixlen or not 0 <= index < 2 ** (size - whole.prefixlen):
        raise ValueError(f"the network {whole} has no subnet {index} of size {size}")
    first = int(whole.network_address) + index * 2 ** (whole.max_prefixlen - size)
    return f"{type(whole.network_address)(first)}/{size}"


@function("cidrHost", "String", "Integer")
def _cidr_host(network: str, index: int) -> str:
    whole = ipaddress.ip_network(network, strict=False)
    return str(whole[index + 1])
