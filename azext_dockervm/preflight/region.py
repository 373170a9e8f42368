"""What a region has: whether it is one, its sizes, the extensions that it publishes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from azext_dockervm.advice import region_commands
from azext_dockervm.azure import names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import InvalidValue
from azext_dockervm.nearest import did_you_mean, nearest
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import Look, filling, is_new, unknown_if_forbidden
from azext_dockervm.provision.choice import depends_on_publication
from azext_dockervm.spec.host import HostSpec


def _check_region(azure: Azure, spec: HostSpec, _found: Found) -> None:
    regions = unknown_if_forbidden(azure.locations)()
    if regions is not None and spec.location not in regions:
        meant = did_you_mean(nearest(spec.location or "", regions))
        raise InvalidValue(f"--location: this subscription has no region '{spec.location}'.{meant}",
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
        meant = did_you_mean(_sizes_like(spec.machine.size, sizes or ()))
        raise InvalidValue(f"--size: {spec.location} has no size '{spec.machine.size}'.{meant}",
                           region_commands.list_sizes(spec.location, spec.subscription))
    return known.get(spec.machine.size.lower(), (None, None))


def _sizes_like(text: str, known: Iterable[str]) -> list[str]:
    """Compared without "Standard_", which makes all names alike."""
    by_rest = {name.split("_", 1)[-1]: name for name in known}
    rest = re.sub("^standard[ _-]", "", text, flags=re.IGNORECASE)
    return [by_rest[one] for one in nearest(rest, by_rest, cutoff=0.6)]


def _extension_published(azure: Azure, spec: HostSpec, _found: Found) -> bool | None:
    return unknown_if_forbidden(lambda: bool(azure.extension_versions(
        spec.location or "", names.EXTENSION_PUBLISHER, names.EXTENSION_TYPE)))()


REGION = Look("regions", _check_region, wanted=_is_another_than_the_groups)
SIZE = filling("cores most_data_disks", _check_size, is_new)
EXTENSION = filling("extension_published", _extension_published, lambda spec, _found: depends_on_publication(spec))
