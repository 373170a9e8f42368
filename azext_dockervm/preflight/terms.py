"""The terms of an image of the Marketplace: whether the subscription has accepted them."""

from __future__ import annotations

from azext_dockervm.advice import image_commands, option_values, region_commands
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import image as image_body
from azext_dockervm.body import plan
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import AzureRefused, AzureUnreachable, InvalidValue
from azext_dockervm.preflight.found import Found
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.security import Plan

# Publishers of platform images without a plan: of theirs nothing is asked, above all not for the usual image.
WITHOUT_PLAN = frozenset({"canonical", "debian", "suse", "redhat", "openlogic", "oracle", "coreos",
                          "microsoftcblmariner", "microsoftazurelinux"})


def probable(spec: HostSpec) -> Plan | None:
    """The plan as it is known before the image is read, so that both are read at once: what was typed, else that of an
    image of which the newest version has to be looked up first. Plans are named as their images are."""
    image = spec.machine.image
    if spec.plan.is_named:
        return spec.plan
    if (image.version or "").lower() != "latest" or (image.publisher or "").lower() in WITHOUT_PLAN:
        return None
    return Plan(image.sku, image.offer, image.publisher)


def of_image(image: Resource | None) -> Plan | None:
    found = image_body.plan(image)
    return Plan(found.get("name"), found.get("product"), found.get("publisher")) if found else None


def accepted(azure: Azure, asked: Plan) -> bool | None:
    """None where that can't be told: not every cloud sells images, and not everybody may ask."""
    try:
        return azure.terms_accepted(asked.publisher or "", asked.product or "", asked.name or "")
    except (AzureRefused, AzureUnreachable):
        return None


def check(spec: HostSpec, found: Found) -> None:
    """The plan that was typed is the image's, and its terms are accepted; of a host that is yet to be made."""
    if found.vm is not None:
        return
    _check_plan(spec, found.image)
    bought = plan.body(spec, found.image)
    if bought and found.terms_accepted is False:
        raise InvalidValue(f"--image: the terms of the Marketplace plan '{bought['name']}' of '{bought['product']}' "
                           f"({bought['publisher']}) have not been accepted for the subscription.",
                           f"To accept them, once for each subscription: {_acceptance(spec, bought)}")


def _check_plan(spec: HostSpec, image: Resource | None) -> None:
    if image is None:
        return
    own, asked = of_image(image), spec.plan
    if own is None and asked.promotion_code and not asked.is_named:
        raise InvalidValue("--plan-promotion-code: the image has no plan.", option_values.NO_PLAN)
    if own is None and asked.is_named and spec.machine.image.id is None:
        raise InvalidValue(f"--plan-name: the image '{spec.machine.image}' has no plan.", option_values.NO_PLAN)
    if own is not None and asked.is_named and _names(own) != _names(asked):
        raise InvalidValue(f"--plan-name: the image's plan is {':'.join(_names(own))} (publisher:product:name).",
                           option_values.NO_PLAN)


def _names(one: Plan) -> list[str]:
    return [(part or "").lower() for part in (one.publisher, one.product, one.name)]


def _acceptance(spec: HostSpec, bought: Resource) -> str:
    if spec.machine.image.id is None and not spec.plan.is_named:
        return region_commands.accept_terms(spec)
    return image_commands.accept_plan(bought["publisher"], bought["product"], bought["name"], spec.subscription)
