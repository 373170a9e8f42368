"""Builders over contexts, made and removed by the docker client's own buildx.

A builder is ours when all its nodes have names of ours, ``dockervm-BUILDER-NUMBER``. They lie in buildx's own file, so
the sign goes with the builder whoever removes it, and there is no list of ours that could say something else. What its
nodes point at would be no sign: people make builders of their own over our contexts.

buildx dials the host of each node that it adds, and takes none that does not answer. Several nodes need the driver
docker-container: a container of BuildKit on each host, started by the first build.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from azext_dockervm.advice import context_commands
from azext_dockervm.client import programs
from azext_dockervm.contexts.files import read_object
from azext_dockervm.errors import Conflict, DockerClientError, DockerClientFileError, NotFound
from azext_dockervm.printable import printable

DRIVER = "docker-container"
# A host that drops packets costs docker's dialler half a minute, a node each.
_CALL_SECONDS = 180.0
# They would change which engine docker asks while it only writes down a node, or end it where they name none.
_MISLEADING = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "BUILDX_BUILDER")


@dataclass(frozen=True)
class Node:
    """``endpoint`` is the name of a context."""

    name: str
    endpoint: str


@dataclass(frozen=True)
class Builder:
    """One as buildx has noted it."""

    name: str
    driver: str
    nodes: tuple[Node, ...]

    @property
    def is_ours(self) -> bool:
        ours = re.compile(rf"{re.escape(_prefix(self.name))}\d+")
        return bool(self.nodes) and all(ours.fullmatch(node.name) for node in self.nodes)

    @property
    def contexts(self) -> tuple[str, ...]:
        return tuple(node.endpoint for node in self.nodes)

    def free_name(self) -> str:
        """For one more node."""
        taken = {node.name for node in self.nodes}
        return next(name for number in range(len(taken) + 1) if (name := f"{_prefix(self.name)}{number}") not in taken)


class Buildx:
    """The buildx of one docker client, whose configuration lies in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._notes = Path(os.environ.get("BUILDX_CONFIG") or folder / "buildx")

    def check_there(self) -> None:
        """Raise DockerClientError where there is no docker client, or no buildx in it."""
        if self._call("buildx", "version").returncode != 0:
            raise DockerClientError("The docker client has no buildx, which makes builders.",
                                    context_commands.to_get_buildx())

    def get(self, name: str) -> Builder | None:
        """From buildx's own note: asking buildx would dial every node."""
        path = self._notes / "instances" / name
        noted = read_object(path)
        if noted is None:
            return None
        try:
            nodes = tuple(Node(str(one["Name"]), str(one["Endpoint"])) for one in noted.get("Nodes") or ())
        except (TypeError, KeyError) as error:
            raise DockerClientFileError(f"{path} is no note of buildx's that can be understood.",
                                        f"The builders that there are: {context_commands.list_builders()}") from error
        return Builder(name, str(noted.get("Driver")), nodes)

    def over(self, context: str) -> list[str]:
        """The names of the builders, whosever they are, that have a node on a context."""
        found: list[str] = []
        try:
            names = sorted(os.listdir(self._notes / "instances"))
        except OSError:
            return found
        for name in names:
            with suppress(DockerClientFileError):
                one = self.get(name)
                if one is not None and context in one.contexts:
                    found.append(name)
        return found

    def check_ours(self, name: str) -> Builder | None:
        """The builder, where there is one. Raises ``Conflict`` for one that is not ours."""
        found = self.get(name)
        if found is not None and not found.is_ours:
            raise Conflict(f"The docker client has a builder '{name}' that dockervm did not make. It was left as it "
                           "is.", (context_commands.OTHER_BUILDER,
                                   f"The builders that there are: {context_commands.list_builders()}"))
        return found

    def add(self, name: str, context: str) -> None:
        """A node in the builder, which begins with it where there is none."""
        found = self.check_ours(name)
        node = (found or Builder(name, DRIVER, ())).free_name()
        more = ("--append",) if found else ("--driver", DRIVER)
        done = self._call("buildx", "create", "--name", name, "--node", node, *more, context)
        if done.returncode != 0:
            raise DockerClientError(f"buildx did not take the context '{context}' into the builder '{name}': "
                                    f"{_said(done)}")

    def remove(self, name: str) -> str | None:
        """One of ours, and BuildKit on its hosts → buildx's words where hosts did not answer: what is on them stays.
        Raises ``NotFound``."""
        if self.check_ours(name) is None:
            raise NotFound(f"The docker client has no builder '{name}'.",
                           f"Those that it has: {context_commands.list_builders()}")
        done = self._call("buildx", "rm", name)
        if done.returncode == 0:
            return None
        if self.get(name) is not None:
            raise DockerClientError(f"buildx did not remove the builder '{name}': {_said(done)}",
                                    f"To see it try: {context_commands.remove_builder_by_buildx(name)}")
        return _said(done)

    def leave(self, name: str, context: str) -> bool:
        """Take what stands on a context, of which nothing is left, out of one of ours → whether the builder has gone
        with its last node. No host is dialled. Raises ``Conflict`` for one that is not ours."""
        found = self.check_ours(name)
        nodes = [node for node in found.nodes if node.endpoint == context] if found else []
        if found and len(nodes) == len(found.nodes):
            self.remove(name)
            return True
        for node in nodes:
            done = self._call("buildx", "create", "--name", name, "--node", node.name, "--leave")
            if done.returncode != 0:
                raise DockerClientError(f"buildx did not take the node '{node.name}' out of the builder '{name}': "
                                        f"{_said(done)}")
        return False

    def _call(self, *words: str) -> subprocess.CompletedProcess[str]:
        docker = programs.find("docker")
        if docker is None:
            raise DockerClientError("There is no docker client on this computer.", context_commands.to_get_docker())
        variables = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
        variables["DOCKER_CONFIG"] = str(self._folder)
        try:
            return subprocess.run([docker, "--context", "default", *words], env=variables, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, errors="replace", timeout=_CALL_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise DockerClientError(f"The docker client's buildx has not ended within {_CALL_SECONDS:.0f} "
                                    "seconds.") from error
        except OSError as error:
            raise DockerClientError(f"The docker client, {docker}, can't be run: {error.strerror or error}.",
                                    context_commands.to_get_docker()) from error


def _prefix(name: str) -> str:
    return f"dockervm-{name}-"


def _said(done: subprocess.CompletedProcess[str]) -> str:
    """The last line of what buildx said, which has the cause."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return printable(lines[-1].removeprefix("ERROR: "), 500) if lines else f"it ended with {done.returncode}"
