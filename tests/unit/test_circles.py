"""No circle of imports, in the extension or in Local Azure: neither among modules nor among rooms.

Every import counts, wherever it stands: at load, in a function, for type checkers only, and those of a package's
``__init__``, which come with any import of what lies in it. What needs a circle to be described is one thing in two
rooms; that Python could load it, because one of the imports is late, is no help to who reads it.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("azext_dockervm", "localazure")

Graph = dict[str, set[str]]


def modules(package: Path) -> dict[str, ast.Module]:
    """Dotted name → syntax tree; a package goes by its own name, without ``__init__``."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def named(name: str, tree: ast.Module, is_package: bool) -> Iterator[tuple[str, str]]:
    """(module, name in it or "") of every import of a module, absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = name.split(".")[:len(name.split(".")) - node.level + is_package]
                base = ".".join([*parents, *([base] if base else [])])
            yield from ((base, alias.name) for alias in node.names)


@functools.cache
def import_graph(package: Path) -> Graph:
    """Module → the modules of the package that it imports."""
    trees = modules(package)
    packages = {name.rpartition(".")[0] for name in trees} | {package.name}
    graph: Graph = {name: set() for name in trees}
    for name, tree in trees.items():
        for base, what in named(name, tree, name in packages):
            target = f"{base}.{what}" if f"{base}.{what}" in trees else base
            if target in trees and target != name:
                graph[name] |= {target, *initialized(target, name)}
    return graph


def initialized(target: str, by: str) -> set[str]:
    """The packages whose ``__init__`` runs because ``by`` imports ``target``; those around ``by`` ran before it."""
    parts = target.split(".")
    parents = {".".join(parts[:length]) for length in range(1, len(parts))}
    return {parent for parent in parents if not f"{by}.".startswith(f"{parent}.")}


def rooms(graph: Graph, house: str) -> Graph:
    """The same between the rooms of a package: a folder in it, or a module beside the folders."""
    def room(module: str) -> str:
        return ".".join(module.split(".")[:house.count(".") + 2])

    inside = {name: {target for target in targets if f"{target}.".startswith(f"{house}.")}
              for name, targets in graph.items() if f"{name}.".startswith(f"{house}.")}
    found: Graph = {room(name): set() for name in inside}
    for name, targets in inside.items():
        found[room(name)] |= {room(target) for target in targets} - {room(name)}
    return found


def houses(graph: Graph) -> list[str]:
    """The packages that hold others, or modules."""
    return sorted({name.rpartition(".")[0] for name in graph if "." in name})


def circles(graph: Graph) -> list[list[str]]:
    """Each set of nodes that reach one another, as one way round it: the shortest from its first node."""
    reachable = {name: reach(graph, name) for name in graph}
    seen: set[str] = set()
    found = []
    for name in sorted(graph):
        if name not in seen and name in reachable[name]:
            seen |= {other for other in reachable[name] if name in reachable[other]}
            found.append(way_round(graph, name))
    return found


def reach(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for target in graph[waiting.pop()] - found:
            found.add(target)
            waiting.append(target)
    return found


def way_round(graph: Graph, start: str) -> list[str]:
    ways = [[start]]
    for way in ways:
        for target in sorted(graph[way[-1]]):
            if target == start:
                return [*way, start]
            if target not in way:
                ways.append([*way, target])
    raise AssertionError(f"{start} is in no circle")


def told(found: list[list[str]]) -> str:
    return "".join(f"\n{' → '.join(way)}" for way in found)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_modules_import_each_other_in_a_circle(package):
    found = circles(import_graph(ROOT / package))
    assert not found, told(found)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_rooms_import_each_other_in_a_circle(package):
    graph = import_graph(ROOT / package)
    found = [way for house in houses(graph) for way in circles(rooms(graph, house))]
    assert not found, told(found)


# the search itself

def made_up(folder: Path, files: dict[str, str]) -> Path:
    """A package ``house`` of these files, each of whose folders is a package too."""
    package = folder / "house"
    for name, text in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for parent in path.relative_to(package).parents:
            (package / parent / "__init__.py").touch()
        path.write_text(text)
    return package


@pytest.mark.parametrize("late", [
    "from house.attic import roof\n",
    "import house.attic.roof\n",
    "import house.attic.roof as top\n",
    "from ..attic import roof\n",
    "from ..attic.roof import TILES\n",
    "def climb():\n    from house.attic.roof import TILES\n",
    "class Stairs:\n    def climb(self):\n        import house.attic.roof\n",
    "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from house.attic.roof import Roof\n",
    "try:\n    from house.attic.roof import Roof\nexcept ImportError:\n    Roof = None\n",
])
def test_a_circle_is_found_however_its_import_is_written(tmp_path, late):
    package = made_up(tmp_path, {"attic/roof.py": "from house.cellar import stairs\n", "cellar/stairs.py": late})
    assert circles(import_graph(package)) == [["house.attic.roof", "house.cellar.stairs", "house.attic.roof"]]
    assert circles(rooms(import_graph(package), "house")) == [["house.attic", "house.cellar", "house.attic"]]


def test_rooms_whose_modules_form_no_circle_may_form_one(tmp_path):
    package = made_up(tmp_path, {
        "attic/roof.py": "from house.cellar import stairs\n", "attic/floor.py": "", "cellar/stairs.py": "",
        "cellar/door.py": "from house.attic.floor import BOARDS\n"})
    assert circles(import_graph(package)) == []
    assert circles(rooms(import_graph(package), "house")) == [["house.attic", "house.cellar", "house.attic"]]


def test_a_room_has_rooms_of_its_own(tmp_path):
    package = made_up(tmp_path, {
        "attic/east/roof.py": "from house.attic.west import wall\n", "attic/west/wall.py": "", "attic/east/beam.py": "",
        "attic/west/door.py": "from house.attic.east import beam\n"})
    graph = import_graph(package)
    assert houses(graph) == ["house", "house.attic", "house.attic.east", "house.attic.west"]
    assert circles(rooms(graph, "house")) == []
    assert circles(rooms(graph, "house.attic")) == [["house.attic.east", "house.attic.west", "house.attic.east"]]


def test_what_a_package_shows_of_its_modules_comes_with_each_of_them(tmp_path):
    package = made_up(tmp_path, {
        "attic/__init__.py": "from house.attic.roof import TILES\n",
        "attic/roof.py": "from house.cellar import stairs\n", "attic/floor.py": "",
        "cellar/stairs.py": "from house.attic.floor import BOARDS\n"})
    assert circles(import_graph(package)) == [
        ["house.attic", "house.attic.roof", "house.cellar.stairs", "house.attic"]]


def test_a_package_may_show_its_own_modules_to_others(tmp_path):
    package = made_up(tmp_path, {
        "attic/__init__.py": "from house.attic.roof import TILES\n", "attic/roof.py": "from house.attic import floor\n",
        "attic/floor.py": "", "top.py": "import os\nfrom house import attic\nfrom house.attic import TILES\n"})
    assert circles(import_graph(package)) == [] == circles(rooms(import_graph(package), "house"))


def test_a_module_and_a_room_can_form_a_circle(tmp_path):
    package = made_up(tmp_path, {
        "door.py": "from house.attic import roof\n", "attic/roof.py": "from house import door\n"})
    assert circles(rooms(import_graph(package), "house")) == [["house.attic", "house.door", "house.attic"]]


def test_the_package_itself_is_one_of_its_modules(tmp_path):
    package = made_up(tmp_path, {"__init__.py": "from house.door import OPEN\n", "door.py": "from house import LOCK\n"})
    assert circles(import_graph(package)) == [["house", "house.door", "house"]]


def test_circles_that_do_not_touch_are_told_one_by_one():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "b"}, "d": {"e", "a"}, "e": {"d"}, "f": {"a"}}
    assert circles(graph) == [["a", "b", "c", "a"], ["d", "e", "d"]]
