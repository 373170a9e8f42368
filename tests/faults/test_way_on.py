"""The command that an error prints is typed as it stands, read by the real argument tables, and mends the matter."""

from __future__ import annotations

import re
import shlex

import pytest
from az_parser import parsed
from handler_calls import az_cmd

from azext_dockervm.handlers import create, enable, hosts
from azext_dockervm.host import failure

HANDLERS = {"create": create.create, "delete": hosts.delete, "enable": enable.enable}
VM, NSG = "Microsoft.Compute/virtualMachines", "Microsoft.Network/networkSecurityGroups"
BROKEN = {"do": "answer", "status": 503, "code": "ServiceUnavailable", "message": "It is out of order."}
OURS = re.compile(r"az dockervm (?:create|delete|enable) .*")


@pytest.fixture
def typed(world, certificates, monkeypatch):
    """Types one command → the error that az would print, None where it has succeeded."""
    from azure.cli.core.azclierror import AzCLIError

    monkeypatch.setenv("HOME", str(certificates.parent))
    monkeypatch.setattr("azext_dockervm.azure.calls.Azure.for_cli",
                        lambda _cli, deadline=None, _registers=True: world.azure(deadline))

    def typed(line: str) -> AzCLIError | None:
        words = shlex.split(line)[1:]
        yes = () if words[1] == "create" or "--yes" in words else ("--yes",)
        try:
            HANDLERS[words[1]](az_cmd(), **parsed(*words, *yes))
        except AzCLIError as error:
            return error
        return None

    return typed


def ways_on(error) -> list[str]:
    return [found[0] for one in error.recommendations for found in OURS.finditer(one)]


def walks(typed, error, most: int = 3) -> None:
    """What is printed first is typed, until nothing is left to do."""
    for _ in range(most):
        if error is None:
            return
        assert ways_on(error), (str(error), error.recommendations)
        error = typed(ways_on(error)[0])
    assert error is None, str(error)


def host_is_good(world, group) -> bool:
    return {"virtualMachines", "networkInterfaces", "publicIPAddresses"} <= world.parts(group)


NEW = "create --provisioner run-command"


@pytest.mark.parametrize(("command", "kind"), [
    (NEW, VM), ("create --apply", NSG), ("delete", NSG), ("enable --replace-trust", VM)])
def test_a_first_read_that_fails_says_that_nothing_was_changed_and_the_way_on(world, group, typed, command, kind):
    if command != NEW:
        assert typed(f"az dockervm create -g {group} -n web1 --provisioner run-command") is None
    verb, _, rest = command.partition(" ")
    world.faults({**BROKEN, "method": "GET", "type": kind})
    error = typed(f"az dockervm {verb} -g {group} -n web1 {rest}")
    assert error is not None and "Nothing was changed." in str(error), error
    world.faults()
    walks(typed, error)
    assert host_is_good(world, group) is (verb != "delete")


def test_after_a_second_ctrl_c_the_command_that_is_printed_waits_for_the_deletion(world, group, typed, monkeypatch):
    """Azure deletes on, after the user has left."""
    undo = failure.undo

    def leaves(steps, listener, deadline):
        [vm] = [step for step in steps if step.key == "vm"]
        undo([vm], listener, deadline.within(20))
        raise KeyboardInterrupt

    world.faults({"do": "fail_operation", "code": "InternalExecutionError", "message": "It broke.", "method": "PUT",
                  "type": VM}, {"do": "endless_operation", "method": "DELETE", "type": VM})
    monkeypatch.setattr(failure, "undo", leaves)
    error = typed(f"az dockervm create -g {group} -n web1 --provisioner run-command --timeout 24h")
    assert "Stopped at once" in str(error)
    found = world.arm.call("GET", f"/resourceGroups/{group}/providers/{VM}/web1").body
    assert found["properties"]["provisioningState"] == "Deleting"
    world.faults()
    monkeypatch.setattr(failure, "undo", undo)
    walks(typed, error)
    assert host_is_good(world, group)
