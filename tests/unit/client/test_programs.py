"""A folder in which a command is typed gives it neither packages nor programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import azext_dockervm
from azext_dockervm.client import programs

ROOT = Path(__file__).parents[3]
# As az runs a command of the extension: the current folder is first on Python's path.
COMMAND = """
import sys
from types import SimpleNamespace
sys.path.insert(0, "")
from azext_dockervm.handlers.command import command

@command("cert show")
def show(cmd, arguments):
    import azure.mgmt.network
    import docker
    print(docker.__file__)

show(SimpleNamespace(cli_ctx=SimpleNamespace(config=None)), cert_dir=None)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Somebody's repository, in which the command is typed: it has a package and a program of usual names."""
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/__init__.py").write_text("raise SystemExit('a module of the current folder was imported')\n")
    program = tmp_path / "docker.sh"
    program.write_text("#!/bin/sh\necho mine\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_command_imports_no_package_of_the_current_folder(folder):
    done = subprocess.run([sys.executable, "-c", COMMAND], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0 and str(folder) not in done.stdout, done.stdout + done.stderr


def test_a_folder_in_which_packages_are_installed_stays_on_the_path(monkeypatch):
    for installed in (Path(azext_dockervm.__file__).parents[1], Path(os.__file__).parent):
        monkeypatch.chdir(installed)
        monkeypatch.setattr(sys, "path", ["", str(installed), "/elsewhere"])
        programs.leave_out_current_folder()
        assert sys.path == ["", str(installed), "/elsewhere"]


def test_the_current_folder_is_left_out_however_it_is_written(folder, monkeypatch):
    (folder / "link").symlink_to(folder)
    monkeypatch.setattr(sys, "path", ["", str(folder), f"{folder}/", str(folder / "link"), "/elsewhere"])
    programs.leave_out_current_folder()
    assert sys.path == ["/elsewhere"]


@pytest.mark.parametrize("entry", ["", ".", "bin/.."])
def test_a_program_of_the_current_folder_is_not_found(folder, monkeypatch, entry):
    (folder / "bin").mkdir()
    monkeypatch.setenv("PATH", os.pathsep.join([entry, "/usr/bin"]))
    assert programs.find("docker.sh") is None


def test_a_program_is_found_in_a_folder_of_the_path(folder, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("PATH", str(folder))
    assert programs.find("docker.sh") == str(folder / "docker.sh"), "a folder that the user has named"


def test_windows_finds_no_program_in_the_current_folder(folder, monkeypatch):
    """There shutil.which puts the current folder before the path that it is given."""
    monkeypatch.setattr("shutil.which", lambda name, path=None: os.path.join(os.getcwd(), f"{name}.exe"))
    monkeypatch.setenv("PATH", "/usr/bin")
    assert programs.find("docker") is None
