"""A file of variables for Docker Compose, as Compose reads it. No message holds a value: they are secret."""

from __future__ import annotations

import re

from azext_dockervm.advice.option_values import NO_VARIABLES
from azext_dockervm.errors import InvalidValue
from azext_dockervm.secret import Secret
from azext_dockervm.spec.workload import Environment

OPTION = "--compose-env-file"
_ASSIGNMENT = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:=|:[ \t])[ \t]*")
_NAME_ALONE = re.compile(r"[ \t]*(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*$", re.M)
_REST = re.compile(r"[^\n]*")
_QUOTED = {'"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.S), "'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.S)}
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


def parse(text: str) -> Environment:
    """Raises ``InvalidValue`` with the number of the line that is none."""
    variables: list[tuple[str, Secret[str]]] = []
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    position, names = 0, 0
    while position < len(text):
        line = _REST.match(text, position)
        assert line is not None     # it matches nothing as well
        words = line[0].strip()
        found = _ASSIGNMENT.match(text, position)
        if found:
            value, position = _value(text, found.end())
            variables.append((found[1], Secret(value)))
            position = text.find("\n", position) + 1 or len(text)
            continue
        if words and not words.startswith("#"):
            if not _NAME_ALONE.match(text, position):
                raise _wrong(text, position, "is not NAME=VALUE")
            names += 1
        position = line.end() + 1
    if not variables and not names:
        raise InvalidValue(f"{OPTION}: there is no variable in it.", NO_VARIABLES)
    return Environment(Secret(text), tuple(variables))


def _value(text: str, start: int) -> tuple[str, int]:
    """The value that begins there, and where it ends."""
    quote = text[start:start + 1]
    if quote not in _QUOTED:
        plain = _REST.match(text, start)
        assert plain is not None
        return re.split(r"\s#", plain[0], maxsplit=1)[0].strip(), plain.end()
    quoted = _QUOTED[quote].match(text, start)
    if quoted is None:
        raise _wrong(text, start, f"begins a value with {quote} that has no end")
    if quote == "'":
        return quoted[1], quoted.end()
    return re.sub(r"\\(.)", lambda one: _ESCAPED.get(one[1], one[1]), quoted[1], flags=re.S), quoted.end()


def _wrong(text: str, position: int, what: str) -> InvalidValue:
    return InvalidValue(f"{OPTION}: line {text.count(chr(10), 0, position) + 1} {what}.", NO_VARIABLES)
