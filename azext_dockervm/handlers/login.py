"""How somebody comes to a login: the password's prompt, the usual key files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from azext_dockervm.advice import option_values
from azext_dockervm.errors import InvalidValue, MissingArgument
from azext_dockervm.secret import Secret
from azext_dockervm.spec import rules
from azext_dockervm.spec.login import Login

if TYPE_CHECKING:
    from pathlib import Path

# How often the prompt asks before the command gives up.
PROMPTS = 3


def asked_password(typed: str | None, login: Login) -> str | None:
    """``typed``; the prompt where nothing was, and a host with this ``login`` has to have a password."""
    from azext_dockervm.options.login import ASK_FOR_PASSWORD

    return ASK_FOR_PASSWORD if typed is None and login.wants_password else typed


def admin_password(typed: str | None) -> Secret[str] | None:
    """The password, checked; asked for at the prompt where ``-p`` came alone.

    az replaces ``@file`` by what the file holds; where it can't read the file it hands the text on, and a file's name
    must never become a password.
    """
    from azext_dockervm.options.login import ASK_FOR_PASSWORD

    if typed is None:
        return None
    if typed.startswith("@"):
        raise InvalidValue("--admin-password: it begins with '@' but names no file that can be read.",
                           option_values.PASSWORD_FILE)
    return Secret(rules.check_password(_prompted() if typed == ASK_FOR_PASSWORD else typed))


def previewed_password(typed: str | None) -> Secret[str] | None:
    """The same where nothing will be made: nobody is asked."""
    from azext_dockervm.options.login import ASK_FOR_PASSWORD

    return Secret("asked for by create") if typed == ASK_FOR_PASSWORD else admin_password(typed)


def _prompted() -> str:
    """Asks until a password that keeps the rule was typed twice the same; raises after ``PROMPTS`` that were not."""
    from knack.prompting import NoTTYException

    problem = ""
    try:
        for _ in range(PROMPTS):
            password, problem = _asked_once(problem)
            if not problem:
                return password
    except NoTTYException as error:
        raise MissingArgument("--admin-password: there is no terminal to ask for it.",
                              option_values.PASSWORD_FROM_FILE) from error
    except EOFError as error:       # Ctrl-D
        raise MissingArgument("--admin-password: none was typed.", option_values.PASSWORD_FROM_FILE) from error
    raise InvalidValue(f"--admin-password: none was taken in {PROMPTS} attempts; the last time {problem}.",
                       option_values.PASSWORD_FROM_FILE)


def _asked_once(earlier_problem: str) -> tuple[str, str]:
    """What was typed, and why it is not taken, "" where it is."""
    from knack.prompting import prompt_pass

    # All of it goes to where the password is typed: stderr may be a log.
    before = f"Not taken: {earlier_problem}." if earlier_problem else f"The password must have {rules.PASSWORD_RULE}."
    password = prompt_pass(f"{before}\nAdmin password (12 to 72 characters): ")
    problem = rules.password_problem(password) or ""
    if not problem and prompt_pass("Confirm admin password (the same again): ") != password:
        problem = "the two that were typed differ"
    return password, problem


# Files of the usual pairs, in the order in which they are looked for.
KEY_FILES = {"id_rsa": "RSA", "id_ed25519": "Ed25519"}


def usual_ssh_keys(generate: bool, warn: Callable[[str], None], key_type: str | None = None) -> tuple[str, ...]:
    """az's usual key files; made if there are none, which ``warn`` says unless it was asked for (``generate``).
    ``key_type`` is the one that is wanted, None where any will do."""
    from pathlib import Path

    from knack.util import CLIError

    keys = keys_that_are_there(key_type)
    if keys:
        return keys
    folder = Path.home() / ".ssh"
    name = next(name for name, kind in KEY_FILES.items() if key_type in (None, kind))
    private, public = folder / name, folder / f"{name}.pub"
    try:
        key = _made_pair(private, public)
    except (OSError, ValueError, TypeError, CLIError) as error:     # TypeError: the file has a passphrase
        raise InvalidValue(f"No SSH key: {private} can't be made or read: {error}",
                           option_values.KEYS_OR_PASSWORD) from error
    if not generate:
        warn(f"There was no SSH key, so a key pair was made: {private} and {public}. Keep it safe: "
             "it opens the VM.")
    return (key.strip(),)


def keys_that_are_there(key_type: str | None = None) -> tuple[str, ...]:
    """Of az's usual key files, the first that there is; none where there is none."""
    from pathlib import Path

    from azext_dockervm.options.commands import option_of

    for name, kind in KEY_FILES.items():
        file = Path.home() / ".ssh" / f"{name}.pub"
        if key_type in (None, kind) and file.is_file():
            keys: tuple[str, ...] = option_of("create", "ssh_key_values").checked([str(file)])
            return keys
    return ()


def _made_pair(private: Path, public: Path) -> str:
    from azure.cli.core.keys import generate_ssh_keys

    from azext_dockervm.certs import ssh_pair

    if KEY_FILES[private.name] == "RSA":
        return str(generate_ssh_keys(str(private), str(public)))
    return ssh_pair.ensure(private, public)
