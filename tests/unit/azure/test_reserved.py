"""Words that Azure keeps for itself, in names of resources and in labels."""

from __future__ import annotations

import pytest

from azext_dockervm.azure import reserved


@pytest.mark.parametrize(("name", "word"), [
    ("mywindowsvm", "windows"), ("MICROSOFT1", "microsoft"), ("Login-1", "login"), ("xbox9", "xbox"),
    ("Azure", "azure"), ("exchange", "exchange"), ("web1", None), ("azure1", None), ("mylogin", None),
    ("my-xbox", None), ("wind-ows", None)])
def test_the_word_because_of_which_a_name_is_refused(name, word):
    assert reserved.reserved_word(name) == word


@pytest.mark.parametrize(("text", "doubtful"), [
    ("my-xbox", True), ("AzureWeb", True), ("cubing", True), ("web1", False), ("x" * 64, False)])
def test_a_label_may_be_refused_for_any_of_them(text, doubtful):
    assert reserved.may_be_refused_as_label(text) is doubtful
