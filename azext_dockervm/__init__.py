"""The command loader of ``az dockervm``, nothing else."""

from typing import Any

from azure.cli.core import AzCommandsLoader

from azext_dockervm import _help  # noqa: F401  # pylint: disable=unused-import  # importing it registers the texts


class DockerVMCommandsLoader(AzCommandsLoader):
    """Loads the commands and arguments of this extension into az."""

    def load_command_table(self, args: Any) -> Any:
        from azext_dockervm.commands import load_command_table

        load_command_table(self, args)
        return self.command_table

    def load_arguments(self, command: Any) -> None:
        from azext_dockervm._params import load_arguments

        load_arguments(self, command)


COMMAND_LOADER_CLS = DockerVMCommandsLoader
