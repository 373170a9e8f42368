"""How registries' passwords come here: typed, from files, or at a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from azext_dockervm.advice import option_values
from azext_dockervm.errors import InvalidValue, MissingArgument
from azext_dockervm.secret import Secret
from azext_dockervm.spec.workload import RegistryLogin, password_problem

OPTION = "--registry-password"
# How often the prompt asks before the command gives up.
PROMPTS = 3

Logins = tuple[RegistryLogin, ...]


def with_passwords(typed: Sequence[str] | None, logins: Logins) -> Logins:
    """``typed`` are those of the option, in the order of ``logins``; without them each is asked for once."""
    passwords = _checked(typed, logins) if typed else [_prompted(one) for one in logins]
    return tuple(replace(login, password=Secret(one)) for login, one in zip(logins, passwords, strict=True))


def previewed(typed: Sequence[str] | None, logins: Logins) -> Logins:
    """The same where nothing will be done: nobody is asked."""
    if typed:
        return with_passwords(typed, logins)
    return tuple(replace(login, password=Secret("asked for by create")) for login in logins)


def _checked(typed: Sequence[str], logins: Logins) -> list[str]:
    """az replaces ``@file`` by what the file holds; where it can't read the file it hands the text on."""
    if len(typed) != len(logins):
        raise InvalidValue(f"{OPTION}: there are {len(typed)} passwords for {len(logins)} of --registry-login.",
                           option_values.ONE_PASSWORD_EACH)
    for login, password in zip(logins, typed, strict=True):
        if password.startswith("@"):
            raise InvalidValue(f"{OPTION}: that for {login.server} begins with '@' but names no file that can be read.",
                               option_values.REGISTRY_PASSWORD_FILE)
        problem = password_problem(password)
        if problem:
            raise InvalidValue(f"{OPTION}: that for {login.server}: {problem}.", option_values.REGISTRY_PASSWORD_FILE)
    # A file's last line end is none of the password.
    return [one.rstrip("\r\n") for one in typed]


def _prompted(login: RegistryLogin) -> str:
    from knack.prompting import NoTTYException, prompt_pass

    problem = ""
    try:
        for _ in range(PROMPTS):
            before = f"Not taken: {problem}.\n" if problem else ""
            password = str(prompt_pass(f"{before}Password of {login.user} for the registry {login.server}: "))
            problem = password_problem(password) or ""
            if not problem:
                return password
    except NoTTYException as error:
        raise MissingArgument(f"{OPTION}: there is no terminal to ask for that of {login.user} for {login.server}.",
                              option_values.REGISTRY_PASSWORD_FILE) from error
    except EOFError as error:       # Ctrl-D
        raise MissingArgument(f"{OPTION}: none was typed for {login.server}.",
                              option_values.REGISTRY_PASSWORD_FILE) from error
    raise InvalidValue(f"{OPTION}: none was taken for {login.server} in {PROMPTS} attempts; the last time {problem}.",
                       option_values.REGISTRY_PASSWORD_FILE)
