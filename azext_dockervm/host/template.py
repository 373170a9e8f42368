"""The network and the machine of a host as an ARM template, which ``az deployment group validate`` accepts.

What nobody knows before a deployment is left to it: references become expressions, secrets parameters. What only
``create`` can give, such as the set-up's custom data with a key of its own run, is left out: the same create goes on
from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azext_dockervm.advice import option_values
from azext_dockervm.azure.kinds import KINDS
from azext_dockervm.body import network_interface
from azext_dockervm.errors import Conflict
from azext_dockervm.flow.request import Ref, Request
from azext_dockervm.flow.step import Alternative, Step
from azext_dockervm.secret import Secret

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
Json = dict[str, Any]
# Where a deployment finds among the properties of what it has made what we read of it.
_SEEN: Mapping[Any, str] = {
    network_interface.private_address: "ipConfigurations[0].properties.privateIPAddress"}
# What else a parameter says of itself.
_TOLD: Mapping[str, Json] = {"customData": {"metadata": {"description": "What --custom-data gives, in base64."}}}


class _Unknown(Exception):
    """A value that no template can have."""


def template(steps: Iterable[Step | Alternative], group: str, known: Mapping[str, Any],
             to_come: Mapping[str, str]) -> Json:
    """Of an alternative the way that is tried first. ``known`` are results that are there already, by their steps'
    keys; ``to_come`` are texts that stand for what will be made, with the names of the parameters that give it.

    Raises ``Conflict`` where something is written into another group: one template is of one group.
    """
    made = _Template({one.key: one for step in steps for one in _first(step)}, known, to_come)
    resources = [made.resource(step.request, step.needs) for step in made.steps.values() if step.request is not None
                 and _of(step.request, group)]
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "parameters": made.parameters, "resources": resources}


def _first(step: Step | Alternative) -> tuple[Step, ...]:
    return step.first if isinstance(step, Alternative) else (step,)


def _of(request: Request, group: str) -> bool:
    if request.group.lower() != group.lower():
        raise Conflict(f"The {request.kind} '{request.name}' is in the group '{request.group}', and a template is of "
                       "one group.", option_values.PLAN_INSTEAD)
    return True


@dataclass
class _Template:
    steps: Mapping[str, Step]
    known: Mapping[str, Any]
    to_come: Mapping[str, str]
    parameters: Json = field(default_factory=dict)

    def resource(self, request: Request, after: Iterable[str] = ()) -> Json:
        """``after``: the keys of steps that come before it, though it has nothing of theirs."""
        needs: dict[str, None] = {}
        body = {name: self._tags(value) if name == "tags" else self._value(name, value, needs)
                for name, value in request.body.items()}
        for one in (self.steps[key].request for key in after if key in self.steps):
            if one is not None:
                needs[_resource_id(one.kind, one.names)] = None
        version = KINDS[request.kind].speaking(body).api_version
        found = {"type": request.kind, "apiVersion": version, "name": request.name, **body}
        return {**found, "dependsOn": list(needs)} if needs else found

    def _tags(self, tags: Mapping[str, Any]) -> Json:
        """Expressions in tags can't look at other resources, so what they would say is noted by create later on."""
        found = {}
        for name, value in tags.items():
            try:
                found[name] = self._literal(value) if isinstance(value, Ref) else _text(value)
            except _Unknown:
                continue
        return found

    def _value(self, name: str, value: Any, needs: dict[str, None]) -> Any:
        """``name`` is the member's, of which a secret becomes a parameter."""
        if isinstance(value, Mapping):
            return {key: self._value(key, inner, needs) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._value(name, inner, needs) for inner in value]
        if isinstance(value, Secret):
            return self._parameter(name, "securestring")
        if isinstance(value, str) and value in self.to_come:
            return self._parameter(self.to_come[value], "string")
        return self._reference(value, needs) if isinstance(value, Ref) else _text(value)

    def _parameter(self, name: str, kind: str) -> str:
        self.parameters[name] = {"type": kind, **_TOLD.get(name, {})}
        return f"[parameters('{name}')]"

    def _reference(self, ref: Ref, needs: dict[str, None]) -> Any:
        try:
            return self._literal(ref)
        except _Unknown:
            pass
        step = self.steps[ref.step]
        made = step.gives or ((step.request.kind, step.request.names) if step.request else None)
        seen = _SEEN.get(ref.via) if ref.via and not ref.path else None
        if made is None or not (seen or (ref.path == ("id",) and ref.via is None)):
            raise Conflict(f"What '{step.title}' finds out can't be said in a template.", option_values.PLAN_INSTEAD)
        for waited_for in self._written(step):
            needs[_resource_id(waited_for.kind, waited_for.names)] = None
        made_id = _resource_id(*made)
        return f"[reference({made_id.strip('[]')}, '{KINDS[made[0]].api_version}').{seen}]" if seen else made_id

    def _literal(self, ref: Ref) -> Any:
        found = self.known.get(ref.step, self.steps[ref.step].known if ref.step in self.steps else None)
        if found is None:
            raise _Unknown
        return _text(ref.value({ref.step: found}))

    def _written(self, step: Step) -> list[Request]:
        """What is written before the step's result is there."""
        if step.request is not None:
            return [step.request]
        return [request for key in sorted(step.waits_for) if key in self.steps
                for request in self._written(self.steps[key])]


def _text(value: Any) -> Any:
    """A text that begins with a bracket would be an expression."""
    return f"[{value}" if isinstance(value, str) and value.startswith("[") else value


def _resource_id(kind: str, names: tuple[str, ...]) -> str:
    words = ", ".join("'" + word.replace("'", "''") + "'" for word in (kind, *names))
    return f"[resourceId({words})]"
