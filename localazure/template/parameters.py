"""Parameters: what a template asks for, what a deployment gives, and whether they fit."""

from __future__ import annotations

from typing import Any

from localazure.template.errors import PARAMETER_FILE, PARAMETERS, TemplateError, invalid
from localazure.template.evaluate import Evaluator
from localazure.template.scope import Scope
from localazure.template.values import find, same, text, type_name

# A type as templates write it, in lower case: how answers write it, and the values that it takes.
TYPES = {
    "string": ("String", "String"),
    "securestring": ("SecureString", "String"),
    "int": ("Int", "Integer"),
    "bool": ("Bool", "Boolean"),
    "object": ("Object", "Object"),
    "secureobject": ("SecureObject", "Object"),
    "array": ("Array", "Array"),
}
SECURE = ("securestring", "secureobject")


def shown_type(kind: Any) -> str:
    """A type as answers write it: String, SecureString, Int, …; raises TemplateError for what is none."""
    found = TYPES.get(text(kind).lower())
    if found is None:
        raise invalid(f"The template type '{text(kind)}' is not valid. {PARAMETERS}")
    return found[0]


def bind(scope: Scope, defined: dict[str, Any], given: dict[str, Any]) -> None:
    """Fill a scope's parameters; raises TemplateError for what is missing, unknown, or does not fit."""
    unknown = [name for name in given if find(defined, name) is None]
    if unknown:
        raise invalid(
            f"The template parameters '{', '.join(unknown)}' in the parameters file are not valid; they are not "
            "present in the original template and can therefore not be provided at deployment time. The only supported "
            f"parameters for this template are '{', '.join(defined)}'. Please see "
            "https://aka.ms/arm-pass-parameter-values for usage details."
        )  # fmt: skip
    scope.secret = frozenset(name.lower() for name, one in defined.items() if text(one.get("type")).lower() in SECURE)
    for name, definition in defined.items():
        found = find(given, name)
        value = _value(scope, name, definition, given[found] if found is not None else None)
        _check(name, definition, value)
        scope.parameters[name] = value


def _value(scope: Scope, name: str, definition: dict[str, Any], given: Any) -> Any:
    shown_type(definition.get("type"))
    if isinstance(given, dict) and given.get("reference") is not None:
        raise TemplateError(
            f"Local Azure has no key vaults: the value of the parameter '{name}' can't be a reference to one.",
            "KeyVaultParameterReferenceNotSupportedByLocalAzure",
        )
    if isinstance(given, dict) and "value" in given and given["value"] is not None:
        return given["value"]
    if "defaultValue" in definition:
        return Evaluator(scope, defaults=True).value(definition["defaultValue"])
    if definition.get("nullable") is True:
        return None
    raise invalid(
        f"The value for the template parameter '{name}' at line '1' and column '1' is not provided. {PARAMETER_FILE}"
    )


def _check(name: str, definition: dict[str, Any], value: Any) -> None:
    if value is None and definition.get("nullable") is True:
        return
    wanted = TYPES[text(definition["type"]).lower()][1]
    if type_name(value) != wanted:
        expected = "String, Uri" if wanted == "String" else wanted
        raise invalid(
            f"The provided value for the template parameter '{name}' is not valid. Template parameter JToken type is "
            f"not valid. Expected '{expected}'. Actual '{type_name(value)}'. {PARAMETER_FILE}"
        )
    allowed = definition.get("allowedValues")
    if allowed is not None:
        values = value if isinstance(value, list) else [value]
        for one in values:
            if not any(same(one, known) for known in allowed) and not any(same(value, known) for known in allowed):
                raise invalid(
                    f"The provided value for the template parameter '{name}' is not valid. The value "
                    f"'{_shown(definition, one)}' is not part of the allowed value(s): "
                    f"'{','.join(text(known) for known in allowed)}'."
                )
    for limit, least in (("min", True), ("max", False)):
        _check_limit(name, definition.get(f"{limit}Value"), value, "Value", least)
        if isinstance(value, (str, list)):
            _check_limit(name, definition.get(f"{limit}Length"), len(value), "Length of the value", least)


def _check_limit(name: str, limit: Any, value: Any, what: str, least: bool) -> None:
    if not isinstance(limit, int) or not isinstance(value, int):
        return
    if value < limit if least else value > limit:
        raise invalid(
            f"The provided value for the template parameter '{name}' is not valid. {what} should be "
            f"{'greater' if least else 'less'} than or equal to '{limit}'. {PARAMETER_FILE}"
        )


def _shown(definition: dict[str, Any], value: Any) -> str:
    return "***" if text(definition.get("type")).lower() in SECURE else text(value)


def rendered(scope: Scope, defined: dict[str, Any]) -> dict[str, Any]:
    """Parameters as a deployment shows them: those of secure types without their value."""
    shown = {}
    for name, definition in defined.items():
        shown[name] = {"type": shown_type(definition.get("type"))}
        if name.lower() not in scope.secret:
            shown[name]["value"] = scope.parameters.get(name)
    return shown
