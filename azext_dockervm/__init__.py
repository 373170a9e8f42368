"""The command loader of ``az dockervm``, nothing else."""

from azure.cli.core import AzCommandsLoader

from azext_dockervm._help import helps  # noqa: F401 (importing it registers the help texts)


class DockerVMCommandsLoader(AzCommandsLoader):
    """Loads the commands and arguments of this extension into az."""

    def __init__(self, cli_ctx=None):
        from azure.cli.core.commands import CliCommandType

        custom = CliCommandType(operations_tmpl="azext_dockervm.custom#{}")
        super().__init__(cli_ctx=cli_ctx, custom_command_type=custom)

    def load_command_table(self, args):
        from azext_dockervm.commands import load_command_table

        load_command_table(self, args)
        return self.command_table

    def load_arguments(self, command):
        from azext_dockervm._params import load_arguments

        load_arguments(self, command)


COMMAND_LOADER_CLS = DockerVMCommandsLoader
