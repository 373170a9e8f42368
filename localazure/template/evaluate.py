"""Evaluator: values of a template with their expressions replaced by what they stand for."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from functools import cmp_to_key
from typing import Any

from localazure.template import functions, syntax
from localazure.template import scope as scopes
from localazure.template.errors import TemplateError, invalid, unevaluable
from localazure.template.scope import LIST, Scope, State, not_here, unknown_function
from localazure.template.syntax import Call, Index, Literal, Member, Node
from localazure.template.values import find, item, member, text, type_name

MOST_COPIES = 800  # the service's own limit of a loop's count


class Evaluator:
    """Evaluates for one place in a template.

    `loops` are the loops around it by name, `loop` the innermost one of resources; without `state`, what is only known
    while a deployment runs is refused. `touched_secret` tells whether the value of a secure parameter went in.
    """

    def __init__(
        self,
        scope: Scope,
        *,
        state: State | None = None,
        loops: dict[str, int] | None = None,
        loop: str | None = None,
        defaults: bool = False,
    ) -> None:
        self._scope = scope
        self._state = state
        self._loops = dict(loops or {})
        self._loop = loop
        self._defaults = defaults
        self._lambda: dict[str, Any] = {}
        self._pending: set[str] = set()
        self.touched_secret = False

    # values

    def value(self, raw: Any) -> Any:
        """A whole value, with all that is in it."""
        if isinstance(raw, _Loop):
            return self.copies(raw)
        if isinstance(raw, str):
            return self.node(syntax.parse(raw)) if syntax.is_expression(raw) else syntax.literal(raw)
        if isinstance(raw, list):
            return [self.value(one) for one in raw]
        if isinstance(raw, dict):
            return self._object(raw)
        return raw

    def _object(self, raw: dict[str, Any]) -> dict[str, Any]:
        loops = raw.get("copy")
        if not (isinstance(loops, list) and all(isinstance(one, dict) and "input" in one for one in loops)):
            return {str(self.value(name)): self.value(inner) for name, inner in raw.items()}
        made = {str(self.value(name)): self.value(inner) for name, inner in raw.items() if name != "copy"}
        for one in loops:
            made[text(self.value(one.get("name")))] = self.copies(one)
        return made

    def copies(self, one: dict[str, Any]) -> list[Any]:
        """The items of a loop over a property, a variable or an output."""
        name = text(self.value(one.get("name", "")))
        count = loop_count(name, self.value(one.get("count")))
        before, outer = self._loops.get(name), self._loop
        found = []
        for index in range(count):
            self._loops[name], self._loop = index, name
            found.append(self._scope.budget.take(self.value(one.get("input"))))
        self._loop = outer
        if before is None:
            self._loops.pop(name, None)
        else:
            self._loops[name] = before
        return found

    # expressions

    def node(self, node: Node) -> Any:
        """What an expression's tree stands for."""
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, Member):
            return member(self.node(node.target), node.name)
        if isinstance(node, Index):
            return item(self.node(node.target), self.node(node.index))
        return self._scope.budget.take(self._call(node))

    def _call(self, node: Call) -> Any:
        name = node.name.lower()
        special = _LAZY.get(name)
        if special is not None:
            return special(self, node)
        if "." in name:
            return self._own_function(node)
        arguments = [self.node(one) for one in node.arguments]
        if name in _SCOPED:
            return _SCOPED[name](self._scope, arguments)
        if name in _SEEING:
            return _SEEING[name](self, node.name, arguments)
        if name in functions.PURE:
            self._scope.budget.refuse(arguments)
            return functions.apply(node.name, arguments)
        if LIST.fullmatch(name):
            return self._list(node.name, arguments)
        raise unknown_function(node.name)

    def _own_function(self, call: Call) -> Any:
        """A function of the template's own: it sees its parameters, and nothing else."""
        namespace, _, name = call.name.partition(".")
        members = self._scope.functions.get(find(self._scope.functions, namespace) or "", {})
        definition = members.get(find(members, name) or "")
        if definition is None:
            raise unknown_function(call.name)
        names = [one["name"] for one in definition.get("parameters") or []]
        if len(names) != len(call.arguments):
            raise unevaluable(call.name, f"the function expects {len(names)} arguments and was given "
                              f"{len(call.arguments)}.")  # fmt: skip
        given = dict(zip(names, (self.node(one) for one in call.arguments), strict=True))
        inner = Scope(
            self._scope.surroundings, given, functions=self._scope.functions, budget=self._scope.budget
        )
        return Evaluator(inner).value((definition.get("output") or {}).get("value"))

    # what decides by itself which arguments count

    def _if(self, call: Call) -> Any:
        if len(call.arguments) != 3:
            raise unevaluable("if", f"the function expects 3 arguments and was given {len(call.arguments)}.")
        return self.node(call.arguments[1 if self._truth("if", call.arguments[0]) else 2])

    def _and(self, call: Call) -> bool:
        return all(self._truth("and", one) for one in call.arguments)

    def _or(self, call: Call) -> bool:
        return any(self._truth("or", one) for one in call.arguments)

    def _truth(self, function: str, node: Node) -> bool:
        value = self.node(node)
        if not isinstance(value, bool):
            raise unevaluable(function, f"a 'Boolean' is needed, and the value is of type '{type_name(value)}'.")
        return value

    def _coalesce(self, call: Call) -> Any:
        values = (self.node(one) for one in call.arguments)
        return next((value for value in values if value is not None), None)

    # functions of functions

    def _function(self, call: Call, place: int) -> Callable[..., Any]:
        node = call.arguments[place] if place < len(call.arguments) else None
        if not isinstance(node, Call) or node.name.lower() != "lambda" or not node.arguments:
            raise unevaluable(call.name, f"the argument at position {place + 1} must be a lambda.")
        *names, body = node.arguments
        keys = [text(self.node(name)) for name in names]

        def run(*values: Any) -> Any:
            outer = dict(self._lambda)
            self._lambda.update(zip(keys, values, strict=False))
            result = self.node(body)
            self._lambda = outer
            return self._scope.budget.take(result)

        return run

    def _over(self, call: Call) -> Any:
        """map, filter, reduce, sort, toObject, mapValues, groupBy."""
        name = call.name.lower()
        values = self.node(call.arguments[0]) if call.arguments else None
        if name == "mapvalues":
            run = self._function(call, 1)
            return {key: run(value) for key, value in functions.apply("union", [values, {}]).items()}
        if not isinstance(values, list):
            reason = f"the argument at position 1 must be an array, and is of type '{type_name(values)}'."
            raise unevaluable(call.name, reason)
        if name == "reduce":
            run, total = self._function(call, 2), self.node(call.arguments[1])
            for value in values:
                total = run(total, value)
            return total
        run = self._function(call, 1)
        if name == "map":
            return [run(value) for value in values]
        if name == "filter":
            return [value for value in values if run(value) is True]
        if name == "sort":
            return sorted(values, key=cmp_to_key(lambda a, b: -1 if run(a, b) else 1 if run(b, a) else 0))
        if name == "groupby":
            groups: dict[str, list[Any]] = {}
            for value in values:
                groups.setdefault(text(run(value)), []).append(value)
            return groups
        other = self._function(call, 2) if len(call.arguments) > 2 else None
        return {text(run(value)): other(value) if other else value for value in values}

    def _lambda_variable(self, _: str, arguments: list[Any]) -> Any:
        name = find(self._lambda, text(arguments[0]) if arguments else "")
        if name is None:
            raise not_here("lambdaVariables")
        return self._lambda[name]

    # the template's own names

    def _parameter(self, _: str, arguments: list[Any]) -> Any:
        wanted = text(arguments[0]) if len(arguments) == 1 else ""
        name = find(self._scope.parameters, wanted)
        if name is None:
            raise TemplateError(
                f"The template parameter '{wanted}' is not found. Please see "
                "https://aka.ms/arm-syntax-parameters for usage details."
            )
        self.touched_secret |= name.lower() in self._scope.secret
        return self._scope.parameters[name]

    def _variable(self, _: str, arguments: list[Any]) -> Any:
        wanted = text(arguments[0]) if len(arguments) == 1 else ""
        key = wanted.lower()
        if key not in self._scope.known:
            if key in self._pending:
                raise TemplateError(f"The template variable '{wanted}' refers to itself.")
            self._pending.add(key)
            inner = Evaluator(self._scope)
            inner._pending = self._pending
            self._scope.known[key] = (inner.value(self._definition(wanted)), inner.touched_secret)
            self._pending.discard(key)
        value, secret = self._scope.known[key]
        self.touched_secret |= secret
        return value

    def _definition(self, wanted: str) -> Any:
        name = find(self._scope.variables, wanted)
        if name is not None and name != "copy":
            return self._scope.variables[name]
        for one in self._scope.variables.get("copy") or []:
            if isinstance(one, dict) and text(one.get("name", "")).lower() == wanted.lower():
                return _Loop(one)
        raise TemplateError(
            f"The template variable '{wanted}' is not found. Please see "
            "https://aka.ms/arm-syntax-variables for usage details."
        )

    def _copy_index(self, _: str, arguments: list[Any]) -> int:
        named = arguments[0] if arguments and isinstance(arguments[0], str) else None
        name = find(self._loops, named) if named is not None else self._loop
        if name is None or name not in self._loops:
            raise not_here("copyIndex")
        offset = arguments[-1] if arguments and isinstance(arguments[-1], int) else 0
        return self._loops[name] + offset

    # around the template

    def _environment(self, name: str, _: list[Any]) -> Any:
        around = self._scope.surroundings
        return {
            "resourcegroup": around.group,
            "subscription": around.subscription,
            "deployment": around.deployment,
            "tenant": around.tenant,
            "environment": around.environment,
        }[name.lower()]

    def _providers(self, _: str, arguments: list[Any]) -> Any:
        namespace, kind = [*(text(one) for one in arguments), None, None][:2]
        return self._scope.surroundings.provider(namespace or "", kind)

    def _new(self, name: str, arguments: list[Any]) -> str:
        """newGuid and utcNow stand in default values of parameters only."""
        if not self._defaults:
            raise not_here(name)
        if name.lower() == "newguid":
            return str(uuid.uuid4())
        return _moment(text(arguments[0]) if arguments else "yyyyMMddTHHmmssZ")

    def _reference(self, name: str, arguments: list[Any]) -> Any:
        if self._state is None:
            raise not_here(name)
        target, version, full = [*(text(one) for one in arguments), None, None, None][:3]
        return self._state.reference(target or "", version, (full or "").lower() == "full")

    def _list(self, name: str, arguments: list[Any]) -> Any:
        if self._state is None:
            raise not_here(name)
        if len(arguments) < 2:
            raise unevaluable(name, f"the function expects 2 or 3 arguments and was given {len(arguments)}.")
        return self._state.listed(name, text(arguments[0]), text(arguments[1]), (arguments[2:] or [{}])[0])


