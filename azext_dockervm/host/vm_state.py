"""A host as Azure shows it: the VM, its addresses, what its tags say."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.advice import host_commands
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import network_interface, security_group
from azext_dockervm.body import virtual_machine as machine
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import DockerVMError, NotFound
from azext_dockervm.host import where


@dataclass(frozen=True)
class VmState:
    """``tags`` has our own tags by lower-case name; addresses and names are Azure's own, None where there are none, or
    where ``unread`` says why nobody knows; ``subscription`` as it was named, for the commands that messages print."""

    vm: Resource
    group: str
    power_state: str
    tags: dict[str, str]
    fqdn: str | None
    public_address: str | None
    private_address: str | None
    security_group: str | None = None       # the id of the interface's
    subscription: str | None = None
    unread: DockerVMError | None = None
    ssh_port: int | None = None     # where its own security group lets somebody in to SSH

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
    found, near = where.with_vm(azure, group, name, kinds.NETWORK_INTERFACE, kinds.SECURITY_GROUP)
    if found is None:
        raise NotFound(f"There is no VM '{name}' in a resource group '{group}'.",
                       host_commands.list_vms(subscription))
    tags = names.shown_tags(found)
    at = where.located(azure, found, near.values(), whole=True)
    return VmState(
        vm=found, group=group, power_state=machine.power_state(found), tags=tags, fqdn=at.fqdn,
        public_address=at.public, private_address=at.private,
        security_group=network_interface.security_group_id(at.interface), subscription=subscription, unread=at.unread,
        ssh_port=where.ssh_port(found, near, at.public is None))


def security_rules(azure: Azure, seen: VmState) -> list[Resource] | None:
    """All rules of the interface's security group, Azure's own too; None where there is none or it may not be read."""
    if seen.security_group is None:
        return None
    try:
        found = azure.get(kinds.SECURITY_GROUP, *names.id_parts(seen.security_group))
    except DockerVMError:
        return None
    return security_group.every_rule(found)
