"""A plugin of pytest that tells coverage which test runs, and notes how long each took, set-up included."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import coverage
import pytest

_times: dict[str, float] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: Any) -> Generator[None, object, object]:
    measuring = coverage.Coverage.current()
    assert measuring is not None
    measuring.switch_context(item.nodeid)
    # Programs that a test starts are measured too, and belong to it (see measure.SETTINGS).
    os.environ["SABOTAGE_TEST"] = item.nodeid
    started = time.monotonic()
    try:
        return (yield)
    finally:
        _times[item.nodeid] = time.monotonic() - started
        measuring.switch_context("")
        os.environ["SABOTAGE_TEST"] = ""


def pytest_sessionfinish() -> None:
    Path(os.environ["SABOTAGE_TIMES"]).write_text(json.dumps(_times), encoding="utf-8")
