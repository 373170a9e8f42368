"""Finds what shellcheck reads: every shell program of the checkout, and the set-up script as a host gets it."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SKIPPED_FOLDERS = {".git", "__pycache__", "build", "dist"}
SHELLS = {"sh": "sh", "dash": "sh", "bash": "bash"}


@dataclass(frozen=True)
class ShellFile:
    """One file for shellcheck."""

    path: Path
    shell: str


def shell_files(root: Path) -> list[ShellFile]:
    """Every shell program below ``root``, by its name or its first line; paths are relative to ``root``."""
    found = []
    for path in sorted(_files(root)):
        shell = _shell(path)
        if shell:
            found.append(ShellFile(path.relative_to(root), shell))
    return found


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        for name in names:
            path = Path(folder, name)
            if path.suffix in ("", ".sh") and not path.is_symlink():
                yield path


def _shell(path: Path) -> str | None:
    with path.open("rb") as file:
        first = file.readline(200).decode(errors="replace").strip()
    if first.startswith("#!"):
        words = first[2:].split()
        name = (words[1] if words[0].endswith("/env") and len(words) > 1 else words[0]).rpartition("/")[2]
        return SHELLS.get(name)
    if path.suffix != ".sh":
        return None
    # lib.sh is sourced by bash programs. The parts of the set-up script run in sh.
    return "bash" if path.name == "lib.sh" else "sh"


def write_joined(folder: Path) -> list[Path]:
    """The set-up script as each action of a host gets it, one file an action, in ``folder``."""
    join = _join()
    if join is None:
        return []
    written = []
    for action in join.PARTS:
        path = folder / f"{action}.sh"
        path.write_text(join.set_up_script(action), encoding="utf-8")
        written.append(path)
    return written


def _join() -> Any:
    """The module that joins the parts; None while the script is one file, which is then read as it is."""
    try:
        return importlib.import_module("azext_dockervm.provision.script.join")
    except ModuleNotFoundError:
        return None


if __name__ == "__main__":
    sys.stdout.writelines(f"{file.shell}\t{file.path}\n" for file in shell_files(Path.cwd()))
