"""What the Tab key offers: the hosts of the group typed so far, regions, the short names of images."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from azure.cli.core.commands import parameters
from azure.cli.core.decorators import Completer

regions = parameters.get_location_completion_list

# Who presses Tab does not wait longer; signing in again may take any time.
PATIENCE_SECONDS = 4.0


@Completer      # type: ignore[untyped-decorator]
def host_names(cmd: Any, _prefix: str, namespace: Any, **_more: Any) -> list[str]:
    """Names of the VMs in the namespace's resource group that dockervm made; nothing where that can't be learnt."""
    group = getattr(namespace, "resource_group_name", None)
    return _in_time(lambda: _hosts(cmd.cli_ctx, group)) if group else []


@Completer      # type: ignore[untyped-decorator]
def image_names(_cmd: Any, _prefix: str, _namespace: Any, **_more: Any) -> list[str]:
    from azext_dockervm.spec.images import ALIASES

    return sorted(ALIASES)


def _hosts(cli_ctx: Any, group: str) -> list[str]:
    from azext_dockervm._client_factory import compute_client
    from azext_dockervm.azure.names import TAG_HOST

    # One page: some hundred VMs. No repetition, and no longer wait for the network than for the whole answer.
    pages = compute_client(cli_ctx).virtual_machines.list(
        group, retry_total=0, connection_timeout=PATIENCE_SECONDS, read_timeout=PATIENCE_SECONDS).by_page()
    return [vm.name for vm in next(pages, ()) if TAG_HOST in {name.lower() for name in vm.tags or ()}]


def _in_time(ask: Callable[[], list[str]]) -> list[str]:
    """``ask``'s answer, or nothing where it fails or takes too long."""
    answers: list[str] = []

    def work() -> None:
        try:
            answers.extend(ask())
        except (Exception, SystemExit):  # pylint: disable=broad-exception-caught  # no login, no network, no such group: no place to tell it
            pass

    # A daemon: az ends while a late answer is still awaited.
    worker = threading.Thread(target=work, name="dockervm-completion", daemon=True)
    worker.start()
    worker.join(PATIENCE_SECONDS)
    return list(answers)
