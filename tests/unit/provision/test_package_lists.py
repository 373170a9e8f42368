"""The package lists that the set-up script fetches, by a genuine apt and an archive in a folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from script_machine import STAND_INS, Machine, needs_tools

pytestmark = [needs_tools, pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs apt")]
PACKAGES, TRANSLATION = "main/binary-amd64/Packages", "main/i18n/Translation-en"


class Apt:
    """A genuine apt with lists of its own, and an archive with an index and a translation of it."""

    def __init__(self, folder: Path) -> None:
        self.lists = folder / "state/lists"
        for one in ("state/lists/partial", "cache/archives/partial", "etc"):
            (folder / one).mkdir(parents=True)
        (folder / "status").touch()
        self.sources = folder / "sources"
        self.sources.write_text(f"deb [trusted=yes] copy:{folder}/archive stable main\n")
        self._archive(folder / "archive/dists/stable")
        settings = {
            "Dir::State": folder / "state", "Dir::State::status": folder / "status", "Dir::Cache": folder / "cache",
            "Dir::Etc": folder / "etc", "Dir::Etc::SourceList": self.sources,
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
        done = self.try_to_run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def try_to_run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["apt-get", *self._settings, *words], capture_output=True, text=True,
                              env={**os.environ, "LC_ALL": "C"})

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


# A mirror that is out of reach


def test_a_genuine_apt_ends_with_0_without_its_indexes_unless_it_is_told_otherwise(dash_machine: Machine, apt: Apt):
    apt.sources.write_text(f"{apt.sources.read_text()}deb [trusted=yes] http://127.0.0.1:1/ubuntu stable main\n")
    quiet = apt.try_to_run("update")
    assert quiet.returncode == 0 and "W: Some index files failed to download." in quiet.stderr
    told = apt.try_to_run(*update(dash_machine))
    assert told.returncode == 100 and "Failed to fetch http://127.0.0.1:1/ubuntu/dists/stable/InRelease" in told.stderr


@pytest.mark.parametrize("age", ["new", "old"])
def test_a_mirror_out_of_reach_is_noticed_whatever_apt_s_age(dash_machine: Machine, age: str):
    """Lists that are not current may lack the version that is asked for, so it is asked for again."""
    dash_machine.switch("versions", "docker.io 26.1.5\n")
    if age == "old":
        dash_machine.switch("old-apt")
    dash_machine.switch("apt-fails", "E: Failed to fetch http://mirror/InRelease  Unable to connect\n")
    answer = dash_machine.run("install", VERSION="99")
    assert "could not refresh the package lists" in answer.stderr and "(round 2)" in answer.stderr
    assert answer.reason == "no-such-version" and "(round 3)" not in answer.stderr


ONE_LINE = """deb http://azure.archive.ubuntu.com/ubuntu/ noble main universe
# deb-src http://azure.archive.ubuntu.com/ubuntu/ noble main
deb [arch=amd64 signed-by=/etc/apt/own.gpg] https://packages.example.com/azure.archive.ubuntu.com/ stable main
"""
DEB822 = """Types: deb
URIs: http://security.ubuntu.com/ubuntu/
  http://azure.archive.ubuntu.com/ubuntu/
Suites: noble-security
Components: main
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
"""


def with_sources(machine: Machine, *unreachable: str, **files: str) -> Machine:
    folder = machine.file("/etc/apt/sources.list.d")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name.replace('_', '.')}").write_text(text)
    machine.switch("unreachable", "".join(f"//{host}/\n" for host in unreachable))
    return machine


def asked(machine: Machine) -> list[str]:
    """Verb and hosts of each of apt's downloads."""
    return [line.split()[0] + "".join(sorted({f" {uri.split('/')[2]}" for uri in line.split()[1:]}))
            for line in machine.file("/asked").read_text().splitlines()]


@pytest.mark.parametrize(("here", "there"), [
    ("azure.archive.ubuntu.com", "archive.ubuntu.com"), ("archive.ubuntu.com", "azure.archive.ubuntu.com"),
    ("ports.ubuntu.com", "azure.ports.ubuntu.com"), ("azure.ports.ubuntu.com", "ports.ubuntu.com"),
    ("security.ubuntu.com", "azure.archive.ubuntu.com")])
