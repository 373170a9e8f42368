"""Azure Cloud Shell, by its environment and a home folder: what outlives the session and what does not."""

from __future__ import annotations

import json

import pytest

from azext_dockervm.client import cloud_shell

ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"
STORAGE = {"ACC_STORAGE_PROFILE": json.dumps(
    {"storageAccountResourceId": ACCOUNT, "fileShareName": "f", "diskSizeInGB": 5})}
HERE = {"ACC_CLOUD": "PROD", "ACC_TERM_ID": "t"}


@pytest.mark.parametrize(("environment", "here"), [
    (HERE, True), ({"AZUREPS_HOST_ENVIRONMENT": "cloud-shell/1.0"}, True), ({}, False), ({"ACC_CLOUD": ""}, False),
    (STORAGE, False), ({"AZUREPS_HOST_ENVIRONMENT": "dockerImage/1.0"}, False)])
def test_it_is_known_by_what_az_itself_and_its_image_go_by(environment, here):
    assert cloud_shell.is_here(environment) is here


@pytest.mark.parametrize("profile", [{}, {"ACC_STORAGE_PROFILE": ""}, {"ACC_STORAGE_PROFILE": "{}"},
                                     {"ACC_STORAGE_PROFILE": "none"}, {"ACC_STORAGE_PROFILE": "null"}])
def test_a_session_without_storage_loses_every_folder(tmp_path, profile):
    environment = HERE | profile
    assert cloud_shell.is_ephemeral(environment, tmp_path)
    assert cloud_shell.loses(tmp_path / ".docker", environment, tmp_path)


def test_either_sign_of_storage_will_do(tmp_path):
    assert not cloud_shell.is_ephemeral(HERE | STORAGE, tmp_path)
    (tmp_path / "clouddrive").mkdir()
    assert not cloud_shell.is_ephemeral(HERE, tmp_path)


def test_with_storage_the_home_folder_and_the_share_are_kept_and_nothing_else(tmp_path):
    home, share = tmp_path / "home/me", tmp_path / "csuser/clouddrive"
    share.mkdir(parents=True)
    home.mkdir(parents=True)
    (home / "clouddrive").symlink_to(share)
    (home / "elsewhere").symlink_to(tmp_path)
    for folder, lost in ((home / ".docker", False), (home / "clouddrive/c", False), (share / "c", False),
                         (tmp_path / "c", True), (home / "elsewhere/c", True)):
        assert cloud_shell.loses(folder, HERE | STORAGE, home) is lost, folder


def test_any_other_computer_keeps_what_it_has(tmp_path):
    assert not cloud_shell.loses(tmp_path, {}, tmp_path / "home") and not cloud_shell.is_ephemeral({}, tmp_path)
