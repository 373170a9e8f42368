"""Options of what a host lets in besides Docker and SSH, and of who guards it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azext_dockervm.advice import network_commands
from azext_dockervm.azure import names, type_names
from azext_dockervm.options.interface import interface_of
from azext_dockervm.options.option import Option, Vm, filled
from azext_dockervm.spec.rules import resource_name_or_id
from azext_dockervm.spec.sources import check_sources
from azext_dockervm.spec.words import NO_SECURITY_GROUP

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec
    from azext_dockervm.spec.named import Named
    from azext_dockervm.spec.ports import PortRange

_GROUP = "Network"
_OF_INTERFACES = {"nics": "Leave one of them out: interfaces that are there already have their own."}


def _open_ports(texts: list[str]) -> tuple[PortRange, ...]:
    from azext_dockervm.spec.ports import parse_ports

    return parse_ports(texts)


def _security_group(text: str) -> Named | str:
    if text == NO_SECURITY_GROUP:
        return text
    return resource_name_or_id(text, "--nsg", type_names.SECURITY_GROUP)


def _application_groups(texts: list[str]) -> tuple[Named, ...]:
    found = (resource_name_or_id(text, "--asgs", type_names.APPLICATION_GROUP) for text in texts)
    return tuple(dict.fromkeys(found))


def _another_security_group(spec: HostSpec, vm: Vm) -> str | None:
    from azext_dockervm.body import network_interface
    from azext_dockervm.spec.named import Named

    interface, asked = interface_of(vm), spec.network.security_group
    if interface is None or asked is None:
        return None
    has = network_interface.security_group_id(interface) or ""
    wanted = asked.id(names.subscription_of(vm["id"]), spec.group) if isinstance(asked, Named) else ""
    if has.lower() == wanted.lower():
        return None
    behind = f"the network security group '{names.id_parts(has)[1]}'" if has else "none of its own"
    return (f"the host's interface stands behind {behind}.\nTo change that: "
            f"{network_commands.guard_interface_by(spec, interface, wanted or None)}")


def _other_application_groups(spec: HostSpec, vm: Vm) -> str | None:
    from azext_dockervm.body import network_interface

    interface = interface_of(vm)
    if interface is None:
        return None
    subscription = names.subscription_of(vm["id"])
    wanted = [one.id(subscription, spec.group) for one in spec.network.application_groups]
    if {one.lower() for one in wanted} == network_interface.application_groups(interface):
        return None
    return f"the host keeps those that it has.\nTo change them: " \
           f"{network_commands.set_application_groups(spec, interface, wanted)}"


ACCESS = (
    Option("open_ports", "--open-ports",
           "TCP ports that containers publish and that shall be reached from outside: ports and ranges, separated by "
           "spaces, such as 80 443 32768-60999. Of an existing host these become all that are open by this option.",
           _GROUP, default_in_words="none but Docker's is open, and SSH's where it is asked for", read=filled,
           check=_open_ports, place="network.open_ports", parser={"nargs": "+"}),
    Option("open_ports_sources", "--open-ports-sources",
           "Who may reach --open-ports, where that differs from --sources: '*' is everybody, 'me' this "
           "computer.", _GROUP,
           default_in_words="those of --sources", read=filled,
           check=lambda texts: check_sources(texts, "--open-ports-sources"), place="network.open_ports_sources",
           parser={"nargs": "+"}),
    Option("nsg", "--nsg",
           "Network security group of the host that is there already, by its name or id. Its rules are checked and "
           'stay as they are. With "" the host has none of its own, and that of its subnet guards it.', _GROUP,
           default_in_words="NAMENSG, which is made", check=_security_group, place="network.security_group",
           only_new=True, excludes=_OF_INTERFACES, not_applied=_another_security_group,
           parser={"completer": "security_groups"}),
    Option("open", "--open",
           "Add rules to a network security group that is there already, of the host or of its subnet, where it does "
           "not let in what is asked for: for this host alone, at free priorities.", _GROUP, default=False,
           place="network.adds_rules"),
    Option("asgs", "--asgs",
           "Application security groups that the host is to be in, by names or ids, separated by spaces.", _GROUP,
           read=filled, check=_application_groups, place="network.application_groups", only_new=True,
           excludes=_OF_INTERFACES, not_applied=_other_application_groups,
           parser={"nargs": "+", "completer": "application_groups"}),
)
