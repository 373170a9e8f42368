"""Progress: never in the way of the work, readable on any terminal, silent when asked."""

from __future__ import annotations

import io
import re
import time

import pytest

from azext_dockervm.flow.step import Step
from azext_dockervm.output.progress import Lines, Live, Silent, live_line, progress

STEP = Step("vm", "create the VM 'web1'", lambda _results, _deadline: None)
NETWORK = Step("network", "create the network", lambda _results, _deadline: None)


class ClosedPipe(io.StringIO):
    def write(self, _text):
        raise BrokenPipeError(32, "Broken pipe")


class Terminal(io.StringIO):
    """What a person sees: a carriage return and the sequence that clears a line are obeyed."""

    def __init__(self):
        super().__init__()
        self.lines, self.column, self.flushed = [""], 0, True

    def write(self, text):
        self.flushed = False
        for part in filter(None, re.split(r"(\r|\n|\x1b\[K)", text)):
            if part == "\r":
                self.column = 0
            elif part == "\x1b[K":
                self.lines[-1] = self.lines[-1][:self.column]
            elif part == "\n":
                self.lines.append("")
                self.column = 0
            else:
                self.lines[-1] = self.lines[-1][:self.column] + part + self.lines[-1][self.column + len(part):]
                self.column += len(part)
        return len(text)

    def flush(self):
        self.flushed = True

    def isatty(self):
        return True


def use(listener):
    """Tell a listener something of everything."""
    listener.started(STEP)
    listener.started(NETWORK)
    listener.finished(STEP, 1.25, "10.0.0.4")
    listener.failed(NETWORK, 62.0)
    listener.say("so far")
    listener.warn("careful")
    listener.alert("look")
    listener.close()


TOLD = ["done in   1.2 s  create the VM 'web1': 10.0.0.4", "failed   62.0 s  create the network", "so far",
        "WARNING: careful", "WARNING: look"]


@pytest.fixture(name="clock")
def clock_that_stands(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.fixture(name="still")
def live_line_that_is_not_painted_again_by_itself(monkeypatch):
    monkeypatch.setattr(Live, "REFRESH_SECONDS", 600)
    monkeypatch.setenv("COLUMNS", "80")


# What never stops


def test_a_reader_that_went_away_stops_nothing():
    for listener in (Lines(ClosedPipe()), Live(ClosedPipe()), Silent(ClosedPipe())):
        use(listener)


def test_without_a_stderr_everything_goes_on(monkeypatch):
    """2>&- in a shell: Python has no sys.stderr then."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", None)
    for listener in (progress(False), progress(True), progress(False, closed), progress(True, closed)):
        use(listener)


# What is told where


def test_a_pipe_gets_a_line_for_all_that_ended():
    stream = io.StringIO()
    use(progress(False, stream))
    assert stream.getvalue().splitlines() == TOLD


def test_a_step_without_a_detail_has_no_colon():
    stream = io.StringIO()
    Lines(stream).finished(STEP, 1.0, "")
    assert stream.getvalue() == "done in   1.0 s  create the VM 'web1'\n"


def test_an_alert_is_all_that_is_told_when_only_errors_shall_show():
    stream, terminal = io.StringIO(), Terminal()
    use(progress(True, stream))
    use(progress(True, terminal))
    assert stream.getvalue() == "WARNING: look\n" and terminal.lines == ["WARNING: look", ""]


def test_a_terminal_keeps_the_same_lines_and_nothing_else(still):
    terminal = Terminal()
    use(progress(False, terminal))
    assert terminal.lines == [*TOLD, ""]


def test_what_is_told_is_seen_at_once(still):
    terminal = Terminal()
    Lines(terminal).say("so far")
    assert terminal.flushed
    live = Live(terminal)
    live.started(STEP)
    assert terminal.flushed
    live.close()
    assert terminal.flushed


@pytest.mark.parametrize("listener_of", [Silent, Lines, Live])
def test_where_no_stream_is_named_it_is_stderr(listener_of, capsys):
    listener = listener_of()
    listener.alert("look")
    listener.close()
    out, err = capsys.readouterr()
    assert out == "" and "WARNING: look\n" in err


def test_the_listener_fits_the_stream(capsys):
    assert [type(progress(False, stream)) for stream in (io.StringIO(), None)] == [Lines, Lines]
    for wanted, only_errors, stream in ((Live, False, Terminal()), (Silent, True, Terminal())):
        listener = progress(only_errors, stream)
        assert type(listener) is wanted
        listener.close()
    closed = Terminal()
    closed.isatty = io.StringIO.isatty.__get__(closed)
    closed.close()
    assert type(progress(False, closed)) is Lines


# The live line


def test_it_shows_what_runs_and_since_when(still, clock):
    terminal = Terminal()
    live = Live(terminal)
    live.started(STEP)
    assert terminal.lines == ["create the VM 'web1' (0 s)"]
    clock[0] += 7
    live.started(NETWORK)
    assert terminal.lines == ["create the VM 'web1' (7 s) create the network (0 s)"]
    live.finished(STEP, 7.0, "")
    assert terminal.lines == ["done in   7.0 s  create the VM 'web1'", "create the network (0 s)"]
    live.say("so far")
    assert terminal.lines[1:] == ["so far", "create the network (0 s)"]
    live.failed(NETWORK, 1.0)
    assert terminal.lines[2:] == ["failed    1.0 s  create the network", ""]
    live.close()
    assert terminal.lines[3:] == [""]


def test_it_is_gone_when_the_command_ends_whatever_still_runs(still):
    terminal = Terminal()
    live = Live(terminal)
    live.started(STEP)
    live.close()
    assert terminal.lines == [""]
    live.say("the end")
    assert terminal.lines == ["the end", ""]


def test_its_clocks_go_on_by_themselves(monkeypatch, clock):
    monkeypatch.setattr(Live, "REFRESH_SECONDS", 0.01)
    terminal = Terminal()
    live = Live(terminal)
    live.started(STEP)
    clock[0] += 65
    for _ in range(500):
        if "(65 s)" in terminal.lines[-1]:
            break
        time.sleep(0.01)
    assert terminal.lines == ["create the VM 'web1' (65 s)"]
    live.close()
    assert not live._painter.is_alive(), "nothing is painted over the result"


def test_it_never_reaches_the_last_column(still, monkeypatch):
    """Where a terminal would begin a new line that nothing clears."""
    monkeypatch.setenv("COLUMNS", "20")
    terminal = Terminal()
    live = Live(terminal)
    live.started(STEP)
    assert terminal.lines == ["create the … (0 s)"]
    live.started(NETWORK)
    assert len(terminal.lines[0]) <= 19
    live.close()


def test_a_narrow_terminal_cuts_titles_and_keeps_the_clocks():
    running = [("install Docker and make the server's key on the host", 0.0), ("another step with a long name", 0.0)]
    one, two = live_line(running[:1], 7.0, 39), live_line(running, 7.0, 60)
    assert len(one) == 38
    assert one.endswith("… (7 s)") and one.startswith("install Docker and make the")
    assert len(two) == 59 and two.count("… (7 s)") == 2
    assert live_line([("short", 0.0)], 3.0, 80) == "short (3 s)"


def test_a_title_that_just_fits_is_not_cut():
    assert live_line([("abcdef", 0.0)], 3.0, 13) == "abcdef (3 s)"
    assert live_line([("abcdef", 0.0)], 3.0, 12) == "abcd… (3 s)"


def test_many_steps_on_a_tiny_terminal_are_cut_to_its_width():
    assert live_line([("a long title", 0.0)] * 9, 3.0, 20) == "… (3 s) … (3 s) … (3"
