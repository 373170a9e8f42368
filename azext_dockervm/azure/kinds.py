"""The kinds of resources that this extension reads and writes: how each is called, asked for and waited for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from azext_dockervm.azure import type_names


@dataclass(frozen=True)
class Patience:
    """Codes of refusals that mean "not yet"; how long such a one is repeated and after which pauses, in seconds; the
    last one stays.

    ``seconds`` None: as long as the deadline allows.
    """

    codes: frozenset[str] = frozenset()
    seconds: float | None = None
    pauses: tuple[float, ...] = (5.0,)


# What Azure answers while the network that another create has just begun is not there yet (azure-core repeats that for
# five seconds only), or while something that was just deleted still holds on to the resource. A NIC stays reserved for
# 180 s after the VM that it was meant for failed.
STILL_HELD = Patience(frozenset({
    "NicInUse", "NicReservedForAnotherVm", "PublicIPAddressCannotBeDeleted", "AnotherOperationInProgress",
    "InUseNetworkSecurityGroupCannotBeDeleted", "RetryableError", "ReferencedResourceNotProvisioned"}), 240.0)
# The network's parts are made within a few seconds, and Azure says to ask for their operation after 10 s, then 20. A
# read counts for Resource Manager's budget alone: it holds 250, and 25 come back each second. A host's parts that are
# made side by side take three reads in two seconds.
NETWORK_LOOKS = (0.5, 1.0, 2.0)
# A VM's operation Azure says to ask for after 10 s, then every 30. A read of a VM or of what is below it counts for one
# budget: it holds 36, and 12 come back each minute. Two minutes with 20 reads each leave 20 of them for others (other
# terminals, the portal, our own later reads); from then on 10 are taken of the 12 that come back.
VM_LOOKS = (*(3.0,) * 40, 6.0)
# What is below a VM, from the same budget, and one after the other without a pause: never more than comes back; for a
# script that runs for an hour half of it.
BELOW_VM_LOOKS = (*(5.0,) * 36, 10.0)
# Other changes of the same VM, of which Azure takes one at a time: a killed run's, or those of policies that put their
# extensions onto each new VM. Each try counts for what may be changed of one VM: 12, and 4 more each minute.
BUSY = Patience(frozenset({"AnotherOperationInProgress", "Conflict", "OperationPreempted"}), None,
                (3.0,) * 4 + (15.0,))
# A VM's own PUT is not repeated: "Conflict" may be the answer to this very request, sent twice after a lost connection.
AT_ONCE = Patience()


@dataclass(frozen=True)
class Member:
    """A member of a body that older api-versions do not know: ``path`` with ``[]`` for each element of a list."""

    path: str
    since: str


@dataclass(frozen=True)
class Spoken:
    """An ARM type and the api-version in which it is spoken to: old enough for every cloud, new enough for what is
    sent. Azure's newest lack in sovereign clouds and single regions for years (azure-cli#23985, #27154)."""

    type: str
    api_version: str
    younger_members: tuple[Member, ...] = ()


# The oldest that has what is sent: run commands with treatFailureAsDeploymentFailure (2023-03-01), If-None-Match on the
# VM's PUT (2023-09-01).
COMPUTE_VERSION = "2023-09-01"
DISKS_VERSION = "2023-04-02"
# What az itself uses for network interfaces. Newer than all that is sent (a public address's deleteOption, 2021-02-01),
# older than subnets that are private unless they say otherwise (2025-07-01).
NETWORK_VERSION = "2023-11-01"


@dataclass(frozen=True)
class Value:
    """A value of a body's member that api-versions before ``since`` do not know: with it a later one is spoken."""

    path: str
    value: str
    since: str

    def is_in(self, body: Any) -> bool:
        for name in self.path.split("."):
            body = body.get(name) if isinstance(body, Mapping) else None
        return bool(body == self.value)


