"""What the Tab key offers: resources and hosts of the group typed so far, files, regions, images, contexts."""

from __future__ import annotations

from typing import Any

from argcomplete.completers import FilesCompleter
from azure.cli.core.commands import parameters
from azure.cli.core.decorators import Completer

regions = parameters.get_location_completion_list
security_groups = parameters.get_resource_name_completion_list("Microsoft.Network/networkSecurityGroups")
virtual_networks = parameters.get_resource_name_completion_list("Microsoft.Network/virtualNetworks")
public_addresses = parameters.get_resource_name_completion_list("Microsoft.Network/publicIPAddresses")
network_interfaces = parameters.get_resource_name_completion_list("Microsoft.Network/networkInterfaces")
application_groups = parameters.get_resource_name_completion_list("Microsoft.Network/applicationSecurityGroups")
disks = parameters.get_resource_name_completion_list("Microsoft.Compute/disks")
encryption_sets = parameters.get_resource_name_completion_list("Microsoft.Compute/diskEncryptionSets")
availability_sets = parameters.get_resource_name_completion_list("Microsoft.Compute/availabilitySets")
proximity_groups = parameters.get_resource_name_completion_list("Microsoft.Compute/proximityPlacementGroups")
ssh_keys = parameters.get_resource_name_completion_list("Microsoft.Compute/sshPublicKeys")
_user_identities = parameters.get_resource_name_completion_list("Microsoft.ManagedIdentity/userAssignedIdentities")
files = FilesCompleter()        # type: ignore[no-untyped-call]     # argcomplete has no types

# Who presses Tab does not wait longer; signing in again may take any time.
PATIENCE_SECONDS = 4.0

# az's decorator, here and below, has no types: hence each of the ignores.


@Completer      # type: ignore[untyped-decorator]
def host_names(cmd: Any, _prefix: str, namespace: Any, **_more: Any) -> list[str]:
    """Names of the VMs in the group typed so far that dockervm made; nothing where that can't be learnt in time."""
    from azext_dockervm.azure import kinds, names
    from azext_dockervm.azure.calls import Azure
    from azext_dockervm.flow.deadline import Deadline

    group = getattr(namespace, "resource_group_name", None)
    if not group:
        return []
    try:
        vms = Azure.for_cli(cmd.cli_ctx, Deadline(PATIENCE_SECONDS)).list(kinds.VM, group, odd=lambda _told: None)
    # No login, no network, no such group: there is no place to tell it.
    except (Exception, SystemExit):  # pylint: disable=broad-exception-caught
        return []
    return [vm["name"] for vm in vms if names.tag(vm, names.TAG_HOST) is not None]


@Completer      # type: ignore[untyped-decorator]
def identities(_cmd: Any, prefix: str, namespace: Any, **_more: Any) -> list[str]:
    """Those that are there, and the word for one that Azure makes."""
    from azext_dockervm.spec.placement import SYSTEM

    return [SYSTEM, *_user_identities(prefix=prefix, parsed_args=namespace)]


@Completer      # type: ignore[untyped-decorator]
def image_names(_cmd: Any, _prefix: str, _namespace: Any, **_more: Any) -> list[str]:
    from azext_dockervm.spec.images import ALIASES

    return sorted(ALIASES)


@Completer      # type: ignore[untyped-decorator]
def time_zones(_cmd: Any, _prefix: str, _namespace: Any, **_more: Any) -> list[str]:
    """Windows' names, which Azure's schedules take."""
    from azext_dockervm.spec.shutdown import TIME_ZONES

    return sorted(TIME_ZONES)


@Completer      # type: ignore[untyped-decorator]
def architectures(_cmd: Any, _prefix: str, _namespace: Any, **_more: Any) -> list[str]:
    from azext_dockervm.spec.sizes import AMD64, ARM64

    return [AMD64, ARM64]


@Completer      # type: ignore[untyped-decorator]
def security_types(_cmd: Any, _prefix: str, _namespace: Any, **_more: Any) -> list[str]:
    from azext_dockervm.spec.words import SECURITY_TYPES

    return list(SECURITY_TYPES)


@Completer      # type: ignore[untyped-decorator]
def context_names(_cmd: Any, _prefix: str, _namespace: Any, **_more: Any) -> list[str]:
    """The docker client's contexts."""
    from azext_dockervm.contexts.store import ContextStore
    from azext_dockervm.errors import DockerVMError

    try:
        return [one.name for one in ContextStore().contexts()[0]]
    except DockerVMError:       # there is no place to tell it
        return []
