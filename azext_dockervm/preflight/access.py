"""What a host shall let in, beside what it and its security group are already."""

from __future__ import annotations

from azext_dockervm.advice import option_values
from azext_dockervm.azure import names
from azext_dockervm.body import security_group
from azext_dockervm.errors import InvalidValue
from azext_dockervm.preflight.found import Found
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.ports import check_open_ports


def check_ports(spec: HostSpec, found: Found) -> None:
    """Once more with what an existing host has: its Docker port, and whom its rules let in."""
    network, group = spec.network, found.security_group
    if network.open_ports_sources is not None and not network.open_ports and not security_group.has_rule(
            group, names.PORTS_RULE):
        raise InvalidValue("--open-ports-sources: it says who may reach what --open-ports opens, and that opens "
                           "nothing.", option_values.OPEN_PORTS)
    services = (names.DOCKER_RULE, *((names.SSH_RULE,) if network.ssh_port is not None else ()))
    let_in = [sorted(security_group.sources_of(spec, group, name)) for name in (names.PORTS_RULE, *services)]
    port = found.docker_port if "docker_port" not in spec.given else None
    check_open_ports(network.open_ports, port or spec.engine.port, network.ssh_port,
                     all(one == let_in[0] for one in let_in))
