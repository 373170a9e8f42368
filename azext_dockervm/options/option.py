"""One option, declared once: how it is typed and told, what its value may be, where it goes, who can carry it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azext_dockervm.advice import option_values
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable

if TYPE_CHECKING:
    from azext_dockervm.spec.host import Given, HostSpec

Vm = dict[str, Any]     # as Azure shows it


@dataclass(frozen=True)
class Gap:
    """What ``provisioner`` can't do by itself. ``why`` says of a host why not, None where it can. ``filled``: where the
    provisioner is asked for all the same, a run command does it beside."""

    provisioner: str
    why: Callable[[HostSpec], str | None]
    filled: bool = False


@dataclass(frozen=True)
class Option:
    """``name`` is az's for the argument; ``flags`` are its words, the one that messages about wrong values use first:
    "--docker-port -dp". The command line's words become a value in two steps: ``read`` takes each word while az parses
    (it exits with 2 for what is refused there), ``check`` makes of all what the spec takes, or refuses it (1). Both
    raise ``InvalidValue``; whatever option its message names, this one's words are put in its place.
    """

    name: str
    flags: str
    help: str
    group: str | None = None
    required: bool = False
    default: Any = None                 # a value before ``check``, or a function that gives one; False: a switch
    default_in_words: str = ""          # for the help, where the value itself does not tell
    example: str = ""                   # what ``az config set`` could set; empty where no configuration is heeded
    typed_example: str = ""             # what could be typed, where ``example`` is empty
    read: Callable[[str], Any] = str
    choices: tuple[str, ...] = ()
    check: Callable[[Any], Any] | None = None
    place: str = ""                     # in the ``HostSpec``, as ``having`` names it
    only_new: bool = False              # a VM keeps it from its creation
    secret: bool = False                # its value is never said again
    again: Callable[[Any], tuple[str, ...]] | None = None   # how the value is said again, where not as it was typed
    excludes: Mapping[str, str] = field(default_factory=dict)   # name of another option → what to do
    # Of a host as it was asked for and its VM as Azure shows it: why the VM does not get what was typed, and the
    # command that changes it where there is one; None where it has it.
    not_applied: Callable[[HostSpec, Vm], str | None] | None = None
    gaps: tuple[Gap, ...] = ()
    # More for az's parser, by knack's names. What has to be imported from az is named only: "completer" is a function
    # of ``_completers``, "type" one of azure.cli.core.commands.parameters' argument types.
    parser: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        return self.flags.split()

    @property
    def shortest(self) -> str:
        """As commands that messages print say it."""
        return min(self.words, key=len)

    @property
    def is_switch(self) -> bool:
        return self.default is False

    @property
    def takes_several(self) -> bool:
        return self.parser.get("nargs") in ("+", "*")

    @property
    def told_default(self) -> str:
        """The default in words; empty where there is none."""
        if self.default_in_words or self.default is None or self.is_switch:
            return self.default_in_words
        return str(self.default)

    @property
    def full_help(self) -> str:
        if self.example:
            for_good = option_values.configure(f"dockervm.{self.name}", self.example)
            return f"{self.help} Default: {self.told_default}; another one for good: {for_good}."
        return f"{self.help} Default: {self.told_default}." if self.told_default else self.help

    @property
    def shown_example(self) -> tuple[str, ...]:
        """What messages about a value show that would be taken; empty where none fits everybody."""
        words = self.example or self.typed_example
        return (option_values.example(self.words[0], words),) if words else ()

    def was_typed(self, value: Any) -> bool:
        return value is not None and value is not False

    def checked(self, value: Any) -> Any:
        """What the spec takes, of what the parser gave; None stays None. Raises ``InvalidValue``."""
        try:
            if not self.secret:
                for word in value if isinstance(value, list) else [value]:
                    refuse_missing_file(word)
            return self._checked(value)
        except InvalidValue as error:
            raise InvalidValue(f"{self.words[0]}: {without_option(error.message)}", error.recommendations) from error

    def of_text(self, text: str) -> Any:
        """What the spec takes, of a text that stands in az's configuration. The message of ``InvalidValue`` names no
        option."""
        try:
            value = self.read(text)
            return self._checked([value] if self.takes_several else value)
        except InvalidValue as error:
            raise InvalidValue(without_option(error.message), error.recommendations) from error

    def default_value(self) -> Any:
        return self.checked(self.default() if callable(self.default) else self.default)

    def given(self, value: Any) -> Given:
        """How a command that goes on says again what was typed. A password is not repeated, so that -p alone asks."""
        from azext_dockervm.spec.host import Given

        words = self.again(value) if self.again else _texts(value)
        return Given((self.shortest, *(() if self.secret or value is True else words)), self.only_new)

    def _checked(self, value: Any) -> Any:
        if value is None:
            return None
        if self.choices:
            value = self._chosen(value)
        return value if self.check is None else self.check(value)

    def _chosen(self, text: str) -> str:
        """In any case, as az takes choices."""
        found = next((one for one in self.choices if one.lower() == text.lower()), None)
        if found is None:
            raise InvalidValue(f"'{printable(text)}' is none of {', '.join(self.choices)}.")
        return found


def without_option(message: str) -> str:
    """A rule's message without the option that it was written for."""
    return re.sub(r"^--[a-z-]+: ", "", message)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):
        return tuple(f"{name}={text}" for name, text in value.items())
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else (str(value),)


def refuse_missing_file(word: Any) -> None:
    """az puts the content of FILE in the place of ``@FILE``. Where it can't read the file, it hands the word on as it
    is: no option has a value that begins so. Raises ``InvalidValue``."""
    if not isinstance(word, str) or not word.startswith("@") or "\n" in word:
        return
    path = Path(os.path.expanduser(word[1:]))
    try:
        with path.open("rb"):
            return      # the file is there: its content, or another word, begins with @
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InvalidValue(f"the file '{printable(word[1:])}' can't be read: {why}.",
                           option_values.NAME_OF_FILE) from error


def filled(text: str) -> str:
    """For an option that, left out, has a default: an empty value, such as that of a variable that is not set, must
    not be taken for "left out"."""
    if not text.strip():
        raise InvalidValue("the value is empty; leave the option out for its default.")
    return text


def true_or_false() -> dict[str, Any]:
    """Of an option that az has as a flag with three states: typed alone it means true, left out nothing."""
    return {"choices": ("true", "false"), "check": lambda text: text == "true",
            "parser": {"nargs": "?", "const": "true"}}
