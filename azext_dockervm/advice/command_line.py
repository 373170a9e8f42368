"""Command lines: one command, one line that can be pasted as it is.

Two commands are two lines, because cmd and PowerShell of Windows don't share a way to join them.
"""

from __future__ import annotations

from azext_dockervm.shell import command_line


def az(*words: object, subscription: str | None = None) -> str:
    """An az command; ``subscription`` as the user named it, None where az's own default was meant."""
    return command_line(["az", *words, *(["--subscription", subscription] if subscription else [])])


def docker(*words: object) -> str:
    return command_line(["docker", *words])


def tool(name: str, *words: object) -> str:
    """A command of the user's operating system, such as chmod."""
    return command_line([name, *words])


def option(name: str, *values: object) -> str:
    """An option with its values, for a command that the user has in front of them: ``--image Ubuntu2404``."""
    return command_line([name, *values])
