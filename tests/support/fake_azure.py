"""An Azure in memory: ARM's resources as JSON, hosts behind run commands, engines behind addresses, and a clock.

For tests of what is decided between an order and the wire: ``FakeAzure`` has the methods of ``azure.calls.Azure``, and
``at_the_borders`` puts engines and clock in the places of the real ones. All else is real.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fake_door import WORKS, FakeDoor, settings
from fake_host import FakeHost

from azext_dockervm.azure import kinds, names, reading
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.errors import AzureRefused, EngineUnreachable, NotFound
from azext_dockervm.flow import deadline as deadline_module
from azext_dockervm.flow.cancellation import Cancellation
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request, to_bytes
from azext_dockervm.flow.step import Step

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP, REGION = "g", "westus"
ENGINE_VERSION = "26.1.5"
# Also those that nothing of ours writes.
EVERY_KIND = {one.type: one for one in vars(kinds).values() if isinstance(one, Kind)}
# Where it parks a request that never ends: whoever waits for it finds its own deadline.
FOR_EVER = 30.0

Answer = BaseException | Callable[["FakeAzure", Request], None]


class Clock:
    """Time that passes only where somebody waits, and at once: deadlines pass by it, tests don't.

    ``meanwhile`` has what happens during the next pauses, one each.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []
        self.meanwhile: list[Callable[[], None]] = []

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()


@dataclass
class Rule:
    """What happens to requests that fit, instead of their answer or, with ``afterwards``, once they took effect."""

    method: str
    kind: Kind
    answer: Answer
    name: str = ""      # the beginning of the last name
    times: float = float("inf")
    afterwards: bool = False

    def fits(self, request: Request, afterwards: bool) -> bool:
        return (self.times > 0 and self.afterwards is afterwards and self.method == request.method
                and self.kind.type == request.kind and request.names[-1].startswith(self.name))


