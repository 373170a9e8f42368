"""One call of the Azure SDKs: by which client, in which api-version, until when; what goes wrong in it is told as ours.

Bodies go in as bytes and answers come back as plain dictionaries (through the SDK's ``cls`` hook), because the SDK's
models differ between azure-mgmt-compute 34 (az's own) and 39, and 34 silently drops properties that it does not know.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from azext_dockervm.azure.errors import translated
from azext_dockervm.azure.kinds import Spoken
from azext_dockervm.azure.versions import REFUSALS, Versions
from azext_dockervm.errors import AnswerUnreadable, AzureRefused
from azext_dockervm.flow import trace
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.waiting import ended_by

Result = TypeVar("Result")
Names = list[str]

# An answer to a GET that is broken or a gateway's own is most often right the next time.
READ_TRIES = 3


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
    login_address: Callable[[], str] = str     # from which its young token was fetched, '' where that is not known


@dataclass
class Shared:
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


@dataclass(frozen=True)
class Sdk:
    """The SDKs' clients, whose calls are over at ``deadline``. Thread-safe."""

    shared: Shared
    deadline: Deadline

    def made(self, client: str) -> Any:
        """A client, or the subscription's id, that is made on first use."""
        made = self.shared.made.get(client)
        if made is None:
            verb = "use az's login"
            with translated(verb):
                made = ended_by(self.deadline, verb, lambda: self.shared.make(client))
        return made

    def locations(self) -> Names:
        verb = "list the regions"
        with translated(verb), trace.call("GET", "/subscriptions/…/locations"):    # by a client of az's own
            return ended_by(self.deadline, verb, self.shared.clients.locations)

    def in_version(self, spoken: Spoken, location: str, call: Callable[[str], Result]) -> Result:
        """``call`` with the api-version that the service speaks, there; with older ones if it refuses that."""
        while True:
            version = self.shared.versions.of(spoken, location)
            try:
                return call(version)
            except AzureRefused as error:
                if error.code not in REFUSALS or not self.shared.versions.fall_back(
                        spoken, location, version, error.message):
                    raise

    def call(self, version: str, verb: str, path: str, method: str, *arguments: Any, **options: Any) -> Any:
        """What the method of a client (``resources``) or of one of its groups (``resources.resources``) returns."""
        called = self._method(path, method)
        with translated(verb):
            return called(*arguments, deadline=self.deadline, spoken_version=version, **options)

    def _method(self, path: str, method: str) -> Callable[..., Any]:
        client, _, group = path.partition(".")
        target = self.made(client)
        found: Callable[..., Any] = getattr(getattr(target, group) if group else target, method)
        return found

    def ask(self, spoken: Spoken, verb: str, path: str, method: str, *arguments: Any, shape: Callable[[Any], Any],
            location: str = "", **options: Any) -> Any:
        """The answer as JSON, which ``shape`` can take."""
        def ask(version: str) -> Any:
            answer = self.call(version, verb, path, method, *arguments, cls=as_on_the_wire, **options)
            with translated(verb):
                shape(answer)
            return answer

        return self.read(lambda: self.in_version(spoken, location, ask))

    def pages(self, spoken: Spoken, verb: str, path: str, method: str, *arguments: Any,
              shape: Callable[[list[Any]], Result], location: str = "", **options: Any) -> Result:
        """What ``shape`` makes of the elements of all pages."""
        from azext_dockervm.azure.pipeline import Pages

        def every_page(version: str) -> Result:
            pages = Pages()
            with translated(verb):
                for _ in self.call(version, verb, path, method, *arguments, pages=pages, **options):
                    pass
                return shape([one for page in pages for one in page["value"]])

        return self.read(lambda: self.in_version(spoken, location, every_page))

    def read(self, read: Callable[[], Result]) -> Result:
        """What a read gives, which is made again where its answer can't be read."""
        for pause in range(1, READ_TRIES):
            try:
                return read()
            except AnswerUnreadable as error:
                self.deadline.sleep(pause, error.message)
        return read()


def as_on_the_wire(pipeline_response: Any, _deserialized: Any, _headers: Any) -> Any:
    text = pipeline_response.http_response.text()
    return json.loads(text) if text else None
