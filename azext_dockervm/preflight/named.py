"""Reading what people name: a resource that is there already, of the host's group or of any other."""

from __future__ import annotations

from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.body.resource import Resource
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import AzureRefused, InvalidValue
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.named import Named


def read(azure: Azure, spec: HostSpec, kind: Kind, named: Named) -> Resource | None:
    """The resource; of one that may not be read its id alone; None where there is none."""
    group = named.group_or(spec.group)
    try:
        return azure.get(kind, group, *named.names, subscription=named.subscription)
    except AzureRefused as error:
        if error.status != 403:
            raise
        return {"id": str(named) if named.is_id else azure.resource_id(kind, group, *named.names)}


def there(azure: Azure, spec: HostSpec, kind: Kind, named: Named, option: str, advice: str) -> Resource:
    """The same; raises ``InvalidValue``, with ``advice``, where there is none."""
    found = read(azure, spec, kind, named)
    if found is None:
        raise InvalidValue(f"{option}: there is no {kind.noun} '{named.name}' in a resource group "
                           f"'{named.group_or(spec.group)}'.", advice)
    return found


def check_region(found: Resource, spec: HostSpec, kind: Kind, option: str, advice: str) -> None:
    """Nothing is said of what may not be read."""
    if "location" in found and region_of(found) != spec.location:
        raise InvalidValue(f"{option}: the {kind.noun} '{found['name']}' is in {region_of(found)}, not in "
                           f"{spec.location}, where the host is to be.", advice)
