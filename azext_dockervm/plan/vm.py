"""The virtual machine of a host: its body, its step, and what its state means."""

from __future__ import annotations

import base64

from azext_dockervm import names
from azext_dockervm.plan.arm import Azure
from azext_dockervm.plan.network import host_tags
from azext_dockervm.plan.preflight import Found
from azext_dockervm.plan.step import Step
from azext_dockervm.spec import HostSpec


def vm_tags(spec: HostSpec, run_id: str, **known: str) -> dict[str, str]:
    """The VM's tags, schema 1: what is known of the host so far."""
    return {**host_tags(spec, run_id), names.TAG_SCHEMA: names.SCHEMA, names.TAG_PORT: str(spec.docker_port), **known}


def _security_profile(image: dict | None) -> dict | None:
    """Trusted Launch where the image is generation V2 and says that it supports it, as ``az vm create`` does."""
    properties = (image or {}).get("properties") or {}
    supported = {(feature.get("name"), feature.get("value")) for feature in properties.get("features") or ()}
    wanted = {("SecurityType", "TrustedLaunchSupported"), ("SecurityType", "TrustedLaunchAndConfidentialVmSupported")}
    if properties.get("hyperVGeneration") != "V2" or not supported & wanted:
        return None
    return {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}}


def _os_profile(spec: HostSpec, custom_data: bytes | None) -> dict:
    linux: dict = {"disablePasswordAuthentication": spec.admin_password is None}
    if spec.ssh_keys:
        path = f"/home/{spec.admin_username}/.ssh/authorized_keys"
        linux["ssh"] = {"publicKeys": [{"path": path, "keyData": key} for key in spec.ssh_keys]}
    profile = {"computerName": spec.name, "adminUsername": spec.admin_username, "linuxConfiguration": linux}
    if spec.admin_password is not None:
        profile["adminPassword"] = spec.admin_password.reveal()
    if custom_data is not None:
        profile["customData"] = base64.b64encode(custom_data).decode()
    return profile


def body(spec: HostSpec, run_id: str, *, network_interface: str, fqdn: str, image: dict | None,
         custom_data: bytes | None) -> dict:
    """The body of the VM's PUT; NIC and disk carry ``deleteOption`` so that deleting the VM leaves neither behind."""
    properties = {
        "hardwareProfile": {"vmSize": spec.size},
        "storageProfile": {"imageReference": spec.image.reference,
                           "osDisk": {"createOption": "FromImage", "caching": "ReadWrite", "deleteOption": "Delete"}},
        "osProfile": _os_profile(spec, custom_data),
        "networkProfile": {"networkInterfaces": [
            {"id": network_interface, "properties": {"primary": True, "deleteOption": "Delete"}}]},
    }
    security = _security_profile(image)
    if security:
        properties["securityProfile"] = security
    vm = {"location": spec.location, "tags": vm_tags(spec, run_id, **{names.TAG_FQDN: fqdn}), "properties": properties}
    plan = ((image or {}).get("properties") or {}).get("plan")
    if plan:
        vm["plan"] = plan
    return vm


def step(azure: Azure, spec: HostSpec, found: Found, run_id: str, custom_data: bytes | None) -> Step:
    """Create the VM, or use the one that is there."""
    if found.vm is not None:
        return Step("vm", f"use the VM '{spec.name}'", lambda _results: found.vm, quiet=True)

    def create(results):
        return azure.put_virtual_machine(spec.group, spec.name, body(
            spec, run_id, network_interface=results["network_interface"]["id"],
            fqdn=results["public_ip"]["properties"]["dnsSettings"]["fqdn"], image=found.image,
            custom_data=custom_data))

    return Step("vm", f"create the VM '{spec.name}'", create, ("network_interface", "public_ip"),
                lambda: azure.delete_virtual_machine(spec.group, spec.name))


def power_state(vm: dict) -> str:
    """'running', 'stopped', 'deallocated', ... or 'unknown'."""
    view = (vm.get("properties") or {}).get("instanceView") or {}
    for status in view.get("statuses") or ():
        kind, _, state = status.get("code", "").partition("/")
        if kind == "PowerState":
            return state
    return "unknown"


def admin_username(vm: dict) -> str | None:
    return ((vm.get("properties") or {}).get("osProfile") or {}).get("adminUsername")


def never_ran(vm: dict) -> bool:
    """A VM that Azure could not start (AllocationFailed and its like) is left in Failed without a power state."""
    failed = (vm.get("properties") or {}).get("provisioningState") == "Failed"
    return failed and power_state(vm) not in ("running", "starting", "stopping", "stopped", "deallocated")
