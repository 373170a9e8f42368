"""What to type instead of a value that an option does not take, and where a value can come from."""

from __future__ import annotations

import os
from collections.abc import Iterable

from azext_dockervm.advice.command_line import az, option, tool

OTHER_NAME = "Choose another --name."
OTHER_NAME_OR_GROUP = "Choose another --name, or another --resource-group."
OTHER_NETWORK = "name another network with --vnet-name"
OTHER_SUBNET = "name another subnet with --subnet"
OTHER_PRIVATE_ADDRESS = "choose another one"
NEW_SUBNET = "Name one with --subnet that is to be made, and its range with --subnet-address-prefix."
OTHER_DNS_LABEL = "Choose another label, or leave the option out: dockervm then finds a free one."
NO_DNS_LABEL = "Leave --public-ip-address-dns-name out, or choose another --name."
OTHER_PROVISIONER = "Leave --provisioner out, or use --provisioner run-command."
PASSWORD_AT_PROMPT = "To type it at a prompt instead: use -p without a value."
PASSWORD_FROM_FILE = "Put it into a file and use -p @file."
PASSWORD_FILE = ("Name a file that can be read; a password that begins with '@' can be typed at the prompt: use -p "
                 "without a value.")
KEYS_OR_PASSWORD = "Give one with --ssh-key-values, or a password with -p."
OPEN_PORTS = "Name the ports too, such as --open-ports 80 443, or leave --open-ports-sources out."
LEAVE_ONE_OUT = "Leave one of them out."
KEYS_ARE_SAFER = "Leave one of them out; keys are safer. To log in with either: --authentication-type all"
ZONE_OR_SET = "Leave one of them out: a zone is one place, an availability set spreads over several of no zone."
MANAGED_STORAGE = "For storage that Azure manages, give the option an empty value."
EVICTED_FOR_GOOD = "Add --eviction-policy Delete, or leave --ephemeral-os-disk out."
WHEN_TO_SHUT_DOWN = "Say when, such as --auto-shutdown 1900."
OTHER_SECURITY_GROUP = "Name one of the host's own subscription, or choose another --subscription."
OWN_SECURITY_GROUP = "Leave --nsg out: the host then gets a network security group of its own."
OTHER_TIMELINE = "Name another file with --timeline, such as create.svg."
PLAN_INSTEAD = "To see what create would do all the same: use --dry-run without 'template'."
EPHEMERAL_TOO = "Add --ephemeral-os-disk, or leave the placement out."
NOT_EPHEMERAL = "Leave --ephemeral-os-disk out, or name types for data disks only: --storage-sku 0=Premium_LRS."
ADD_DISKS = "Leave it out, or add data disks with --data-disk-sizes-gb or --attach-data-disks."
COUNT_LUNS = ("LUNs are counted from 0: first the disks of --data-disk-sizes-gb, then those of --attach-data-disks. "
              "Docker's own is meant by 'docker'. Only new disks take a type.")
DOCKER_DISK = "Leave 'docker=' out, or ask for a new disk of its own with --docker-disk-size-gb."
ONE_DOCKER_DISK = "Leave one of them out: Docker's data lies on one disk, a new one or one that is there."
FEWER_DISKS = "Leave some of --data-disk-sizes-gb or --attach-data-disks out."
LEAVE_ONE_OUT = "Leave one of them out."
IN_NO_ZONE = "Leave --zone out, or choose a disk of that zone."
NO_PLAN = "Leave --plan-name, --plan-product, --plan-publisher and --plan-promotion-code out."
PLAN_OF_IMAGE = ("Give --plan-name, --plan-product and --plan-publisher, or none of them: then what the image itself "
                 "says is taken.")
NO_VARIABLES = "Write a line for each variable: NAME=VALUE."
COMPOSE_EXAMPLE = "The least that Compose takes: services: {web: {image: nginx}}"
PUT_INTO_IMAGE = ("Put the file into the image, its text into the Compose file (configs: content), or its variables "
                  "into --compose-env-file; or bring the project up from this computer, by 'docker compose' in a "
                  "context of the host.")
