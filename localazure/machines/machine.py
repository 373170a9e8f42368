"""The interface between Local Azure's resource providers and its machines: values, errors, the platform's methods.

All values are frozen. Methods of a platform block, are safe to call from several threads, and raise MachineError.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The address at which Azure's guests find their DNS server, DHCP server and health probes.
WIRE_SERVER = "168.63.129.16"
# The resource that tells a Linux guest how long a run command may take at most: 90 minutes.
RUN_TIMEOUT_S = 5400.0


class MachineError(Exception):
    """A machine could not do what was asked: `code` is one word for programs, the message a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Secret:
    """A text that never prints itself; `reveal()` gives it away on purpose."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True)
class Subnet:
    """One subnet: `prefix` like "10.0.0.0/24". `lets_out`: machines without a public address reach the Internet."""

    name: str
    prefix: str
    lets_out: bool = True


@dataclass(frozen=True)
class Network:
    """A virtual network. `id` is eight hexadecimal digits, stable for the VNet's ARM id."""

    id: str
    prefixes: tuple[str, ...]
    subnets: tuple[Subnet, ...]


@dataclass(frozen=True)
class DataDisk:
    """A data disk as a machine has it. `id` is eight hexadecimal digits, stable for the disk's ARM id."""

    id: str
    lun: int
    size_gib: int
    read_only: bool = False


@dataclass(frozen=True)
class MachineSpec:
    """What a machine is made from. `id` is eight hexadecimal digits, stable for the VM.

    The guest's gateway is the first host address of `subnet_prefix`, its DNS server is 168.63.129.16.
    `cloud_init` False boots a guest in which only the agent makes user, keys and host name; `agent` False one without
    the agent: cloud-init alone makes the user, or nobody does. `cloud_init_delay_s` is how much later cloud-init begins
    to work on the custom data, in seconds. What is no guest takes `package_lists_s` to fetch the package lists and
    `installation_s` to install Docker; a guest takes what it takes. The `data_disks` exist already (disk_create).
    `variant` names a guest that differs from the image ("" is the image itself); a platform that does not have it
    refuses.
    """

    id: str
    hostname: str
    admin_username: str
    admin_password: Secret | None
    ssh_keys: tuple[str, ...]
    custom_data: bytes | None = field(repr=False)
    cloud_init: bool
    network_id: str
    private_ip: str
    subnet_prefix: str
    mac: str
    cpus: int
    memory_mib: int
    data_disks: tuple[DataDisk, ...] = ()
    agent: bool = True
    cloud_init_delay_s: float = 0.0
    package_lists_s: float = 0.0
    installation_s: float = 0.0
    variant: str = ""
    metadata: dict[str, Any] | None = field(default=None, repr=False, hash=False)  # as for machine_metadata()


@dataclass(frozen=True)
class PublicAddress:
    """An address of the platform's `public_pool` and the name under which this machine shall resolve it."""

    address: str
    fqdn: str | None


@dataclass(frozen=True)
class FirewallRule:
    """One security rule, as in an NSG. Callers pass rules sorted by priority; the first match decides.

    direction "Inbound"|"Outbound", access "Allow"|"Deny", protocol "Tcp"|"Udp"|"Icmp"|"*". Ports are "*", "22" or
    "1000-2000"; prefixes are addresses, CIDR, "*", "Internet", "VirtualNetwork" or "AzureLoadBalancer". Other service
    tags (Storage, AzureCloud...) match nothing here.
    The platform adds Azure's default rules at the end by itself.
    """

    name: str
    priority: int
    direction: str
    access: str
    protocol: str
    source_prefixes: tuple[str, ...]
    source_ports: tuple[str, ...]
    destination_prefixes: tuple[str, ...]
    destination_ports: tuple[str, ...]


@dataclass(frozen=True)
class Guise:
    """What a guest passes for with extension handlers, since all guests are Debian, and how long a handler waits.

    `distribution` and `release` as the DockerExtension's handler reads them out of the image's release files; "" where
    the image has none that it knows. `of_its_time`: the image is one that the handler was made for, so that its own
    way of installing works. `pace` multiplies the handler's own pauses.
    """

    distribution: str = "Ubuntu"
    release: str = "18.04"
    of_its_time: bool = True
    pace: float = 0.0


OF_ITS_TIME = Guise()


@dataclass(frozen=True)
class RunResult:
    """What a command in a guest answered. `timed_out` True: it was ended at its deadline (exit_code is then 124)."""

    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool = False


