"""Names and addresses that a server certificate shall bear besides the host's own, as people give them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from azext_dockervm.advice.option_values import example
from azext_dockervm.azure.names import DNS_SUFFIXES, is_below
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable

# They are kept in a tag, for later certificates: https://learn.microsoft.com/azure/azure-resource-manager/management/
# tag-resources, the length of a value.
MOST_CHARACTERS = 256


def tls_names(values: Iterable[str]) -> tuple[str, ...]:
    """Each text may hold several, with commas or spaces between them; none at all is a wish too."""
    words = [word for value in values for word in re.split(r"[,\s]+", value) if word]
    found = tuple(dict.fromkeys(map(_normal, words)))
    length = len(",".join(found))
    if length > MOST_CHARACTERS:
        raise InvalidValue(f"--tls-san: {length} characters in all; a tag keeps them for later certificates, and takes "
                           f"{MOST_CHARACTERS}.")
    return found


def _normal(word: str) -> str:
    from azext_dockervm.certs.identity import parse_name

    try:
        name = str(parse_name(word))
        if name.startswith("*.") and is_below(name, DNS_SUFFIXES):
            raise InvalidValue(f"'{name}' would speak for hosts of others: the cloud gives names below it to whoever "
                               "asks first.")
        return name
    except InvalidValue as error:
        raise InvalidValue(f"--tls-san: {printable(error.message)}", example("--tls-san", "docker.example.com")
                           ) from error
