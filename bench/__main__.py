"""The times that matter, as ratios side by side in one run, each with the commands that produced it and a verdict.

Run by script/bench, which says in the environment where az, the extension and the development Python are:

    script/bench [PART ...] [--guest BOOT LISTS PACKAGES]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import guest, lanes, loopback
from bench.common import (
    AZ,
    CACHE,
    EXTENSIONS,
    INSTANCE,
    ROOT,
    Result,
    ask_az,
    az,
    given_environment,
    local_azure,
    new_folder,
    run,
)

PAIRS = 15
FIRST_HOSTS = {"cloud-init": "westus2", "docker-extension": "westus", "run-command": "eastus2"}

HELP_LIMIT = 0.4
READ_LIMIT = 1.15
DRY_RUN_LIMIT = 2.5
# One engine's six seconds (host/listing.CHECK_SECONDS and what names take), and two.
CHECK_LIMIT_S = 8.0
CERTIFICATES_LIMIT_MS = 20.0
# Compute's budget for these reads holds 45 and refills by 15 a minute.
PAUSES = (1.0, 2.0, 4.0, 4.0)
# What a pause may differ from what is asked: the request itself, on a busy machine.
PAUSE_SLACK = 0.4
FIRST_HOST_LIMIT_S = 45.0
GETS_LIMIT = 300.0
LIST_LIMIT_S = 1.0
IDLE_LIMIT = 0.02
FAKES_LIMIT_MIB = 1024
SSH_LIMIT_S = 60.0


def paired(first: Callable[[], float], second: Callable[[], float], pairs: int = PAIRS) -> tuple[float, float, float]:
    """Medians of both, and the median of the ratios first/second of runs that lie next to each other.

    Pairs in turns, so that what else the machine does meets both alike; each is run once beforehand.
    """
    first(), second()
    ones, others = [], []
    for number in range(pairs):
        order = ((first, ones), (second, others)) if number % 2 == 0 else ((second, others), (first, ones))
        for work, times in order:
            times.append(work())
    ratio = statistics.median(one / other for one, other in zip(ones, others, strict=True))
    return statistics.median(ones), statistics.median(others), ratio


def help_texts(scratch: str) -> list[Result]:
    chosen = {"AZURE_CONFIG_DIR": f"{scratch}/azure", "AZURE_EXTENSION_DIR": str(EXTENSIONS), "HOME": scratch,
              "AZURE_CORE_COLLECT_TELEMETRY": "no"}
    # The first command of a new configuration builds az's command index; that time is nobody's.
    run([AZ, "--help"], {**os.environ, **chosen}, scratch)

    def timed(*words: str) -> Callable[[], float]:
        return lambda: run([AZ, *words, "--help"], {**os.environ, **chosen}, scratch)[0]

    line = shlex.join([*(f"{name}={value}" for name, value in chosen.items() if name.startswith("AZURE_E")), str(AZ)])
    results = []
    for mine, theirs in (("dockervm", "group"), ("dockervm create", "vm create")):
        one, other, ratio = paired(timed(*mine.split()), timed(*theirs.split()))
        results.append(Result(f"az {mine} --help : az {theirs} --help", f"{ratio:.2f} ({one * 1000:.0f} : "
                              f"{other * 1000:.0f} ms)", f"<= {HELP_LIMIT}", ratio <= HELP_LIMIT,
                              (f"{line} {mine} --help", f"{line} {theirs} --help")))
    return results


def reads(scratch: str) -> list[Result]:
    """What only reads, beside az's own command that reads the nearest."""
    folder = f"{scratch}/reads"
    at = "-g reads -n web1"
    pairs = ((f"info {at} -dc {folder}", f"vm show -d {at}"), (f"show {at}", f"vm show {at}"), ("list", "vm list"),
             (f"env {at} -dc {folder} --shell bash", "group show -n reads"))
    results = []
    with local_azure("fake"):
        az(scratch, "group", "create", "-n", "reads", "-l", "westus", "-o", "none")
        az(scratch, "dockervm", "create", *at.split(), "--provisioner", "run-command", "-dc", folder,
            "--generate-ssh-keys", "--only-show-errors", "-o", "none")
        for ours, theirs in pairs:
            mine, az_s = ("dockervm", *ours.split(), "-o", "none"), (*theirs.split(), "-o", "none")
            one, other, ratio = paired(lambda mine=mine: az(scratch, *mine), lambda az_s=az_s: az(scratch, *az_s))
            what = f"az dockervm {ours.partition(' -')[0]} : az {theirs.partition(' -g')[0].partition(' -n')[0]}"
            results.append(Result(what, f"{ratio:.2f} ({one * 1000:.0f} : {other * 1000:.0f} ms)",
                                  f"<= {READ_LIMIT}", ratio <= READ_LIMIT,
                                  (f"script/az {shlex.join(mine)}", f"script/az {shlex.join(az_s)}")))
    return results


