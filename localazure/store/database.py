"""The sqlite file of one Local Azure: tables of JSON values by key, each write on disk before it returns."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_TABLES = ("groups", "resources", "operations", "records")


class Database:
    """Key-value tables "groups", "resources", "operations" and "records". The file is readable by its owner only."""

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        # Autocommit with a write-ahead log: a killed process loses nothing that it had written.
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        for table in _TABLES:
            self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (key TEXT PRIMARY KEY, value TEXT NOT NULL)")

    def load(self, table: str) -> list[dict[str, Any]]:
        """All values of a table, oldest first."""
        rows = self._connection.execute(f"SELECT value FROM {table} ORDER BY rowid")
        return [json.loads(value) for (value,) in rows]

    def save(self, table: str, key: str, value: dict[str, Any]) -> None:
        self._connection.execute(
            f"INSERT INTO {table} (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, json.dumps(value)),
        )

    def delete(self, table: str, key: str) -> None:
        self._connection.execute(f"DELETE FROM {table} WHERE key = ?", (key,))

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written within is kept whole, or not at all when the process is killed. Nothing is awaited within."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN")
        try:
            yield
        except Exception:
            self._connection.execute("COMMIT")  # as what is in memory, which goes on
            raise
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()
