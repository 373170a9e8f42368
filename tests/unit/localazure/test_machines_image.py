"""The image's recipe: sources of this machine's own, a version that changes with what goes in."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from localazure.machines.machine import MachineError
from localazure.machines.nspawn import image

TARGETS = """\
http://mirror.example/debian/|trixie|main|/usr/share/keyrings/debian-archive-keyring.pgp
http://mirror.example/debian-security/|trixie-security|main|/usr/share/keyrings/debian-archive-keyring.pgp
file:/srv/repository/|trixie|main|$(SIGNED_BY)
https://third.example/linux/|trixie|stable|/etc/apt/keyrings/third.asc
http://mirror.example/debian/|bookworm|main|/usr/share/keyrings/debian-archive-keyring.pgp
"""


def test_only_debians_own_http_sources_of_the_suite_are_taken():
    assert image.sources_from_targets(TARGETS) == (
        "deb http://mirror.example/debian trixie main",
        "deb http://mirror.example/debian-security trixie-security main",
    )
    assert image.sources_from_targets("") == ()


def test_a_machine_without_such_sources_names_a_mirror(monkeypatch):
    monkeypatch.setattr(image, "run", lambda *_words, **_options: SimpleNamespace(stdout=b""))
    monkeypatch.delenv("LOCALAZURE_MIRROR", raising=False)
    with pytest.raises(MachineError, match="LOCALAZURE_MIRROR"):
        image.host_sources()
    monkeypatch.setenv("LOCALAZURE_MIRROR", "http://mirror.example/debian")
    assert image.host_sources()[0] == "deb http://mirror.example/debian trixie main"


def test_settings_that_guests_share():
    dump = (
        'Acquire::Check-Valid-Until "false";\nAcquire::http::Proxy "http://127.0.0.1:3142";\n'
        'Acquire::https::Proxy "http://proxy.example:3128";\nAcquire::cdrom "";\n'
    )
    assert image.shared_apt_settings(dump) == (
        'Acquire::Check-Valid-Until "false";\nAcquire::https::Proxy "http://proxy.example:3128";\n'
    )


def test_version_changes_with_the_recipe():
    one = image.recipe_version(("deb a trixie main",), "")
    assert one == image.recipe_version(("deb a trixie main",), "")
    assert one != image.recipe_version(("deb b trixie main",), "")
    assert one != image.recipe_version(("deb a trixie main",), "x")


def test_an_image_in_use_is_kept_and_another_goes(tmp_path):
    used, unused, current = (tmp_path / name for name in ("used", "unused", "current"))
    for version in (used, unused, current):
        (version / "root").mkdir(parents=True)
        (version / "users").mkdir()
    (tmp_path / "state").mkdir()
    image.claim(image.Image("used", used / "root"), "one", tmp_path / "state")
    image.claim(image.Image("unused", unused / "root"), "two", tmp_path / "gone")
    image._remove_unused(tmp_path, "current")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "state", "used"]
    image.release("one", tmp_path)
    image._remove_unused(tmp_path, "current")
    assert not used.exists()


def test_cache_is_where_the_variables_say(monkeypatch, tmp_path):
    monkeypatch.delenv("DOCKERVM_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert image.cache_dir() == tmp_path / "az-dockervm/image"
    monkeypatch.setenv("DOCKERVM_CACHE", str(tmp_path / "own"))
    assert image.cache_dir() == tmp_path / "own/image"
