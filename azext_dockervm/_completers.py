"""What the Tab key offers: the hosts of the group typed so far, the short names of images."""

from __future__ import annotations

import threading

from azure.cli.core.decorators import Completer

# Who presses Tab does not wait longer; signing in again may take any time.
PATIENCE_SECONDS = 4.0


@Completer
def host_names(cmd, _prefix, namespace, **_more):
    """Names of the VMs in the namespace's resource group that dockervm made; nothing where that can't be learnt."""
    group = getattr(namespace, "resource_group_name", None)
    return _in_time(lambda: _hosts(cmd.cli_ctx, group)) if group else []


@Completer
def image_names(_cmd, _prefix, _namespace, **_more):
    from azext_dockervm.images import ALIASES

    return sorted(ALIASES)


def _hosts(cli_ctx, group: str) -> list[str]:
    from azext_dockervm._client_factory import compute_client
    from azext_dockervm.names import TAG_HOST

    # One page: some hundred VMs. No repetition, and no longer wait for the network than for the whole answer.
    pages = compute_client(cli_ctx).virtual_machines.list(
        group, retry_total=0, connection_timeout=PATIENCE_SECONDS, read_timeout=PATIENCE_SECONDS).by_page()
    return [vm.name for vm in next(pages, ()) if TAG_HOST in {name.lower() for name in vm.tags or ()}]


def _in_time(ask) -> list[str]:
    """``ask``'s answer, or nothing where it fails or takes too long."""
    answers: list[str] = []

    def work() -> None:
        try:
            answers.extend(ask())
        except (Exception, SystemExit):     # no login, no network, no such group: no place to tell it
            pass

    # A daemon: az ends while a late answer is still awaited.
    worker = threading.Thread(target=work, name="dockervm-completion", daemon=True)
    worker.start()
    worker.join(PATIENCE_SECONDS)
    return list(answers)
