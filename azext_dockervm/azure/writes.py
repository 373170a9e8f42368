"""Writes: each is sent, waited for to its end, and looked for where its answer was lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count, repeat
from typing import Any, TypeVar

from azext_dockervm.azure import names as azure_names
from azext_dockervm.azure.errors import Lost, translated, unreadable
from azext_dockervm.azure.kinds import BUSY, KINDS, VM, Kind, Patience
from azext_dockervm.azure.resources import Resource, get, is_whole, look, path_of, says, vm_is_gone, whole
from azext_dockervm.azure.sdk import READ_TRIES, Sdk, as_on_the_wire
from azext_dockervm.azure.versions import without_younger
from azext_dockervm.azure.watching import Watch
from azext_dockervm.errors import AnswerUnreadable, AzureRefused, AzureUnreachable, DockerVMError, HostGone, NotFound
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request, to_bytes

Result = TypeVar("Result")

# azure-core repeats GET, PUT and DELETE after a lost connection, PATCH never. Ours write whole maps of tags and whole
# properties, which may be written twice.
PATCH_TRIES = 4
# Seconds between looks at a resource whose operation can't be followed.
LOOK_SECONDS = 4.0
# Looks for a resource whose PUT Azure accepted, when it knows neither the resource nor its operation: a minute of them.
LOST_LOOKS = 15
# The status with which a deletion is answered when there is nothing to delete.
NO_CONTENT = 204


def send(sdk: Sdk, request: Request) -> Resource | None:
    """Carry out a request and wait for its end, and while Azure is busy with the resource or what it stands on → the
    resource; None for a deletion."""
    if request.method not in ("PUT", "PATCH", "DELETE"):
        raise ValueError(f"no such method: {request.method}")
    write = Write(sdk, KINDS[request.kind], request)
    if request.method == "PUT":
        return _while_busy(sdk.deadline, write.kind.put_patience, write.put, write.check_vm)
    if request.method == "PATCH":
        patch = write.tag if "tags" in request.body else write.change
        return _while_busy(sdk.deadline, write.kind.patience, lambda: _repeated(sdk.deadline, patch))
    remove(sdk, request)
    return None


def remove(sdk: Sdk, request: Request) -> bool:
    """Carry out a deletion → whether Azure found anything to delete."""
    write = Write(sdk, KINDS[request.kind], request)
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

        watch = self._watch(self.request.body)

        def put(version: str) -> tuple[bool, Resource | None]:
            body = without_younger(self.kind.younger_members, version, self.request.body)
            return self._begin(version, verb, "begin_create_or_update", to_bytes(body), watch=watch,
                               headers=self._conditions(version, verb))

        try:
            spoken = self.kind.speaking(self.request.body)
            followed, made = self.sdk.in_version(spoken, self.request.body.get("location") or "", put)
        except Lost as error:
            with _accepted():
                return self._settled(verb, NotFound(f"{verb}: {error}"), LOST_LOOKS)
        except AnswerUnreadable as doubt:
            return self._as_asked(verb, doubt)
        if followed:
            with _accepted():
                # What no look has found yet may be shown late; what one has found is gone again.
                return made or self._there(NotFound(f"{verb}: it is gone again."),
                                           READ_TRIES if watch.was_found else math.inf)
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

    def delete(self) -> bool:
        """What is not there is fine → whether Azure found it."""
        verb = f"delete {self._noun}"
        answered: list[int] = []
        try:
            self.sdk.in_version(self.kind, "", lambda version: self._begin(
                version, verb, "begin_delete", answered=answered.append, **self._force))
        except NotFound:
            return False
        except Lost as error:
            self._gone(AzureRefused(f"{verb}: {error}"))
        except AnswerUnreadable as doubt:
            self._gone(doubt)
        return answered[-1:] != [NO_CONTENT]

    def begin_to_delete(self) -> None:
        try:
            self.sdk.in_version(self.kind, "", lambda version: self._call(
                version, f"delete {self._noun}", "begin_delete", polling=False, **self._force))
        except NotFound:
            pass

    @property
    def _force(self) -> dict[str, Any]:
        return {"force_deletion": True} if self.request.force else {}

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
               answered: Callable[[int], None] | None = None, **options: Any) -> tuple[bool, Resource | None]:
        """Begin an operation and wait for its end → whether there was one, and the resource: what the one answer held
        where there was none, and where reading told the end what was read. ``answered`` gets the first answer's status.

        Raises ``Lost`` or ``AnswerUnreadable`` where only the resource itself can tell how it ended.
        """
        from azext_dockervm.azure.polling import Operation

        operation = Operation(self.sdk.deadline)
        try:
            self._call(version, verb, method, *body, polling=operation, **options)
        except AzureRefused as error:
            error.accepted = None if _may_be_of_itself(error) else False
            raise
        if answered:
            answered(operation.first_status)
        with _accepted(), translated(verb):
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
        def look_at_it() -> Resource | None:
            found = look(self.sdk, self.kind, self.request.group, *self.request.names)
            if found is None:
                self.check_vm()
            return found

        return Watch(look_at_it, asked, self.kind.looks, is_change)

    def check_vm(self) -> None:
        """Raise ``HostGone`` where what is written is below a VM that was deleted: nothing comes of it any more."""
        vm = self.request.names[0]
        if self.kind.type.startswith(f"{VM.type}/") and vm_is_gone(self.sdk, self.request.group, vm):
            raise HostGone(f"The VM '{vm}' has been deleted meanwhile.")

    def _as_asked(self, verb: str, doubt: AnswerUnreadable) -> Resource:
        """The resource that a PUT made though its answer can't be read; raises ``doubt`` where it is not as asked."""
        found = self._settled(verb, doubt)
        if not says(found, self.request.body):
            raise doubt
        return found

    def _there(self, missing: Exception, most_looks: float = READ_TRIES) -> Resource:
        """A resource that was made, which Azure does not show everywhere at once. ``most_looks`` may be infinite: then
        it is looked for as long as the deadline allows."""
        for looks in count(1):
            found = self._get()
            if found is not None:
                return found
            if looks >= most_looks:
                break
            self.check_vm()
            self.sdk.deadline.sleep(LOOK_SECONDS, f"Azure does not find {self._noun} yet")
        raise missing

    def _settled(self, verb: str, missing: Exception, most_looks: float = READ_TRIES) -> Resource:
        """The same, once no change is at work on it."""
        while True:
            found = self._there(missing, most_looks)
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


