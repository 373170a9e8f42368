"""Names in /etc/hosts: what was there before is there afterwards, byte for byte."""

from __future__ import annotations

import os

import pytest

from localazure.machines.foundation import hosts_file

NAMES = {"b.example.test": "198.51.100.2", "a.example.test": "198.51.100.1"}


@pytest.mark.parametrize(
    "before", ["", "127.0.0.1 localhost\n", "127.0.0.1 localhost", "\n\n", "# localazure other begin\n"]
)
def test_removal_restores_every_byte(before):
    after = hosts_file.with_names(before, "one", NAMES)
    assert "198.51.100.1 a.example.test\n" in after
    assert hosts_file.with_names(after, "one", {}) == before


def test_instances_do_not_touch_each_other():
    both = hosts_file.with_names(hosts_file.with_names("x\n", "one", NAMES), "one-more", {"c.test": "127.0.0.9"})
    assert hosts_file.without_block(both, "one") == hosts_file.with_names("x\n", "one-more", {"c.test": "127.0.0.9"})
    assert hosts_file.without_block(hosts_file.without_block(both, "one-more"), "one") == "x\n"


def test_a_changed_block_replaces_the_old_one():
    text = hosts_file.with_names(hosts_file.with_names("x\n", "one", NAMES), "one", {"c.test": "127.0.0.9"})
    assert text.count("localazure one begin") == 1 and "a.example.test" not in text


def test_update_keeps_mode_and_bytes_that_are_no_text(tmp_path):
    file = tmp_path / "hosts"
    file.write_bytes(b"127.0.0.1 caf\xe9\n")
    file.chmod(0o640)
    assert hosts_file.update("one", NAMES, file)
    assert hosts_file.update("one", {}, file)
    assert file.read_bytes() == b"127.0.0.1 caf\xe9\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["hosts"]
