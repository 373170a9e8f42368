"""Docker's own disk of a host that exists: whether it is attached, and what the host says of it. No set-up helps."""

from __future__ import annotations

from azext_dockervm.advice import disk_commands
from azext_dockervm.advice.subject import NamedHost
from azext_dockervm.azure import names
from azext_dockervm.body import virtual_machine
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import Conflict
from azext_dockervm.provision.run_commands import failure
from azext_dockervm.provision.script.answer import Answer
from azext_dockervm.spec.host import HostSpec

MISSING, FULL = "docker-disk-missing", "docker-disk-full"     # reasons of the set-up script's check


def why_not_attached(host: NamedHost, vm: Resource | None) -> tuple[str, str] | None:
    """What is wrong where the disk that the VM's tag names is none of the VM's, and what to type."""
    name, lun = virtual_machine.docker_disk(vm)
    if vm is None or name is None or lun is not None:
        return None
    return (f"Docker's own disk '{name}' is not attached",
            disk_commands.put_docker_disk_back(host, names.tag(vm, names.TAG_DOCKER_DISK) or name))


def check_attached(spec: HostSpec, vm: Resource | None, cause: str) -> None:
    wrong = why_not_attached(spec, vm)
    if wrong:
        raise Conflict(f"The host '{spec.name}' can't work: {wrong[0]} ({cause}).", wrong[1])


def check_answer(spec: HostSpec, vm: Resource | None, answer: Answer) -> None:
    """Of a host that says that the disk is missing or full."""
    if answer.reason not in (MISSING, FULL):
        return
    error = failure("check", answer, spec)
    disk = names.tag(vm, names.TAG_DOCKER_DISK) or "DISK"
    error.recommendations += (disk_commands.put_docker_disk_back(spec, disk) if answer.reason == MISSING
                              else disk_commands.full_docker_disk(spec, disk),)
    raise error
