"""The architecture of a host: image and size are chosen together, and have to be of the same."""

from __future__ import annotations

from azext_dockervm.advice import image_commands
from azext_dockervm.advice.option_values import example
from azext_dockervm.azure import names
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable
from azext_dockervm.spec import images, sizes
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.machine import Image
from azext_dockervm.spec.sizes import AMD64, ARM64

# The usual size of each. That of Arm is the same of Cobalt 100, by the naming conventions: 2 vCPUs, 8 GiB, no disk of
# its own. (az has none: its default is for x64.)
USUAL_SIZE = {AMD64: names.DEFAULT_SIZE, ARM64: "Standard_D2ps_v6"}
# Azure's own words for it, in images and sizes.
AZURE_S = {AMD64: "x64", ARM64: "Arm64"}


def settled(spec: HostSpec) -> HostSpec:
    """The host with the image and the size that its architecture asks for; raises ``InvalidValue`` where what was typed
    contradicts it, or itself. What only Azure knows of an image is compared later."""
    asked = spec.machine.architecture
    if asked is None:
        _check_match(spec)
        return spec
    return spec.having({"machine.image": _image(spec, asked), "machine.size": _size(spec, asked)})


def _image(spec: HostSpec, asked: str) -> Image:
    image = spec.machine.image
    if image.architecture in (None, asked):
        return image
    is_usual = "image" not in spec.given and image.typed == names.DEFAULT_IMAGE
    alias = images.alias_of(names.DEFAULT_ALIAS if is_usual else image.typed or "")
    if asked == AMD64 or alias not in images.ARM64:
        raise InvalidValue(f"--arch: the image '{image}' is for {image.architecture}, not for {asked}.",
                           image_commands.use(names.DEFAULT_ALIAS))
    return Image.parse(images.ARM64[alias])


def _size(spec: HostSpec, asked: str) -> str:
    """The one that was typed, or the usual one; a default that was configured for another architecture is none."""
    size = spec.machine.size
    if sizes.architecture(size) in (None, asked):
        return size
    if "size" in spec.given:
        raise InvalidValue(f"--arch: the size {size} is for {sizes.architecture(size)}, not for {asked}.",
                           example("--size", USUAL_SIZE[asked]))
    return USUAL_SIZE[asked]


def _check_match(spec: HostSpec) -> None:
    of_image, of_size = spec.machine.image.architecture, sizes.architecture(spec.machine.size)
    if of_image is not None and of_size is not None and of_image != of_size:
        raise mismatch(spec, of_image, of_size)


def mismatch(spec: HostSpec, of_image: str, of_size: str) -> InvalidValue:
    """What to say of an image that does not run on the size."""
    if {"image", "size"} <= spec.given.keys():
        advice = example("--size", USUAL_SIZE[of_image])
    else:
        advice = example("--arch", of_image if "image" in spec.given else of_size)
    return InvalidValue(f"--size: the image '{spec.machine.image}' is for {of_image}, and the size {spec.machine.size} "
                        f"for {of_size}.", advice)


def check_arch(text: str) -> str:
    """Also in Azure's own words, and as Linux says it."""
    found = {"amd64": AMD64, "x64": AMD64, "x86_64": AMD64, "arm64": ARM64, "aarch64": ARM64}.get(text.lower())
    if found is None:
        raise InvalidValue(f"--arch: '{printable(text)}' is none of {AMD64}, {ARM64}.", example("--arch", ARM64))
    return found
