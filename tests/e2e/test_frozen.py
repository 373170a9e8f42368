"""Hosts that earlier versions made (tests/data/frozen), on booted machines: each command takes them on."""

from __future__ import annotations

import pytest
from frozen_hosts import HOSTS

pytestmark = [pytest.mark.machines, pytest.mark.long]      # tests/flows/test_frozen.py has the same on fake machines
ENGINE = "systemctl show -P InvocationID docker.service"


@pytest.fixture(params=HOSTS, ids=str)
def frozen(local_azure, request, tmp_path):
    group = f"frozen-{request.param.name}"
    local_azure.az("group", "create", "-n", group, "-l", "westus").succeeded()
    azure = local_azure.at_home(tmp_path)
    yield request.param.restore(azure, group, tmp_path)
    azure.end_all()
    local_azure.az("group", "delete", "-n", group, "--yes").succeeded()


def test_frozen_host_is_read_left_as_it_is_and_deleted(frozen):
    azure, at = frozen.azure, frozen.at
    assert azure.query("dockervm", "info", *at)["engine"]["version"]
    listed, = azure.query("dockervm", "list", "-g", frozen.group, "--check")
    assert (listed["reachable"], listed["problems"]) == (True, [])
    before = frozen.vm(), frozen.guest_files(), frozen.home_files(), azure.in_guest(frozen.name, ENGINE)
    again = azure.az("dockervm", "create", *frozen.create).succeeded()
    assert again.json["reachable"] is True and "Not applied" not in again.stderr
    after = frozen.vm(), frozen.guest_files(), frozen.home_files(), azure.in_guest(frozen.name, ENGINE)
    assert (after[0]["tags"], *after[1:]) == (before[0]["tags"], *before[1:])
    if frozen.context:
        assert azure.docker("--context", frozen.context, "version").code == 0
    azure.az("dockervm", "delete", *at, "--data-disks", "delete", "--yes").succeeded()
    assert azure.query("resource", "list", "-g", frozen.group) == []