def dry_run(scratch: str) -> list[Result]:
    """What a create would do, from its looks at Azure, beside the smallest read of az's own."""
    mine = ("dockervm", "create", "-g", "dry", "-n", "web1", "-dc", f"{scratch}/dry", "--dry-run", "--only-show-errors",
            "-o", "none")
    theirs = ("group", "show", "-n", "dry", "-o", "none")
    with local_azure("fake"):
        az(scratch, "group", "create", "-n", "dry", "-l", "westus", "-o", "none")
        one, other, ratio = paired(lambda: az(scratch, *mine), lambda: az(scratch, *theirs))
    return [Result("az dockervm create --dry-run : az group show", f"{ratio:.2f} ({one * 1000:.0f} : "
                   f"{other * 1000:.0f} ms)", f"< {DRY_RUN_LIMIT}", ratio < DRY_RUN_LIMIT,
                   (f"script/az {shlex.join(mine)}", f"script/az {shlex.join(theirs)}"))]


def many_dialled(scratch: str) -> list[Result]:
    """A hundred VMs whose tags name engines on loopback: ninety answer, ten take the connection and say nothing."""
    folder = f"{scratch}/dialled"
    words = ("dockervm", "list", "--check", "-dc", folder, "-o", "json")
    with local_azure("fake", options=("--cores", "1000")), loopback.engine(Path(folder)) as port, \
            loopback.silence() as dead:
        az(scratch, "group", "create", "-n", "dialled", "-l", "westus", "-o", "none")
        for name, count, engine in (("live", 90, port), ("dead", 10, dead)):
            az(scratch, "vm", "create", "-g", "dialled", "-n", name, "--count", str(count), "--image", "Ubuntu2204",
                "--admin-username", "bench", "--generate-ssh-keys", "--public-ip-address", "", "--tags",
                "dockervm-fqdn=localhost", f"dockervm-port={engine}", "--only-show-errors", "-o", "none")
        seconds, answer = ask_az(scratch, *words)
    reached = [one["reachable"] for one in json.loads(answer)]
    if (reached.count(True), reached.count(False)) != (90, 10):
        raise SystemExit(f"{reached.count(True)} of 100 engines were reached, not 90")
    return [Result("az dockervm list --check of 100 engines, 10 of them dead", f"{seconds:.1f} s",
                   f"<= {CHECK_LIMIT_S:.0f} s", seconds <= CHECK_LIMIT_S, (f"script/az {shlex.join(words)}",))]


def certificates(scratch: str) -> list[Result]:
    command = [CACHE / "az/bin/python", ROOT / "bench/certificates.py", EXTENSIONS / "dockervm"]
    runs = [json.loads(run(command, os.environ, scratch)[1]) for _ in range(9)]
    median = {name: statistics.median(one[name] for one in runs) for name in runs[0]}
    mine = median["first host"]
    line = shlex.join(map(str, command))
    results = [
        Result("certificates for a first host, beyond imports", f"{mine:.1f} ms (imports {median['imports']:.0f} ms)",
               f"<= {CERTIFICATES_LIMIT_MS:.0f} ms", mine <= CERTIFICATES_LIMIT_MS, (line,)),
        Result("  : docker-machine's RSA 2048, the three keys alone", _times(mine, median["RSA keys"]),
               commands=(line,))]
    if shutil.which("openssl"):
        recipe = ROOT / "bench/openssl-recipe"
        seconds = statistics.median(run(["sh", recipe], os.environ, new_folder(scratch))[0] for _ in range(5))
        results.append(Result("  : the openssl recipe of Docker's handbook, RSA 2048", _times(mine, seconds * 1000),
                              commands=(f"sh {recipe}",)))
    return results


