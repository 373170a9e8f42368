"""JSON as the service takes it where templates are: with comments, names without quotes, strings of several lines.

The unmodified az relies on it: it puts a template's text, as it was written, behind a name without quotes.
"""

from __future__ import annotations

import json
import re
from typing import Any

# To its end and no further, wherever it is looked for: a comment must not reach to the end of a later one. One without
# an end takes all that is left, and a name is looked at once: hostile texts are read in one go.
_COMMENT = r"//[^\r\n]*(?![^\r\n])|/\*[^*]*(?:\*(?!/)[^*]*)*(?:\*/|\Z)"
# What is not plain JSON, or must not be looked into: strings, comments, names, the comma before a closing bracket.
_PIECE = re.compile(
    r'(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")'
    r"|(?P<single>'[^'\\]*(?:\\.[^'\\]*)*')"
    rf"|(?P<comment>{_COMMENT})"
    rf"|(?P<name>(?<![\w$-])[A-Za-z_$][\w$-]*(?![\w$-])(?=(?:\s|{_COMMENT})*:))"
    rf"|(?P<comma>,)(?=(?:\s|{_COMMENT})*[}}\]])",
    re.S,
)
_ESCAPE = re.compile(r'\\.|"', re.S)


def loads(text: str) -> Any:
    """The value; raises ValueError like json.loads."""
    return json.loads(_PIECE.sub(_plain, text))


def _plain(match: re.Match[str]) -> str:
    kind, piece = match.lastgroup, match.group()
    if kind in ("comment", "comma"):
        return " "
    if kind == "name":
        return f'"{piece}"'
    if kind == "single":
        piece = '"' + _ESCAPE.sub(_double, piece[1:-1]) + '"'
    return piece.replace("\r\n", "\\n").replace("\n", "\\n").replace("\t", "\\t")


def _double(match: re.Match[str]) -> str:
    """What stands in single quotes, as it stands in double ones."""
    return {'"': '\\"', "\\'": "'"}.get(match.group(), match.group())