class _Loop(dict):  # type: ignore[type-arg]
    """A variable that is a loop: evaluated to its items."""


def refuse_unknown_functions(what: str, raw: Any) -> None:
    """Raise TemplateError for a call of a function that there is not, wherever it is in a value; `what` has the value.

    Found before anything is deployed. Functions of a template's own are told by the dot in their names.
    """
    for call in syntax.calls(raw):
        name = call.name.lower()
        known = name == "lambda" or name in _LAZY or name in _SCOPED or name in _SEEING or name in functions.PURE
        if not (known or "." in name or LIST.fullmatch(name)):
            raise invalid(f"{what} is not valid: {unknown_function(call.name).message}")


def loop_count(name: str, count: Any) -> int:
    """How often a loop runs; raises TemplateError."""
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise invalid(
            f"The value for the template copy 'count' of '{name}' must be a whole number that is not negative. "
            "Please see https://aka.ms/arm-copy for usage details."
        )
    if count > MOST_COPIES:
        raise invalid(
            f"The template copy count '{count}' of '{name}' is over the limit of '{MOST_COPIES}'. "
            "Please see https://aka.ms/arm-copy for usage details."
        )
    return count


_MOMENTS = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "fff": "000"}


def _moment(style: str) -> str:
    """Now, in one of .NET's formats: its standard u and d, or parts like yyyy-MM-dd."""
    style = {"u": "yyyy-MM-dd HH:mm:ssZ", "d": "MM/dd/yyyy"}.get(style, style)
    pattern = re.sub("|".join(_MOMENTS), lambda match: _MOMENTS[match.group()], style)
    return datetime.now(timezone.utc).strftime(pattern)


_SCOPED: dict[str, Callable[[Scope, list[Any]], str]] = {
    "resourceid": scopes.resource_id,
    "subscriptionresourceid": scopes.subscription_resource_id,
    "tenantresourceid": scopes.tenant_resource_id,
    "extensionresourceid": scopes.extension_resource_id,
}
_LAZY: dict[str, Callable[[Evaluator, Call], Any]] = {
    "if": Evaluator._if,
    "and": Evaluator._and,
    "or": Evaluator._or,
    "coalesce": Evaluator._coalesce,
    **dict.fromkeys(("map", "filter", "reduce", "sort", "toobject", "mapvalues", "groupby"), Evaluator._over),
}
_SEEING: dict[str, Callable[[Evaluator, str, list[Any]], Any]] = {
    "parameters": Evaluator._parameter,
    "variables": Evaluator._variable,
    "lambdavariables": Evaluator._lambda_variable,
    "copyindex": Evaluator._copy_index,
    **dict.fromkeys(("resourcegroup", "subscription", "deployment", "tenant", "environment"), Evaluator._environment),
    "providers": Evaluator._providers,
    "newguid": Evaluator._new,
    "utcnow": Evaluator._new,
    "reference": Evaluator._reference,
}
