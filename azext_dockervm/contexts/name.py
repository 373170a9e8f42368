"""Which names contexts and builders can have: the rules of docker and of buildx."""

from __future__ import annotations

import re

from azext_dockervm.advice.option_values import example
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable

# The context that docker makes up of DOCKER_HOST and the local socket; it is in no store.
DEFAULT = "default"
# docker/cli, cli/context/store: validNameFormat. Two characters at the least.
CONTEXT_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.+-]+"
# docker/buildx, store/util.go: namePattern.
BUILDER_NAME = r"[a-zA-Z][a-zA-Z0-9._-]*"


def check_context(name: str, option: str = "--context-name") -> str:
    """Raises ``InvalidValue``."""
    if name == DEFAULT:
        raise InvalidValue(f"{option}: '{DEFAULT}' is the name that docker keeps for itself.", example(option, "web1"))
    if not re.fullmatch(CONTEXT_NAME, name):
        raise InvalidValue(f"{option}: '{printable(name)}' can't be the name of a context: docker takes two or more "
                           "letters, digits and any of _ . + -, the first a letter or digit.", example(option, "web1"))
    return name


def check_any_context(name: str, option: str = "--name") -> str:
    """One that is there already, docker's own too."""
    return name if name == DEFAULT else check_context(name, option)


def check_builder(name: str, option: str = "--name") -> str:
    """In lower case, as buildx notes it. Raises ``InvalidValue``."""
    if name.lower() == DEFAULT:
        raise InvalidValue(f"{option}: '{DEFAULT}' is the name that buildx keeps for itself.", example(option, "pool"))
    if not re.fullmatch(BUILDER_NAME, name):
        raise InvalidValue(f"{option}: '{printable(name)}' can't be the name of a builder: buildx takes letters, "
                           "digits and any of . _ -, the first a letter.", example(option, "pool"))
    return name.lower()
