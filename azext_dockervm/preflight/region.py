"""What a region has: whether it is one, its sizes, the extensions that it publishes."""

from __future__ import annotations

from azext_dockervm.advice import region_commands
from azext_dockervm.azure import names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import InvalidValue
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import Look, filling, is_new, unknown_if_forbidden
from azext_dockervm.provision.choice import depends_on_publication
from azext_dockervm.spec.host import HostSpec


def _check_region(azure: Azure, spec: HostSpec, _found: Found) -> None:
    regions = unknown_if_forbidden(azure.locations)()
    if regions is not None and spec.location not in regions:
        raise InvalidValue(f"--location: this subscription has no region '{spec.location}'.",
                           region_commands.list_region_names(spec.subscription))


def _is_another_than_the_groups(spec: HostSpec, found: Found) -> bool:
    """A host that exists is where it is."""
    return found.group is not None and found.vm is None and spec.location != region_of(found.group)


def _check_size(azure: Azure, spec: HostSpec, _found: Found) -> tuple[int | None, int | None]:
    """Its vCPUs and its data disks. The default is taken on trust: it is a request less for nearly everybody."""
    if spec.machine.size == names.DEFAULT_SIZE:
        return names.DEFAULT_SIZE_CORES, names.DEFAULT_SIZE_DATA_DISKS
    sizes = unknown_if_forbidden(lambda: azure.sizes(spec.location or ""))()
    known = {size.lower(): what for size, what in (sizes or {}).items()}
    if known and spec.machine.size.lower() not in known:
        raise InvalidValue(f"--size: {spec.location} has no size '{spec.machine.size}'.",
                           region_commands.list_sizes(spec.location, spec.subscription))
    return known.get(spec.machine.size.lower(), (None, None))


def _extension_published(azure: Azure, spec: HostSpec, _found: Found) -> bool | None:
    return unknown_if_forbidden(lambda: bool(azure.extension_versions(
        spec.location or "", names.EXTENSION_PUBLISHER, names.EXTENSION_TYPE)))()


REGION = Look("regions", _check_region, wanted=_is_another_than_the_groups)
SIZE = filling("cores most_data_disks", _check_size, is_new)
EXTENSION = filling("extension_published", _extension_published, lambda spec, _found: depends_on_publication(spec))