@contextmanager
def _accepted() -> Iterator[None]:
    """What fails inside is about a write that Azure has accepted; one whose operation has failed is told by that."""
    try:
        yield
    except DockerVMError as error:
        if not isinstance(error, (AzureRefused, AnswerUnreadable)):
            error.accepted = True
        raise


def _may_be_of_itself(refusal: AzureRefused) -> bool:
    """Whether a first answer says nothing of what became of the request: a PUT whose answer was lost is sent again,
    and refused because of itself."""
    return (refusal.status is None or refusal.status >= 500 or refusal.status in (408, 412)
            or refusal.code in BUSY.codes)


def _repeated(deadline: Deadline, patch: Callable[[], Result]) -> Result:
    """What goes wrong on the way may have been written; ours find it so the next time, or may be written twice."""
    for pause in range(1, PATCH_TRIES):
        try:
            return patch()
        except AzureUnreachable as error:
            deadline.sleep(pause, error.message)
    return patch()


def _while_busy(deadline: Deadline, patience: Patience, call: Callable[[], Result],
                check: Callable[[], None] = lambda: None) -> Result:
    """Repeat a call that is refused only because Azure is not done with the resource or one that it needs. ``check``
    raises where there is nothing to wait for any more."""
    until = deadline if patience.seconds is None else deadline.within(patience.seconds)
    was_begun = False
    for pause in chain(patience.pauses, repeat(patience.pauses[-1])):
        try:
            return call()
        except AzureRefused as error:
            was_begun = was_begun or error.accepted is not False
            if was_begun:
                error.accepted = None
            if error.code not in patience.codes:
                raise
            if patience.seconds is not None and until.remaining() < 2 * pause:
                raise
            check()
            deadline.sleep(pause, error.message)
    raise AssertionError("the pauses have no end")
