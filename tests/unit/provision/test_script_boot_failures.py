"""How the action boot fails: the client hears why through the door, and the machine is as it was before."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from boot_machine import Exchange, FirstBoot
from script_machine import Answer, Machine, needs_tools

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity

pytestmark = needs_tools
GENUINE_SS = f'exec {shutil.which("ss")} "$@"\n'


def kept_and_ended(first_boot: FirstBoot) -> Answer:
    """The answer of a run that has failed and keeps the door for its client, until it is ended."""
    machine = first_boot.machine
    first_boot.wait_until(lambda: "sleep 1" in machine.calls(), seconds=30)  # nothing else sleeps for a whole second
    assert first_boot.process.poll() is None
    assert first_boot.lock_is_free(), "nobody waits for a client with the lock"
    first_boot.process.send_signal(signal.SIGTERM)
    answer = first_boot.end(seconds=15)
    assert answer.status == 1
    return answer


def failure(first_boot: FirstBoot) -> Exchange:
    """What the door tells of a failure: the same as the answer."""
    told = first_boot.wait_for_state("failed")
    answer = kept_and_ended(first_boot)
    assert (told["reason"], told["details"]) == (answer.reason, answer.details)
    return told


# Told by the door


def test_an_installation_that_fails_is_told_and_without_passwords(any_boot: FirstBoot):
    any_boot.machine.switch("apt-fails", "E: Unable to fetch http://me:Sesame123@mirror/docker.io\n" * 100)
    any_boot.start()
    told = failure(any_boot)
    assert told["reason"] == "install-failed"
    assert "E: Unable to fetch http://***@mirror/docker.io" in told["details"]


def test_a_certificate_of_another_authority_is_not_served(first_boot: FirstBoot, tmp_path: Path):
    first_boot.start()
    stranger = Machine(tmp_path / "stranger", ["sh"], tmp_path / "stranger-ca")
    first_boot.hand_in(stranger.sign(first_boot.request()))
    assert failure(first_boot)["reason"] == "certificate-invalid"
    assert not first_boot.machine.file("/etc/docker/daemon.json").exists()


def test_a_clock_that_is_behind_is_told_with_its_time(first_boot: FirstBoot):
    """For a host whose clock is in 1970 each certificate is of a time that has not come yet, each client's too."""
    first_boot.start()
    ca = first_boot.machine.authority()
    authority = Authority.load(ca.read_bytes(), ca.with_name("ca-key.pem").read_bytes())
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    first_boot.hand_in(authority.sign_request(first_boot.request(), ServerIdentity.parse(["web1"]), tomorrow).decode())
    told = failure(first_boot)
    assert told["reason"] == "certificate-invalid"
    said = " ".join(told["details"])
    assert f"not valid now by this host's clock ({datetime.now(timezone.utc):%Y-%m-%dT}" in said
    assert "certificate is not yet valid" in said
    assert not first_boot.machine.file("/etc/docker/daemon.json").exists()


def test_a_certificate_for_another_key_is_not_served(first_boot: FirstBoot):
    first_boot.start()
    first_boot.hand_in(first_boot.client.read_text().partition("-----BEGIN PRIVATE")[0])
    assert failure(first_boot)["reason"] == "certificate-mismatch"
    assert not first_boot.machine.file("/etc/docker/daemon.json").exists()


def test_an_engine_that_does_not_start_leaves_what_was_there_and_the_door_opens_again(any_boot: FirstBoot):
    machine = any_boot.machine
    machine.install_docker()
    own = machine.file("/etc/docker/daemon.json")
    own.parent.mkdir()
    own.write_text('{"debug": true}')
    machine.switch("start-fails-once")
    machine.switch("journal", "panic: the journal\n")
    any_boot.start()
    any_boot.hand_in()
    told = failure(any_boot)
    assert told["reason"] == "docker-start-failed" and "panic: the journal" in told["details"]
    assert own.read_text() == '{"debug": true}'
    assert not machine.file("/etc/systemd/system/docker.service.d/dockervm.conf").exists()


def test_an_engine_that_serves_something_else_gives_the_port_back_to_the_door(first_boot: FirstBoot):
    first_boot.machine.switch("open-door")
    first_boot.start()
    first_boot.hand_in()
    assert failure(first_boot)["reason"] == "check-failed"


def test_settings_that_the_engine_refuses_are_told_by_a_door_that_never_closed(first_boot: FirstBoot):
    first_boot.machine.switch("config-bad")
    first_boot.start()
    first_boot.hand_in()
    first_boot.wait_for_state("failed")
    said = first_boot.machine.file("/run/dockervm/door/said").read_text()
    told = failure(first_boot)
    assert told["reason"] == "docker-config-invalid" and "closed" not in said
    assert "unable to configure the Docker daemon" in told["details"]


@pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss")
def test_a_port_that_another_takes_between_door_and_engine_ends_the_run_and_names_the_process(first_boot: FirstBoot):
    """The door can't open again to say so: the client notices by what answers, and run commands report it."""
    first_boot.machine.add_tool("ss", GENUINE_SS)
    first_boot.start()
    first_boot.hand_in()
    with closing(taken(first_boot.machine.port)):
        answer = first_boot.end()
        assert answer.reason == "port-taken"
        assert f"(process {os.getpid()} of the user " in answer.details[0]
        # The run command that takes over has the same to tell.
        first_boot.machine.switch("start-fails")
        served = first_boot.machine.serve(first_boot.machine.request().csr)
        assert served.reason == "port-taken" and f"(process {os.getpid()} of the user " in served.details[0]


def taken(port: int, seconds: float = 10) -> socket.socket:
    """The port, as soon as nobody has it."""
    end = time.monotonic() + seconds
    while True:
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            assert time.monotonic() < end, "the door never closed"


