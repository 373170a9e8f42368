"""Which command is which handler, and how its result looks as a table."""


def load_command_table(loader, _args):
    with loader.command_group("dockervm") as group:
        group.custom_command("create", "create_host", table_transformer=_table("host_row"))
        group.custom_command("enable", "enable_host", table_transformer=_table("host_row"))
        group.custom_show_command("info", "show_info", table_transformer=_table("info_row"))

    with loader.command_group("dockervm cert") as group:
        group.custom_command("create", "create_certificates", table_transformer=_table("certificates_rows"))
        group.custom_show_command("show", "show_certificates", table_transformer=_table("certificates_rows"))


def _table(name):
    """The transformer is imported only when a table is printed."""
    def transform(result):
        from azext_dockervm.output import tables

        return getattr(tables, name)(result)
    return transform
