"""Which verbs of the unmodified az the tests speak, read from their sources; as the table of Local Azure's README."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
README = TESTS.parent / "localazure/README.md"
BEGIN, END = "<!-- verbs: python tests/support/verbs.py -->\n", "<!-- end of verbs -->"
# Functions of the tests that take the words of an az command; the first ones are its verb.
CALLS = ("az", "query", "start")


def verbs() -> dict[str, set[str]]:
    """Verb (without "az") → names of the test files that speak it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted([*TESTS.glob("stock_az/test_*.py"), *TESTS.glob("e2e/test_*.py")]):
        for words in _commands(ast.parse(path.read_text(encoding="utf-8"))):
            if words[0] not in ("dockervm", "extension", "config", "cloud", "login", "rest"):
                found[" ".join(words)].add(path.name)
    return found


def _commands(tree: ast.AST) -> Iterator[list[str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        words = _words(node.args) if name in CALLS else []
        if words:
            yield words


def _words(arguments: list[ast.expr]) -> list[str]:
    words = []
    for argument in arguments:
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            break
        if argument.value.startswith("-"):
            break
        words.append(argument.value)
    return words


def table() -> str:
    """The table, a row for each of az's groups of commands."""
    rows: dict[str, tuple[set[str], set[str]]] = {}
    for verb, files in verbs().items():
        group, _, name = verb.rpartition(" ")
        names, tests = rows.setdefault(group, (set(), set()))
        names.add(name)
        tests |= files
    lines = ["| az | verbs | tests |", "|---|---|---|"]
    for group, (names, tests) in sorted(rows.items()):
        stock = {test for test in tests if (TESTS / "stock_az" / test).exists()}
        shown = ", ".join(sorted(stock or tests))
        lines.append(f"| {group} | {', '.join(sorted(names))} | {shown} |")
    return "\n".join(lines) + "\n"


def written() -> str:
    """The table as README has it."""
    return README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    README.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")
