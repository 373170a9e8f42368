"""Turning what the user typed into values: types for the parser, the password prompt, SSH keys."""

from __future__ import annotations

import argparse

from azext_dockervm import errors, rules
from azext_dockervm.printable import printable
from azext_dockervm.secret import Secret

# What `-p` without a value leaves; no password can hold a NUL.
ASK_FOR_PASSWORD = "\0"

# https://learn.microsoft.com/azure/virtual-machines/linux/mac-create-ssh-keys, "Supported SSH key formats".
SSH_KEY_TYPES = frozenset({"ssh-rsa", "ssh-ed25519"})


# How often the prompt asks before the command gives up.
PROMPTS = 3


def port_type(text: str) -> int:
    """A TCP port; az exits with 2 for a value of the wrong type, as for any argument."""
    try:
        return rules.parse_port(text)
    except errors.InvalidValue as error:
        raise argparse.ArgumentTypeError(error.message.rstrip(".")) from error


def filled_type(text: str) -> str:
    """For an option that, left out, has a default: an empty value, such as that of a variable that is not set, must
    not be taken for "left out"."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the value is empty; leave the option out for its default")
    return text


def location_type(text: str) -> str:
    """az's own type asks Azure for its regions while it parses; this one only folds case and spaces."""
    return filled_type(text).replace(" ", "").lower()


def admin_username(given: str | None) -> str:
    """As ``az vm create``: the local user's name, or azureuser where Azure or Linux would refuse it."""
    if given is not None:
        return given
    import getpass

    try:
        return rules.check_user_name(getpass.getuser().lower())
    except (errors.InvalidValue, OSError, KeyError, ImportError):   # getpass raises these where there is no name
        return "azureuser"


def admin_password(given: str | None) -> Secret | None:
    """The password, checked; asked for at the prompt where ``-p`` came alone.

    az replaces ``@file`` by what the file holds; where it can't read the file it hands the text on, and a file's name
    must never become a password.
    """
    if given is not None and given.startswith("@"):
        raise errors.InvalidValue("--admin-password: it begins with '@' but names no file that can be read.",
                                  "Name a file that can be read; a password that begins with '@' can be typed at the "
                                  "prompt: -p alone.")
    if given is None:
        return None
    return Secret(rules.check_password(_prompted() if given == ASK_FOR_PASSWORD else given))


def _prompted() -> str:
    """Asks until a password that keeps the rule was typed twice the same; raises after ``PROMPTS`` that were not."""
    from knack.prompting import NoTTYException, prompt_pass

    problem, file_instead = "", "Put it into a file and say -p @file."
    try:
        for _ in range(PROMPTS):
            # All of it goes to where the password is typed: stderr may be a log.
            before = f"Not taken: {problem}.\n" if problem else f"The password must have {rules.PASSWORD_RULE}.\n"
            typed = prompt_pass(f"{before}Admin password (12 to 72 characters): ")
            problem = rules.password_problem(typed) or ""
            if not problem:
                if prompt_pass("Confirm admin password (the same again): ") == typed:
                    return typed
                problem = "the two that were typed differ"
    except NoTTYException as error:
        raise errors.MissingArgument("--admin-password: there is no terminal to ask for it.", file_instead) from error
    except EOFError as error:       # Ctrl-D
        raise errors.MissingArgument("--admin-password: none was typed.", file_instead) from error
    raise errors.InvalidValue(f"--admin-password: none was taken in {PROMPTS} attempts; the last time {problem}.",
                              file_instead)


def check_login(password: str | None, ssh_key_values: list[str] | None, generate: bool) -> None:
    """Password or keys, never both: a host with both has the weaker one's protection."""
    if password is not None and (ssh_key_values or generate):
        other = "--ssh-key-values" if ssh_key_values else "--generate-ssh-keys"
        raise errors.ConflictingArguments(f"--admin-password and {other} exclude each other.",
                                          "Leave one of them out; keys are safer.")
    if ssh_key_values and generate:
        raise errors.ConflictingArguments("--ssh-key-values and --generate-ssh-keys exclude each other.",
                                          "Leave one of them out.")


def given_ssh_keys(values: list[str] | None) -> tuple[str, ...]:
    """The public keys of --ssh-key-values: texts, or files that hold some, one a line."""
    return tuple(key for value in values or () for key in _public_keys(value))


def _public_keys(value: str) -> tuple[str, ...]:
    from pathlib import Path

    text = value
    # A key's text is never taken for a file's name: it can be too long for one, and no message may hold a private key,
    # which az's @file turns into the value itself.
    if "PRIVATE KEY" not in value and not value.startswith(("ssh-", "ecdsa-", "sk-")):
        try:
            path = Path(value).expanduser()
            text = path.read_text(encoding="utf-8") if path.is_file() else value
        except (OSError, ValueError, RuntimeError) as error:    # RuntimeError: ~somebody who does not exist
            raise errors.InvalidValue(f"--ssh-key-values: '{printable(value, 60)}' can't be read: {error}") from error
    if "PRIVATE KEY" in text:
        what = "what was given is" if text is value else f"'{printable(value)}' holds"
        raise errors.InvalidValue(f"--ssh-key-values: {what} a private key; give the public one (.pub).")
    keys = tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    if not keys or not all(map(_is_public_key, keys)):
        raise errors.InvalidValue(f"--ssh-key-values: '{printable(value, 60)}' is neither an OpenSSH public key nor a "
                                  "file that holds one.", "ssh-keygen -t ed25519")
    other = next((key.split()[0] for key in keys if key.split()[0] not in SSH_KEY_TYPES), None)
    if other:
        raise errors.InvalidValue("--ssh-key-values: Azure takes RSA and Ed25519 keys only, not "
                                  f"'{printable(other, 60)}'.", "ssh-keygen -t ed25519")
    return keys


def _is_public_key(text: str) -> bool:
    import binascii
    import struct

    from azure.cli.core.keys import is_valid_ssh_rsa_public_key  # despite its name it takes every type

    try:
        return is_valid_ssh_rsa_public_key(text)
    except (binascii.Error, struct.error, ValueError):
        return False


def usual_ssh_keys(generate: bool, warn) -> tuple[str, ...]:
    """az's usual key files; made if there are none, which ``warn`` says unless it was asked for."""
    from pathlib import Path

    from azure.cli.core.keys import generate_ssh_keys
    from knack.util import CLIError

    folder = Path.home() / ".ssh"
    for name in ("id_rsa.pub", "id_ed25519.pub"):
        if (folder / name).is_file():
            return _public_keys(str(folder / name))
    private, public = folder / "id_rsa", folder / "id_rsa.pub"
    try:
        key = generate_ssh_keys(str(private), str(public))
    except (OSError, ValueError, TypeError, CLIError) as error:     # TypeError: the key file has a passphrase
        raise errors.InvalidValue(f"No SSH key: {private} can't be made or read: {error}",
                                  "Give one with --ssh-key-values, or a password with -p.") from error
    if not generate:
        warn(f"There was neither password nor SSH key, so a key pair was made: {private} and {public}. Keep it safe: "
             "it opens the VM.")
    return (key.strip(),)
