"""Bodies for the walk over the SDKs' members: a small one of each kind with one member more, and what becomes of it."""

from __future__ import annotations

import copy
import re
import uuid
from typing import Any

from arm_support import RESOURCES, Answer, Group, LocalAzure, rule
from member_values import beside, deep, value
from sdk_members import Member

_NETWORK = ("virtualNetworks", "networkInterfaces", "networkSecurityGroups", "publicIPAddresses",
            "applicationSecurityGroups", "natGateways")  # fmt: skip
_PARENTS = {
    "subnets": "virtualNetworks/vnet", "securityRules": "networkSecurityGroups/nsg",
    "extensions": "virtualMachines/host", "runCommands": "virtualMachines/host",
    "galleryImages": "galleries/changed", "galleryVersions": "galleries/changed/images/changed",
}  # fmt: skip
# How a kind is called in a path, where not by its own name.
_SEGMENTS = {"galleryImages": "images", "galleryVersions": "versions"}
# The newest api-versions: they have every member.
_COMPUTE_API, _NETWORK_API, _DISKS_API, _GALLERIES_API = "2026-04-01", "2026-03-01", "2025-01-02", "2026-03-03"
# Of these there is one only: two rules would have one priority, two handlers of a type are refused.
_SOLE = ("extensions", "subnets", "securityRules")


