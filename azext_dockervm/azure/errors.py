"""The border: whatever happens in or around a call of Azure becomes an error of ours, by type, status and code.

Nothing that a library says reaches people as it is: ``('Connection aborted.', RemoteDisconnected(...))`` names neither
what happened nor what to do. The foreign error stays as the cause, for --debug.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from azext_dockervm import _client_factory as factory
from azext_dockervm.azure import policies
from azext_dockervm.errors import (
    AnswerUnreadable,
    AzureRefused,
    AzureUnreachable,
    Challenge,
    DockerVMError,
    LoginRequired,
    NotFound,
)
from azext_dockervm.printable import one_line, printable

logger = logging.getLogger("cli.azext_dockervm.azure")


_PARAMETER = re.compile(r'([a-z_]+)="([^"]*)"', re.IGNORECASE)
# Since this version `az login` has --claims-challenge (azure-cli#31778).
_FIRST_AZ_WITH_CHALLENGES = (2, 76)


class Lost(Exception):
    """Azure accepted a request and says nothing of its end: only the resource tells that. Never leaves this room."""


@contextmanager
def translated(verb: str) -> Iterator[None]:
    """Raise as ours what is raised inside. ``verb`` says what was being done: "create the VM 'web1'"."""
    try:
        yield
    except (DockerVMError, Lost):
        raise
    except Exception as error:
        logger.debug("%s", verb, exc_info=True)
        raise extension_error_of(verb, error) from error


def extension_error_of(verb: str, error: Exception) -> DockerVMError:
    from azure.core.exceptions import DecodeError, HttpResponseError, IncompleteReadError

    challenge = _challenge(error)
    if challenge is not None:
        return LoginRequired(f"{verb}: {_what_is_missing(challenge)}", challenge)
    if isinstance(error, factory.login_errors()):
        return AzureRefused(f"{verb}: {error}", getattr(error, "recommendations", None), status=401)
    if isinstance(error, HttpResponseError) and error.response is not None:
        if (error.response.status_code or 0) >= 300:
            return _refusal(verb, error.response)
        if isinstance(error, DecodeError) and not isinstance(error, IncompleteReadError):
            return unreadable(verb, error.response)
        failure = _error_body(error.response) or _failed_state(error.response)
        if failure:     # an operation that failed is told by an answer of status 200
            return _told(verb, failure)
    unreached = _why_unreached(error)
    if unreached is None and isinstance(error, OSError) and error.filename:     # az's own, on the way to a token
        return AzureRefused(f"{verb}: {error.filename}: {error.strerror}", status=401)
    if unreached is None:
        return unreadable(verb, getattr(error, "response", None))
    kind: type[AzureUnreachable]
    kind, why, what = unreached
    return kind(f"{verb}: {what}", why=why)


def _challenge(error: Exception) -> Challenge | None:
    """The claims challenge of an answer 401: in the error's own response; or in that which azure-core raised az's error
    from, after az could not get such a token without the user (azure-core before 1.32 returned the answer instead)."""
    responses = (getattr(one, "response", None) for one in (error, error.__cause__))
    response = next((one for one in responses if getattr(one, "status_code", None) == 401), None)
    if response is None:
        return None
    given = dict(_PARAMETER.findall(str(response.headers.get("WWW-Authenticate") or "")))
    claims = _json_of(given.get("claims", "")) if given.get("error") == "insufficient_claims" else None
    if claims is None:
        return None
    token, version = _token(response), factory.az_version()
    audience = token.get("aud")
    return Challenge(
        # As az itself does it: az login decodes no other alphabet.
        base64.b64encode(claims.encode()).decode(), str(token.get("tid") or ""),
        f"{audience}/.default" if audience else "", token.get("idtyp") != "app", version,
        tuple(int(part) for part in re.findall(r"\d+", version)[:2]) >= _FIRST_AZ_WITH_CHALLENGES)


def _token(response: Any) -> dict[str, Any]:
    """The claims of the token that was refused, which tell tenant and scope of the login; {} where none are read."""
    headers = getattr(getattr(response, "request", None), "headers", None) or {}
    parts = str(headers.get("Authorization") or "").split(".")
    try:
        found = json.loads(_json_of(parts[1]) or "") if len(parts) == 3 else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _json_of(encoded: str) -> str | None:
    """A text of JSON in base64, of either alphabet and with or without padding; None for anything else."""
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        text = base64.urlsafe_b64decode(padded.replace("+", "-").replace("/", "_")).decode()
        json.loads(text)
    except ValueError:
        return None
    return text


def _what_is_missing(challenge: Challenge) -> str:
    asked = base64.b64decode(challenge.claims).decode()
    # acrs names authentication contexts; other challenges tell of a session that was revoked.
    if '"acrs"' in asked:
        return "Azure requires multi-factor authentication (MFA) for this request, and the current login has none."
    return "Azure requires a new login for this request."


def unreadable(verb: str, response: Any = None) -> AnswerUnreadable:
    """An answer of success that is not what Azure says: a proxy's page, half a document, something else entirely."""
    if response is not None and is_web_page(response):
        return AnswerUnreadable(f"{verb}: the answer is a web page, not Azure's.", why="web page")
    return AnswerUnreadable(f"{verb}: the answer is not what Azure answers, or only a part of it.", why="unreadable")


def as_azure_core_says(missing: Exception) -> Exception:
    """What azure-core raises for something that is not there, for those who ask for its status."""
    from azure.core.exceptions import ResourceNotFoundError

    error: Exception = ResourceNotFoundError(str(missing))
    # It takes the status from a response, of which there is none here.
    error.status_code = 404     # type: ignore[attr-defined]
    return error


def is_web_page(response: Any) -> bool:
    """A proxy's, a captive portal's: nothing that ARM answers begins like that."""
    kind = str(response.headers.get("Content-Type") or "").lower()
    return kind.startswith("text/html") or response.text().lstrip()[:1] == "<"


def _refusal(verb: str, response: Any) -> DockerVMError:
    status, failure = response.status_code, _error_body(response)
    if failure is None:
        why, said = _words_of(status)
        if status == 404:
            return AnswerUnreadable(f"{verb}: {said}", why=why)
        return AzureRefused(f"{verb}: {said}", status=status, why=why)
    if status == 404:
        return NotFound(f"{verb}: {_message(failure)}")
    return _told(verb, failure, status)


def _told(verb: str, failure: dict[str, Any], status: int | None = None) -> AzureRefused:
    """An error of Azure's with its code; of policies its message is a line of JSON, so their names are told,
    and what the company says of them."""
    found = policies.violations(failure)
    if not found:
        return AzureRefused(f"{verb}: {_message(failure)}", code=_code(failure), status=status)
    names = " and ".join(f"the policy '{one.definition}' (assigned as '{one.assignment}')" for one in found)
    reasons = policies.reasons(failure)
    return AzureRefused(f"{verb}: {names} disallow{'' if len(found) > 1 else 's'} it.{reasons and f' {reasons}.'}",
                        code=policies.CODE, status=status, violations=found)


def _words_of(status: int) -> tuple[str, str]:
    """For an answer that has no error of Azure's: mostly it is not from Azure itself."""
    if status == 407:
        return "proxy", "the proxy asks for a login."
    if status == 401:
        return "", "the login is not accepted."
    if status == 404:
        return "elsewhere", "the answer is 'not found', but not in Azure's words."
    if status == 429:
        return "", "Azure has had too many requests."
    if 300 <= status < 400:
        return "web page", f"the answer leads elsewhere (HTTP {status}), as that of a login page does."
    if status >= 500:
        return "out of order", f"Azure, or a proxy before it, is out of order (HTTP {status})."
    return "unreadable", f"the answer is HTTP {status}, and nothing that Azure says."


def _error_body(response: Any) -> dict[str, Any] | None:
    """ARM's error, as it is on the wire: the SDKs' models of it differ, and one logs a traceback where it is none."""
    try:
        value = json.loads(response.text())
    except (ValueError, AttributeError):
        return None
    if not isinstance(value, dict):
        return None
    error = value.get("error")
    if not isinstance(error, dict):
        properties = value.get("properties")
        error = properties.get("error") if isinstance(properties, dict) else None
    if isinstance(error, dict) and (error.get("code") or error.get("message")):
        return error
    return value if isinstance(value.get("code"), str) and isinstance(value.get("message"), str) else None


def _failed_state(response: Any) -> dict[str, Any] | None:
    """For an operation, or a resource, that has failed and does not say why."""
    try:
        value = json.loads(response.text())
        state = value.get("status") or value["properties"]["provisioningState"]
    except (ValueError, AttributeError, KeyError, TypeError):
        return None
    return {"code": state, "message": f"It ended as {state}."} if str(state).lower() in ("failed", "canceled") else None


def _code(failure: dict[str, Any]) -> str | None:
    code = failure.get("code")
    return printable(code) if isinstance(code, str) and code else None


def _message(failure: dict[str, Any]) -> str:
    """In one line: a line end in it could begin a line that seems to be ours."""
    message = str(failure.get("message") or failure.get("code"))
    details = failure.get("details")
    for detail in details if isinstance(details, list) else ():
        more = detail.get("message") if isinstance(detail, dict) else None
        if isinstance(more, str) and more and more not in message:
            message = f"{message} {more}"
    return one_line(message)


def _why_unreached(error: BaseException) -> tuple[Any, ...] | None:
    """The class of error, a word for what happened, and a sentence; None for what is not about the connection."""
    from azure.core import exceptions as azure
    from requests import exceptions as requests
    from urllib3 import exceptions as urllib3

    chain = _causes(error)

    def found(*types: type[BaseException]) -> BaseException | None:
        return next((one for one in chain if isinstance(one, types)), None)

    if found(requests.JSONDecodeError) or not found(
            azure.ServiceRequestError, azure.ServiceResponseError, azure.IncompleteReadError, requests.RequestException,
            urllib3.HTTPError, ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError):
        return None
    # The order counts: what goes wrong on the way to a proxy is that, and whatever else too.
    if found(urllib3.ProxyError, requests.ProxyError):
        return AzureUnreachable, "proxy", "the proxy refuses, or can't be reached."
    if found(ssl.SSLCertVerificationError):
        return AzureUnreachable, "untrusted", "the certificate of Azure's endpoint is not trusted here."
    if found(ssl.SSLError, urllib3.SSLError, requests.SSLError):
        return AzureUnreachable, "untrusted", "no TLS connection with Azure's endpoint."
    if found(socket.gaierror):
        return AzureUnreachable, "unknown name", f"the name{_host(error)} can't be resolved."
    if found(ConnectionRefusedError):
        return AzureUnreachable, "refused", f"the connection{_host(error, 'to')} is refused."
    if found(azure.ServiceRequestTimeoutError, urllib3.ConnectTimeoutError, requests.ConnectTimeout):
        return AzureUnreachable, "no connection", f"no connection{_host(error, 'to')} comes about in time."
    if found(azure.ServiceResponseTimeoutError, urllib3.ReadTimeoutError, requests.ReadTimeout, TimeoutError):
        return AzureUnreachable, "cut off", "Azure's answer does not come, or not whole, in time."
    if found(azure.IncompleteReadError, urllib3.IncompleteRead):
        return AnswerUnreadable, "cut off", "the connection was closed in the middle of the answer."
    if found(ConnectionError, urllib3.ProtocolError):
        return AzureUnreachable, "cut off", "the connection was closed before an answer came."
    return AzureUnreachable, "refused", "Azure can't be reached."


def _causes(error: BaseException) -> list[BaseException]:
    """The error and all that it was made of, in whatever way each library keeps that."""
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or one in found:
            continue
        found.append(one)
        waiting += [one.__cause__, one.__context__, getattr(one, "inner_exception", None),
                    getattr(one, "reason", None), *one.args]
    return found


def _host(error: BaseException, word: str = "") -> str:
    """The host that was asked, as a phrase, where an error of the chain knows it."""
    for one in _causes(error):
        url = getattr(getattr(one, "request", None), "url", None)
        host = urlsplit(url).hostname if isinstance(url, str) else getattr(getattr(one, "conn", None), "host", None)
        if host:
            return f" {word} '{host}'" if word else f" '{host}'"
    return "" if word else " of Azure's endpoint"
