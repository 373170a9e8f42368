"""Options of what a host is to run: logins to registries, and a Compose project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from azext_dockervm.advice.option_values import ADD_COMPOSE_FILE, ADD_REGISTRY_LOGIN, COMPOSE_FROM_FILE
from azext_dockervm.azure.names import DEFAULT_SSH_PORT
from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.options import text_or_file
from azext_dockervm.options.option import Gap, Option, filled
from azext_dockervm.printable import printable
from azext_dockervm.spec import shown

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec
    from azext_dockervm.spec.workload import ComposeFile, Environment, RegistryLogin

_GROUP = "Registries and Compose"
# Far more than Compose files have. It has to fit into one variable of a script's environment, for which Linux has 128
# KB (MAX_ARG_STRLEN), whatever gzip makes of it and base64 adds.
MOST_BYTES = 65_536
_CUSTOM_DATA = "a {0} is secret, and custom data is not: a run command brings it"


def _read(value: str, option: str) -> tuple[str, Path | None]:
    """A file's text and path. az has put the content of @FILE, and of standard input for @-, in its place already: such
    a text has lines."""
    path = None if "\n" in value else Path(os.path.expanduser(filled(value)))
    if value == "-":
        raise InvalidValue(f"{option}: '{printable(value)}' names no file that can be read.", COMPOSE_FROM_FILE)
    try:
        data = path.read_bytes() if path else value.encode()
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise InvalidValue(f"{option}: '{shown.path_or_variable(value)}' can't be read: {why}.",
                           COMPOSE_FROM_FILE) from error
    if len(data) > MOST_BYTES:
        raise InvalidValue(f"{option}: it has {len(data):,} bytes; at most {MOST_BYTES:,} are taken.")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidValue(f"{option}: it is no text in UTF-8 (byte {error.start + 1}).") from None
    if "\0" in text:
        raise InvalidValue(f"{option}: it is no text: it has a NUL character.")
    return text, path


def _registry_logins(words: list[str]) -> tuple[RegistryLogin, ...]:
    from azext_dockervm.spec.workload import parse_logins

    return parse_logins(words)


def _compose_file(value: str) -> ComposeFile:
    from azext_dockervm.spec import compose_file

    text, path = _read(value, compose_file.OPTION)
    folder = path.absolute().parent if path else Path.cwd()     # as docker compose names a project of its input
    return compose_file.parse(text, str(path) if path else None, folder.name)


def _environment(value: str) -> Environment:
    from azext_dockervm.spec import env_file

    return env_file.parse(_read(value, env_file.OPTION)[0])


def _logins_are_secret(spec: HostSpec) -> str | None:
    return _CUSTOM_DATA.format("registry's password") if spec.workload.logins else None


def _variables_are_secret(spec: HostSpec) -> str | None:
    return _CUSTOM_DATA.format("file of Compose's variables") if spec.workload.environment else None


def check_workload(spec: HostSpec) -> None:
    """What no option shows by itself."""
    from azext_dockervm.spec import compose_file

    if "registry_password" in spec.given and not spec.workload.logins:
        raise ConflictingArguments("--registry-password: there is no --registry-login that it could be for.",
                                   ADD_REGISTRY_LOGIN)
    if spec.workload.environment and not spec.workload.compose:
        raise ConflictingArguments("--compose-env-file: there is no --compose-file that it could be for.",
                                   ADD_COMPOSE_FILE)
    compose_file.check_ports(spec.workload, spec.engine.port, spec.network.ssh_port or DEFAULT_SSH_PORT)


COMPOSE = (
    Option("registry_login", "--registry-login",
           "Registries that the host is logged in to, as root: SERVER=USER, separated by spaces; Docker Hub is "
           "docker.io. The password of each is asked for. It travels as a protected parameter of a run command and is "
           "kept in /root/.docker/config.json on the host, which only root can read.", _GROUP, read=filled,
           check=_registry_logins, place="workload.logins", parser={"nargs": "+"},
           gaps=(Gap("cloud-init", _logins_are_secret, filled=True),)),
    # It has no place in the spec: the handler asks for them and checks them last.
    Option("registry_password", "--registry-password",
           "Passwords of --registry-login, in its order; @file reads one from a file. What is typed on the command "
           "line can be read in the shell's history, in process lists and in az's --debug log.", _GROUP,
           default_in_words="they are asked for", secret=True, parser={"nargs": "*"}),
    Option("compose_file", "--compose-file",
           "Compose file of a project that is brought up once the host works, by Docker Compose on the host; @- takes "
           "what another command prints. It has to stand alone: no folder or file of this computer goes along. Its "
           "project has the name that docker compose gives it here. 64 KB at most.", _GROUP,
           default_in_words="none", check=_compose_file, place="workload.compose", again=text_or_file.again,
           parser={"completer": "files"}),
    Option("compose_env_file", "--compose-env-file",
           "File of variables for --compose-file, lines of NAME=VALUE as Compose reads them. They are secret: a run "
           "command brings them, and only root can read them on the host.", _GROUP,
           default_in_words="none", check=_environment, place="workload.environment", again=text_or_file.again,
           gaps=(Gap("cloud-init", _variables_are_secret, filled=True),), parser={"completer": "files"}),
)
