"""Commands that change a VM which is there, and that make what is named."""

from __future__ import annotations

import pytest

from azext_dockervm.advice import vm_commands

HOST = "-g 'my(group)' -n web1"


@pytest.mark.parametrize(("command", "words"), [
    (lambda host: vm_commands.update(host, "--license-type", "RHEL_BYOS"),
     f"az vm update {HOST} --license-type RHEL_BYOS"),
    (lambda host: vm_commands.enable_boot_diagnostics(host, ""), f"az vm boot-diagnostics enable {HOST}"),
    (lambda host: vm_commands.enable_boot_diagnostics(host, "mine"),
     f"az vm boot-diagnostics enable {HOST} --storage mine"),
    (lambda host: vm_commands.assign_identity(host, ["[system]", "builder"]),
     f"az vm identity assign {HOST} --identities '[system]' builder"),
    (lambda host: vm_commands.shut_down_daily(host, "1900"), f"az vm auto-shutdown {HOST} --time 1900"),
    (lambda host: vm_commands.list_availability_sets("g", host.subscription),
     "az vm availability-set list -g g -o table"),
    (lambda host: vm_commands.list_proximity_groups("g", host.subscription), "az ppg list -g g -o table"),
    (lambda host: vm_commands.create_identity("g", "builder", "westus", host.subscription),
     "az identity create -g g -n builder -l westus"),
    (lambda host: vm_commands.create_ssh_key("g", "mine", None, host.subscription), "az sshkey create -g g -n mine"),
    (lambda host: vm_commands.list_storage_accounts(host.subscription), "az storage account list -o table"),
])
def test_each_command(host, command, words):
    assert command(host) == f"{words} --subscription 'sub 1'"
