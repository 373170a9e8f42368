"""Custom data: a head start that fits, and that cloud-init runs as it is."""

from __future__ import annotations

import base64

import pytest

from azext_dockervm.provision import custom_data
from azext_dockervm.provision.script.join import set_up_script


@pytest.mark.parametrize(("compose", "settings"), [
    (False, "DOCKERVM_ACTION=install\nexport DOCKERVM_ACTION\n"),
    (True, "DOCKERVM_ACTION=install\nexport DOCKERVM_ACTION\nDOCKERVM_COMPOSE=1\nexport DOCKERVM_COMPOSE\n")])
def test_it_is_the_set_up_script_behind_its_settings(compose, settings):
    """cloud-init hands the script on as it is: its settings must reach the whole of it."""
    assert custom_data.head_start(compose).decode() == f"#!/bin/sh\n{settings}" + set_up_script("install")


def test_compose_comes_only_where_it_is_asked_for():
    assert custom_data.head_start() == custom_data.head_start(compose=False)


@pytest.mark.parametrize("compose", [False, True])
def test_it_fits_azure_s_limit(compose):
    assert len(base64.b64encode(custom_data.head_start(compose))) <= custom_data.LIMIT == 65_535
