"""Which provisioner sets a host up, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace

from azext_dockervm.advice import option_values
from azext_dockervm.azure.names import EXTENSION_TYPE
from azext_dockervm.errors import InvalidValue
from azext_dockervm.options.carry import why_not_alone
from azext_dockervm.spec.extension_era import is_of_extension_era
from azext_dockervm.spec.host import HostSpec

AUTO = "auto"
DOCKER_EXTENSION = "docker-extension"
RUN_COMMAND = "run-command"
CLOUD_INIT = "cloud-init"

FIRST_BOOT_ONLY = "cloud-init sets a host up at its first boot only"


@dataclass(frozen=True)
class ProvisionerChoice:
    """``falls_back``: where it fails, run-command takes over."""

    provisioner: str
    reason: str
    falls_back: bool = False


def was_finished(noted: str | None) -> bool | None:
    """Whether a create has finished the host of which its tag notes who set it up; None where the tag can't tell,
    because it went with the VM: cloud-init's says what was ordered."""
    return None if noted == CLOUD_INIT else noted is not None


def as_it_was_set_up(spec: HostSpec, noted: str | None) -> ProvisionerChoice | None:
    """The choice for a host of which its tag notes who set it up; None where it notes none, or something unknown.

    A certificate must not depend on an extension that Azure may drop, unless the extension is asked for.
    """
    if noted == CLOUD_INIT:
        return ProvisionerChoice(RUN_COMMAND, FIRST_BOOT_ONLY)
    if noted not in (DOCKER_EXTENSION, RUN_COMMAND):
        return None
    return ProvisionerChoice(noted, "as the host was set up",
                             falls_back=noted == DOCKER_EXTENSION and spec.provisioner != DOCKER_EXTENSION)


def choose_again(spec: HostSpec, noted: str | None, published: bool | None) -> ProvisionerChoice:
    """The choice for a host whose VM is there, set up or not; ``published`` as ``choose`` takes it."""
    choice = as_it_was_set_up(spec, noted) or choose(spec, published)
    return replace(choice, provisioner=RUN_COMMAND, reason=FIRST_BOOT_ONLY, falls_back=False) if (
        choice.provisioner == CLOUD_INIT) else choice


def depends_on_publication(spec: HostSpec) -> bool:
    """Whether ``choose`` has to know if the region offers the Docker VM extension."""
    return spec.provisioner == DOCKER_EXTENSION or (
        spec.provisioner == AUTO and is_of_extension_era(spec.machine.image))


def choose(spec: HostSpec, published: bool | None) -> ProvisionerChoice:
    """``published``: whether the region offers the Docker VM extension; None where that may not be asked, or does
    not matter."""
    if spec.provisioner in (RUN_COMMAND, CLOUD_INIT):
        return ProvisionerChoice(spec.provisioner, "as asked", falls_back=spec.provisioner == CLOUD_INIT)
    if spec.provisioner == DOCKER_EXTENSION:
        if published is False:
            raise InvalidValue(f"--provisioner docker-extension: {spec.location} does not publish {EXTENSION_TYPE}.",
                               option_values.OTHER_PROVISIONER)
        return ProvisionerChoice(DOCKER_EXTENSION, "as asked")
    gap = _why_no_extension(spec, published)
    if gap is None:
        return ProvisionerChoice(
            DOCKER_EXTENSION, f"{spec.location} publishes the Docker VM extension, which was made for this image",
            falls_back=True)
    without = why_not_alone(CLOUD_INIT, spec)
    if without:
        return ProvisionerChoice(RUN_COMMAND, without)
    if not spec.machine.image.has_cloud_init:
        return ProvisionerChoice(RUN_COMMAND, f"{gap}; whether this image has cloud-init is not known")
    return ProvisionerChoice(CLOUD_INIT, f"{gap}; this image has cloud-init", falls_back=True)


def _why_no_extension(spec: HostSpec, published: bool | None) -> str | None:
    if not is_of_extension_era(spec.machine.image):
        return "the Docker VM extension was made for older images than this"
    if published is None:
        return "this login may not ask whether the region publishes the Docker VM extension"
    if not published:
        return f"{spec.location} does not publish the Docker VM extension"
    return why_not_alone(DOCKER_EXTENSION, spec)
