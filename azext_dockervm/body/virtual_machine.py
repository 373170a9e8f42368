"""The virtual machine of a host: its body, its tags, and what its state means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azext_dockervm.azure import names
from azext_dockervm.body import operating_system, placement, plan, security, storage
from azext_dockervm.body.placement import NOWHERE, Placed
from azext_dockervm.body.resource import Resource, state
from azext_dockervm.flow.request import Ref
from azext_dockervm.printable import one_line, printable
from azext_dockervm.secret import Secret
from azext_dockervm.spec.docker_packages import as_tag, of_tag
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.words import SPOTS


def tags(spec: HostSpec, run_id: str, known: dict[str, str | Ref]) -> dict[str, str | Ref]:
    """The VM's tags, schema 1: what is known of the host so far."""
    san = names_tag(spec)
    docker = as_tag(spec.engine.channel, spec.engine.version)
    more = {**({} if san is None else {names.TAG_TLS_SAN: san}), **({names.TAG_DOCKER: docker} if docker else {})}
    return {**spec.part_tags(run_id), names.TAG_SCHEMA: names.SCHEMA, names.TAG_PORT: str(spec.engine.port), **more,
            **known}


def names_tag(spec: HostSpec) -> str | None:
    """What the tag of the certificate's further names is to say; None where none is needed. It can't be taken away, so
    it is empty where none are wanted any more."""
    names_wanted = spec.engine.tls_names
    return ",".join(names_wanted) if names_wanted or "tls_san" in spec.given else None


def noted_docker(vm: Resource | None) -> dict[str, str]:
    """Whose packages of Docker the host was made with and which version, as the tag notes it, by where the spec has
    them."""
    channel, version = of_tag(names.tag(vm, names.TAG_DOCKER))
    return {"engine.channel": channel, "engine.version": version}


def noted_names(vm: Resource | None) -> tuple[str, ...]:
    """The further names and addresses of the host's certificate, as the tag notes them."""
    return tuple(one for one in (names.tag(vm, names.TAG_TLS_SAN) or "").split(",") if one)


def body(spec: HostSpec, run_id: str, *, network_interface: str | Ref, endpoint: str | Ref, image: Resource | None,
         custom_data: bytes | Secret[str] | Ref | None, authority: str | Ref,
         ordered: Mapping[str, str | Ref] | None = None,
         disks: storage.There = storage.NOTHING, standard_is_known: bool = False, placed: Placed = NOWHERE,
         more_interfaces: tuple[str, ...] = (), interfaces_stay: bool = False) -> Resource:
    """The body of the VM's PUT; NIC and disk carry ``deleteOption`` so that deleting the VM leaves neither behind, but
    for interfaces that somebody else has made.

    ``authority`` is the SHA-256 of the CA that the host will trust: whose the host is stands on it from here on.
    ``custom_data`` that is secret, or is to be made of what an earlier step gives, comes encoded. ``ordered`` are
    further tags. ``placed`` has the ids of what was named.
    """
    properties: dict[str, Any] = {
        "hardwareProfile": {"vmSize": spec.machine.size},
        "storageProfile": storage.profile(spec, run_id, image, disks),
        "osProfile": operating_system.profile(spec, custom_data),
        "networkProfile": {"networkInterfaces": [
            {"id": one, "properties": {"primary": one is network_interface,
                                       "deleteOption": "Detach" if interfaces_stay else "Delete"}}
            for one in (network_interface, *more_interfaces)]},
        **placement.properties(spec, placed),
    }
    for name, value in (("securityProfile", security.profile(spec, image, standard_is_known)),
                        ("additionalCapabilities", storage.capabilities(spec.disks, disks))):
        if value:
            properties[name] = value
    of_docker = storage.docker_disk(spec, run_id, image)
    noted = {names.TAG_DOCKER_DISK: of_docker} if of_docker else {}
    vm = {"location": spec.location, **placement.members(spec, placed), "properties": properties,
          "tags": tags(spec, run_id, {names.TAG_FQDN: endpoint, names.TAG_AUTHORITY: authority, **noted,
                                      **(ordered or {})})}
    bought = plan.body(spec, image)
    if bought:
        vm["plan"] = bought
    return vm


def failure(vm: Resource) -> tuple[str | None, str]:
    """Code and message of a VM's failed creation, from its instance view."""
    view = (vm.get("properties") or {}).get("instanceView") or {}
    for status in view.get("statuses") or ():
        kind, _, rest = status.get("code", "").partition("/")
        if kind == "ProvisioningState" and rest.lower().startswith("failed/"):
            return printable(rest.partition("/")[2]), one_line(status.get("message") or rest)
    return None, f"its state is {state(vm)}"


def power_state(vm: Resource) -> str:
    """'running', 'stopped', 'deallocated', ... or 'unknown'."""
    view = (vm.get("properties") or {}).get("instanceView") or {}
    for status in view.get("statuses") or ():
        kind, _, power = status.get("code", "").partition("/")
        if kind == "PowerState":
            return printable(power)
    return "unknown"


def is_spot(vm: Resource) -> bool:
    """Whether Azure may take the VM's place away."""
    return (vm.get("properties") or {}).get("priority") in SPOTS


def can_be_deallocated(vm: Resource) -> bool:
    """Not with an ephemeral OS disk, which would be lost with the VM's server."""
    disk = ((vm.get("properties") or {}).get("storageProfile") or {}).get("osDisk") or {}
    return not (disk.get("diffDiskSettings") or {}).get("option")


