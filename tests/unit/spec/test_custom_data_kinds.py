"""Custom data of a user's own: what it is made of, and what would be ignored and so is refused."""

from __future__ import annotations

import base64
import functools
import gzip
import os

import pytest
from custom_data_cases import CASES, CLOUD_CONFIG, SCRIPT, mime

from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec.custom_data import LIMIT, MOST_READ, CustomData, bytes_left, check_together
from azext_dockervm.spec.machine import Image

# Without a time: parameters of tests are the same in each of pytest's processes.
packed = functools.partial(gzip.compress, mtime=0)

UBUNTU, OWN = Image.parse("Ubuntu2404"), Image.parse("/subscriptions/s/resourceGroups/g/providers/M.Compute/images/i")
FLATCAR = Image.parse("FlatcarLinuxFreeGen2")
IGNITION = b'{"ignition": {"version": "3.3.0"}}\n'
MOST = LIMIT


def label(value: object) -> str:
    """What is compressed or random differs from one collection to the next."""
    return value if isinstance(value, str) else str(value) if isinstance(value, Image) else "data"


@pytest.mark.parametrize("case", CASES)
def test_each_part_has_the_type_and_the_bytes_that_cloud_init_finds(case):
    data, parts = CASES[case]
    assert [(part.type, part.payload.reveal()) for part in CustomData.read(data).parts] == parts
    assert CustomData.read(data).raw.reveal() == data


def test_headers_are_kept_but_for_type_and_encoding():
    [part] = CustomData.read(mime(("x-shellscript", SCRIPT, "ä.sh"))).parts
    assert [name for name, _ in part.headers] == ["Content-Disposition"]


def test_what_it_is_made_of_in_words():
    assert CustomData.read(CASES["MIME"][0]).words == ("cloud-config", "script")
    assert CustomData.read(CASES["types of a handler's own"][0]).words == ("part handler", "text/x-own")
    assert CustomData.read(IGNITION).words == ("Ignition config",)


def test_it_shows_itself_to_nobody():
    assert "tricky" not in repr(CustomData.read(SCRIPT))


