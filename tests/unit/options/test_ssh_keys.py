"""OpenSSH public keys as people give them."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.options.ssh_keys import public_keys

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqPjJ7G1Y0mE1o3lQ0mT5p0cS7rVh2m5k8F3bq9yZ1X me@here"
ECDSA = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA== me@here"
PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRETSECRET\n-----END OPENSSH PRIVATE KEY-----\n"


def test_ssh_keys_are_texts_or_files_that_hold_some(tmp_path):
    file = tmp_path / "keys.pub"
    file.write_text(f"# mine\n{ED25519}\n\n{ED25519} too\n")
    assert public_keys([ED25519, str(file)]) == (ED25519, ED25519, f"{ED25519} too")


@pytest.mark.parametrize(("value", "words"), [
    ("no-such-file", "neither an OpenSSH public key nor a file"), ("", "neither"), ("ssh-rsa AAAA", "neither"),
    (ECDSA, "RSA and Ed25519 keys only"), ("x" * 5000, "neither|can't be read"),
    ("~nobody-here/key.pub", "can't be read"),
])
def test_what_is_no_ssh_key_that_azure_takes(value, words):
    with pytest.raises(InvalidValue, match=words):
        public_keys([value])


def test_a_key_of_another_type_is_named_by_it():
    with pytest.raises(InvalidValue, match="not 'ecdsa-sha2-nistp256'") as caught:
        public_keys([f"{ED25519}", ECDSA])
    assert caught.value.recommendations == ("ssh-keygen -t ed25519",)


def test_a_private_key_is_refused_and_never_shown(tmp_path):
    file = tmp_path / "id_ed25519"
    file.write_text(PRIVATE)
    for value in (PRIVATE, str(file), PRIVATE + "x" * 5000):
        with pytest.raises(InvalidValue, match="private key") as caught:
            public_keys([value])
        assert "SECRET" not in caught.value.message
