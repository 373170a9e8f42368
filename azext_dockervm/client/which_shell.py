"""Which shell shall evaluate what az prints: the one that az was called from, as far as the system tells."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from azext_dockervm.advice import shell_commands
from azext_dockervm.client.shells import SHELLS, Shell
from azext_dockervm.errors import InvalidValue

# The names of programs → the shell whose words they take.
KNOWN = {**dict.fromkeys(("bash", "sh", "dash", "ash", "ksh", "mksh", "busybox"), "bash"), "zsh": "zsh", "fish": "fish",
         **dict.fromkeys(("pwsh", "powershell", "pwsh-preview"), "powershell"), "cmd": "cmd"}
# They would take none of these words, and whatever shell started them is not the one that evaluates.
OTHERS = frozenset({"csh", "tcsh", "nu", "xonsh", "elvish", "rc", "es", "ion", "murex", "oil", "osh", "ysh"})
# PowerShell puts its user's modules in front of the variable that it has from the system
# (https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_psmodulepath); cmd does not. They
# lie in the user's documents, a folder that bears another name in each language, and may be anywhere.
_MODULES = re.compile(r"[\\/](Windows)?PowerShell[\\/]Modules[\\/]?$", re.IGNORECASE)
_SYSTEMS = re.compile(r"^[a-z]:[\\/](Program Files|Windows)\b", re.IGNORECASE)
# More parents than a process has in earnest.
_MOST_PARENTS = 64

Words = list[str]


def detected(environment: Mapping[str, str], windows: bool, parents: Callable[[], Iterator[Words]] | None = None) \
        -> Shell:
    """The shell, by the processes around this one where the system shows them (Linux), else by the environment. Raises
    ``InvalidValue`` for one whose words nobody here knows.

    ``parents`` gives the command lines, the nearest first.
    """
    name = _on_windows(environment) if windows else _on_posix(environment, parents or parent_commands)
    if name in OTHERS:
        raise InvalidValue(f"az was called from {name}, for which there are no lines.", shell_commands.ANOTHER_SHELL)
    return SHELLS[KNOWN.get(name, "cmd" if windows else "bash")]


def parent_commands() -> Iterator[Words]:
    """The command lines of this process's parents, as /proc has them; nothing where it has none."""
    process = os.getppid()
    for _ in range(_MOST_PARENTS):
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
            status = Path(f"/proc/{process}/stat").read_bytes()
        except OSError:     # no /proc, a process that has gone, or 0, the parent of the first one
            return
        yield [os.fsdecode(word) for word in words]
        # proc(5): the name in parentheses may hold anything; the parent is the second field after it.
        process = int(status.rpartition(b")")[2].split()[1])


def _on_posix(environment: Mapping[str, str], parents: Callable[[], Iterator[Words]]) -> str:
    for words in parents():
        name = program(words[0])
        if (name in KNOWN or name in OTHERS) and not _is_wrapper(words):
            return name
    return program(environment.get("SHELL", ""))


def _is_wrapper(words: Words) -> bool:
    """The packages' az is a shell script, which does not evaluate what it prints."""
    return len(words) > 1 and os.path.basename(words[1]) == "az"


def _on_windows(environment: Mapping[str, str]) -> str:
    """Git Bash and its like leave SHELL. az.cmd runs in a cmd of its own, so nothing of cmd's tells."""
    name = program(environment.get("SHELL", ""))
    if name in KNOWN or name in OTHERS:
        return name
    entries = environment.get("PSModulePath", "").split(";")
    return "powershell" if any(_MODULES.search(one) and not _SYSTEMS.match(one) for one in entries) else "cmd"


def program(word: str) -> str:
    """The bare name of a program: a login shell is called "-bash", one of Windows "…\\bash.exe"."""
    return re.split(r"[\\/]", word)[-1].removeprefix("-").lower().removesuffix(".exe")
