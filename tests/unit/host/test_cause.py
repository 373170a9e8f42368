"""What is known of a host, and the cause that follows from it: a row a cause."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.host.cause import TABLE, Facts, authorities_held, causes, conclude
from azext_dockervm.spec.host import Given, HostSpec

HOST = HostSpec("g", "web1", given={"cert_dir": Given(("-dc", "/mine"))}, subscription="mine")
MINE, THEIRS = "a" * 64, "b" * 64
SOUND = Facts(HOST, "running", state="Succeeded", finished=True, port=4243, address="web1.example", trusts=MINE,
              holds=(MINE,), folder=Path("/mine"))
HERE = "-g g -n web1"
CREATE = f"az dockervm create {HERE} -dc /mine"
ENABLE = f"az dockervm enable {HERE} --replace-trust -dc /mine"


def seen(kind: str, why: str = "") -> EngineUnreachable:
    return EngineUnreachable(f"what the wire says: {kind}", kind=kind, why=why)


ROWS = [
    ("deleting", {"state": "Deleting"}, "is being deleted", "az vm wait"),
    ("off", {"power": "deallocated"}, "The VM 'web1' is deallocated.", f"az vm start {HERE}"),
    ("off", {"power": "deallocated", "spot": True}, "Azure may have taken away", f"az vm start {HERE}"),
    ("lost-folder", {"holds": ()}, "/mine holds no certificates", ENABLE),
    ("other-authority", {"holds": (THEIRS, MINE)}, "this folder's is bbbbbbbbbbbbbbbb...", ENABLE),
    ("unfinished", {"finished": False}, "is unfinished", CREATE),
    ("unfinished", {"finished": None, "wire": seen("certificate", "self-signed")}, "is unfinished", CREATE),
    ("no-port", {"port": None}, "no dockervm-port tag", "tcp://web1.example:PORT"),
    ("address-unread", {"address": None, "unread": "You may not."}, "You may not. So nobody knows", ""),
    ("no-address", {"address": None}, "has no public IP address", CREATE),
    ("docker-disk", {"disk": ("The disk is not attached", "To attach it: az"), "wire": seen("refused")},
     "The disk is not attached", "To attach it: az"),
    ("files", {"wire": seen("files"), "holds": None}, "what the wire says", "az dockervm cert show -dc /mine"),
    ("name-unknown", {"wire": seen("dns")}, "what the wire says", ""),
    ("closed-port", {"wire": seen("timeout"), "admits": ()}, "No network security rule lets anybody in", CREATE),
    ("sources", {"wire": seen("timeout"), "admits": ("203.0.113.0/24",)},
     "Only 203.0.113.0/24 may reach Docker on 'web1', and this computer may be outside that range.",
     f"{CREATE} --sources 203.0.113.0/24 me"),
    ("sources", {"wire": seen("timeout"), "admits": ("10.0.0.1", "20.42.73.5"), "host": replace(
        HOST, network=replace(HOST.network, own_address="20.42.73.5", echo="https://echo.example"))},
     "20.42.73.5 is this computer's address as https://echo.example sees it. Azure may see another one",
     f"{CREATE} --sources 10.0.0.1 20.42.73.5 ADDRESS"),
    ("firewall", {"wire": seen("timeout"), "admits": ("*",)}, "Azure's rules let this computer in", ""),
    ("dropped", {"wire": seen("timeout"), "admits": None}, "what the wire says", ""),
    ("engine-stopped", {"wire": seen("refused")}, "what the wire says", CREATE),
    ("clock", {"wire": seen("certificate", "early")}, "is not valid yet", "date and time of this computer"),
    ("expired", {"wire": seen("expired")}, "what the wire says", CREATE),
    ("wrong-name", {"wire": seen("certificate", "name")}, "does not name web1.example", CREATE),
    ("other-authority", {"wire": seen("certificate")}, "what the wire says", ENABLE),
    ("rejected", {"wire": seen("rejected")}, "what the wire says", ENABLE),
    ("protocol", {"wire": seen("protocol")}, "what the wire says", "")]


@pytest.mark.parametrize(("key", "known", "sentence", "command"), ROWS, ids=[row[0] for row in ROWS])
def test_cause_follows_from_what_is_known(key, known, sentence, command):
    found = conclude(replace(SOUND, **known))
    assert (found.key, sentence in found.sentence) == (key, True), found
    assert any(command in one for one in found.commands) if command else found.commands == ()


def test_sound_host_has_no_cause():
    assert conclude(SOUND) is None


def test_every_rule_has_a_row():
    told = {rule for rule in TABLE for _key, known, *_ in ROWS if rule(replace(SOUND, **known))}
    assert told == set(TABLE)


def test_nothing_is_concluded_from_what_is_not_known():
    assert conclude(Facts(HOST, port=4243, address="web1.example")) is None


def test_cause_to_mend_first_comes_first():
    found = [one.key for one in causes(replace(SOUND, power="stopped", holds=(), finished=False))]
    assert found == ["off", "lost-folder", "unfinished"]


def test_commands_stand_on_lines_of_their_own():
    first, *rest = conclude(replace(SOUND, power="stopped")).text.splitlines()
    assert first == "The VM 'web1' is stopped." and rest == [f"To start it: az vm start {HERE} --subscription mine"]


def test_folder_without_any_of_the_files_is_lost_and_one_in_disorder_is_unknown(tmp_path, store):
    assert authorities_held(tmp_path / "none") == ()
    assert authorities_held(store.folder) == store.authority_fingerprints()
    (store.folder / "ca.pem").write_text("no certificate")
    assert authorities_held(store.folder) is None
    (store.folder / "ca.pem").unlink()
    assert authorities_held(store.folder) is None