def _times(mine: float, theirs: float) -> str:
    return f"{mine / theirs:.2f} ({mine:.1f} : {theirs:.0f} ms)"


def polling(scratch: str) -> list[Result]:
    from azure.mgmt.core.polling.arm_polling import ARMPolling

    command = [sys.executable, ROOT / "bench/polling.py"]
    asked = json.loads(run(command, {**os.environ, "PYTHONPATH": str(ROOT)}, scratch)[1])
    usual = f" (azure-core: {ARMPolling()._timeout} s)"     # it has no public name for its default
    return [_held(asked, "an operation is polled where Azure sends no Retry-After", usual,
                  (f"PYTHONPATH={ROOT} {shlex.join(map(str, command))}",))]


def _held(asked: Sequence[float], what: str, more: str, commands: tuple[str, ...]) -> Result:
    """azure-core asks once at once; the pauses come after that."""
    pauses = [later - earlier for earlier, later in zip(asked, asked[1:], strict=False)]
    ok = all(abs(pause - wanted) <= PAUSE_SLACK for pause, wanted in zip(pauses, _wanted(len(pauses)), strict=True))
    shown = ", ".join(f"{pause:.1f}" for pause in pauses)
    return Result(what, f"after {shown} s{more}", "1, 2, then 4 s", ok, commands)


def _wanted(count: int) -> list[float]:
    return [*PAUSES, *[PAUSES[-1]] * count][:count]


def requests(scratch: str) -> list[Result]:
    """A Local Azure with fake machines, which throttles nobody, asked by one client over one connection."""
    with local_azure("fake", {"throttle": {"arm": False, "compute": False}}):
        given = given_environment()
        az(scratch, "group", "list", "-o", "none")     # signs in
        token = ask_az(scratch, "account", "get-access-token", "--query", "accessToken", "-o", "tsv")[1].strip()
        command = [sys.executable, ROOT / "bench/local_azure.py", given["LOCALAZURE_ENDPOINT"],
                   given["REQUESTS_CA_BUNDLE"], token, given["LOCALAZURE_SUBSCRIPTION"]]
        found = json.loads(run(command, os.environ, scratch)[1])
        pid = json.loads((Path(given["AZURE_CONFIG_DIR"]).parent / "server.json").read_text())["pid"]
        idle = _idle(pid)
    shown = (f"python {ROOT}/bench/local_azure.py ENDPOINT CA TOKEN SUBSCRIPTION",)
    listed = f"{found['list_s']:.2f} s for {found['resources']}"
    return [
        Result("Local Azure: sequential GETs of one client", f"{found['rate']:.0f}/s ({found['median_ms']:.1f} ms)",
               f">= {GETS_LIMIT:.0f}/s", found["rate"] >= GETS_LIMIT, shown),
        Result("  all pages of 2,000 resources", listed, f"<= {LIST_LIMIT_S} s", found["list_s"] <= LIST_LIMIT_S),
        Result("  a processor's share while nobody asks", f"{idle:.1%}", f"<= {IDLE_LIMIT:.0%}", idle <= IDLE_LIMIT)]


def _idle(pid: int, seconds: float = 10.0) -> float:
    """The share of one processor that a process takes, after a moment to finish what it was at."""
    def used() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    time.sleep(3)
    before = used()
    time.sleep(seconds)
    return (used() - before) / seconds


def many_fakes(scratch: str) -> list[Result]:
    """The memory that Local Azure's processes hold once a hundred fake machines are there."""
    words = ("vm", "create", "-g", "many", "-n", "vm", "--count", "100", "--image", "Ubuntu2204", "--admin-username",
             "bench", "--generate-ssh-keys", "--public-ip-address", "", "--only-show-errors", "-o", "none")
    with local_azure("fake", options=("--cores", "1000")) as log:
        az(scratch, "group", "create", "-n", "many", "-l", "westus", "-o", "none")
        az(scratch, *words)
        kib = sum(_resident(pid, log.parent) for pid in Path("/proc").glob("[0-9]*"))
    return [Result("100 fake machines: memory of all processes", f"{kib / 1024:.0f} MiB", f"< {FAKES_LIMIT_MIB} MiB",
                   kib / 1024 < FAKES_LIMIT_MIB, (f"script/az {shlex.join(words)}",))]


