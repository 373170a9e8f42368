"""Files of the docker client's configuration: read whole, and their errors told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from azext_dockervm.advice import context_commands
from azext_dockervm.certs import transaction
from azext_dockervm.errors import CertificateFileError, DockerClientFileError

Json = dict[str, Any]


@contextmanager
def file_errors(path: Path, verb: str) -> Iterator[None]:
    """Turn an OSError into a DockerClientFileError: "PATH can't be VERB: reason"."""
    try:
        with transaction.file_errors(path, verb):
            yield
    except CertificateFileError as error:
        raise DockerClientFileError(error.message, error.recommendations) from error


def read(path: Path) -> bytes | None:
    """None where there is no such file."""
    with file_errors(path, "read"):
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError:      # a name that somebody wrote into a file by hand, and no file can have
            return None


def read_object(path: Path) -> Json | None:
    """A file that holds a JSON object; an empty one counts as ``{}``, as docker has it. None where there is none.

    Raises DockerClientFileError for anything else: it is somebody's, and damaged."""
    content = read(path)
    if content is None:
        return None
    if not content.strip():
        return {}
    try:
        found = json.loads(content)
    except ValueError as error:     # of the encoding, too
        raise damaged(path, f"it holds no JSON ({error})") from error
    except RecursionError as error:
        raise damaged(path, "it is nested too deeply") from error
    if not isinstance(found, dict):
        raise damaged(path, "it holds no JSON object")
    return found


def damaged(path: Path, why: str) -> DockerClientFileError:
    return DockerClientFileError(f"{path} is damaged: {why}. It was left as it is.", context_commands.DAMAGED_FILE)
