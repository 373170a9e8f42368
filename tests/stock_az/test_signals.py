"""az dockervm create is stopped: by each signal, before anything is made, for a second time, by its own time-out."""

from __future__ import annotations

import re
import signal
import time

import pytest
from extension import NEWEST, AzWithExtension
from local_azure import eventually
from running import Running

VM = "Microsoft.Compute/virtualMachines"
SECURITY_GROUP = "Microsoft.Network/networkSecurityGroups"
VM_IS_BEING_MADE = {"do": "endless_operation", "method": "PUT", "type": VM}


@pytest.fixture
def create(azure, group, tmp_path):
    """Starts ``az dockervm create`` with more words, behind those of a program that starts it."""
    az, started = AzWithExtension(azure, NEWEST, tmp_path), []

    def start(*words: str, behind: tuple[str, ...] = ()) -> Running:
        command = [*behind, az.program, "dockervm", "create", "-g", group, "-n", "web1", "--provisioner", "run-command",
                   "--generate-ssh-keys", *words]
        started.append(Running(command, az.environment, az.home))
        return started[-1]

    yield start
    for running in started:
        if running.alive:
            running.signal(signal.SIGKILL)


def parts(azure, group: str) -> set[str]:
    found = azure.arm("GET", f"{azure.group_path(group)}/resources", "2024-11-01")["value"]
    return {one["type"].rpartition("/")[2] for one in found}


@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM"),
                                              (signal.SIGHUP, "SIGHUP")])
def test_each_signal_undoes_what_was_made(azure, group, behavior, create, tmp_path, number, said):
    behavior(rules=[VM_IS_BEING_MADE])
    requests = azure.requests()
    running = create("--timeline", str(tmp_path / "create.svg"))
    running.until(lambda: r"PUT \S+/virtualMachines/web1 201" in requests, "asked for the VM")
    behavior(rules=[])
    running.signal(number)
    stopped = running.finish()
    assert stopped.code == 1 and stopped.stdout == "", str(stopped)
    assert f"Stopping ({said}; once more stops at once" in stopped.stderr
    assert f"Stopped by {said}" in stopped.stderr and "What was made has been undone" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert parts(azure, group) <= {"virtualNetworks"}
    drawn = (tmp_path / "create.svg").read_text(encoding="utf-8")
    assert ": stopped after " in drawn and "undo: create the VM" in drawn and drawn.endswith("</svg>\n")


def test_nohup_means_it(azure, group, behavior, create):
    behavior(rules=[{"do": "slow", "seconds": 3, "method": "PUT", "type": SECURITY_GROUP}])
    running = create(behind=("nohup",))
    requests = azure.requests()
    running.until(lambda: r"PUT \S+/virtualNetworks/" in requests, "asked for the network")
    running.signal(signal.SIGHUP)
    running.until(lambda: r"PUT \S+/virtualMachines/web1" in requests, "asked for the VM")
    assert running.alive and "Stopping" not in running.stderr


def test_what_only_reads_is_left_at_once(azure, group, behavior, create):
    behavior(rules=[{"do": "silence", "method": "GET", "type": VM}])
    requests = azure.requests()
    running = create()
    running.until(lambda: r"GET \S+/publicIPAddresses/" in requests, "read what is there")
    running.signal(signal.SIGINT)
    began = time.monotonic()
    stopped = running.finish(30)
    assert stopped.code == 1 and "Stopped by Ctrl-C" in stopped.stderr and "Traceback" not in stopped.stderr
    assert time.monotonic() - began < 10 and "Undoing" not in stopped.stderr


def test_the_second_one_leaves_all_as_it_is_and_says_so(azure, group, behavior, create, tmp_path):
    behavior(rules=[VM_IS_BEING_MADE, {"do": "silence", "method": "DELETE", "path": "*"}])
    requests = azure.requests()
    running = create("--timeline", str(tmp_path / "create.svg"))
    running.until(lambda: r"PUT \S+/virtualMachines/web1 201" in requests, "asked for the VM")
    running.signal(signal.SIGINT)
    running.until_said("Undoing what was made")
    eventually(lambda: r"DELETE \S+/virtualMachines/web1" in requests or not running.alive, "deletes", 30)
    running.signal(signal.SIGINT)
    began = time.monotonic()
    stopped = running.finish(30)
    assert time.monotonic() - began < 10
    assert stopped.code == 1 and "Stopped at once. What was made is left as it is." in stopped.stderr, str(stopped)
    assert "az resource list --tag dockervm-host=web1" in stopped.stderr
    assert f"az dockervm create -g {group} -n web1" in stopped.stderr and "Traceback" not in stopped.stderr
    assert "virtualMachines" in parts(azure, group)
    assert ": stopped after " in (tmp_path / "create.svg").read_text(encoding="utf-8")


@pytest.mark.long
@pytest.mark.parametrize("rule", [
    {"do": "silence", "method": "PUT", "type": SECURITY_GROUP},
    {"do": "endless_operation", "method": "PUT", "type": VM},
    {"do": "silence", "method": "GET", "path": "*/operations/*"},
], ids=["silent request", "endless operation", "lost polls"])
def test_a_minute_is_a_minute(azure, group, behavior, create, rule):
    """1.1 times the time-out at most; then undoing, in a time of its own that it states."""
    behavior(rules=[rule])
    began = time.monotonic()
    running = create("--timeout", "1m")
    running.until(lambda: re.search(r"Undoing what was made \(in 7 minutes at most\)|ERROR", running.stderr), "ended")
    assert time.monotonic() - began < 66 + 5, "the time that az itself takes to start is not in it"
    behavior(rules=[])
    stopped = running.finish()
    assert stopped.code == 1 and "the time allowed (60 s) is over" in stopped.stderr, str(stopped)
