"""The server's log does not grow without end."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from localazure.serve import BoundedLog


def test_a_large_log_begins_anew_and_the_one_before_is_kept(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "server.log"
    with path.open("a") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        handler = BoundedLog(path, most=100, every=2)
        for number in range(40):
            handler.emit(logging.LogRecord("x", logging.INFO, "", 0, f"line {number}", None, None))
    assert path.stat().st_size < 120
    assert "line 39" in path.read_text() + (tmp_path / "server.log.1").read_text()
    assert (tmp_path / "server.log.1").stat().st_size < 200
