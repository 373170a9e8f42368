"""Shells as they are installed here. script/test installs them; where only root could, a missing one is a skip."""

from __future__ import annotations

import os
import shutil

import pytest


@pytest.fixture
def need():
    """The path of a program that a test can't do without."""
    def path(name: str) -> str:
        found = shutil.which(name)
        if found is None and os.geteuid() == 0:
            pytest.fail(f"{name} is not installed; script/test does that")
        return found or pytest.skip(f"{name} is not installed, and only root can do that")
    return path
