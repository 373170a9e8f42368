"""What to type about certificates; the store's own tests show when."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from azext_dockervm.advice import certificates
from azext_dockervm.shell import command_line

FOLDER = Path("/a b/certs")


@pytest.mark.parametrize(("command", "words"), [
    (lambda: certificates.create_command(FOLDER), "az dockervm cert create -dc '/a b/certs'"),
    (lambda: certificates.create_command(FOLDER, force=True), "az dockervm cert create --force -dc '/a b/certs'"),
    (lambda: certificates.show_command(FOLDER), "az dockervm cert show -dc '/a b/certs'"),
    (lambda: certificates.close_to_everybody(FOLDER), "chmod go-w '/a b/certs'"),
    (lambda: certificates.close_to_group(FOLDER), "chmod g-w '/a b/certs'"),
    (lambda: certificates.close_keys([FOLDER / "key.pem", Path("/x")]), "chmod 600 '/a b/certs/key.pem' /x"),
    (lambda: certificates.allow_owner(FOLDER, True), "chmod u+rwx '/a b/certs'"),
    (lambda: certificates.allow_owner(Path("/x"), False), "chmod u+rw /x"),
    (lambda: certificates.decrypt_key("a b.pem"), "openssl pkey -in 'a b.pem' -out 'a b.pem.decrypted'"),
])
def test_each_command_is_whole_and_quoted(command, words):
    assert command() == words


@pytest.mark.parametrize("advice", [certificates.for_an_authority, certificates.for_a_client])
def test_nothing_is_replaced_on_advice_where_it_may_not_be(advice):
    careful, bold = advice(FOLDER, may_replace=False), advice(FOLDER, may_replace=True)
    assert "az dockervm cert create" not in " ".join(careful)
    assert "az dockervm cert create" in bold[-1] and bold[:-1] == careful
    assert ("--force" in bold[-1]) is (advice is certificates.for_an_authority), "only where a new CA is the only way"


def test_a_folder_that_is_not_ours_to_close_is_only_left():
    assert "chmod" not in " ".join(certificates.for_an_open_folder(FOLDER, can_close=False))
    assert "chmod go-w" in certificates.for_an_open_folder(FOLDER, can_close=True)[0]


def test_who_lacks_rights_to_a_file_gets_the_command_that_gives_them():
    advice, = certificates.for_missing_rights(FOLDER, is_folder=True)
    assert advice == "`chmod u+rwx '/a b/certs'` gives you these rights."
    assert "`chmod u+rw /x`" in certificates.for_missing_rights(Path("/x"), is_folder=False)[0]


def test_an_encrypted_key_is_decrypted_into_a_copy():
    assert certificates.for_an_encrypted_key("key.pem").startswith(
        "`openssl pkey -in key.pem -out key.pem.decrypted` asks for the passphrase")


def test_an_empty_folder_is_filled_or_another_one_is_meant():
    create, other = certificates.for_an_empty_folder(FOLDER)
    assert create == "`az dockervm cert create -dc '/a b/certs'` creates them." and "--docker-cert-dir" in other


def test_the_key_of_an_authority_can_only_come_from_who_has_it():
    assert certificates.for_a_missing_authority_key("ca-key.pem").startswith("Get ca-key.pem from the person")


def test_a_client_certificate_is_issued_again_only_by_an_authority_that_can_sign():
    issued, = certificates.for_a_client_to_issue_again(FOLDER, can_sign=True)
    assert issued.startswith("`az dockervm cert create -dc '/a b/certs'` issues the client certificate again")
    given, other = certificates.for_a_client_to_issue_again(FOLDER, can_sign=False)
    assert given.startswith("Get cert.pem and key.pem of this CA from the person") and "ca-key.pem" in given
    assert "--docker-cert-dir" in other


def test_commands_are_quoted_as_the_system_s_shell_wants_them(monkeypatch):
    words = ["-dc", "/a b/docker", "x"]
    assert command_line(words) == "-dc '/a b/docker' x"
    monkeypatch.setattr(os, "name", "nt")
    assert command_line(words) == '-dc "/a b/docker" x'
