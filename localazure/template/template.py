"""Template: its parts, checked; its resources unfolded out of loops, parents and conditions; its outputs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from localazure.template import layout, parameters
from localazure.template.errors import SYNTAX, TemplateError, invalid
from localazure.template.evaluate import Evaluator, loop_count, refuse_unknown_functions
from localazure.template.scope import Scope, State
from localazure.template.syntax import calls
from localazure.template.values import text

DEPLOYMENT = "microsoft.resources/deployments"
MOST_RESOURCES = 800
# Members of a resource that are for the deployment, not for the resource.
_OWN = ("type", "apiversion", "name", "dependson", "condition", "copy", "resources", "comments", "scope", "existing",
        "metadata", "resourcegroup", "subscriptionid")  # fmt: skip


@dataclass
class Planned:
    """One resource to deploy. `needs` are keys of others; `raw` its body with expressions; `names` what others call it.

    A nested deployment carries its own group in `group`. `existing` is only read, never written.
    """

    id: str
    type: str
    name: str
    api_version: str
    raw: dict[str, Any]
    group: str
    loops: dict[str, int] = field(default_factory=dict)
    loop: str | None = None
    names: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    needs: set[str] = field(default_factory=set)
    included: bool = True
    existing: bool = False

    @property
    def key(self) -> str:
        return self.id.lower()


class Template:
    """A template whose parameters are bound. `scope` is what its expressions see."""

    def __init__(self, raw: dict[str, Any], scope: Scope, given: dict[str, Any] | None = None) -> None:
        layout.check(raw)
        self.raw = raw
        self.scope = scope
        self.defined: dict[str, Any] = raw.get("parameters") or {}
        if given is not None:  # None: a nested template that sees the names of the one around it
            scope.variables = raw.get("variables") or {}
            scope.functions = _functions(raw.get("functions") or [])
            parameters.bind(scope, self.defined, given)
        self.resources = _Unfolding(self).all()
        for one in {id(one.raw): one for one in self.resources}.values():  # a loop's resources share theirs
            refuse_unknown_functions(f"The template resource '{one.name}'", one.raw)
        for name, output in (raw.get("outputs") or {}).items():
            refuse_unknown_functions(f"The template output '{name}'", output)
        self._dependencies = _Dependencies(self, self.resources)
        self._dependencies.resolve()

    def find(self, name: str) -> list[Planned]:
        """The resources that a name means: an id, `type/name`, a symbol, a loop, or a bare name."""
        return self._dependencies.find(name)

    @property
    def hash(self) -> str:
        """The number by which two templates can be told apart."""
        return hash_of(self.raw)

    def outputs(self, state: State) -> dict[str, Any]:
        """The outputs; those of a secure type, and those that a secure parameter went into, without their value."""
        found = {}
        for name, one in (self.raw.get("outputs") or {}).items():
            try:
                evaluator = Evaluator(self.scope, state=state)
                if "condition" in one and evaluator.value(one["condition"]) is not True:
                    continue
                shown: dict[str, Any] = {"type": parameters.shown_type(one.get("type"))}
                value = evaluator.copies({**one["copy"], "name": name}) if one.get("copy") else evaluator.value(
                    one.get("value"))  # fmt: skip
            except TemplateError as error:
                raise OutputError(name, f"The template output '{name}' is not valid: {error.message}.") from None
            if not shown["type"].startswith("Secure") and not evaluator.touched_secret:
                shown["value"] = value
            found[name] = shown
        return found


class OutputError(TemplateError):
    """An output that can't be evaluated."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message, "DeploymentOutputEvaluationFailed")
        self.name = name


def hash_of(raw: dict[str, Any]) -> str:
    """A template's hash as deployments and calculateTemplateHash show it: a number of up to twenty digits."""
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()
    return str(int.from_bytes(hashlib.sha256(canonical).digest()[:8], "big"))


