"""What to type about the image of a host's operating system."""

from __future__ import annotations

import pytest

from azext_dockervm.advice import image_commands


def test_an_image_is_an_option_and_the_rest_are_whole_commands():
    assert image_commands.use("Ubuntu2404") == "--image Ubuntu2404"
    assert image_commands.list_images() == "az vm image list --publisher Canonical --all -o table"
    assert image_commands.show("/subscriptions/s/image", "westus") == "az resource show --ids /subscriptions/s/image"
    assert image_commands.create_from_disk() == (
        "az image create -g GROUP -n IMAGE --os-type Linux --source ADDRESS")


@pytest.mark.parametrize(("image", "command"), [
    ("/SharedGalleries/u-1/Images/i/Versions/1.0.0", "show-shared --gallery-unique-name u-1"),
    ("/communityGalleries/p-1/images/i/", "show-community --public-gallery-name p-1")])
def test_an_image_that_others_share_is_shown_in_a_region(image, command):
    assert image_commands.show(image, "westus") == (
        f"az sig image-definition {command} --gallery-image-definition i -l westus")


@pytest.mark.parametrize("image", ["/SharedGalleries/u", "/CommunityGalleries/p/Images"])
def test_half_an_id_is_an_image_too(image):
    assert image_commands.show(image, "westus").startswith("az sig image-definition show-")


def test_terms_are_accepted_by_the_plan_of_an_image_that_is_one_s_own():
    assert image_commands.accept_plan("resf", "rocky", "9-base", "mine") == (
        "az vm image terms accept --publisher resf --offer rocky --plan 9-base --subscription mine")
