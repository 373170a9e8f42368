"""The instance document of a VM, as its metadata service at 169.254.169.254 answers it."""

from __future__ import annotations

import ipaddress
import logging
import uuid
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.machines.machine import MachineError
from localazure.providers.compute import availability_sets, sizes
from localazure.providers.network import references
from localazure.store.resources import Resource

log = logging.getLogger(__name__)


def _text(value: Any) -> str:
    """IMDS writes truth values and numbers as text."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def document(cloud: Cloud, vm: Resource) -> dict[str, Any]:
    """{"compute": {...}, "network": {...}} of a VM; custom data is never in it, user data is. Of a VM with identities
    also what their tokens are signed with, as "identity"."""
    identity = _identity(cloud, vm)
    told = {"compute": _compute(cloud, vm), "network": _network(cloud, vm)}
    return {**told, "identity": identity} if identity else told


def _identity(cloud: Cloud, vm: Resource) -> dict[str, Any] | None:
    """The system's identity has a client id that nothing else shows."""
    given = vm.extra.get("identity")
    if not given:
        return None
    own = [{"principalId": given["principalId"], "clientId": str(uuid.uuid5(uuid.NAMESPACE_OID, given["principalId"])),
            "resourceId": str(vm.id), "system": True}] if given.get("principalId") else []  # fmt: skip
    users = [{**one, "resourceId": identifier, "system": False}
             for identifier, one in (given.get("userAssignedIdentities") or {}).items()]  # fmt: skip
    tenant = cloud.settings.tenant
    assigned = [{**one, "key": cloud.authority.key_of(one["principalId"], one["clientId"], one["resourceId"]).hex()}
                for one in own + users]  # fmt: skip
    return {"assigned": assigned, "issuer": f"https://sts.windows.net/{tenant}/", "tenant": tenant}


def _compute(cloud: Cloud, vm: Resource) -> dict[str, Any]:
    properties = vm.properties
    image, profile = properties["storageProfile"]["imageReference"], properties["osProfile"]
    linux = profile["linuxConfiguration"]
    tags = vm.tags or {}
    plan = vm.extra.get("plan") or {}
    domains = availability_sets.domains(cloud, vm)
    return {
        "azEnvironment": "AzurePublicCloud",
        "customData": "",
        "evictionPolicy": _text(properties.get("evictionPolicy")),
        "isHostCompatibilityLayerVm": "false",
        "licenseType": _text(properties.get("licenseType")),
        "location": vm.location,
        "name": vm.name,
        "offer": image.get("offer", ""),
        "osProfile": {
            "adminUsername": profile["adminUsername"],
            "computerName": profile["computerName"],
            "disablePasswordAuthentication": _text(linux["disablePasswordAuthentication"]),
        },
        "osType": "Linux",
        "placementGroupId": "",
        "plan": {name: _text(plan.get(name)) for name in ("name", "product", "publisher")},
        "platformFaultDomain": _text(domains.get("platformFaultDomain", 0)),
        "platformUpdateDomain": _text(domains.get("platformUpdateDomain", 0)),
        "priority": _text(properties.get("priority")),
        "provider": "Microsoft.Compute",
        "publicKeys": (linux.get("ssh") or {}).get("publicKeys", []),
        "publisher": image.get("publisher", ""),
        "resourceGroupName": vm.id.group,
        "resourceId": str(vm.id),
        "securityProfile": _security(properties.get("securityProfile") or {}),
        "sku": image.get("sku", ""),
        "storageProfile": _storage(vm),
        "subscriptionId": vm.id.subscription,
        "tags": ";".join(f"{name}:{value}" for name, value in tags.items()),
        "tagsList": [{"name": name, "value": value} for name, value in tags.items()],
        "userData": _text(vm.hidden.get("userData")),
        "version": image.get("exactVersion", ""),
        "vmId": properties["vmId"],
        "vmScaleSetName": "",
        "vmSize": properties["hardwareProfile"]["vmSize"],
        "zone": _text((vm.extra.get("zones") or [""])[0]),
    }


def _security(profile: dict[str, Any]) -> dict[str, str]:
    uefi = profile.get("uefiSettings") or {}
    return {
        "encryptionAtHost": _text(bool(profile.get("encryptionAtHost"))),
        "secureBootEnabled": _text(bool(uefi.get("secureBootEnabled"))),
        "securityType": _text(profile.get("securityType")),
        "virtualTpmEnabled": _text(bool(uefi.get("vTpmEnabled"))),
    }


def _storage(vm: Resource) -> dict[str, Any]:
    storage = vm.properties["storageProfile"]
    image, os_disk = storage["imageReference"], storage["osDisk"]
    size = sizes.of_vm(vm)
    return {
        "dataDisks": [
            {
                "bytesPerSecondThrottle": "",
                "diskCapacityBytes": _text(one["diskSizeGB"] * 2**30),
                "diskSizeGB": _text(one["diskSizeGB"]),
                "image": {"uri": ""},
                "isSharedDisk": "false",
                "isUltraDisk": "false",
                "lun": _text(one["lun"]),
                **_disk(one),
                "opsPerSecondThrottle": "",
            }
            for one in storage["dataDisks"]
        ],
        "imageReference": {
            name: image.get(name, "") for name in ("id", "offer", "publisher", "sku", "version")
        },
        "osDisk": {
            **_disk(os_disk),
            "diffDiskSettings": {"option": ""},
            "diskSizeGB": _text(os_disk["diskSizeGB"]),
            "encryptionSettings": {"enabled": "false"},
            "image": {"uri": ""},
            "osType": "Linux",
        },
        "resourceDisk": {"size": _text(size.temporary_mib * 1024)},
    }  # fmt: skip


def _disk(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "caching": one["caching"],
        "createOption": one["createOption"],
        "managedDisk": {name: one["managedDisk"][name] for name in ("id", "storageAccountType")},
        "name": one["name"],
        "vhd": {"uri": ""},
        "writeAcceleratorEnabled": _text(bool(one.get("writeAcceleratorEnabled"))),
    }


def _network(cloud: Cloud, vm: Resource) -> dict[str, Any]:
    nic = references.nic_of(cloud, vm)
    place = references.vnet_and_subnet(cloud, nic) if nic else None
    if nic is None or place is None:
        return {"interface": []}
    prefix = ipaddress.ip_network(place[1]["properties"]["addressPrefix"])
    public = references.public_address(cloud, nic)
    address = {
        "privateIpAddress": references.primary_configuration(nic)["privateIPAddress"],
        "publicIpAddress": public.address if public else "",
    }
    subnet = {"address": str(prefix.network_address), "prefix": str(prefix.prefixlen)}
    interface = {
        "ipv4": {"ipAddress": [address], "subnet": [subnet]},
        "ipv6": {"ipAddress": []},
        "macAddress": references.mac_of(nic.id).replace(":", "").upper(),
    }
    return {"interface": [interface]}


async def push(cloud: Cloud, vm: Resource) -> None:
    """Let a VM's machine answer with what its resource says now; a machine that has none is left alone."""
    machine = vm.hidden.get("machine")
    if not machine or cloud.store.get(vm.id) is None or vm.state == "Deleting":
        return
    try:
        await cloud.blocking(cloud.platform.machine_metadata, machine, document(cloud, vm))
    except MachineError as error:  # what the caller did has worked; the next change tries again
        log.warning("metadata of %s: %s", vm.id, error)
