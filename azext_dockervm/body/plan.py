"""The plan of a Marketplace image, as a VM of it must say it."""

from __future__ import annotations

from azext_dockervm.body import image as image_body
from azext_dockervm.body.resource import Resource
from azext_dockervm.spec.host import HostSpec


def body(spec: HostSpec, image: Resource | None) -> Resource | None:
    """What was typed, else what the image says; None where neither does."""
    asked = spec.plan
    made = ({"name": asked.name, "publisher": asked.publisher, "product": asked.product} if asked.is_named
            else dict(image_body.plan(image) or {}))
    if made and asked.promotion_code:
        made["promotionCode"] = asked.promotion_code
    return made or None
