"""Running this machine's own tools (ip, nft, mount, ...) with lists of arguments; a failure becomes a MachineError."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from localazure.machines.machine import MachineError

# No tool called here needs more than a second; a minute is patience for a loaded machine.
TOOL_TIMEOUT_S = 60.0


def run(
    argv: Sequence[str | Path],
    *,
    stdin: bytes | None = None,
    check: bool = True,
    timeout: float = TOOL_TIMEOUT_S,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run one tool and keep its output. With `check`, a non-zero exit raises MachineError("ToolFailed", ...).

    Arguments may be seen by everybody on this machine: secrets go through `stdin`.
    """
    words = [str(word) for word in argv]
    source = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
    try:
        done = subprocess.run(
            words, capture_output=True, check=False, timeout=timeout, env=None if env is None else dict(env), **source
        )
    except FileNotFoundError as error:
        raise MachineError("ToolMissing", f"{words[0]} is not installed on this machine") from error
    except subprocess.TimeoutExpired as error:
        raise MachineError("ToolFailed", f"{words[0]} did not end within {timeout:.0f} s") from error
    if check and done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
        raise MachineError("ToolFailed", f"{' '.join(words)}: {said}")
    return done


def succeeds(argv: Sequence[str | Path]) -> bool:
    """Whether the tool ends with status 0."""
    return run(argv, check=False).returncode == 0


def output(argv: Sequence[str | Path]) -> str:
    """What the tool prints."""
    return run(argv).stdout.decode(errors="replace")