class World:
    """A group with what bodies refer to, and one resource of each kind, called `changed`, for PATCH."""

    def __init__(self, arm: LocalAzure, group: Group) -> None:
        self.arm, self.group = arm, group
        place = {"location": group.location}
        vnet = {"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]},
                "subnets": [{"name": "default", "properties": {"addressPrefix": "10.1.0.0/16"}}]}  # fmt: skip
        self._made("virtualNetworks", "vnet", {**place, "properties": vnet})
        subnet = group.id_of(group.network("virtualNetworks/vnet/subnets/default"))
        identity = f"{group.path}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/someone"
        arm.call("PUT", identity, place, api="2023-01-31")
        asg = self._made("applicationSecurityGroups", "asg", place)
        placement = self._made("proximityPlacementGroups", "changed", place)
        # By the name of the member that refers to them.
        self.ids = {
            "subnet": subnet, "networkSecurityGroup": group.nsg(), "publicIPAddress": group.public_ip(),
            "applicationSecurityGroups": asg, "sourceApplicationSecurityGroups": asg,
            "destinationApplicationSecurityGroups": asg, "proximityPlacementGroup": placement,
            "availabilitySet": self._made("availabilitySets", "changed", {**place, "sku": {"name": "Aligned"}}),
            "managedDisk": self._made("disks", "changed", self.body("disks")),
            "userAssignedIdentities": group.id_of(identity),
        }  # fmt: skip
        spot = self.body("virtualMachines")
        spot["properties"]["priority"] = "Spot"
        self._made("virtualMachines", "changed", spot)
        self._made("virtualMachines", "host", self.body("virtualMachines"))
        for kind, name in (("extensions", "one"), ("runCommands", "changed"), ("networkInterfaces", "changed"),
                           ("sshPublicKeys", "changed"), ("resourceGroups", "changed")):  # fmt: skip
            self._made(kind, name, self.body(kind))
        self._make_images()

    def _make_images(self) -> None:
        """What images are made of, and one image of each kind."""
        template = self._path("virtualMachines", "template")
        self._made("virtualMachines", "template", self.body("virtualMachines"))
        self.arm.done("POST", f"{template}/deallocate")
        self.arm.call("POST", f"{template}/generalize")
        self.ids["sourceVirtualMachine"] = self.ids["source"] = self.group.id_of(template)
        for kind, name in (("images", "changed"), ("galleries", "changed"), ("galleryImages", "changed"),
                           ("galleryVersions", "1.0.0")):  # fmt: skip
            self._made(kind, name, self.body(kind))

    def _made(self, kind: str, name: str, body: dict[str, Any]) -> str:
        path = self._path(kind, name)
        answer = self.arm.call("PUT", path, body, _api(path))
        assert answer.status in (200, 201, 202), answer.body
        if "Azure-AsyncOperation" in answer.headers:
            self.arm.wait(answer)
        return self.group.id_of(path)

    def _path(self, kind: str, name: str) -> str:
        if kind == "resourceGroups":
            return f"{self.group.path}-{name}"
        own = f"{_SEGMENTS.get(kind, kind)}/{name}"
        whole = f"{_PARENTS[kind]}/{own}" if kind in _PARENTS else own
        return (self.group.network if whole.startswith(_NETWORK) else self.group.compute)(whole)

    def send(self, method: str, kind: str, body: dict[str, Any]) -> Answer:
        """Send a body and wait for what it starts; what was taken is answered by what GET shows."""
        name = "one" if kind in _SOLE else "changed" if method == "PATCH" else f"x{uuid.uuid4().hex[:8]}"
        if kind == "galleryVersions":
            name = "1.0.0" if method == "PATCH" else f"2.0.{uuid.uuid4().int % 10**8}"
        path = self._path(kind, name)
        api = _api(path)
        answer = self.arm.call(method, path, body, api)
        if answer.status < 300:
            if "Azure-AsyncOperation" in answer.headers:
                self.arm.wait(answer)
            expand = {"_expand": "userData"} if kind == "virtualMachines" else {}
            answer.body = self.arm.call("GET", path, None, api, **expand).body
            if method == "PUT" and kind in ("virtualMachines", "resourceGroups"):
                self.arm.call("DELETE", path)
        return answer

    def body(self, kind: str) -> dict[str, Any]:
        """The least that the service takes as a new resource."""
        place = {"location": self.group.location}
        bodies: dict[str, Any] = {
            "extensions": {**place, "properties": {
                "publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1",
                "settings": {"commandToExecute": "true"}}},
            "runCommands": {**place, "properties": {"source": {"script": "true"}}},
            "disks": {**place, "sku": {"name": "Premium_LRS"},
                      "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4}},
            "virtualNetworks": {**place, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
            "subnets": {"properties": {"addressPrefix": "10.2.0.0/24"}},
            "securityRules": rule("one", 1000, "22"),
            "publicIPAddresses": {**place, "sku": {"name": "Standard"},
                                  "properties": {"publicIPAllocationMethod": "Static"}},
        }  # fmt: skip
        if kind == "images":
            return {**place, "properties": {"sourceVirtualMachine": {"id": self.ids["sourceVirtualMachine"]}}}
        if kind == "galleryVersions":
            source = {"virtualMachineId": self.ids["source"]}
            return {**place, "properties": {"publishingProfile": {}, "storageProfile": {"source": source}}}
        if kind == "galleryImages":
            identifier = {"publisher": "us", "offer": "hosts", "sku": uuid.uuid4().hex}
            known = {"osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2", "identifier": identifier}
            return {**place, "properties": known}
        if kind == "virtualMachines":
            nic = self._made("networkInterfaces", f"n{uuid.uuid4().hex[:8]}", self.body("networkInterfaces"))
            return self.group.vm_body(nic)
        if kind == "networkInterfaces":
            return self.group.nic_body(self.ids["subnet"])
        found: dict[str, Any] = copy.deepcopy(bodies.get(kind, place))
        return found


def _api(path: str) -> str:
    """The newest api-version of what a path names."""
    if "Microsoft.Compute" not in path:
        return _NETWORK_API if "Microsoft.Network" in path else RESOURCES
    return _DISKS_API if "/disks/" in path else _GALLERIES_API if "/galleries/" in path else _COMPUTE_API


# one member more


def changed(world: World, method: str, kind: str, member: Member) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """A body with this member, the body without it, and the member's value."""
    plain = world.body(kind) if method == "PUT" else {}
    own = _shown(plain, member.path.split("."))
    chosen = own[0] if own else _reference(world, member.path) or value(kind, member)
    body = copy.deepcopy(plain)
    for more in beside(member.path):
        _merge(body, more)
    _merge(body, deep(member.path, chosen))
    return body, plain, chosen


def _reference(world: World, path: str) -> Any:
    parts = path.replace("[]", "").split(".")
    if parts[-1] == "userAssignedIdentities":
        return {world.ids[parts[-1]]: {}}
    if parts[-1] != "id" or len(parts) < 2:
        return None
    some = f"{world.group.id}/providers/Microsoft.Some/{parts[-2]}/x"
    return world.ids.get(parts[-2], some) if "osDisk" not in path else some


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    """Put members into a body; of a list into its first element."""
    for name, inner in more.items():
        if isinstance(inner, dict) and isinstance(into.get(name), dict):
            _merge(into[name], inner)
        elif isinstance(inner, list) and into.get(name) and isinstance(inner[0], dict):
            _merge(into[name][0], inner[0])
        else:
            into[name] = copy.deepcopy(inner)


# what becomes of it


def outcome(world: World, method: str, kind: str, member: Member) -> tuple[str, str]:
    """kept, refused, lost, unnamed (refused by an answer that does not say for what) or broken; and the whole story."""
    body, plain, chosen = changed(world, method, kind, member)
    answer = world.send(method, kind, body)
    story = f"{member.path} = {chosen!r}: {answer.status} {answer.body}"
    if answer.status >= 500:
        return "broken", story
    if answer.status >= 400:
        error = answer.body["error"]
        text = str([error["message"], error.get("target"), error.get("details")])
        names = _own_names(member.path, plain)
        named = any(re.search(rf"(?<![a-z]){name}(?![a-z])", text, re.IGNORECASE) for name in names)
        return "refused" if named else "unnamed", story
    shown = _shown(answer.body, member.path.split("."))
    return "kept" if any(_has(one, chosen) for one in shown) else "lost", story


def _has(shown: Any, chosen: Any) -> bool:
    """Whether a value is shown; an object may have got more members."""
    if isinstance(chosen, dict) and isinstance(shown, dict):
        return all(name in shown and _has(shown[name], inner) for name, inner in chosen.items())
    return bool(shown == chosen and type(shown) is type(chosen))


def _own_names(path: str, plain: Any) -> list[str]:
    """The names of a path from where the plain body does not go along any more; the last one at least."""
    parts = path.replace("[]", "").split(".")
    while len(parts) > 1 and isinstance(plain, (dict, list)):
        plain = plain[0] if isinstance(plain, list) else plain
        if parts[0] not in plain:
            break
        plain = plain[parts.pop(0)]
    return parts


def _shown(body: Any, parts: list[str]) -> list[Any]:
    """All values that a body has at a path."""
    if not parts:
        return [body]
    name = parts[0].removesuffix("[]")
    if not isinstance(body, dict) or name not in body:
        return []
    inner = body[name] if parts[0].endswith("[]") else [body[name]]
    return [found for one in inner for found in _shown(one, parts[1:])]
