"""Which command has which tables of options, and the signature by which az learns them."""

from __future__ import annotations

from inspect import Parameter, Signature

from azext_dockervm.options.access import ACCESS
from azext_dockervm.options.certificates import FOLDER, NEW_AUTHORITY, NEW_HOST_FOLDER, TRUST
from azext_dockervm.options.compose import COMPOSE
from azext_dockervm.options.context import (
    BUILDER,
    CONTEXT,
    CONTEXT_OR_CURRENT,
    DOCKER_CONTEXT,
    NEW_CONTEXT,
    NODES,
    REMOVAL,
)
from azext_dockervm.options.custom_data import CUSTOM_DATA
from azext_dockervm.options.disks import DISKS
from azext_dockervm.options.docker_disk import DOCKER_DISK
from azext_dockervm.options.docker_packages import DOCKER_PACKAGES
from azext_dockervm.options.engine import ENGINE
from azext_dockervm.options.env import ENV
from azext_dockervm.options.flow import PREVIEW, PROVISIONER, TAGS, TIMELINE, TIMEOUT, YES
from azext_dockervm.options.host import CHECK, DELETION, GROUP, HOST, HOSTS, NEW_HOST, OPTIONAL_HOST, VM
from azext_dockervm.options.interface import INTERFACE
from azext_dockervm.options.login import LOGIN
from azext_dockervm.options.machine import MACHINE
from azext_dockervm.options.network import NETWORK
from azext_dockervm.options.option import Option
from azext_dockervm.options.placement import COST, PLACEMENT
from azext_dockervm.options.platform import PLATFORM
from azext_dockervm.options.security import SECURITY

# The commands that messages print say options in this order.
COMMANDS: dict[str, tuple[tuple[Option, ...], ...]] = {
    "create": (
        NEW_HOST,
        PLACEMENT,
        MACHINE,
        SECURITY,
        DISKS,
        DOCKER_DISK,
        LOGIN,
        ENGINE,
        DOCKER_PACKAGES,
        COMPOSE,
        NEW_HOST_FOLDER,
        DOCKER_CONTEXT,
        NETWORK,
        INTERFACE,
        ACCESS,
        COST,
        PLATFORM,
        CUSTOM_DATA,
        PROVISIONER,
        TIMEOUT,
        TIMELINE,
        PREVIEW,
        TAGS,
    ),
    "enable": (HOST, TRUST, FOLDER, TIMEOUT, YES),
    "env": (OPTIONAL_HOST, ENV, FOLDER),
    "info": (VM, FOLDER),
    "list": (HOSTS, (CHECK,), FOLDER),
    "show": (VM,),
    "delete": (VM, DELETION, FOLDER, TIMEOUT, YES),
    "wait": (VM, FOLDER),
    "cert create": (FOLDER, NEW_AUTHORITY, YES),
    "cert show": (FOLDER,),
    "context create": (HOST, NEW_CONTEXT, FOLDER),
    "context list": (),
    "context show": (CONTEXT_OR_CURRENT,),
    "context use": (CONTEXT,),
    "context remove": (CONTEXT, REMOVAL, YES),
    "builder create": (GROUP, BUILDER, NODES, FOLDER),
    "builder remove": (BUILDER,),
}


def options_of(command: str) -> tuple[Option, ...]:
    return tuple(option for table in COMMANDS[command] for option in table)


def option_of(command: str, name: str) -> Option:
    return next(option for option in options_of(command) if option.name == name)


def signature(command: str) -> Signature:
    """Of the command's handler: az makes its arguments of it, and a switch of a bool.

    None stands for what was not typed, whatever the option's default: az's configuration may say otherwise.
    """
    def default(option: Option) -> object:
        if option.required:
            return Parameter.empty
        return False if option.is_switch else None

    return Signature([Parameter("cmd", Parameter.POSITIONAL_OR_KEYWORD),
                      *(Parameter(option.name, Parameter.KEYWORD_ONLY, default=default(option))
                        for option in options_of(command))])
