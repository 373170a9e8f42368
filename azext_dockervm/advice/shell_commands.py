"""What to type at a shell's prompt, so that it evaluates what ``az dockervm env`` prints; and where to keep what a
Cloud Shell loses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from azext_dockervm.advice.certificates import ANOTHER_NAME
from azext_dockervm.advice.command_line import az
from azext_dockervm.advice.subject import NamedHost

ANOTHER_SHELL = "Name the shell whose lines shall be printed: --shell."
OTHER_CHARACTERS = "Use PowerShell, or choose another folder with --docker-cert-dir (-dc)."
WHICH_HOST = "For example: az dockervm env -g mygroup -n web1"
# How each shell evaluates what a command prints, as docker-machine told it.
_BY_EVAL = 'eval "$({})"'
_EVALUATED = {
    "fish": "{} | source",
    "powershell": "{} | Out-String | Invoke-Expression",
    "cmd": "FOR /f \"tokens=*\" %i IN ('{}') DO @%i",
}


def evaluate_environment(shell: str, host: NamedHost | None, options: Iterable[str]) -> str:
    """The sentence that stands below the lines. ``shell`` as --shell names it; ``host`` None where none is needed, as
    by --unset; ``options`` as they were typed."""
    named = ("-g", host.group, "-n", host.name) if host else ()
    command = az("dockervm", "env", *named, *options, subscription=host.subscription if host else None)
    return f"To evaluate these lines: {_EVALUATED.get(shell, _BY_EVAL).format(command)}"


def to_build(host: NamedHost, options: Iterable[str]) -> str:
    """Builds take the environment. What ``docker buildx create`` makes would outlive it, so buildx refuses the
    certificates in it: https://github.com/docker/buildx, commands/create.go. ``options`` name the folder."""
    command = az("dockervm", "context", "create", "-g", host.group, "-n", host.name, *options,
                 subscription=host.subscription)
    return f"docker buildx create needs a context instead: {command}"


def for_a_value(variable: str) -> str:
    """A variable's value that no line of the shell can hold."""
    if variable.lower() == "no_proxy":
        return f"Leave --no-proxy out, or mend {variable} first."
    return ANOTHER_NAME


def lost_with_session(folder: Path, ephemeral: bool) -> str:
    """The warning about certificates in a Cloud Shell that do not outlive the session."""
    why = "this Cloud Shell session has no storage" if ephemeral else "Cloud Shell keeps the home folder only"
    keep = ("open Cloud Shell with a storage account (Settings, Reset user settings, Mount storage account)"
            if ephemeral else "choose a folder below your home folder with --docker-cert-dir (-dc)")
    return (f"{folder} is lost when the session ends: {why}. Without these certificates no host made with them can be "
            f"reached. To keep them: {keep}, or download its four files (Manage files, Download): ca.pem, ca-key.pem, "
            "cert.pem, key.pem. Guard them as you guard ~/.ssh.")
