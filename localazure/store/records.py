"""Records: what an instance remembers beside its resources: registrations, locks, roles, deployments, own tags."""

from __future__ import annotations

from typing import Any

from localazure.store.database import Database


class Records:
    """Values by kind and key, in memory and written through. Keys ignore case; lists are oldest first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._values: dict[tuple[str, str], dict[str, Any]] = {}
        for row in database.load("records"):
            self._values[(row["kind"], row["key"])] = row["value"]

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        return self._values.get((kind, key.lower()))

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [value for (of, _), value in self._values.items() if of == kind]

    def put(self, kind: str, key: str, value: dict[str, Any]) -> None:
        key = key.lower()
        self._values[(kind, key)] = value
        self._database.save("records", f"{kind}:{key}", {"kind": kind, "key": key, "value": value})

    def delete(self, kind: str, key: str) -> None:
        self._values.pop((kind, key.lower()), None)
        self._database.delete("records", f"{kind}:{key.lower()}")

    def delete_below(self, kind: str, scope: str) -> None:
        """Forget what is kept for an id and for all that is in it."""
        scope = scope.lower()
        for of, key in list(self._values):
            if of == kind and (key == scope or key.startswith(scope + "/")):
                self.delete(kind, key)
