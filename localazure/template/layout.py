"""Layout: what a template must look like before anything in it is evaluated."""

from __future__ import annotations

from typing import Any

from localazure.template.errors import SYNTAX, invalid
from localazure.template.syntax import is_expression
from localazure.template.values import type_name

# A layout is a type, a list with that of its members, or a dict of members' layouts; "*" is any member. Members that
# are not named may be anything; names ignore case, null is as good as absent.
Layout = Any
_LOOP: Layout = {"name": str, "mode": str}
MOST = {"parameters": 256, "variables": 256, "outputs": 64}  # the service's own limits
_ITEMS: Layout = [{"name": str}]
_RESOURCE: dict[str, Layout] = {
    "type": str,
    "apiVersion": str,
    "name": str,
    "dependsOn": [str],
    "copy": _LOOP,
    "scope": str,
    "existing": bool,
    "resourceGroup": str,
    "subscriptionId": str,
}
_FUNCTION: Layout = {"parameters": _ITEMS, "output": {"type": str}}
_TEMPLATE: Layout = {
    "parameters": {"*": {"type": str, "allowedValues": list, "nullable": bool}},
    "variables": {"copy": _ITEMS},
    "functions": [{"namespace": str, "members": {"*": _FUNCTION}}],
    "outputs": {"*": {"type": str, "copy": dict}},
}


def check(raw: Any) -> None:
    """Raise TemplateError for a template that has not its sections, or one of the wrong type."""
    if not isinstance(raw, dict):
        raise _wrong("", "Object", raw)
    for name in ("$schema", "contentVersion", "resources"):
        if name not in raw:
            raise invalid(f"The template is missing the required property '{name}'. {SYNTAX}")
    _check(raw, _TEMPLATE, "")
    for section, most in MOST.items():
        count = len(raw.get(section) or {})
        if count > most:
            words = f"The number of template {section} limit exceeded. Limit: '{most}' and actual: '{count}'."
            raise invalid(f"{words} {SYNTAX}")
    for one in raw.get("functions") or []:
        for name in ("namespace", "members"):
            if not one.get(name):
                raise invalid(f"A template function needs '{name}'. {SYNTAX}")
        for name, member in one["members"].items():
            if not all(parameter.get("name") for parameter in (member or {}).get("parameters") or []):
                raise invalid(f"A parameter of the template function '{name}' needs a 'name'. {SYNTAX}")
    _check_resources(raw["resources"], "resources", 0)


def _check_resources(resources: Any, path: str, depth: int) -> None:
    if isinstance(resources, dict):
        resources = list(resources.values())
    if not isinstance(resources, list):
        raise _wrong(path, "Array", resources)
    for place, one in enumerate(resources):
        at = f"{path}[{place}]"
        if not isinstance(one, dict):
            raise _wrong(at, "Object", one)
        _check(one, _RESOURCE, at)
        members = {name.lower(): value for name, value in one.items()}
        if members.get("copy") is not None and not members["copy"].get("name"):
            raise invalid(f"The 'copy' of the template resource at '{at}' needs a 'name'. {SYNTAX}")
        properties = members.get("properties")
        inner = str(members.get("type")).lower() == "microsoft.resources/deployments"
        if inner and properties is not None:
            # The template in it is read as it is written, so it can't be the value of an expression.
            _check(properties, {"template": dict, "parameters": dict, "expressionEvaluationOptions": dict}, at)
        elif not isinstance(properties, (dict, type(None))) and not _is_expression(properties):
            raise _wrong(f"{at}.properties", "Object", properties)
        if members.get("resources") is not None:
            _check_resources(members["resources"], f"{at}.resources", depth + 1)


def _check(value: Any, layout: Layout, path: str) -> None:
    if value is None:
        return
    if isinstance(layout, list):
        if not isinstance(value, list):
            raise _wrong(path, "Array", value)
        for place, inner in enumerate(value):
            if inner is None:
                raise _wrong(f"{path}[{place}]", "value", inner)
            _check(inner, layout[0], f"{path}[{place}]")
    elif isinstance(layout, dict):
        if not isinstance(value, dict):
            raise _wrong(path, "Object", value)
        named = {name.lower(): inner for name, inner in layout.items()}
        for name, inner in value.items():
            found = named.get(name.lower(), named.get("*"))
            if inner is None and "*" in named:
                raise _wrong(f"{path}.{name}", "Object", inner)
            if found is not None:
                _check(inner, found, f"{path}.{name}" if path else name)
    elif not isinstance(value, layout) or (layout is bool) != isinstance(value, bool):
        raise _wrong(path, type_name(layout()), value)


def _is_expression(value: Any) -> bool:
    return isinstance(value, str) and is_expression(value)


def _wrong(path: str, expected: str, value: Any) -> Exception:
    where = f"The template's '{path}'" if path else "The template"
    return invalid(f"{where} is of the wrong type: expected '{expected}', actual '{type_name(value)}'. {SYNTAX}")
