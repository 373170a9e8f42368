"""What to type instead of a value that an option does not take."""

from __future__ import annotations

import os

import pytest

from azext_dockervm.advice import option_values


def test_an_example_is_what_can_be_typed():
    assert option_values.example("--tags", "env=my test") == "For example: --tags 'env=my test'"


@pytest.mark.parametrize(("system", "words"), [
    ("posix", ["export AZURE_DOCKERVM_SIZE=203.0.113.0/24", "unset AZURE_DOCKERVM_SIZE"]),
    ("nt", ["set AZURE_DOCKERVM_SIZE to a value such as 203.0.113.0/24", "remove AZURE_DOCKERVM_SIZE"]),
])
def test_an_environment_variable_is_changed_as_the_system_can(monkeypatch, system, words):
    monkeypatch.setattr(os, "name", system)
    told = (option_values.change_variable("AZURE_DOCKERVM_SIZE", "203.0.113.0/24"),
            option_values.remove_variable("AZURE_DOCKERVM_SIZE"))
    for text, expected in zip(told, words, strict=True):
        assert expected in text


def test_a_configured_value_is_changed_by_az():
    assert option_values.configure("dockervm.size", "Standard_B2s") == "az config set dockervm.size=Standard_B2s"
    assert option_values.unconfigure("dockervm.size") == "az config unset dockervm.size"
    assert option_values.help_of("dockervm", "enable") == "az dockervm enable --help"
    assert option_values.make_ssh_key() == "ssh-keygen -t ed25519"
