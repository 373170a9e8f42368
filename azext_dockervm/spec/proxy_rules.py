"""Rules for proxies as people type them."""

from __future__ import annotations

from azext_dockervm.advice.option_values import example
from azext_dockervm.errors import InvalidValue
from azext_dockervm.secret import Secret
from azext_dockervm.spec import shown

_EXAMPLE = example("--http-proxy", "http://proxy.example.com:3128")


def check_proxy(url: str) -> Secret[str]:
    """An http:// or https:// URL of a proxy: scheme, perhaps user and password, host and port."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = None, None
    if parts is None or not host or parts.scheme not in ("http", "https"):
        raise InvalidValue(f"--http-proxy: '{shown.url(url)}' is no URL of a proxy; it begins with http:// or "
                           "https://.", _EXAMPLE)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise InvalidValue(f"--http-proxy: '{shown.url(url)}' has a path; a proxy is a host and a port.", _EXAMPLE)
    if not all("!" <= one <= "~" and one not in "\"'\\`$;" for one in url):
        raise InvalidValue("--http-proxy: a character in it can't stand in a URL; in user and password it is written "
                           "as a percent sign and two digits, an @ with 40.", _EXAMPLE)
    return Secret(url.rstrip("/"))


def said_again(url: str) -> tuple[str, ...]:
    """In a command that messages print: a password is not repeated."""
    return (shown.url(url),)


def check_direct(values: list[str]) -> tuple[str, ...]:
    """Names, domains (.example.com), addresses and ranges, with commas or spaces between them."""
    words = [word for value in values for word in value.replace(",", " ").split()]
    for word in words:
        if not all(one.isascii() and (one.isalnum() or one in "._-:/*[]") for one in word):
            raise InvalidValue(f"--no-proxy: '{shown.url(word)}' is neither a name, a domain nor an address.",
                               example("--no-proxy", ".corp.example.com", "10.0.0.0/8"))
    if not words:
        raise InvalidValue("--no-proxy: the value is empty; leave the option out.")
    return tuple(dict.fromkeys(words))
