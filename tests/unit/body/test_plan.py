"""The plan of a Marketplace image: the image's own, or what was typed."""

from __future__ import annotations

from specs import changed, host_spec

from azext_dockervm.body import plan
from azext_dockervm.spec.security import Plan

IMAGE = {"properties": {"plan": {"name": "9-base", "publisher": "resf", "product": "rockylinux-x86_64"}}}
TYPED = Plan("gold", "product", "publisher")


def body(image, asked=None):
    return plan.body(changed(host_spec(), plan=asked or Plan()), image)


def test_the_image_s_own_counts_where_none_is_typed():
    assert body(IMAGE) == IMAGE["properties"]["plan"] and body(None) is body({"properties": {}}) is None


def test_what_is_typed_counts_for_images_that_do_not_tell():
    asked = {"name": "gold", "publisher": "publisher", "product": "product"}
    assert body(None, TYPED) == body({"properties": {}}, TYPED) == asked


def test_a_promotion_code_goes_with_either():
    assert body(IMAGE, Plan(promotion_code="x"))["promotionCode"] == "x"
    assert body(None, Plan("gold", "product", "publisher", "x"))["promotionCode"] == "x"
    assert body(None, Plan(promotion_code="x")) is None and "promotionCode" not in body(IMAGE)
