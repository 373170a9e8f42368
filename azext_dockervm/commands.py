"""Which command is which handler, and how its result looks as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def load_command_table(loader: Any, _args: Any) -> None:
    with loader.command_group("dockervm") as group:
        group.custom_command("create", "create", **_in("create", "created_rows"))
        group.custom_command("enable", "enable", **_in("enable", "host_row"))
        group.custom_command("env", "env", **_in("env"))
        group.custom_show_command("info", "info", **_in("info", "info_row"))
        group.custom_command("list", "list_hosts", **_in("hosts", "noted_rows"))
        group.custom_show_command("show", "show", **_in("hosts", "noted_rows"))
        group.custom_command("delete", "delete", supports_no_wait=True, **_in("hosts"))
        group.custom_wait_command("wait", "wait", **_in("hosts"))

    with loader.command_group("dockervm cert") as group:
        group.custom_command("create", "create", **_in("cert", "certificates_rows"))
        group.custom_show_command("show", "show", **_in("cert", "certificates_rows"))

    with loader.command_group("dockervm context") as group:
        group.custom_command("create", "create", **_in("context", "context_rows"))
        group.custom_command("list", "list_contexts", **_in("context", "context_rows"))
        group.custom_show_command("show", "show", **_in("context", "context_rows"))
        group.custom_command("use", "use", **_in("context", "context_rows"))
        group.custom_command("remove", "remove", **_in("context"))

    with loader.command_group("dockervm builder") as group:
        group.custom_command("create", "create", **_in("builder", "builder_rows"))
        group.custom_command("remove", "remove", **_in("builder"))


def _in(noun: str, table: str | None = None) -> dict[str, Any]:
    """The file of the handlers, and the transformer for --output table; None for a command without a result."""
    from azure.cli.core.commands import CliCommandType

    return {"custom_command_type": CliCommandType(operations_tmpl=f"azext_dockervm.handlers.{noun}#{{}}"),
            "table_transformer": _table(table) if table else None}


def _table(name: str) -> Callable[[Any], Any]:
    """The transformer is imported only when a table is printed."""
    def transform(result: Any) -> Any:
        from azext_dockervm.error_map import az_errors
        from azext_dockervm.output import tables
        from azext_dockervm.printable import harmless

        return az_errors(lambda: harmless(getattr(tables, name)(result)))()
    return transform
