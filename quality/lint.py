"""``script/lint [TOOL ...]``: rules of style, each tool with its rules and what it leaves out, and why.

Exits with 0 when no tool has a finding, 1 when one has, 2 when a tool can't be run or there is none of that name.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from quality import shell_files

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
EXTENSION = "azext_dockervm"
# What mypy holds to --strict: what users get, and what judges it.
TYPED = (EXTENSION, "quality")

# What runs on hosts → the oldest Python that it has to run on: that of RHEL 8's and Ubuntu 18.04's cloud-init.
ON_HOSTS = {"azext_dockervm/provision/script/door.py": "3.6"}

# pylint's messages that are left out, beside those that azure-cli's own pylintrc leaves out → why.
PYLINT_LEFT_OUT = {
    "R": "advice on refactoring: how many arguments or returns are too many is for who reads the change",
}
# flake8's, beside those that azure-cli's own .flake8 leaves out → why.
FLAKE8_LEFT_OUT = {
    "E704": "`def name(self) -> str: ...` on one line is how a Protocol reads best",
}


@dataclass
class Outcome:
    """What a tool said; ``broken`` where it did not get as far as judging."""

    findings: list[str] = field(default_factory=list)
    broken: bool = False


@dataclass(frozen=True)
class Lint:
    """The tools, each a method by its name, over the checkout in ``root``."""

    root: Path
    dev: Path       # programs of the environment that the tests run in
    quality: Path   # programs of the tools' own environment
    kept: Path      # what makes the next run fast

    def ruff(self) -> Outcome:
        """Errors, order of imports, old idioms: ruff.toml."""
        return self._run(self.dev / "ruff", "check", "--no-cache", "--output-format=concise", "--quiet", ".")

    def shellcheck(self) -> Outcome:
        """All shell, and the set-up script as each action of a host gets it.

        A part of it says itself what it sets for others, or has of them; the joined text has nothing to forgive.
        """
        found = Outcome()
        groups: dict[str, list[str]] = {}
        for file in shell_files.shell_files(self.root):
            groups.setdefault(file.shell, []).append(str(file.path))
        with tempfile.TemporaryDirectory() as folder:
            for path in shell_files.write_joined(Path(folder)):
                groups.setdefault("sh", []).append(str(path))
            for shell, paths in sorted(groups.items()):
                one = self._run("shellcheck", "--format=gcc", "-x", "-P", "SCRIPTDIR", "-s", shell, *paths)
                found.findings += one.findings
                found.broken |= one.broken
        return found

    def mypy(self) -> Outcome:
        """--strict over the extension: quality/mypy.ini."""
        return self._run(self.quality / "mypy", "--config-file", HERE / "mypy.ini", "--cache-dir", self.kept / "mypy",
                         "--no-error-summary", *TYPED, ignored=": note:")

    def vermin(self) -> Outcome:
        """No name and no syntax that is younger than the Python of hosts; `# novm` is on what asks for it before."""
        found = Outcome()
        for path, oldest in ON_HOSTS.items():
            if (self.root / path).exists():
                one = self._run(self.quality.parents[1] / "vermin/bin/vermin", "--no-tips", "--quiet", "--violations",
                                f"--target={oldest}-", "-vvv", path)
                found.findings += one.findings
                found.broken |= one.broken
        return found

    def pylint(self) -> Outcome:
        """As ``azdev style``: azdev's copy of azure-cli's rules, and azdev's own rule on show commands."""
        azdev = self._azdev()
        return self._run(self.quality / "pylint", "--rcfile", azdev / "config/ext_pylintrc", "--jobs", "2",
                         "--score=n", f"--disable={','.join(PYLINT_LEFT_OUT)}", "--load-plugins=show_command",
                         "--msg-template={path}:{line}:{column}: {msg_id} {msg} ({symbol})", EXTENSION,
                         ignored="************* Module", PYLINTHOME=str(self.kept / "pylint"),
                         PYTHONPATH=str(azdev / "operations/linter/pylint_checkers"))

    def flake8(self) -> Outcome:
        """As ``azdev style``."""
        return self._run(self.quality / "flake8", "--append-config", self._azdev() / "config/ext.flake8",
                         f"--extend-ignore={','.join(FLAKE8_LEFT_OUT)}", EXTENSION)

    def azdev(self) -> Outcome:
        """As ``azdev linter``: names and lengths of options, help, examples that parse."""
        return self._run(self.quality / "python", "-m", "quality.azdev_rules", PYTHONPATH=str(self.root))

    def _azdev(self) -> Path:
        return next(self.quality.parent.glob("lib/python*/site-packages/azdev"))

    def _run(self, *words: object, ignored: str = "\0", **environment: str) -> Outcome:
        """One program; every line that it prints is a finding but those with ``ignored`` in them."""
        done = subprocess.run([str(word) for word in words], cwd=self.root, text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment})
        lines = [line for line in done.stdout.splitlines() if line.strip() and ignored not in line]
        if done.returncode and not lines:
            return Outcome([f"{words[0]} ended with exit code {done.returncode}", *done.stderr.splitlines()], True)
        return Outcome(lines if done.returncode else [])


TOOLS: dict[str, Callable[[Lint], Outcome]] = {
    "ruff": Lint.ruff, "shellcheck": Lint.shellcheck, "mypy": Lint.mypy, "vermin": Lint.vermin, "flake8": Lint.flake8,
    "azdev": Lint.azdev, "pylint": Lint.pylint}


def main(names: Sequence[str], lint: Lint) -> int:
    """Run the tools named, or all; findings first, a line a tool at the end."""
    unknown = [name for name in names if name not in TOOLS]
    if unknown:
        sys.stderr.write(f"There is no tool {unknown[0]!r} here. Name one or more of: {', '.join(TOOLS)}\n")
        return 2
    summary, failed, broken = [], False, False
    for name in names or TOOLS:
        started = time.monotonic()
        outcome = TOOLS[name](lint)
        sys.stdout.writelines(f"{line}\n" for line in outcome.findings)
        sys.stdout.flush()
        count = len(outcome.findings)
        verdict = "could not be run" if outcome.broken else f"{count or 'no'} finding{'' if count == 1 else 's'}"
        summary.append(f"{name:<11} {verdict} ({time.monotonic() - started:.1f} s)")
        failed |= bool(count)
        broken |= outcome.broken
    print(*summary, sep="\n")
    return 2 if broken else int(failed)


if __name__ == "__main__":
    cache = Path(os.environ["DOCKERVM_CACHE"])
    # One folder a checkout: two at once would spoil each other's.
    kept = cache / "lint" / hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    sys.exit(main(sys.argv[1:], Lint(ROOT, cache / "dev/bin", cache / "quality/bin", kept)))
