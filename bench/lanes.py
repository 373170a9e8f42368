"""A first host by each lane at the service's own pace, against the least that it can take and against recipes by hand.

Azure is a Local Azure that takes the real service's time; its machines are fakes, whose boot and installation take what
a booted guest's did in the same run.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import guest, server_log
from bench.common import CACHE, EXTENSIONS, ROOT, Result, az, behave, given_environment, local_azure, new_folder, run
from bench.guest import Guest
from bench.server_log import Record

REGION = "westus"
CRITICAL_LIMIT, EXTENSION_LIMIT, CUSTOM_DATA_LIMIT = 1.05, 0.6, 0.75
# Security group, network, public address, interface, VM.
WRITES_LIMIT, ROUNDS_LIMIT = 5, 3
NETWORK_PARTS = ("networksecuritygroups", "virtualnetworks", "publicipaddresses")
VM_PUT = "Microsoft.Compute/virtualMachines/create"
# The service's median and its neighbours: a VM is looked at every three seconds, and where its end falls between two
# looks is chance.
VM_SECONDS = (79.0, 78.0, 80.0)
PAUSE_S = 1.0

# Of the extension's own era, so that it installs Docker by itself, as in the recipe.
ERA = "Canonical:UbuntuServer:18.04-LTS:latest"
LANES: Mapping[str, Sequence[str]] = {
    "cloud-init": (), "run-command": (), "docker-extension": ("--image", ERA)}
RECIPES = ("by-hand-extension", "by-hand-custom-data")


@dataclass(frozen=True)
class Run:
    """One command: when it began (``time.time()``), how long it took."""

    began: float
    seconds: float
    record: Record


@dataclass(frozen=True)
class CriticalPath:
    """The least that a first host takes: the longest of the network's writes that go side by side, the interface, then
    the longer of the VM's PUT and the host's own work, which begin together. Seconds."""

    network: float
    vm: float
    host: float

    @classmethod
    def of(cls, record: Record, host: Guest) -> CriticalPath:
        network = max(map(record.took, NETWORK_PARTS)) + record.took("networkinterfaces")
        return cls(network, record.took("virtualmachines"), host.whole)

    @property
    def whole(self) -> float:
        return self.network + max(self.vm, self.host)


class Cloud:
    """The benchmark's Local Azure as its commands see it."""

    def __init__(self, scratch: str, log: Path) -> None:
        self._scratch, self._log = scratch, log
        az(scratch, "group", "list", "-o", "none")     # signs in
        given = given_environment()
        self._domain = f"{REGION}.cloudapp.{given['LOCALAZURE_SUFFIX']}"
        home = Path(given["AZURE_CONFIG_DIR"]).parent / "home"
        self._environment = {**os.environ, **given, "HOME": str(home), "AZURE_EXTENSION_DIR": str(EXTENSIONS),
                             "PATH": f"{CACHE}/az/bin:{os.environ['PATH']}"}

    def create(self, name: str, *options: str) -> Run:
        """A first host by az dockervm, with new certificates."""
        return self._timed(name, create_command(name, name, *options, "-dc", new_folder(self._scratch)))

    def by_hand(self, recipe: str, name: str) -> Run:
        return self._timed(name, ("sh", ROOT / "bench" / recipe, name, name, f"{name}.{self._domain}"))

    def _timed(self, group: str, words: Sequence[object]) -> Run:
        """In a group of its own, in an empty folder."""
        az(self._scratch, "group", "create", "-n", group, "-l", REGION, "-o", "none")
        before, began = self._log.stat().st_size, time.time()
        seconds, _ = run(words, self._environment, new_folder(self._scratch))
        with self._log.open() as log:
            log.seek(before)
            return Run(began, seconds, server_log.read(log))


def create_command(group: str, name: str, *options: str) -> Sequence[str]:
    return "az", "dockervm", "create", "-g", group, "-n", name, *options, "-o", "none", "--only-show-errors"


def compared(scratch: str) -> list[Result]:
    """The report's lines."""
    host = guest.seconds(scratch)
    conditions = {"cloud_init_delay": [{"seconds": host.boot}],
                  "installation": [{"lists_seconds": host.lists, "seconds": host.packages}]}
    with local_azure("fake", {"conditions": conditions}, ("--time-scale", "1")) as log:
        cloud = Cloud(scratch, log)
        lanes = {name: cloud.create(name, "--provisioner", name, *options) for name, options in LANES.items()}
        recipes = {name: cloud.by_hand(name, name) for name in RECIPES}
        fast = [lanes["cloud-init"]]
        for seconds in VM_SECONDS[1:]:
            behave({"conditions": conditions, "latencies": {VM_PUT: seconds}})
            fast.append(cloud.create(f"cloud-init-{seconds:.0f}", "--provisioner", "cloud-init"))
        behave({"conditions": conditions, "latencies": {VM_PUT: 0}})
        at_once = cloud.create("at-once", "--provisioner", "cloud-init")
        by_hand = cloud.by_hand("by-hand-custom-data", "at-once-by-hand")
    return [*_against_critical_path(fast, host),
            *_against_recipes(lanes, recipes, CriticalPath.of(lanes["cloud-init"].record, host)),
            *_without_the_put(at_once, by_hand, host), *_counts({**lanes, **recipes}), _rounds(scratch)]


