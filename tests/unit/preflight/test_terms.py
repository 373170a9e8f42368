"""The terms of an image that is sold: read beside the image, refused before anything is made."""

from __future__ import annotations

import threading

import pytest
from bad_values.security import IN_GALLERY, MANAGED, SOLD, image, not_accepted
from specs import changed, host_spec

from azext_dockervm.errors import AzureUnreachable, InvalidValue
from azext_dockervm.preflight.survey import survey
from azext_dockervm.spec.machine import Image
from azext_dockervm.spec.security import Plan

URN = "resf:rockylinux-x86_64:9-base:latest"
FIXED = "resf:rockylinux-x86_64:9-base:9.6.20250531"
KEY = ("resf", "rockylinux-x86_64", "9-base")
TYPED = Plan("9-base", "rockylinux-x86_64", "resf")
ASKED = "terms resf:rockylinux-x86_64:9-base"


def see(cloud, text=URN, plan=None):
    spec = changed(host_spec(location=None), image=Image.parse(text), plan=plan or Plan())
    return survey(cloud.azure(), spec)[1]


@pytest.mark.parametrize("text", ["Ubuntu2404", "Debian13", "Ubuntu2204", "SuseSles15SP3", "AzureLinux4",
                                  "RedHat:RHEL:9_5:latest"])
def test_of_images_of_the_platform_nothing_is_asked(cloud, text):
    assert see(cloud, text).terms_accepted is None and "terms_accepted" not in cloud.asked


@pytest.mark.parametrize(("text", "plan", "there"), [
    (URN, None, {"plan": SOLD}), (FIXED, None, {"plan": SOLD}), (IN_GALLERY, None, {"purchasePlan": SOLD}),
    (IN_GALLERY, TYPED, {}), (MANAGED, TYPED, {}), (URN, TYPED, {"plan": SOLD})])
@pytest.mark.parametrize("accepted", [True, None])
def test_they_are_asked_for_by_the_plan(cloud, text, plan, there, accepted):
    image(**there)(cloud)
    cloud.terms = {KEY: accepted} if accepted else {}
    assert see(cloud, text, plan).terms_accepted is accepted and cloud.asked.count(ASKED) == 1


def test_they_are_read_while_the_image_is(cloud, monkeypatch):
    """Group, versions, image: a fourth read that waits for them would be one too many."""
    image(plan=SOLD)(cloud)
    both = threading.Barrier(2, timeout=10)
    for name in ("image_versions", "terms_accepted"):
        real = getattr(type(cloud.azure()), name)
        monkeypatch.setattr(f"fake_azure.FakeAzure.{name}", lambda *arguments, real=real: both.wait() and None or real(
            *arguments))
    see(cloud)


def test_an_image_of_another_plan_than_its_names_tell_is_left_to_azure(cloud):
    not_accepted(plan={**SOLD, "name": "other"})(cloud)
    assert see(cloud).terms_accepted is None


def test_so_is_one_without_a_plan(cloud):
    cloud.terms = {KEY: False}
    image()(cloud)
    see(cloud)


@pytest.mark.parametrize("refusal", [("AuthorizationFailed", 403), ("MissingSubscriptionRegistration", 409),
                                     ("BadRequest", 400)])
def test_who_may_not_ask_goes_on(cloud, refusal):
    not_accepted()(cloud)
    cloud.forbidden, cloud.refusal = {"terms_accepted"}, refusal
    assert see(cloud).terms_accepted is None


def test_a_cloud_that_does_not_answer_holds_nobody_up(cloud, monkeypatch):
    def silent(*_arguments):
        raise AzureUnreachable("no answer")

    not_accepted()(cloud)
    monkeypatch.setattr("fake_azure.FakeAzure.terms_accepted", silent)
    assert see(cloud).terms_accepted is None


def test_an_image_that_is_not_there_is_told_first(cloud):
    cloud.versions = []
    with pytest.raises(InvalidValue, match="has no image"):
        see(cloud)


def test_of_a_host_that_exists_nothing_is_asked(cloud, finished):
    see(cloud, plan=TYPED)
    assert "terms_accepted" not in cloud.asked


def test_a_promotion_code_is_for_the_image_s_own_plan(cloud):
    image(plan=SOLD)(cloud)
    see(cloud, plan=Plan(promotion_code="x"))
    image()(cloud)
    with pytest.raises(InvalidValue, match="--plan-promotion-code: the image has no plan"):
        see(cloud, plan=Plan(promotion_code="x"))
