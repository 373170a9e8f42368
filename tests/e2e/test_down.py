"""Taking it down: nothing of an instance is left on this machine, after a crash of its server too."""

from __future__ import annotations

import os
import signal

import pytest
from leftovers import MachineState

pytestmark = pytest.mark.machines


@pytest.fixture(scope="module")
def taken_down(local_azure, fleet, plain):
    """Everything that the tests made, taken down; runs last."""
    fleet.close()
    before, during = local_azure.before, MachineState(local_azure)
    finished = local_azure.down()
    return before, during, MachineState(local_azure), finished


def test_down_leaves_nothing(taken_down, local_azure):
    before, during, after, finished = taken_down
    changed = {line.split(":")[0] for line in before.differences(during)}
    assert changed >= {"processes", "links", "network namespaces", "control groups", "nft tables", "routes",
                       "/etc/hosts"}, f"the comparison sees too little: {changed}"
    assert finished.code == 0, str(finished)
    assert not before.differences(after), "\n".join(before.differences(after))
    assert not local_azure.folder.exists()


def test_down_cleans_up_after_a_killed_server(taken_down, local_azure, tmp_path):
    before = local_azure.before
    local_azure.up()
    local_azure.az("dockervm", "create", "-g", "e2e", "-n", "orphan", "--generate-ssh-keys").succeeded()
    os.kill(local_azure.server_pid, signal.SIGKILL)
    assert any("systemd-nspawn" in one for one in MachineState(local_azure).facts["processes"])
    assert local_azure.down().succeeded()
    left = before.differences(MachineState(local_azure))
    assert not left, "\n".join(left)