def _against_critical_path(lanes: Sequence[Run], host: Guest) -> list[Result]:
    paths = [CriticalPath.of(lane.record, host) for lane in lanes]
    ratios = [lane.seconds / path.whole for lane, path in zip(lanes, paths, strict=True)]
    ratio, lane, path = statistics.median(ratios), lanes[0], paths[0]
    first, vm = lane.record.first_write(), lane.record.first_write("virtualmachines")
    beyond = (first - lane.began, vm - first - path.network, lane.began + lane.seconds - vm - max(path.vm, path.host))
    return [
        Result("create by cloud-init : critical path", f"{ratio:.3f} (median of {_list(ratios, 3)})",
               f"<= {CRITICAL_LIMIT}", ratio <= CRITICAL_LIMIT, (_shown("cloud-init"),)),
        Result("  with a VM's PUT of " + _list(VM_SECONDS, 0) + " s", "; ".join(
            f"{lane.seconds:.1f} : {path.whole:.1f}" for lane, path in zip(lanes, paths, strict=True)) + " s"),
        Result("  path's parts: network; the longer of PUT and host",
               f"{path.network:.1f}; {path.vm:.1f} and {path.host:.1f} s"),
        Result("  a guest's boot, package lists, packages", host.shown),
        Result("  beyond it: until the first write; network; the end", _sum(beyond))]


def _list(numbers: Sequence[float], digits: int) -> str:
    return ", ".join(f"{number:.{digits}f}" for number in numbers)


def _without_the_put(mine: Run, by_hand: Run, host: Guest) -> list[Result]:
    """The same where Azure makes a VM at once: all that is left is what a client or a host can do something about."""
    least = CriticalPath.of(mine.record, host).whole
    shown = (f"behavior.json: {{\"latencies\": {{\"{VM_PUT}\": 0}}}}",)
    return [Result("without the VM's PUT: cloud-init : critical path", _ratio(mine.seconds, least), commands=shown),
            Result("  : by hand custom data", _ratio(mine.seconds, by_hand.seconds))]


def _held(what: str, mine: float, theirs: float, limit: float, commands: tuple[str, ...]) -> Result:
    return Result(what, _ratio(mine, theirs), f"<= {limit}", mine / theirs <= limit, commands)


def _ratio(mine: float, theirs: float) -> str:
    return f"{mine / theirs:.2f} ({mine:.1f} : {theirs:.1f} s)"


def _against_recipes(lanes: Mapping[str, Run], recipes: Mapping[str, Run], path: CriticalPath) -> list[Result]:
    results = []
    for recipe, limit in zip(RECIPES, (EXTENSION_LIMIT, CUSTOM_DATA_LIMIT), strict=True):
        theirs = recipes[recipe].seconds
        words = recipe.replace("-", " ")
        results.append(_held(f"create by cloud-init : {words}", lanes["cloud-init"].seconds, theirs, limit,
                             (_shown("cloud-init"), f"bench/{recipe} GROUP NAME FQDN")))
        results += [Result(f"  create by {name} : {words}", _ratio(lane.seconds, theirs), commands=(_shown(name),))
                    for name, lane in lanes.items() if name != "cloud-init"]
        results += [Result(f"  critical path : {words}", _ratio(path.whole, theirs)),
                    Result("  by hand: before, between and after its writes", _between_writes(recipes[recipe]))]
    return results


def _between_writes(one: Run) -> str:
    """Its seconds before, between and after its writes."""
    times = [one.began, *(call.at for call in one.record.calls if call.kind == "write"), one.began + one.seconds]
    return _sum([later - earlier for earlier, later in zip(times, times[1:], strict=False)])


def _sum(seconds: Sequence[float]) -> str:
    return " + ".join(f"{one:.1f}" for one in seconds) + " s"


def _shown(lane: str) -> str:
    return " ".join(create_command("GROUP", "NAME", "--provisioner", lane, *LANES[lane]))


def _counts(runs: Mapping[str, Run]) -> list[Result]:
    results = []
    for name, one in runs.items():
        writes, reads, polls = (one.record.counts[kind] for kind in ("write", "read", "poll"))
        more = f", {one.record.throttled} refused (429)" if one.record.throttled else ""
        held = name == "cloud-init"
        results.append(Result(f"requests by {name.replace('by-hand-', 'hand, ')}",
                              f"{writes} writes, {reads} reads, {polls} polls{more}",
                              f"{WRITES_LIMIT} writes" if held else "", writes == WRITES_LIMIT if held else None))
    return results


def _rounds(scratch: str) -> Result:
    """With all answers to reads held back."""
    rule = {"do": "slow", "seconds": PAUSE_S, "method": "GET", "path": "/subscriptions/*"}
    with local_azure("fake") as log:
        cloud = Cloud(scratch, log)
        behave({"rules": [rule]})
        record = cloud.create("slow", "--provisioner", "cloud-init").record
    rounds = record.rounds_before_write(PAUSE_S)
    return Result("reads that wait for each other before the first write", str(rounds), f"<= {ROUNDS_LIMIT}",
                  rounds <= ROUNDS_LIMIT)