@dataclass(frozen=True)
class Kind(Spoken):
    """``noun`` names it to people, ``verb`` what its PUT does; ``client`` and ``operations`` find it in the SDK; they
    are empty where no SDK of ours knows it, and it is called by its id.

    ``put_patience`` is that of its PUT, ``patience`` that of its tags and its deletion. ``expand`` asks a read for
    more. ``never_replaces`` is the api-version since which a PUT can say that it must not change what is there (None:
    it may). ``looks`` are the seconds before each look at what is written, while the operation is asked when Azure
    says; the last one stays.
    """

    noun: str = ""
    client: str = ""
    operations: str = ""
    verb: str = "create"
    put_patience: Patience = AT_ONCE
    patience: Patience = AT_ONCE
    tag_method: str = "update_tags"
    list_method: str = "list"
    expand: str | None = None
    never_replaces: str | None = None
    looks: tuple[float, ...] = (2.0,)
    younger_values: tuple[Value, ...] = ()

    def speaking(self, body: Any) -> Kind:
        """The same, in a version in which ``body`` can be said."""
        needed = [value.since for value in self.younger_values if value.is_in(body)]
        return replace(self, api_version=max([self.api_version, *needed]))

    def provider_path(self, names: tuple[str, ...]) -> str:
        """Such as Microsoft.Compute/virtualMachines/web1/extensions/DockerExtension."""
        namespace, *types = self.type.split("/")
        return "/".join([namespace, *(word for pair in zip(types, names, strict=True) for word in pair)])


def _network(type_name: str, noun: str, operations: str, *younger: Member) -> Kind:
    return Kind(type_name, NETWORK_VERSION, younger, noun, "network", operations,
                put_patience=STILL_HELD, patience=STILL_HELD, looks=NETWORK_LOOKS)


VM = Kind(
    type_names.VM, COMPUTE_VERSION, (
        Member("properties.storageProfile.osDisk.deleteOption", "2021-03-01"),
        Member("properties.networkProfile.networkInterfaces[].properties.deleteOption", "2021-03-01"),
        Member("properties.securityProfile.securityType", "2020-12-01"),
        Member("properties.securityProfile.uefiSettings", "2020-12-01"),
        # Without it Azure keeps a data disk, as this asks for. Members that encrypt are none of these: who asks for
        # them is refused rather than left without.
        Member("properties.storageProfile.dataDisks[].deleteOption", "2021-03-01"),
    ), "VM", "compute", "virtual_machines", patience=BUSY, tag_method="begin_update", expand="instanceView",
    never_replaces="2023-09-01", looks=VM_LOOKS, younger_values=(
        # "Minimum api-version for NvmeDisk" (azure-mgmt-compute 39, DiffDiskPlacement).
        Value("properties.storageProfile.osDisk.diffDiskSettings.placement", "NvmeDisk", "2024-03-01"),
        Value("properties.priority", "SpotPlus", "2026-04-01")))     # azure-cli#33881
EXTENSION = Kind(
    type_names.EXTENSION, COMPUTE_VERSION, (), "VM extension", "compute",
    "virtual_machine_extensions", "install", BUSY, BUSY, looks=BELOW_VM_LOOKS)
# Of disks nothing is sent but deletions: they are made with their VM. A disk is still its VM's for some seconds after
# the VM's deletion has ended.
DISK = Kind(type_names.DISK, DISKS_VERSION, (), "disk", "compute", "disks", put_patience=AT_ONCE,
            patience=Patience(frozenset({"Conflict", "AnotherOperationInProgress", "OperationNotAllowed"}), 60.0),
            tag_method="begin_update", list_method="list_by_resource_group")
DISK_ENCRYPTION_SET = Kind(
    type_names.DISK_ENCRYPTION_SET, DISKS_VERSION, (), "disk encryption set", "compute", "disk_encryption_sets",
    tag_method="begin_update", list_method="list_by_resource_group")
# Managed run commands are there since 2020-06-01.
RUN_COMMAND = Kind(
    type_names.RUN_COMMAND, COMPUTE_VERSION, (
        Member("properties.treatFailureAsDeploymentFailure", "2023-03-01"),
    ), "run command", "compute", "virtual_machine_run_commands", "run", BUSY, BUSY,
    list_method="list_by_virtual_machine", expand="instanceView", looks=BELOW_VM_LOOKS)
