"""Versions of Docker as people and package managers write them, and how a VM's tag notes what was asked for."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec.docker_packages import as_tag, check_version, of_tag


@pytest.mark.parametrize("text", [
    "28", "28.5", "28.5.2", "5:28.5.2-1~debian.13~trixie", "3:28.5.2-1.el9", "26.1.5+dfsg1-9+deb13u1+b1", "28.5.1_ce-1",
    "18.06.1~ce~3-0~ubuntu", "29.0.0-rc.1"])
def test_versions(text):
    assert check_version(text) == text


def test_the_v_of_its_tags_is_no_part_of_it():
    assert check_version("v28.5.2") == "28.5.2" == check_version(" 28.5.2\n")


@pytest.mark.parametrize("text", ["", "v", "latest", "28.x", "28.", ".5", "28..5", "28 5", "28;x", "28/5", "٢٨",
                                  "-28", "28.5.2-" + "1" * 101, "1:2:3"])
def test_no_versions(text):
    with pytest.raises(InvalidValue, match="--docker-version"):
        check_version(text)


@pytest.mark.parametrize(("channel", "version", "tag"), [
    ("distribution", "", ""), ("docker", "", "docker"), ("distribution", "28", "distribution 28"),
    ("docker", "5:28.5.2-1~debian.13~trixie", "docker 5:28.5.2-1~debian.13~trixie")])
def test_the_tag_notes_both(channel, version, tag):
    assert as_tag(channel, version) == tag
    assert of_tag(tag) == (channel, version)


@pytest.mark.parametrize("tag", [None, "", "edge", "edge 28"])
def test_what_nobody_of_ours_has_noted_is_the_distribution_s(tag):
    assert of_tag(tag)[0] == "distribution"
