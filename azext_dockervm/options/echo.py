"""The service that tells this computer's public address, for ``me`` in --sources. Only az's configuration names it."""

from __future__ import annotations

from azext_dockervm.advice.option_values import ECHO_ADDRESS
from azext_dockervm.errors import InvalidValue
from azext_dockervm.options.option import Option
from azext_dockervm.printable import printable
from azext_dockervm.spec.sources import ECHO, NO_ECHO

_ON_THIS_COMPUTER = ("localhost", "127.0.0.1", "::1")


def check_echo(text: str) -> str:
    """The URL of an echo service, '' for none. Whoever answers for it decides who is let in, so it must be https."""
    from urllib.parse import urlsplit

    if text.strip().lower() == NO_ECHO:
        return ""
    try:
        parts = urlsplit(text.strip())
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or any(not one.isprintable() or one.isspace() for one in text.strip()):
        raise InvalidValue(f"'{printable(text)}' is neither a URL such as {ECHO} nor '{NO_ECHO}'.", ECHO_ADDRESS)
    if "@" in parts.netloc:
        raise InvalidValue("the URL of an echo service must not include a user name or password.", ECHO_ADDRESS)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _ON_THIS_COMPUTER):
        raise InvalidValue(f"'{printable(text)}' must begin with https://: whoever can change the answer decides who "
                           "may reach the host.", ECHO_ADDRESS)
    return text.strip()


OPTION = Option("echo", "dockervm.echo", "The service that tells this computer's public address.", default=ECHO,
                example=ECHO, check=check_echo)
