"""Ids of images, and where what is known of one is read."""

from __future__ import annotations

import pytest
from arm_service import Reply, refusal

from azext_dockervm.azure import kinds
from azext_dockervm.azure.image_ids import image_path, is_managed
from azext_dockervm.errors import AnswerUnreadable

OWN = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute"
THERE = "subscriptions/mine/providers/Microsoft.Compute/locations/westus"
DEFINITION = f"{OWN}/galleries/own/images/host"


@pytest.mark.parametrize(("image", "path", "spoken"), [
    (f"{OWN}/images/i", f"{OWN}/images/i", kinds.MANAGED_IMAGES), (DEFINITION, DEFINITION, kinds.GALLERY_IMAGES),
    (f"{DEFINITION}/versions/1.0.0", DEFINITION, kinds.GALLERY_IMAGES),
    (f"{DEFINITION}/Versions/latest/", DEFINITION, kinds.GALLERY_IMAGES),
    (DEFINITION.upper(), DEFINITION.upper(), kinds.GALLERY_IMAGES),
    ("/SharedGalleries/u/Images/i/Versions/1.0.0", f"{THERE}/SharedGalleries/u/Images/i", kinds.GALLERY_IMAGES),
    ("/CommunityGalleries/p/Images/i", f"{THERE}/CommunityGalleries/p/Images/i", kinds.GALLERY_IMAGES)])
def test_of_a_gallery_s_image_its_definition_is_read(image, path, spoken):
    assert image_path(image, "mine", "westus") == (path.lstrip("/"), spoken)
    assert is_managed(image) is (spoken is kinds.MANAGED_IMAGES)


@pytest.mark.parametrize("image", [f"{OWN}/disks/d", "/subscriptions/s/image", f"{OWN}/galleries/own", "/x"])
def test_other_ids_are_none_of_an_image(image):
    assert image_path(image, "mine", "westus") is None and not is_managed(image)


def test_it_is_read_in_the_words_of_its_type(azure, service):
    definition = {"id": DEFINITION, "name": "host", "properties": {"hyperVGeneration": "V2"}}
    service.replies("GET", "host", Reply(200, definition))
    assert azure.image_by_id(f"{DEFINITION}/versions/1.0.0", "westus") == definition
    [asked] = service.asked
    assert (asked.path, asked.query["api-version"]) == (DEFINITION, [kinds.GALLERY_IMAGES.api_version])
    assert azure.image_by_id("/subscriptions/s/something", "westus") == {}
    assert len(service.asked) == 1


@pytest.mark.parametrize("answer", [[], {}, {"properties": []}, "properties"])
def test_an_answer_that_is_no_image_is_told_so(azure, service, answer):
    service.replies("GET", "host", Reply(200, answer))
    with pytest.raises(AnswerUnreadable, match="read the image"):
        azure.image_by_id(DEFINITION, "westus")


def test_one_that_is_not_there(azure, service):
    service.replies("GET", "host", refusal(404, "ResourceNotFound"))
    assert azure.image_by_id(DEFINITION, "westus") is None


def test_the_version_that_an_id_names_is_read_and_else_all(azure, service):
    version = {"id": f"{DEFINITION}/versions/1.0.0", "name": "1.0.0", "properties": {}}
    service.replies("GET", "1.0.0", Reply(200, version))
    service.replies("GET", "versions", Reply(200, {"value": [version]}))
    assert azure.image_versions_by_id(f"{DEFINITION}/versions/1.0.0", "westus") == [version]
    assert azure.image_versions_by_id(DEFINITION, "westus") == [version]
    assert azure.image_versions_by_id(f"{DEFINITION}/versions/latest", "westus") == [version]
    assert [asked.path for asked in service.asked] == [f"{DEFINITION}/versions{more}" for more in ("/1.0.0", "", "")]
    assert azure.image_versions_by_id(f"{OWN}/images/i", "westus") is None


def test_of_several_pages_of_versions_nothing_is_known(azure, service):
    service.replies("GET", "versions", Reply(200, {"value": [], "nextLink": "https://management.azure.com/more"}))
    assert azure.image_versions_by_id(DEFINITION, "westus") is None


def test_a_version_that_is_not_there(azure, service):
    service.replies("GET", "1.0.0", refusal(404, "ResourceNotFound"))
    assert azure.image_versions_by_id(f"{DEFINITION}/versions/1.0.0", "westus") == []


@pytest.mark.parametrize("answer", [[], {}, {"value": [{}]}, {"value": [None]}])
def test_an_answer_that_is_no_list_of_versions_is_told_so(azure, service, answer):
    service.replies("GET", "versions", Reply(200, answer))
    with pytest.raises(AnswerUnreadable, match="list the image's versions"):
        azure.image_versions_by_id(DEFINITION, "westus")
