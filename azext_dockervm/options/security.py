"""Options of how a host's image is paid for and its VM secured."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azext_dockervm.advice import host_commands, vm_commands
from azext_dockervm.options.machine import IMAGE_GROUP
from azext_dockervm.options.option import Option, Vm, filled, true_or_false
from azext_dockervm.spec import security_rules
from azext_dockervm.spec.words import STANDARD

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec


def _another_type(spec: HostSpec, vm: Vm) -> str | None:
    has = _profile(vm).get("securityType") or STANDARD
    if has == spec.security.type:
        return None
    change = host_commands.secure(spec, "--security-type", spec.security.type or "")
    return f"the host's is {has}.\n{vm_commands.while_deallocated(spec, change)}"


def _another_secure_boot(spec: HostSpec, vm: Vm) -> str | None:
    return _another_setting(spec, vm, "secureBootEnabled", "--enable-secure-boot", spec.security.secure_boot)


def _another_vtpm(spec: HostSpec, vm: Vm) -> str | None:
    return _another_setting(spec, vm, "vTpmEnabled", "--enable-vtpm", spec.security.vtpm)


def _another_setting(spec: HostSpec, vm: Vm, name: str, option: str, asked: bool | None) -> str | None:
    has = bool((_profile(vm).get("uefiSettings") or {}).get(name))
    if has == asked:
        return None
    change = host_commands.secure(spec, option, str(asked).lower())
    return f"it is {'on' if has else 'off'}.\nTo change it: {change}"


def _another_plan(part: str, member: str) -> Callable[[HostSpec, Vm], str | None]:
    """Of one ``part`` of the plan, which Azure calls ``member``."""
    def rule(spec: HostSpec, vm: Vm) -> str | None:
        has, asked = vm.get("plan"), getattr(spec.plan, part) or ""
        if not has:
            return "the host was made without a plan, and a VM stays so"
        return None if (has.get(member) or "").lower() == asked.lower() else "a VM keeps the plan that it was made with"

    return rule


def _profile(vm: Vm) -> dict[str, Any]:
    found: dict[str, Any] = vm["properties"].get("securityProfile") or {}
    return found


def _of_plan(part: str, help_text: str, member: str = "") -> Option:
    return Option(f"plan_{part}", f"--plan-{part.replace('_', '-')}", help_text, IMAGE_GROUP,
                  default_in_words="" if part == "promotion_code" else "what the image itself says", read=filled,
                  check=security_rules.check_plan_word, place=f"plan.{part}", only_new=True,
                  not_applied=_another_plan(part, member or part))


SECURITY = (
    _of_plan("name", "Name of the Marketplace plan, for an image that is sold and does not say so itself."),
    _of_plan("product", "Product of the Marketplace plan, which is the offer of its image."),
    _of_plan("publisher", "Publisher of the Marketplace plan."),
    _of_plan("promotion_code", "Promotion code of the Marketplace plan.", "promotionCode"),
    Option("security_type", "--security-type",
           "TrustedLaunch: secure boot and a vTPM, for images and sizes of generation 2 that have it. Standard: "
           "without. Confidential VMs are not made.", IMAGE_GROUP,
           default_in_words="TrustedLaunch where image and size have it", check=security_rules.check_type,
           place="security.type", only_new=True, not_applied=_another_type, parser={"completer": "security_types"}),
    Option("enable_secure_boot", "--enable-secure-boot", "Boot only what is signed by somebody who is trusted.",
           IMAGE_GROUP, default_in_words="on with TrustedLaunch", place="security.secure_boot", only_new=True,
           not_applied=_another_secure_boot, **true_or_false()),
    Option("enable_vtpm", "--enable-vtpm", "Give the VM a virtual Trusted Platform Module.", IMAGE_GROUP,
           default_in_words="on with TrustedLaunch", place="security.vtpm", only_new=True, not_applied=_another_vtpm,
           **true_or_false()),
)
