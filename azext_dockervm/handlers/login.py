"""How somebody comes to a login: the password's prompt, the usual key files."""

from __future__ import annotations

from collections.abc import Callable

from azext_dockervm.advice import option_values
from azext_dockervm.errors import InvalidValue, MissingArgument
from azext_dockervm.secret import Secret
from azext_dockervm.spec import rules

# How often the prompt asks before the command gives up.
PROMPTS = 3


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


def usual_ssh_keys(generate: bool, warn: Callable[[str], None]) -> tuple[str, ...]:
    """az's usual key files; made if there are none, which ``warn`` says unless it was asked for (``generate``)."""
    from pathlib import Path

    from azure.cli.core.keys import generate_ssh_keys
    from knack.util import CLIError

    keys = keys_that_are_there()
    if keys:
        return keys
    folder = Path.home() / ".ssh"
    private, public = folder / "id_rsa", folder / "id_rsa.pub"
    try:
        key = generate_ssh_keys(str(private), str(public))
    except (OSError, ValueError, TypeError, CLIError) as error:     # TypeError: the key file has a passphrase
        raise InvalidValue(f"No SSH key: {private} can't be made or read: {error}",
                           option_values.KEYS_OR_PASSWORD) from error
    if not generate:
        warn(f"There was neither password nor SSH key, so a key pair was made: {private} and {public}. Keep it safe: "
             "it opens the VM.")
    return (key.strip(),)


def keys_that_are_there() -> tuple[str, ...]:
    """Of az's usual key files, the first that there is; none where there is none."""
    from pathlib import Path

    from azext_dockervm.options.commands import option_of

    for name in ("id_rsa.pub", "id_ed25519.pub"):
        file = Path.home() / ".ssh" / name
        if file.is_file():
            keys: tuple[str, ...] = option_of("create", "ssh_key_values").checked([str(file)])
            return keys
    return ()
