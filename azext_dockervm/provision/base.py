"""What every provisioner is given, what it gives back, and which one is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azext_dockervm.errors import InvalidValue
from azext_dockervm.names import EXTENSION_TYPE
from azext_dockervm.spec import HostSpec

DOCKER_EXTENSION = "docker-extension"
RUN_COMMAND = "run-command"


@dataclass(frozen=True)
class Job:
    """One host to set up. ``azure`` is ``plan.arm.Azure``, ``authority`` the certificate authority that signs."""

    azure: Any
    spec: HostSpec
    run_id: str
    authority: Any
    fqdn: str
    public_address: str
    private_address: str
    resumed: bool = False       # the VM was there before this run

    @property
    def identity(self):
        from azext_dockervm.certs.identity import ServerIdentity

        return ServerIdentity.for_host(self.fqdn, self.public_address, self.private_address)


@dataclass(frozen=True)
class Provisioned:
    """``certificate`` is the server's, in PEM. ``checked`` says that the host itself has checked engine, port,
    certificate and the refusal of strangers."""

    provisioner: str
    certificate: bytes
    expires: datetime
    checked: bool


@dataclass(frozen=True)
class Choice:
    provisioner: str
    reason: str
    fallback: bool = False      # if it fails, run-command takes over


def choose(spec: HostSpec, published: bool | None) -> Choice:
    """``published``: whether the region offers the Docker VM extension; None where that may not be asked."""
    if spec.provisioner == RUN_COMMAND:
        return Choice(RUN_COMMAND, "as asked")
    if spec.provisioner == DOCKER_EXTENSION:
        if published is False:
            raise InvalidValue(f"--provisioner docker-extension: {spec.location} does not publish {EXTENSION_TYPE}.",
                               "Leave --provisioner out, or take --provisioner run-command.")
        return Choice(DOCKER_EXTENSION, "as asked")
    if published is None:
        return Choice(RUN_COMMAND, "this login may not ask whether the region publishes the Docker VM extension")
    if not published:
        return Choice(RUN_COMMAND, f"{spec.location} does not publish the Docker VM extension")
    if not spec.image.known_to_docker_extension:
        return Choice(RUN_COMMAND, "the Docker VM extension does not know this image's family")
    if spec.ssh_port not in (None, 22):
        return Choice(RUN_COMMAND, "the Docker VM extension can't move sshd to another port")
    return Choice(DOCKER_EXTENSION, f"{spec.location} publishes the Docker VM extension", fallback=True)
