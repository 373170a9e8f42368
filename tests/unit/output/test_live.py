"""The live line: what runs and for how long, below the lines of what has ended, and nothing left of it at the end."""

from __future__ import annotations

import io
import os
import shutil
import threading
import time
from types import SimpleNamespace

import pytest

from azext_dockervm.output import progress as module
from azext_dockervm.output.progress import Lines, Live, Silent, live_line, progress

VM = SimpleNamespace(key="vm", title="create the VM 'web1'")
ADDRESS = SimpleNamespace(key="address", title="create the address")
CLEAR = "\r\x1b[K"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((80, 24)))
    return Terminal()


@pytest.fixture
def live(terminal, monkeypatch):
    """A live line that is painted only when something happens."""
    monkeypatch.setattr(Live, "REFRESH_SECONDS", 3600.0)
    listener = Live(terminal)
    yield listener
    listener.close()


def shown(terminal: Terminal) -> str:
    """What stands on the terminal in the end: each clearing takes away the line that it stands in."""
    lines = []
    for line in terminal.getvalue().split("\n"):
        lines.append(line.rpartition(CLEAR)[2])
    return "\n".join(lines)


def test_what_runs_is_shown_below_what_has_ended(live, terminal):
    live.started(VM)
    assert shown(terminal) == "create the VM 'web1' (0 s)"
    live.started(ADDRESS)
    assert shown(terminal) == "create the VM 'web1' (0 s) create the address (0 s)"
    live.finished(ADDRESS, 2.5, "198.51.100.7")
    assert shown(terminal) == "done in   2.5 s  create the address: 198.51.100.7\ncreate the VM 'web1' (0 s)"
    live.failed(VM, 31.0)
    assert shown(terminal).splitlines()[1:] == ["failed   31.0 s  create the VM 'web1'"]


def test_what_is_said_meanwhile_stays_and_the_live_line_comes_back(live, terminal):
    live.started(VM)
    live.say("run-command takes over")
    live.warn("careful")
    live.alert("look")
    assert shown(terminal) == \
        "run-command takes over\nWARNING: careful\nWARNING: look\ncreate the VM 'web1' (0 s)"


def test_nothing_is_left_of_the_live_line_and_nobody_paints_after_the_end(live, terminal):
    live.started(VM)
    live.close()
    assert shown(terminal) == "" and terminal.getvalue().endswith(CLEAR)
    assert not live._painter.is_alive()
    live.say("later")
    assert shown(terminal) == "later\n", "the step that was at work is painted again"


def test_the_clock_goes_on_while_nothing_happens(terminal, monkeypatch):
    monkeypatch.setattr(Live, "REFRESH_SECONDS", 0.01)
    clock = iter(range(0, 4000, 2))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    listener = Live(terminal)
    assert any(thread is listener._painter and thread.daemon for thread in threading.enumerate())
    listener.started(VM)
    for _ in range(500):
        if "(6 s)" in terminal.getvalue():
            break
        time.sleep(0.01)
    listener.close()
    assert "(4 s)" in terminal.getvalue() and "(6 s)" in terminal.getvalue()


def test_it_is_refreshed_twice_a_second():
    assert Live.REFRESH_SECONDS == 0.5


def test_nothing_is_painted_while_nothing_runs(terminal, monkeypatch):
    monkeypatch.setattr(Live, "REFRESH_SECONDS", 0.01)
    listener = Live(terminal)
    time.sleep(0.05)
    assert terminal.getvalue() == ""
    listener.close()


def test_the_last_column_stays_free_so_that_no_terminal_wraps(live, terminal, monkeypatch):
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((20, 24)))
    live.started(VM)
    assert shown(terminal) == "create the … (0 s)"


@pytest.mark.parametrize("titles, width, line", [
    (["abcdefghij"], 80, "abcdefghij (7 s)"),
    (["abcdefghij"], 17, "abcdefghij (7 s)"),
    (["abcdefghij"], 16, "abcdefgh… (7 s)"),
    (["abcdefghij"] * 2, 34, "abcdefghij (7 s) abcdefghij (7 s)"),
    (["abcdefghij"] * 2, 33, "abcdefgh… (7 s) abcdefgh… (7 s)"),
    (["abcdefghij"], 7, "… (7 s)"),
    (["abcdefghij"] * 3, 12, "… (7 s) … (7"),
])
def test_titles_are_cut_to_what_room_there_is(titles, width, line):
    assert live_line([(title, 3.0) for title in titles], 10.0, width) == line


def test_who_listens_fits_the_stream(terminal, monkeypatch):
    listener = progress(False, terminal)
    listener.close()
    assert type(listener) is Live
    assert type(progress(False, io.StringIO())) is Lines
    assert type(progress(True, terminal)) is Silent
    closed = io.StringIO()
    closed.close()
    assert type(progress(False, closed)) is Lines


@pytest.mark.parametrize("only_errors, told", [(False, "so far\nWARNING: look\n"), (True, "WARNING: look\n")])
def test_without_a_stream_it_is_stderr(only_errors, told, capsys):
    listener = progress(only_errors)
    listener.say("so far")
    listener.alert("look")
    listener.close()
    assert capsys.readouterr() == ("", told)


@pytest.mark.parametrize("listener_of", [Silent, Lines, Live])
def test_each_listener_writes_to_stderr_by_itself(listener_of, capsys):
    listener = listener_of()
    listener.alert("look")
    listener.close()
    assert "WARNING: look\n" in capsys.readouterr().err


def test_a_line_for_each_step_that_ended():
    stream = io.StringIO()
    listener = Lines(stream)
    listener.started(VM)
    listener.failed(VM, 12.34)
    listener.finished(VM, 0.5, "")
    listener.say("so far")
    listener.warn("careful")
    assert stream.getvalue() == ("failed   12.3 s  create the VM 'web1'\ndone in   0.5 s  create the VM 'web1'\n"
                                 "so far\nWARNING: careful\n")


def test_only_errors_means_not_a_word_of_steps():
    stream = io.StringIO()
    listener = Silent(stream)
    listener.started(VM)
    listener.finished(VM, 1.0, "x")
    listener.failed(VM, 1.0)
    listener.say("so far")
    listener.warn("careful")
    listener.close()
    assert stream.getvalue() == ""


def test_each_line_is_seen_at_once_and_a_broken_stream_is_not_tried_again():
    class Stream(io.StringIO):
        flushed = tried = 0

        def write(self, text):
            self.tried += 1
            if "broken" in text:
                raise OSError(32, "Broken pipe")
            return super().write(text)

        def flush(self):
            self.flushed += 1

    stream = Stream()
    listener = Lines(stream)
    listener.say("so far")
    assert stream.flushed == 1
    listener.say("broken")
    listener.say("later")
    assert stream.tried == 2
