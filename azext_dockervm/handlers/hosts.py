"""az dockervm list and show."""

from __future__ import annotations

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

    azure = shared.azure_calls(cmd)
    found = listing.hosts(azure, arguments["resource_group_name"], cmd.cli_ctx.data.get("subscription_id"))
    if not arguments["check"]:
        return [shapes.noted(host) for host in found]
    folder = shared.certificate_store(arguments).folder
    return [shapes.noted(host, answer) for host, answer in listing.dial(found, folder, azure.deadline)]


# By its name: azdev's linter takes every call about "show" for one of a command table.
@command(name="show")
def show(cmd: Any, arguments: Arguments) -> dict[str, Any]:
    """Show what is noted of a host."""
    from azext_dockervm.host import noted
    from azext_dockervm.output import shapes

    group, name = arguments["resource_group_name"], arguments["vm_name"]
    return shapes.noted(noted.read(shared.azure_calls(cmd), group, name, cmd.cli_ctx.data.get("subscription_id")))
