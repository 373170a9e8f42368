"""az dockervm list, show, delete and wait."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azext_dockervm.handlers import shared
from azext_dockervm.handlers.command import command

if TYPE_CHECKING:
    from azext_dockervm.options.arguments import Arguments


@command("list")
def list_hosts(cmd: Any, arguments: Arguments) -> list[dict[str, Any]]:
    """List hosts, by their VMs' tags."""
    from azext_dockervm.host import listing
    from azext_dockervm.output import shapes

    azure, group = shared.azure_reads(cmd), arguments["resource_group_name"]
    with shared.progress_of(cmd) as listener:
        found = listing.hosts(azure, group, cmd.cli_ctx.data.get("subscription_id"), listener.warn)
    if not arguments["check"]:
        return [shapes.noted(host) for host in found]
    folder = shared.certificate_store(arguments).folder
    found = listing.located(azure, group, found)
    return [shapes.noted(host, answer) for host, answer in listing.dial(found, folder, azure.deadline)]


# By its name: azdev's linter takes every call about "show" for one of a command table.
@command(name="show")
def show(cmd: Any, arguments: Arguments) -> dict[str, Any]:
    """Show what is noted of a host."""
    return _noted(cmd, arguments)


@command("delete")
def delete(cmd: Any, arguments: Arguments) -> None:
    """Delete a host with all that was made for it."""
    from azext_dockervm.azure import kinds
    from azext_dockervm.host.remains import certain
    from azext_dockervm.host.removal import Removal, loss
    from azext_dockervm.output import exit_code
    from azext_dockervm.spec.host import HostSpec

    exit_code.print_nothing(cmd.cli_ctx)
    spec = HostSpec(arguments["resource_group_name"], arguments["vm_name"],
                    subscription=cmd.cli_ctx.data.get("subscription_id"))
    azure = shared.azure_calls(cmd, arguments["timeout"])
    vm_id = azure.resource_id(kinds.VM, spec.group, spec.name)
    with shared.progress_of(cmd) as listener:
        found = _remains(azure, spec, arguments["data_disks"] == "delete", vm_id, listener)
        if arguments["yes"]:
            found = certain(found)
        began = time.monotonic()
        shared.confirm(loss(found, _own_authorities(arguments), shared.contexts_of(vm_id)),
                       f"Delete the host '{spec.name}'?", arguments["yes"], listener)
        removal = Removal(azure.until(azure.deadline.later(time.monotonic() - began)), found, listener)
        try:
            with shared.stopped_by_signals(azure):
                if arguments["no_wait"]:
                    removal.begin()
                else:
                    removal.carry_out()
        finally:
            if removal.vm_is_gone():
                shared.forget_contexts(vm_id, listener)
                shared.forget_record(arguments, vm_id)


def _remains(azure: Any, spec: Any, data_disks_go: bool, vm_id: str, listener: Any) -> Any:
    """A ``host.remains.Remains``. Where there is none, a deletion that was killed may have left contexts."""
    from azext_dockervm.errors import NotFound
    from azext_dockervm.host import remains

    try:
        with shared.stopped_by_signals(azure):
            return remains.find(azure, spec, data_disks_go)
    except NotFound:
        shared.forget_contexts(vm_id, listener)
        raise


def _own_authorities(arguments: Arguments) -> tuple[str, ...]:
    """A folder in disorder is no reason not to delete a host."""
    from azext_dockervm.errors import CertificateError

    try:
        return tuple(shared.certificate_store(arguments).authority_fingerprints())
    except CertificateError:
        return ()


def _as_az_waits(handler: Callable[..., Any]) -> Callable[..., Any]:
    """az's generic wait knows by azure-core's own error that something is not there."""
    @functools.wraps(handler)
    def getter(*arguments: Any, **options: Any) -> Any:
        from azure.cli.core.azclierror import ResourceNotFoundError

        from azext_dockervm.azure.errors import as_azure_core_says

        try:
            return handler(*arguments, **options)
        except ResourceNotFoundError as error:
            raise as_azure_core_says(error) from error

    return getter


@_as_az_waits
@command("wait")
def wait(cmd: Any, arguments: Arguments) -> dict[str, Any]:
    """Wait until a host is in a state."""
    return _noted(cmd, arguments, ask_engine=True)


def _noted(cmd: Any, arguments: Arguments, ask_engine: bool = False) -> dict[str, Any]:
    """What the tags note; with ``ask_engine`` also what the engine itself says of a host whose tags can't tell whether
    it is finished."""
    from azext_dockervm.azure import kinds
    from azext_dockervm.host import listing, noted
    from azext_dockervm.output import shapes

    group, name = arguments["resource_group_name"], arguments["vm_name"]
    azure = shared.azure_reads(cmd)
    host = noted.read(azure, group, name, cmd.cli_ctx.data.get("subscription_id"), kinds.SECURITY_GROUP)
    if not ask_engine or host.finished is not None:
        return shapes.noted(host)
    [(_host, answer)] = listing.dial([host], shared.certificate_store(arguments).folder, azure.deadline)
    return shapes.noted(host, answer)
