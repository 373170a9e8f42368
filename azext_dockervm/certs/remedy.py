"""Remedies: what to type about certificates that can't be used. ``--force`` only where a new CA is the only way."""

from __future__ import annotations

from pathlib import Path

from azext_dockervm.certs.faults import NotYetValid, Protected
from azext_dockervm.errors import CertificateError
from azext_dockervm.shell import typed

ANOTHER_FOLDER = "Name another folder with --docker-cert-dir (-dc)."
LINK = "Remove the link, or use the folder that it leads to: --docker-cert-dir (-dc)."


def for_an_empty_folder(folder: Path) -> tuple[str, ...]:
    return (f"`{create_command(folder)}` makes them.", f"{_right_folder()}.")


def for_an_authority(folder: Path, error: CertificateError) -> tuple[str, ...]:
    """A CA that is half there, damaged, expired or another's. An encrypted key and a clock that goes wrong are no
    reasons to cut hosts off."""
    right_set = f"{_right_folder()}, or put the right files into {folder}."
    if isinstance(error, (Protected, NotYetValid)):
        return (right_set,)
    return (right_set, f"`{create_command(folder, force=True)}` makes a new set and keeps the old files in a backup "
                       "folder; hosts that trust the old CA are cut off.")


def for_a_client(folder: Path, error: CertificateError, can_sign: bool) -> tuple[str, ...]:
    """A client certificate that somebody may have put there on purpose."""
    right_set = f"{_right_folder()}, or put the right files into {folder}."
    if not can_sign or isinstance(error, NotYetValid):
        return (right_set,)
    return (right_set, f"Or move cert.pem and key.pem out of {folder}; `{create_command(folder)}` then issues new ones "
                       "by the CA that is there.")


def for_a_fault(folder: Path, can_sign: bool) -> tuple[str, ...]:
    """A client certificate that the CA, if it can sign, may issue again."""
    if can_sign:
        return (f"`{create_command(folder)}` issues the client certificate again by the same CA and keeps the old "
                "files.",)
    return ("Get cert.pem and key.pem of this CA from whoever made this set, or a ca-key.pem that can sign: "
            f"with it `{create_command(folder)}` issues them again.", f"{_right_folder()}.")


def create_command(folder: Path, force: bool = False) -> str:
    return typed(["az", "dockervm", "cert", "create", *(["--force"] if force else []), "-dc", folder])


def _right_folder() -> str:
    return "Name the folder that holds the right set with --docker-cert-dir (-dc)"
