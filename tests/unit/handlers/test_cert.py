"""``cert create`` and ``cert show``: what is replaced on whose word, and what is told of it."""

from __future__ import annotations

import pytest
from azure.cli.core import azclierror

from azext_dockervm.handlers import cert

QUESTION = "Replace it?"


def test_a_new_set_is_made_and_nobody_is_asked(cmd, tmp_path, answers):
    made = cert.create(cmd, cert_dir=str(tmp_path / "new"), force=True)
    assert (made["created"], made["clientIssued"], made["backups"]) == (True, True, [])
    assert made["ca"]["isCa"] and made["certDir"] == str(tmp_path / "new")


def test_in_a_cloud_shell_without_storage_the_loss_of_the_folder_is_told_once(cmd, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ACC_CLOUD", "PROD")
    monkeypatch.setenv("HOME", str(tmp_path))
    cert.create(cmd, cert_dir=str(tmp_path / "new"))
    assert capsys.readouterr().err.count(f"WARNING: {tmp_path / 'new'} is lost when the session ends") == 1


def test_a_sound_set_is_left_as_it_is_and_told_so(cmd, folder, answers, capsys):
    before = (folder / "ca.pem").read_bytes()
    made = cert.create(cmd, cert_dir=str(folder))
    said = capsys.readouterr().err
    assert (folder / "ca.pem").read_bytes() == before and (made["created"], made["clientIssued"]) == (False, False)
    assert f"{folder} has a sound set of certificates; it was left as it is." in said and "kept in" not in said


@pytest.mark.parametrize("yes", [True, False])
def test_force_replaces_the_authority_by_the_user_s_word_and_says_where_the_old_one_is(cmd, folder, answers, capsys,
                                                                                      yes):
    if not yes:
        answers[QUESTION] = True
    before = (folder / "ca.pem").read_bytes()
    made = cert.create(cmd, cert_dir=str(folder), force=True, yes=yes)
    said = capsys.readouterr().err
    assert answers == {} and (folder / "ca.pem").read_bytes() != before
    (backup,) = made["backups"]
    assert made["created"] and f"The old files are kept in {backup}." in said
    assert "This replaces the certificate authority '" in said and "left as it is" not in said


def test_after_a_no_the_authority_is_the_old_one(cmd, folder, answers):
    answers[QUESTION] = False
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(azclierror.AzCLIError, match="Nothing was changed"):
        cert.create(cmd, cert_dir=str(folder), force=True)
    assert {path: path.read_bytes() for path in folder.iterdir() if path.name in {one.name for one in before}} == before


def test_a_lone_authority_key_is_worth_the_question(cmd, folder, answers):
    for path in folder.iterdir():
        if path.name != "ca-key.pem":
            path.unlink()
    answers[QUESTION] = False
    with pytest.raises(azclierror.AzCLIError, match="Nothing was changed"):
        cert.create(cmd, cert_dir=str(folder), force=True)


def test_a_missing_client_certificate_is_made_by_the_same_authority(cmd, folder, answers, capsys):
    for name in ("cert.pem", "key.pem"):
        (folder / name).unlink()
    authority = (folder / "ca.pem").read_bytes()
    made = cert.create(cmd, cert_dir=str(folder))
    said = capsys.readouterr().err
    assert (folder / "ca.pem").read_bytes() == authority and (made["created"], made["clientIssued"]) == (False, True)
    assert f"{folder}: new client certificate by the same authority; there was none." in said


def test_show_of_an_empty_folder_names_the_command_that_fills_it(cmd, tmp_path):
    with pytest.raises(azclierror.ResourceNotFoundError) as refused:
        cert.show(cmd, cert_dir=str(tmp_path))
    assert f"{tmp_path} holds no certificates." == refused.value.error_msg
    assert f"az dockervm cert create -dc {tmp_path}" in " ".join(refused.value.recommendations)


def test_show_tells_what_is_wrong_and_what_is_careless(cmd, folder, capsys):
    (folder / "key.pem").chmod(0o644)
    shown = cert.show(cmd, cert_dir=str(folder))
    assert f"WARNING: {shown['warnings'][0]}" in capsys.readouterr().err and "created" not in shown
    (folder / "key.pem").unlink()
    shown = cert.show(cmd, cert_dir=str(folder))
    assert f"WARNING: {shown['problem']}" in capsys.readouterr().err
