"""What the benchmark reads out of a Local Azure's log: requests by kind, operations, reads that wait for each other."""

from __future__ import annotations

import logging
import uuid

import pytest

from bench import server_log
from localazure import serve

GROUP = "/subscriptions/5/resourceGroups/g"
NSG = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/n"
VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/v"
OPERATION = "/subscriptions/5/providers/Microsoft.Compute/locations/westus/operations/1"


def call(second: float, words: str) -> str:
    """A line as the server writes it, so many seconds after eight o'clock."""
    whole, part = divmod(round(second * 1000), 1000)
    return f"2026-11-26 08:00:{whole:02},{part:03} INFO localazure.arm.server: {words} 0.3 ms\n"


def operation(words: str) -> str:
    return f"2026-11-26 08:00:30,001 INFO localazure.arm.operations: operation {uuid.uuid4()} {words}\n"


def test_requests_by_kind():
    record = server_log.read([
        call(0, "GET /metadata/endpoints 200"), call(0, "POST /t/oauth2/v2.0/token 200"),
        call(1, f"GET {NSG} 404"), call(1, f"GET {VM} 404"), call(2, f"PUT {NSG} 201"),
        call(3, f"GET {NSG.replace('N', 'n')} 200"), call(3, f"GET {NSG}/securityRules/r 404"),
        call(4, f"GET {OPERATION} 429"), call(5, f"POST {VM}/start 202"), call(6, f"DELETE {VM} 202"), "a traceback\n"])
    assert record.counts == {"read": 3, "write": 3, "poll": 2}
    assert record.throttled == 1


@pytest.mark.parametrize("word", ["operations", "operationResults", "operationStatuses", "DiskOperations"])
def test_whatever_azure_calls_its_operations(word):
    assert server_log.read([call(0, f"GET /subscriptions/5/x/{word}/1 200")]).counts == {"poll": 1}


def test_the_longest_operation_on_a_kind_of_resource():
    low = VM.lower()
    record = server_log.read([
        operation(f"create {low}: Succeeded after 79.01 s"), operation(f"put {low}2: Failed after 3.50 s (Broken)"),
        operation(f"put {low}/runcommands/r: Succeeded after 200.00 s")])
    assert record.took("virtualmachines") == 79.01
    assert record.took("runcommands") == 200
    assert record.took("networkinterfaces") == 0


@pytest.mark.parametrize(("times", "rounds"), [((), 0), ((1.0,), 1), ((1.0, 1.2, 1.4), 1), ((1.0, 1.1, 2.1, 3.2), 3)])
def test_reads_that_wait_for_each_other_come_a_pause_apart(times, rounds):
    lines = [*(call(time, f"GET {VM} 404") for time in times), call(5, f"PUT {VM} 201"), call(9, f"GET {VM} 200")]
    assert server_log.read(lines).rounds_before_write(1.0) == rounds


def test_a_server_s_own_lines_are_understood(group, caplog):
    caplog.set_level(logging.INFO)
    group.nsg()
    form = logging.Formatter(serve.FORMAT)
    record = server_log.read(map(form.format, caplog.records))
    assert record.counts == {"write": 1, "poll": 1} and record.calls[0].path.endswith("/networksecuritygroups/nsg")
    assert [one.action for one in record.operations] == ["put"]
    assert record.operations[0].target == record.calls[0].path
