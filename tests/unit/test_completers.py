"""What the Tab key offers, and that it never fails nor waits."""

from __future__ import annotations

import threading
import time
from argparse import Namespace
from types import SimpleNamespace

import pytest

from azext_dockervm import _client_factory, _completers
from azext_dockervm.spec import images


def machine(name: str, **tags: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, tags=tags or None)


class Compute:
    """As far as the completer uses azure-mgmt-compute's client."""

    def __init__(self, *pages: list) -> None:
        self._pages = pages
        self.virtual_machines = self
        self.groups: list[str] = []

    def list(self, group, **_options):
        self.groups.append(group)
        return self

    def by_page(self):
        yield from self._pages


def complete(monkeypatch, compute, group: str | None = "demo") -> list[str]:
    monkeypatch.setattr(_client_factory, "compute_client", compute if callable(compute) else lambda _cli_ctx: compute)
    typed = Namespace(_cmd=SimpleNamespace(cli_ctx=object()), resource_group_name=group)
    return _completers.host_names(prefix="", parsed_args=typed, action=None, parser=None)


def test_the_hosts_of_the_group_and_no_other_vms(monkeypatch):
    compute = Compute([machine("web1", **{"dockervm-host": "web1"}), machine("stranger"),
                       machine("web2", **{"DockerVM-Host": "web2", "team": "x"}), machine("other", team="x")])
    assert complete(monkeypatch, compute) == ["web1", "web2"]
    assert compute.groups == ["demo"]


def test_one_page_is_enough(monkeypatch):
    host = {"dockervm-host": "x"}
    assert complete(monkeypatch, Compute([machine("a", **host)], [machine("b", **host)])) == ["a"]
    assert complete(monkeypatch, Compute()) == []


def test_without_a_group_nothing_is_asked(monkeypatch):
    compute = Compute([machine("web1", **{"dockervm-host": "web1"})])
    assert complete(monkeypatch, compute, group=None) == complete(monkeypatch, compute, group="") == []
    assert compute.groups == []


@pytest.mark.parametrize("error", [RuntimeError("no login"), SystemExit(1)], ids=["error", "exit"])
def test_an_error_offers_nothing(monkeypatch, error):
    def fail(_cli_ctx):
        raise error
    assert complete(monkeypatch, fail) == []


def test_an_answer_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(_completers, "PATIENCE_SECONDS", 0.05)
    began = time.monotonic()
    assert complete(monkeypatch, lambda _cli_ctx: time.sleep(2)) == []
    assert time.monotonic() - began < 1
    late = [thread for thread in threading.enumerate() if thread.name == "dockervm-completion"]
    assert late and all(thread.daemon for thread in late), "az would not end before it"


def test_images_are_our_aliases():
    offered = _completers.image_names(prefix="", parsed_args=Namespace(_cmd=None))
    assert set(offered) == set(images.ALIASES)
