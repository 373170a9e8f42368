"""A Compose file: read as Compose reads it, and refused where it needs what does not travel along with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from azext_dockervm.advice.option_values import COMPOSE_EXAMPLE, OTHER_PUBLISHED_PORT, PUT_INTO_IMAGE
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable
from azext_dockervm.spec.workload import ComposeFile, Environment, Port, Workload

OPTION = "--compose-file"
# Git contexts, tarballs and images, which the host fetches by itself (docs.docker.com, "Build context").
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|git@|github\.com/|docker-image:|service:|target:|oci-layout:", re.I)
_OF_CLIENT = re.compile(r"\.{1,2}(/|\\|$)|~|[A-Za-z]:[\\/]")
_VARIABLE = re.compile(r"\$\$|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?+])([^${}]*))?\})")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

Tree = Any


def parse(text: str, path: str | None, folder: str) -> ComposeFile:
    """Raises ``InvalidValue`` for what is no Compose file, and for one that needs other files of this computer.
    ``folder`` is the name of the one that it lies in."""
    tree = _loaded(text)
    if not isinstance(tree, Mapping):
        raise _wrong("it is no mapping with services", COMPOSE_EXAMPLE)
    services = tree.get("services")
    if not isinstance(services, Mapping) or not services:
        raise _wrong("there are no services in it", COMPOSE_EXAMPLE)
    for name, service in services.items():
        if not isinstance(service, Mapping):
            raise _wrong(f"the service '{printable(str(name))}' is no mapping", COMPOSE_EXAMPLE)
    for what in _left_behind(tree, services):
        raise _wrong(f"{what}; this one file is all that the host gets", PUT_INTO_IMAGE)
    name = tree.get("name")
    return ComposeFile(
        text, path, name if isinstance(name, str) and "$" not in name and name else None, folder,
        tuple((str(service), *port) for service, inner in services.items() for port in _ports(inner.get("ports"))),
        any("build" in inner for inner in services.values()))


def _wrong(what: str, *advice: str) -> InvalidValue:
    return InvalidValue(f"{OPTION}: {what}.", advice)


def _loaded(text: str) -> Tree:
    import yaml

    class Loader(yaml.SafeLoader):
        """Each plain value as it is typed: 22:22 is no number of base 60. Compose's own tags are looked through."""

    Loader.yaml_implicit_resolvers = {
        "<": [one for one in yaml.SafeLoader.yaml_implicit_resolvers["<"] if one[0] == "tag:yaml.org,2002:merge"]}
    Loader.add_multi_constructor("!", _look_through)
    try:
        return yaml.load(text, Loader)      # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise _wrong(f"it is no YAML: {where}{printable(error.problem or str(error))}", COMPOSE_EXAMPLE) from None
    except yaml.YAMLError as error:     # a character that YAML does not have
        raise _wrong(f"it is no YAML: {printable(str(error))}", COMPOSE_EXAMPLE) from None
    except RecursionError:
        raise _wrong("it is nested too deeply", COMPOSE_EXAMPLE) from None


def _look_through(loader: Any, _suffix: str, node: Any) -> Tree:
    import yaml

    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value


# What does not travel along


def _left_behind(tree: Tree, services: Mapping[Any, Tree]) -> Iterator[str]:
    """What needs files of this computer, by name."""
    for one in _listed(tree.get("include")):
        paths = _listed(one.get("path")) if isinstance(one, Mapping) else [one]
        if any(not _REMOTE.match(str(path)) for path in paths):
            yield f"it includes '{printable(str(paths[0]))}'"
    for kind in ("configs", "secrets"):
        for name, one in _mapped(tree.get(kind)).items():
            path = _mapped(one).get("file")
            if _is_of_client(path, anywhere=False):
                yield f"{kind}: '{printable(str(name))}' is the file '{printable(str(path))}'"
    for name, service in services.items():
        for what in _of_service(service):
            yield f"the service '{printable(str(name))}' {what}"


