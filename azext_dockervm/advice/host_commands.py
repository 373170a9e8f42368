"""Commands about one host: its whole life by ``az dockervm``, its VM by ``az vm``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from azext_dockervm.advice.command_line import az
from azext_dockervm.advice.subject import AskedHost, NamedHost, PlacedHost
from azext_dockervm.azure import names


def create_again(host: AskedHost, instead: Mapping[str, tuple[str, ...]] | None = None) -> str:
    """The create that goes on with this host, with all options as they were typed but for those that a VM keeps from
    its creation. ``instead`` has other words for options, by az's names for them; none leaves an option out."""
    given = {name: typed.words for name, typed in host.given.items() if not typed.only_new}
    return _create(host, [words for words in {**given, **(instead or {})}.values() if words])


def create_anew(host: AskedHost) -> str:
    """The same create where there is no VM yet: login and machine are said again too. A password is never part of it:
    -p alone asks."""
    return _create(host, [option.words for option in host.given.values()])


def create_with(host: AskedHost, option: str, *words: str) -> str:
    """``create_again`` with other ``words`` for the option that az names ``option``."""
    return create_again(host, {option: words})


def create_anew_with(host: AskedHost, option: str, *words: str) -> str:
    """``create_anew`` with other ``words`` for the option that az names ``option``."""
    return _create(host, {**{name: typed.words for name, typed in host.given.items()}, option: words}.values())


def create_anew_without(host: AskedHost, option: str) -> str:
    """``create_anew`` without the option that az names ``option``."""
    return _create(host, [typed.words for name, typed in host.given.items() if name != option])


def create_anew_of(host: NamedHost, options: Mapping[str, tuple[str, ...]]) -> str:
    """A create with these options alone; by the names that az has for them, the words."""
    return _create(host, options.values())


def create_by_owner(host: NamedHost) -> str:
    """The create of whoever made this host, whose options are not known."""
    return _create(host, [])


def _create(host: NamedHost, options: Iterable[tuple[str, ...]]) -> str:
    return _about(host, "dockervm", "create", *(word for words in options for word in words))


def create_group(host: PlacedHost) -> str:
    """The resource group that a host is to be made in."""
    return az("group", "create", "-n", host.group, "-l", host.location or "westus", subscription=host.subscription)


def enable(host: AskedHost) -> str:
    """The command that makes a host trust the certificate authority of the user's folder."""
    folder = host.given["cert_dir"].words if "cert_dir" in host.given else ()
    return _about(host, "dockervm", "enable", "--replace-trust", *folder)


def start(host: NamedHost) -> str:
    return _about(host, "vm", "start")


def restart(host: NamedHost) -> str:
    return _about(host, "vm", "restart")


def show_state(host: NamedHost) -> str:
    """What Azure and the VM's agent say of the VM."""
    return _about(host, "vm", "get-instance-view")


def wait_until_deleted(host: NamedHost) -> str:
    return _about(host, "vm", "wait", "--deleted")


def resize(host: NamedHost, size: str) -> str:
    return _about(host, "vm", "resize", "--size", size)


def secure(host: NamedHost, option: str, value: str) -> str:
    """With another security type, or another setting of its firmware."""
    return _about(host, "vm", "update", option, value)


def set_login(host: NamedHost, user: str, *login: str) -> str:
    """Adds a user, or gives one that exists a new key or password. ``login`` is the option that has it."""
    return _about(host, "vm", "user", "update", "-u", user, *login)


def delete(host: NamedHost, data_disks_go: bool = False) -> str:
    """Asks before it deletes; given again, it goes on with what is left."""
    return _about(host, "dockervm", "delete", *(("--data-disks", "delete") if data_disks_go else ()))


def delete_resource(host: NamedHost, resource_id: str) -> str:
    """Any resource, by its id."""
    return az("resource", "delete", "--ids", resource_id, subscription=host.subscription)


def delete_extension(host: NamedHost) -> str:
    """The Docker VM extension; the agent stops Docker with it."""
    return az("vm", "extension", "delete", "-g", host.group, "--vm-name", host.name, "-n", names.EXTENSION_TYPE,
              subscription=host.subscription)


def list_extensions(host: NamedHost) -> str:
    """With their states."""
    return az("vm", "extension", "list", "-g", host.group, "--vm-name", host.name, "-o", "table",
              subscription=host.subscription)


def run_shell(host: NamedHost, command: str) -> str:
    """A shell command on the host, as root."""
    return az("vm", "run-command", "invoke", "-g", host.group, "-n", host.name, "--command-id", "RunShellScript",
              "--scripts", command, subscription=host.subscription)


def delete_run_command(host: NamedHost, name: str) -> str:
    return az("vm", "run-command", "delete", "-g", host.group, "--vm-name", host.name, "-n", name, "--yes",
              subscription=host.subscription)


def list_parts(host: NamedHost) -> str:
    """All resources that were made for one host, by their tag."""
    return az("resource", "list", "--tag", f"{names.TAG_HOST}={host.name}", "-o", "table",
              subscription=host.subscription)


def list_hosts(subscription: str | None) -> str:
    """All hosts that dockervm has made."""
    return az("dockervm", "list", "-o", "table", subscription=subscription)


def info(host: NamedHost) -> str:
    return _about(host, "dockervm", "info")


def info_as_asked(host: AskedHost) -> str:
    """``info`` with the folder that was typed."""
    folder = host.given["cert_dir"].words if "cert_dir" in host.given else ()
    return _about(host, "dockervm", "info", *folder)


def list_vms(subscription: str | None) -> str:
    return az("vm", "list", "-o", "table", subscription=subscription)


def mark_as_part(host: NamedHost, resource_id: str) -> str:
    """Gives a resource the tag that says that it belongs to the host; its other tags stay."""
    return az("tag", "update", "--operation", "Merge", "--resource-id", resource_id, "--tags",
              f"{names.TAG_HOST}={host.name}", subscription=host.subscription)


def show_tags(host: NamedHost, resource_id: str) -> str:
    return az("tag", "list", "--resource-id", resource_id, subscription=host.subscription)


def remove_tags(host: NamedHost, resource_id: str) -> str:
    """NAME=VALUE stands for the tags that are to go."""
    return az("tag", "update", "--operation", "Delete", "--resource-id", resource_id, "--tags", "NAME=VALUE",
              subscription=host.subscription)


def _about(host: NamedHost, *words: str) -> str:
    """Group and name stand between the command's verbs and its own options."""
    verbs = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    return az(*words[:verbs], "-g", host.group, "-n", host.name, *words[verbs:], subscription=host.subscription)
