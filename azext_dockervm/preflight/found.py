"""What is there of a host before a command changes anything."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.azure import names
from azext_dockervm.azure.offers import Capabilities, Usages
from azext_dockervm.body import network_interface, public_ip
from azext_dockervm.body.placement import Placed
from azext_dockervm.body.resource import Resource
from azext_dockervm.body.storage import There
from azext_dockervm.errors import InvalidValue


@dataclass(frozen=True)
class Label:
    """A DNS label to take: ``other`` is the one to take should Azure say after all that it is taken, empty where that
    fails; ``was_replaced`` why it is not the VM's name."""

    name: str = ""
    other: str = ""
    was_replaced: str | None = None


@dataclass(frozen=True)
class Seen:
    """This computer's public IPv4 address, as an echo service saw it. ``by_login``: the one in az's young token, ''
    where that has none. ``by_proxy``: the service was asked through a proxy."""

    address: str
    by_login: str = ""
    by_proxy: bool = False


@dataclass(frozen=True)
class Found:
    """What is there already; resources as ARM shows them, None where there is none."""

    group: Resource | None = None
    vm: Resource | None = None
    virtual_network: Resource | None = None
    security_group: Resource | None = None
    public_ip: Resource | None = None
    network_interface: Resource | None = None
    no_address_asked: bool = False
    interfaces: tuple[Resource, ...] = ()       # those that were named, the primary one first
    subnet: Resource | None = None      # where the host stands, or is to; without properties where it may not be read
    subnet_group: Resource | None = None        # the security group that guards it
    route_table: Resource | None = None     # of the subnet, where a host is to be made; None where it may not be read
    guard: Resource | None = None       # somebody's security group of the interface; its id where it may not be read
    application_groups: tuple[Resource, ...] = ()       # those that were named
    image: Resource | None = None       # None: not allowed to ask
    attached: tuple[Resource, ...] = ()     # disks, in the order in which they were named
    encryption_set: Resource | None = None
    terms_accepted: bool | None = None  # of the image's plan; None: it has none, or not allowed to ask
    standard_is_known: bool = False     # whether the subscription may ask for a VM without Trusted Launch
    capabilities: Capabilities | None = None    # of the size; None: not asked for, not allowed to ask, or not told
    extension_published: bool | None = None     # None: not allowed to ask, or it does not matter
    dns: Label = Label()
    availability_set: str | None = None     # ids of what was named
    proximity_group: str | None = None
    identities: tuple[str, ...] = ()
    diagnostics: str | None = None      # the URI of a storage account's blobs
    schedule: Resource | None = None    # its name and tags; properties are not shown
    ssh_key: str | None = None          # the public key that was named
    port: int | None = None     # the engine's, where the host was asked
    cores: int | None = None    # of the size, where the region's sizes were asked for
    most_data_disks: int | None = None
    compute_usages: Usages | None = None        # None: not told
    network_usages: Usages | None = None
    locks: list[Resource] | None = None
    own_address: Seen | InvalidValue | None = None      # for ``me``; an error where it is not known
    remarks: tuple[str, ...] = ()       # for the user, before anything is made

    @property
    def endpoint(self) -> str | None:
        """By which the host is known and dialled so far: the name of its public address, else that, else the private
        one where that is how it was made; None where it has lost its address."""
        if self.public_ip is not None:
            return public_ip.fqdn_if_any(self.public_ip) or public_ip.address_if_any(self.public_ip)
        return network_interface.private_address_if_any(self.network_interface) if self.is_private else None

    @property
    def expanded_vm(self) -> Resource:
        """The VM with the interface that it stands on in it, whole, and in that its public address, whole too, also one
        that is given back to it."""
        vm, interface = self.vm or {}, self.network_interface
        profile = (vm.get("properties") or {}).get("networkProfile") or {}
        if interface is None or not profile.get("networkInterfaces"):
            return vm
        properties = network_interface.with_address(interface, self.public_ip)
        whole = {"name": interface["name"], "tags": interface.get("tags")}
        shown = [{**one, **whole, "properties": {**(one.get("properties") or {}), **properties, "primary": True}}
                 if one["id"].lower() == interface["id"].lower() else one for one in profile["networkInterfaces"]]
        return {**vm, "properties": {**vm["properties"], "networkProfile": {**profile, "networkInterfaces": shown}}}

    @property
    def is_private(self) -> bool:
        """Whether the host that is there is known by an address and has no public one: none is made for it. So is one
        of which nothing is noted yet, where none is wanted: a template can't note it."""
        noted = names.endpoint_tag(self.vm)
        wanted_so = self.vm is not None and noted is None and self.no_address_asked
        return self.public_ip is None and (names.is_address(noted) or wanted_so)

    @property
    def disks(self) -> There:
        """What the disks of a new VM stand on."""
        return There(self.attached, self.encryption_set)

    @property
    def placed(self) -> Placed:
        return Placed(self.availability_set, self.proximity_group, self.identities, self.diagnostics)

    @property
    def docker_port(self) -> int | None:
        """The engine's port, by the host's own word or by the VM's tag; None where neither tells."""
        if self.port is not None:
            return self.port
        return names.port_tag(self.vm)
