"""Prints when what happened in this guest, by its monotonic clock: power-on, the user script's begin, the end of
`apt-get update` (if it was marked), the engine's first and last start. Run by bench in a guest, by the standard
library alone."""

import json
import os
import subprocess
import time

MARK = "/run/bench-lists"


def show(unit, value):
    words = ["systemctl", "show", "-p", value, "--value", *([unit] if unit else [])]
    return int(subprocess.check_output(words)) / 1e6


lines = subprocess.check_output(["journalctl", "-b", "-o", "json", "_PID=1", "UNIT=docker.service"]).splitlines()
starts = [int(one["__MONOTONIC_TIMESTAMP"]) / 1e6 for one in map(json.loads, lines)
          if one["MESSAGE"].startswith("Started docker.service")]
lists = os.stat(MARK).st_mtime - time.time() + time.monotonic() if os.path.exists(MARK) else 0
print("times", show("", "UserspaceTimestampMonotonic"), show("cloud-final.service", "ExecMainStartTimestampMonotonic"),
      lists, starts[0], starts[-1])