def _functions(raw: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in raw:
        found.setdefault(one["namespace"], {}).update(one["members"])
    return found


class _Unfolding:
    """Every resource of a template: one for each turn of a loop, children beside their parents."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._scope = template.scope
        self._found: list[Planned] = []

    def all(self) -> list[Planned]:
        resources = self._template.raw["resources"]
        symbols = resources.items() if isinstance(resources, dict) else [("", one) for one in resources]
        for symbol, one in symbols:
            self._unfold(one, symbol, None)
        keys: set[str] = set()
        for planned in self._found:
            if planned.key in keys:
                raise invalid(
                    f"The resource '{planned.type}/{planned.name}' at line '1' and column '1' is defined multiple "
                    "times in a template. Please see https://aka.ms/arm-template/#resources for usage details."
                )
            keys.add(planned.key)
        return self._found

    def _unfold(self, raw: Any, symbol: str, parent: Planned | None) -> None:
        members = {name.lower(): value for name, value in raw.items()}
        loop = members.get("copy")
        if loop is None:
            self._add(raw, members, symbol, parent, {}, None)
            return
        if parent is not None:
            raise invalid(f"A child of a template resource can't have a 'copy'. {SYNTAX}")
        name = loop["name"]
        count = loop_count(name, Evaluator(self._scope).value(loop.get("count")))
        serial = text(loop.get("mode", "")).lower() == "serial"
        batch = Evaluator(self._scope).value(loop.get("batchSize", 1)) if serial else count
        turns: list[Planned] = []
        for index in range(count):
            turn = self._add(raw, members, symbol, None, {name: index}, name)
            if serial and isinstance(batch, int) and batch > 0:
                first = index - index % batch
                turn.needs |= {one.key for one in turns[max(0, first - batch) : first]}
            turns.append(turn)

    def _add(
        self, raw: dict[str, Any], members: dict[str, Any], symbol: str, parent: Planned | None, loops: dict[str, int],
        loop: str | None,
    ) -> Planned:  # fmt: skip
        inherited = parent.loops if parent else {}
        evaluator = Evaluator(self._scope, loops={**inherited, **loops}, loop=loop or (parent.loop if parent else None))
        try:
            planned = self._planned(evaluator, raw, members, symbol, parent)
        except TemplateError as error:
            if error.code != "InvalidTemplate" or error.message.startswith("Deployment template validation"):
                raise
            where = f"The template resource '{text(members.get('name', ''))}' at line '1' and column '1'"
            raise invalid(f"{where} is not valid: {error.message}") from None
        planned.loops, planned.loop = {**inherited, **loops}, loop or (parent.loop if parent else None)
        if loop is not None:
            planned.names = (*planned.names, loop.lower())
        self._found.append(planned)
        if len(self._found) > MOST_RESOURCES:
            raise invalid(f"The number of resources is over the limit of '{MOST_RESOURCES}'. {SYNTAX}")
        children = members.get("resources") or []
        for child in children.values() if isinstance(children, dict) else children:
            self._unfold(child, "", planned)
        return planned

    def _planned(
        self, evaluator: Evaluator, raw: dict[str, Any], members: dict[str, Any], symbol: str, parent: Planned | None
    ) -> Planned:
        for needed in ("type", "apiversion", "name"):
            if not members.get(needed):
                shown = {"apiversion": "apiVersion"}.get(needed, needed)
                where = f"The template resource '{text(members.get('name', ''))}' at line '1' and column '1'"
                raise invalid(f"{where} is missing the required property '{shown}'. {SYNTAX}")
        kind, name = str(members["type"]), text(evaluator.value(members["name"]))
        if parent is not None and "." not in kind.split("/")[0]:
            kind, name = f"{parent.type}/{kind}", f"{parent.name}/{name}"
        around = self._scope.surroundings
        group = text(evaluator.value(members.get("resourcegroup"))) or around.group["name"]
        subscription = text(evaluator.value(members.get("subscriptionid"))) or around.subscription["subscriptionId"]
        scope = evaluator.value(members.get("scope"))
        included = evaluator.value(members.get("condition", True))
        if not isinstance(included, bool):
            raise TemplateError("the condition must be a boolean.")
        depends_on = tuple(text(evaluator.value(one)) for one in members.get("dependson") or [])
        if parent is not None and not parent.included:
            included = False
        return Planned(
            id=identifier(subscription, group, kind, name, text(scope)),
            type=kind,
            name=name,
            api_version=text(evaluator.value(members["apiversion"])),
            raw={key: value for key, value in raw.items() if key.lower() not in _OWN},
            group=group,
            names=(symbol.lower(),) if symbol else (),
            depends_on=depends_on,
            included=included,
            existing=members.get("existing") is True,
        )


def identifier(subscription: str, group: str, kind: str, name: str, scope: str = "") -> str:
    """The id of a resource by type and name, as templates write them; raises TemplateError when they don't match.

    Types with `/providers/` in them are extensions of another resource: a lock of a VM has the type
    `Microsoft.Compute/virtualMachines/providers/locks` and the name `vm/Microsoft.Authorization/lock`.
    """
    at = f"/subscriptions/{subscription}/resourceGroups/{group}"
    base, separator, extension = kind.partition("/providers/")
    if separator:
        outer, _, inner = name.partition("/Microsoft.")
        namespace, _, inner_name = f"Microsoft.{inner}".partition("/")
        whole = identifier(subscription, group, base, outer)
        return f"{whole}/{_provider(f'{namespace}/{extension}', inner_name)}"
    if scope:
        at = scope if scope.startswith("/") else f"{at}/providers/{scope}"
    return f"{at}/{_provider(kind, name)}"


def _provider(kind: str, name: str) -> str:
    namespace, *types = kind.split("/")
    names = name.split("/")
    if len(types) != len(names) or not all(types) or not all(names):
        raise invalid(
            f"The template resource '{name}' for type '{kind}' at line '1' and column '1' has incorrect segment "
            "lengths. A nested resource type must have identical number of segments as its resource name. A root "
            "resource type must have segment length one greater than its resource name. Please see "
            "https://aka.ms/arm-syntax-resources for usage details."
        )
    return f"providers/{namespace}/" + "/".join(f"{a}/{b}" for a, b in zip(types, names, strict=True))


class _Dependencies:
    """What each resource waits for: by dependsOn, and by references to others of the template."""

    def __init__(self, template: Template, resources: list[Planned]) -> None:
        self._scope = template.scope
        self._resources = resources
        self._by_name: dict[str, list[Planned]] = {}
        for one in resources:
            for name in {one.key, one.name.lower(), f"{one.type}/{one.name}".lower(), *one.names,
                         one.key.partition("/providers/")[2]}:  # fmt: skip
                self._by_name.setdefault(name, []).append(one)

    def resolve(self) -> None:
        for one in self._resources:
            for name in one.depends_on:
                found = self.find(name)
                if not found:
                    raise invalid(f"The resource '{name}' is not defined in the template. {SYNTAX}")
                one.needs |= {other.key for other in found if other is not one}
            one.needs |= {other.key for other in self._referenced(one) if other is not one}
        self._refuse_circles()

    def find(self, name: str) -> list[Planned]:
        return self._by_name.get(name.lower().strip("/"), []) or self._by_name.get(name.lower(), [])

    def _referenced(self, one: Planned) -> list[Planned]:
        """The resources that reference() names without an api-version; with one, no order is implied."""
        found: list[Planned] = []
        if one.type.lower() == DEPLOYMENT and one.existing:
            return found
        evaluator = Evaluator(self._scope, loops=one.loops, loop=one.loop)
        for call in calls(one.raw):
            if call.name.lower() == "reference" and len(call.arguments) == 1:
                try:
                    target = evaluator.node(call.arguments[0])
                except TemplateError:
                    continue  # it depends on what is not known yet, or on a nested template's own names
                found += self.find(text(target))
        return found

    def _refuse_circles(self) -> None:
        waits = {one.key: set(one.needs) for one in self._resources}
        while waits:
            free = [key for key, needs in waits.items() if not needs & waits.keys()]
            if not free:
                shown = next(one.id for one in self._resources if one.key in waits)
                raise invalid(
                    f"Circular dependency detected on resource: '{shown}'. Please see "
                    "https://aka.ms/arm-syntax-resources for usage details."
                )
            for key in free:
                del waits[key]
