"""The settings of an engine that is there: what would change of them, and the change where it is asked for."""

from __future__ import annotations

from azext_dockervm.advice import host_messages
from azext_dockervm.azure import names
from azext_dockervm.body.resource import Resource
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.step import Listener, Results, Step
from azext_dockervm.options.engine import SETTINGS
from azext_dockervm.provision.host_values import SECRET_SETTINGS, proxies, settings_tag, to_serve
from azext_dockervm.provision.run_command import SILENT_MIRRORS
from azext_dockervm.provision.script.answer import Answer
from azext_dockervm.provision.target import PROVISIONED, Target

KEY = "settings"
# Answers of the host that may name mirrors.
_ANSWERS = ("serve", "prepare", KEY)


def steps(target: Target, vm: Resource | None, listener: Listener) -> list[Step]:
    """None for an engine that was set up with them just now, nor where nothing of them was typed."""
    spec = target.spec
    if not target.keeps_settings or not (spec.applies or SETTINGS & set(spec.given)):
        return []
    noted, asked = names.tag(vm, names.TAG_SETTINGS), settings_tag(spec)[names.TAG_SETTINGS]
    if not spec.applies and noted == asked != SECRET_SETTINGS:
        return []
    parameters = {**to_serve(spec), **proxies(spec), **({"DOCKERVM_APPLY": "1"} if spec.applies else {})}
    request = target.commands.request("configure", parameters)

    def ask(results: Results, deadline: Deadline) -> Answer:
        answer = target.commands.run(request.resolved(results), deadline)
        if not spec.applies and answer.details:
            listener.warn(host_messages.settings_differ(spec, answer.details, answer.values.get("by-hand")))
        return answer

    title = "give the engine its settings" if spec.applies else "see what of the engine's settings would change"
    return [Step(KEY, title, ask, request, needs=(PROVISIONED,), detail=_changes if spec.applies else None)]


def _changes(answer: Answer) -> str:
    return f"{len(answer.details)} lines changed" if answer.details else "they are as asked for"


def warn_of_mirrors(results: Results, listener: Listener) -> None:
    """One that the host can't reach is no failure: Docker then goes to Docker Hub."""
    silent = [one for key in _ANSWERS if key in results for one in results[key].values.get(SILENT_MIRRORS, "").split()]
    if silent:
        listener.warn(host_messages.silent_mirrors(silent))
