"""What to type about certificates and their folder. ``--force`` only where a new CA is the only way."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from azext_dockervm.advice.command_line import az, tool

ANOTHER_FOLDER = "Choose another folder with --docker-cert-dir (-dc)."
ANOTHER_FILE_SYSTEM = "Choose a folder on a file system that keeps modes with --docker-cert-dir (-dc)."
ANOTHER_NAME = "Name the folder without that: --docker-cert-dir (-dc)."
FULL_PATH = "Name the certificate folder with its full path: --docker-cert-dir (-dc)."
LINK = "Remove the link, or use the folder that it leads to: --docker-cert-dir (-dc)."
CLOCK = "Check the date and time of this computer."
BUSY_FOLDER = "Wait until it has ended, or end it; then try again."

_RIGHT_FOLDER = "Name the folder that holds the right set with --docker-cert-dir (-dc)"


def create_command(folder: Path | str, force: bool = False) -> str:
    return az("dockervm", "cert", "create", *(["--force"] if force else []), "-dc", folder)


def to_rewrite(folder: Path) -> tuple[str, ...]:
    return (f"To have it written in PEM, with the same certificates: {create_command(folder)}",)


def show_command(folder: Path | str) -> str:
    return az("dockervm", "cert", "show", "-dc", folder)


def new_client(folder: Path, why: str) -> str:
    """``why`` as ``StoreChange.client_words`` says it."""
    return f"{folder}: new client certificate by the same authority; {why}"


# Commands of the operating system


def close_to_everybody(folder: Path) -> str:
    """Only the owner can write to the folder from then on."""
    return tool("chmod", "go-w", folder)


def close_to_group(folder: Path) -> str:
    return tool("chmod", "g-w", folder)


def close_keys(keys: Iterable[Path]) -> str:
    return tool("chmod", "600", *keys)


def allow_owner(path: Path, is_folder: bool) -> str:
    """All rights for whom the file or folder belongs to."""
    return tool("chmod", "u+rwx" if is_folder else "u+rw", path)


def decrypt_key(name: str) -> str:
    """Asks for the passphrase; the encrypted file stays as it is."""
    return tool("openssl", "pkey", "-in", name, "-out", f"{name}.decrypted")


# Recommendations


def for_an_open_folder(folder: Path, can_close: bool) -> tuple[str, ...]:
    """A folder that everybody can write to, and so put certificates of their own into."""
    another = "Choose another folder with --docker-cert-dir (-dc), such as a new one."
    if not can_close:
        return (another,)
    return (f"`{close_to_everybody(folder)}` closes it; then `{show_command(folder)}` shows whose certificates are in "
            "it.", another)


def for_missing_rights(path: Path, is_folder: bool) -> tuple[str, ...]:
    return (f"`{allow_owner(path, is_folder)}` gives you these rights.",)


def for_an_encrypted_key(name: str) -> str:
    return (f"`{decrypt_key(name)}` asks for the passphrase and writes a decrypted copy. Keep the encrypted file "
            "elsewhere, and give the copy its name.")


def for_an_empty_folder(folder: Path) -> tuple[str, ...]:
    return (f"`{create_command(folder)}` creates them.", f"{_RIGHT_FOLDER}.")


def for_a_missing_authority_key(name: str) -> str:
    return f"Get {name} from the person who created this set."


def for_an_authority(folder: Path, may_replace: bool) -> tuple[str, ...]:
    """A CA that is half there, damaged, expired or another's. ``may_replace`` is false where a new CA would cut hosts
    off for nothing: an encrypted key, a clock that is wrong."""
    right_set = f"{_RIGHT_FOLDER}, or put the right files into {folder}."
    if not may_replace:
        return (right_set,)
    return (right_set, f"`{create_command(folder, force=True)}` creates a new set and keeps the old files in a backup "
                       "folder; hosts that trust the old CA will reject the new certificates.")


def for_a_client(folder: Path, may_replace: bool) -> tuple[str, ...]:
    """A client certificate that somebody may have put there on purpose. ``may_replace``: the CA can issue another."""
    right_set = f"{_RIGHT_FOLDER}, or put the right files into {folder}."
    if not may_replace:
        return (right_set,)
    return (right_set, f"Or move cert.pem and key.pem out of {folder}; `{create_command(folder)}` then issues new ones "
                       "with the CA that is there.")


def for_a_client_to_issue_again(folder: Path, can_sign: bool) -> tuple[str, ...]:
    """A client certificate that the CA, if it can sign, may issue again."""
    if can_sign:
        return (f"`{create_command(folder)}` issues the client certificate again with the same CA and keeps the old "
                "files.",)
    return ("Get cert.pem and key.pem of this CA from the person who created this set, or a ca-key.pem that can sign: "
            f"with it `{create_command(folder)}` issues them again.", f"{_RIGHT_FOLDER}.")