@dataclass
class FakeCloud:
    """What a subscription holds and may do. ``log`` has every request about a resource, as it was made."""

    clock: Clock = field(default_factory=Clock)
    resources: dict[tuple[str, ...], dict] = field(default_factory=dict)
    hosts: dict[str, FakeHost] = field(default_factory=dict)
    log: list[Request] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=lambda: {GROUP: REGION})
    regions: tuple[str, ...] = (REGION, "eastus")
    versions: list[dict] | None = field(default_factory=lambda: [{"name": "24.04.202511"}])
    image: dict | None = field(default_factory=lambda: {"name": "24.04.202511", "properties": {}})
    gallery_versions: list[dict] | None = None      # of the gallery's image that the id names; None: not known
    sizes: dict[str, int] = field(default_factory=lambda: {names.DEFAULT_SIZE: 2, "Standard_B2s": 2})   # and vCPUs
    compute_usages: dict[str, tuple[int, int]] = field(default_factory=lambda: {"cores": (0, 20)})
    network_usages: dict[str, tuple[int, int]] = field(default_factory=dict)
    locks: list[dict] = field(default_factory=list)
    offered: list[tuple[str, tuple[str, str], bool]] = field(default_factory=list)
    published: bool = True
    features: dict[str, str] = field(default_factory=dict)  # of Microsoft.Compute, with their states
    terms: dict[tuple[str, ...], bool] = field(default_factory=dict)    # accepted, by publisher, product and plan
    capabilities: dict[str, str] | None = None              # of every size
    taken_labels: set[str] = field(default_factory=set)     # by hosts of others, in every region
    reserved_labels: set[str] = field(default_factory=set)      # with words that Azure keeps for itself
    forbidden: set[str] = field(default_factory=set)        # names of methods, such as "locations"
    refusal: tuple[str, int] = ("AuthorizationFailed", 403)     # of these: code and status
    asked: list[str] = field(default_factory=list)          # the same, that were called
    connected: set[str] = field(default_factory=set)        # the SDKs' clients that were made ahead of their use
    extension_fails: str | None = None
    first_boot: str = WORKS     # how the next hosts come forward at their door, in fake_door's words
    login_address: str = ""     # in az's token
    joined: bool = False    # whether this computer is in the hosts' network, so that private addresses can be dialled
    engines: Any = None     # ``Engines``, once these are at their borders
    engine_says: list[EngineUnreachable | None] = field(default_factory=list)   # next handshakes; None: as they are

    def azure(self, deadline: Deadline | None = None) -> FakeAzure:
        return FakeAzure(self, deadline or Deadline(1200))

    # What tests arrange

    def when(self, method: str, kind: Kind, answer: Answer, name: str = "", *, times: float = float("inf"),
             afterwards: bool = False) -> Rule:
        self.rules.append(Rule(method, kind, answer, name, times, afterwards))
        return self.rules[-1]

    def refuse(self, method: str, kind: Kind, code: str, name: str = "", *, status: int = 409,
               times: float = float("inf"), afterwards: bool = False) -> Rule:
        def answer(_azure: FakeAzure, _request: Request) -> None:
            error = AzureRefused(f"{code} said Azure", code=code, status=status)
            error.accepted = False if 400 <= status < 500 and not afterwards else None
            raise error

        return self.when(method, kind, answer, name, times=times, afterwards=afterwards)

    def hang(self, method: str, kind: Kind, name: str = "", *, afterwards: bool = False) -> Rule:
        """A request whose operation never ends."""
        def answer(azure: FakeAzure, request: Request) -> None:
            while True:
                azure.deadline.sleep(FOR_EVER, f"{request.method} {request.name} hangs")

        return self.when(method, kind, answer, name, afterwards=afterwards)

    def put(self, kind: Kind, *path: str, body: dict, group: str = GROUP) -> dict:
        """A resource as somebody else makes it."""
        return _Writer(self).put(Request("PUT", kind.type, group, path, body))

    def remove(self, kind: Kind, *path: str, group: str = GROUP) -> None:
        _Writer(self).delete(Request("DELETE", kind.type, group, path))

    def change(self, kind: Kind, *path: str, group: str = GROUP, **properties: Any) -> dict:
        found = self.resources[_key(kind.type, group, path)]
        found["properties"] |= properties
        return found

    def retag(self, kind: Kind, *path: str, **tags: str | None) -> None:
        """Names have _ for -; None takes one away."""
        found = self.resources[_key(kind.type, GROUP, path)]
        changed = {**(found.get("tags") or {}), **{name.replace("_", "-"): value for name, value in tags.items()}}
        found["tags"] = {name: value for name, value in changed.items() if value is not None}

    # What tests look at

    def find(self, kind: Kind, *path: str, group: str = GROUP) -> dict | None:
        return self.resources.get(_key(kind.type, group, path))

    def tags(self, kind: Kind = kinds.VM, *path: str) -> dict[str, str]:
        return self.resources[_key(kind.type, GROUP, path or ("web1",))]["tags"]

    def host(self, name: str = "web1") -> FakeHost:
        return self.hosts[name]

    def there(self) -> set[str]:
        """``virtualMachines/web1`` and the like, of everything."""
        return {f"{key[0].partition('/')[2]}/{'/'.join(key[2:])}" for key in self.resources}

    def writes(self) -> list[str]:
        """``PUT publicIPAddresses/web1PublicIP`` and the like, in their order."""
        return [shown(one) for one in self.log if one.method not in ("GET", "LIST")]

    def sent(self, method: str, kind: Kind, name: str = "") -> list[Request]:
        return [one for one in self.log
                if one.method == method and one.kind == kind.type and one.names[-1].startswith(name)]

    # What lies between

    def carry_out(self, azure: FakeAzure, request: Request, do: Callable[[], Any]) -> Any:
        self.log.append(request)
        self._apply_rule(azure, request, afterwards=False)
        answer = do()
        self._apply_rule(azure, request, afterwards=True)
        return copy.deepcopy(answer)

    def _apply_rule(self, azure: FakeAzure, request: Request, afterwards: bool) -> None:
        rule = next((one for one in self.rules if one.fits(request, afterwards)), None)
        if rule is None:
            return
        rule.times -= 1
        if isinstance(rule.answer, BaseException):
            raise rule.answer
        rule.answer(azure, request)

    def host_at(self, name: str, port: int) -> FakeHost:
        """The host behind a name or an address, if its security group lets one in."""
        inside = self.joined and next((one for one in self._all(kinds.NETWORK_INTERFACE) if name in [
            inner["properties"].get("privateIPAddress") for inner in one["properties"]["ipConfigurations"]]), None)
        if inside:
            return self._host_on(inside, name, port)
        address = next((one for one in self._all(kinds.PUBLIC_IP) if name in (
            one["properties"].get("ipAddress"), (one["properties"].get("dnsSettings") or {}).get("fqdn"))), None)
        if address is None:
            raise EngineUnreachable(f"the name {name} does not resolve from here", kind="dns")
        interface = next((one for one in self._all(kinds.NETWORK_INTERFACE)
                          if f'"{address["id"]}"' in json.dumps(one["properties"])), None)
        return self._host_on(interface, name, port)

    def _host_on(self, interface: dict | None, name: str, port: int) -> FakeHost:
        machine = ((interface or {}).get("properties") or {}).get("virtualMachine")
        group = self.by_id((((interface or {}).get("properties") or {}).get("networkSecurityGroup") or {}).get("id"))
        if machine is None or (group is not None and not _lets_in(group, port)):
            raise EngineUnreachable(f"{name}:{port} does not answer: something drops the packets", kind="timeout")
        return self.hosts[machine["id"].rpartition("/")[2].lower()]

    def _all(self, kind: Kind) -> list[dict]:
        return [one for key, one in list(self.resources.items()) if key[0] == kind.type.lower()]

    def by_id(self, resource_id: str | None) -> dict | None:
        return next((one for one in self.resources.values() if one["id"].lower() == (resource_id or "").lower()), None)


