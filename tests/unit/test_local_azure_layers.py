"""Local Azure's layers, read from its imports: who may know whom, and where packages from elsewhere enter."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "localazure"

# What all others see of machines/.
INTERFACE = "machines.machine"
# What every resource provider stands on.
OF_PROVIDERS = {"protocol", "arm", "store", "providers.common", "providers.crud", "providers.kinds", "providers.model"}
# A room → the rooms that it may import beside itself. The programs at the top (no room of their own) may import all.
MAY_KNOW = {
    "files": set(),
    "template": set(),
    "protocol": set(),
    "settings": set(),
    INTERFACE: set(),
    "machines": set(),
    "machines.handlers": {INTERFACE},
    "machines.foundation": {"files", "machines.handlers", INTERFACE},
    "machines.nspawn": {"files", "machines.foundation", INTERFACE},
    "machines.fake": {"files", "machines.foundation", INTERFACE},
    "machines.platforms": {"machines.nspawn", "machines.fake", INTERFACE},
    "registry": {"files", INTERFACE},
    "store": {"protocol"},
    "behavior": {"files", "protocol", INTERFACE},
    "arm": {"files", "protocol", "settings", "store", "behavior", "template", INTERFACE},
    "providers": set(),
    "providers.kinds": set(),
    "providers.common": {"protocol", "arm", "store"},
    "providers.crud": {"protocol", "arm", "store", "providers.common", "providers.model"},
    "providers.absent": OF_PROVIDERS,
    "providers.model": {"protocol"},
    "providers.identity": OF_PROVIDERS,
    "providers.network": {*OF_PROVIDERS, INTERFACE},
    "providers.compute": {*OF_PROVIDERS, INTERFACE, "providers.network"},
    "providers.devtestlab": {*OF_PROVIDERS, "providers.compute"},
    "providers.resources": {*OF_PROVIDERS, "template", "providers.network", "providers.compute"},
}
PROGRAMS = {"__init__", "__main__", "instance", "lifecycle", "network_join", "serve", "behavior_cli",
            "providers.routes", "providers.recovery"}
# A foreign package → the only modules that may import it.
BORDERS = {
    "aiohttp": {"arm.server", "behavior.faults"}, "cryptography": {"arm.tls", "providers.compute.key_pairs"},
    "certifi": {"arm.tls"}, "bcrypt": {"registry.service"},
}


def modules() -> dict[str, ast.Module]:
    return {str(path.relative_to(PACKAGE).with_suffix("")).replace("/", ".").removesuffix(".__init__"):
            ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}


MODULES = modules()


def imported(tree: ast.Module) -> list[str]:
    """Absolute names of all that a module imports, within functions and for type checkers too."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def own(target: str) -> str | None:
    """The module of Local Azure that an import names, or names something of."""
    if not target.startswith("localazure."):
        return None
    name = target.removeprefix("localazure.")
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def room(module: str) -> str:
    if module in PROGRAMS:
        return "programs"
    return next((name for name in (module, ".".join(module.split(".")[:2])) if name in MAY_KNOW), module.split(".")[0])


def loaded(name: str) -> set[str]:
    """The modules that an import of this one loads: those that it names, and the packages that these are in."""
    found = set()
    for target in filter(None, map(own, imported(MODULES[name]))):
        parts = target.split(".")
        found |= {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return (found & set(MODULES)) - {name}


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """The groups of names that reach each other by arrows."""
    reached: dict[str, set[str]] = {}
    for name in arrows:
        seen, fresh = set(), [name]
        while fresh:
            new = arrows[fresh.pop()] - seen
            seen |= new
            fresh += new
        reached[name] = seen
    found = {tuple(sorted(two for two in reached[one] if one in reached[two])) for one in arrows if one in reached[one]}
    return [list(group) for group in sorted(found)]


@pytest.mark.parametrize(
    ("arrows", "expected"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, [["b", "c"]]),
        ({"a": {"b"}, "b": {"a"}, "c": {"d", "a"}, "d": {"c"}}, [["a", "b"], ["c", "d"]]),
    ],
)
def test_the_search_for_circles_finds_them(arrows: dict[str, set[str]], expected: list[list[str]]) -> None:
    assert circles(arrows) == expected


def test_every_kind_of_import_is_seen() -> None:
    text = """
import localazure.files
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from localazure.arm.cloud import Cloud
def late():
    from localazure.store import database
"""
    found = [own(target) for target in imported(ast.parse(text))]
    assert [name for name in found if name] == ["files", "arm.cloud", "store.database"]


def test_every_import_names_its_module_in_full() -> None:
    """A relative one would be read as none at all."""
    relative = [name for name, tree in MODULES.items() for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and node.level]
    assert relative == []


def test_no_modules_import_each_other() -> None:
    assert circles({name: loaded(name) for name in MODULES}) == []


@pytest.mark.parametrize("depth", [1, 2])
def test_no_folders_import_each_other(depth: int) -> None:
    def folder(name: str) -> str:
        return ".".join(name.split(".")[:depth])

    arrows: dict[str, set[str]] = {folder(name): set() for name in MODULES}
    for name in MODULES:
        for target in filter(None, map(own, imported(MODULES[name]))):
            # A folder holds what is in it: only what lies elsewhere is another one.
            if folder(target) != folder(name) and not folder(name).startswith(f"{folder(target)}."):
                arrows[folder(name)].add(folder(target))
    assert circles(arrows) == []


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_room_knows_only_those_below_it(name: str) -> None:
    here = room(name)
    for target in imported(MODULES[name]):
        other = own(target)
        if other is not None and here != "programs":
            assert room(other) in {here, *MAY_KNOW[here]}, f"{name} imports {target}"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_foreign_packages_enter_at_their_border_only(name: str) -> None:
    for target in imported(MODULES[name]):
        package = target.split(".")[0]
        assert name in BORDERS.get(package, {name}), f"{name} imports {target}"
        assert package in {*sys.stdlib_module_names, *BORDERS, "localazure"} or name.startswith("machines."), target


def test_local_azure_never_imports_the_extension() -> None:
    for name, tree in MODULES.items():
        assert not [target for target in imported(tree) if target.split(".")[0] == "azext_dockervm"], name


def test_every_file_says_in_its_first_line_what_lives_in_it() -> None:
    for name, tree in MODULES.items():
        assert ast.get_docstring(tree), f"{name} has no docstring"


def test_commands_that_serve_nothing_load_nothing_heavy() -> None:
    programs = "localazure.__main__, localazure.lifecycle, localazure.network_join, localazure.behavior_cli"
    program = (f"import sys, {programs}\n"
               f"print(sorted({set(BORDERS)!r} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
