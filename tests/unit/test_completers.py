"""What the Tab key offers, and that it never fails nor waits."""

from __future__ import annotations

import time
from argparse import Namespace
from types import SimpleNamespace

import pytest
from fake_azure import FakeCloud

from azext_dockervm import _completers
from azext_dockervm.azure import kinds
from azext_dockervm.azure.calls import Azure, Clients
from azext_dockervm.spec import images, shutdown


def complete(monkeypatch, azure_until, group: str | None = "g") -> list[str]:
    monkeypatch.setattr(Azure, "for_cli", lambda _cli_ctx, deadline: azure_until(deadline))
    typed = Namespace(_cmd=SimpleNamespace(cli_ctx=object()), resource_group_name=group)
    return _completers.host_names(prefix="", parsed_args=typed, action=None, parser=None)


@pytest.fixture
def cloud():
    found = FakeCloud()
    for name, tags in {"web1": {"dockervm-host": "web1"}, "stranger": None, "other": {"team": "x"},
                       "web2": {"DockerVM-Host": "web2", "team": "x"}}.items():
        key = (kinds.VM.type.lower(), "g", name)
        found.resources[key] = {"id": f"/subscriptions/s/resourceGroups/g/providers/{kinds.VM.type}/{name}",
                                "name": name, "tags": tags, "properties": {}}
    return found


def test_the_hosts_of_the_group_and_no_other_vms(monkeypatch, cloud):
    assert complete(monkeypatch, cloud.azure) == ["web1", "web2"]
    assert complete(monkeypatch, cloud.azure, group="h") == []


def test_without_a_group_nothing_is_asked(monkeypatch, cloud):
    assert complete(monkeypatch, cloud.azure, group=None) == complete(monkeypatch, cloud.azure, group="") == []
    assert not cloud.log


@pytest.mark.parametrize("error", [RuntimeError("no login"), SystemExit(1)], ids=["error", "exit"])
def test_an_error_offers_nothing(monkeypatch, error):
    def fail(_deadline):
        raise error
    assert complete(monkeypatch, fail) == []


def test_an_answer_that_does_not_come_is_not_waited_for(monkeypatch):
    """Signing in again may take any time."""
    def stuck():
        time.sleep(5)

    monkeypatch.setattr(_completers, "PATIENCE_SECONDS", 0.05)
    began = time.monotonic()
    assert complete(monkeypatch, lambda deadline: Azure(Clients(*[stuck] * 5), deadline)) == []
    assert time.monotonic() - began < 2


def test_images_are_our_aliases():
    offered = _completers.image_names(prefix="", parsed_args=Namespace(_cmd=None))
    assert set(offered) == set(images.ALIASES)


def test_time_zones_are_those_that_are_taken():
    offered = _completers.time_zones(prefix="", parsed_args=Namespace(_cmd=None))
    assert "UTC" in offered and offered == sorted(shutdown.TIME_ZONES)


def test_contexts_are_the_docker_client_s(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)

    def offered():
        return _completers.context_names(prefix="", parsed_args=Namespace(_cmd=None))

    assert offered() == ["default"]
    (tmp_path / "contexts").write_text("a file")
    assert offered() == []


def test_identities_are_those_that_are_there_and_azure_s_own(monkeypatch):
    monkeypatch.setattr(_completers, "_user_identities", lambda prefix, parsed_args: ["builder"])
    assert _completers.identities(prefix="", parsed_args=Namespace(_cmd=None)) == ["[system]", "builder"]


def test_files_are_those_that_begin_so(tmp_path):
    (tmp_path / "init.yaml").touch()
    (tmp_path / "init").mkdir()
    assert sorted(_completers.files(prefix=f"{tmp_path}/in")) == [f"{tmp_path}/init.yaml", f"{tmp_path}/init/"]
