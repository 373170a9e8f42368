"""Commands about the docker client's contexts and builders, by ``az dockervm`` and by docker itself."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from azext_dockervm.advice.command_line import az, docker, tool
from azext_dockervm.advice.option_values import remove_variable
from azext_dockervm.advice.subject import AskedHost

OTHER_NAME = "Choose another --context-name."
OTHER_NAME_OF_NEW_HOST = "Choose another name: --docker-context NAME."
OTHER_BUILDER = "Choose another --name."
DAMAGED_FILE = "Mend it, or move it away; the docker client then makes another where it needs one."


def list_contexts() -> str:
    return az("dockervm", "context", "list", "-o", "table")


def create(host: AskedHost, name: str) -> str:
    """Makes the context of a host, or refreshes it."""
    return az("dockervm", "context", "create", "-g", host.group, "-n", host.name,
              *(["--context-name", name] if name != host.name else []), *_folder(host), subscription=host.subscription)


def use(name: str) -> str:
    return az("dockervm", "context", "use", "-n", name)


def remove(name: str) -> str:
    return az("dockervm", "context", "remove", "-n", name)


def remove_by_docker(name: str) -> str:
    """For a context that is not ours."""
    return docker("context", "rm", name)


def create_builder(host: AskedHost, name: str, hosts: Iterable[str]) -> str:
    """``host`` is one of those that are named."""
    return az("dockervm", "builder", "create", "-g", host.group, "-n", name, "--hosts", *hosts, *_folder(host),
              subscription=host.subscription)


def _folder(host: AskedHost) -> tuple[str, ...]:
    return host.given["cert_dir"].words if "cert_dir" in host.given else ()


def remove_builder_by_buildx(name: str) -> str:
    return docker("buildx", "rm", name)


def list_builders() -> str:
    return docker("buildx", "ls")


# Recommendations


def for_a_taken_name(ours: str | None, other_name: str) -> tuple[str, ...]:
    """A name that another context has; ``ours``: it is of another host of ours."""
    return (other_name, f"Or remove it first: {remove(ours)}") if ours else (other_name,)


def make_it_first(host: AskedHost) -> str:
    """For a builder, which takes whatever context a host has."""
    return f"Make a context of another name for the host first: {create(host, f'{host.name}-2')}"


def for_the_current(variable: str | None) -> tuple[str, ...]:
    """A context that is to be removed and in use; ``variable`` of the environment says so, else config.json."""
    leave = remove_variable(variable) if variable else f"To leave it first: {use('default')}"
    return (leave, "To remove it all the same, use --force.")


def to_get_docker() -> tuple[str, ...]:
    """No docker client on this computer."""
    return ("Install it: https://docs.docker.com/get-started/get-docker/", *_by_apt("docker-cli", "docker-buildx"))


def to_get_buildx() -> tuple[str, ...]:
    """A docker client without its plugin for builders."""
    return ("Install it: https://github.com/docker/buildx#installing", *_by_apt("docker-buildx"))


def _by_apt(*packages: str) -> tuple[str, ...]:
    return (f"On Debian: {tool('apt-get', 'install', *packages)}",) if sys.platform == "linux" else ()
