"""One VM's run commands and extension at Azure, as provisioners see them; and the words of a set-up script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from azext_dockervm.azure import kinds
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request, to_bytes


def block(*lines: str, run: str = "r1") -> str:
    """What a script prints: noise, then its answer."""
    return "\n".join(["noise from apt", "dockervm-begin", f"run: {run}", *lines, "dockervm-end", ""])


def said(*lines: str, result: str = "ok", run: str = "r1", state: str = "Succeeded", code: int = 0) -> dict[str, Any]:
    """The instance view of a run command whose script has answered."""
    return {"executionState": state, "exitCode": code, "output": block(f"result: {result}", *lines, run=run)}


def parameters(request: Request) -> dict[str, str]:
    return {one["name"]: one["value"] for one in request.body["properties"]["parameters"]}


class AzureOfOneVm:
    """``answer`` gives the view of a sent run command, each time that it is read; ``others`` are views by name.

    ``refusals`` are raised by the next requests, one each; None lets one through. ``stubborn`` names refuse deletion.
    """

    def __init__(self, answer: Callable[[Request], Any] = lambda _request: said()) -> None:
        self.answer = answer
        self.others: dict[str, Any] = {}
        self.refusals: list[Exception | None] = []
        self.stubborn: dict[str, Exception] = {}
        self.sent: list[Request] = []
        self.deadlines: list[Deadline] = []
        self.vm: dict[str, Any] | None = {"name": "web1"}
        self.listed: Exception | None = None

    def until(self, deadline: Deadline) -> AzureOfOneVm:
        self.deadlines.append(deadline)
        return self

    def send(self, request: Request) -> dict[str, Any] | None:
        if request.body is not None:
            to_bytes(request.body)      # as it is sent: no reference is left
        if request.method == "DELETE" and request.names[-1] in self.stubborn:
            raise self.stubborn[request.names[-1]]
        refusal = self.refusals.pop(0) if self.refusals else None
        if refusal is not None:
            raise refusal
        self.sent.append(request)
        return None if request.method == "DELETE" else {"name": request.name}

    def get(self, kind: kinds.Kind, group: str, *names: str) -> dict[str, Any] | None:
        assert (group, names[0]) == ("g", "web1")
        if kind is kinds.VM:
            return self.vm
        assert kind is kinds.RUN_COMMAND
        if names[1] in self.others:
            view = self.others[names[1]]
        else:
            view = self.answer(next(one for one in self.sent if one.names == names))
        if isinstance(view, Exception):
            raise view
        return None if view is None else {"name": names[1], "properties": {"instanceView": view}}

    def vm_is_gone(self, group: str, name: str) -> bool:
        assert (group, name) == ("g", "web1")
        return self.vm is None

    def list(self, kind: kinds.Kind, group: str, *names: str) -> list[dict[str, Any]]:
        assert (kind, group, names) == (kinds.RUN_COMMAND, "g", ("web1",))
        if self.listed:
            raise self.listed
        return [{"name": name} for name in [*self.names("PUT"), *self.others]]

    def names(self, method: str) -> list[str]:
        """Names of the resources that were put or deleted."""
        return [one.names[-1] for one in self.sent if one.method == method]


def one_after_the_other(*views: Any) -> Callable[[Request], Any]:
    """An ``answer`` that is another one at each look."""
    left = list(views)
    return lambda _request: left.pop(0)


def by_action(views: Mapping[str, Any]) -> Callable[[Request], Any]:
    """An ``answer`` by the action of the script that was asked for; a function makes it from the request."""
    def answer(request: Request) -> Any:
        view = views.get(parameters(request)["DOCKERVM_ACTION"], said())
        return view(request) if callable(view) else view

    return answer
