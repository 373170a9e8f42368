"""A booted machine from power-on to its engine's answer: by az dockervm's fast lane, and by a bare installation that
cloud-init makes on the same image."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from bench.common import ROOT, Result, ask_az, az, local_azure, new_folder

LIMIT = 1.1
ROUNDS = 4
IMAGE = "Canonical:ubuntu-24_04-lts:server:latest"
BARE = "#cloud-config\npackage_update: true\npackages: [docker.io]\n"
# The same without recommended packages, which nobody needs for an engine; with a mark between its two parts.
LEAN = """#!/bin/sh
apt-get update -q && touch /run/bench-lists
apt-get install -y -q --no-install-recommends docker.io docker-cli
"""
TIMES = (ROOT / "bench/guest_times.py").read_text()


@dataclass(frozen=True)
class Guest:
    """A guest's own seconds: from power-on to its user script, for the package lists, for Docker's packages with the
    start of the engine that they bring."""

    boot: float
    lists: float
    packages: float

    @property
    def whole(self) -> float:
        return self.boot + self.lists + self.packages

    @property
    def shown(self) -> str:
        return f"{self.boot:.1f} + {self.lists:.1f} + {self.packages:.1f} s"


@dataclass(frozen=True)
class Times:
    """Of one guest, in seconds of its monotonic clock: power-on, the user script's begin, when the package lists were
    there (only by LEAN), the engine's first and last start."""

    on: float
    script: float
    lists: float
    first: float
    last: float

    @property
    def until_answer(self) -> float:
        return self.last - self.on


@dataclass(frozen=True)
class Measured:
    """Each by round."""

    ours: list[Times]
    bare: list[Times]
    lean: list[Times]

    @property
    def guest(self) -> Guest:
        return Guest(*(statistics.median(values) for values in zip(
            *((one.script - one.on, one.lists - one.script, one.last - one.lists) for one in self.lean), strict=True)))


_taken: list[Guest] = []


def take_as_measured(guest: Guest) -> None:
    _taken.append(guest)


def seconds(scratch: str) -> Guest:
    """Those that were given or measured before in this run, else measured now."""
    if not _taken:
        measure(scratch)
    return _taken[-1]


def measure(scratch: str) -> Measured:
    """Boots the machines one after the other: what runs in one would slow the others."""
    measured = Measured([], [], [])
    with local_azure():
        az(scratch, "group", "create", "-n", "guest", "-l", "westus", "-o", "none")
        for number in range(ROUNDS):
            measured.ours.append(_ours(scratch, f"ours{number}"))
            measured.bare.append(_bare(scratch, f"bare{number}", BARE))
            measured.lean.append(_bare(scratch, f"lean{number}", LEAN))
    take_as_measured(measured.guest)
    return measured


def _bare(scratch: str, name: str, custom_data: str) -> Times:
    with tempfile.NamedTemporaryFile("w", dir=scratch) as file:
        file.write(custom_data)
        file.flush()
        az(scratch, "vm", "create", "-g", "guest", "-n", name, "--image", IMAGE, "--admin-username", "bench",
           "--generate-ssh-keys", "--custom-data", file.name, "--public-ip-address", "", "-o", "none",
           "--only-show-errors")
    return _times(scratch, name)


def _ours(scratch: str, name: str) -> Times:
    az(scratch, *_create(name), "-dc", new_folder(scratch), "-o", "none", "--only-show-errors")
    return _times(scratch, name)


def _create(name: str) -> Sequence[str]:
    return "dockervm", "create", "-g", "guest", "-n", name, "--image", IMAGE, "--provisioner", "cloud-init"


def _times(scratch: str, name: str) -> Times:
    """When cloud-init is done; then the machine goes."""
    asked = f"cloud-init status --wait >/dev/null; python3 - <<'END'\n{TIMES}\nEND"
    said = ask_az(scratch, "vm", "run-command", "invoke", "-g", "guest", "-n", name, "--command-id", "RunShellScript",
                  "--scripts", asked, "--query", "value[0].message", "-o", "tsv")[1]
    az(scratch, "vm", "delete", "-g", "guest", "-n", name, "--yes", "-o", "none")
    line = next(line for line in said.splitlines() if line.startswith("times "))
    return Times(*map(float, line.split()[1:]))


def against_bare(scratch: str) -> list[Result]:
    """The report's lines."""
    measured = measure(scratch)
    ratio, shown = _ratio(measured.ours, measured.bare)
    more = statistics.median(one.last - one.first for one in measured.ours)
    guest = measured.guest
    return [
        Result("power-on to the engine's answer : a bare docker.io", shown, f"<= {LIMIT}", ratio <= LIMIT,
               (f"script/az {' '.join(_create('NAME'))}", "script/az vm create --custom-data FILE …   # FILE:",
                *(f"    {line}" for line in BARE.splitlines()))),
        Result("  : the same without recommended packages", _ratio(measured.ours, measured.lean)[1]),
        Result("  from the packages' own start of the engine to ours", f"{more:.1f} s"),
        Result("  a guest's boot, package lists, packages", guest.shown)]


def _ratio(ours: Sequence[Times], others: Sequence[Times]) -> tuple[float, str]:
    """The median of the rounds' ratios, and the medians of both beside it."""
    ratio = statistics.median(one.until_answer / other.until_answer for one, other in zip(ours, others, strict=True))
    mine, theirs = (statistics.median(one.until_answer for one in times) for times in (ours, others))
    return ratio, f"{ratio:.2f} ({mine:.1f} : {theirs:.1f} s)"
