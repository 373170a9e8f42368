"""The docker client's configuration: its folder, and which context is current, by config.json and the environment.

Docker's order: DOCKER_HOST, which means the context ``default``, then DOCKER_CONTEXT, then config.json's
``currentContext``. An empty variable counts as none.
"""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from pathlib import Path

from azext_dockervm.advice.option_values import change_variable
from azext_dockervm.certs import transaction
from azext_dockervm.contexts.files import Json, damaged, file_errors, read_object
from azext_dockervm.contexts.name import DEFAULT
from azext_dockervm.errors import DockerClientFileError

CONFIG = "config.json"
CURRENT = "currentContext"
# What replaces config.json is written beside it under this name; what a killed run left is overwritten.
_NEW_CONFIG = ".dockervm-config.json"


def folder() -> Path:
    """DOCKER_CONFIG, else ``~/.docker``. Raises DockerClientFileError where there is no home folder."""
    named = os.environ.get("DOCKER_CONFIG")
    try:
        return Path(os.path.abspath(named)) if named else Path.home() / ".docker"
    except (RuntimeError, OSError) as error:
        raise DockerClientFileError("The folder of the docker client's configuration can't be found: there is no home "
                                    "folder, and DOCKER_CONFIG names none.",
                                    change_variable("DOCKER_CONFIG", "FOLDER")) from error


def overriding() -> str | None:
    """The environment variable that decides which context is current, whatever config.json says."""
    return next((name for name in ("DOCKER_HOST", "DOCKER_CONTEXT") if os.environ.get(name)), None)


def current(client: Path) -> str:
    """The name of the context that docker commands take now."""
    variable = overriding()
    if variable:
        return DEFAULT if variable == "DOCKER_HOST" else os.environ[variable]
    return configured(client)


def configured(client: Path) -> str:
    """The one of config.json. Raises DockerClientFileError for a damaged file."""
    return _name(client / CONFIG, read_object(client / CONFIG) or {}) or DEFAULT


def configure(client: Path, name: str) -> None:
    """Make it the current one, all else in config.json stays. The caller holds the lock of the contexts."""
    path = Path(os.path.realpath(client / CONFIG))     # a link is followed, and stays one
    settings = read_object(path)
    now = _name(path, settings or {})
    wanted = "" if name == DEFAULT else name
    if now == wanted:
        return
    changed = {**(settings or {}), CURRENT: wanted}
    if not wanted:
        del changed[CURRENT]
    with file_errors(path, "written"):
        _replace(path, changed)


def _name(path: Path, settings: Json) -> str:
    name = settings.get(CURRENT) or ""
    if not isinstance(name, str):
        raise damaged(path, f"{CURRENT} in it is no text")
    return name


def _replace(path: Path, settings: Json) -> None:
    """With mode and owner of the old file; a new one is the user's alone, as docker makes it: it may hold passwords."""
    new = path.with_name(_NEW_CONFIG)
    transaction.delete(new)
    try:
        before = os.stat(path)
    except FileNotFoundError:
        before = None
    mode = stat.S_IMODE(before.st_mode) if before else transaction.PRIVATE_MODE
    transaction.write_new(new, json.dumps(settings, indent="\t").encode(), mode)
    if before and hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(new, before.st_uid, before.st_gid)
    transaction.rename(new, path)
    transaction.sync_folder(path.parent)
