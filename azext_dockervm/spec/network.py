"""How a host is reached: where in which network it stands, its name, its open ports, and who may knock."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.azure import names
from azext_dockervm.spec.named import Named
from azext_dockervm.spec.ports import PortRange


@dataclass(frozen=True)
class Network:
    """``ssh_port`` None means that SSH stays closed; ``dns_label`` None, that one is found.

    ``sources`` may reach Docker and SSH: addresses, prefixes or service tags, ``*`` for all. ``open_ports`` are those
    that containers publish; ``open_ports_sources`` None: whoever may reach Docker may reach these.

    ``virtual_network`` None is the one that hosts share; ``subnet`` is a name in it, or a whole id, which names the
    network too. The prefixes are those of what is to be made. ``interfaces`` are there already, and stand in the place
    of all the others. ``public_ip`` None is one of the host's own, ``NO_PUBLIC_IP`` none at all. ``accelerated`` None
    leaves it to Azure. ``idle_timeout`` is in minutes, of a public address of the host's own.

    In both sources ``ME`` stands for the public address of this computer until ``own_address`` is known, which then
    replaces it. ``echo`` is the URL of the service to ask for it, None for none.

    ``security_group`` None is one of the host's own, ``NO_SECURITY_GROUP`` none; where somebody's guards the host,
    ``adds_rules`` says that rules may be added beside theirs. ``application_groups`` are there already.
    """

    ssh_port: int | None = None
    sources: tuple[str, ...] = ("*",)
    dns_label: str | None = None
    open_ports: tuple[PortRange, ...] = ()
    open_ports_sources: tuple[str, ...] | None = None
    virtual_network: Named | None = None
    subnet: Named | str | None = None
    network_prefix: str | None = None
    subnet_prefix: str | None = None
    interfaces: tuple[Named, ...] = ()
    private_address: str | None = None
    public_ip: Named | str | None = None
    accelerated: bool | None = None
    idle_timeout: int = names.DEFAULT_IDLE_TIMEOUT
    security_group: Named | str | None = None
    adds_rules: bool = False
    application_groups: tuple[Named, ...] = ()
    echo: str | None = None
    own_address: str | None = None