@pytest.mark.parametrize("age", ["new", "old"])
def test_ubuntu_s_other_mirror_is_tried_in_the_same_round(dash_machine: Machine, here: str, there: str, age: str):
    if age == "old":
        dash_machine.switch("old-apt")
    files = {"own_list": ONE_LINE.replace("azure.archive.ubuntu.com/ubuntu", f"{here}/ubuntu"),
             "ubuntu_sources": DEB822.replace("azure.archive.ubuntu.com", here).replace("security.ubuntu.com", here)}
    before = with_sources(dash_machine, here, **files).files("/etc/apt")
    answer = dash_machine.run("install")
    assert answer.status == 0 and "(round 2)" not in answer.stderr
    assert "could not refresh the package lists" not in answer.stderr
    assert f"{here} can not be fetched from; trying {there}" in answer.stderr
    others = "packages.example.com"
    assert asked(dash_machine) == [f"update: {' '.join(sorted([here, others]))}",
                                   *(f"{verb}: {' '.join(sorted([there, others]))}" for verb in ("update", "install"))]
    assert dash_machine.files("/etc/apt") == before, "the sources stay as they are"


def test_mirrors_of_others_are_never_replaced(dash_machine: Machine):
    for host in ("mirror.example.com", "azure.archive.ubuntu.com.example.com", "ddebs.ubuntu.com"):
        with_sources(dash_machine, host, own_list=f"deb http://{host}/ubuntu/ noble main\n")
        answer = dash_machine.run("install")
        assert answer.reason == "install-failed" and "trying" not in answer.stderr
        assert {line.partition(" ")[2] for line in asked(dash_machine)} == {host}
        dash_machine.file("/asked").unlink()


def test_where_both_mirrors_are_out_of_reach_each_round_asks_both_and_the_end_has_a_reason(dash_machine: Machine):
    both = ("archive.ubuntu.com", "azure.archive.ubuntu.com")
    with_sources(dash_machine, *both, own_list="deb http://azure.archive.ubuntu.com/ubuntu/ noble main\n")
    answer = dash_machine.run("install")
    assert answer.reason == "install-failed" and any("Failed to fetch" in line for line in answer.details)
    updates = [line.split()[1] for line in asked(dash_machine) if line.startswith("update")]
    assert updates == [both[1], both[0]] * 6


def test_packages_that_are_gone_from_a_mirror_are_fetched_from_the_other_in_the_next_round(dash_machine: Machine):
    with_sources(dash_machine, "nobody", own_list="deb http://azure.archive.ubuntu.com/ubuntu/ noble main\n")
    dash_machine.add_tool("apt-get", 'case "$*" in *" install "*azure*) ;; *install*) '
                          '[ -e "$root/switch/gone" ] || { : >"$root/switch/gone"; '
                          'echo "E: Failed to fetch http://azure.archive.ubuntu.com/pool/d.deb  404  Not Found" >&2; '
                          'exit 100; } ;; esac\n' + STAND_INS["apt-get"])
    answer = dash_machine.run("install")
    assert answer.status == 0 and "(round 2)" in answer.stderr
    assert asked(dash_machine)[-2:] == ["update: archive.ubuntu.com", "install: archive.ubuntu.com"]


def test_apt_s_other_commands_read_the_other_mirror_too(dash_machine: Machine):
    with_sources(dash_machine, "azure.archive.ubuntu.com", own_list=ONE_LINE)
    dash_machine.switch("versions", "docker.io 26.1.5\n")
    dash_machine.run("install", VERSION="26")
    calls = [call for call in dash_machine.calls() if call.startswith("apt-cache ")]
    assert calls and all(" -o Dir::Etc::SourceParts=" in call for call in calls)


def test_a_genuine_apt_understands_the_copied_sources(dash_machine: Machine, apt: Apt, tmp_path: Path):
    with_sources(dash_machine, "azure.archive.ubuntu.com", "security.ubuntu.com", own_list=ONE_LINE,
                 ubuntu_sources=DEB822)
    copy = tmp_path / "copy"
    dash_machine.add_tool("apt-get", STAND_INS["apt-get"].replace(
        "case \"$*\" in\n*docker.io*", f'cp -r "$parts" {copy} 2>/dev/null\ncase "$*" in\n*docker.io*', 1))
    assert dash_machine.run("install").status == 0
    said = apt.run("update", "--print-uris", "-o", "Dir::Etc::SourceList=/dev/null", "-o",
                   f"Dir::Etc::SourceParts={copy}")
    uris = [line.split("'")[1] for line in said.splitlines()]
    assert {uri.removesuffix("/InRelease") for uri in uris if uri.endswith("/InRelease")} == {
        "http://archive.ubuntu.com/ubuntu/dists/noble", "http://archive.ubuntu.com/ubuntu/dists/noble-security",
        "https://packages.example.com/azure.archive.ubuntu.com/dists/stable"}
