"""Which provisioner sets a host up, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass

from azext_dockervm.advice import option_values
from azext_dockervm.azure.names import EXTENSION_TYPE
from azext_dockervm.errors import InvalidValue
from azext_dockervm.options.carry import why_not_alone
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.machine import Image

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
class ProvisionerChoice:
    """``falls_back``: where it fails, run-command takes over."""

    provisioner: str
    reason: str
    falls_back: bool = False


def is_of_extension_era(image: Image) -> bool:
    """Whether the Docker VM extension's handler can install Docker on it by itself."""
    publisher, offer, sku = ((part or "").lower() for part in (image.publisher, image.offer, image.sku))
    return any((publisher, offer) == (one, other) and re.fullmatch(pattern, sku)
               for one, other, pattern in EXTENSION_ERA)


def as_it_was_set_up(spec: HostSpec, noted: str | None) -> ProvisionerChoice | None:
    """The choice for a host of which its tag notes who set it up; None where it notes none, or something unknown.

    A certificate must not depend on an extension that Azure may drop, unless the extension is asked for.
    """
    if noted not in (DOCKER_EXTENSION, RUN_COMMAND):
        return None
    return ProvisionerChoice(noted, "as the host was set up",
                             falls_back=noted == DOCKER_EXTENSION and spec.provisioner != DOCKER_EXTENSION)


def depends_on_publication(spec: HostSpec) -> bool:
    """Whether ``choose`` has to know if the region offers the Docker VM extension."""
    return spec.provisioner == DOCKER_EXTENSION or (
        spec.provisioner != RUN_COMMAND and is_of_extension_era(spec.machine.image))


def choose(spec: HostSpec, published: bool | None) -> ProvisionerChoice:
    """``published``: whether the region offers the Docker VM extension; None where that may not be asked, or does
    not matter."""
    if spec.provisioner == RUN_COMMAND:
        return ProvisionerChoice(RUN_COMMAND, "as asked")
    if spec.provisioner == DOCKER_EXTENSION:
        if published is False:
            raise InvalidValue(f"--provisioner docker-extension: {spec.location} does not publish {EXTENSION_TYPE}.",
                               option_values.OTHER_PROVISIONER)
        return ProvisionerChoice(DOCKER_EXTENSION, "as asked")
    if not is_of_extension_era(spec.machine.image):
        return ProvisionerChoice(RUN_COMMAND, "the Docker VM extension was made for older images than this")
    if published is None:
        return ProvisionerChoice(RUN_COMMAND,
                                 "this login may not ask whether the region publishes the Docker VM extension")
    if not published:
        return ProvisionerChoice(RUN_COMMAND, f"{spec.location} does not publish the Docker VM extension")
    gap = why_not_alone(DOCKER_EXTENSION, spec)
    if gap:
        return ProvisionerChoice(RUN_COMMAND, gap)
    return ProvisionerChoice(
        DOCKER_EXTENSION, f"{spec.location} publishes the Docker VM extension, which was made for this image",
        falls_back=True)
