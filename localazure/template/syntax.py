"""The expression language's syntax: `[concat('a', parameters('b').c[0])]` to a tree of nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from localazure.template.errors import TemplateError

_TOKEN = re.compile(r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[()\[\],.]))")
_LONGEST = 24576  # the service's own limit of characters in an expression
_DEEPEST = 100


@dataclass(frozen=True)
class Literal:
    """A string or a whole number."""

    value: str | int


@dataclass(frozen=True)
class Call:
    """`name(arguments)`; a name of two parts calls a function of the template's own."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Member:
    """`target.name`."""

    target: Node
    name: str


@dataclass(frozen=True)
class Index:
    """`target[index]`."""

    target: Node
    index: Node


Node = Literal | Call | Member | Index


def is_expression(text: str) -> bool:
    """Whether a string of a template is one: in brackets, and not with the first of them doubled."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def literal(text: str) -> str:
    """A string that is no expression: `[[` at its start stands for one bracket when it ends with one."""
    return text[1:] if text.startswith("[[") and text.endswith("]") else text


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """The tree of an expression, brackets included; raises TemplateError."""
    if len(text) > _LONGEST:
        raise TemplateError(f"The language expression length limit exceeded. Limit: '{_LONGEST}'.")
    parser = _Parser(text)
    node = parser.expression(0)
    parser.end()
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "EndOfData")

    def _take(self, sign: str) -> None:
        if self._peek() != ("sign", sign):
            raise self._wrong(sign)
        self._at += 1

    def _wrong(self, expected: str) -> TemplateError:
        wanted, actual = (_NAMES.get(token, token) for token in (expected, self._peek()[1]))
        return TemplateError(
            f"Unable to parse language expression '{self._text[1:-1]}': expected token '{wanted}' and actual "
            f"'{actual}'."
        )

    def end(self) -> None:
        if self._peek()[0] != "end":
            raise self._wrong("EndOfData")

    def expression(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise TemplateError("The language expression is nested too deeply.")
        kind, text = self._peek()
        if kind == "string":
            self._at += 1
            node: Node = Literal(text[1:-1].replace("''", "'"))
        elif kind == "number":
            self._at += 1
            if len(text) > len(str(-(2**63))):
                raise TemplateError(f"The whole number '{text[:40]}' of a language expression is over 64 bits.")
            node = Literal(int(text))
        elif kind == "name":
            self._at += 1
            node = self._call(text, depth)
        else:
            raise self._wrong("Identifier")
        return self._suffixes(node, depth)

    def _call(self, name: str, depth: int) -> Node:
        second = self._name_behind_dot()
        if second is not None:
            name = f"{name}.{second}"
        self._take("(")
        arguments: list[Node] = []
        while self._peek() != ("sign", ")"):
            if arguments:
                self._take(",")
            arguments.append(self.expression(depth + 1))
        self._take(")")
        return Call(name, tuple(arguments))

    def _name_behind_dot(self) -> str | None:
        """None where no dot follows."""
        if self._peek() != ("sign", "."):
            return None
        self._at += 1
        kind, name = self._peek()
        if kind != "name":
            raise self._wrong("Identifier")
        self._at += 1
        return name

    def _suffixes(self, node: Node, depth: int) -> Node:
        while True:
            name = self._name_behind_dot()
            if name is not None:
                node = Member(node, name)
            elif self._peek() == ("sign", "["):
                self._at += 1
                node = Index(node, self.expression(depth + 1))
                self._take("]")
            else:
                return node


_NAMES = {"(": "LeftParenthesis", ")": "RightParenthesis", "[": "LeftSquareBracket", "]": "RightSquareBracket",
          ",": "Comma", ".": "Dot"}  # fmt: skip


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    inner, at = text[1:-1].rstrip(), 0
    while at < len(inner):
        match = _TOKEN.match(inner, at)
        if match is None:
            raise TemplateError(f"Unable to parse language expression '{inner}': unexpected character at '{at}'.")
        kind = str(match.lastgroup)
        found.append((kind, match.group(kind)))
        at = match.end()
    return found


def calls(value: Any) -> list[Call]:
    """Every call in the expressions of a value, inner ones too."""
    found: list[Call] = []
    if isinstance(value, str):
        if is_expression(value):
            _walk(parse(value), found)
    elif isinstance(value, dict):
        for inner in value.values():
            found += calls(inner)
    elif isinstance(value, list):
        for inner in value:
            found += calls(inner)
    return found


def _walk(node: Node, found: list[Call]) -> None:
    if isinstance(node, Call):
        found.append(node)
        for argument in node.arguments:
            _walk(argument, found)
    elif isinstance(node, Member):
        _walk(node.target, found)
    elif isinstance(node, Index):
        _walk(node.target, found)
        _walk(node.index, found)
