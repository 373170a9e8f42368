"""advice/ is the only room that words what users are told to type: read from the sources of all others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import azext_dockervm
from azext_dockervm import errors

PACKAGE = Path(azext_dockervm.__file__).parent
# advice words them, and the help pages show them as examples. Help texts of options are left out below.
OTHERS = {"advice", "_help"}
COMMAND = re.compile(
    r"\baz (account|ad|cloud|config|deployment|disk|dockervm|extension|feature|group|identity|image|keyvault|lock|login"
    r"|logout|monitor|network|policy|provider|resource|role|sig|snapshot|tag|upgrade|version|vm|vmss)\b"
    r"|\bdocker (--|(build|compose|context|exec|images?|info|inspect|load|login|logs|network|ps|pull|push|restart|rm"
    r"|run|service|stack|start|stop|swarm|version|volume)\b)"
    r"|\bssh-keygen\b|\bssh -|\bch(mod|own) [-\w]|\bopenssl [a-z]+ -|\bunset [A-Z]|\bsudo\b")
OPTION = re.compile(r"(?<![\w-])--?[a-z][\w-]*")
ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}


def rooms() -> list[str]:
    found = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in PACKAGE.rglob("*.py")}
    return sorted(found - OTHERS - {"__init__"})


def sources(room: str) -> Iterator[tuple[str, ast.Module]]:
    for path in [PACKAGE / f"{room}.py", *sorted((PACKAGE / room).rglob("*.py"))]:
        if path.exists():
            yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text(encoding="utf-8"))


def texts(node: ast.AST, in_calls: bool = True) -> list[ast.Constant]:
    """The strings of a tree, without docstrings and help texts, and without those that are given to functions where not
    ``in_calls``."""
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.keyword) and child.arg == "help" or isinstance(child, ast.Call) and not in_calls:
            continue
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Option" and child in node.args:
            continue    # name, flags, help
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            found.append(child)
        found += texts(child, in_calls)
    return found


def recommendations(tree: ast.AST) -> Iterator[ast.expr]:
    """What an error recommends: its second argument, or what is put into its attribute later."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ERRORS:
                yield from node.args[1:2]
                yield from (word.value for word in node.keywords if word.arg == "recommendation")
        elif isinstance(node, (ast.Assign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Attribute) and target.attr == "recommendations" for target in targets):
                yield node.value


def options_in_recommendations(name: str, tree: ast.AST) -> list[str]:
    return [line for advised in recommendations(tree)
            for line in told(name, texts(ast.Tuple([advised]), in_calls=False), OPTION)]


def told(name: str, found: list[ast.Constant], what: re.Pattern[str]) -> list[str]:
    return [f"{name}:{text.lineno}: {text.value!r}" for text in found if what.search(text.value)]


@pytest.mark.parametrize("room", rooms())
def test_no_text_of_another_room_holds_a_command(room):
    assert not [line for name, tree in sources(room) for line in told(name, texts(tree), COMMAND)]


@pytest.mark.parametrize("room", rooms())
def test_no_other_room_words_the_options_that_it_recommends(room):
    """An option in the first half of an error names what was wrong; in the second it is something to type."""
    assert not [line for name, tree in sources(room) for line in options_in_recommendations(name, tree)]


@pytest.mark.parametrize("room", rooms())
def test_no_other_room_puts_a_command_together(room):
    builders = ("azext_dockervm.shell", "azext_dockervm.advice.command_line")
    assert not [name for name, tree in sources(room) for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and (node.module in builders or any(
                    f"{node.module}.{alias.name}" in builders for alias in node.names))]


@pytest.mark.parametrize(("source", "flaws"), [
    ('raise InvalidValue("no", "az vm list")', 1), ('warn(f"Type: docker --tlsverify -H {host}")', 1),
    ('x = "ssh-keygen -t ed25519"', 1), ('def f():\n    """Like az vm list."""', 0), ('c(help="az vm list")', 0),
    ('raise InvalidValue("as az does, docker is refused", advice())', 0),
])
def test_a_command_is_seen_wherever_it_stands(source, flaws):
    assert len(told("x", texts(ast.parse(source)), COMMAND)) == flaws


@pytest.mark.parametrize(("source", "flaws"), [
    ('raise errors.InvalidValue("--size: no", f"--size {other}")', 1), ('raise InvalidValue("--size: no")', 0),
    ('raise Conflict("no", ["Leave -p out.", advice()])', 1), ('error.recommendations += ("use -dc",)', 1),
    ('raise Conflict("no", recommendation="Use --yes.")', 1), ('raise Conflict("no", "It is read-only.")', 0),
    ('raise InvalidValue("no", example("--name", "web1"))', 0),
    ('raise EngineUnreachable("no", kind="files-gone")', 0),
])
def test_an_option_is_seen_in_what_is_recommended_only(source, flaws):
    assert len(options_in_recommendations("x", ast.parse(source))) == flaws
