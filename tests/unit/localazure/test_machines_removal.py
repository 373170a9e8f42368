"""A machine's folder goes in one step: a server that is killed in the middle leaves none that nobody knows."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from fake_support import MACHINE, fake_platform, make

from localazure.machines.foundation import records
from localazure.machines.foundation.records import Records, remove_machine_folder
from localazure.machines.machine import MachineError


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


def test_folder_into_which_something_still_writes_goes_once_that_has_ended(folder: Path) -> None:
    going, stop = folder.parent / "removed" / folder.name, threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            for place in (folder, going):
                if place.is_dir():
                    (place / "disk" / f"{number}").mkdir(parents=True, exist_ok=True)

    writer = threading.Thread(target=write)
    writer.start()
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    try:
        remove_machine_folder(folder, lambda: time.sleep(0.01))
    finally:
        stop.set()
        writer.join()
    assert stop.is_set() or not going.exists()


# Each writes into the machine's folder without an end, and a killed one is followed by the next.
ENDLESS = 'while :; do mkdir -p "$DOCKERVM_ROOT/srv/$RANDOM/x"; done'


@pytest.mark.parametrize("scripts", [1, 4])
def test_deletion_wins_over_what_runs_and_the_next_machine_of_the_name_works(tmp_path, monkeypatch, scripts) -> None:
    with fake_platform(tmp_path, monkeypatch) as platform:
        for _ in range(3):
            make(platform)
            ended: list[object] = []

            def run(ended: list[object] = ended) -> None:
                try:
                    ended.append(platform.machine_run(MACHINE, ENDLESS).exit_code)
                except MachineError as error:
                    ended.append(error.code)

            threads = [threading.Thread(target=run) for _ in range(scripts)]
            for one in threads:
                one.start()
            root = tmp_path / "state/machines" / MACHINE / "root/srv"
            while not (root.is_dir() and any(root.iterdir())):
                time.sleep(0.01)
            platform.machine_delete(MACHINE)
            for one in threads:
                one.join(5)
            assert len(ended) == scripts and 0 not in ended
            assert not (tmp_path / "state/machines" / MACHINE).exists()
            assert not any((tmp_path / "state/machines/removed").iterdir())


def test_handler_of_a_deleted_machine_takes_no_step_on_the_next_one(tmp_path, monkeypatch) -> None:
    from localazure.machines.machine import OF_ITS_TIME

    with fake_platform(tmp_path, monkeypatch) as platform:
        make(platform)
        handler = platform._handler_context(MACHINE, OF_ITS_TIME)
        assert handler.run("exit 0", (), 10).exit_code == 0
        platform.machine_delete(MACHINE)
        make(platform)
        with pytest.raises(MachineError, match="was deleted"):
            handler.run("exit 0", (), 10)
        assert platform._handler_context(MACHINE, OF_ITS_TIME).run("exit 0", (), 10).exit_code == 0