def user_name(vm: Resource) -> str | None:
    return ((vm.get("properties") or {}).get("osProfile") or {}).get("adminUsername")


def never_ran(vm: Resource) -> bool:
    """A VM that Azure could not start (AllocationFailed and its like) is left in Failed; its instance view says so, and
    knows neither power nor agent. Without such a view nothing is known."""
    view = (vm.get("properties") or {}).get("instanceView") or {}
    return (state(vm) == "Failed" and bool(view.get("statuses")) and "vmAgent" not in view
            and power_state(vm) == "unknown")


def leaving(vm: Resource, interface: str, data_disks_go: bool) -> Resource | None:
    """The properties that let nothing go with a VM but its own: the network ``interface`` (an id) and the operating
    system's disk; the data disks that were made for it as ``data_disks_go`` says. None where they are so."""
    properties = vm["properties"]
    profile, disks_of = properties.get("networkProfile") or {}, properties.get("storageProfile") or {}
    wanted = "Delete" if data_disks_go else "Detach"
    kept = [one if one["id"].lower() == interface.lower() or _goes(one.get("properties")) is False
            else {**one, "properties": {**(one.get("properties") or {}), "deleteOption": "Detach"}}
            for one in profile.get("networkInterfaces") or ()]
    disks = [one if _goes(one) is (data_disks_go and not _was_there(one))
             else {**one, "deleteOption": "Detach" if _was_there(one) else wanted}
             for one in disks_of.get("dataDisks") or ()]
    changes: Resource = {}
    if kept != (profile.get("networkInterfaces") or []):
        changes["networkProfile"] = {"networkInterfaces": kept}
    if disks != (disks_of.get("dataDisks") or []):
        changes["storageProfile"] = {"dataDisks": disks}
    return changes or None


def os_disk_that_goes(vm: Resource) -> str | None:
    """Its name; None where it stays, or was never made."""
    disk = (vm["properties"].get("storageProfile") or {}).get("osDisk") or {}
    return disk.get("name") if _goes(disk) else None


def data_disks(vm: Resource, there_before: bool | None = None) -> list[str]:
    """Names; of those alone that were ``there_before`` they were attached, or that were made with the VM or for it."""
    return [one.get("name") or f"LUN {one.get('lun')}" for one in _data_disks(vm)
            if there_before is None or _was_there(one) is there_before]


def keeps_nothing(vm: Resource, data_disks_go: bool) -> bool:
    """Whether no disk of the VM outlives its deletion, so that nothing has to be written to one before.
    ``data_disks_go``: those that were made with the VM are deleted too."""
    disk = (vm["properties"].get("storageProfile") or {}).get("osDisk")
    return _goes(disk) and not data_disks(vm, there_before=True if data_disks_go else None)


def own_disks(vm: Resource) -> list[str]:
    """Names of the data disks that were made with the VM, by the run that made it."""
    run = names.tag(vm, names.TAG_RUN) or ""
    return [one["name"] for one in _data_disks(vm)
            if one.get("name") == names.data_disk(vm["name"], one.get("lun", -1), run) and not _was_there(one)]


def docker_disk(vm: Resource | None) -> tuple[str | None, int | None]:
    """The name of Docker's own disk, as the VM's tag notes it, and the LUN where the VM has it now; None each where
    there is none."""
    name = (names.tag(vm, names.TAG_DOCKER_DISK) or "").rpartition("/")[2] or None
    disk = _data_disk(vm, name)
    return name, disk.get("lun") if disk else None


def data_disk_size_gb(vm: Resource, name: str) -> int | None:
    """None where Azure does not show it: it shows sizes only while the VM is allocated."""
    return (_data_disk(vm, name) or {}).get("diskSizeGB")


def _data_disk(vm: Resource | None, name: str | None) -> Resource | None:
    """Names are compared without case."""
    return next((one for one in (_data_disks(vm) if vm and name else ())
                 if (one.get("name") or "").lower() == (name or "").lower()), None)


def _data_disks(vm: Resource) -> list[Resource]:
    found: list[Resource] = (vm["properties"].get("storageProfile") or {}).get("dataDisks") or []
    return found


def _was_there(disk: Resource) -> bool:
    """Whether a data disk was a resource of somebody's before it was attached."""
    return (disk.get("createOption") or "").lower() == "attach"


def interfaces(vm: Resource | None) -> list[str]:
    """Ids of the network interfaces of a VM, the primary one first; none of one that Azure could not make."""
    primary = primary_interface(vm) if vm else None
    every = [one["id"] for one in _interfaces(vm)]
    return sorted(every, key=lambda one: primary is None or one != primary["id"])


def primary_interface(vm: Resource) -> Resource | None:
    """As the VM names it, or shows it where that was asked for."""
    every = _interfaces(vm)
    return next((one for one in every if (one.get("properties") or {}).get("primary")), every[0] if every else None)


def _interfaces(vm: Resource | None) -> list[Resource]:
    profile = ((vm or {}).get("properties") or {}).get("networkProfile") or {}
    return profile.get("networkInterfaces") or []


def other_interfaces(vm: Resource, interface: str) -> list[str]:
    """Ids of the network interfaces that somebody else has given the VM."""
    return [one["id"] for one in (vm["properties"].get("networkProfile") or {}).get("networkInterfaces") or ()
            if one["id"].lower() != interface.lower()]


def _goes(part: Resource | None) -> bool:
    """Whether Azure deletes it with the VM; it keeps it where nothing is said."""
    return (part or {}).get("deleteOption") == "Delete"