class Platform(ABC):
    """Where machines live. Blocking, safe to call from several threads; every method raises MachineError."""

    kind: str
    state_dir: Path
    instance: str
    public_pool: Sequence[str]  # the addresses this instance may hand out
    service_address: str  # an address of this machine at which it offers services to itself and to the guests
    # Set before start(): the name that leads to service_address, here and in guests, and the authority in PEM whose
    # certificates the services show, which guests trust as they trust public ones.
    service_name: str = ""
    authority: bytes = b""

    @abstractmethod
    def start(self) -> None:
        """Prepare: clear what a crashed server left half-made, adopt machines that still run."""

    @abstractmethod
    def stop(self) -> None:
        """The server goes, the machines stay."""

    @abstractmethod
    def destroy(self) -> None:
        """Everything away: processes, mounts, namespaces, links, cgroups, firewall tables, sysctls, names, folders.

        Works from a new process after a crash, and again when there is nothing left.
        """

    @abstractmethod
    def network_put(self, network: Network) -> None:
        """Make the network or bring it up to date (subnets may come and go)."""

    @abstractmethod
    def network_delete(self, network_id: str) -> None:
        """Remove the network; nothing happens when it does not exist."""

    @abstractmethod
    def network_join(self, network_id: str, joined: bool) -> None:
        """Make this machine a member of the network, or no longer one. Kept over restarts of server and machine.

        A member reaches the guests' private addresses, from an address that is inside the tag VirtualNetwork. Refused
        when the network's prefixes overlap those of another joined network or of this machine ("PrefixInUse").
        """

    @abstractmethod
    def disk_create(self, disk_id: str, size_gib: int) -> None:
        """Make an empty data disk (a sparse file); nothing happens when it exists."""

    @abstractmethod
    def disk_resize(self, disk_id: str, size_gib: int) -> None:
        """Make a data disk larger, also under a guest that runs; smaller is refused ("DiskTooSmall")."""

    @abstractmethod
    def disk_delete(self, disk_id: str) -> None:
        """Remove a data disk and its content; refused while a machine has it ("DiskInUse")."""

    @abstractmethod
    def machine_create(self, spec: MachineSpec) -> None:
        """Boot a new machine; returns when user, keys, host name and agent are ready (cloud-init may still work)."""

    @abstractmethod
    def machine_start(self, machine_id: str) -> None:
        """Boot a stopped machine with its old disk; nothing happens when it runs."""

    @abstractmethod
    def machine_stop(self, machine_id: str) -> None:
        """Shut a machine down; disk, addresses and firewall are kept."""

    @abstractmethod
    def machine_restart(self, machine_id: str) -> None:
        """Stop and start."""

    @abstractmethod
    def machine_delete(self, machine_id: str) -> None:
        """Shut down and remove with its disk; nothing happens when it does not exist."""

    @abstractmethod
    def machine_state(self, machine_id: str) -> str:
        """ "running" | "stopped" | "starting" | "absent". A guest that powered itself off or died is "stopped"."""

    @abstractmethod
    def machine_agent(self, machine_id: str) -> bool:
        """Whether the machine's agent answers now."""

    @abstractmethod
    def machine_console(self, machine_id: str) -> str:
        """All that the guest wrote to its serial console, over all its boots."""

    @abstractmethod
    def machine_disks(self, machine_id: str, disks: Sequence[DataDisk]) -> None:
        """Let the machine have exactly these data disks: the difference is attached and detached, at once if it runs.

        A file system that is still mounted in the guest ends as when its disk is pulled out, its content on disk.
        """

    @abstractmethod
    def machine_size(self, machine_id: str, cpus: int, memory_mib: int) -> None:
        """Limit the machine to this from now on."""

    @abstractmethod
    def machine_metadata(self, machine_id: str, instance: dict[str, Any]) -> None:
        """What the guest's instance metadata service answers: {"compute": {...}, "network": {...}}; an "identity" has
        what tokens are signed with, and is never answered itself.

        `compute.userData` is base64. An address 169.254.169.254 answers in the guest from its first boot on.
        """

    @abstractmethod
    def machine_expose(self, machine_id: str, address: PublicAddress | None) -> None:
        """Let a public address (and its name, while the machine is up) lead to the machine; None takes it away."""

    @abstractmethod
    def machine_readdress(self, machine_id: str, private_ip: str, subnet_prefix: str) -> None:
        """Give the machine another private address in its network, in the guest too and at once."""

    @abstractmethod
    def machine_firewall(self, machine_id: str, rules: Sequence[FirewallRule] | None) -> None:
        """Enforce these rules from now on. None is "no NSG": closed from the Internet, open inside the network."""

    @abstractmethod
    def machine_run(
        self,
        machine_id: str,
        script: str,
        arguments: Sequence[tuple[str, str]] = (),
        timeout: float = RUN_TIMEOUT_S,
        user: str | None = None,
        thoroughly: bool = False,
    ) -> RunResult:
        """Run a script in the guest as the managed run-command handler does: named arguments are its environment.

        Waits for a guest that is restarting. `timeout` in seconds; at its end the script is killed, and what it has
        started goes on, with its locks; `thoroughly`: that is killed, too.
        Without an agent this and extensions raise MachineError("NoAgent").
        """

    @abstractmethod
    def machine_extension(
        self, machine_id: str, publisher: str, type_name: str, settings: dict[str, Any], protected: dict[str, Any],
        guise: Guise = OF_ITS_TIME,
    ) -> RunResult:  # fmt: skip
        """Do what the genuine extension handler does in the guest; exit_code != 0: it failed, stderr says why."""

    @abstractmethod
    def machine_extension_remove(
        self, machine_id: str, publisher: str, type_name: str, guise: Guise = OF_ITS_TIME
    ) -> RunResult:
        """Do what the genuine handler does at `disable` and `uninstall`; exit_code != 0: it failed, stderr says why."""
