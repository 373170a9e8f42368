"""What a host is to run: logins to registries, and a Compose project."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from azext_dockervm.advice.option_values import example
from azext_dockervm.errors import InvalidValue
from azext_dockervm.secret import Secret
from azext_dockervm.spec import shown

LOGIN_OPTION = "--registry-login"
# As docker itself takes it: a name or an address, with a port where it has one.
_SERVER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
DOCKER_HUB = "docker.io"
_LOGIN = example(LOGIN_OPTION, "myregistry.azurecr.io=puller")
# Far more than any registry's tokens have; a run command's parameter is a variable of its script's environment.
MOST_PASSWORD_BYTES = 16_384


@dataclass(frozen=True)
class RegistryLogin:
    """``password`` is None until somebody has been asked for it."""

    server: str
    user: str
    password: Secret[str] | None = None


@dataclass(frozen=True)
class Port:
    """A TCP port, or a range of them, that a service publishes; ``is_local``: for the host itself alone."""

    service: str
    first: int
    last: int
    is_local: bool = False

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True)
class ComposeFile:
    """``path`` is None where its text came without a file's name. ``name`` is what the file calls its project, None
    where it does not say; ``folder`` is the name of the folder that it lies in. ``ports`` are as they stand there:
    service, address and port of the host. ``builds``: a service is built on the host."""

    text: str
    path: str | None = None
    name: str | None = None
    folder: str = ""
    ports: tuple[tuple[str, str, str], ...] = ()
    builds: bool = False


@dataclass(frozen=True)
class Environment:
    """The variables of a Compose project: the file's ``text``, and what it says. All of it is secret."""

    text: Secret[str]
    variables: tuple[tuple[str, Secret[str]], ...] = ()

    def __getitem__(self, name: str) -> str | None:
        """The last one counts."""
        return next((value.reveal() for key, value in reversed(self.variables) if key == name), None)


@dataclass(frozen=True)
class Workload:
    logins: tuple[RegistryLogin, ...] = ()
    compose: ComposeFile | None = None
    environment: Environment | None = None

    def __bool__(self) -> bool:
        return bool(self.logins or self.compose)

    @property
    def project(self) -> str:
        """The Compose project, by the name that docker compose gives it here: so ``docker compose ps`` in the file's
        folder, asked of the host, finds it. Empty where there is none."""
        if self.compose is None:
            return ""
        said = self.environment["COMPOSE_PROJECT_NAME"] if self.environment else None
        return _normalized(said or self.compose.name or self.compose.folder) or "default"


def _normalized(name: str) -> str:
    """https://github.com/compose-spec/compose-go, NormalizeProjectName."""
    return re.sub(r"[^-_a-z0-9]", "", name.lower()).lstrip("_-")


def parse_logins(words: Iterable[str]) -> tuple[RegistryLogin, ...]:
    """SERVER=USER, each server once."""
    logins: list[RegistryLogin] = []
    for word in words:
        server, equals, user = word.partition("=")
        server = re.sub(r"^https?://|/+$", "", server)
        if not equals or not _SERVER.fullmatch(server):
            raise InvalidValue(f"{LOGIN_OPTION}: '{shown.url(word)}' is not SERVER=USER, with the name of a registry; "
                               f"Docker Hub's is {DOCKER_HUB}.", _LOGIN)
        if not user or not user.isprintable() or len(user.encode(errors="replace")) > 256:
            raise InvalidValue(f"{LOGIN_OPTION}: that for {server} names no user.", _LOGIN)
        if ":" in user:     # which would end the name where it is sent
            raise InvalidValue(f"{LOGIN_OPTION}: the user for {server} has a colon. A password is not typed there: it "
                               "is asked for.", _LOGIN)
        if any(one.server.lower() == server.lower() for one in logins):
            raise InvalidValue(f"{LOGIN_OPTION}: {server} is named twice; a registry has one login on a host.", _LOGIN)
        logins.append(RegistryLogin(server, user))
    return tuple(logins)


def password_problem(password: str) -> str | None:
    """Why docker would not take it as a registry's password; None where it would."""
    if not password.strip():
        return "it is empty"
    if "\0" in password:
        return "it has a NUL character"
    if len(password.encode(errors="replace")) > MOST_PASSWORD_BYTES:
        return f"it has more than {MOST_PASSWORD_BYTES:,} bytes"
    return None
