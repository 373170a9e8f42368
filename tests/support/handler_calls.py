"""What handlers are called with in tests: az's ``cmd``, and an Azure in memory behind them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fake_azure import FakeCloud, at_the_borders


def az_cmd(only_show_errors: bool = False) -> SimpleNamespace:
    """As far as a handler uses az's ``cmd``: nothing is configured, and ``cli_ctx.events`` has what was registered."""
    events: dict = {}
    return SimpleNamespace(cli_ctx=SimpleNamespace(
        config=SimpleNamespace(get=lambda _section, _option, fallback: fallback), data={}, events=events,
        cloud=SimpleNamespace(name="AzureCloud"), only_show_errors=only_show_errors,
        register_event=events.__setitem__))


def cloud_of_handlers(monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    found = FakeCloud()
    found.engines = at_the_borders(monkeypatch, found)
    monkeypatch.setattr("azext_dockervm.azure.calls.Azure.for_cli",
                        lambda _cli_ctx, deadline=None, _registers=True: found.azure(deadline))
    return found
