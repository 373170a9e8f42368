"""A create that fails or is stopped before the VM runs: what it made is undone, and only that."""

from __future__ import annotations

import signal

import pytest
from local_azure import GROUP

pytestmark = pytest.mark.machines

REGION = "northeurope"
VNET = f"dockervm-{REGION}-vnet"


def create(fleet, name: str, *more: str) -> tuple:
    return ("dockervm", "create", "-g", GROUP, "-n", name, "-l", REGION,
            "--ssh-key-values", f"{fleet.ssh_key}.pub", *more)


def networks(azure) -> list[str]:
    return azure.query("network", "vnet", "list", "-g", GROUP, "--query", "[].name")


@pytest.mark.long
@pytest.mark.parametrize("size, code", [
    ("Standard_NC6s_v3", "SkuNotAvailable"), ("Standard_L8s_v3", "AllocationFailed")])
def test_refusal_of_the_machine_undoes_all_but_the_network(local_azure, fleet, size, code):
    name = f"refused-{code.lower()}"
    failed = local_azure.az(*create(fleet, name, "--size", size))
    assert failed.code == 1 and failed.stdout == "", str(failed)
    assert code in failed.stderr and "What was made has been undone" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert local_azure.parts(name) == set()
    assert VNET in networks(local_azure)    # later hosts share it


@pytest.mark.long
def test_a_quota_that_does_not_suffice_leaves_nothing_to_undo(local_azure, fleet):
    failed = local_azure.az(*create(fleet, "too-large", "--size", "Standard_M128s"))
    assert failed.code == 1 and failed.stdout == "", str(failed)
    assert "'Standard_M128s' takes 128 vCPUs" in failed.stderr and "undone" not in failed.stderr
    assert "create the" not in failed.stderr and local_azure.parts("too-large") == set()


@pytest.mark.long
def test_what_was_there_before_is_not_undone(local_azure, fleet):
    """A second failure beside a finished part of the same host: only what this run made goes."""
    name = "half-made"
    kept = ("network", "public-ip", "create", "-g", GROUP, "-n", f"{name}PublicIP", "-l", REGION, "--sku", "Standard",
            "--allocation-method", "Static", "--dns-name", name, "--tags", f"dockervm-host={name}")
    local_azure.az(*kept).succeeded()
    failed = local_azure.az(*create(fleet, name, "--size", "Standard_NC6s_v3"))
    assert failed.code == 1 and "undone" in failed.stderr
    assert local_azure.parts(name) == {f"publicIPAddresses/{name}PublicIP"}


@pytest.mark.long
def test_parts_of_somebody_else_are_left_alone(local_azure, fleet):
    local_azure.az("network", "nsg", "create", "-g", GROUP, "-n", "foreignNSG", "-l", REGION).succeeded()
    failed = local_azure.az(*create(fleet, "foreign"))
    assert failed.code == 1 and "dockervm did not make it" in failed.stderr
    assert local_azure.parts("foreign") == set()
    assert local_azure.query("network", "nsg", "show", "-g", GROUP, "-n", "foreignNSG").get("tags") in (None, {})


@pytest.mark.parametrize("phase, pattern", [("network", r"PUT \S+/publicIPAddresses/stopped-network"),
                                            ("vm", r"PUT \S+/virtualMachines/stopped-vm 201")])
def test_ctrl_c_undoes_what_was_made(local_azure, fleet, phase, pattern):
    name = f"stopped-{phase}"
    requests = local_azure.requests()
    running = local_azure.start(*create(fleet, name))
    running.until(lambda: pattern in requests, f"asked for {pattern}")
    running.signal(signal.SIGINT)
    stopped = running.finish()
    assert stopped.code == 1 and stopped.stdout == "", str(stopped)
    assert "Stopped by Ctrl-C" in stopped.stderr and "What was made has been undone" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert local_azure.parts(name) == set()


def test_ctrl_c_while_docker_is_set_up_keeps_the_machine_and_says_how_to_go_on(local_azure, fleet):
    name = "stopped-setup"
    requests = local_azure.requests()
    running = local_azure.start(*create(fleet, name), "--provisioner", "run-command")
    running.until(lambda: rf"PUT \S+/virtualMachines/{name}/runCommands/dockervm-request-\w+ 201" in requests, "asked")
    running.signal(signal.SIGINT)
    stopped = running.finish()
    assert stopped.code != 0 and f"The VM '{name}' was kept" in stopped.stderr, str(stopped)
    assert f"az dockervm create -g {GROUP} -n {name}" in stopped.stderr
    assert f"az dockervm delete -g {GROUP} -n {name}" in stopped.stderr
    assert f"virtualMachines/{name}" in local_azure.parts(name)
    for command in (("vm", "delete", "-g", GROUP, "-n", name, "--yes"),
                    ("network", "nsg", "delete", "-g", GROUP, "-n", f"{name}NSG")):
        local_azure.az(*command).succeeded()
    assert local_azure.parts(name) == set()     # the commands that it printed leave nothing
