"""``cert create`` and ``cert show`` as people see them: what was mended and why, and which command mends."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from azure.cli.core import azclierror

from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.handlers import cert

# Of az's own: whether it is silent, and a configuration in which nothing is set.
COMMAND = SimpleNamespace(cli_ctx=SimpleNamespace(
    only_show_errors=False, config=SimpleNamespace(get=lambda _section, _option, fallback: fallback)))


@pytest.fixture
def folder(tmp_path):
    CertificateStore(tmp_path / "docker").ensure()
    return tmp_path / "docker"


def spoil(folder, fault):
    if fault == "half":
        (folder / "key.pem").unlink()
    elif fault == "damaged":
        (folder / "cert.pem").write_bytes(b"")
    else:
        for name in ("cert.pem", "key.pem"):
            (folder / name).unlink()


@pytest.mark.parametrize(("fault", "words"), [("half", "key.pem was missing"), ("damaged", "the old one was damaged"),
                                              ("missing", "there was none")])
def test_show_names_the_command_that_mends_and_create_says_what_it_mended(folder, capsys, fault, words):
    spoil(folder, fault)
    shown = cert.show(COMMAND, cert_dir=str(folder))
    said = capsys.readouterr().err
    for text in (shown["problem"], said):
        assert f"az dockervm cert create -dc {folder}" in text and "--force" not in text and "expired" not in text
    assert shown["ca"]["isCa"] and "--force" not in " ".join(shown["advice"])

    made = cert.create(COMMAND, cert_dir=str(folder))
    said = capsys.readouterr().err
    assert (made["created"], made["clientIssued"], made["clientReason"]) == (False, True, fault)
    assert made["problem"] is None and made["advice"] == [] and made["ca"] == shown["ca"]
    assert f"new client certificate by the same authority; {words}." in said and "expired" not in said
    assert ("The old files are kept in" in said) == (fault != "missing")
    again = cert.create(COMMAND, cert_dir=str(folder))
    assert (again["clientIssued"], again["clientReason"]) == (False, None)
    assert "left as it is" in capsys.readouterr().err


def test_create_warns_of_keys_that_others_can_read(folder, capsys):
    (folder / "key.pem").chmod(0o644)
    made = cert.create(COMMAND, cert_dir=str(folder))
    assert len(made["warnings"]) == 1 and f"WARNING: {made['warnings'][0]}" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "x\n", "y\0y", "x" * 300, "z/" * 2500, "file/docker", "loop/docker", "open"])
@pytest.mark.parametrize("command", [cert.create, cert.show])
def test_a_folder_that_can_not_be_used_is_one_error_of_az(tmp_path, monkeypatch, command, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(azclierror.AzCLIError) as refusal:
        command(COMMAND, cert_dir=name)
    assert refusal.value.error_msg and refusal.value.recommendations
