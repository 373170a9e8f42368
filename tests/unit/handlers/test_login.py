"""The password's prompt and the usual key files."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue, MissingArgument
from azext_dockervm.handlers import login
from azext_dockervm.options.login import ASK_FOR_PASSWORD
from azext_dockervm.spec.login import Login

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqPjJ7G1Y0mE1o3lQ0mT5p0cS7rVh2m5k8F3bq9yZ1X me@here"
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
    assert login.admin_password(ASK_FOR_PASSWORD).reveal() == GOOD
    rule, _, prompts = terminal.shown.partition("\n")
    assert "12 to 72 characters" in rule and "a special character" in rule
    assert prompts.startswith("Admin password (12 to 72 characters): Confirm admin password")


def test_the_prompt_says_why_a_password_is_not_taken_and_asks_again(terminal):
    terminal.typed = ["Short-1", GOOD, OTHER, GOOD, GOOD]
    assert login.admin_password(ASK_FOR_PASSWORD).reveal() == GOOD
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
        login.admin_password(ASK_FOR_PASSWORD)
    assert len(terminal.typed) == len(typed) // 4
    assert not [one for one in ("Short-1", GOOD, OTHER) if one in caught.value.message]


def test_the_end_of_the_input_is_no_traceback(terminal):
    with pytest.raises(MissingArgument, match="none was typed"):
        login.admin_password(ASK_FOR_PASSWORD)


def test_what_is_typed_is_checked_and_never_shown():
    assert "Very-secret-1" not in repr(login.admin_password("Very-secret-1"))
    assert login.admin_password(None) is None
    with pytest.raises(InvalidValue, match="--admin-password: it has 7 characters"):
        login.admin_password("Short-1")


def test_a_file_that_az_could_not_read_does_not_become_the_password():
    with pytest.raises(InvalidValue, match="names no file") as caught:
        login.admin_password("@/run/secrets/Admin-1")
    assert "Admin-1" not in caught.value.message


def test_a_key_file_with_a_passphrase_and_without_its_public_half_is_one_clear_error(tmp_path, monkeypatch):
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (tmp_path / ".ssh/id_rsa").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"phrase")))
    with pytest.raises(InvalidValue, match="id_rsa can't be made or read") as caught:
        login.usual_ssh_keys(False, lambda text: None)
    assert "--ssh-key-values" in caught.value.recommendations[0]


def test_the_usual_keys_are_those_that_are_there(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/id_ed25519.pub").write_text(f"{ED25519}\n")
    said: list[str] = []
    assert login.usual_ssh_keys(False, said.append) == (ED25519,)
    assert said == [] and not (tmp_path / ".ssh/id_rsa").exists()


@pytest.mark.parametrize("asked_for", [True, False])
def test_keys_that_have_to_be_made_are_told_unless_they_were_asked_for(tmp_path, monkeypatch, asked_for):
    monkeypatch.setenv("HOME", str(tmp_path))
    said: list[str] = []
    (key,) = login.usual_ssh_keys(asked_for, said.append)
    assert key.startswith("ssh-rsa ") and (tmp_path / ".ssh/id_rsa").is_file()
    assert bool(said) != asked_for
    assert login.usual_ssh_keys(asked_for, said.append) == (key,)


@pytest.mark.parametrize(("key_type", "file", "begins"), [
    ("Ed25519", "id_ed25519", "ssh-ed25519 "), ("RSA", "id_rsa", "ssh-rsa "), (None, "id_rsa", "ssh-rsa ")])
def test_a_pair_of_the_kind_that_is_asked_for_is_made(tmp_path, monkeypatch, key_type, file, begins):
    monkeypatch.setenv("HOME", str(tmp_path))
    (key,) = login.usual_ssh_keys(True, lambda text: None, key_type)
    assert key.startswith(begins)
    assert {one.name for one in (tmp_path / ".ssh").iterdir()} == {file, f"{file}.pub"}
    assert login.keys_that_are_there(key_type) == (key,)
    assert login.usual_ssh_keys(True, lambda text: None, key_type) == (key,)


def test_a_pair_of_the_other_kind_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/id_ed25519.pub").write_text(f"{ED25519}\n")
    assert login.keys_that_are_there() == login.keys_that_are_there("Ed25519") == (ED25519,)
    assert login.keys_that_are_there("RSA") == ()


@pytest.mark.parametrize(("typed", "kind", "taken"), [
    (None, None, None), (None, "ssh", None), (None, "all", ASK_FOR_PASSWORD), (None, "password", ASK_FOR_PASSWORD),
    (GOOD, "all", GOOD), (ASK_FOR_PASSWORD, None, ASK_FOR_PASSWORD)])
def test_a_password_that_a_host_has_to_have_is_asked_for(typed, kind, taken):
    assert login.asked_password(typed, Login(authentication=kind)) == taken
