"""What the user asked for: one Docker host, as a frozen value whose parts have been checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from azext_dockervm.azure import names, type_names
from azext_dockervm.spec.custom_data import CustomData
from azext_dockervm.spec.disks import Disks
from azext_dockervm.spec.engine import Engine
from azext_dockervm.spec.login import Login
from azext_dockervm.spec.machine import Machine
from azext_dockervm.spec.named import Named
from azext_dockervm.spec.network import Network
from azext_dockervm.spec.placement import Placement
from azext_dockervm.spec.proxies import Proxies
from azext_dockervm.spec.security import Plan, Security
from azext_dockervm.spec.words import NO_PUBLIC_IP
from azext_dockervm.spec.workload import Workload


@dataclass(frozen=True)
class Given:
    """An option that was typed. ``words`` say it again: its name and its values, none of them for a flag or a password.
    ``only_new``: a host that exists keeps what it was made with, so a command that goes on with it need not say it."""

    words: tuple[str, ...]
    only_new: bool = False


@dataclass(frozen=True)
class HostSpec:
    """One Docker host as the user asked for it; ``location`` is None until the group's is known.

    ``given`` has the options that were typed, in this order, by az's names for them: it tells a wish from a default,
    and makes the commands that messages print. ``subscription`` is None where none was named. ``timeout`` is in
    seconds.
    """

    group: str
    name: str
    location: str | None = None
    login: Login = field(default_factory=Login)
    machine: Machine = field(default_factory=Machine)
    disks: Disks = field(default_factory=Disks)
    security: Security = field(default_factory=Security)
    plan: Plan = field(default_factory=Plan)
    network: Network = field(default_factory=Network)
    engine: Engine = field(default_factory=Engine)
    proxies: Proxies = field(default_factory=Proxies)
    placement: Placement = field(default_factory=Placement)
    workload: Workload = field(default_factory=Workload)
    custom_data: CustomData | None = None
    provisioner: str = "auto"
    timeout: float = 1200.0
    tags: dict[str, str] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)
    subscription: str | None = None
    cloud: str = "AzureCloud"   # az's name of it
    applies: bool = False       # a host that exists takes the engine's settings, too

    def having(self, values: Mapping[str, Any]) -> HostSpec:
        """The same host with other values, by where they stand: ``{"engine.port": 2376, "location": "westus"}``."""
        spec = self
        for place, value in values.items():
            part, _, name = place.rpartition(".")
            changed = replace(getattr(spec, part), **{name: value}) if part else value
            spec = replace(spec, **{part or name: changed})
        return spec

    def part_tags(self, run_id: str) -> dict[str, str]:
        """Tags of everything that is made for one host: the user's, since policies want them everywhere, and ours."""
        return {**self.tags, names.TAG_HOST: self.name, names.TAG_RUN: run_id}

    @property
    def virtual_network(self) -> Named:
        """The one that the host is to stand in."""
        network = self.network
        if isinstance(network.subnet, Named):
            inside = network.subnet
            return Named(inside.type.rpartition("/")[0], inside.names[:1], inside.group, inside.subscription)
        return network.virtual_network or Named(
            type_names.VIRTUAL_NETWORK, (names.virtual_network(self.location or ""),))

    @property
    def subnet_name(self) -> str | None:
        """In that network; None where nothing was asked."""
        subnet = self.network.subnet
        return subnet.name if isinstance(subnet, Named) else subnet

    @property
    def public_ip(self) -> Named | None:
        """The public address that the host is to have; None where it has none, or that of an interface."""
        asked = self.network.public_ip
        if self.network.interfaces or asked == NO_PUBLIC_IP:
            return None
        return asked if isinstance(asked, Named) else Named(
            type_names.PUBLIC_IP, (names.public_ip(self.name),))

    @property
    def label(self) -> str | None:
        """The DNS label to ask for first; None where the name is none and a derived one must serve."""
        if self.network.dns_label:
            return self.network.dns_label
        name = self.name.lower()
        return name if names.is_dns_label(name) else None