@pytest.mark.parametrize(("data", "says"), [
    (b"hello\nworld\n", "its first line is none"), (b"init.yaml", "its first line is none"),
    (b"token=hunter2", "its first line is none"), (b"a b", "its first line is none"),
    (b"# cloud-config\n", "its first line is none"), (b"variant: flatcar\nversion: 1.0.0\n", "Butane"),
    (packed(b"hello\n"), "its first line is none"), (packed(packed(SCRIPT)), "its first line"),
    (packed(SCRIPT)[:-9], "can't be decompressed"), (packed(SCRIPT) + b"x", "can't be decompressed"),
    (b"\x1f\x8bno", "can't be decompressed"), (packed(bytes(MOST_READ + 1)), "8,388,608 bytes"),
    ("#cloud-config\n".encode("utf-16"), "UTF-16"),
    (mime(("x-shellscript", SCRIPT, ""), ("html", b"<p>", "")), "its part 2 is of the type 'text/html'"),
    (mime(("gzip", packed(CASES["MIME"][0]), "")), "its part 1 is of the type 'text/plain'"),
    (b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x--\n", "without any part"),
    (b"MIME-Version: 1.0\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n# \xe4\n", "not UTF-8"),
    (b"#cloud-config\npackages: [jq\n", "no YAML: line 3, column 1"), (b"#cloud-config\n- jq\n", "no mapping"),
    (b"#cloud-config\na: \x00\n", "does not allow"), (b"#cloud-config\na: \xe4\n", "not UTF-8"),
    (b"#cloud-config\n" + b"[" * 5000, "no YAML"), (b"[" * 100_000, "its first line"),
    (mime(("x-shellscript", SCRIPT, ""), ("cloud-config", b"a: b: c\n", "")), "its part 2 is a cloud-config"),
    (mime(("cloud-config", b"a: [\n", "")), "it is a cloud-config, and no YAML: line 2, column 1")], ids=label)
def test_what_would_be_ignored_is_refused(data, says):
    with pytest.raises(InvalidValue, match="--custom-data: ") as caught:
        CustomData.read(data)
    assert says in caught.value.message
    for secret in ("hunter2", "hello", "a b", "tricky"):
        assert secret not in caught.value.message


def test_yaml_is_looked_at_where_it_is_yaml_alone():
    for data in (b"#cloud-config\n", b"#cloud-config\na: !!python/unicode b\n",
                 b"## template: jinja\n#cloud-config\n[\n"):
        assert CustomData.read(data).parts


def test_a_binary_file_that_az_has_read_is_what_it_was():
    """az gives base64 in place of @FILE."""
    text = base64.b64encode(packed(CLOUD_CONFIG, mtime=0))
    assert CustomData.read(text).parts[0].payload.reveal() == CLOUD_CONFIG
    assert CustomData.read(text).raw.reveal() == packed(CLOUD_CONFIG, mtime=0)


def test_the_mark_that_editors_put_before_a_text_is_none_of_it():
    assert CustomData.read(b"\xef\xbb\xbf" + SCRIPT).raw.reveal() == SCRIPT


# Who reads it


def together(data: bytes, image: Image = UBUNTU, provisioner: str = "auto") -> None:
    check_together(CustomData.read(data), image, provisioner)


@pytest.mark.parametrize("data", [IGNITION, CLOUD_CONFIG, SCRIPT, mime(("x-shellscript", SCRIPT, ""))], ids=label)
def test_flatcar_takes_its_own_kinds(data):
    together(data, FLATCAR)


@pytest.mark.parametrize(("data", "image", "says"), [
    (b"#include\nhttp://a\n", FLATCAR, "no include of URLs"), (CASES["boot hook"][0], FLATCAR, "no boot hook"),
    (IGNITION, UBUNTU, "has cloud-init, which ignores")], ids=label)
def test_who_would_ignore_it_is_told(data, image, says):
    with pytest.raises(InvalidValue, match="--custom-data: ") as caught:
        together(data, image)
    assert says in caught.value.message and str(image) in caught.value.message


def test_of_an_image_of_ones_own_nothing_is_known():
    together(IGNITION, OWN)
    together(b"#include\nhttp://a\n", OWN)
    with pytest.raises(InvalidValue, match="has cloud-init"):
        together(IGNITION, OWN, "cloud-init")


# What fits


def random_script(length: int) -> bytes:
    """It can't be made shorter."""
    return b"#!" + os.urandom(length - 2)


@pytest.mark.parametrize(("length", "left"), [(0, 65535), (1, 65534), (65535, 0), (65536, -1)])
def test_bytes_left_counts_what_azure_decodes(length, left):
    assert bytes_left(b"x" * length) == left
    assert len(base64.b64encode(b"x" * (length + left))) == 87_380, "Azure's own limit, in base64"


def test_what_fits_is_sent_as_it_is_and_else_compressed_where_cloud_init_reads_it():
    small, large = CustomData.read(SCRIPT), CustomData.read(SCRIPT + b"#" * 100_000)
    assert small.alone(True) == small.alone(False) == SCRIPT and large.alone(False) == large.raw.reveal()
    assert gzip.decompress(large.alone(True)) == large.raw.reveal() and large.alone(True) == large.alone(True)
    check_together(large, UBUNTU, "auto")


@pytest.mark.parametrize(("data", "image", "says"), [
    (random_script(MOST + 1), FLATCAR, "it has 1 bytes more than the 65,535"),
    (SCRIPT + b"#" * 100_000, FLATCAR, "bytes more than the 65,535"),
    (SCRIPT + b"#" * 100_000, OWN, "bytes more than the 65,535"),
    (random_script(MOST + 1), UBUNTU, "it has, compressed, ")], ids=label)
def test_what_does_not_fit_is_told_with_how_much(data, image, says):
    together(random_script(MOST), image)
    with pytest.raises(InvalidValue) as caught:
        together(data, image)
    assert says in caught.value.message and "#include" in caught.value.recommendations[0]
