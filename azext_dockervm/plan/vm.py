"""The virtual machine of a host: its body, its step, and what its state means."""

from __future__ import annotations

import base64

from azext_dockervm import names
from azext_dockervm.errors import AzureRefused, Conflict
from azext_dockervm.plan.arm import Azure
from azext_dockervm.plan.step import Step
from azext_dockervm.plan.undo import undo_own
from azext_dockervm.spec import HostSpec


def vm_tags(spec: HostSpec, run_id: str, **known: str) -> dict[str, str]:
    """The VM's tags, schema 1: what is known of the host so far."""
    return {**spec.part_tags(run_id), names.TAG_SCHEMA: names.SCHEMA, names.TAG_PORT: str(spec.docker_port), **known}


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
         custom_data: bytes | None, authority: str) -> dict:
    """The body of the VM's PUT; NIC and disk carry ``deleteOption`` so that deleting the VM leaves neither behind.

    ``authority`` is the SHA-256 of the CA that the host will trust: whose the host is stands on it from here on.
    """
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
    tags = vm_tags(spec, run_id, **{names.TAG_FQDN: fqdn, names.TAG_AUTHORITY: authority})
    vm = {"location": spec.location, "tags": tags, "properties": properties}
    plan = ((image or {}).get("properties") or {}).get("plan")
    if plan:
        vm["plan"] = plan
    return vm


def step(azure: Azure, spec: HostSpec, run_id: str, image: dict | None, custom_data: bytes | None) -> Step:
    """Create the VM; ``authority`` among the results is the ``certs.authority.Authority`` that it will trust."""
    def create(results):
        wanted = body(spec, run_id, network_interface=results["network_interface"]["id"],
                      fqdn=results["public_ip"]["properties"]["dnsSettings"]["fqdn"], image=image,
                      custom_data=custom_data, authority=results["authority"].fingerprint)
        try:
            return azure.create_virtual_machine(spec.group, spec.name, wanted)
        except AzureRefused as error:
            if error.status not in (409, 412):
                raise
            return _made_all_the_same(azure, spec, run_id, error)

    return Step("vm", f"create the VM '{spec.name}'", create, ("network_interface", "public_ip", "authority"),
                undo_own(lambda: azure.virtual_machine(spec.group, spec.name),
                         lambda: azure.delete_virtual_machine(spec.group, spec.name), run_id))


def _made_all_the_same(azure: Azure, spec: HostSpec, run_id: str, refusal: AzureRefused) -> dict:
    """A PUT whose answer got lost is sent again by azure-core, and then refused because of itself: go on with it."""
    found = azure.virtual_machine(spec.group, spec.name)
    if found is None:
        raise refusal
    if names.tag(found, names.TAG_RUN) != run_id:
        raise Conflict(f"Another create has made the VM '{spec.name}' at the same moment; it was left to it.",
                       "When it has ended, the same command again goes on with the host.") from refusal
    while state(found) in ("Creating", "Updating"):
        azure.deadline.sleep(4, "Azure still creates the VM")
        found = azure.virtual_machine(spec.group, spec.name)
        if found is None:
            raise refusal
    if state(found) != "Succeeded":
        code, message = failure(found)
        raise AzureRefused(f"create the VM: {message}", code=code)
    return found


def state(vm: dict) -> str:
    """Azure's provisioning state: Creating, Updating, Succeeded, Failed, Deleting."""
    return (vm.get("properties") or {}).get("provisioningState") or ""


def failure(vm: dict) -> tuple[str | None, str]:
    """Code and message of a VM's failed creation, from its instance view."""
    view = (vm.get("properties") or {}).get("instanceView") or {}
    for status in view.get("statuses") or ():
        kind, _, rest = status.get("code", "").partition("/")
        if kind == "ProvisioningState" and rest.lower().startswith("failed/"):
            return rest.partition("/")[2], status.get("message") or rest
    return None, f"its state is {state(vm)}"


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
    """A VM that Azure could not start (AllocationFailed and its like) is left in Failed; its instance view says so, and
    knows neither power nor agent. Without such a view nothing is known."""
    view = (vm.get("properties") or {}).get("instanceView") or {}
    return (state(vm) == "Failed" and bool(view.get("statuses")) and "vmAgent" not in view
            and power_state(vm) == "unknown")
