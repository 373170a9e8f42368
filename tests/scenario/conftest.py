"""Recorded scenarios of the extension's commands; see HACKING.md for how to record."""

from __future__ import annotations

import importlib
import os
import shutil
from unittest import mock

import pytest
from scenario import LIVE, WORK, Scenario, clouds_used


@pytest.fixture(scope="session", autouse=True)
def _az_s_own_folder(tmp_path_factory):
    """What az's core takes for its folder while it is imported it makes again and again; not ~/.azure, then."""
    with mock.patch.dict(os.environ, {"AZURE_CONFIG_DIR": str(tmp_path_factory.mktemp("azure"))}):
        importlib.import_module("azure.cli.core.extension")


@pytest.fixture(scope="session", autouse=True)
def _no_group_is_left():
    """Groups that live tests made are gone at the end, also after Ctrl-C."""
    yield
    shutil.rmtree(WORK, ignore_errors=True)
    for cloud in clouds_used():
        cloud.wait_for_deletions()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Here, because within a test pytest does not let it know how it ended."""
    report = (yield).get_result()
    if LIVE and report.when == "call" and isinstance(getattr(item, "instance", None), Scenario):
        item.instance.ended(report.passed)
