"""The user's custom data and ours as one: each part reaches cloud-init as it was, ours first; always the same bytes."""

from __future__ import annotations

import gzip
import os

import pytest
from cloud_init_reading import order, seen
from custom_data_cases import CASES, CLOUD_CONFIG, SCRIPT, TRICKY, mime

from azext_dockervm.provision.custom_data import OUR_NAME, head_start, joined
from azext_dockervm.spec.custom_data import CustomData, bytes_left

OURS = head_start({"DOCKERVM_USER": "ada"})
# As long as a set-up may get: what then is left for the user.
ROOM_BESIDE_A_HEAD_START = 32 * 1024


def together(data: bytes) -> bytes:
    return joined(OURS, CustomData.read(data))


@pytest.mark.parametrize("case", CASES)
def test_each_part_reaches_cloud_init_as_it_was_behind_ours(case):
    data, parts = CASES[case]
    first, *others = seen(together(data))
    assert (first.type, first.name, first.payload) == ("text/x-shellscript", OUR_NAME, OURS)
    assert [(part.type, part.payload) for part in others] == parts


def test_it_is_compressed_and_says_within_the_first_bytes_that_it_is_mime():
    packed = together(SCRIPT)
    assert packed[:2] == b"\x1f\x8b" and b"MIME-Version:" in gzip.decompress(packed)[:200]


def test_the_same_is_the_same_bytes(monkeypatch):
    before = together(CASES["MIME"][0])
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert together(CASES["MIME"][0]) == before != together(SCRIPT)


def test_files_keep_their_names_and_headers_that_say_how_they_are_merged():
    data = mime(("x-shellscript", SCRIPT, "büro/10 a.sh"), ("cloud-config", CLOUD_CONFIG, "c.yaml"))
    data = data.replace(b'filename="c.yaml"', b'filename="c.yaml"\nX-Merge-Type: list(append)\nLaunch-Index: 0')
    text = gzip.decompress(together(data)).decode()
    assert "X-Merge-Type: list(append)" in text and "Launch-Index: 0" in text
    assert [part.name for part in seen(together(data))][1:] == ["büro/10 a.sh", "c.yaml"]


@pytest.mark.parametrize("names", [
    ["00-first.sh"], ["-a", "!b", "..c"], [OUR_NAME], ["(a)", "((((b"], [f"/{OUR_NAME}"], [f"\u00e4{OUR_NAME}"],
    ["", ""]])
def test_ours_is_the_first_script_that_runs_whatever_others_are_called(names):
    """cloud-init writes scripts into one folder, and runs them in the order of their names."""
    found = seen(together(mime(*(("x-shellscript", SCRIPT, name) for name in names))))
    kept = ["".join(one for one in name.replace("/", "_") if one.isascii() and (one.isalnum() or one in "_-.()"))
            for name in order(found)]
    ours = found[0].name
    assert sorted(kept)[0] == ours and kept.count(ours) == 1 and ours.endswith(OUR_NAME)


def test_a_part_handler_of_the_user_s_comes_too_late_for_ours():
    data = mime(("part-handler", b"#part-handler\n", ""), ("x-shellscript", SCRIPT, ""))
    assert [part.type for part in seen(together(data))] == [
        "text/x-shellscript", "text/part-handler", "text/x-shellscript"]


def test_lines_that_look_like_borders_are_lines():
    script = f"#!/bin/sh\n{gzip.decompress(together(SCRIPT)).decode()}\n--\nFrom me\n".encode()
    assert seen(together(script))[1].payload == script


def test_there_is_room_for_what_users_have():
    """32 KB compressed, which as people write them is far more; of what can't be compressed some less, since it is
    base64 within what is."""
    left = bytes_left(joined(OURS, CustomData.read(b"#!/bin/sh\n")))
    print(f"beside a head start {left:,} bytes are the user's")
    assert left >= ROOM_BESIDE_A_HEAD_START
    lines = "".join(f"echo {number} \"{TRICKY.splitlines()[0]}\"\n" for number in range(1500))
    assert len(lines) > 100_000 and bytes_left(together(f"#!/bin/sh\n{lines}".encode())) > 0
    data = b"#!" + os.urandom(30_000)
    assert bytes_left(joined(OURS, CustomData.read(data))) >= left - len(data) * 1.06
