"""Options of how a host is reached: its open ports, who may knock, its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azext_dockervm.advice import network_commands
from azext_dockervm.azure import names
from azext_dockervm.options.interface import interface_of
from azext_dockervm.options.option import Gap, Option, Vm, filled
from azext_dockervm.spec import rules, sources
from azext_dockervm.spec.network_rules import parse_idle_timeout

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec

SSH_PORT = 22


def _sshd_moves(spec: HostSpec) -> str | None:
    if spec.network.ssh_port in (None, SSH_PORT):
        return None
    return "the Docker VM extension can't move sshd to another port"


def _another_label(spec: HostSpec, vm: Vm) -> str | None:
    """An address of the host's own has the label, or gets it; any other is never changed."""
    from azext_dockervm.body import network_interface, public_ip

    nic, asked = interface_of(vm), spec.network.dns_label
    if nic is None or asked is None:
        return None
    address = network_interface.public_address(nic)
    if address is None:
        made_anew = names.is_of_host(nic, spec.name) and not names.is_address(names.endpoint_tag(vm))
        return None if made_anew else "the host has no public IP address, which alone can have a DNS label"
    label = public_ip.label_of(address)
    if names.is_of_host(address, spec.name) or label == asked:
        return None
    group, name = names.id_parts(address["id"])
    has = f"has the DNS label '{label}'" if label else "has no DNS label"
    return (f"the host's public IP address '{name}' {has}, and is not changed.\nTo change it, before the same create "
            f"again: {network_commands.label_address(spec, group, name, asked)}")


def _another_idle_timeout(spec: HostSpec, vm: Vm) -> str | None:
    """An address of the host's own gets it; any other is never changed."""
    from azext_dockervm.body import network_interface, public_ip

    nic, asked = interface_of(vm), spec.network.idle_timeout
    if nic is None:
        return None
    address = network_interface.public_address(nic)
    if address is None:
        made_anew = names.is_of_host(nic, spec.name) and not names.is_address(names.endpoint_tag(vm))
        return None if made_anew else "the host has no public IP address, which alone has an idle time-out"
    has = public_ip.idle_timeout(address)
    if names.is_of_host(address, spec.name) or has == asked:
        return None
    group, name = names.id_parts(address["id"])
    return (f"the host's public IP address '{name}' has an idle time-out of {has} minutes, and is not changed.\nTo "
            f"change it: {network_commands.set_idle_timeout(spec, group, name, asked)}")


NETWORK = (
    Option("ssh_port", "--ssh-port -e",
           "Open SSH. -e alone means 22; with another port sshd really listens there.", "Network",
           default_in_words="SSH stays closed", typed_example="2222", read=rules.parse_port,
           place="network.ssh_port",
           gaps=(Gap("docker-extension", _sshd_moves, filled=True),), parser={"nargs": "?", "const": SSH_PORT}),
    Option("sources", "--source-address-prefixes --sources",
           "Who may reach Docker and SSH: IP addresses and ranges such as 203.0.113.0/24, 'me' for the public IPv4 "
           f"address of this computer, which {sources.ECHO_HOST} is asked for, separated by spaces; or one service tag "
           "such as VirtualNetwork.", "Network",
           default=["*"], default_in_words="everybody", example="203.0.113.0/24", read=filled,
           check=sources.check_sources, place="network.sources", parser={"nargs": "+"}),
    Option("public_ip_address_dns_name", "--public-ip-address-dns-name --dns-name",
           "DNS label of the host. One that is taken is an error.", "Network",
           default_in_words="the name in lower case, or one derived from it where that is taken or no valid label",
           read=filled, check=rules.check_dns_label, place="network.dns_label", only_new=True,
           not_applied=_another_label),
    Option("idle_timeout", "--idle-timeout",
           "Minutes without traffic, 4 to 30, after which Azure drops a connection to the host's public IP address. "
           "Waits of SDKs, docker attach and builds can be silent that long. The address of an existing host gets it "
           "only when it is typed.", "Network",
           default=names.DEFAULT_IDLE_TIMEOUT, example="15", read=parse_idle_timeout, place="network.idle_timeout",
           not_applied=_another_idle_timeout),
)