def test_what_nobody_expects_is_told_too(any_boot: FirstBoot):
    fails = 'case "$*" in *" -noout -pubkey") exit 7 ;; esac\nexec /usr/bin/openssl "$@"\n'
    any_boot.machine.add_tool("openssl", fails)
    any_boot.start()
    any_boot.hand_in()
    told = failure(any_boot)
    assert told["reason"] == "unexpected" and "status 7" in told["details"][0]


# For how long


def test_it_is_told_for_ten_minutes(first_boot: FirstBoot, monkeypatch: pytest.MonkeyPatch):
    script = first_boot.script()
    assert script.count("keep_door 600") == 1
    monkeypatch.setattr(first_boot, "script", lambda: script.replace("keep_door 600", "keep_door 1"))
    first_boot.machine.switch("apt-fails", "E: no\n" * 100)
    first_boot.start()
    first_boot.wait_for_state("failed")
    assert first_boot.end(seconds=15).reason == "install-failed"


def test_it_is_told_no_longer_than_run_commands_wait(first_boot: FirstBoot):
    first_boot.machine.switch("apt-fails", "E: no\n" * 100)
    first_boot.start()
    first_boot.wait_for_state("failed")
    first_boot.machine.switch("apt-fails")
    assert first_boot.machine.start("request").wait(10) == 0
    assert first_boot.end(seconds=15).reason == "install-failed"


# A door that is none


def a_door_that(orders: str, first_boot: FirstBoot) -> None:
    """cloud-init's interpreter is a program that opens no port, and does what lines of `case` say on orders."""
    machine = first_boot.machine
    machine.add_tool("python-of-another-kind", f"while read -r word rest; do case $word in\n{orders}\nesac; done\n")
    (machine.tools / "cloud-init").write_text(f"#!{machine.tools}/python-of-another-kind\n")


def hands_in_a_certificate(first_boot: FirstBoot) -> str:
    ca, folder = first_boot.machine.ca_folder, first_boot.folder
    return (f"csr) echo certificate $(echo $rest | base64 -d | openssl x509 -req -days 1 -CA {ca}/ca.pem -CAkey "
            f"{ca}/ca-key.pem -CAserial {folder}/serial -CAcreateserial 2>/dev/null | base64 | tr -d '\\n') ;;")


def test_a_door_that_does_not_close_is_not_served_beside(first_boot: FirstBoot):
    a_door_that(f"open) echo open ;;\n{hands_in_a_certificate(first_boot)}", first_boot)
    first_boot.start()
    assert kept_and_ended(first_boot).reason == "door-stuck"
    assert not first_boot.machine.file("/etc/docker/daemon.json").exists()


def test_a_door_that_does_not_hear_the_end_is_stopped(first_boot: FirstBoot):
    a_door_that("*) exec /bin/sleep 60 ;;", first_boot)
    first_boot.start(timeout=1)
    assert first_boot.end().status == 0
    assert "systemctl stop dockervm-door.service" in first_boot.machine.calls()


def test_a_port_that_somebody_else_has_after_the_door_is_told(first_boot: FirstBoot):
    a_door_that(f"open) echo open ;;\nclose) echo closed ;;\n{hands_in_a_certificate(first_boot)}", first_boot)
    with socket.create_server(("127.0.0.1", first_boot.machine.port)):
        first_boot.start()
        assert kept_and_ended(first_boot).reason == "port-taken"
    assert not first_boot.machine.file("/etc/docker/daemon.json").exists()


def test_what_a_door_says_is_only_read(any_boot: FirstBoot):
    """It comes from a process without rights."""
    planted = any_boot.folder / "planted"
    a_door_that(f"open) echo 'certificate $(touch {planted})'; echo 'certificate `touch {planted}`';\n"
                "    echo certificate; echo 'open; *'; yes 'state failed' | head -c 200000; echo open ;;\n"
                f"close) echo closed ;;\n{hands_in_a_certificate(any_boot)}", any_boot)
    any_boot.start()
    assert any_boot.end().status == 0
    assert not planted.exists()


def test_of_two_certificates_the_first_counts(first_boot: FirstBoot):
    """No door says two."""
    hands_in = hands_in_a_certificate(first_boot).removesuffix(" ;;")
    a_door_that(f"open) echo open ;;\n{hands_in}; echo certificate AAAA ;;\nclose) echo closed ;;", first_boot)
    first_boot.start()
    assert "certificate" in first_boot.end().facts


def test_what_a_door_is_told_before_it_opens_and_how_long_it_may_live(first_boot: FirstBoot):
    told = first_boot.folder / "told"
    a_door_that(f'*) echo "$word $rest" >>"{told}"; [ "$word" != csr ] || echo cannot ;;', first_boot)
    assert first_boot.boot().status == 0
    lines = [line.split() for line in told.read_text().splitlines()]
    assert [line[0] for line in lines] == [
        "run", "seconds", "authority", "certificate", "key", "open", "state", "csr"]
    assert (lines[0][1], lines[1][1], lines[5][1], lines[6][1]) == (
        first_boot.run, "1800", str(first_boot.machine.port), "installing")


def test_a_door_that_could_not_open_again_is_not_kept(first_boot: FirstBoot):
    a_door_that("open) echo $((1 - ${n:-0})) | sed -e s/1/open/ -e s/0/cannot/; n=1 ;;\nclose) echo closed ;;\n"
                f"{hands_in_a_certificate(first_boot)}", first_boot)
    first_boot.machine.switch("start-fails-once")
    first_boot.start()
    assert first_boot.end(seconds=15).reason == "docker-start-failed"
