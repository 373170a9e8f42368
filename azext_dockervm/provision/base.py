"""What every provisioner is given, what it gives back, and which one is chosen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from azext_dockervm.errors import InvalidValue
from azext_dockervm.names import EXTENSION_TYPE
from azext_dockervm.spec import HostSpec, Image

DOCKER_EXTENSION = "docker-extension"
RUN_COMMAND = "run-command"

# The images that the Docker VM extension was made for: publisher, offer and, as a pattern, SKU. On later ones its own
# installation fails: it runs a script from the internet against the package lock of a fresh machine (exit status 100,
# Azure/azure-quickstart-templates#6651), and Microsoft's templates dropped it for that (#14720).
EXTENSION_ERA = (
    ("canonical", "ubuntuserver", r"1[2-8][._]\d\d.*"),     # 18_04-lts-gen2
    ("openlogic", "centos", r"[67][._].*"),
    ("redhat", "rhel", r"7.*"),
    ("coreos", "coreos", r".*"),
)


@dataclass(frozen=True)
class Job:
    """One host to set up. ``azure`` is ``plan.arm.Azure``, ``commands`` a ``run_command.RunCommands``, ``authority``
    the ``certs.authority.Authority`` that signs and that the host will trust. ``new_tags`` are the user's that the VM
    shall have; what is made for the host also carries those that it had (``spec.tags``)."""

    azure: Any
    spec: HostSpec
    run_id: str
    commands: Any
    authority: Any
    fqdn: str
    public_address: str
    private_address: str
    resumed: bool = False       # the VM was there before this run
    finished: bool = False      # and an earlier run had set it up
    new_tags: dict[str, str] = field(default_factory=dict)

    @property
    def identity(self):
        from azext_dockervm.certs.identity import ServerIdentity

        return ServerIdentity.for_host(self.fqdn, self.public_address, self.private_address)


@dataclass(frozen=True)
class Provisioned:
    """The server's certificate: ``fingerprint`` (SHA-256 in hex) and end, and the PEM where it is known. ``checked``:
    the host itself has checked engine, port, certificate and the refusal of strangers."""

    provisioner: str
    fingerprint: str
    expires: datetime
    checked: bool
    certificate: bytes | None = None

    @classmethod
    def of(cls, provisioner: str, certificate: bytes, checked: bool) -> Provisioned:
        from azext_dockervm.certs.summary import describe

        says = describe(certificate)
        return cls(provisioner, says.fingerprint, says.not_after, checked, certificate)


@dataclass(frozen=True)
class Choice:
    provisioner: str
    reason: str
    fallback: bool = False      # if it fails, run-command takes over


def of_extension_era(image: Image) -> bool:
    """Whether the Docker VM extension's handler can install Docker on it by itself."""
    publisher, offer, sku = ((part or "").lower() for part in (image.publisher, image.offer, image.sku))
    return any((publisher, offer) == (one, other) and re.fullmatch(pattern, sku)
               for one, other, pattern in EXTENSION_ERA)


def as_set_up(spec: HostSpec, noted: str | None) -> Choice | None:
    """The choice for a host of which its tag notes who set it up; None where it notes none, or something unknown.

    A certificate must not depend on an extension that Azure may drop, unless the extension is asked for.
    """
    if noted not in (DOCKER_EXTENSION, RUN_COMMAND):
        return None
    return Choice(noted, "as the host was set up",
                  fallback=noted == DOCKER_EXTENSION and spec.provisioner != DOCKER_EXTENSION)


def choose(spec: HostSpec, published: bool | None) -> Choice:
    """``published``: whether the region offers the Docker VM extension; None where that may not be asked."""
    if spec.provisioner == RUN_COMMAND:
        return Choice(RUN_COMMAND, "as asked")
    if spec.provisioner == DOCKER_EXTENSION:
        if published is False:
            raise InvalidValue(f"--provisioner docker-extension: {spec.location} does not publish {EXTENSION_TYPE}.",
                               "Leave --provisioner out, or take --provisioner run-command.")
        return Choice(DOCKER_EXTENSION, "as asked")
    if not of_extension_era(spec.image):
        return Choice(RUN_COMMAND, "the Docker VM extension was made for older images than this")
    if published is None:
        return Choice(RUN_COMMAND, "this login may not ask whether the region publishes the Docker VM extension")
    if not published:
        return Choice(RUN_COMMAND, f"{spec.location} does not publish the Docker VM extension")
    if spec.ssh_port not in (None, 22):
        return Choice(RUN_COMMAND, "the Docker VM extension can't move sshd to another port")
    return Choice(DOCKER_EXTENSION, f"{spec.location} publishes the Docker VM extension, which was made for this image",
                  fallback=True)
