"""Every route of the server, and what one provider does when another has changed something."""

from __future__ import annotations

from localazure.arm import batch, directory
from localazure.arm import identity as sign_in
from localazure.arm.cloud import Cloud
from localazure.protocol.router import Route
from localazure.providers.absent import absent_actions, absent_types
from localazure.providers.compute import (
    availability_sets,
    boot_diagnostics,
    compute,
    disks,
    encryption_sets,
    evictions,
    extension_images,
    extensions,
    galleries,
    gallery_images,
    gallery_versions,
    images,
    instance_metadata,
    managed_images,
    marketplace,
    proximity_groups,
    quota,
    run_commands,
    shared_galleries,
    sizes,
    skus,
    ssh_keys,
    vms,
)
from localazure.providers.devtestlab import schedules
from localazure.providers.identity import user_assigned
from localazure.providers.network import (
    asgs,
    catalogue,
    effective,
    nat_gateways,
    network,
    nics,
    nsgs,
    public_ips,
    service_tags,
    subnets,
    vnets,
)
from localazure.providers.resources import (
    agreements,
    deployments,
    features,
    groups,
    locks,
    namespaces,
    resources,
    role_assignments,
    subscriptions,
    tags,
)

_MODULES = (
    batch, directory,
    agreements, deployments, features, groups, locks, namespaces, resources, role_assignments, subscriptions, tags,
    user_assigned,
    asgs, catalogue, effective, nat_gateways, network, nics, nsgs, public_ips, service_tags, subnets, vnets,
    availability_sets, boot_diagnostics, compute, disks, encryption_sets, evictions, extension_images,
    extensions, galleries, gallery_images, gallery_versions, images, managed_images, marketplace, proximity_groups,
    quota, run_commands, shared_galleries, sizes, skus, ssh_keys, vms,
    schedules,
    absent_actions, absent_types,
)  # fmt: skip


def all_routes() -> list[Route]:
    """Those of sign-in, which are open, and those of all providers."""
    return [
        Route("GET", "/metadata/endpoints", sign_in.endpoints, open=True),
        Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", sign_in.openid_configuration, open=True),
        Route("POST", "/{tenant}/oauth2/v2.0/token", sign_in.token, open=True),
        Route("GET", "/{tenant}/.well-known/openid-configuration", sign_in.openid_configuration_v1, open=True),
        Route("POST", "/{tenant}/oauth2/token", sign_in.token_v1, open=True),
        Route("POST", "/{tenant}/oauth2/v2.0/devicecode", sign_in.device_code, open=True),
        Route("POST", "/common/oauth2/deviceauth", sign_in.sign_in_by_device, open=True),
        Route("GET", "/common/userrealm/{name}", sign_in.user_realm, open=True),
        *(route for module in _MODULES for route in module.routes()),
    ]


def connect(cloud: Cloud) -> list[Route]:
    """Let the providers serve a cloud; returns the routes for its server."""
    cloud.after_network_update = instance_metadata.push
    return all_routes()
