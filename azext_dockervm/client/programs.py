"""Programs and Python packages come from where they are installed, never from the folder in which a command is typed.

pip's az runs as ``python -m azure.cli``, which puts the current folder first on Python's path: a repository with a
folder ``docker`` would be imported in place of the Docker SDK. What az itself imports before it calls a command is not
in our hands. On Windows programs are looked for in the current folder first.
"""

from __future__ import annotations

import os
import shutil
import site
import sys
from pathlib import Path


def leave_out_current_folder() -> None:
    """Of Python's path, for the rest of this process; unless packages are installed there, or the extension itself."""
    try:
        here = os.path.realpath(os.getcwd())
    except OSError:     # it was deleted
        return
    installed = {os.path.realpath(one) for one in (
        os.path.dirname(os.__file__), *site.getsitepackages(), str(Path(__file__).parents[2]))}
    if here not in installed:
        sys.path[:] = [one for one in sys.path if os.path.realpath(one or here) != here]


def find(name: str) -> str | None:
    """The absolute path of a program on PATH; None where there is none, or only in the current folder, or by an entry
    that is relative to it."""
    folders = [one for one in os.environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(one)]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None or not os.path.isabs(found):
        return None
    # On Windows shutil.which looks into the current folder whatever path it is given.
    is_here = Path(found).parent == Path.cwd() and str(Path(found).parent) not in folders
    return None if is_here else found
