"""Shells: the lines that set and unset environment variables in each, for a shell that evaluates what az prints."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from azext_dockervm.advice import shell_commands
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable

# A comment that is longer was not meant for a reader.
_LONGEST_COMMENT = 1000


class Shell(ABC):
    """One line for each variable, whatever its value holds; what a line can't hold is an ``InvalidValue``."""

    name = ""
    comment_mark = "#"

    def set(self, name: str, value: str) -> str:
        fault = self._fault(value)
        if fault:
            raise InvalidValue(f"{name} can't be set in {self.name}: '{printable(value)}' has {fault}.",
                               shell_commands.for_a_value(name))
        return self._set(name, value)

    @abstractmethod
    def unset(self, name: str) -> str:
        """A variable that is not set is no error."""

    def comment(self, text: str) -> str:
        # A line end in it would make a command of the rest.
        return f"{self.comment_mark} {printable(text, _LONGEST_COMMENT)}"

    def encoded(self, lines: list[str], windows: bool) -> bytes:
        """As the shell reads them. On POSIX a folder's name is bytes, and stays what it is whatever the locale."""
        text = "".join(f"{line}\n" for line in lines)
        return text.encode("utf-8") if windows else text.encode("utf-8", "surrogateescape")

    @abstractmethod
    def _set(self, name: str, value: str) -> str:
        """A line for a value without fault."""

    def _fault(self, value: str) -> str:
        if re.search("[\n\r]", value):
            return "a line break in it"
        return "a NUL in it" if "\0" in value else ""


class Posix(Shell):
    """bash, zsh and what else takes sh's words. Only a quote ends a quoted text, so nothing else in it has a meaning
    (POSIX.1-2017, Shell Command Language 2.2.2)."""

    def __init__(self, name: str) -> None:
        self.name = name

    def unset(self, name: str) -> str:
        return f"unset {name}"

    def _set(self, name: str, value: str) -> str:
        quoted = value.replace("'", "'\"'\"'")
        return f"export {name}='{quoted}'"


class Fish(Shell):
    """Within single quotes a backslash before a quote or another backslash is an escape
    (https://fishshell.com/docs/current/language.html#quotes)."""

    name = "fish"

    def unset(self, name: str) -> str:
        return f"set -e {name}"

    def _set(self, name: str, value: str) -> str:
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"set -gx {name} '{quoted}'"


class PowerShell(Shell):
    """A quote in single quotes is doubled. Typographic quotes count as quotes, and Windows PowerShell reads what a
    program prints in the console's code page, not in the program's: so each character beyond ASCII is written by its
    number (about_Quoting_Rules, about_Character_Encoding, about_Environment_Variables)."""

    name = "powershell"

    def unset(self, name: str) -> str:
        return f"$Env:{name} = $null"

    def _set(self, name: str, value: str) -> str:
        return f"$Env:{name} = {_powershell_text(value)}"

    def _fault(self, value: str) -> str:
        return super()._fault(value) or _no_text(value)


class Cmd(Shell):
    """For ``FOR /f``, which runs each line as it is: what stands in its variable is expanded after %, & and ^ were
    looked for, so these stay what they are. SET takes what lies between the first quote and the last one (``set /?``,
    ``for /?``). In a file that is called, a % would have to be doubled."""

    name = "cmd"
    comment_mark = "REM"
    code_page = "oem"   # Python has this one on Windows only

    def unset(self, name: str) -> str:
        return f"SET {name}="

    def encoded(self, lines: list[str], windows: bool) -> bytes:
        """``FOR /f`` reads in the console's code page, which is the OEM one unless somebody has changed it."""
        if not windows:
            return super().encoded(lines, windows)
        try:
            return "".join(f"{line}\n" for line in lines).encode(self.code_page)
        except UnicodeEncodeError as error:
            lacking = printable(error.object[error.start:error.end])
            raise InvalidValue(f"The lines have characters that cmd's code page lacks: '{lacking}'.",
                               shell_commands.OTHER_CHARACTERS) from error

    def _set(self, name: str, value: str) -> str:
        return f'SET "{name}={value}"'

    def _fault(self, value: str) -> str:
        return super()._fault(value) or _no_text(value)


SHELLS: dict[str, Shell] = {shell.name: shell for shell in (Posix("bash"), Posix("zsh"), Fish(), PowerShell(), Cmd())}


def _powershell_text(value: str) -> str:
    """An expression; it begins with a string, so that + joins texts."""
    parts = re.findall(r"[\x00-\x7f]+|[^\x00-\x7f]+", value)
    if not parts or not parts[0].isascii():
        parts.insert(0, "")
    return " + ".join(_powershell_literal(part) if part.isascii() else _powershell_numbers(part) for part in parts)


def _powershell_literal(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def _powershell_numbers(text: str) -> str:
    """[char] holds a UTF-16 unit."""
    units = text.encode("utf-16-be")
    return " + ".join(f"[char]0x{units[at:at + 2].hex()}" for at in range(0, len(units), 2))


def _no_text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:      # a byte of a file's name that is no UTF-8
        return "bytes in it that are no text"
    return ""
