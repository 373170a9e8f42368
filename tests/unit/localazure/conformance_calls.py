"""Performs the recorded operations on a Local Azure of its own, and keeps each answer under the operation's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from arm_support import Answer, Group, LocalAzure
from recorded import operations

Steps = Callable[["Calls"], None]


class Calls:
    """`answers` by operation; `errors` of what could not be performed."""

    def __init__(self, folder: Path, provider: str) -> None:
        self.arm = LocalAzure(folder)
        self.operations = operations(provider)
        self.answers: dict[str, Answer] = {}
        self.errors: dict[str, str] = {}
        self.group = Group(self.arm)

    def do(
        self, name: str, path: str, body: Any = None, *, wait: bool = True, api: str | None = None, **query: str
    ) -> Answer:
        """Perform an operation with the newest api-version of its recordings, and wait until it is through."""
        operation = self.operations[name]
        version = api or operation["api_versions"][-1]
        answer = self.arm.call(operation["method"], path, body, version, **query)
        self.answers[name] = answer
        if wait and answer.status < 300:
            self.finish(name, answer)
        return answer

    def finish(self, name: str, answer: Answer) -> None:
        """Follow its long-running operation to the end."""
        if "Azure-AsyncOperation" in answer.headers or answer.status == 202:
            end = self.arm.wait(answer)
            if (end.body or {}).get("status") == "Failed":
                self.errors[name] = str(end.body)

    def follow(self, name: str, answer: Answer, header: str = "Azure-AsyncOperation") -> Answer:
        """Keep one answer of a long-running operation's own address."""
        path = answer.headers[header].split(f":{self.arm.port}", 1)[1]
        status = self.arm.raw("GET", path, headers={"Authorization": f"Bearer {self.arm.token}"})
        self.answers[name] = status
        return status


def perform(folder: Path, provider: str, *parts: Steps) -> Calls:
    """Run the parts, each on its own: what one can't do does not keep the others from their work."""
    calls = Calls(folder, provider)
    for part in parts:
        try:
            part(calls)
        except (AssertionError, KeyError, TypeError) as error:
            calls.errors[part.__name__] = f"{type(error).__name__}: {error}"
    return calls