def _of_service(service: Mapping[str, Tree]) -> Iterator[str]:
    build = service.get("build")
    if build is not None:
        context = str(_mapped(build).get("context", ".") if isinstance(build, Mapping) else build)
        if not _REMOTE.match(context) and "$" not in context:
            yield f"is built from the folder '{printable(context)}'"
        for context in map(str, _mapped(_mapped(build).get("additional_contexts")).values()):
            if not _REMOTE.match(context) and "$" not in context:
                yield f"is built from the folder '{printable(context)}'"
    extends = _mapped(service.get("extends")).get("file")
    if extends:
        yield f"extends one of '{printable(str(extends))}'"
    for member in ("env_file", "label_file"):
        for one in _listed(service.get(member)):
            path = one.get("path") if isinstance(one, Mapping) else one
            optional = isinstance(one, Mapping) and str(one.get("required", "true")).lower() == "false"
            if not optional and _is_of_client(path, anywhere=False):
                yield f"has its {member} '{printable(str(path))}'"
    for one in _listed(service.get("volumes")):
        if isinstance(one, Mapping):
            source = one.get("source") if one.get("type") == "bind" else None
        else:
            source = str(one) if ":" in str(one) else None      # else it is a path in the container
        if _is_of_client(source, anywhere=True):
            yield f"mounts '{printable(str(source))}', which is on this computer"


def _is_of_client(path: Tree, anywhere: bool) -> bool:
    """Whether a path leads into a folder of this computer; ``anywhere``: what begins with neither . nor / is the name
    of a volume."""
    if not isinstance(path, str) or not path or path.startswith(("/", "$")):
        return False
    return bool(_OF_CLIENT.match(path)) or not anywhere


def _listed(tree: Tree) -> list[Tree]:
    return list(tree) if isinstance(tree, list) else [] if tree in (None, "") else [tree]


def _mapped(tree: Tree) -> Mapping[Any, Tree]:
    return tree if isinstance(tree, Mapping) else {}


# Ports


def _ports(tree: Tree) -> Iterator[tuple[str, str]]:
    """Address and TCP ports of the host, as they are written; without those that Docker chooses."""
    for one in _listed(tree):
        if isinstance(one, Mapping):
            address, ports, protocol = (str(one.get(name) or "") for name in ("host_ip", "published", "protocol"))
        else:
            words, _, protocol = str(one).partition("/")
            # [ADDRESS:][PORTS:]PORTS, where a variable may have a : of its own.
            parts = re.split(r":(?![^{]*\})(?![^\[]*\])", words)
            address, ports = (["", "", *parts])[-3:-1]
        if ports and (protocol or "tcp").lower() == "tcp":
            yield address, ports


def published(workload: Workload) -> list[Port]:
    """What is known of it: a variable that nobody has set is Compose's to judge."""
    if workload.compose is None:
        return []
    found = []
    for service, address, text in workload.compose.ports:
        first, _, last = _filled_in(text, workload.environment).partition("-")
        if _is_port(first) and _is_port(last or first):
            local = _filled_in(address, workload.environment).strip("[]") in _LOOPBACK
            found.append(Port(service, int(first), int(last or first), local))
    return found


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6


def _filled_in(text: str, environment: Environment | None) -> str:
    def value(found: re.Match[str]) -> str:
        name, how, other = found[1] or found[2], found[3] or "", found[4] or ""
        if not name:
            return "$"
        said = environment[name] if environment else None
        there = said is not None and (bool(said) or not how.startswith(":"))
        if how.endswith("+"):
            return other if there else ""
        return said or "" if there else other if how.endswith("-") else ""

    return _VARIABLE.sub(value, text)


def check_ports(workload: Workload, docker_port: int, ssh_port: int) -> None:
    """Docker's own port and sshd's are taken on each host."""
    whose: dict[int, str] = {ssh_port: "SSH's port", docker_port: "Docker's port"}
    for port in published(workload):
        for taken, words in whose.items():
            if port.first <= taken <= port.last:
                raise _wrong(f"the service '{printable(port.service)}' publishes {taken}, which is {words}",
                             OTHER_PUBLISHED_PORT)


# What is secret of it


def hidden(workload: Workload, least: int = 4) -> list[str]:
    """What no message may hold, the longest first: values as they are and as programs quote them, by the line.
    Shorter ones than ``least`` characters are in every text."""
    said = [login.password.reveal() for login in workload.logins if login.password]
    said += [value.reveal() for _name, value in workload.environment.variables] if workload.environment else []
    lines = {line.strip() for value in said for form in _FORMS for line in form(value).splitlines()}
    return sorted((line for line in lines if len(line) >= least), key=lambda line: (-len(line), line))


def _quoted(text: str) -> str:
    """As Go's %q."""
    import json

    return json.dumps(text, ensure_ascii=False)[1:-1]


_FORMS: tuple[Callable[[str], str], ...] = (str, _quoted)
