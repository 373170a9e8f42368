"""The action boot beside run commands: never both at work, and each run once, whatever is killed, reset or copied."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest
from boot_machine import INSTANCE, RUN, FirstBoot
from script_machine import Answer, encoded, fingerprint, needs_tools, tls_certificate

pytestmark = needs_tools


def assert_it_does_nothing(first_boot: FirstBoot) -> None:
    calls = first_boot.machine.file("/calls")
    calls.unlink(missing_ok=True)
    answer = first_boot.boot()
    assert answer.status == 0 and "key" not in answer.facts
    assert "begun before, or run commands have taken over" in answer.stderr
    assert not calls.exists()


def ended(process: subprocess.Popen[str]) -> Answer:
    stdout, stderr = process.communicate(timeout=20)
    return Answer.of(process.returncode, stdout, stderr)


def installs(first_boot: FirstBoot) -> int:
    return sum(" docker.io" in call for call in first_boot.machine.calls())


# Once


def test_a_run_is_done_once(first_boot: FirstBoot):
    """A reset may bring it again, and by then nobody waits for it."""
    first_boot.boot(timeout=1)
    assert_it_does_nothing(first_boot)


def test_a_copy_of_the_machine_does_not_do_it_again(first_boot: FirstBoot):
    """cloud-init runs a user script again on a copy, since its instance is another."""
    first_boot.note(f"run {RUN}")
    first_boot.become("the-copy")
    assert_it_does_nothing(first_boot)


def test_an_image_of_an_earlier_host_does_not_stand_in_the_way(first_boot: FirstBoot):
    first_boot.note("run of-the-image", "instance of-the-image", f"run {RUN}-and-more", f"instance {INSTANCE}-and-more")
    first_boot.start()
    first_boot.hand_in()
    assert first_boot.end().status == 0
    assert first_boot.marker[-2:] == [f"run {RUN}", f"instance {INSTANCE}"]


def test_it_is_noted_before_anything_is_begun(first_boot: FirstBoot):
    go_on = first_boot.held()
    first_boot.start()
    first_boot.wait_until(first_boot.machine.calls)
    assert first_boot.marker == [f"run {RUN}"]
    go_on()
    first_boot.hand_in()
    first_boot.end()


def test_what_can_t_be_noted_is_not_begun(first_boot: FirstBoot):
    first_boot.machine.file("/var/lib/dockervm").write_text("not a folder")
    answer = first_boot.boot()
    assert answer.reason == "write-failed" and "dockervm/closed" in answer.details[0]
    assert first_boot.machine.calls() == []


def test_a_machine_without_an_instance_id_is_not_set_up(first_boot: FirstBoot):
    """Run commands could not tell it that they have taken over."""
    first_boot.machine.file("/var/lib/cloud/data/instance-id").unlink()
    assert first_boot.boot().reason == "no-instance"
    assert first_boot.machine.calls() == [] and first_boot.marker == []


# Run commands take over


def test_what_run_commands_have_done_first_is_left_to_them(first_boot: FirstBoot):
    first_boot.machine.request()
    assert_it_does_nothing(first_boot)
    assert first_boot.marker == [f"instance {INSTANCE}"]


def test_a_look_takes_nothing_over(first_boot: FirstBoot):
    first_boot.start()
    first_boot.request()
    first_boot.wait_until(first_boot.lock_is_free)
    assert ended(first_boot.machine.start("check")).reason == "not-set-up"
    first_boot.hand_in()
    assert "certificate" in first_boot.end().facts


def test_a_run_command_waits_for_the_installation_and_then_works_alone(any_boot: FirstBoot):
    machine = any_boot.machine
    go_on = any_boot.held()
    boot = any_boot.start()
    any_boot.hand_in()
    request = machine.start("request")
    any_boot.wait_until(lambda: not any_boot.door_lives())
    assert request.poll() is None and boot.poll() is None, "the installation goes on, and is waited for"
    go_on()
    asked = ended(request)      # first, for what it has in its folder while it works is none of the other's
    assert "certificate" not in any_boot.end().facts
    assert (installs(any_boot), asked.facts["key"]) == (1, "kept")
    certificate = machine.sign(asked.csr)
    served = machine.serve(asked.csr, CERT=encoded(certificate))
    assert served.facts["certificate"] == fingerprint(certificate) == tls_certificate(machine.port)


def test_a_run_command_goes_ahead_at_once_where_only_the_client_is_waited_for(any_boot: FirstBoot):
    any_boot.start()
    any_boot.request()
    any_boot.wait_until(any_boot.lock_is_free)
    begun = time.monotonic()
    assert ended(any_boot.machine.start("request")).facts["key"] == "kept"
    assert time.monotonic() - begun < 15
    assert "certificate" not in any_boot.end().facts
    assert any_boot.marker == [f"run {RUN}", f"instance {INSTANCE}"]


@pytest.mark.parametrize("stage", ["installing", "waiting"])
def test_what_is_noted_while_it_is_at_work_ends_it_also_with_its_door_open(first_boot: FirstBoot, stage: str):
    """Run commands may have looked for the door a moment before it was there."""
    go_on = first_boot.held()
    first_boot.start()
    first_boot.request()
    if stage == "waiting":
        go_on()
        first_boot.wait_until(first_boot.lock_is_free)
    else:
        first_boot.hand_in()
    first_boot.note(f"run {RUN}", f"instance {INSTANCE}")
    if stage == "installing":
        go_on()
    assert "certificate" not in first_boot.end().facts
    assert not first_boot.machine.file("/etc/docker/daemon.json").exists()


def test_a_take_over_while_it_waits_for_the_lock_leaves_everything_to_run_commands(first_boot: FirstBoot):
    machine = first_boot.machine
    go_on = first_boot.held()
    request = machine.start("request")
    first_boot.wait_until(machine.calls)
    first_boot.note()       # as if the run command were about to note it
    first_boot.start()
    first_boot.wait_until(lambda: first_boot.marker == [f"run {RUN}"])
    first_boot.note(f"run {RUN}", f"instance {INSTANCE}")
    go_on()
    assert ended(request).status == 0
    assert "csr" not in first_boot.end().stdout
    assert installs(first_boot) == 1 and not any(call.startswith("systemd-run") for call in machine.calls())


def test_a_take_over_between_certificate_and_lock_is_not_served_beside(first_boot: FirstBoot):
    machine = first_boot.machine
    first_boot.start()
    first_boot.request()
    first_boot.wait_until(first_boot.lock_is_free)
    lock = str(machine.file("/run/dockervm/lock"))
    with subprocess.Popen(["flock", lock, "sh", "-c", "echo held; read -r _"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        first_boot.hand_in()
        first_boot.note(f"run {RUN}", f"instance {INSTANCE}")
        holder.communicate("go on\n")
    assert "certificate" not in first_boot.end().facts
    assert not machine.file("/etc/docker/daemon.json").exists()


# Killed


@pytest.mark.parametrize("stage", ["installing", "waiting"])
def test_a_script_that_is_killed_takes_its_door_along(any_boot: FirstBoot, stage: str):
    """Also while a package manager, which nobody ends, is at work below it."""
    go_on = any_boot.held()
    process = any_boot.start()
    any_boot.request()
    if stage == "waiting":
        go_on()
        any_boot.wait_until(any_boot.lock_is_free)
    else:
        any_boot.wait_until(lambda: any(call.startswith("apt-get") for call in any_boot.machine.calls()))
    process.kill()
    any_boot.wait_until(lambda: not any_boot.door_lives())
    if stage == "installing":
        assert not any_boot.lock_is_free(), "what it has begun has the lock"
        go_on()
    process.communicate()
    assert any_boot.machine.request().facts["key"] == "kept", "run commands finish it"


def test_a_script_that_is_killed_is_not_begun_again(first_boot: FirstBoot):
    process = first_boot.start()
    first_boot.request()
    process.kill()
    process.communicate()
    answer = ended(first_boot.start())
    assert answer.status == 0 and "key" not in answer.facts


def test_a_script_that_is_ended_says_so_and_closes_the_door_at_once(any_boot: FirstBoot):
    any_boot.start()
    any_boot.request()
    any_boot.wait_until(any_boot.lock_is_free)
    any_boot.process.send_signal(signal.SIGTERM)
    answer = any_boot.end(seconds=15)
    assert (answer.status, answer.reason) == (143, "interrupted")
