"""Identities: the people and applications of an instance's tenant, each with a secret of its own in a private file."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from localazure.files import write_private

PERSON, SERVICE_PRINCIPAL = "person", "servicePrincipal"
# az's own application, by which people sign in (azure.cli.core.auth.constants); the tenant knows no other of that kind.
PUBLIC_CLIENT = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
# Who is in the tenant. The first is whom `env` names.
ROSTER = (("deployer", SERVICE_PRINCIPAL), ("pipeline", SERVICE_PRINCIPAL), ("alice", PERSON), ("bob", PERSON))
INDEX, FOLDER = "identities.json", "identities"
# The namespace of their ids, which depend on the instance's name alone, as subscription and tenant do.
_IDS = uuid.UUID("0b6f5b5c-0f0c-4f7e-9d55-0a6a4c1f5f3e")


@dataclass(frozen=True)
class Identity:
    """`app_id` is a service principal's client id, `upn` what a person signs in with; the other is empty."""

    name: str
    kind: str
    object_id: str
    secret: str = field(repr=False)
    app_id: str = ""
    upn: str = ""

    def accepts(self, secret: str) -> bool:
        # As bytes: compare_digest takes no text beyond ASCII, and a form may hold any.
        return secrets.compare_digest(secret.encode("utf-8", "surrogateescape"), self.secret.encode())


class Identities:
    """All of an instance. Texts are compared as Microsoft Entra does: without regard to case."""

    def __init__(self, found: Iterable[Identity], since: float | None = None) -> None:
        self._found = tuple(found)
        self.since = time.time() if since is None else since

    def __iter__(self) -> Iterator[Identity]:
        return iter(self._found)

    def application(self, app_id: str) -> Identity | None:
        return next((one for one in self if one.app_id and one.app_id == app_id.lower()), None)

    def person(self, upn: str) -> Identity | None:
        return next((one for one in self if one.upn and one.upn == upn.lower()), None)

    def of(self, object_id: str) -> Identity | None:
        return next((one for one in self if one.object_id == object_id.lower()), None)


def new(instance: str, suffix: str) -> Identities:
    """The roster with secrets that nobody knows yet."""
    return Identities(_identity(instance, suffix, name, kind, secrets.token_urlsafe(30)) for name, kind in ROSTER)


def _identity(instance: str, suffix: str, name: str, kind: str, secret: str) -> Identity:
    object_id, app_id = (str(uuid.uuid5(_IDS, f"{instance}/{name}/{what}")) for what in ("object", "application"))
    if kind == PERSON:
        return Identity(name, kind, object_id, secret, upn=f"{name}@{suffix}")
    return Identity(name, kind, object_id, secret, app_id)


def ensure(folder: Path, instance: str, suffix: str) -> Identities:
    """Those of the instance in `folder`; what is missing of their files is made. Raises OSError."""
    place = folder / FOLDER
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = new(instance, suffix)
    for one in fresh:
        if not secret_file(folder, one.name).exists():
            write_private(secret_file(folder, one.name), one.secret.encode())
    kept = [_identity(instance, suffix, name, kind, secret_file(folder, name).read_text()) for name, kind in ROSTER]
    index = [
        {
            "name": one.name, "kind": one.kind, "objectId": one.object_id,
            "secretFile": str(secret_file(folder, one.name)),
            **({"appId": one.app_id} if one.app_id else {"upn": one.upn}),
        }
        for one in kept
    ]  # fmt: skip
    write_private(folder / INDEX, json.dumps(index, indent=2).encode())
    return Identities(kept, secret_file(folder, ROSTER[0][0]).stat().st_mtime)


def secret_file(folder: Path, name: str) -> Path:
    return folder / FOLDER / name