class FakeAzure:
    """Immutable as the real one: ``until`` gives another view of the same cloud. A write lasts a second, and its
    waiting ends by the deadline though it has taken effect."""

    def __init__(self, cloud: FakeCloud, deadline: Deadline) -> None:
        self.cloud, self.deadline = cloud, deadline

    def until(self, deadline: Deadline) -> FakeAzure:
        return FakeAzure(self.cloud, deadline)

    def connect(self, *clients: str) -> None:
        self.cloud.connected |= set(clients)

    def login_address(self) -> str:
        self.cloud.asked.append("login_address")
        return self.cloud.login_address

    def get(self, kind: Kind, group: str, *path: str, subscription: str | None = None) -> dict | None:
        """There is one subscription; what is in another is not there."""
        if subscription and f"/subscriptions/{subscription}/".lower() not in f"{_id(kind, group, path)}".lower():
            return None
        try:
            return self.cloud.carry_out(self, Request("GET", kind.type, group, path), lambda: _shown(
                self.cloud, kind, self.cloud.resources.get(_key(kind.type, group, path))))
        except NotFound:    # a rule's
            return None

    def list(self, kind: Kind, group: str, *path: str, odd: Callable[[str], None] | None = None) -> list[dict]:
        def found() -> list[dict]:
            above = _key(kind.type, group, path)
            there = [_shown(self.cloud, kind, one) for key, one in self.cloud.resources.items()
                     if key[:len(above)] == above]
            return there if kind.client else [_without_properties(one) for one in there if one is not None]

        return reading.listed(kind, self.cloud.carry_out(self, Request("LIST", kind.type, group, (*path, "")), found),
                              "list", odd)

    def vm_is_gone(self, group: str, name: str) -> bool:
        try:
            found = self.get(kinds.VM, group, name)
        except AzureRefused:
            return False
        return found is None or found["properties"].get("provisioningState") == "Deleting"

    def resource_id(self, kind: Kind, group: str, *path: str) -> str:
        return _id(kind, group, path)

    def list_all(self, kind: Kind, odd: Callable[[str], None] | None = None, **query: str) -> list[dict]:
        """In every group; ``status_only`` brings the states of VMs, in which Azure writes groups otherwise."""
        def found() -> list[dict]:
            every = [_shown(self.cloud, kind, one) for key, one in self.cloud.resources.items()
                     if key[0] == kind.type.lower()]
            if not kind.client:     # Resource Manager's own list
                return [_without_properties(one) for one in every if one["name"] == query.get("name", one["name"])]
            return [{**one, "id": one["id"].upper(), "tags": None} if query else
                    {**one, "properties": {**one["properties"], "instanceView": None}} for one in every]

        return reading.listed(kind, self.cloud.carry_out(self, Request("LIST", kind.type, "", (*query, "")), found),
                              "list", odd)

    def send(self, request: Request) -> dict | None:
        writer = _Writer(self.cloud)
        do = {"PUT": writer.put, "PATCH": writer.patch, "DELETE": writer.delete}[request.method]

        def carried_out() -> dict | None:
            answer = do(request)
            self.cloud.clock.now += 1.0
            self.deadline.check("Azure's operation is 'InProgress'")
            return answer

        return self.cloud.carry_out(self, request, carried_out)

    def remove(self, request: Request) -> bool:
        there = _key(request.kind, request.group, request.names) in self.cloud.resources
        self.send(request)
        return there

    def begin(self, request: Request) -> None:
        self.cloud.carry_out(self, request, lambda: _Writer(self.cloud).delete(request))

    # Reads of no resource

    def group(self, group: str) -> dict | None:
        region = self._asked("group") and self.cloud.groups.get(group)
        return region and {"id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}", "location": region}

    def locations(self) -> Iterable[str]:
        return self._asked("locations") and list(self.cloud.regions)

    def image_versions(self, *_image: str) -> Iterable[dict] | None:
        return self._asked("image_versions") and self.cloud.versions

    def image(self, location: str, publisher: str, offer: str, sku: str, version: str) -> dict | None:
        self._asked(f"image {publisher}:{offer}:{sku}:{version}")
        return self._asked("image") and self.cloud.image

    def image_by_id(self, image_id: str, location: str) -> dict | None:
        self._asked(f"image {image_id} {location}")
        return self._asked("image") and self.cloud.image

    def image_versions_by_id(self, image_id: str, location: str) -> list[dict] | None:
        self._asked(f"versions {image_id} {location}")
        return self._asked("versions of a gallery") and self.cloud.gallery_versions

    def extension_versions(self, *_extension: str) -> Iterable[str]:
        return self._asked("extension_versions") and (["1.2.2"] if self.cloud.published else [])

    def sizes(self, _location: str) -> dict[str, int]:
        return self._asked("sizes") and {name: (cores, 2 * cores) for name, cores in dict(self.cloud.sizes).items()}

    def compute_usages(self, _location: str) -> dict[str, tuple[int, int]]:
        return self._asked("compute_usages") and self.cloud.compute_usages

    def network_usages(self, _location: str) -> dict[str, tuple[int, int]]:
        return self._asked("network_usages") and self.cloud.network_usages

    def locks(self, _group: str) -> list[dict]:
        return self._asked("locks") and self.cloud.locks

    def offered_sizes(self, _location: str) -> Iterable[tuple]:
        return self._asked("offered_sizes") and self.cloud.offered

    def size_offer(self, _location: str, _size: str) -> dict[str, str] | None:
        return self._asked("size_offer") and self.cloud.capabilities

    def feature_state(self, name: str) -> str | None:
        return self._asked(f"feature {name}") and self._asked("feature_state") and self.cloud.features.get(name)

    def terms_accepted(self, publisher: str, product: str, plan: str) -> bool | None:
        return self._asked(f"terms {publisher}:{product}:{plan}") and self._asked("terms_accepted") and (
            self.cloud.terms.get((publisher, product, plan)))

    def label_is_free(self, _location: str, label: str) -> bool:
        self._asked(f"label {label}")
        _refuse_reserved(self.cloud, label)
        return self._asked("label_is_free") and not _label_is_taken(self.cloud, label)

    def private_address_is_free(self, group: str, network: str, address: str) -> bool:
        self._asked(f"address {group}/{network} {address}")
        every = [inner["properties"].get("privateIPAddress") for one in self.cloud._all(kinds.NETWORK_INTERFACE)
                 for inner in one["properties"]["ipConfigurations"]]
        return self._asked("private_address_is_free") and address not in every

    def _asked(self, name: str) -> bool:
        self.cloud.asked.append(name)
        if name in self.cloud.forbidden:
            code, status = self.cloud.refusal
            raise AzureRefused(f"may not {name}", code=code, status=status)
        return True