def _resident(process: Path, folder: Path) -> int:
    """KiB of a process that serves this instance; 0 for all others."""
    try:
        words = (process / "cmdline").read_text().split("\0")
        status = (process / "status").read_text()
    except OSError:     # it ended while the list was read
        return 0
    ours = ["serve", "--instance", INSTANCE] == words[-4:-1] or f"{folder}/machines" in words
    found = re.search(r"^VmRSS:\s+(\d+)", status, re.M)
    return int(found[1]) if ours and found else 0


def until_ssh(scratch: str) -> list[Result]:
    """The unmodified az makes a VM of defaults; the clock stops when its sshd speaks."""
    words = ("vm", "create", "-g", "ssh", "-n", "vm1", "--image", "Ubuntu2204", "--generate-ssh-keys",
             "--only-show-errors", "--query", "publicIpAddress", "-o", "tsv")
    with local_azure():
        az(scratch, "group", "create", "-n", "ssh", "-l", "westus", "-o", "none")
        seconds, address = ask_az(scratch, *words)
        begin = time.monotonic()
        while not _ssh_speaks(address.strip()):
            time.sleep(0.1)
        seconds += time.monotonic() - begin
    return [Result("az vm create until SSH answers", f"{seconds:.1f} s", f"< {SSH_LIMIT_S:.0f} s",
                   seconds < SSH_LIMIT_S, (f"script/az {shlex.join(words)}",))]


def _ssh_speaks(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def first_hosts(scratch: str) -> list[Result]:
    """Each provisioner's host is the first of a group of its own: network and certificates are made too."""
    results = []
    with local_azure():
        for provisioner, region in FIRST_HOSTS.items():
            folder = f"{scratch}/{provisioner}"
            words = ["dockervm", "create", "-g", provisioner, "-n", "web1", "--provisioner", provisioner, "-dc", folder]
            az(scratch, "group", "create", "-n", provisioner, "-l", region)
            seconds = az(scratch, *words)
            results.append(Result(f"a first host by {provisioner}", f"{seconds:.1f} s", f"< {FIRST_HOST_LIMIT_S:.0f} s",
                                  seconds < FIRST_HOST_LIMIT_S,
                                  (f"script/az group create -n {provisioner} -l {region}",
                                   f"script/az {shlex.join(words)}")))
    return results


PARTS = {"help": help_texts, "reads": reads, "dry-run": dry_run, "dialled": many_dialled, "certificates": certificates,
         "polling": polling, "requests": requests, "fakes": many_fakes, "ssh": until_ssh, "first-hosts": first_hosts,
         "guest": guest.against_bare, "lanes": lanes.compared}
# These boot machines, and the last one writes names into /etc/hosts.
NEED_ROOT = ("ssh", "first-hosts", "guest", "lanes")


def main() -> None:
    parser = argparse.ArgumentParser("script/bench", description="Measures what must be fast; by default all of it.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--guest", nargs=3, type=float, metavar=("BOOT", "LISTS", "PACKAGES"),
                        help="for `lanes`: a guest's seconds, which are measured on booted machines otherwise")
    given = parser.parse_args()
    # script/bench set it for this program; az would take the checkout for the extension instead of its wheel.
    os.environ.pop("PYTHONPATH", None)
    unknown = [name for name in given.parts if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if given.guest:
        guest.take_as_measured(guest.Guest(*given.guest))
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="dockervm-bench-") as scratch:
        for name in given.parts or PARTS:
            if name in NEED_ROOT and os.geteuid() != 0:
                print(f"-     {name}: left out, because only root can boot machines (run: sudo script/bench)")
                continue
            for result in PARTS[name](scratch):
                result.show()
                results.append(result)
    over = [result.what.strip() for result in results if result.ok is False]
    if over:
        raise SystemExit("Over the limit: " + "; ".join(over))


if __name__ == "__main__":
    main()
