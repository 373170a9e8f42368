"""What messages show of a value that is refused: never what may be a password."""

from __future__ import annotations

import re
from collections.abc import Sequence

from azext_dockervm.printable import printable

SECRET_NAME = r"(?i)token|password|passwd|secret|credential|access[-_]?key"
URL_WITH_LOGIN = r"://[^/\s]*@"
_KEY = r"[\w./-]+"
# In a URL: a colon that no port follows, a query, an assignment. Brackets enclose an address.
_RISK = r":(?!//|\d*(?:/|$))|[?#=]"
_BRACKETED = r"\[[0-9a-fA-F:.]*\]"


def looks_secret(text: str) -> bool:
    return bool(re.search(SECRET_NAME, text) or re.search(URL_WITH_LOGIN, text))


def assignment(text: str, words: Sequence[str]) -> str:
    """One of ``words`` that is to be KEY=VALUE, in quotes; where one of them looks like a secret its key alone, or its
    place: what follows a key by mistake is no key."""
    if not any(map(looks_secret, words)):
        return f"'{printable(text)}'"
    key, separator, _ = text.partition("=")
    if separator and re.fullmatch(_KEY, key):
        return f"'{printable(key)}=…'"
    return f"word {words.index(text) + 1} of {len(words)}"


def url(text: str) -> str:
    """A URL, or what was typed for one."""
    if "@" in text:
        scheme, separator, rest = text.partition("://")
        before = printable(scheme) if separator else "http"
        return f"{before}://USER:PASSWORD@{url((rest or text).rpartition('@')[2])}"
    risk = re.search(_RISK, re.sub(_BRACKETED, lambda found: "_" * len(found[0]), text))
    return printable(f"{text[:risk.start()]}…" if risk else text)


def path(text: str) -> str | None:
    """A file's name; None for what looks like the file's content instead, with a secret in it."""
    if looks_secret(text) and re.search(r"[\"{}=\n]|:\s|://", text):
        return None
    return printable(text)


def path_or_variable(text: str) -> str:
    """A file's name; of a variable, which looks like one where no line ends, the name alone."""
    name, assigned, _ = text.partition("=")
    return printable(f"{name}=…" if assigned else text)
