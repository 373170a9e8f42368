"""Run commands take a machine over from its own first boot: noted for good, the door stopped, before anything else."""

from __future__ import annotations

import time

import pytest
from script_machine import Answer, Machine, needs_tools

pytestmark = needs_tools

INSTANCE = "b9a4e0c6-0001"
CHANGING = ("install", "request", "serve", "ssh", "restart")


@pytest.fixture
def named_machine(dash_machine: Machine) -> Machine:
    """cloud-init has a name for it."""
    path = dash_machine.file("/var/lib/cloud/data/instance-id")
    path.parent.mkdir(parents=True)
    path.write_text(INSTANCE + "\n")
    return dash_machine


def noted(machine: Machine) -> list[str]:
    path = machine.file("/var/lib/dockervm/closed")
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("action", CHANGING)
def test_it_is_noted_once(named_machine: Machine, action: str):
    for _ in range(2):
        named_machine.run(action)
    assert noted(named_machine) == [f"instance {INSTANCE}"]


def test_what_an_image_brought_along_stays_and_is_nobody_s(named_machine: Machine):
    before = ["run another", f"instance {INSTANCE}-and-more", f"{INSTANCE}"]
    path = named_machine.file("/var/lib/dockervm/closed")
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{line}\n" for line in before))
    named_machine.run("request")
    assert noted(named_machine) == [*before, f"instance {INSTANCE}"]


def test_a_look_takes_nothing_over(named_machine: Machine):
    named_machine.file("/run/dockervm/door").mkdir(parents=True)
    assert named_machine.run("check").reason == "not-set-up"
    assert noted(named_machine) == [] and named_machine.calls() == []


def test_a_machine_without_cloud_init_has_nothing_to_note(dash_machine: Machine):
    assert dash_machine.request().status == 0
    assert noted(dash_machine) == []


def test_a_full_disk_does_not_keep_it_from_its_work(named_machine: Machine):
    named_machine.file("/var/lib/dockervm").write_text("not a folder")
    answer = named_machine.request()
    assert answer.status == 0 and "could not note" in answer.stderr


@pytest.mark.parametrize("knows_names", [True, False])
def test_what_is_noted_is_on_the_disk(named_machine: Machine, knows_names: bool):
    """sync took no names before coreutils 8.24, and wrote everything."""
    named_machine.add_tool("sync", "" if knows_names else '[ $# = 0 ] || exit 1\n')
    assert "could not note" not in named_machine.request().stderr
    folder = named_machine.file("/var/lib/dockervm")
    synced = [call for call in named_machine.calls() if call.split()[0] == "sync"]
    assert synced == [f"sync {folder}/closed {folder}", *(() if knows_names else ["sync "])]


@pytest.mark.parametrize("action", CHANGING)
def test_the_door_is_stopped_before_the_lock_is_waited_for(named_machine: Machine, action: str):
    named_machine.file("/run/dockervm/door").mkdir(parents=True)
    go_on = named_machine.root / "lock-is-free"
    named_machine.add_tool("flock", f'[ -e "{go_on}" ]\n')
    run = named_machine.start(action)
    with run:
        end = time.monotonic() + 20
        while not any(call.startswith("flock") for call in named_machine.calls()):
            assert run.poll() is None and time.monotonic() < end
        assert named_machine.calls()[0] == "systemctl stop dockervm-door.service"
        assert noted(named_machine) == [f"instance {INSTANCE}"]
        go_on.touch()
        stdout, stderr = run.communicate(timeout=20)
    Answer.of(run.returncode, stdout, stderr)
    assert named_machine.calls().count("systemctl stop dockervm-door.service") == 1


def test_without_a_door_there_is_nothing_to_stop(named_machine: Machine):
    named_machine.request()
    assert not any("dockervm-door" in call for call in named_machine.calls())
