"""The public IPv4 address of this computer, as an echo service on the Internet sees it.

az's own database commands ask the same service (``IP_ADDRESS_CHECKER`` of azure-cli's command_modules/mysql/_network.py
and rdbms/flexible_server_virtual_network.py). It gets nothing but the request: no login, no cookie, no ~/.netrc.
"""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from azext_dockervm.errors import DeadlinePassed, InvalidValue
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.waiting import ended_by
from azext_dockervm.printable import printable

# For all of it: names, proxy, TLS, answer. The service usually takes a quarter of a second.
SECONDS = 5.0
# An address has at most 45 characters; an answer that is longer is something else, such as a proxy's page.
MOST_BYTES = 64


def ask(url: str, deadline: Deadline) -> str:
    """The address that the service at ``url`` sees. Raises ``InvalidValue`` where it tells none that Azure can let in,
    and as ``deadline`` does."""
    within = deadline.within(SECONDS)
    try:
        return public_ipv4(ended_by(within, f"asking {url} for this computer's address", lambda: _get(url)), url)
    except DeadlinePassed:
        if deadline.passed:
            raise
        raise InvalidValue(f"{url} did not answer within {SECONDS:.0f} s.") from None


def _get(url: str) -> bytes:
    import requests

    try:
        # ``auth`` keeps requests from reading ~/.netrc. Another place would be one that nobody has named.
        with requests.get(url, timeout=SECONDS, allow_redirects=False, stream=True, auth=_as_it_is,
                          headers={"Accept": "text/plain", "User-Agent": "az-dockervm"}) as answer:
            if answer.status_code != requests.codes.ok:
                raise InvalidValue(f"{url} answered with HTTP {answer.status_code}.")
            return next(answer.iter_content(MOST_BYTES + 1), b"")
    except requests.RequestException as error:
        raise InvalidValue(f"{url} can't be reached: {_why(error)}.") from error


def _as_it_is(request: Any) -> Any:
    return request


def _why(error: Exception) -> str:
    from requests import exceptions

    for kind, words in ((exceptions.ProxyError, "the proxy does not connect"),
                        (exceptions.SSLError, "its certificate was not accepted"),
                        (exceptions.Timeout, f"no answer within {SECONDS:.0f} s"),
                        (exceptions.ConnectionError, "no connection")):
        if isinstance(error, kind):
            return words
    return printable(str(error)).rstrip(".")


def by_proxy(url: str) -> bool:
    """Whether a proxy of the environment stands between: the address that the service sees is then the proxy's."""
    from requests.utils import get_environ_proxies

    return any(get_environ_proxies(url).get(scheme) for scheme in (urlsplit(url).scheme, "all"))


def public_ipv4(answer: bytes, url: str) -> str:
    """The address in an answer. Raises ``InvalidValue``."""
    text = answer.decode("utf-8", "replace").strip()
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise InvalidValue(f"{url} answered with something that is no IP address: '{printable(text[:40])}'.") from None
    if address.version != 4:
        raise InvalidValue(f"{url} sees this computer at the IPv6 address {address}; the host's public address is "
                           "IPv4.")
    if not is_public(address):
        raise InvalidValue(f"{url} answered with {address}, which is no public address.")
    return str(address)


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved
