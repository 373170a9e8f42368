"""The extension's own exceptions: one root, each with a message and the next commands to type.

Nothing here knows azure-cli; ``error_map`` turns these into az's error classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class DockerVMError(Exception):
    """Root of all errors that the extension raises on purpose.

    ``message`` says what happened and why; ``recommendation`` says what to do next, usually a command to type.
    ``accepted`` is about a write that failed: True where Azure accepted it and did not tell its end, False where Azure
    refused it at once, None where neither is known.
    """

    accepted: bool | None = None

    def __init__(self, message: str, recommendation: str | Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        if recommendation is None:
            recommendation = ()
        elif isinstance(recommendation, str):
            recommendation = (recommendation,)
        self.recommendations: tuple[str, ...] = tuple(recommendation)


class InvalidValue(DockerVMError):
    """An argument's value breaks a rule; the message names argument and rule."""


class ConflictingArguments(DockerVMError):
    """Two arguments that exclude each other were both given."""


class MissingArgument(DockerVMError):
    """An argument that this command needs was not given."""


class CertificateError(DockerVMError):
    """Something about the certificates in the folder stands in the way; the message names the file."""


class CertificateFileError(CertificateError):
    """A file or folder of the certificate store can't be read or written."""


class DockerClientError(DockerVMError):
    """The docker client of this computer, or one of its plugins, is missing or refused."""


class DockerClientFileError(DockerClientError):
    """A file or folder of the docker client's configuration can't be read, understood or written."""


class NotFound(DockerVMError):
    """A resource that the command needs does not exist (az exits with 3)."""


class HostGone(NotFound):
    """The host's VM was deleted while the command was at work on it: nothing is left to go on with."""


class Conflict(DockerVMError):
    """Something exists already and is not ours to change."""


class Obstacle(DockerVMError):
    """What stands in the way is known before anything is made: a quota, a lock, a rule that shuts a port."""


class PolicyViolation(NamedTuple):
    """Why a policy disallows a request: the names of its definition and of its assignment, the assignment's id, and
    each condition that it looked at as field, operator and target values, such as ("tags[cost]", "Exists",
    ("false",))."""

    definition: str
    assignment: str
    assignment_id: str = ""
    fields: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


class AzureRefused(DockerVMError):
    """Azure answered with an error; ``code`` is Azure's own code where it sent one. ``why`` is a word that
    ``advice.connection`` knows, where it is not Azure that refuses but a proxy before it. ``violations`` are of
    policies that disallow the request."""

    def __init__(self, message: str, recommendation: str | Sequence[str] | None = None, code: str | None = None,
                 status: int | None = None, why: str = "", violations: tuple[PolicyViolation, ...] = ()) -> None:
        super().__init__(message, recommendation)
        self.violations = violations
        self.code = code
        self.status = status
        self.why = why


class Challenge(NamedTuple):
    """What a login must prove before Azure accepts the request, in az login's own words: the claims in base64, the
    tenant, the scope ("" for what the refused token does not say). ``by_person``: a person asked, not an application.
    ``az_version`` is the running az's; ``az_takes_it``: its login has the option --claims-challenge."""

    claims: str
    tenant: str = ""
    scope: str = ""
    by_person: bool = True
    az_version: str = ""
    az_takes_it: bool = True


class LoginRequired(DockerVMError):
    """Azure refused this login with a claims challenge: usually multi-factor authentication, which Azure requires of
    people for every change. No other request of the kind passes, so nothing falls back from it."""

    def __init__(self, message: str, challenge: Challenge) -> None:
        super().__init__(message)
        self.challenge = challenge


class AzureUnreachable(DockerVMError):
    """Azure's endpoint can't be reached; ``why`` is one of the words that ``advice.connection`` knows."""

    def __init__(self, message: str, recommendation: str | Sequence[str] | None = None, why: str = "") -> None:
        super().__init__(message, recommendation)
        self.why = why


class AnswerUnreadable(AzureUnreachable):
    """An answer came that is not Azure's, or not whole: whether the request was carried out is not known."""


class DeadlinePassed(DockerVMError):
    """The time that the user allowed is over; the message holds the last state seen."""


class HostFailed(DockerVMError):
    """The host came up but Docker on it did not; the message holds the host's own words. ``unfit`` has the options, by
    az's names, whose values are the cause, each with the words that the command that goes on has instead; none leaves
    the option out."""

    unfit: Mapping[str, tuple[str, ...]] = {}       # noqa: RUF012  # replaced, never changed


class HostSilent(DockerVMError):
    """The host did not come forward in the way that was tried; the message says what was seen. Another way may do."""


class CustomDataTooLong(DockerVMError):
    """What a host is to be given at its creation is more than Azure's custom data holds."""


class EngineUnreachable(DockerVMError):
    """The engine did not answer on its port from here; ``cause`` is the plain reason. ``why`` says more of a
    certificate: self-signed, early (not valid yet) or name (it does not name the host)."""

    def __init__(self, cause: str, recommendation: str | Sequence[str] | None = None, kind: str = "other",
                 why: str = "") -> None:
        super().__init__(cause, recommendation)
        self.cause = cause
        self.kind = kind
        self.why = why


class Interrupted(DockerVMError):
    """Ctrl-C, after what had to be tidied was tidied."""
