"""Which verbs of the unmodified az the tests speak, read from their sources; as the table of Local Azure's README."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
README = TESTS.parent / "localazure/README.md"
BEGIN, END = "<!-- verbs: python tests/support/verbs.py -->\n", "<!-- end of verbs -->"
# Functions of the tests that take the words of an az command; the first ones are its verb.
CALLS = ("az", "query", "start")
# No verbs of Local Azure's: the extension's own, az's settings, any request at all, and what is only seen refused.
OTHERS = ("dockervm", "extension", "config", "cloud", "login", "rest", "network vnet peering")


def verbs() -> dict[str, set[str]]:
    """Verb (without "az") → names of the test files that speak it."""
    found: dict[str, set[str]] = defaultdict(set)
    for verb, _, file in commands():
        found[verb].add(file)
    return found


@cache
def commands() -> list[tuple[str, set[str], str]]:
    """Each command that the tests' sources spell out: its verb, its options, the name of its file."""
    found = []
    for path in sorted([*TESTS.glob("stock_az/test_*.py"), *TESTS.glob("e2e/test_*.py")]):
        for arguments in _calls(ast.parse(path.read_text(encoding="utf-8"))):
            words = [_word(argument) for argument in arguments]
            verb = " ".join(takewhile(lambda word: word and not word.startswith("-"), words))
            if verb and not any(f"{verb} ".startswith(f"{other} ") for other in OTHERS):
                found.append((verb, {word for word in words if word.startswith("-")}, path.name))
    return found


def _calls(tree: ast.Module) -> Iterator[list[ast.expr]]:
    """The arguments of all calls that speak to az; a tuple that was given a name first stands in its place."""
    for part in tree.body:
        tuples = defaultdict(list)
        for node in ast.walk(part):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
                for target in node.targets:
                    tuples[getattr(target, "id", "")].append(node.value.elts)
        for node in ast.walk(part):
            if not isinstance(node, ast.Call) or _name(node.func) not in CALLS or not node.args:
                continue
            first, *rest = node.args
            if isinstance(first, ast.Starred):
                yield from ([*words, *rest] for words in tuples[getattr(first.value, "id", "")])
            else:
                yield node.args


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _word(argument: ast.expr) -> str:
    """The argument as it stands in the source; "" when that only shows when the test runs."""
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""


def table() -> str:
    """The table, a row for each of az's groups of commands."""
    rows: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for verb, files in verbs().items():
        group, _, name = verb.rpartition(" ")
        rows[group][name] = files
    lines = ["| az | verbs | tests |", "|---|---|---|"]
    lines += [f"| {group} | {', '.join(sorted(names))} | {', '.join(_where(names))} |"
              for group, names in sorted(rows.items())]
    return "\n".join(lines) + "\n"


def _where(names: dict[str, set[str]]) -> list[str]:
    """As few files as have all these verbs; those with most of them first, without booted machines where possible."""
    left, chosen = set(names), []
    while left:
        spoken = Counter(file for name in left for file in names[name])
        best = max(sorted(spoken), key=lambda file: ((TESTS / "stock_az" / file).exists(), spoken[file]))
        left -= {name for name in left if best in names[name]}
        chosen.append(best)
    return chosen


def written() -> str:
    """The table as README has it."""
    return README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    README.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")
