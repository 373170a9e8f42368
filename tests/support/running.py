"""Running other programs: to the end, or until something has been seen, and then a signal."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Longer than any single command of these tests may take on a slow, busy machine.
PATIENCE_SECONDS = 180.0


@dataclass(frozen=True)
class Finished:
    """A program that has ended; ``code`` is negative for a signal."""

    words: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        assert self.stdout.strip(), f"nothing on stdout of {self}"
        return json.loads(self.stdout)

    def __str__(self) -> str:
        return f"{' '.join(self.words)}\nexit code {self.code}\nstdout:\n{self.stdout}\nstderr:\n{self.stderr}"

    def succeeded(self) -> Finished:
        assert self.code == 0, str(self)
        return self


class Running:
    """A program that runs; its stderr is read while it does."""

    def __init__(self, words: Sequence[object], environment: Mapping[str, str], folder: Path) -> None:
        self.words = tuple(str(word) for word in words)
        # A shell's background job ignores SIGINT, and so would all that these tests start from there.
        self._process = subprocess.Popen(
            ["env", "--default-signal=INT", *self.words], env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        self._said: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self._said]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str) -> None:
        for line in getattr(self._process, name):
            self._said[name].append(line)

    @property
    def stderr(self) -> str:
        return "".join(self._said["stderr"])

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def until_said(self, pattern: str) -> None:
        """Wait for a line on stderr; fails when the program ends without it."""
        self.until(lambda: re.search(pattern, self.stderr), f"said '{pattern}'")

    def until(self, seen: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not seen():
            ended = not self.alive
            if ended and not seen():
                raise AssertionError(f"ended before it {what}: {self.finish()}")
            assert time.monotonic() < deadline, f"never {what}: {self.stderr}"
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        os.kill(self._process.pid, number)

    def finish(self, timeout: float = PATIENCE_SECONDS) -> Finished:
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"did not end in {timeout:.0f} s: {' '.join(self.words)}\n{self.stderr}") from None
        for reader in self._readers:
            reader.join(5)
        return Finished(self.words, code, "".join(self._said["stdout"]), self.stderr)


def run(words: Sequence[object], environment: Mapping[str, str] | None = None, folder: Path | None = None,
        stdin: str | None = None, timeout: float = PATIENCE_SECONDS) -> Finished:
    """Run a program to its end."""
    texts = tuple(str(word) for word in words)
    given = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    done = subprocess.run(texts, env=environment and dict(environment), cwd=folder, capture_output=True, text=True,
                          errors="replace", timeout=timeout, check=False, **given)
    return Finished(texts, done.returncode, done.stdout, done.stderr)
