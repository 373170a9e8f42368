"""Progress: never in the way of the work, readable on any terminal, silent when asked."""

from __future__ import annotations

import io

from azext_dockervm.output.progress import Lines, Live, Silent, live_line, progress
from azext_dockervm.output.tables import info_row
from azext_dockervm.plan.step import Step

STEP = Step("vm", "create the VM 'web1'", lambda _results: None)


class ClosedPipe(io.StringIO):
    def write(self, _text):
        raise BrokenPipeError(32, "Broken pipe")


def test_a_reader_that_went_away_stops_nothing():
    for listener in (Lines(ClosedPipe()), Live(ClosedPipe())):
        listener.started(STEP)
        listener.finished(STEP, 1.0, "10.0.0.4")
        listener.warn("careful")
        listener.close()


def test_without_a_stderr_everything_goes_on(monkeypatch):
    """2>&- in a shell: Python has no sys.stderr then."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", None)
    for listener in (progress(False), progress(True), progress(False, closed), progress(True, closed)):
        listener.started(STEP)
        listener.finished(STEP, 1.0, "10.0.0.4")
        listener.say("so far")
        listener.warn("careful")
        listener.alert("look")
        listener.close()


def test_an_alert_is_told_even_when_only_errors_shall_show():
    for listener_of in (Silent, Lines, Live):
        stream = io.StringIO()
        listener = listener_of(stream)
        listener.alert("it can't be reached from here")
        listener.close()
        assert "WARNING: it can't be reached from here\n" in stream.getvalue()
    stream = io.StringIO()
    progress(True, stream).warn("careful")
    assert stream.getvalue() == ""


def test_a_narrow_terminal_cuts_titles_and_keeps_the_clocks():
    running = [("install Docker and make the server's key on the host", 0.0), ("another step with a long name", 0.0)]
    one, two = live_line(running[:1], 7.0, 39), live_line(running, 7.0, 60)
    assert len(one) <= 39 and one.endswith("… (7 s)")
    assert len(two) <= 60 and two.count("(7 s)") == 2
    assert live_line([("short", 0.0)], 3.0, 80) == "short (3 s)"


def test_lines_on_a_pipe_and_nothing_when_only_errors_shall_show():
    stream = io.StringIO()
    listener = progress(False, stream)
    listener.finished(STEP, 1.25, "10.0.0.4")
    listener.close()
    assert stream.getvalue() == "done in   1.2 s  create the VM 'web1': 10.0.0.4\n"
    assert type(progress(True, stream)) is Silent


def test_several_hosts_are_several_rows():
    shape = {"name": "web1", "powerState": "running", "size": "s", "dockerHost": None, "provisioner": None,
             "engine": None, "serverCertificateExpires": None, "engineUnreachable": "off"}
    assert [row["Name"] for row in info_row([shape, {**shape, "name": "web2"}])] == ["web1", "web2"]
