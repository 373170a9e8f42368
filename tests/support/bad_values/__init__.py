"""Values that no option of create may take, and options that can't stand together: one table a theme.

Each theme is a module of this folder with rows ``VALUES`` and ``PAIRS``; whoever adds an option adds its rows, and
``tests/unit/handlers/test_bad_values.py`` says of which option they are missing.
"""

from __future__ import annotations

import importlib
import pkgutil

from bad_values.row import Row


def _rows(name: str) -> list[Row]:
    themes = [importlib.import_module(f"bad_values.{one.name}") for one in pkgutil.iter_modules(__path__)]
    return [row for theme in themes for row in getattr(theme, name, ())]


def values() -> list[Row]:
    return _rows("VALUES")


def pairs() -> list[Row]:
    return _rows("PAIRS")
