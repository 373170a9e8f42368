"""Whether image, size and security of a new host go together, as far as it is told before anything is made."""

from __future__ import annotations

from collections.abc import Iterator

from azext_dockervm.advice import image_commands, option_values, region_commands
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.image_ids import is_managed
from azext_dockervm.body import image as image_body
from azext_dockervm.errors import InvalidValue
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import filling, unknown_if_forbidden
from azext_dockervm.spec import sizes
from azext_dockervm.spec.acceleration import is_usual
from azext_dockervm.spec.architecture import mismatch
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.sizes import AMD64, ARM64
from azext_dockervm.spec.words import STANDARD, TRUSTED_LAUNCH

# With it a subscription may say that a VM shall be a standard one, before api-version 2025-11-01 (azure-cli#33280).
STANDARD_FEATURE = "UseStandardSecurityType"


def _standard_is_known(azure: Azure, _spec: HostSpec, _found: Found) -> bool:
    return unknown_if_forbidden(lambda: azure.feature_state(STANDARD_FEATURE))() == "Registered"


STANDARD_TYPE = filling("standard_is_known", _standard_is_known,
                        lambda spec, found: found.vm is None and spec.security.type == STANDARD)


def settled(spec: HostSpec, found: Found) -> HostSpec:
    """The spec with accelerated networking where az turns it on for a new VM, and nothing else was asked. The size's
    vCPUs are those that were read anyway."""
    is_made = found.vm is None and found.network_interface is None
    if spec.network.accelerated is None and is_made and is_usual(spec.machine.size, found.cores, spec.machine.image):
        return spec.having({"network.accelerated": True})
    return spec


def check(spec: HostSpec, found: Found) -> None:
    if found.vm is not None:
        return
    _check_architecture(spec, found)
    _check_generation(spec, found)
    _check_security(spec, found)


def remarks(spec: HostSpec, found: Found) -> Iterator[str]:
    size = sizes.parse(spec.machine.size)
    if found.vm is None and size is not None and not size.has_trusted_launch and spec.security.type is None and (
            image_body.is_trusted(found.image)):
        yield (f"Security type: the size {spec.machine.size} has no Trusted Launch, so the VM is made without, though "
               "its image has it.")


def _check_architecture(spec: HostSpec, found: Found) -> None:
    of_image, of_size = image_body.architecture(found.image), _architecture_of_size(spec, found)
    if of_image is None:
        return
    asked = spec.machine.architecture
    if asked is not None and of_image != asked:
        raise InvalidValue(f"--arch: the image '{spec.machine.image}' is for {of_image}, not for {asked}.",
                           _other_image(spec))
    if of_size is not None and of_image != of_size:
        raise mismatch(spec, of_image, of_size)


def _architecture_of_size(spec: HostSpec, found: Found) -> str | None:
    """As the service tells it, else by the name."""
    told = (found.capabilities or {}).get("CpuArchitectureType", "").lower()
    return {"x64": AMD64, "arm64": ARM64}.get(told) or sizes.architecture(spec.machine.size)


def _check_generation(spec: HostSpec, found: Found) -> None:
    of_image, name = image_body.generation(found.image), sizes.parse(spec.machine.size)
    told = (found.capabilities or {}).get("HyperVGenerations")
    of_size = frozenset(told.split(",")) if told else name.generations if name else None
    if of_image and of_size and of_image not in of_size:
        raise InvalidValue(f"--image: '{spec.machine.image}' is of generation {of_image}, and the size "
                           f"{spec.machine.size} boots generation {' and '.join(sorted(of_size))} only.",
                           (_other_image(spec), _sizes(spec)))


def _check_security(spec: HostSpec, found: Found) -> None:
    image, name, asked = found.image, sizes.parse(spec.machine.size), spec.security
    demands = image_body.demands_trusted_launch(image)
    if demands and asked.type == STANDARD:
        raise InvalidValue(f"--security-type: only VMs with {TRUSTED_LAUNCH} can be made of the image "
                           f"'{spec.machine.image}'.", option_values.example("--security-type", TRUSTED_LAUNCH))
    if name is not None and not name.has_trusted_launch and (demands or asked.wants_trusted_launch):
        raise InvalidValue(f"{_option(spec)}: the size {spec.machine.size} has no Trusted Launch"
                           + (", which the image demands." if demands else "."), _sizes(spec))
    problem = _why_not_trusted(spec, found) if asked.wants_trusted_launch else None
    if problem:
        raise InvalidValue(f"{_option(spec)}: {problem}, so no VM with {TRUSTED_LAUNCH} can be made of it.",
                           _other_image(spec))


def _why_not_trusted(spec: HostSpec, found: Found) -> str | None:
    """None also where nothing is known of the image."""
    image_id = spec.machine.image.id
    if image_id is not None and is_managed(image_id):
        return "a managed image knows nothing of it"
    if not (found.image or {}).get("properties") or image_body.is_trusted(found.image):
        return None
    if image_body.generation(found.image) == "V1":
        return f"the image '{spec.machine.image}' is of generation V1"
    return f"the image '{spec.machine.image}' does not say that it has it"


def _option(spec: HostSpec) -> str:
    if spec.security.type == TRUSTED_LAUNCH:
        return "--security-type"
    if spec.security.secure_boot:
        return "--enable-secure-boot"
    return "--enable-vtpm" if spec.security.vtpm else "--size"


def _other_image(spec: HostSpec) -> str:
    image_id = spec.machine.image.id
    return (region_commands.list_publisher_images(spec) if image_id is None
            else image_commands.show(image_id, spec.location or ""))


def _sizes(spec: HostSpec) -> str:
    return region_commands.list_sizes(spec.location, spec.subscription)