OTHER_PUBLISHED_PORT = "Publish the service on another port of the host."
COMPOSE_FROM_FILE = "Name a file that can be read; for what another command prints: --compose-file @-"
ADD_COMPOSE_FILE = "Add --compose-file, or leave --compose-env-file out."
ADD_REGISTRY_LOGIN = "Say for which registry: --registry-login SERVER=USER."
ONE_PASSWORD_EACH = "Give one for each --registry-login, in the same order; or leave them out, and you are asked."
REGISTRY_PASSWORD_FILE = ("Put it into a file and use --registry-password @file; or leave the option out, and you are "
                          "asked.")
CUSTOM_DATA_KINDS = (
    "What cloud-init takes begins with #cloud-config, #! (a script), #include, #include-once, #cloud-boothook, "
    "#part-handler, #cloud-config-archive, #cloud-config-jsonp or ## template: jinja, or is a MIME message of such "
    "parts; any of it may be compressed by gzip. Name a file by its path: --custom-data init.yaml. Data that "
    "something on the VM asks for goes with --user-data.")
CUSTOM_DATA_OF_FLATCAR = ("Give an Ignition config (JSON, which the program butane makes), a #cloud-config or a script "
                          "that begins with #!.")
LESS_CUSTOM_DATA = ("Put less into it, such as the address of the rest: #include with URLs, or a script that downloads "
                    "it.")
NEWER_ENGINE_KEY = ("--daemon-json, a file in Docker's own format, also passes on keys that dockervm does not know, "
                    "such as those of a newer engine.")
NAME_OF_FILE = "@ reads the value from a file: name one that exists, or type the value without @."
ECHO_ADDRESS = "For another service, name its https URL; for none: none"
YES = "Use --yes to continue without confirmation."


def example(name: str, *values: object) -> str:
    """A value that the option takes: ``For example: --name web1``."""
    return f"For example: {option(name, *values)}"


def say(name: str, *values: object) -> str:
    """The option with this value."""
    return option(name, *values)


def open_other_ports(ports: Iterable[object]) -> str:
    """``ports`` are those that are left of what was asked for; none where nothing is."""
    words = tuple(map(str, ports))
    return f"To open the others: {option('--open-ports', *words)}" if words else "Leave --open-ports out."


def for_spot_alone(name: str) -> str:
    return f"Add --priority Spot, or leave {name} out."


def in_zone(zone: str) -> str:
    return f"To go on with it there: {option('--zone', zone)}"


def leave_out(name: str, otherwise: str = "") -> str:
    """``otherwise`` is what else would do."""
    return f"Leave {name} out, or {otherwise}." if otherwise else f"Leave {name} out."


def make_ssh_key() -> str:
    """Writes a key pair where ssh looks for it, and asks for the name and a passphrase."""
    return tool("ssh-keygen", "-t", "ed25519")


def help_of(*command: str) -> str:
    """``help_of("dockervm", "enable")``."""
    return az(*command, "--help")


def configure(name: str, value: str) -> str:
    """The default of an option, for good; ``name`` as az's configuration has it, such as dockervm.size."""
    return az("config", "set", f"{name}={value}")


def unconfigure(name: str) -> str:
    return az("config", "unset", name)


def change_variable(name: str, value: str) -> str:
    """A sentence about an environment variable: cmd and PowerShell share no command for it."""
    if os.name == "nt":
        return f"To change it: set {name} to a value such as {value}"
    return f"To change it: {tool('export', f'{name}={value}')}"


def remove_variable(name: str) -> str:
    """As ``change_variable``."""
    return f"To remove it: {tool('unset', name)}" if os.name != "nt" else f"Or remove {name} from the environment."


ANY_ECHO = f"To ask the usual service: {unconfigure('dockervm.echo')}"
