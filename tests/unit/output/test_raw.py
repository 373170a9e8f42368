"""What a shell shall evaluate gets to stdout byte by byte, and a reader that has gone is no error."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

from azext_dockervm.output import raw


def test_bytes_stay_what_they_are(capfdbinary):
    print("before")
    raw.write(b"a\xff\n")
    assert capfdbinary.readouterr().out == b"before\na\xff\n"


def test_a_stream_of_texts_gets_a_text(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    raw.write("ö\n".encode())
    assert stream.getvalue() == "ö\n"


def test_a_stdout_that_is_closed_gets_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    raw.write(b"a\n")


def test_a_reader_that_has_gone_is_no_error():
    program = ("import os, sys, signal; sys.path.insert(0, '.'); signal.signal(signal.SIGPIPE, signal.SIG_IGN)\n"
               "from azext_dockervm.output import raw\n"
               "reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 1)\n"
               "raw.write(b'a' * 100000); os._exit(7)")
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[3], capture_output=True,
                          check=False)
    assert (done.returncode, done.stderr) == (7, b"")
