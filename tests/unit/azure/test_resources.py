"""Whether a resource is as it was asked for."""

from __future__ import annotations

import pytest

from azext_dockervm.azure.resources import says


@pytest.mark.parametrize(("found", "asked", "same"), [
    ({"location": "West US"}, {"location": "westus"}, True),
    ({"id": "/A/b"}, {"id": "/a/B"}, True),
    ({"size": 1, "on": True}, {"size": 1, "on": True}, True),
    ({"size": 1}, {"size": 2}, False),
    ({"maxPrice": -1}, {"maxPrice": -1.0}, True), ({"maxPrice": 0.25}, {"maxPrice": 0.3}, False),
    ({"on": True}, {"on": 1}, False), ({"size": "30"}, {"size": 30}, True),
    ({"a": 1, "b": 2}, {"a": 1}, True),
    ({"a": 1}, {"a": 1, "password": "x"}, True),
    ({"password": None}, {"password": "x"}, True),
    ({"rules": [{"a": 1, "id": "/1"}]}, {"rules": [{"a": 1}]}, True),
    ({"rules": []}, {"rules": [{"a": 1}]}, False),
    ({"rules": [{"a": 1}, {"a": 2}]}, {"rules": [{"a": 1}]}, False),
    ({"rules": [{"a": 2}]}, {"rules": [{"a": 1}]}, False),
    ({"rules": "a"}, {"rules": ["a"]}, False),
    ({"rules": ["a"]}, {"rules": ("a",)}, True),
    ({"a": {"b": 1}}, {"a": {"b": 2}}, False),
    ({"a": {"b": 1}}, {"a": 1}, False),
    ({"etag": "2", "properties": {"provisioningState": "Updating"}},
     {"etag": "1", "properties": {"provisioningState": "Failed"}}, True),
])
def test_what_is_shown_is_compared_and_nothing_else(found, asked, same):
    assert says(found, asked) is same


@pytest.mark.parametrize(("found", "asked", "same"), [
    ({"run": "1", "more": "2"}, {"run": "1"}, True), ({"RUN": "1"}, {"run": "1"}, True),
    ({"run": "1"}, {"run": "2"}, False), ({"run": "A"}, {"run": "a"}, False), ({}, {"run": "1"}, False),
    (None, {"run": "1"}, False), (None, None, True), ({"run": "1"}, None, True)])
def test_tags_have_all_to_be_there(found, asked, same):
    assert says({"tags": found}, {"tags": asked}) is same
