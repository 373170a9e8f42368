"""Resource and ResourceStore: all resources of one Local Azure, held in memory, written through to sqlite.

Used from one thread (the server's event loop), so no lock is needed. Reads never touch the disk.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from localazure.protocol import ids
from localazure.store.database import Database


@dataclass
class Resource:
    """One resource as its provider keeps it.

    `properties` is what the caller sees (but for back-references, which are made at reading); `hidden` is what only
    the provider sees. Neither ever holds a secret: passwords, custom data and protected settings are not kept.
    `state` is the provisioningState, `etag` changes with every write. `created` and `changed` are
    times as Azure writes them.
    """

    id: ids.ResourceId
    location: str = ""
    tags: dict[str, str] | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)  # top-level members beside properties: sku, zones, identity
    hidden: dict[str, Any] = field(default_factory=dict)
    state: str = "Succeeded"
    etag: str = ""
    created: str = ""
    changed: str = ""

    @property
    def type(self) -> str:
        return self.id.type

    @property
    def name(self) -> str:
        return self.id.name


@dataclass
class Group:
    """A resource group; `state` is Succeeded or Deleting."""

    name: str
    location: str
    tags: dict[str, str] | None = None
    managed_by: str | None = None
    state: str = "Succeeded"


class ResourceStore:
    """Groups and resources by id, with indexes for lists (by type) and for "who refers to this?"."""

    def __init__(self, database: Database, subscription: str) -> None:
        self._database = database
        self.subscription = subscription
        self._groups: dict[str, Group] = {}
        self._resources: dict[str, Resource] = {}
        self._by_type: dict[str, dict[str, Resource]] = defaultdict(dict)
        self._referrers: dict[str, set[str]] = defaultdict(set)
        self._references: dict[str, set[str]] = {}
        for value in database.load("groups"):
            self._groups[value["name"].lower()] = Group(**value)
        for value in database.load("resources"):
            self._index(Resource(**{**value, "id": ids.parse(value["id"])}))

    # groups

    def group(self, name: str) -> Group | None:
        return self._groups.get(name.lower())

    def groups(self) -> list[Group]:
        return list(self._groups.values())

    def put_group(self, group: Group) -> None:
        self._groups[group.name.lower()] = group
        self._database.save("groups", group.name.lower(), vars(group))

    def delete_group(self, name: str) -> None:
        self._groups.pop(name.lower(), None)
        self._database.delete("groups", name.lower())

    # resources

    def get(self, identifier: ids.ResourceId | str) -> Resource | None:
        return self._resources.get(ids.key(identifier))

    def holder(self, identifier: ids.ResourceId) -> Resource | None:
        """The resource of an id; for a child that its parent keeps in a list of the child's type, the parent."""
        found = self.get(identifier)
        if found is not None or identifier.parent is None:
            return found
        parent = self.get(identifier.parent)
        if parent is None:
            return None
        kind, name = identifier.types[-1].lower(), identifier.name.lower()
        children = next((value for key, value in parent.properties.items() if key.lower() == kind), None)
        kept = isinstance(children, list) and any(
            isinstance(one, dict) and str(one.get("name", "")).lower() == name for one in children
        )
        return parent if kept else None

    def put(self, resource: Resource) -> Resource:
        """Write; gives it a new etag and keeps the spelling of an id that exists already."""
        existing = self.get(resource.id)
        if existing is not None:
            resource.id = existing.id
        resource.etag = str(uuid.uuid4())
        resource.changed = datetime.now(timezone.utc).isoformat()
        resource.created = (existing.created if existing else resource.created) or resource.changed
        self._index(resource)
        self._database.save("resources", ids.key(resource.id), {**vars(resource), "id": str(resource.id)})
        return resource

    def delete(self, identifier: ids.ResourceId | str) -> None:
        key = ids.key(identifier)
        resource = self._resources.pop(key, None)
        if resource is not None:
            self._by_type[resource.type.lower()].pop(key, None)
            for target in self._references.pop(key, ()):
                self._referrers[target].discard(key)
            self._database.delete("resources", key)

    def of_type(self, full_type: str, group: str | None = None) -> list[Resource]:
        found = self._by_type[full_type.lower()].values()
        if group is None:
            return list(found)
        return [resource for resource in found if resource.id.group.lower() == group.lower()]

    def in_group(self, group: str) -> list[Resource]:
        return [resource for resource in self._resources.values() if resource.id.group.lower() == group.lower()]

    def all(self) -> list[Resource]:
        return list(self._resources.values())

    def children(self, parent: ids.ResourceId, full_type: str) -> list[Resource]:
        prefix = ids.key(parent) + "/"
        return [child for key, child in self._by_type[full_type.lower()].items() if key.startswith(prefix)]

    def referrers(self, identifier: ids.ResourceId | str, full_type: str | None = None) -> list[Resource]:
        """The resources whose properties name this id, in a stable order."""
        found = [self._resources[key] for key in sorted(self._referrers.get(ids.key(identifier), ()))]
        return [one for one in found if full_type is None or one.type.lower() == full_type.lower()]

    def _index(self, resource: Resource) -> None:
        key = ids.key(resource.id)
        self._resources[key] = resource
        self._by_type[resource.type.lower()][key] = resource
        for target in self._references.get(key, ()):
            self._referrers[target].discard(key)
        named = {ids.key(target) for target in ids.named_in(resource.properties)}
        targets = {target for target in named if not target.startswith(key)}
        self._references[key] = targets
        for target in targets:
            self._referrers[target].add(key)
