"""az dockervm env."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from azext_dockervm.handlers import shared
from azext_dockervm.handlers.command import command

if TYPE_CHECKING:
    from azext_dockervm.options.arguments import Arguments

# What the line that evaluates this command says again.
_SAID_AGAIN = ("shell", "unset", "no_proxy", "testcontainers", "cert_dir")


@command("env")
def env(cmd: Any, arguments: Arguments) -> None:
    """Print the lines that point a shell's docker client at a host."""
    from azext_dockervm.client import which_shell
    from azext_dockervm.client.shells import SHELLS
    from azext_dockervm.output import raw

    named = arguments["shell"]
    windows = os.name == "nt"
    shell = SHELLS[named] if named else which_shell.detected(os.environ, windows)
    lines = _taken_back(cmd, arguments, shell) if arguments["unset"] else _set(cmd, arguments, shell)
    raw.write(shell.encoded(lines, windows))


def _set(cmd: Any, arguments: Arguments, shell: Any) -> list[str]:
    from azext_dockervm.advice import shell_commands
    from azext_dockervm.host import noted, opened

    spec = _asked(cmd, arguments)
    store = shared.certificate_store(arguments)
    host = noted.read(shared.azure_reads(cmd), spec.group, spec.name, spec.subscription)
    opened.check(host, spec, store)
    docker_host = noted.docker_host(host, spec)
    variables = _variables(arguments, docker_host, host.endpoint, store.folder)
    lines = [shell.set(name, value) for name, value in variables.items()]
    with shared.progress_of(cmd, [*opened.warnings(host, spec), *store.warnings(),
                                  *shared.session_warnings(store.folder)]):
        folder = _words(arguments, ("cert_dir",))
        return [*lines,
                # Last, so that an eval without quotes, which joins the lines, loses nothing by it.
                shell.comment(shell_commands.to_build(spec, folder)),
                shell.comment(shell_commands.evaluate_environment(shell.name, spec, _words(arguments)))]


def _taken_back(cmd: Any, arguments: Arguments, shell: Any) -> list[str]:
    from azext_dockervm.advice import shell_commands
    from azext_dockervm.client import variables

    names = variables.DOCKER + (variables.TESTCONTAINERS if arguments["testcontainers"] else ())
    stays = [f"{' and '.join(variables.NO_PROXY)} stay as they are."] if arguments["no_proxy"] else []
    with shared.progress_of(cmd, stays):
        return [*map(shell.unset, names),
                shell.comment(shell_commands.evaluate_environment(shell.name, None, _words(arguments)))]


def _asked(cmd: Any, arguments: Arguments) -> Any:
    """The host that is meant; az can't require it, because --unset needs none."""
    from azext_dockervm.advice import shell_commands
    from azext_dockervm.errors import MissingArgument
    from azext_dockervm.options.commands import option_of
    from azext_dockervm.spec.host import HostSpec

    group, name = arguments["resource_group_name"], arguments["vm_name"]
    missing = [option for option, value in (("--resource-group/-g", group), ("--name/-n", name)) if value is None]
    if missing:
        raise MissingArgument(f"the following arguments are required: {', '.join(missing)}", shell_commands.WHICH_HOST)
    folder = arguments.typed("cert_dir")
    given = {"cert_dir": option_of("env", "cert_dir").given(folder)} if folder else {}
    return HostSpec(group, name, given=given, subscription=cmd.cli_ctx.data.get("subscription_id"))


def _variables(arguments: Arguments, docker_host: str, endpoint: Any, folder: Any) -> dict[str, str]:
    from azext_dockervm.client import variables

    found = variables.docker(docker_host, folder)
    if arguments["no_proxy"]:
        found |= variables.no_proxy(endpoint, os.environ)
    if arguments["testcontainers"]:
        found |= variables.testcontainers(endpoint)
    return found


def _words(arguments: Arguments, names: tuple[str, ...] = _SAID_AGAIN) -> list[str]:
    """Options as they were typed."""
    from azext_dockervm.options.commands import option_of

    options = [option_of("env", name) for name in names]
    return [word for option in options if option.was_typed(arguments.typed(option.name))
            for word in option.given(arguments.typed(option.name)).words]
