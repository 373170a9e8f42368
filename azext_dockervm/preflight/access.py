"""What a host shall let in, beside what it and its security group are already."""

from __future__ import annotations

from azext_dockervm.advice import option_values
from azext_dockervm.azure import names
from azext_dockervm.body import security_group
from azext_dockervm.body.guard import Guard
from azext_dockervm.errors import InvalidValue
from azext_dockervm.preflight import guards
from azext_dockervm.preflight.found import Found
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.ports import check_open_ports


def check_ports(spec: HostSpec, found: Found) -> None:
    """Once more with what an existing host has: its Docker port, and whom rules of ours let in."""
    network, theirs = spec.network, [] if guards.makes_group(spec, found) else guards.guards(spec, found)
    is_open = security_group.has_rule(found.security_group, names.PORTS_RULE) or any(
        names.PORTS_RULE in one.own(spec) for one in theirs)
    if network.open_ports_sources is not None and not network.open_ports and not is_open:
        raise InvalidValue("--open-ports-sources: it says who may reach what --open-ports opens, and that opens "
                           "nothing.", option_values.OPEN_PORTS)
    port = found.docker_port if "docker_port" not in spec.given else None
    check_open_ports(network.open_ports, port or spec.engine.port, network.ssh_port, _are_alike(spec, found, theirs))


def _are_alike(spec: HostSpec, found: Found, theirs: list[Guard]) -> bool:
    """Whether open ports are for the same people as Docker and SSH."""
    rules = (names.PORTS_RULE, names.DOCKER_RULE, *((names.SSH_RULE,) if spec.network.ssh_port is not None else ()))
    let_in = [[sorted(one.sources_of(spec, name)) for name in rules] for one in theirs] or [
        [sorted(security_group.sources_of(spec, found.security_group, name)) for name in rules]]
    return all(one == each[0] for each in let_in for one in each)
