"""What all parts of the benchmark share: a line of the report, programs that must succeed, a Local Azure of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ["DOCKERVM_CACHE"])
AZ = CACHE / "az/bin/az"
EXTENSIONS = Path(os.environ["AZURE_EXTENSION_DIR"])
INSTANCE = "bench"


@dataclass(frozen=True)
class Result:
    """One line of the report. ``ok`` None: a number to compare with, held against nothing."""

    what: str
    measured: str
    limit: str = ""
    ok: bool | None = None
    commands: tuple[str, ...] = ()

    def show(self) -> None:
        verdict = {True: "ok", False: "OVER", None: "-"}[self.ok]
        print(f"{verdict:5} {self.what:56} {self.measured:44} {self.limit}")
        for command in self.commands:
            print(f"      $ {command}")
        sys.stdout.flush()


def run(words: Sequence[object], environment: Mapping[str, str], folder: str) -> tuple[float, str]:
    """Run a program that must succeed, from a folder that is not the checkout → seconds, stdout."""
    began = time.perf_counter()
    done = subprocess.run([str(word) for word in words], env=dict(environment), cwd=folder, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, check=False)
    seconds = time.perf_counter() - began
    if done.returncode != 0:
        raise SystemExit(f"{shlex.join(map(str, words))} failed ({done.returncode}):\n{done.stdout}\n{done.stderr}")
    return seconds, done.stdout


def new_folder(scratch: str) -> str:
    return tempfile.mkdtemp(dir=scratch)


@contextmanager
def local_azure(machines: str = "nspawn", behavior: Mapping[str, object] | None = None,
                options: Sequence[str] = ()) -> Iterator[Path]:
    """A Local Azure that is there for as long; its server's log."""
    localazure("down")
    try:
        localazure("up", "--machines", machines, *options)
        if behavior is not None:
            behave(behavior)
        yield Path(json.loads(localazure("status", "--json"))["folder"]) / "server.log"
    finally:
        localazure("down")


def behave(behavior: Mapping[str, object]) -> None:
    """Set its behavior.json."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(behavior, file)
        file.flush()
        localazure("behavior", "set", file.name)


def localazure(*words: str) -> str:
    """One of its commands on the benchmark's own instance → stdout."""
    command = [sys.executable, "-m", "localazure", *words, "--instance", INSTANCE]
    return run(command, {**os.environ, "PYTHONPATH": str(ROOT)}, "/")[1]


def given_environment() -> dict[str, str]:
    """What `localazure env` exports."""
    words = shlex.split(localazure("env"))
    return dict(word.split("=", 1) for word in words if "=" in word)


def az(scratch: str, *words: str) -> float:
    """An az command that must succeed, on the benchmark's instance → seconds."""
    return ask_az(scratch, *words)[0]


def ask_az(scratch: str, *words: str) -> tuple[float, str]:
    """The same → seconds, stdout."""
    return run([ROOT / "script/az", *words], {**os.environ, "LOCALAZURE_INSTANCE": INSTANCE}, scratch)