class _Writer:
    """ARM's own part of a write: what it adds, what it refuses, what goes with it."""

    def __init__(self, cloud: FakeCloud) -> None:
        self.cloud, self.resources = cloud, cloud.resources

    def put(self, request: Request) -> dict:
        kind, path = EVERY_KIND[request.kind], request.names
        key = _key(kind.type, request.group, path)
        body = json.loads(to_bytes(request.body))
        parent = kinds.VM if kind in (kinds.EXTENSION, kinds.RUN_COMMAND) else None
        if parent and _key(parent.type, request.group, path[:1]) not in self.resources:
            raise NotFound(f"create '{path[-1]}': the VM '{path[0]}' is not there")
        resource_id = _id(kind, request.group, path)
        body = {**body, "id": resource_id, "name": path[-1], "type": kind.type}
        for subnet in (body.get("properties") or {}).get("subnets") or ():
            (subnet.get("properties") or {}).pop("ipConfigurations", None)
        for read_only in {kinds.SECURITY_GROUP: ("networkInterfaces",), kinds.PUBLIC_IP: ("ipConfiguration",)}.get(
                kind, ()):
            body["properties"].pop(read_only, None)
        body["properties"] = {**body.get("properties", {}), "provisioningState": "Succeeded"}
        if kind is kinds.SECURITY_RULE:
            self._put_rule(request, body)
        made = _MAKERS.get(kind.type, lambda _cloud, _body, _path: None)(self.cloud, body, path)
        self.resources[key] = body
        if kind is kinds.SUBNET:
            network = self.resources[_key(kinds.VIRTUAL_NETWORK.type, request.group, path[:1])]
            network["properties"]["subnets"] = [*(network["properties"].get("subnets") or ()), body]
        return made or body

    def _put_rule(self, request: Request, rule: dict) -> None:
        group = self.resources[_key(kinds.SECURITY_GROUP.type, request.group, request.names[:1])]
        others = _others(group, rule["name"])
        if rule["properties"]["priority"] in [one["properties"]["priority"] for one in others]:
            raise AzureRefused("conflicts", code="SecurityRuleConflict", status=400)
        group["properties"]["securityRules"] = [*others, rule]

    def patch(self, request: Request) -> dict:
        found = self.resources.get(_key(request.kind, request.group, request.names))
        if found is None:
            raise NotFound(f"write the tags of '{request.name}': it is not there any more.")
        body = json.loads(to_bytes(request.body))
        found["tags"] = names.with_tags(found.get("tags") or {}, body.get("tags") or {})
        for name, value in (body.get("properties") or {}).items():
            found["properties"][name] = {**found["properties"][name], **value}
        return found

    def delete(self, request: Request) -> None:
        key = _key(request.kind, request.group, request.names)
        found = self.resources.get(key)
        if found is None:
            return
        holder, code = self._holder(request.kind, found["id"])
        if holder:
            raise AzureRefused(f"'{found['name']}' is in use by '{holder}'", code=code, status=400)
        del self.resources[key]
        if request.kind == kinds.SECURITY_RULE.type:
            group = self.resources[_key(kinds.SECURITY_GROUP.type, request.group, request.names[:1])]
            group["properties"]["securityRules"] = _others(group, request.names[-1])
        if request.kind != kinds.VM.type:
            return
        self.cloud.hosts.pop(request.names[-1].lower(), None)
        for child in [one for one in self.resources if one[1:3] == key[1:3] and one[0].startswith(key[0] + "/")]:
            del self.resources[child]
        for one in (found["properties"].get("networkProfile") or {}).get("networkInterfaces") or ():
            self._delete_interface(one)
        for one in (found["properties"].get("storageProfile") or {}).get("dataDisks") or ():
            self._let_go(one)

    def _let_go(self, reference: dict) -> None:
        disk = self.cloud.by_id((reference.get("managedDisk") or {}).get("id"))
        if disk is None:
            return
        disk.pop("managedBy", None)
        if reference.get("deleteOption") == "Delete":
            del self.resources[_key_of(disk["id"])]

    def _delete_interface(self, reference: dict) -> None:
        interface = self.cloud.by_id(reference["id"])
        if interface is None:
            return
        interface["properties"].pop("virtualMachine", None)
        if (reference.get("properties") or {}).get("deleteOption") != "Delete":
            return
        del self.resources[_key_of(interface["id"])]
        for configuration in interface["properties"]["ipConfigurations"]:
            address = configuration["properties"].get("publicIPAddress") or {}
            if (address.get("properties") or {}).get("deleteOption") == "Delete":
                self.resources.pop(_key_of(address["id"]), None)

    def _holder(self, kind: str, resource_id: str) -> tuple[str, str]:
        if kind == kinds.VIRTUAL_NETWORK.type and _standing_in(self.cloud, resource_id):
            return _standing_in(self.cloud, resource_id)[0], "InUseSubnetCannotBeDeleted"
        holders = {kinds.SECURITY_GROUP.type: (kinds.NETWORK_INTERFACE, "InUseNetworkSecurityGroupCannotBeDeleted"),
                   kinds.PUBLIC_IP.type: (kinds.NETWORK_INTERFACE, "PublicIPAddressCannotBeDeleted"),
                   kinds.NETWORK_INTERFACE.type: (kinds.VM, "NicInUse")}
        if kind == kinds.DISK.type:
            return (self.cloud.by_id(resource_id) or {}).get("managedBy", "").rpartition("/")[2], "OperationNotAllowed"
        if kind not in holders:
            return "", ""
        holder, code = holders[kind]
        held = next((one["name"] for key, one in self.resources.items() if key[0] == holder.type.lower()
                     and f'"{resource_id}"' in json.dumps(one["properties"])), "")
        return held, code


