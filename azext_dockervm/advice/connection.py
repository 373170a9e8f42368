"""What to do where Azure does not get to say anything: a network, a proxy or an endpoint is in the way."""

from __future__ import annotations

from azext_dockervm.advice.command_line import az

TRY_AGAIN = "Try again in a minute."
NETWORK = "Check this computer's network."
PROXY = "Check the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name."
TRUST = "Behind a proxy that intercepts TLS, REQUESTS_CA_BUNDLE has to name a file with its certificates."
LOGIN_PAGE = "Behind a proxy or a captive portal, sign in there first (with a browser), then try again."
DEBUG = "The same command with --debug shows the answer."


def which_cloud() -> str:
    return f"Which endpoint is asked: {az('cloud', 'show', '--query', 'endpoints.resourceManager')}"


def recommendations(why: str) -> tuple[str, ...]:
    """``why`` as ``AzureUnreachable`` and ``AzureRefused`` have it; () for what no network is to blame for."""
    known = {
        "proxy": (PROXY,), "untrusted": (TRUST, which_cloud()), "unknown name": (NETWORK, which_cloud()),
        "refused": (NETWORK, which_cloud(), PROXY), "no connection": (NETWORK, PROXY), "cut off": (TRY_AGAIN, NETWORK),
        "web page": (LOGIN_PAGE, PROXY, DEBUG), "unreadable": (TRY_AGAIN, DEBUG), "elsewhere": (which_cloud(), PROXY),
        "out of order": (TRY_AGAIN, PROXY),
    }
    return known.get(why, ())
