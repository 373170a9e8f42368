"""What Python 3.14 changes, found on any Python: az of some packagers runs on it. With --long the rooms that need no
compiled package are tested by a Python 3.14 of their own."""

from __future__ import annotations

import argparse
import ast
import os
import shutil
from pathlib import Path

import pytest
from running import run

from azext_dockervm.options.commands import COMMANDS, options_of

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("azext_dockervm", "localazure", "tests/support", "quality", "bench")
                 for path in (ROOT / top).rglob("*.py") if "build" not in path.parts)
# https://docs.python.org/3/whatsnew/3.14.html, "Removed", and 3.13's, which has the modules.
REMOVED = {
    "ast": {"Num", "Str", "Bytes", "NameConstant", "Ellipsis"},
    "asyncio": {"AbstractChildWatcher", "ThreadedChildWatcher", "PidfdChildWatcher", "get_child_watcher"},
    "collections.abc": {"ByteString"}, "typing": {"ByteString"},
    "importlib.abc": {"ResourceReader", "Traversable", "TraversableResources"},
    "pkgutil": {"find_loader", "get_loader", "ImpImporter", "ImpLoader"}, "pty": {"master_open", "slave_open"},
    "sqlite3": {"version", "version_info"}, "urllib.request": {"URLopener", "FancyURLopener"},
}
MODULES = {"aifc", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "crypt", "distutils", "imghdr", "imp",
           "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes", "smtpd", "sndhdr", "spwd", "sunau",
           "telnetlib", "uu", "xdrlib"}
LEAVES = (ast.Return, ast.Break, ast.Continue)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_texts_have_no_bare_percent_sign(command):
    """argparse expands a text as the option is added since 3.14, and az ends there; before, it did so at -h. Newer
    versions of knack double the sign, others leave that to who writes the text."""
    formatter = argparse.HelpFormatter("az")
    for option in options_of(command):
        action = argparse.ArgumentParser().add_argument("--x", dest=option.name, help=option.full_help)
        assert formatter._expand_help(action) == option.full_help, option.words


def traps(tree: ast.AST) -> list[str]:
    """What a module does that 3.14 does otherwise."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in REMOVED.get(node.value.id, ()):
                found.append(f"{node.value.id}.{node.attr} is removed")
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            module = getattr(node, "module", None) or ""
            names = {alias.name for alias in node.names}
            if {(module or name).partition(".")[0] for name in names} & MODULES and not getattr(node, "level", 0):
                found.append(f"{module or names} is removed")
            if names & REMOVED.get(module, set()):
                found.append(f"{module}.{names & REMOVED[module]} is removed")
        elif isinstance(node, ast.Constant) and node.value == "__annotations__":
            found.append("a class has no __annotations__ in its namespace: inspect.get_annotations")
        elif isinstance(node, ast.Try):
            found += [f"line {one.lineno} leaves a finally" for line in node.finalbody for one in ast.walk(line)
                      if isinstance(one, LEAVES) and not _is_within(line, one)]
    return found


def _is_within(line: ast.AST, leaving: ast.AST) -> bool:
    """Whether a loop or function of the finally itself is what it leaves."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, *(
        () if isinstance(leaving, ast.Return) else (ast.For, ast.While, ast.AsyncFor)))
    return any(isinstance(one, inner) and leaving in ast.walk(one) for one in ast.walk(line))


def test_modules_need_nothing_that_python_3_14_changes():
    found = {str(path.relative_to(ROOT)): traps(ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES}
    assert {path: what for path, what in found.items() if what} == {} and len(found) > 300


@pytest.mark.parametrize("source", [
    "import imp", "from distutils.version import LooseVersion", "import ast\nast.Str", "from collections.abc import "
    "ByteString", "vars(one)['__annotations__']", "def f():\n try: x()\n finally: return 1",
    "for a in b:\n try: x()\n finally:\n  if a: break"])
def test_trap_is_found(source):
    assert traps(ast.parse(source))


@pytest.mark.parametrize("source", ["try: x()\nfinally:\n for a in b:\n  break", "from localazure.arm import imp",
                                    "import inspect\ninspect.get_annotations(a)"])
def test_what_is_no_trap_is_not_found(source):
    assert traps(ast.parse(source)) == []


# A Python 3.14 of its own: CPython, compiled for WebAssembly, which npm has. It starts no processes, has no sockets
# and loads no package of this computer's Python that is compiled.

PYODIDE = "pyodide@314.0.7"
ROOMS = ("tests/unit/advice", "tests/unit/options", "tests/unit/test_commands.py", "tests/unit/test_completers.py")
NEED_A_PROCESS = "test_the_tables_load_no_module_of_az_s or test_files_are_those_that_begin_so"
HOST = """
import { loadPyodide } from "pyodide";
const [root, packages, program] = process.argv.slice(2);
const python = await loadPyodide();
for (const [place, folder] of [["/checkout", root], ["/packages", packages]]) {
    python.FS.mkdirTree(place);
    python.FS.mount(python.FS.filesystems.NODEFS, {root: folder}, place);
}
await python.runPythonAsync(program);
"""
PROGRAM = f"""
import importlib.abc, importlib.machinery, os, sys
from unittest import mock

class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    "Stands for cryptography, which is compiled: what imports it can be imported, and does nothing."
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "cryptography":
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
    def create_module(self, spec):
        made = mock.MagicMock()
        made.__path__, made.__name__, made.__spec__, made.__file__ = [], spec.name, spec, "absent"
        return made
    def exec_module(self, module):
        pass

sys.meta_path.insert(0, Absent())
sys.dont_write_bytecode = True
sys.path[:0] = ["/checkout", "/checkout/tests/support", "/packages"]
os.chdir("/checkout")
os.environ.update(HOME="/tmp", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
assert sys.version_info[:2] == (3, 14), sys.version
import pkgutil, warnings
warnings.simplefilter("error", SyntaxWarning)
import azext_dockervm
for module in pkgutil.walk_packages(azext_dockervm.__path__, "azext_dockervm."):
    importlib.import_module(module.name)
import pytest
code = pytest.main(["-q", "-p", "no:cacheprovider", "--tb=short", "-k", "not ({NEED_A_PROCESS})", *{ROOMS!r}])
print("ended with", int(code))
"""


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("npm"), reason="npm is missing (script/test --long installs it)")
def test_rooms_without_compiled_packages_work_on_python_3_14(tmp_path):
    own = {**os.environ, "HOME": str(tmp_path)}
    run(["npm", "install", "--silent", "--prefix", tmp_path, PYODIDE], own, timeout=300).succeeded()
    (tmp_path / "host.mjs").write_text(HOST)
    packages = Path(pytest.__file__).parents[1]
    done = run(["node", tmp_path / "host.mjs", ROOT, packages, PROGRAM], own, tmp_path, timeout=300).succeeded()
    assert done.stdout.rstrip().endswith("ended with 0"), done
