"""The layers of the house, read from the imports: they point down, and nothing heavy or POSIX-only loads with az."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "azext_dockervm"

# Lower numbers lie lower. A room may import from its own level and from below, never from above.
LEVELS = {"errors": 0, "secret": 0, "shell": 0, "printable": 0, "nearest": 0,
          "_client_factory": 1, "flow": 1, "azure": 2,
          "advice": 3, "spec": 4, "certs": 5, "client": 5, "contexts": 5, "engine": 5, "door": 5, "body": 5,
          "options": 6, "provision": 7, "preflight": 8, "host": 9, "output": 9, "error_map": 9, "_help": 10,
          "_completers": 10, "_params": 10, "commands": 10, "handlers": 10, "__init__": 11}
POSIX_ONLY = {"fcntl", "pwd", "grp", "termios", "tty", "pty", "resource", "syslog", "posix"}
# A foreign package → the only places that may import it.
BORDERS = {
    "azure.mgmt": {"_client_factory", "azure"}, "azure.core": {"_client_factory", "azure"},
    "docker": {"engine.client"}, "cryptography": {"certs"},
    "azure.cli": {"__init__", "_client_factory", "_completers", "_params", "commands", "error_map", "handlers",
                  "options.ssh_keys"},
    "knack": {"_client_factory", "_help", "error_map", "handlers", "output.exit_code"},
}


@functools.cache
def modules() -> dict[str, ast.Module]:
    return {str(path.relative_to(PACKAGE).with_suffix("")).replace("/", "."): ast.parse(path.read_text())
            for path in PACKAGE.rglob("*.py")}


def imported(name: str, tree: ast.Module) -> list[tuple[str, bool]]:
    """Absolute names of what a module imports, and whether outside any function."""
    found = []
    inside = {id(node) for function in ast.walk(tree) if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
              for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) not in inside) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = ["azext_dockervm", *name.split(".")][:-node.level]
                base = ".".join([*parts, *([base] if base else [])])
            found += [(f"{base}.{alias.name}", id(node) not in inside) for alias in node.names]
    return found


def room(module: str) -> str:
    return module.split(".")[0]


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_point_down(name):
    for target, _ in imported(name, modules()[name]):
        if target.startswith("azext_dockervm."):
            other = room(target.removeprefix("azext_dockervm."))
            assert LEVELS[other] <= LEVELS[room(name)], f"{name} imports {target}, which lies above it"


@pytest.mark.parametrize("name", sorted(modules()))
def test_foreign_packages_enter_at_their_border_only(name):
    for target, _ in imported(name, modules()[name]):
        for package, allowed in BORDERS.items():
            if target == package or target.startswith(package + "."):
                assert room(name) in allowed or name in allowed, f"{name} imports {target}"


def test_no_posix_only_module_outside_a_function_that_guards_it():
    for name, tree in modules().items():
        for target, at_load in imported(name, tree):
            if target.split(".")[0] in POSIX_ONLY:
                assert not at_load, f"{name} imports {target} at load"
                assert name == "certs.lock", f"{name} imports {target}; only the lock knows both systems"


def test_every_file_says_in_its_first_line_what_lives_in_it():
    for name, tree in modules().items():
        assert ast.get_docstring(tree), f"{name} has no docstring"


def test_loading_the_commands_imports_nothing_heavy():
    program = ("import sys; import azure.cli.core.commands.parameters\n"
               "before = set(sys.modules)\n"
               "import importlib, pkgutil, azext_dockervm, azext_dockervm.handlers as handlers\n"
               "names = ['commands', '_params', '_help', '_completers', 'error_map']\n"
               "names += ['handlers.' + one.name for one in pkgutil.iter_modules(handlers.__path__)]\n"
               "for name in names: importlib.import_module('azext_dockervm.' + name)\n"
               "print(sorted(name for name in set(sys.modules) - before if name.split('.')[0] in "
               "('docker', 'cryptography', 'requests') or name.startswith('azure.mgmt')))")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_options_of_a_command_make_no_dataclasses_but_their_own():
    """Each costs az's help up to a millisecond, and no help needs the values of a host."""
    program = ("import sys; from azext_dockervm.options import commands\n"
               "ours = [module for name, module in sys.modules.items() if name.startswith('azext_dockervm')]\n"
               "classes = [one for module in ours for one in vars(module).values() if isinstance(one, type)]\n"
               "print(sorted({one.__name__ for one in classes if hasattr(one, '__dataclass_fields__')}))")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['Gap', 'Option']"


def test_the_extension_never_imports_local_azure():
    for name, tree in modules().items():
        assert not [target for target, _ in imported(name, tree) if target.split(".")[0] == "localazure"], name
