"""The file of a picture: refused at once where it can't be written, written whole or not at all."""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from azext_dockervm.advice import option_values
from azext_dockervm.errors import InvalidValue
from azext_dockervm.output.timeline.drawing import MARK
from azext_dockervm.printable import printable


class Target:
    """``path`` is where the user wants it. Raises ``InvalidValue`` where nothing can be written there."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            # A link stays one: what it leads to is replaced.
            self._file = Path(os.path.realpath(path))
        except ValueError as error:     # a NUL out of @file, half a character
            raise self._refusal("is no name that a file can have") from error
        self._check()

    def write(self, text: str) -> None:
        """Raises ``InvalidValue`` where the file has become another's, and ``OSError``."""
        self._check_whose()
        with self._beside() as new:
            with open(new, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, self._file)

    def _check(self) -> None:
        """Whatever can be known before: an hour's command must not end in the news that its picture can't be had."""
        if os.path.isdir(self._file) or self.path.endswith(tuple(filter(None, (os.sep, os.altsep)))):
            raise self._refusal("names a folder")
        self._check_whose()
        try:
            with self._beside() as new:
                new.touch()
        except FileNotFoundError as error:
            folder = printable(str(self._file.parent), 300)
            raise self._refusal(f"can't be written: there is no folder {folder}") from error
        except OSError as error:
            raise self._not_written(error) from error

    def _check_whose(self) -> None:
        """Only a timeline is replaced, or an empty file: a mistyped name must not cost a key."""
        try:
            found = self._file.stat()
            if not stat.S_ISREG(found.st_mode):
                raise self._refusal("is no plain file")
            with open(self._file, "r+b") as file:       # as for writing: one that is read-only is meant to stay
                begin = file.read(len(MARK))
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._not_written(error) from error
        if begin not in (b"", MARK.encode()):
            raise self._refusal("exists, and is no timeline; it was left as it is")

    @contextmanager
    def _beside(self) -> Iterator[Path]:
        """The name of a new file in the same folder, which is gone at the end."""
        new = self._file.parent / f".dockervm-timeline-{uuid.uuid4().hex[:12]}"
        try:
            yield new
        finally:
            new.unlink(missing_ok=True)

    def _not_written(self, error: OSError) -> InvalidValue:
        return self._refusal(f"can't be written: {error.strerror or type(error).__name__}")

    def _refusal(self, why: str) -> InvalidValue:
        return InvalidValue(f"--timeline: {printable(self.path, 300)} {why}.", option_values.OTHER_TIMELINE)
