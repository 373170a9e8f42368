"""What is there of a host before a command changes anything."""

from __future__ import annotations

import pytest

from azext_dockervm.preflight.found import Found, Label


def test_nothing_is_there_unless_it_was_found():
    found = Found()
    assert not any(getattr(found, name) for name in Found.__dataclass_fields__ if name != "dns")
    assert found.dns == Label()
    assert found.docker_port is None


@pytest.mark.parametrize(("port", "tag", "told"), [
    (2376, "4243", 2376), (None, "4243", 4243), (None, "many", None), (None, None, None), (2376, None, 2376)])
def test_the_host_s_own_word_of_its_port_counts_more_than_the_tag(port, tag, told):
    tags = {"dockervm-port": tag} if tag else {}
    assert Found(vm={"tags": tags}, port=port).docker_port == told