# Of outbound access Microsoft's change log says 2023-05-01, and a published specification of that version has it not:
# by the later one nothing is sent that may be refused as unknown.
VIRTUAL_NETWORK = _network(type_names.VIRTUAL_NETWORK, "virtual network", "virtual_networks",
                           Member("properties.subnets[].properties.defaultOutboundAccess", "2023-06-01"))
SUBNET = _network(type_names.SUBNET, "subnet", "subnets",
                  Member("properties.defaultOutboundAccess", "2023-06-01"))
PUBLIC_IP = _network(type_names.PUBLIC_IP, "public IP address", "public_ip_addresses",
                     Member("properties.deleteOption", "2021-02-01"))
NETWORK_INTERFACE = _network(
    type_names.NETWORK_INTERFACE, "network interface", "network_interfaces",
    Member("properties.ipConfigurations[].properties.publicIPAddress.properties.deleteOption", "2021-02-01"))
SECURITY_GROUP = _network(type_names.SECURITY_GROUP, "network security group", "network_security_groups")
SECURITY_RULE = _network(type_names.SECURITY_RULE, "security rule", "security_rules")
APPLICATION_GROUP = _network(type_names.APPLICATION_GROUP, "application security group", "application_security_groups")

# The nightly end of a VM, as az itself makes it (`az vm auto-shutdown`); by this version since 2018.
SCHEDULE = Kind(type_names.SCHEDULE, "2018-09-15", noun="auto-shutdown schedule",
                tag_method="begin_update", looks=NETWORK_LOOKS)

KINDS: Mapping[str, Kind] = {kind.type: kind for kind in (
    VM, EXTENSION, RUN_COMMAND, VIRTUAL_NETWORK, SUBNET, PUBLIC_IP, NETWORK_INTERFACE, SECURITY_GROUP, SECURITY_RULE,
    APPLICATION_GROUP, DISK, DISK_ENCRYPTION_SET, SCHEDULE)}

# What is only asked for. First what people name, as resources like the others.
AVAILABILITY_SET = Kind(type_names.AVAILABILITY_SET, COMPUTE_VERSION, noun="availability set")
PROXIMITY_GROUP = Kind(type_names.PROXIMITY_GROUP, COMPUTE_VERSION, noun="proximity placement group")
SSH_KEY = Kind(type_names.SSH_KEY, COMPUTE_VERSION, noun="SSH key")
USER_IDENTITY = Kind(type_names.USER_IDENTITY, "2018-11-30", noun="managed identity")
STORAGE_ACCOUNT = Kind(type_names.STORAGE_ACCOUNT, "2021-01-01", noun="storage account")
ROUTE_TABLE = Kind(type_names.ROUTE_TABLE, NETWORK_VERSION, noun="route table")

GROUPS = Spoken(type_names.GROUPS, "2021-04-01")
IMAGES = Spoken(type_names.IMAGES, COMPUTE_VERSION)
# Galleries have api-versions of their own; purchasePlan and features are there since 2020-09-30.
GALLERY_IMAGES = Spoken(type_names.GALLERY_IMAGES, "2023-07-03")
MANAGED_IMAGES = Spoken(type_names.MANAGED_IMAGES, COMPUTE_VERSION)
COMPUTE_USAGES = Spoken(type_names.COMPUTE_USAGES, COMPUTE_VERSION)
NETWORK_USAGES = Spoken(type_names.NETWORK_USAGES, NETWORK_VERSION)
# The only stable one that knows locks of resources of every kind; there since 2016.
LOCKS = Spoken(type_names.LOCKS, "2016-09-01")
SIZES = Spoken(type_names.SIZES, COMPUTE_VERSION)
SIZES_ON_OFFER = Spoken(type_names.SIZES_ON_OFFER, "2021-07-01")
FEATURES = Spoken(type_names.FEATURES, "2021-07-01")
AGREEMENTS = Spoken(type_names.AGREEMENTS, "2021-01-01")
DNS_LABELS = Spoken(type_names.DNS_LABELS, NETWORK_VERSION)
