"""Whether a host without a public address gets out of its network, to install Docker; and whether the replies of one
with a public address get back the way that requests came."""

from __future__ import annotations

from azext_dockervm.advice import host_commands, network_commands
from azext_dockervm.azure import names
from azext_dockervm.body import route_table, virtual_network
from azext_dockervm.errors import Conflict
from azext_dockervm.preflight.found import Found
from azext_dockervm.spec import prefixes
from azext_dockervm.spec.host import HostSpec


def check(spec: HostSpec, found: Found) -> None:
    """Docker may be in an image of somebody's own; then it is a remark."""
    if _is_missing(spec, found) and spec.machine.image.id is None:
        raise Conflict(f"{_what(spec, found)} Docker can't be installed there.", _commands(spec, found))


def remark(spec: HostSpec, found: Found) -> list[str]:
    if not _is_missing(spec, found) or spec.machine.image.id is None:
        return []
    return [f"{_what(spec, found)} The create will succeed only if Docker is in the image."]


def divert_remark(spec: HostSpec, found: Found) -> list[str]:
    """Of a host that is to be made: requests come to its public address, and the route table sends the replies
    elsewhere, from where they have another address, or none."""
    has_address = spec.public_ip is not None or found.public_ip is not None
    hop = route_table.diverted(found.route_table) if found.vm is None and has_address else None
    if hop is None or found.route_table is None:
        return []
    group, table = names.id_parts(found.route_table["id"])
    return [f"The route table '{table}' of the subnet '{_subnet(spec, found)}' sends everything for the Internet to "
            f"{hop}, replies of the host's public IP address too. Connections to that address then fail, unless what "
            "is there expects them.\nTo send the replies to one address, or range, back directly: "
            f"{network_commands.route_to_internet(spec, group, table)}"]


def _is_missing(spec: HostSpec, found: Found) -> bool:
    """Of a host that is to be made. What may not be read is not known to be missing."""
    if found.vm is not None or found.public_ip is not None or spec.public_ip is not None:
        return False
    if found.subnet is not None:
        return not virtual_network.has_way_out(found.virtual_network, found.subnet)
    return not found.interfaces     # a subnet that is made has none


def _what(spec: HostSpec, found: Found) -> str:
    inside = _subnet(spec, found)
    return (f"The host '{spec.name}' gets no public IP address, and the subnet '{inside}' has no way out: no NAT "
            "gateway, no route table, no default outbound access.")


def _subnet(spec: HostSpec, found: Found) -> str:
    """The name of the one that the host is to stand in."""
    return (found.subnet or {}).get("name") or spec.subnet_name or virtual_network.own_subnet(found.virtual_network)


def _commands(spec: HostSpec, found: Found) -> tuple[str, ...]:
    """A network that is not there yet is made first."""
    inside = _subnet(spec, found)
    if found.virtual_network is not None:
        group, network = names.id_parts(found.virtual_network["id"])
        made: tuple[str, ...] = ()
        if found.subnet is None:
            made = (network_commands.create_subnet(spec, group, network, inside,
                                                   spec.network.subnet_prefix or virtual_network.lost_subnet_prefix(
                                                       found.virtual_network)),)
    else:
        group, network = spec.group, spec.virtual_network.name
        ranges = prefixes.planned(spec.network.network_prefix, spec.network.subnet_prefix)
        made = (network_commands.create_virtual_network(spec, network, inside, *ranges),)
    return (*made, *network_commands.make_way_out(spec, group, network, inside),
            f"Then: {host_commands.create_anew(spec)}")
