"""A host as Azure shows it: the VM, its addresses, what its tags say."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm import names
from azext_dockervm.errors import DockerVMError, NotFound
from azext_dockervm.plan import vm as machine
from azext_dockervm.plan.arm import Azure


@dataclass(frozen=True)
class MachineView:
    """``tags`` has our own tags by lower-case name; addresses and names are None where there are none."""

    vm: dict
    group: str
    power_state: str
    tags: dict[str, str]
    fqdn: str | None
    public_address: str | None
    private_address: str | None

    @property
    def port(self) -> int | None:
        text = self.tags.get(names.TAG_PORT, "")
        return int(text) if text.isdigit() else None


def read(azure: Azure, group: str, name: str) -> MachineView:
    """Raises ``NotFound`` where the group has no such VM. Addresses that may not be read are left out."""
    found = azure.virtual_machine(group, name)
    if found is None:
        raise NotFound(f"There is no VM '{name}' in a resource group '{group}'.", "az vm list -o table")
    tags = {key.lower(): value for key, value in (found.get("tags") or {}).items()}
    configuration = _first_configuration(azure, found)
    address = _public_ip(azure, configuration)
    return MachineView(
        vm=found, group=group, power_state=machine.power_state(found), tags=tags,
        fqdn=((address.get("dnsSettings") or {}).get("fqdn")) or tags.get(names.TAG_FQDN),
        public_address=address.get("ipAddress"), private_address=configuration.get("privateIPAddress"))


def _id_parts(resource_id: str) -> tuple[str, str]:
    """Group and name out of /subscriptions/S/resourceGroups/G/providers/P/TYPE/NAME."""
    words = resource_id.strip("/").split("/")
    return words[3], words[-1]


def _first_configuration(azure: Azure, found: dict) -> dict:
    interfaces = (found["properties"].get("networkProfile") or {}).get("networkInterfaces")
    if not interfaces:      # a VM that Azure could not make
        return {}
    primary = next((one for one in interfaces if (one.get("properties") or {}).get("primary")), interfaces[0])
    try:
        interface = azure.network_interface(*_id_parts(primary["id"]))
    except DockerVMError:
        return {}       # a login that may read VMs but no networks: the VM's half is shown all the same
    configurations = ((interface or {}).get("properties") or {}).get("ipConfigurations") or [{}]
    return configurations[0].get("properties") or {}


def _public_ip(azure: Azure, configuration: dict) -> dict:
    reference = configuration.get("publicIPAddress")
    if not reference:
        return {}
    try:
        found = azure.public_ip(*_id_parts(reference["id"]))
    except DockerVMError:
        return {}       # as above
    return (found or {}).get("properties") or {}