# What ARM shows of a resource beside what was PUT: who else stands on it.

def _shown(cloud: FakeCloud, kind: Kind, found: dict | None) -> dict | None:
    if found is None:
        return None
    found = copy.deepcopy(found)
    properties, interfaces = found.get("properties"), cloud._all(kinds.NETWORK_INTERFACE)
    if properties is None:
        return found
    if kind is kinds.VIRTUAL_NETWORK:
        for subnet in properties.get("subnets") or ():
            subnet.setdefault("properties", {})["ipConfigurations"] = [
                {"id": one} for one in _standing_in(cloud, subnet.get("id") or found["id"])]
    if kind is kinds.SECURITY_GROUP:
        properties["networkInterfaces"] = [{"id": one["id"]} for one in interfaces if (
            one["properties"].get("networkSecurityGroup") or {}).get("id") == found["id"]]
    if kind is kinds.PUBLIC_IP:
        users = [f"{one['id']}/ipConfigurations/{inner['name']}" for one in interfaces
                 for inner in one["properties"]["ipConfigurations"]
                 if (inner["properties"].get("publicIPAddress") or {}).get("id") == found["id"]]
        properties["ipConfiguration"] = {"id": users[0]} if users else None
    return found


def _without_properties(found: dict) -> dict:
    return {name: value for name, value in found.items() if name != "properties"}


