"""How a VM is secured: its security type, secure boot and vTPM; and how its image is paid for."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.advice import option_values
from azext_dockervm.advice.option_values import example
from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.printable import printable

TRUSTED_LAUNCH, STANDARD = "TrustedLaunch", "Standard"
TYPES = (TRUSTED_LAUNCH, STANDARD)
_CONFIDENTIAL = "confidentialvm"


@dataclass(frozen=True)
class Security:
    """What is None is as the image has it."""

    type: str | None = None
    secure_boot: bool | None = None
    vtpm: bool | None = None

    @property
    def wants_trusted_launch(self) -> bool:
        """Whether something is asked for that only Trusted Launch has."""
        return self.type == TRUSTED_LAUNCH or bool(self.secure_boot or self.vtpm)


@dataclass(frozen=True)
class Plan:
    """Of an image of the Marketplace, as a VM of it must say it; all are None where the image's own counts."""

    name: str | None = None
    product: str | None = None
    publisher: str | None = None
    promotion_code: str | None = None

    @property
    def is_named(self) -> bool:
        return self.name is not None


def check_type(text: str) -> str:
    if text.lower() == _CONFIDENTIAL:
        raise InvalidValue("--security-type: confidential VMs are not made: their disks are bound to the keys of a "
                           "server's firmware, for which they need images, sizes and an attestation of their own.",
                           example("--security-type", TRUSTED_LAUNCH))
    found = next((one for one in TYPES if one.lower() == text.lower()), None)
    if found is None:
        raise InvalidValue(f"--security-type: '{printable(text)}' is none of {', '.join(TYPES)}.",
                           example("--security-type", TRUSTED_LAUNCH))
    return found


def check_plan_word(text: str) -> str:
    """A part of a plan becomes one of a URL's."""
    if not text.isprintable() or any(sign in text for sign in "/\\?#% :") or not 1 <= len(text) <= 128:
        raise InvalidValue(f"--plan-name: '{printable(text)}' can't be of a Marketplace plan: no spaces, and none of "
                           "/ \\ ? # % :.", example("--plan-name", "9-base"))
    return text


def check_together(security: Security, plan: Plan) -> None:
    if security.type == STANDARD and security.wants_trusted_launch:
        option = "--enable-secure-boot" if security.secure_boot else "--enable-vtpm"
        raise ConflictingArguments(f"{option}: a VM of the security type {STANDARD} has neither secure boot nor a "
                                   "vTPM.", option_values.LEAVE_ONE_OUT)
    named = {"--plan-name": plan.name, "--plan-product": plan.product, "--plan-publisher": plan.publisher}
    missing = [option for option, value in named.items() if value is None]
    if 0 < len(missing) < len(named):
        raise ConflictingArguments(f"A plan has a name, a product and a publisher; there is no {missing[0]}.",
                                   option_values.PLAN_OF_IMAGE)
