"""What is wrong with a template, in the service's words."""

from __future__ import annotations

SYNTAX = "Please see https://aka.ms/arm-syntax for usage details."
PARAMETERS = "Please see https://aka.ms/arm-syntax-parameters for usage details."
PARAMETER_FILE = "Please see https://aka.ms/arm-create-parameter-file for usage details."
FUNCTIONS = "Please see https://aka.ms/arm-functions for usage details."
RESOURCES = "Please see https://aka.ms/arm-syntax-resources for usage details."


class TemplateError(Exception):
    """A template or a value in it that can't be used. `code` is what the service calls it."""

    def __init__(self, message: str, code: str = "InvalidTemplate") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def invalid(reason: str) -> TemplateError:
    """A refusal before anything was deployed."""
    return TemplateError(f"Deployment template validation failed: '{reason}'.")


def unevaluable(function: str, reason: str) -> TemplateError:
    """A function that was given something it can't take."""
    anchor = function.split(".")[-1].lower()
    return TemplateError(
        f"Unable to evaluate template language function '{function}': {reason} "
        f"Please see https://aka.ms/arm-functions#{anchor} for usage details."
    )
