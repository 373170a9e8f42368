"""Rules for how a VM is secured and how its image is paid for, as pure checks of what a user types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azext_dockervm.advice import option_values
from azext_dockervm.advice.option_values import example
from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.printable import printable
from azext_dockervm.spec.words import SECURITY_TYPES, STANDARD, TRUSTED_LAUNCH

if TYPE_CHECKING:
    from azext_dockervm.spec.security import Plan, Security

_CONFIDENTIAL = "confidentialvm"


def check_type(text: str) -> str:
    if text.lower() == _CONFIDENTIAL:
        raise InvalidValue("--security-type: confidential VMs are not made: their disks are bound to the keys of a "
                           "server's firmware, for which they need images, sizes and an attestation of their own.",
                           example("--security-type", TRUSTED_LAUNCH))
    found = next((one for one in SECURITY_TYPES if one.lower() == text.lower()), None)
    if found is None:
        raise InvalidValue(f"--security-type: '{printable(text)}' is none of {', '.join(SECURITY_TYPES)}.",
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
