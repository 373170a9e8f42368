"""A resource by its id, as it is on the wire: reading it, and whether it is as it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from azext_dockervm.azure import reading
from azext_dockervm.azure.errors import unreadable
from azext_dockervm.azure.kinds import VM, Kind, Spoken
from azext_dockervm.azure.sdk import Sdk, as_on_the_wire
from azext_dockervm.errors import AzureRefused, AzureUnreachable, NotFound

Result = TypeVar("Result")
Resource = dict[str, Any]
Resources = list[Resource]

# What the service alone writes: in the body of a change of what was there before it is the old one's.
_ITS_OWN = frozenset({"etag", "provisioningState"})
# Seconds that one look may be silent while a write is waited for: the next one does as well.
LOOK_READ_SECONDS = 10.0
# How often a VM has to be missing until it counts as deleted, and the seconds in between.
GONE_LOOKS, GONE_PAUSE_SECONDS = 2, 3.0


def path_of(sdk: Sdk, kind: Kind, group: str, names: tuple[str, ...], subscription: str | None = None) -> str:
    """The id without its first slash, as it stands in URLs; ``subscription`` None is the login's."""
    subscription = subscription or sdk.made("subscription")
    path = kind.provider_path(tuple(quote(name, safe="") for name in names))
    return f"subscriptions/{subscription}/resourceGroups/{quote(group, safe='')}/providers/{path}"


def get(sdk: Sdk, kind: Kind, group: str, *names: str, subscription: str | None = None) -> Resource | None:
    """The resource as it is on the wire; None where it is not there."""
    return none_if_missing(lambda: sdk.read(lambda: _get(sdk, kind, group, names, subscription)))


def look(sdk: Sdk, kind: Kind, group: str, *names: str) -> Resource | None:
    """The same in one attempt, for whoever looks again anyhow."""
    return none_if_missing(lambda: _get(sdk, kind, group, names, None, retry_total=0, read_timeout=LOOK_READ_SECONDS))


def vm_is_gone(sdk: Sdk, group: str, name: str) -> bool:
    """Whether a VM that was there is deleted or being deleted: by two looks, since a read may lag. False where it may
    not be read."""
    for looks in range(1, GONE_LOOKS + 1):
        try:
            found = look(sdk, VM, group, name)
        except (AzureRefused, AzureUnreachable):
            return False
        if found is not None:
            return str(found["properties"].get("provisioningState")) == "Deleting"
        if looks < GONE_LOOKS:
            sdk.deadline.sleep(GONE_PAUSE_SECONDS, f"Azure does not show the VM '{name}'")
    return True


def _get(sdk: Sdk, kind: Kind, group: str, names: tuple[str, ...], subscription: str | None, **options: Any
         ) -> Resource:
    verb = f"read the {kind.noun} '{names[-1]}'"
    path = path_of(sdk, kind, group, names, subscription)
    params = {"$expand": kind.expand} if kind.expand else {}

    def get_it(version: str) -> Resource:
        found = sdk.call(version, verb, "resources.resources", "get_by_id", path, api_version=version, params=params,
                         cls=as_on_the_wire, **options)
        return reading.checked(kind, whole(found, verb), verb)

    return sdk.in_version(kind, "", get_it)


def get_at(sdk: Sdk, spoken: Spoken, path: str, verb: str) -> Resource | None:
    """What has properties at ``path``, without its first slash; None where there is nothing. For what has no kind."""
    return none_if_missing(lambda: _at(sdk, spoken, path, verb, _has_properties))


def list_at(sdk: Sdk, spoken: Spoken, path: str, verb: str) -> Resources | None:
    """The list at such a path; None where there is none, or where it has more pages than one."""
    found = none_if_missing(lambda: _at(sdk, spoken, path, verb, lambda answer: isinstance(answer, dict) and all(
        _has_properties(one) for one in answer.get("value", [None]))))
    return None if found is None or found.get("nextLink") else found["value"]


def _has_properties(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("properties"), dict)


def _at(sdk: Sdk, spoken: Spoken, path: str, verb: str, is_readable: Callable[[Any], bool]) -> Resource:
    def get_it(version: str) -> Resource:
        found: Resource = sdk.call(version, verb, "resources.resources", "get_by_id", path, api_version=version,
                                   cls=as_on_the_wire)
        if not is_readable(found):
            raise unreadable(verb)
        return found

    return sdk.read(lambda: sdk.in_version(spoken, "", get_it))


def none_if_missing(call: Callable[[], Result]) -> Result | None:
    try:
        return call()
    except NotFound:
        return None


def is_whole(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str) and isinstance(value.get("properties"), dict)


def whole(value: Any, verb: str) -> Resource:
    """The answer as a resource; raises ``AnswerUnreadable`` where it is none."""
    if not is_whole(value):
        raise unreadable(verb)
    resource: Resource = value
    return resource


def says(found: Any, asked: Any) -> bool:
    """Whether a resource is as it was asked for: it bears all tags, and shows nothing else. What it does not show
    (passwords, custom data), nobody knows; ids and regions are written in more ways than one."""
    if isinstance(asked, Mapping) and isinstance(found, Mapping):
        return all(_says_of(name, found.get(name), value) for name, value in asked.items())
    if isinstance(asked, (list, tuple)) and isinstance(found, (list, tuple)):
        return len(found) == len(asked) and all(map(says, found, asked))
    if _is_number(found) and _is_number(asked):     # a price of -1.0 is shown as -1
        return bool(found == asked)
    return str(found).lower().replace(" ", "") == str(asked).lower().replace(" ", "")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _says_of(name: str, found: Any, asked: Any) -> bool:
    if name == "tags":
        return _bears(found, asked)
    return found is None or name in _ITS_OWN or says(found, asked)


def _bears(found: Mapping[str, str] | None, asked: Mapping[str, str] | None) -> bool:
    there = {name.lower(): value for name, value in (found or {}).items()}
    return all(there.get(name.lower()) == value for name, value in (asked or {}).items())
