"""Custom data: a script that cloud-init runs as it is, that fits, and that cannot be talked into anything else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import random
import subprocess
from typing import Any

import pytest
from script_machine import encoded

from azext_dockervm.errors import CustomDataTooLong
from azext_dockervm.provision import custom_data
from azext_dockervm.provision.daemon import daemon_json
from azext_dockervm.provision.script.join import set_up_script
from azext_dockervm.secret import Secret
from azext_dockervm.spec.custom_data import LIMIT, bytes_left, compressed
from azext_dockervm.spec.engine import Engine


def pem(length: int) -> bytes:
    """So many bytes of lines as a certificate or a key has them, of which nothing can be compressed away; the same in
    each run."""
    return base64.encodebytes(random.Random(length).randbytes(length))[:length]


# As long as they get: a CA of RSA 4096 with names, keys of P-256.
VALUES: dict[str, Any] = {
    "run_id": "20261126-093000-1a2b3c", "authority": pem(2500),
    "door_certificate": pem(700), "door_key": pem(241)}
HOST = {"DOCKERVM_PORT": "4243", "DOCKERVM_SSH_PORT": "2222", "DOCKERVM_USER": "azureuser",
        "DOCKERVM_DAEMON_JSON": encoded(daemon_json(Engine()))}


def packed(**changes: Any) -> bytes:
    return custom_data.fast_lane(HOST, **{**VALUES, **changes})


def unpacked(**changes: Any) -> str:
    return gzip.decompress(packed(**changes)).decode()


# A head start


@pytest.mark.parametrize(("compose", "settings"), [
    (False, "DOCKERVM_ACTION=install\nDOCKERVM_USER=ada\n"),
    (True, "DOCKERVM_ACTION=install\nDOCKERVM_USER=ada\nDOCKERVM_COMPOSE=1\n")])
def test_a_head_start_is_the_set_up_script_behind_its_settings(compose, settings):
    text = custom_data.head_start({"DOCKERVM_USER": "ada"}, compose).decode()
    assert text == f"#!/bin/sh\n{settings}" + custom_data.without_comments(set_up_script("install"))


def test_compose_comes_only_where_it_is_asked_for():
    assert custom_data.head_start({}) == custom_data.head_start({}, compose=False)


@pytest.mark.parametrize("compose", [False, True])
def test_a_head_start_fits_azure_s_limit(compose):
    sent = compressed(custom_data.head_start({}, compose))
    assert len(sent) <= LIMIT == 65_535


# The fast lane


def test_the_fast_lane_is_the_set_up_script_behind_all_that_it_takes():
    settings, script = unpacked().split("#!/bin/sh\n", 2)[1:]
    assert script == custom_data.without_comments(set_up_script("boot")).partition("\n")[2]
    assert settings == (
        f"DOCKERVM_ACTION=boot\nDOCKERVM_RUN_ID=20261126-093000-1a2b3c\nDOCKERVM_CA={encoded(pem(2500).decode())}\n"
        "DOCKERVM_PORT=4243\nDOCKERVM_SSH_PORT=2222\nDOCKERVM_USER=azureuser\n"
        f"DOCKERVM_DAEMON_JSON={encoded(daemon_json(Engine()))}\n"
        f"DOCKERVM_DOOR_CERT={encoded(pem(700).decode())}\nDOCKERVM_DOOR_KEY={encoded(pem(241).decode())}\n")


def test_cloud_init_takes_it_for_compressed_content_and_then_for_a_script():
    """Its user-data handling looks for the two bytes of gzip, then for `#!`."""
    assert packed()[:2] == b"\x1f\x8b"
    assert unpacked().startswith("#!/bin/sh\n")


def test_the_same_values_are_the_same_bytes(monkeypatch):
    first = packed()
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert packed() == first


@pytest.mark.parametrize("user", ["a b", "a'b", "$(touch planted)", "a;exit 1", "a\nexit 1", "`exit 1`", 'a"b', ""])
def test_whatever_a_value_holds_it_is_one_value(user, tmp_path):
    script = custom_data.fast_lane({"DOCKERVM_USER": user}, **VALUES)
    settings = gzip.decompress(script).decode().split("#!/bin/sh\n", 2)[1]
    told = subprocess.run(["sh", "-c", f"{settings}\nprintf %s \"$DOCKERVM_USER\""], cwd=tmp_path, capture_output=True,
                          text=True)
    assert (told.returncode, told.stdout, told.stderr) == (0, user, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["DOCKERVM_HTTP_PROXY", "DOCKERVM_DAEMON_JSON", "DOCKERVM_OF_ANOTHER_YEAR"])
def test_nothing_secret_rides_in_it(name):
    """Whoever would let it go that way has a mistake to mend: `auto` takes run commands there."""
    with pytest.raises(AssertionError, match="no secret rides in them"):
        custom_data.fast_lane({**HOST, name: Secret("Sesame")}, **VALUES)
    with pytest.raises(AssertionError, match="no secret rides in them"):
        custom_data.head_start({name: Secret("Sesame")})


# What fits


def test_there_is_room_for_what_else_a_user_may_add():
    left = bytes_left(packed())
    print(f"{left} bytes left")
    assert left >= 6 * 1024


def test_what_is_too_long_is_told_before_azure_tells_it():
    authority = b"".join(hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(1200))
    with pytest.raises(CustomDataTooLong, match=r"has [\d,]+ bytes more than Azure's custom data holds") as caught:
        packed(authority=authority)
    assert "--provisioner run-command" in caught.value.recommendations[0]
