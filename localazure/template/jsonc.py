"""JSON as the service takes it where templates are: with comments, names without quotes, strings of several lines.

The unmodified az relies on it: it puts a template's text, as it was written, behind a name without quotes.
"""

from __future__ import annotations

import json
import re
from typing import Any

_COMMENT = r"//[^\n]*|/\*.*?\*/"
# What is not plain JSON, or must not be looked into: strings, comments, names, the comma before a closing bracket.
_PIECE = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<single>'(?:[^'\\]|\\.)*')"
    rf"|(?P<comment>{_COMMENT})"
    rf"|(?P<name>[A-Za-z_$][\w$-]*)(?=(?:\s|{_COMMENT})*:)"
    rf"|(?P<comma>,)(?=(?:\s|{_COMMENT})*[}}\]])",
    re.S,
)


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
        piece = '"' + piece[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
    return piece.replace("\r\n", "\\n").replace("\n", "\\n").replace("\t", "\\t")
