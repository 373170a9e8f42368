"""Writes: each is sent, waited for to its end, and looked for where its answer was lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, TypeVar

from azext_dockervm.azure import names as azure_names
from azext_dockervm.azure.errors import Lost, translated, unreadable
from azext_dockervm.azure.kinds import KINDS, Kind, Patience
from azext_dockervm.azure.resources import Resource, get, is_whole, look, path_of, says, whole
from azext_dockervm.azure.sdk import READ_TRIES, Sdk, as_on_the_wire
from azext_dockervm.azure.versions import without_younger
from azext_dockervm.azure.watching import Watch
from azext_dockervm.errors import AnswerUnreadable, AzureRefused, AzureUnreachable, NotFound
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request, to_bytes

Result = TypeVar("Result")

# azure-core repeats GET, PUT and DELETE after a lost connection, PATCH never. Ours write whole maps of tags and whole
# properties, which may be written twice.
PATCH_TRIES = 4
# Seconds between looks at a resource whose operation can't be followed.
LOOK_SECONDS = 4.0


def send(sdk: Sdk, request: Request) -> Resource | None:
    """Carry out a request and wait for its end, and while Azure is busy with the resource or what it stands on → the
    resource; None for a deletion."""
    if request.method not in ("PUT", "PATCH", "DELETE"):
        raise ValueError(f"no such method: {request.method}")
    write = Write(sdk, KINDS[request.kind], request)
    if request.method == "PUT":
        return _while_busy(sdk.deadline, write.kind.put_patience, write.put)
    if request.method == "PATCH":
        patch = write.tag if "tags" in request.body else write.change
        return _while_busy(sdk.deadline, write.kind.patience, lambda: _repeated(sdk.deadline, patch))
    return _while_busy(sdk.deadline, write.kind.patience, write.delete)


def begin(sdk: Sdk, request: Request) -> None:
    """Send a deletion, and return as soon as Azure has taken it."""
    write = Write(sdk, KINDS[request.kind], request)
    _while_busy(sdk.deadline, write.kind.patience, write.begin_to_delete)


@dataclass(frozen=True)
class Write:
    """One request of a kind. Its methods raise the errors of ``errors.py``."""

    sdk: Sdk
    kind: Kind
    request: Request

    @property
    def _noun(self) -> str:
        return f"the {self.kind.noun} '{self.request.names[-1]}'"

    def put(self) -> Resource:
        """The body is the whole resource."""
        verb = f"{self.kind.verb} {self._noun}"

        def put(version: str) -> tuple[bool, Resource | None]:
            body = without_younger(self.kind.younger_members, version, self.request.body)
            return self._begin(version, verb, "begin_create_or_update", to_bytes(body),
                               watch=self._watch(self.request.body), headers=self._conditions(version, verb))

        try:
            spoken = self.kind.speaking(self.request.body)
            followed, made = self.sdk.in_version(spoken, self.request.body.get("location") or "", put)
        except Lost as error:
            return self._settled(verb, NotFound(f"{verb}: {error}"))
        except AnswerUnreadable as doubt:
            return self._as_asked(verb, doubt)
        if followed:
            return made or self._there(NotFound(f"{verb}: it is gone again."))
        try:
            return whole(made, verb)
        except AnswerUnreadable as doubt:
            return self._as_asked(verb, doubt)

    def tag(self) -> Resource:
        """The body's tags are merged into those that are there."""
        verb = f"write the tags of {self._noun}"
        found = self._get()
        if found is None:
            raise NotFound(f"{verb}: it is not there any more.")
        now = found.get("tags") or {}
        wanted = azure_names.with_tags(now, self.request.body["tags"])
        if wanted == now:
            return found
        written = self._write_tags(verb, wanted)
        if (written.get("tags") or {}) == now:
            raise unreadable(verb)      # said to be done, and nothing of it was
        return written

    def change(self) -> Resource:
        """The body's properties take the place of those that they name."""
        verb = f"change {self._noun}"
        try:
            self.sdk.in_version(self.kind, "", lambda version: self._begin(
                version, verb, self.kind.tag_method, to_bytes(self.request.body)))
        except (Lost, AnswerUnreadable):
            pass        # the resource itself tells
        return self._as_asked(verb, unreadable(verb))

    def delete(self) -> None:
        """What is not there is fine."""
        verb = f"delete {self._noun}"
        try:
            self.sdk.in_version(self.kind, "", lambda version: self._begin(version, verb, "begin_delete"))
        except NotFound:
            return
        except Lost as error:
            self._gone(AzureRefused(f"{verb}: {error}"))
        except AnswerUnreadable as doubt:
            self._gone(doubt)

    def begin_to_delete(self) -> None:
        try:
            self.sdk.in_version(self.kind, "", lambda version: self._call(
                version, f"delete {self._noun}", "begin_delete", polling=False))
        except NotFound:
            pass

    # How it is sent

    def _call(self, version: str, verb: str, method: str, *body: bytes, **options: Any) -> Any:
        if not self.kind.client:
            path = path_of(self.sdk, self.kind, self.request.group, self.request.names)
            given = {"parameters": body[0]} if body else {}     # the SDK's versions differ in their order
            return self.sdk.call(version, verb, "resources.resources", f"{method}_by_id", path, api_version=version,
                                 **given, **options)
        return self.sdk.call(version, verb, f"{self.kind.client}.{self.kind.operations}", method, self.request.group,
                             *self.request.names, *body, **options)

    def _begin(self, version: str, verb: str, method: str, *body: bytes, watch: Watch | None = None,
               **options: Any) -> tuple[bool, Resource | None]:
        """Begin an operation and wait for its end → whether there was one, and the resource: what the one answer held
        where there was none, and where reading told the end what was read.

        Raises ``Lost`` or ``AnswerUnreadable`` where only the resource itself can tell how it ended.
        """
        from azext_dockervm.azure.polling import Operation

        operation = Operation(self.sdk.deadline)
        self._call(version, verb, method, *body, polling=operation, **options)
        with translated(verb):
            return operation.wait(watch)

    def _conditions(self, version: str, verb: str) -> dict[str, str]:
        """So that a PUT changes nothing of others: then Azure answers 412, also to this very request sent twice."""
        if self.kind.never_replaces is None:
            return {}
        if version >= self.kind.never_replaces:
            return {"If-None-Match": "*"}
        if self._get() is not None:
            raise AzureRefused(f"{verb}: it is there already.", code="PreconditionFailed", status=412)
        return {}

    def _write_tags(self, verb: str, tags: Mapping[str, str]) -> Resource:
        """PATCH replaces the whole map, so ``tags`` holds all of them."""
        body, method = {"tags": dict(tags)}, self.kind.tag_method

        def patch(version: str) -> Any:
            if method.startswith("begin_"):
                return self._begin(version, verb, method, to_bytes(body), watch=self._watch(body, is_change=True))[1]
            return self._call(version, verb, method, to_bytes(body), cls=as_on_the_wire)

        try:
            written = self.sdk.in_version(self.kind, "", patch)
        except Lost:
            written = None
        if is_whole(written):
            return whole(written, verb)
        return self._there(NotFound(f"{verb}: it is not there any more."))

    # What has become of it

    def _get(self) -> Resource | None:
        return get(self.sdk, self.kind, self.request.group, *self.request.names)

    def _watch(self, asked: Any, is_change: bool = False) -> Watch:
        return Watch(lambda: look(self.sdk, self.kind, self.request.group, *self.request.names), asked,
                     self.kind.looks, is_change)

    def _as_asked(self, verb: str, doubt: AnswerUnreadable) -> Resource:
        """The resource that a PUT made though its answer can't be read; raises ``doubt`` where it is not as asked."""
        found = self._settled(verb, doubt)
        if not says(found, self.request.body):
            raise doubt
        return found

    def _there(self, missing: Exception) -> Resource:
        """A resource that was made, which Azure does not know everywhere at once."""
        for _ in range(1, READ_TRIES):
            found = self._get()
            if found is not None:
                return found
            self.sdk.deadline.sleep(LOOK_SECONDS, f"Azure does not find {self._noun} yet")
        found = self._get()
        if found is None:
            raise missing
        return found

    def _settled(self, verb: str, missing: Exception) -> Resource:
        """The same, once no change is at work on it."""
        while True:
            found = self._there(missing)
            state = found["properties"].get("provisioningState") or "Succeeded"
            if state in ("Failed", "Canceled"):
                raise AzureRefused(f"{verb}: it ended as {state}.", code=state)
            if state == "Succeeded":
                return found
            self.sdk.deadline.sleep(LOOK_SECONDS, f"{self._noun} is '{state}'")

    def _gone(self, doubt: Exception) -> None:
        """Wait while a resource is being deleted; raises ``doubt`` where it is there and is not."""
        while True:
            found = self._get()
            if found is None:
                return
            if found["properties"].get("provisioningState") != "Deleting":
                raise doubt
            self.sdk.deadline.sleep(LOOK_SECONDS, f"{self._noun} is being deleted")


def _repeated(deadline: Deadline, patch: Callable[[], Result]) -> Result:
    """What goes wrong on the way may have been written; ours find it so the next time, or may be written twice."""
    for pause in range(1, PATCH_TRIES):
        try:
            return patch()
        except AzureUnreachable as error:
            deadline.sleep(pause, error.message)
    return patch()


def _while_busy(deadline: Deadline, patience: Patience, call: Callable[[], Result]) -> Result:
    """Repeat a call that is refused only because Azure is not done with the resource or one that it needs."""
    until = deadline if patience.seconds is None else deadline.within(patience.seconds)
    for pause in chain(patience.pauses, repeat(patience.pauses[-1])):
        try:
            return call()
        except AzureRefused as error:
            if error.code not in patience.codes:
                raise
            if patience.seconds is not None and until.remaining() < 2 * pause:
                raise
            deadline.sleep(pause, error.message)
    raise AssertionError("the pauses have no end")
