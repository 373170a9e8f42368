"""az dockervm info."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azext_dockervm.handlers import shared
from azext_dockervm.handlers.command import command

if TYPE_CHECKING:
    from azext_dockervm.options.arguments import Arguments


@command("info")
def info(cmd: Any, arguments: Arguments) -> dict[str, Any]:
    """Show a VM and its engine."""
    from azext_dockervm.host import engine_state, vm_state
    from azext_dockervm.output import shapes

    group, name = arguments["resource_group_name"], arguments["vm_name"]
    folder = shared.certificate_store(arguments).folder
    azure = shared.azure_reads(cmd)
    seen = vm_state.read(azure, group, name, cmd.cli_ctx.data.get("subscription_id"))
    engine = engine_state.ask_engine(azure, seen, folder, arguments.typed("cert_dir"))
    with shared.progress_of(cmd, engine_state.warnings(seen, engine, arguments.typed("cert_dir"))):
        return shapes.info(seen, engine, str(folder))
