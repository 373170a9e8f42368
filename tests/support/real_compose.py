"""Debian's Docker Compose, unpacked into the cache: what it makes of a file is how our own reading is judged."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from localazure.registry.debian import PackageError, unpacked


def config(folder: Path, *words: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """``docker compose config`` in a folder; no engine is asked."""
    try:
        program = unpacked("docker-compose") / "usr/libexec/docker/cli-plugins/docker-compose"
    except PackageError as error:
        pytest.skip(str(error))
    done = subprocess.run([program, *words, "config", "--format", "json"], cwd=folder, capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "HOME": str(folder), **(environment or {})})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
