"""Faults: kinds of CertificateError, so that what may be mended is told by its type, never by its words."""

from __future__ import annotations

from enum import Enum

from azext_dockervm.errors import CertificateError


class Damaged(CertificateError):
    """A file that can't be parsed, or a key that belongs to another certificate: of no use to anybody as it is."""


class Protected(CertificateError):
    """A key that somebody has encrypted."""


class NotYetValid(CertificateError):
    """A certificate of the future: it is this machine's clock that is wrong, as a rule."""


class Expired(CertificateError):
    """A certificate whose time is over."""


class ClientReason(str, Enum):
    """Why a client certificate has to be issued. The values are what scripts see."""

    MISSING = "missing"  # neither file is there
    HALF = "half"  # one of the two is missing
    DAMAGED = "damaged"
    EXPIRED = "expired"


class ClientFault(CertificateError):
    """The client certificate can't be used, and a new one by the same CA takes nothing from anybody.

    ``words`` says what was wrong, for the middle of a sentence about what was done: "key.pem was missing".
    """

    def __init__(self, message: str, reason: ClientReason, words: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.words = words
