"""The command line: python -m localazure up|down|status|env|join|serve|behavior."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from localazure.instance import DEFAULT, Instance, InstanceError
from localazure.protocol.locations import REGIONS, normal
from localazure.settings import POLICIES


def _policy(text: str) -> tuple[str, str]:
    region, _, value = text.partition("=")
    if normal(region) not in REGIONS or value not in POLICIES:
        raise argparse.ArgumentTypeError(f"{text!r} is not REGION={'|'.join(POLICIES)}")
    return normal(region), value


def _scale(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 10:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 10")
    return value


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = argparse.ArgumentParser(prog="localazure", description="Azure Resource Manager on this computer.")
    _instance(top, os.environ.get("LOCALAZURE_INSTANCE") or DEFAULT)
    commands = top.add_subparsers(dest="command", required=True)
    helps = {
        "up": "start it, or say that it runs",
        "down": "stop it and remove everything that it made, also after a crash",
        "status": "say how it is; exit status 3 when it does not run",
        "env": "print export lines for a shell to evaluate",
        "join": "make this machine a member of a virtual network: private addresses are reached from here",
        "serve": "run the server in the foreground (what `up` starts)",
        "behavior": "show, set, reset or check what goes wrong on purpose (behavior.json)",
    }
    for name, text in helps.items():
        command = commands.add_parser(name, help=text, description=text)
        _instance(command)
        if name == "up":
            command.add_argument(
                "--machines", choices=("nspawn", "fake", "auto"), default="auto",
                help="real guests, or fakes; auto takes real ones where they can be had (root, systemd-nspawn)",
            )  # fmt: skip
            command.add_argument(
                "--time-scale", type=_scale, metavar="FACTOR",
                help="multiplies the service's own delays and Retry-After values; 1 is real (default: 0.02)",
            )  # fmt: skip
            command.add_argument(
                "--docker-extension", type=_policy, action="append", default=[], metavar="REGION=POLICY",
                help=f"how a region has the Docker VM extension: {', '.join(POLICIES)}; may be repeated",
            )  # fmt: skip
            command.add_argument(
                "--registry", action="store_true", default=None,
                help="also run a container registry that guests and this machine reach (Debian's docker-registry)",
            )  # fmt: skip
            command.add_argument("--cores", type=int, metavar="N", help="quota of cores in each region (default: 100)")
        elif name == "down":
            command.add_argument(
                "--keep-state", action="store_true", help="stop only; the next `up` goes on from there"
            )
        elif name == "status":
            command.add_argument("--json", action="store_true", help="for programs")
        elif name == "join":
            command.add_argument(
                "network", nargs="?", metavar="VNET_ID",
                help="the virtual network's resource id; without it: which there are",
            )  # fmt: skip
            command.add_argument("--leave", action="store_true", help="leave that one again, or all of them")
        elif name == "behavior":
            _behavior(command)
    return top


def _instance(command: argparse.ArgumentParser, default: str = argparse.SUPPRESS) -> None:
    """--instance, which may stand anywhere: only the outermost parser has a default, which hides nothing typed."""
    command.add_argument(
        "--instance", default=default, metavar="NAME",
        help=f"which Local Azure (default: the variable LOCALAZURE_INSTANCE, else {DEFAULT})",
    )  # fmt: skip


def _behavior(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="{show,set,reset,check}")
    helps = {
        "show": "print behavior.json",
        "set": "take this file from now on; refused, with the member's name, when it is wrong",
        "reset": "nothing goes wrong on purpose any more",
        "check": "look for errors in a file, without one in the instance's own",
    }
    for name, text in helps.items():
        action = actions.add_parser(name, help=text, description=text)
        _instance(action)
        if name == "set":
            action.add_argument("file", metavar="FILE", help="the file; - is stdin")
        elif name == "check":
            action.add_argument("file", nargs="?", metavar="FILE", help="the file; - is stdin")
        else:
            action.set_defaults(file=None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = parser().parse_args(arguments)
    from localazure import lifecycle

    try:
        instance = Instance(options.instance)
        if options.command == "up":
            chosen = {
                "time_scale": options.time_scale,
                "cores": options.cores,
                "registry": options.registry,
                "docker_extension": dict(options.docker_extension),
            }
            lifecycle.up(
                instance, options.machines, {name: value for name, value in chosen.items() if value not in (None, {})}
            )
        elif options.command == "down":
            lifecycle.down(instance, options.keep_state)
        elif options.command == "status":
            return lifecycle.status(instance, options.json)
        elif options.command == "env":
            return lifecycle.env(instance)
        elif options.command == "join":
            from localazure import network_join

            return network_join.run(instance, options.network, options.leave)
        elif options.command == "behavior":
            from localazure import behavior_cli

            return behavior_cli.run(instance, options.action, options.file)
        else:
            from localazure.serve import serve

            serve(instance)
    except InstanceError as error:
        print(f"localazure: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
