"""The calls of Azure Resource Manager: JSON as on the wire in, JSON as on the wire out.

Bodies go in as bytes and answers come back as plain dictionaries (through the SDK's ``cls`` hook), because the SDK's
models differ between azure-mgmt-compute 34 (az's own) and 39, and 34 silently drops properties that it does not know.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from azext_dockervm.azure import kinds
from azext_dockervm.azure import names as azure_names
from azext_dockervm.azure.errors import Lost, translated, unreadable
from azext_dockervm.azure.image_ids import image_path
from azext_dockervm.azure.kinds import KINDS, Kind, Patience, Spoken
from azext_dockervm.azure.offers import Offers, offers
from azext_dockervm.azure.versions import REFUSALS, Versions, without_younger
from azext_dockervm.errors import AnswerUnreadable, AzureRefused, AzureUnreachable, NotFound
from azext_dockervm.flow import trace
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request, to_bytes
from azext_dockervm.flow.waiting import ended_by

Result = TypeVar("Result")
Names = list[str]
Resource = dict[str, Any]
Resources = list[Resource]

# azure-core repeats GET, PUT and DELETE after a lost connection, PATCH never. Ours write whole maps of tags and whole
# properties, which may be written twice.
PATCH_TRIES = 4
# An answer to a GET that is broken or a gateway's own is most often right the next time.
READ_TRIES = 3
# Seconds between looks at a resource whose operation can't be followed.
LOOK_SECONDS = 4.0


@dataclass(frozen=True)
class Clients:
    """What makes the SDK's clients, and what only az knows.

    Each is called on first use, so that a command imports only what it needs, and once (``locations`` whenever they are
    asked for). The clients' options are those of ``pipeline.client_options``.
    """

    compute: Callable[[], Any]
    network: Callable[[], Any]
    resources: Callable[[], Any]
    locations: Callable[[], Names]
    subscription: Callable[[], str]


@dataclass
class _Shared:
    """What all that talk to one service share, whatever their deadlines."""

    clients: Clients
    made: dict[str, Any] = field(default_factory=dict)
    versions: Versions = field(default_factory=Versions)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def make(self, name: str) -> Any:
        with self.lock:
            if name not in self.made:
                self.made[name] = getattr(self.clients, name)()
            return self.made[name]


class Azure:
    """The requests that this extension makes, each over at ``deadline``. Thread-safe; every method raises the errors of
    ``errors.py``: ``AzureRefused``, ``NotFound``, ``AzureUnreachable``, ``AnswerUnreadable``, ``DeadlinePassed``,
    ``Interrupted``."""

    def __init__(self, clients: Clients | _Shared, deadline: Deadline | None = None) -> None:
        self._shared = clients if isinstance(clients, _Shared) else _Shared(clients)
        self.deadline = deadline or Deadline.never()

    @classmethod
    def for_cli(cls, cli_ctx: Any, deadline: Deadline | None = None) -> Azure:
        from azext_dockervm import _client_factory as factory

        def client(make: Callable[..., Any]) -> Callable[[], Any]:
            def made() -> Any:
                from azext_dockervm.azure.pipeline import client_options

                return make(cli_ctx, **client_options())
            return made

        return cls(Clients(client(factory.compute_client), client(factory.network_client),
                           client(factory.resource_client), lambda: factory.subscription_locations(cli_ctx),
                           lambda: factory.subscription_id(cli_ctx)), deadline)

    def until(self, deadline: Deadline) -> Azure:
        """The same clients, whose calls end by another deadline."""
        return Azure(self._shared, deadline)

    def connect(self, *names: str) -> None:
        """Make the named clients now, one after the other: they share az's token cache, which is filled once."""
        for name in names:
            self._made(name)

    # By kind: what every resource can do

    def get(self, kind: Kind, group: str, *names: str) -> Resource | None:
        """The resource as it is on the wire; None where it is not there."""
        verb = f"read the {kind.noun} '{names[-1]}'"
        resource_id = self._resource_id(kind, group, names)
        params = {"$expand": kind.expand} if kind.expand else {}

        def get(version: str) -> Resource:
            found = self._call(version, verb, "resources.resources", "get_by_id", resource_id, api_version=version,
                               params=params, cls=_as_on_the_wire)
            return _resource(found, verb)

        return _none_if_missing(lambda: self._read(lambda: self._in_version(kind, "", get)))

    def resource_id(self, kind: Kind, group: str, *names: str) -> str:
        """The id that a resource of that name has, or would have; ids are compared without case."""
        return f"/{self._resource_id(kind, group, names)}"

    def list(self, kind: Kind, group: str, *names: str) -> Resources:
        """All of a kind in a group, or below the resource that ``names`` lead to."""
        return self._pages(kind, f"list every {kind.noun} of '{(group, *names)[-1]}'",
                           f"{kind.client}.{kind.operations}", kind.list_method, group, *names, shape=_resources)

    def list_all(self, kind: Kind, **query: Any) -> Resources:
        """All of a kind that the login may see in the subscription; ``query`` as the SDK's ``list_all`` takes it."""
        return self._pages(kind, f"list every {kind.noun}", f"{kind.client}.{kind.operations}", "list_all",
                           shape=_resources, **query)

    def send(self, request: Request) -> Resource | None:
        """Carry out a request and wait for its end → the resource; None for a deletion.

        PUT: ``body`` is the whole resource. PATCH: ``body`` is {"tags": {...}}, which are merged into those that are
        there, or {"properties": {...}}, which take the place of those that it names. DELETE: what is not there is fine.
        Waits while Azure is busy with the resource or what it stands on.
        """
        kind = KINDS[request.kind]
        if request.method == "PUT":
            return self._while_busy(kind.put_patience, lambda: self._put(kind, request))
        if request.method == "PATCH":
            patch = self._tag if "tags" in request.body else self._change
            return self._while_busy(kind.patience, lambda: self._repeated(lambda: patch(kind, request)))
        if request.method == "DELETE":
            return self._while_busy(kind.patience, lambda: self._delete(kind, request))
        raise ValueError(f"no such method: {request.method}")

    def begin(self, request: Request) -> None:
        """Send a deletion, and return as soon as Azure has taken it."""
        kind = KINDS[request.kind]
        verb = f"delete the {kind.noun} '{request.names[-1]}'"
        try:
            self._while_busy(kind.patience, lambda: self._in_version(kind, "", lambda version: self._call(
                version, verb, f"{kind.client}.{kind.operations}", "begin_delete", request.group, *request.names,
                polling=False)))
        except NotFound:
            pass

    # Groups, regions, images, extensions, sizes, DNS labels

    def group(self, group: str) -> Resource | None:
        return _none_if_missing(lambda: self._ask(
            kinds.GROUPS, f"read the resource group '{group}'", "resources.resource_groups", "get", group,
            shape=lambda found: found["location"]))

    def locations(self) -> Names:
        verb = "list the regions"
        with translated(verb), trace.call("GET", "/subscriptions/…/locations"):    # by a client of az's own
            return ended_by(self.deadline, verb, self._shared.clients.locations)

    def image_versions(self, location: str, publisher: str, offer: str, sku: str) -> Resources | None:
        return _none_if_missing(lambda: self._ask(
            kinds.IMAGES, "list the image's versions", "compute.virtual_machine_images", "list", location, publisher,
            offer, sku, location=location, shape=_names, top=1, orderby="name desc"))

    def image(self, location: str, publisher: str, offer: str, sku: str, version: str) -> Resource | None:
        return _none_if_missing(lambda: self._ask(
            kinds.IMAGES, "read the image", "compute.virtual_machine_images", "get", location, publisher, offer, sku,
            version, location=location, shape=lambda found: found["properties"].items()))

    def image_by_id(self, image_id: str, location: str) -> Resource | None:
        """A managed image, or the definition of a gallery's image, by the id of either or of one of its versions;
        ``location`` is where a shared or community gallery is asked for it. None where it is not there; nothing is
        known of ids of other kinds ({})."""
        asked = image_path(image_id, self._made("subscription"), location)
        if asked is None:
            return {}
        (path, spoken), verb = asked, "read the image"

        def get(version: str) -> Resource:
            found = self._call(version, verb, "resources.resources", "get_by_id", path, api_version=version,
                               cls=_as_on_the_wire)
            if not isinstance(found, dict) or not isinstance(found.get("properties"), dict):
                raise unreadable(verb)
            return found

        return _none_if_missing(lambda: self._read(lambda: self._in_version(spoken, "", get)))

    def extension_versions(self, location: str, publisher: str, kind: str) -> Resources | None:
        return _none_if_missing(lambda: self._ask(
            kinds.IMAGES, "ask for the extension", "compute.virtual_machine_extension_images", "list_versions",
            location, publisher, kind, location=location, shape=_names))

    def sizes(self, location: str) -> Names:
        """Names of all sizes of a region; some 100 KB, against the megabytes of the SKU list."""
        return self._pages(kinds.SIZES, "list the sizes", "compute.virtual_machine_sizes", "list", location,
                           location=location, shape=_names)

    def offered_sizes(self, location: str) -> Offers:
        """Each VM size of a region: its name, its vCPUs and architecture, whether this subscription can have it now.

        Megabytes on the wire: for after a refusal.
        """
        return self._pages(kinds.SIZES_ON_OFFER, "list the sizes that can be had", "compute.resource_skus", "list",
                           location=location, shape=offers, filter=f"location eq '{location}'")

    def label_is_free(self, location: str, label: str) -> bool:
        answer = self._ask(kinds.DNS_LABELS, "check the DNS label", "network", "check_dns_name_availability", location,
                           location=location, shape=lambda found: found["available"], domain_name_label=label)
        return bool(answer["available"])

    # One call of the SDK

    def _made(self, client: str) -> Any:
        made = self._shared.made.get(client)
        if made is None:
            verb = "use az's login"
            with translated(verb):
                made = ended_by(self.deadline, verb, lambda: self._shared.make(client))
        return made

    def _method(self, path: str, method: str) -> Callable[..., Any]:
        client, _, group = path.partition(".")
        target = self._made(client)
        found: Callable[..., Any] = getattr(getattr(target, group) if group else target, method)
        return found

    def _in_version(self, spoken: Spoken, location: str, call: Callable[[str], Result]) -> Result:
        """``call`` with the api-version that the service speaks, there; with older ones if it refuses that."""
        while True:
            version = self._shared.versions.of(spoken, location)
            try:
                return call(version)
            except AzureRefused as error:
                if error.code not in REFUSALS or not self._shared.versions.fall_back(
                        spoken, location, version, error.message):
                    raise

    def _call(self, version: str, verb: str, path: str, method: str, *arguments: Any, **options: Any) -> Any:
        call = self._method(path, method)
        with translated(verb):
            return call(*arguments, deadline=self.deadline, spoken_version=version, **options)

    def _ask(self, spoken: Spoken, verb: str, path: str, method: str, *arguments: Any, shape: Callable[[Any], Any],
             location: str = "", **options: Any) -> Any:
        """The answer as JSON, which ``shape`` can take."""
        def ask(version: str) -> Any:
            answer = self._call(version, verb, path, method, *arguments, cls=_as_on_the_wire, **options)
            with translated(verb):
                shape(answer)
            return answer

        return self._read(lambda: self._in_version(spoken, location, ask))

    def _pages(self, spoken: Spoken, verb: str, path: str, method: str, *arguments: Any,
               shape: Callable[[Resources], Result], location: str = "", **options: Any) -> Result:
        """What ``shape`` makes of the elements of all pages."""
        def every_page(version: str) -> Result:
            pages: list[Any] = []
            with translated(verb):
                for _ in self._call(version, verb, path, method, *arguments, pages=pages, **options):
                    pass
                return shape([one for page in pages for one in page["value"]])

        return self._read(lambda: self._in_version(spoken, location, every_page))

    def _read(self, read: Callable[[], Result]) -> Result:
        for pause in range(1, READ_TRIES):
            try:
                return read()
            except AnswerUnreadable as error:
                self.deadline.sleep(pause, error.message)
        return read()

    def _resource_id(self, kind: Kind, group: str, names: tuple[str, ...]) -> str:
        subscription = self._made("subscription")
        path = kind.provider_path(tuple(quote(name, safe="") for name in names))
        return f"subscriptions/{subscription}/resourceGroups/{quote(group, safe='')}/providers/{path}"

    # Writes

    def _begin(self, version: str, verb: str, kind: Kind, method: str, *arguments: Any, **options: Any
               ) -> tuple[bool, Resource | None]:
        """Begin an operation and wait for its end → whether there was one, and else what the one answer held.

        Raises ``Lost`` or ``AnswerUnreadable`` where only the resource itself can tell how it ended.
        """
        from azext_dockervm.azure.polling import Operation

        operation = Operation(self.deadline)
        self._call(version, verb, f"{kind.client}.{kind.operations}", method, *arguments, polling=operation, **options)
        with translated(verb):
            return operation.wait()

    def _put(self, kind: Kind, request: Request) -> Resource:
        verb = f"{kind.verb} the {kind.noun} '{request.names[-1]}'"

        def put(version: str) -> tuple[bool, Resource | None]:
            body = without_younger(kind.younger_members, version, request.body)
            return self._begin(version, verb, kind, "begin_create_or_update", request.group, *request.names,
                               to_bytes(body), headers=self._conditions(kind, request, version, verb))

        try:
            followed, made = self._in_version(kind, request.body.get("location") or "", put)
        except Lost as error:
            return self._settled(kind, request, verb, NotFound(f"{verb}: {error}"))
        except AnswerUnreadable as doubt:
            return self._as_asked(kind, request, verb, doubt)
        if followed:
            return self._there(kind, request, NotFound(f"{verb}: it is gone again."))
        try:
            return _resource(made, verb)
        except AnswerUnreadable as doubt:
            return self._as_asked(kind, request, verb, doubt)

    def _conditions(self, kind: Kind, request: Request, version: str, verb: str) -> dict[str, str]:
        """So that a PUT changes nothing of others: then Azure answers 412, also to this very request sent twice."""
        if kind.never_replaces is None:
            return {}
        if version >= kind.never_replaces:
            return {"If-None-Match": "*"}
        if self.get(kind, request.group, *request.names) is not None:
            raise AzureRefused(f"{verb}: it is there already.", code="PreconditionFailed", status=412)
        return {}

    def _as_asked(self, kind: Kind, request: Request, verb: str, doubt: AnswerUnreadable) -> Resource:
        """The resource that a PUT made though its answer can't be read; raises ``doubt`` where it is not as asked."""
        found = self._settled(kind, request, verb, doubt)
        if not _says(found, request.body):
            raise doubt
        return found

    def _there(self, kind: Kind, request: Request, missing: Exception) -> Resource:
        """A resource that was made, which Azure does not know everywhere at once."""
        for _ in range(1, READ_TRIES):
            found = self.get(kind, request.group, *request.names)
            if found is not None:
                return found
            self.deadline.sleep(LOOK_SECONDS, f"Azure does not find the {kind.noun} '{request.names[-1]}' yet")
        found = self.get(kind, request.group, *request.names)
        if found is None:
            raise missing
        return found

    def _settled(self, kind: Kind, request: Request, verb: str, missing: Exception) -> Resource:
        """The same, once no change is at work on it."""
        while True:
            found = self._there(kind, request, missing)
            state = found["properties"].get("provisioningState") or "Succeeded"
            if state in ("Failed", "Canceled"):
                raise AzureRefused(f"{verb}: it ended as {state}.", code=state)
            if state == "Succeeded":
                return found
            self.deadline.sleep(LOOK_SECONDS, f"the {kind.noun} '{request.names[-1]}' is '{state}'")

    def _repeated(self, patch: Callable[[], Resource]) -> Resource:
        """What goes wrong on the way may have been written; ours find it so the next time, or may be written twice."""
        for pause in range(1, PATCH_TRIES):
            try:
                return patch()
            except AzureUnreachable as error:
                self.deadline.sleep(pause, error.message)
        return patch()

    def _tag(self, kind: Kind, request: Request) -> Resource:
        verb = f"write the tags of the {kind.noun} '{request.names[-1]}'"
        found = self.get(kind, request.group, *request.names)
        if found is None:
            raise NotFound(f"{verb}: it is not there any more.")
        now = found.get("tags") or {}
        wanted = azure_names.with_tags(now, request.body["tags"])
        if wanted == now:
            return found
        written = self._write_tags(kind, request, verb, wanted)
        if (written.get("tags") or {}) == now:
            raise unreadable(verb)      # said to be done, and nothing of it was
        return written

    def _change(self, kind: Kind, request: Request) -> Resource:
        verb = f"change the {kind.noun} '{request.names[-1]}'"
        try:
            self._in_version(kind, "", lambda version: self._begin(
                version, verb, kind, kind.tag_method, request.group, *request.names, to_bytes(request.body)))
        except (Lost, AnswerUnreadable):
            pass        # the resource itself tells
        return self._as_asked(kind, request, verb, unreadable(verb))

    def _write_tags(self, kind: Kind, request: Request, verb: str, tags: Mapping[str, str]) -> Resource:
        """PATCH replaces the whole map, so ``tags`` holds all of them."""
        arguments = (request.group, *request.names, to_bytes({"tags": dict(tags)}))

        def patch(version: str) -> Any:
            if kind.tag_method.startswith("begin_"):
                return self._begin(version, verb, kind, kind.tag_method, *arguments)[1]
            return self._call(version, verb, f"{kind.client}.{kind.operations}", kind.tag_method, *arguments,
                              cls=_as_on_the_wire)

        try:
            written = self._in_version(kind, "", patch)
        except Lost:
            written = None
        if _is_resource(written):
            return _resource(written, verb)
        return self._there(kind, request, NotFound(f"{verb}: it is not there any more."))

    def _delete(self, kind: Kind, request: Request) -> None:
        verb = f"delete the {kind.noun} '{request.names[-1]}'"
        try:
            self._in_version(kind, "", lambda version: self._begin(
                version, verb, kind, "begin_delete", request.group, *request.names))
        except NotFound:
            return
        except Lost as error:
            self._gone(kind, request, AzureRefused(f"{verb}: {error}"))
        except AnswerUnreadable as doubt:
            self._gone(kind, request, doubt)

    def _gone(self, kind: Kind, request: Request, doubt: Exception) -> None:
        """Wait while a resource is being deleted; raises ``doubt`` where it is there and is not."""
        while True:
            found = self.get(kind, request.group, *request.names)
            if found is None:
                return
            if found["properties"].get("provisioningState") != "Deleting":
                raise doubt
            self.deadline.sleep(LOOK_SECONDS, f"the {kind.noun} '{request.names[-1]}' is being deleted")

    def _while_busy(self, patience: Patience, call: Callable[[], Result]) -> Result:
        """Repeat a call that is refused only because Azure is not done with the resource or one that it needs."""
        until = self.deadline if patience.seconds is None else self.deadline.within(patience.seconds)
        while True:
            try:
                return call()
            except AzureRefused as error:
                if error.code not in patience.codes:
                    raise
                if patience.seconds is not None and until.remaining() < 2 * patience.pause:
                    raise
                self.deadline.sleep(patience.pause, error.message)