def _standing_in(cloud: FakeCloud, network: str) -> list[str]:
    return [f"{one['id']}/ipConfigurations/{inner['name']}" for one in cloud._all(kinds.NETWORK_INTERFACE)
            for inner in one["properties"]["ipConfigurations"]
            if inner["properties"].get("subnet", {}).get("id", "").startswith(network)]


# What ARM adds to each kind; where the PUT's own answer is another than what is read afterwards, that is returned.

def _make_network(_cloud: FakeCloud, body: dict, _path: tuple[str, ...]) -> None:
    for subnet in body["properties"].get("subnets") or ():
        subnet["id"] = f"{body['id']}/subnets/{subnet['name']}"


def _make_address(cloud: FakeCloud, body: dict, _path: tuple[str, ...]) -> dict:
    settings = body["properties"].get("dnsSettings") or {}
    label = settings.get("domainNameLabel")
    if label:
        _refuse_reserved(cloud, label)
        fqdn = f"{label}.{body['location']}.cloudapp.azure.com"
        if _label_is_taken(cloud, label, but=body["id"]):
            raise AzureRefused(f"create the public IP address: {fqdn} is taken", code="DnsRecordInUse", status=400)
        settings["fqdn"] = fqdn
    answer = copy.deepcopy(body)
    number = len(cloud._all(kinds.PUBLIC_IP)) + 1
    body["properties"].setdefault("ipAddress", f"20.0.0.{number}")
    return answer


def _make_interface(cloud: FakeCloud, body: dict, _path: tuple[str, ...]) -> None:
    properties = body["properties"]
    for configuration in properties["ipConfigurations"]:
        inner = configuration["properties"]
        inner.setdefault("privateIPAddress", "10.0.0.4")
        _must_be_there(cloud, inner.get("publicIPAddress"))
        network, _, subnet = inner["subnet"]["id"].partition("/subnets/")
        found = cloud.by_id(network)
        assert found is not None and subnet in [one["name"] for one in found["properties"]["subnets"]]
    _must_be_there(cloud, properties.get("networkSecurityGroup"))


def _make_machine(cloud: FakeCloud, body: dict, path: tuple[str, ...]) -> None:
    if cloud.by_id(body["id"]) is not None:
        raise AzureRefused("create the VM: it is there", code="PreconditionFailed", status=412)
    interfaces = []
    for one in body["properties"]["networkProfile"]["networkInterfaces"]:
        _must_be_there(cloud, one)
        interface = cloud.by_id(one["id"])
        assert interface is not None
        interfaces.append(interface["properties"])
    for disk in body["properties"]["storageProfile"].get("dataDisks") or ():
        _make_disk(cloud, body, disk, path[-1])
    profile = body["properties"]["osProfile"]
    profile.pop("adminPassword", None)
    custom_data = profile.pop("customData", None)
    body["properties"]["instanceView"] = running()
    image = body["properties"]["storageProfile"]["imageReference"]
    host = cloud.hosts[path[-1].lower()] = FakeHost(era=(image.get("offer") or "").lower() == "ubuntuserver")
    values = settings(custom_data) if custom_data else {}
    if values.get("DOCKERVM_ACTION") == "boot":
        host.door = FakeDoor(host, values, cloud.first_boot)
    for properties in interfaces:    # last: from now on it is found by whoever knocks
        properties["virtualMachine"] = {"id": body["id"]}


