"""A machine's folder goes in one step: a server that is killed in the middle leaves none that nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from localazure.machines.foundation import records
from localazure.machines.foundation.records import Records, remove_machine_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "machines" / "842ebe29"
    (made / "disk").mkdir(parents=True)
    (made / "machine.json").write_text("{}")
    return made


def test_nothing_is_left_of_it(folder: Path) -> None:
    remove_machine_folder(folder)
    assert not [path for path in folder.parent.rglob("*") if path.name != "removed"]


def test_one_that_was_cut_short_is_no_machine_s_and_is_finished_at_the_next_start(folder: Path, monkeypatch) -> None:
    def killed(_path: Path, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            raise KeyboardInterrupt

    with monkeypatch.context() as middle:
        middle.setattr(records.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            remove_machine_folder(folder)
    assert not folder.exists() and Records(folder.parent).machines() == {}
    Records(folder.parent).finish_removals()
    assert not list(folder.parent.iterdir())
