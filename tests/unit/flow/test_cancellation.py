"""The switch that ends all waiting, and real signals that throw it in a program of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from azext_dockervm.flow.cancellation import SIGNALS, Cancellation, listening

ROOT = Path(__file__).parents[3]
NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP"}

# A command whose one step hangs and looks at no deadline, as a request does that nobody answers.
HANGING = """
    import sys, time
    from azext_dockervm.flow.cancellation import Cancellation, listening
    from azext_dockervm.flow.deadline import Deadline
    from azext_dockervm.flow.execute import PlanFailed, execute
    from azext_dockervm.flow.step import Step
    from azext_dockervm.output.progress import Lines

    def hang(results, deadline):
        print("begun", flush=True)
        time.sleep(600)

    class Told(Lines):
        def warn(self, text):
            print(text, flush=True)

    switch = Cancellation()
    with listening(switch):
        try:
            execute([Step("vm", "create the VM", hang)], Told(), Deadline(600, switch))
        except KeyboardInterrupt:
            print("left at once", flush=True)
            sys.exit(130)
"""
# A command that waits as it should.
WAITING = """
    from azext_dockervm.errors import Interrupted
    from azext_dockervm.flow.cancellation import Cancellation, listening
    from azext_dockervm.flow.deadline import Deadline

    switch = Cancellation()
    with listening(switch):
        print("begun", flush=True)
        try:
            Deadline(600, switch).sleep(600, "the VM is made")
        except Interrupted as error:
            print(error, flush=True)
"""


@contextlib.contextmanager
def program(text: str, ignored: int | None = None) -> Iterator[subprocess.Popen]:
    """A Python program that has said "begun"; signals are as a shell leaves them, but for one that is ignored."""
    def signals() -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        if ignored is not None:
            signal.signal(ignored, signal.SIG_IGN)

    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(text)], cwd=ROOT, text=True,
                               stdout=subprocess.PIPE, preexec_fn=signals)
    try:
        assert process.stdout.readline() == "begun\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_first_reason_is_the_one_that_is_told():
    switch = Cancellation()
    assert not switch.cancelled and switch.reason == ""
    switch.cancel("SIGTERM")
    switch.cancel()
    assert switch.cancelled and switch.reason == "SIGTERM"


def test_waiting_ends_when_the_switch_is_thrown():
    switch = Cancellation()
    began = time.monotonic()
    switch.wait(0.1)
    assert 0.1 <= time.monotonic() - began and not switch.cancelled
    threading.Timer(0.1, switch.cancel).start()
    switch.wait(30)
    assert switch.cancelled and switch.reason == "Ctrl-C" and time.monotonic() - began < 10


@pytest.mark.parametrize("number", NAMES, ids=lambda number: number.name)
def test_a_signal_ends_the_waiting_and_is_named(number):
    with program(WAITING) as process:
        process.send_signal(number)
        told, _ = process.communicate(timeout=10)
    assert told == f"Stopped by {NAMES[number]} while the VM is made\n" and process.returncode == 0


@pytest.mark.parametrize("number", NAMES, ids=lambda number: number.name)
def test_the_second_signal_leaves_at_once_though_a_call_hangs(number):
    with program(HANGING) as process:
        process.send_signal(number)
        assert process.stdout.readline() == (
            f"Stopping ({NAMES[number]}; once more stops at once and leaves everything as it is).\n")
        assert process.poll() is None, "the first one waits for what has begun"
        process.send_signal(number)
        told, _ = process.communicate(timeout=10)
    assert told == "left at once\n" and process.returncode == 130


def test_two_different_signals_are_two():
    with program(HANGING) as process:
        process.send_signal(signal.SIGTERM)
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=10)
    assert told == "left at once\n"


@pytest.mark.parametrize("number", NAMES, ids=lambda number: number.name)
def test_what_is_ignored_stays_ignored(number):
    """``nohup`` means it, and so does a shell that starts a command in the background."""
    with program(WAITING, ignored=number) as process:
        process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)
        process.send_signal(next(other for other in NAMES if other != number))
        told, _ = process.communicate(timeout=10)
    assert told.startswith("Stopped by ") and NAMES[number] not in told


@pytest.fixture(name="handlers")
def known_handlers() -> Iterator[dict[int, object]]:
    """Whatever the tests were started with: a handler, none, and one that is ignored."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    mine = dict(zip(SIGNALS, (signal.default_int_handler, signal.SIG_DFL, signal.SIG_IGN), strict=True))
    for number, handler in mine.items():
        signal.signal(number, handler)
    yield mine
    for number, handler in before.items():
        signal.signal(number, handler)


def test_handlers_are_as_before_when_it_ends_however_it_ends(handlers):
    with listening(Cancellation()):
        assert signal.getsignal(signal.SIGINT) is not handlers[signal.SIGINT]
    assert {number: signal.getsignal(number) for number in SIGNALS} == handlers
    with pytest.raises(RuntimeError), listening(Cancellation()):
        raise RuntimeError
    assert {number: signal.getsignal(number) for number in SIGNALS} == handlers


def test_a_handler_that_is_none_of_python_s_is_left_alone(monkeypatch, handlers):
    getsignal = signal.getsignal
    monkeypatch.setattr(signal, "getsignal", lambda number: None if number == signal.SIGTERM else getsignal(number))
    with listening(Cancellation()):
        assert getsignal(signal.SIGTERM) == handlers[signal.SIGTERM]
        assert getsignal(signal.SIGINT) is not handlers[signal.SIGINT]


def test_the_first_signal_cancels_and_the_second_one_raises_in_this_program_too(handlers):
    switch = Cancellation()
    with listening(switch):
        os.kill(os.getpid(), signal.SIGTERM)
        switch.wait(5)
        assert switch.cancelled and switch.reason == "SIGTERM"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)


def test_in_another_thread_nothing_is_installed(handlers):
    seen = []

    def work():
        with listening(Cancellation()):
            seen.append({number: signal.getsignal(number) for number in SIGNALS})

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [handlers]