def _make_disk(cloud: FakeCloud, vm: dict, disk: dict, name: str) -> None:
    """One that is made bears the VM's tags; each is its VM's from now on."""
    if disk["createOption"] == "Empty":
        made = cloud.put(kinds.DISK, disk["name"], group=vm["id"].split("/")[4], body={
            "location": vm["location"], "tags": vm["tags"], "properties": {"diskSizeGB": disk["diskSizeGB"]}})
        disk["managedDisk"] = {**(disk.get("managedDisk") or {}), "id": made["id"]}
    _must_be_there(cloud, disk["managedDisk"])
    found = cloud.by_id(disk["managedDisk"]["id"])
    assert found is not None and not found.get("managedBy"), f"{name} can't have {found}"
    found["managedBy"] = vm["id"]
    disk["name"] = found["name"]


def _make_extension(cloud: FakeCloud, body: dict, path: tuple[str, ...]) -> None:
    properties = body["properties"]
    protected = properties.pop("protectedSettings")
    failure = cloud.extension_fails or cloud.hosts[path[0].lower()].take_extension(properties["settings"], protected)
    if failure:
        properties["provisioningState"] = "Failed"
        cloud.resources[_key_of(body["id"])] = body
        raise AzureRefused(f"install the extension: {failure}", code="VMExtensionProvisioningError", status=200)


def _make_run_command(cloud: FakeCloud, body: dict, path: tuple[str, ...]) -> None:
    properties = body["properties"]
    given = [*properties["parameters"], *properties.pop("protectedParameters", ())]     # Azure shows these to nobody
    values = {one["name"]: one["value"] for one in given}
    assert all(isinstance(value, str) for value in values.values())
    output = cloud.hosts[path[0].lower()].run(values)
    properties["instanceView"] = {"executionState": "Succeeded", "exitCode": 0, "output": output}


_MAKERS: dict[str, Callable[[FakeCloud, dict, tuple[str, ...]], dict | None]] = {
    kinds.VIRTUAL_NETWORK.type: _make_network, kinds.PUBLIC_IP.type: _make_address,
    kinds.NETWORK_INTERFACE.type: _make_interface, kinds.VM.type: _make_machine,
    kinds.EXTENSION.type: _make_extension, kinds.RUN_COMMAND.type: _make_run_command}


def running(power: str = "running") -> dict:
    """An instance view of a VM whose agent has reported."""
    return {"statuses": [{"code": "ProvisioningState/succeeded"}, {"code": f"PowerState/{power}"}],
            "vmAgent": {"vmAgentVersion": "2.9"}}


def never_ran(code: str = "AllocationFailed") -> dict:
    """The properties of a VM that Azure could not start."""
    return {"provisioningState": "Failed", "instanceView": {
        "statuses": [{"code": f"ProvisioningState/failed/{code}", "message": f"{code}: no room"}]}}


def shown(request: Request) -> str:
    return f"{request.method} {request.kind.rpartition('/')[2]}/{request.name}"


def _id(kind: Kind, group: str, path: tuple[str, ...]) -> str:
    namespace, *types = kind.type.split("/")
    way = "/".join(f"{one}/{name}" for one, name in zip(types, path, strict=True))
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{namespace}/{way}"


def _key(kind: str, group: str, path: Iterable[str]) -> tuple[str, ...]:
    return (kind.lower(), group.lower(), *(name.lower() for name in path))


def _key_of(resource_id: str) -> tuple[str, ...]:
    words = resource_id.strip("/").split("/")
    pairs = words[6:]
    return _key("/".join((words[5], *pairs[::2])), words[3], pairs[1::2])


def _must_be_there(cloud: FakeCloud, reference: dict | None) -> None:
    if reference is not None and cloud.by_id(reference["id"]) is None:
        raise AzureRefused(f"{reference['id']} is not there", code="InvalidResourceReference", status=400)


def _label_is_taken(cloud: FakeCloud, label: str, but: str = "") -> bool:
    held = {(one["properties"].get("dnsSettings") or {}).get("domainNameLabel")
            for one in cloud._all(kinds.PUBLIC_IP) if one["id"] != but}
    return label in cloud.taken_labels | held


