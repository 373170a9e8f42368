"""The rooms of the extension, what is meant to test each of them, and which of their lines are spoiled today."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from quality.sabotage import python_faults, shell_faults
from quality.sabotage.mutant import Mutant, rank

PACKAGE = "azext_dockervm"
# The set-up script, which is no Python, wherever its parts lie.
SCRIPT = "script"
# The modules that lie in no folder: what az asks an extension for, and small values.
TOP = "top"
# A room → what tests it besides tests/unit/ROOM and tests/unit/test_ROOM.py. Never whole commands: they run everything,
# take minutes, and say of a room only that something is wrong.
TESTED_BY: dict[str, tuple[str, ...]] = {
    SCRIPT: ("tests/unit/provision/test_script_*.py", "tests/unit/provision/test_setup_script.py"),
    TOP: ("tests/unit/test_*.py",),
}


def room_of(path: Path) -> str:
    """The room of a file of the extension; ``path`` is relative to the checkout."""
    if path.suffix == ".sh":
        return SCRIPT
    return path.parts[1] if len(path.parts) > 2 else TOP


def rooms(root: Path) -> dict[str, list[Path]]:
    """Room → its files, relative to ``root``."""
    found: dict[str, list[Path]] = {}
    for path in sorted([*(root / PACKAGE).rglob("*.py"), *(root / PACKAGE).rglob("*.sh")]):
        relative = path.relative_to(root)
        found.setdefault(room_of(relative), []).append(relative)
    return found


def tests_of(room: str, root: Path) -> list[str]:
    """What pytest is given for a room; only what is there."""
    patterns = (f"tests/unit/{room}", f"tests/unit/test_{room}.py", *TESTED_BY.get(room, ()))
    found = (path for pattern in patterns for path in sorted(root.glob(pattern)))
    return list(dict.fromkeys(str(path.relative_to(root)) for path in found))


def faults(root: Path, path: Path) -> list[Mutant]:
    source = (root / path).read_text(encoding="utf-8")
    find = shell_faults.faults if path.suffix == ".sh" else python_faults.faults
    return find(str(path), source)


def sample(root: Path, files: Iterable[Path], seed: int, count: int, left_out: Iterable[tuple[str, str, str]] = ()) \
        -> list[Mutant]:
    """One fault on each of ``count`` lines, by chance; the same for the same seed and sources.

    Fewer where there are no more. ``left_out`` are (path, old, new) of faults that no test could notice.
    """
    unnoticeable = set(left_out)
    lines: dict[tuple[str, int], list[Mutant]] = {}
    for path in files:
        for one in faults(root, path):
            if (one.path, one.old, one.new) not in unnoticeable:
                lines.setdefault((one.path, one.line), []).append(one)
    chosen: list[Mutant] = []
    for mutants in _ranked(lines, seed):
        fault = next(filter(_is_code(root), sorted(mutants, key=lambda one: rank(seed, one.old, one.new))), None)
        if fault:
            chosen.append(fault)
        if len(chosen) == count:
            break
    return sorted(chosen, key=lambda one: (one.path, one.line))


def _ranked(lines: dict[tuple[str, int], list[Mutant]], seed: int) -> Iterator[list[Mutant]]:
    """By the text of the line, not by its number, which any change above it changes."""
    seen: dict[tuple[str, str], int] = {}
    ranked = []
    for (path, _), mutants in sorted(lines.items()):
        text = mutants[0].old
        seen[path, text] = seen.get((path, text), 0) + 1
        ranked.append((rank(seed, path, text, seen[path, text]), mutants))
    return (mutants for _, mutants in sorted(ranked, key=lambda one: one[0]))


def _is_code(root: Path) -> Callable[[Mutant], bool]:
    def check(one: Mutant) -> bool:
        spoiled = one.applied((root / one.path).read_text(encoding="utf-8"))
        return (shell_faults.parses if one.path.endswith(".sh") else python_faults.compiles)(spoiled)

    return check
