"""What the parser and the first checks turn away, and what they make of the rest."""

from __future__ import annotations

import argparse

import pytest

from azext_dockervm import _validators as validators
from azext_dockervm import rules
from azext_dockervm.errors import InvalidValue, MissingArgument


@pytest.mark.parametrize("text", ["0", "70000", "abc", "-1", "", "22.0", "٢٢", "²", "22\n", "9" * 5000])
def test_what_is_no_port(text):
    with pytest.raises(argparse.ArgumentTypeError, match="1 to 65535"):
        validators.port_type(text)


def test_what_is_a_port():
    assert [validators.port_type(text) for text in ("1", "4243", "65535")] == [1, 4243, 65535]


@pytest.mark.parametrize("kind", [validators.filled_type, validators.location_type])
@pytest.mark.parametrize("text", ["", " "])
def test_nothing_is_not_taken_for_left_out(kind, text):
    """As from "$REGION" where there is no such variable."""
    with pytest.raises(argparse.ArgumentTypeError, match="the value is empty; leave the option out"):
        kind(text)


GOOD, OTHER = "Tall-Ships_2014+Docker", "Other-Ships_2014+Docker"


@pytest.fixture
def terminal(monkeypatch):
    """Where passwords are typed: what it showed, line by line, and what is typed there next."""
    class Terminal:
        def __init__(self):
            self.typed: list[str] = []
            self.shown = ""

        def getpass(self, prompt):
            self.shown += prompt
            if not self.typed:
                raise EOFError
            return self.typed.pop(0)

    terminal = Terminal()
    monkeypatch.setattr("knack.prompting.verify_is_a_tty", lambda: None)
    monkeypatch.setattr("getpass.getpass", terminal.getpass)
    return terminal


def test_the_prompt_states_the_rule_and_then_asks_twice(terminal):
    terminal.typed = [GOOD, GOOD]
    assert validators.admin_password(validators.ASK_FOR_PASSWORD).reveal() == GOOD
    rule, _, prompts = terminal.shown.partition("\n")
    assert "12 to 72 characters" in rule and "a special character" in rule
    assert prompts.startswith("Admin password (12 to 72 characters): Confirm admin password")


def test_the_prompt_says_why_a_password_is_not_taken_and_asks_again(terminal):
    terminal.typed = ["Short-1", GOOD, OTHER, GOOD, GOOD]
    assert validators.admin_password(validators.ASK_FOR_PASSWORD).reveal() == GOOD
    first, second = terminal.shown.split("Not taken: ")[1:]
    assert first.startswith("it has 7 characters")
    assert second.startswith("the two that were typed differ")
    assert not [one for one in ("Short-1", GOOD, OTHER) if one in terminal.shown]


@pytest.mark.parametrize(("typed", "says"), [
    (["Short-1"] * 4, "none was taken in 3 attempts; the last time it has 7 characters"),
    ([GOOD, OTHER] * 4, "the last time the two that were typed differ"),
])
def test_the_prompt_gives_up_after_three_passwords(terminal, typed, says):
    terminal.typed = list(typed)
    with pytest.raises(InvalidValue, match=says) as caught:
        validators.admin_password(validators.ASK_FOR_PASSWORD)
    assert len(terminal.typed) == len(typed) // 4
    assert not [one for one in ("Short-1", GOOD, OTHER) if one in caught.value.message]


def test_the_end_of_the_input_is_no_traceback(terminal):
    with pytest.raises(MissingArgument, match="none was typed"):
        validators.admin_password(validators.ASK_FOR_PASSWORD)


def test_a_file_that_az_could_not_read_does_not_become_the_password():
    with pytest.raises(InvalidValue, match="names no file") as caught:
        validators.admin_password("@/run/secrets/Admin-1")
    assert "Admin-1" not in caught.value.message


@pytest.mark.parametrize("name", ["", "a/b", "demo\n", "a b", "a?b", "ends.", "x" * 91])
def test_what_is_no_resource_s_name(name):
    with pytest.raises(InvalidValue, match="--resource-group"):
        rules.check_resource_name(name, "--resource-group")


@pytest.mark.parametrize("name", ["demo", "My_group-1.(x)", "größe", "x" * 90])
def test_what_is_a_resource_s_name(name):
    assert rules.check_resource_name(name, "--resource-group") == name


ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqPjJ7G1Y0mE1o3lQ0mT5p0cS7rVh2m5k8F3bq9yZ1X me@here"
ECDSA = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA== me@here"
PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRETSECRET\n-----END OPENSSH PRIVATE KEY-----\n"


def test_ssh_keys_are_texts_or_files_that_hold_some(tmp_path):
    file = tmp_path / "keys.pub"
    file.write_text(f"# mine\n{ED25519}\n\n{ED25519} too\n")
    assert validators.given_ssh_keys([ED25519, str(file)]) == (ED25519, ED25519, f"{ED25519} too")


@pytest.mark.parametrize(("value", "words"), [
    ("no-such-file", "neither an OpenSSH public key nor a file"), ("", "neither"), ("ssh-rsa AAAA", "neither"),
    (ECDSA, "RSA and Ed25519 keys only"), ("x" * 5000, "neither|can't be read"),
    ("~nobody-here/key.pub", "can't be read"),
])
def test_what_is_no_ssh_key_that_azure_takes(value, words):
    with pytest.raises(InvalidValue, match=words):
        validators.given_ssh_keys([value])


def test_a_private_key_is_refused_and_never_shown(tmp_path):
    file = tmp_path / "id_ed25519"
    file.write_text(PRIVATE)
    for value in (PRIVATE, str(file)):
        with pytest.raises(InvalidValue, match="private key") as caught:
            validators.given_ssh_keys([value])
        assert "SECRET" not in caught.value.message


def test_a_key_file_with_a_passphrase_and_without_its_public_half_is_one_clear_error(tmp_path, monkeypatch):
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (tmp_path / ".ssh/id_rsa").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"phrase")))
    with pytest.raises(InvalidValue, match="id_rsa can't be made or read") as caught:
        validators.usual_ssh_keys(False, lambda text: None)
    assert "--ssh-key-values" in caught.value.recommendations[0]