def _refuse_reserved(cloud: FakeCloud, label: str) -> None:
    if label in cloud.reserved_labels:
        raise AzureRefused(f"{label}: a reserved word", code="DomainNameLabelReserved", status=400)


def _others(group: dict, name: str) -> list[dict]:
    return [one for one in group["properties"].get("securityRules") or () if one["name"].lower() != name.lower()]


def _lets_in(group: dict, port: int) -> bool:
    for rule in group["properties"].get("securityRules") or ():
        properties = rule["properties"]
        ports = properties.get("destinationPortRanges") or [properties.get("destinationPortRange")]
        sources = properties.get("sourceAddressPrefixes") or [properties.get("sourceAddressPrefix")]
        if properties["access"] == "Allow" and str(port) in ports and "*" in sources:
            return True
    return False


# The borders


class Heard:
    """A listener that keeps what it is told. ``at`` has what happens when it is told a text that begins so."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []
        self.done: dict[str, str] = {}      # step → detail
        self.begun: list[str] = []
        self.broken: list[str] = []
        self.at: dict[str, Callable[[], None]] = {}

    def started(self, step: Step) -> None:
        self.begun.append(step.key)

    def finished(self, step: Step, seconds: float, detail: str) -> None:
        self.done[step.key] = detail

    def failed(self, step: Step, seconds: float) -> None:
        self.broken.append(step.key)

    def say(self, text: str) -> None:
        self.said.append(text)
        self._happens(text)

    def warn(self, text: str) -> None:
        self.warned.append(text)
        self._happens(text)

    alert = warn

    def _happens(self, text: str) -> None:
        for beginning, do in self.at.items():
            if text.startswith(beginning):
                do()


class Engines:
    """Engines as they are seen from here: the names of ``engine.tls`` and ``engine.client``."""

    def __init__(self, cloud: FakeCloud) -> None:
        self.cloud = cloud
        self.knocks: list[str] = []

    def handshake(self, endpoint: Any, timeout: float = 5.0) -> bytes:
        self.knocks.append(f"{endpoint.host}:{endpoint.port}")
        scripted = self.cloud.engine_says.pop(0) if self.cloud.engine_says else None
        if scripted is not None:
            raise scripted
        missing = endpoint.missing_file()
        if missing is not None:
            raise EngineUnreachable(f"the certificate file {missing} is missing", kind="files")
        host = self.cloud.host_at(endpoint.host, endpoint.port)
        return host.shake_hands(endpoint.host, endpoint.port, Path(endpoint.folder))

    def knock(self, address: tuple[str, int], _context: Any, question: Any, *_timeouts: float) -> tuple[bytes, bytes]:
        """The door of a new host: the name of ``engine.tls.exchange``."""
        try:
            host = self.cloud.host_at(*address)
            if host.door is None:
                raise EngineUnreachable("it refuses connections: nothing listens there", kind="refused")
            return host.door.answer(question.text, question.name)
        except EngineUnreachable:
            time.sleep(0.002)   # others are at work while this one waits, though the clock of the tests does not tell
            raise

    def turns_strangers_away(self, endpoint: Any, timeout: float = 5.0) -> bool:
        return not self.cloud.host_at(endpoint.host, endpoint.port).open_door

    def engine_state(self, endpoint: Any, timeout: float = 10.0) -> dict:
        self.handshake(endpoint)
        host = self.cloud.host_at(endpoint.host, endpoint.port)
        return {"version": {"Version": ENGINE_VERSION, "ApiVersion": "1.47"}, "info": {}, "containers": host.containers}


def at_the_borders(monkeypatch: Any, cloud: FakeCloud) -> Engines:
    """Put clock and engines in the places of the real ones."""
    from azext_dockervm.door import client
    from azext_dockervm.engine import wait
    from azext_dockervm.flow import execute
    from azext_dockervm.host import enable, engine_state, listing, look
    from azext_dockervm.provision import cloud_init, proof

    engines = Engines(cloud)
    for module in (deadline_module, execute, cloud_init):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=cloud.clock.monotonic))
    monkeypatch.setattr(client, "exchange", engines.knock)
    monkeypatch.setattr(Cancellation, "wait", lambda _self, seconds: cloud.clock.wait(seconds))
    for module in (wait, look, enable, engine_state, listing, cloud_init):
        monkeypatch.setattr(module, "handshake", engines.handshake)
    monkeypatch.setattr(proof, "turns_strangers_away", engines.turns_strangers_away)
    for module in (proof, engine_state):
        monkeypatch.setattr(module, "engine_state", engines.engine_state)
    return engines