def _as_on_the_wire(pipeline_response: Any, _deserialized: Any, _headers: Any) -> Any:
    text = pipeline_response.http_response.text()
    return json.loads(text) if text else None


def _none_if_missing(call: Callable[[], Result]) -> Result | None:
    try:
        return call()
    except NotFound:
        return None


def _is_resource(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str) and isinstance(value.get("properties"), dict)


def _resource(value: Any, verb: str) -> Resource:
    if not _is_resource(value):
        raise unreadable(verb)
    resource: Resource = value
    return resource


def _says(found: Any, asked: Any) -> bool:
    """Whether a resource is as it was asked for. What it does not show (passwords, custom data), nobody knows; ids and
    regions are written in more ways than one."""
    if isinstance(asked, Mapping) and isinstance(found, Mapping):
        return all(_says(found[key], value) for key, value in asked.items() if key in found)
    if isinstance(asked, (list, tuple)) and isinstance(found, (list, tuple)):
        return len(found) == len(asked) and all(map(_says, found, asked))
    return str(found).lower().replace(" ", "") == str(asked).lower().replace(" ", "")


def _resources(found: Resources) -> Resources:
    _names(found)
    return found


def _names(found: Resources) -> Names:
    if not isinstance(found, list):
        raise ValueError("not a list")
    return [one["name"] for one in found]
