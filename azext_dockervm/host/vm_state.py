"""A host as Azure shows it: the VM, its addresses, what its tags say."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.advice import host_commands
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import network_interface, public_ip, security_group
from azext_dockervm.body import virtual_machine as machine
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import DockerVMError, NotFound


@dataclass(frozen=True)
class VmState:
    """``tags`` has our own tags by lower-case name; addresses and names are None where there are none; ``subscription``
    as it was named, for the commands that messages print."""

    vm: Resource
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

    @property
    def endpoint(self) -> str | None:
        """Where docker reaches it: by its private address only where that is how it is known."""
        known_by_address = names.is_address(names.endpoint_tag(self.vm))
        return self.fqdn or self.public_address or (self.private_address if known_by_address else None)


def read(azure: Azure, group: str, name: str, subscription: str | None = None) -> VmState:
    """Raises ``NotFound`` where the group has no such VM. Addresses that may not be read are left out."""
    found = azure.get(kinds.VM, group, name)
    if found is None:
        raise NotFound(f"There is no VM '{name}' in a resource group '{group}'.",
                       host_commands.list_vms(subscription))
    tags = names.shown_tags(found)
    noted = None if names.is_address(names.endpoint_tag(found)) else names.endpoint_tag(found)
    interface = _interface(azure, found)
    configuration = network_interface.primary(interface)["properties"] if interface else {}
    address = _public_ip(azure, (configuration.get("publicIPAddress") or {}).get("id"))
    return VmState(
        vm=found, group=group, power_state=machine.power_state(found), tags=tags,
        fqdn=public_ip.fqdn_if_any(address) or noted,
        public_address=public_ip.address_if_any(address), private_address=configuration.get("privateIPAddress"),
        security_group=network_interface.security_group_id(interface), subscription=subscription)


def security_rules(azure: Azure, seen: VmState) -> list[Resource] | None:
    """All rules of the interface's security group, Azure's own too; None where there is none or it may not be read."""
    if seen.security_group is None:
        return None
    try:
        found = azure.get(kinds.SECURITY_GROUP, *names.id_parts(seen.security_group))
    except DockerVMError:
        return None
    return security_group.every_rule(found)


def _interface(azure: Azure, found: Resource) -> Resource | None:
    """The VM's primary network interface; None where there is none or it may not be read."""
    interfaces = (found["properties"].get("networkProfile") or {}).get("networkInterfaces")
    if not interfaces:      # a VM that Azure could not make
        return None
    primary = next((one for one in interfaces if (one.get("properties") or {}).get("primary")), interfaces[0])
    try:
        return azure.get(kinds.NETWORK_INTERFACE, *names.id_parts(primary["id"]))
    except DockerVMError:
        return None     # a login that may read VMs but no networks: the VM's half is shown all the same


def _public_ip(azure: Azure, reference: str | None) -> Resource | None:
    if not reference:
        return None
    try:
        return azure.get(kinds.PUBLIC_IP, *names.id_parts(reference))
    except DockerVMError:
        return None     # as above
