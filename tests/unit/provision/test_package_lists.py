"""The package lists that the set-up script fetches, by a genuine apt and an archive in a folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from script_machine import Machine, needs_tools

pytestmark = [needs_tools, pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs apt")]
PACKAGES, TRANSLATION = "main/binary-amd64/Packages", "main/i18n/Translation-en"


class Apt:
    """A genuine apt with lists of its own, and an archive with an index and a translation of it."""

    def __init__(self, folder: Path) -> None:
        self.lists = folder / "state/lists"
        for one in ("state/lists/partial", "cache/archives/partial", "etc"):
            (folder / one).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "sources").write_text(f"deb [trusted=yes] copy:{folder}/archive stable main\n")
        self._archive(folder / "archive/dists/stable")
        settings = {
            "Dir::State": folder / "state", "Dir::State::status": folder / "status", "Dir::Cache": folder / "cache",
            "Dir::Etc": folder / "etc", "Dir::Etc::SourceList": folder / "sources",
            "Dir::Etc::SourceParts": "/dev/null", "APT::Sandbox::User": "root", "APT::Architecture": "amd64",
            "Acquire::Languages": "en"}
        self._settings = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]

    def _archive(self, folder: Path) -> None:
        texts = {PACKAGES: "Package: docker.io\nArchitecture: amd64\nVersion: 1\nFilename: d.deb\nSize: 1\n",
                 TRANSLATION: "Package: docker.io\nDescription-md5: 0\nDescription-en: an engine\n more\n"}
        sums = ""
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True)
            (folder / name).write_text(text)
            sums += f" {hashlib.sha256(text.encode()).hexdigest()} {len(text)} {name}\n"
        (folder / "Release").write_text(
            f"Suite: stable\nCodename: stable\nComponents: main\nArchitectures: amd64\nSHA256:\n{sums}")

    def run(self, *words: str) -> str:
        done = subprocess.run(["apt-get", *self._settings, *words], capture_output=True, text=True, check=True,
                              env={**os.environ, "LC_ALL": "C"})
        return done.stdout

    def has(self, name: str) -> bool:
        """Whether this file of the archive is among the lists, compressed or not."""
        return any(name.replace("/", "_") in path.name for path in self.lists.iterdir())


def update(machine: Machine) -> list[str]:
    """The words by which the script has fetched the lists."""
    machine.run("install")
    calls = [call.split() for call in machine.calls()]
    return next(words for command, *words in calls if command == "apt-get" and "update" in words)


@pytest.fixture
def apt(tmp_path: Path) -> Apt:
    return Apt(tmp_path / "apt")


def test_translations_are_not_fetched(dash_machine: Machine, apt: Apt):
    apt.run(*update(dash_machine))
    assert apt.has(PACKAGES) and not apt.has(TRANSLATION)


def test_and_those_that_are_there_stay(dash_machine: Machine, apt: Apt):
    apt.run("update")
    assert apt.has(TRANSLATION), "apt as it comes fetches it"
    apt.run(*update(dash_machine))
    assert apt.has(TRANSLATION)
