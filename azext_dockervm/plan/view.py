"""A host as Azure shows it: the VM, its addresses, what its tags say."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm import advice, names
from azext_dockervm.errors import DockerVMError, NotFound
from azext_dockervm.plan import interface as interface_of
from azext_dockervm.plan import vm as machine
from azext_dockervm.plan.arm import Azure


@dataclass(frozen=True)
class MachineView:
    """``tags`` has our own tags by lower-case name; addresses and names are None where there are none; ``subscription``
    as it was named, for the commands that messages print."""

    vm: dict
    group: str
    power_state: str
    tags: dict[str, str]
    fqdn: str | None
    public_address: str | None
    private_address: str | None
    security_group: str | None = None       # the id of the interface's
    subscription: str | None = None

    @property
    def port(self) -> int | None:
        return names.port_tag(self.vm)


def read(azure: Azure, group: str, name: str, subscription: str | None = None) -> MachineView:
    """Raises ``NotFound`` where the group has no such VM. Addresses that may not be read are left out."""
    found = azure.virtual_machine(group, name)
    if found is None:
        raise NotFound(f"There is no VM '{name}' in a resource group '{group}'.",
                       advice.az("vm", "list", "-o", "table", subscription=subscription))
    tags = {key.lower(): value for key, value in (found.get("tags") or {}).items()}
    interface = _interface(azure, found)
    configuration = interface_of.primary(interface)["properties"] if interface else {}
    address = _public_ip(azure, (configuration.get("publicIPAddress") or {}).get("id"))
    group_id = (((interface or {}).get("properties") or {}).get("networkSecurityGroup") or {}).get("id")
    return MachineView(
        vm=found, group=group, power_state=machine.power_state(found), tags=tags,
        fqdn=((address.get("dnsSettings") or {}).get("fqdn")) or tags.get(names.TAG_FQDN),
        public_address=address.get("ipAddress"), private_address=configuration.get("privateIPAddress"),
        security_group=group_id, subscription=subscription)


def inbound_rules(azure: Azure, seen: MachineView) -> list[dict] | None:
    """All rules of the interface's security group, Azure's own too; None where there is none or it may not be read."""
    if seen.security_group is None:
        return None
    try:
        found = azure.security_group(*names.id_parts(seen.security_group))
    except DockerVMError:
        return None
    properties = (found or {}).get("properties") or {}
    return [*(properties.get("securityRules") or ()), *(properties.get("defaultSecurityRules") or ())]


def _interface(azure: Azure, found: dict) -> dict | None:
    """The VM's primary network interface; None where there is none or it may not be read."""
    interfaces = (found["properties"].get("networkProfile") or {}).get("networkInterfaces")
    if not interfaces:      # a VM that Azure could not make
        return None
    primary = next((one for one in interfaces if (one.get("properties") or {}).get("primary")), interfaces[0])
    try:
        return azure.network_interface(*names.id_parts(primary["id"]))
    except DockerVMError:
        return None     # a login that may read VMs but no networks: the VM's half is shown all the same


def _public_ip(azure: Azure, reference: str | None) -> dict:
    if not reference:
        return {}
    try:
        found = azure.public_ip(*names.id_parts(reference))
    except DockerVMError:
        return {}       # as above
    return (found or {}).get("properties") or {}
