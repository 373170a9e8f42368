"""The network of a host: security group, shared virtual network, public address, interface; bodies and steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azext_dockervm import names
from azext_dockervm.errors import AzureRefused
from azext_dockervm.plan import interface
from azext_dockervm.plan.arm import Azure
from azext_dockervm.plan.deadline import Deadline
from azext_dockervm.plan.preflight import Found
from azext_dockervm.plan.step import Step
from azext_dockervm.plan.undo import undo_own
from azext_dockervm.spec import HostSpec

# What Azure answers while the network that another create has just begun is not there yet (azure-core repeats that for
# five seconds only), or while something that was just deleted still holds on to the resource. A NIC stays reserved for
# 180 s after the VM that it was meant for failed.
STILL_HELD = frozenset({
    "NicInUse", "NicReservedForAnotherVm", "PublicIPAddressCannotBeDeleted", "AnotherOperationInProgress",
    "InUseNetworkSecurityGroupCannotBeDeleted", "RetryableError", "ReferencedResourceNotProvisioned"})
PATIENCE_SECONDS = 240.0
# How the operation of a PUT ends that another PUT of the same resource has overtaken; the resource is made all the
# same.
SUPERSEDED = frozenset({"Canceled", "CanceledAndSupersededDueToAnotherOperation"})
FIRST_PRIORITY = {names.SSH_RULE: 1000, names.DOCKER_RULE: 1010}


def _allow(name: str, priority: int, ports: tuple[int, ...], sources: tuple[str, ...]) -> dict:
    rule: dict[str, Any] = {"priority": priority, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
                            "sourcePortRange": "*", "destinationAddressPrefix": "*"}
    rule |= _one_or_many("sourceAddressPrefix", "sourceAddressPrefixes", sources)
    rule |= _one_or_many("destinationPortRange", "destinationPortRanges", tuple(map(str, ports)))
    return {"name": name, "properties": rule}


def _one_or_many(one: str, many: str, values: tuple[str, ...]) -> dict:
    return {one: values[0]} if len(values) == 1 else {many: list(values)}


def security_group_body(spec: HostSpec, run_id: str) -> dict:
    """Open are the Docker port, which asks for a certificate, and SSH where the user asked for it; nothing else."""
    rules = [_allow(name, FIRST_PRIORITY[name], (port,), spec.sources) for name, port in _wanted_ports(spec).items()]
    return {"location": spec.location, "tags": spec.part_tags(run_id), "properties": {"securityRules": rules}}


def _wanted_ports(spec: HostSpec) -> dict[str, int]:
    ssh = {} if spec.ssh_port is None else {names.SSH_RULE: spec.ssh_port}
    return {names.DOCKER_RULE: spec.docker_port, **ssh}


def with_asked_rules(spec: HostSpec, existing: dict, old_port: int | None = None, only: bool = False) -> dict | None:
    """The body that makes an existing group let in what is asked for; None where it does. Nobody's rules are taken
    away, and a rule of ours that somebody narrowed, or replaced by one of another name, stays narrow, unless --sources
    says otherwise.

    ``old_port`` is the Docker port that the host has so far: it stays open until the new one is proven. ``only``: our
    rules shall open the asked ports and no others.
    """
    rules = existing["properties"].get("securityRules") or []
    ours = {rule["name"].lower(): rule for rule in rules}
    kept = [rule for rule in rules if rule["name"].lower() not in _wanted_ports(spec)]
    taken = {rule["properties"].get("priority") for rule in rules}
    written = []
    for name, port in _wanted_ports(spec).items():
        ports = tuple(dict.fromkeys((port, old_port or port))) if name == names.DOCKER_RULE else (port,)
        rule = ours.get(name)
        if rule is None:
            if "--sources" not in spec.typed and _is_let_in(kept, port):
                continue
            priority = next(number for number in range(FIRST_PRIORITY[name], 4097) if number not in taken)
            taken.add(priority)
            written.append(_allow(name, priority, ports, spec.sources))
        else:
            written.append(_changed_rule(spec, rule, ports, only))
    if written == [ours[name] for name in _wanted_ports(spec) if name in ours]:
        return None
    return _whole(existing, securityRules=[*kept, *written])


def _changed_rule(spec: HostSpec, rule: dict, ports: tuple[int, ...], only: bool) -> dict:
    properties = rule["properties"]
    now = _ports_of(properties)
    right = sorted(now) == sorted(map(str, ports)) if only else all(_lets_in(now, port) for port in ports)
    sources = tuple(properties.get("sourceAddressPrefixes") or [properties.get("sourceAddressPrefix")])
    wanted_sources = spec.sources if "--sources" in spec.typed else sources
    if right and sorted(sources) == sorted(wanted_sources):
        return rule
    asked = _allow(rule["name"], properties["priority"], ports, wanted_sources)["properties"]
    replaced = ("sourceAddressPrefix", "sourceAddressPrefixes", "destinationPortRange", "destinationPortRanges")
    kept = {key: value for key, value in properties.items() if key not in replaced}
    return {**rule, "properties": {**kept, **{key: asked[key] for key in replaced if key in asked}}}


def _is_let_in(rules: list[dict], port: int) -> bool:
    """By an allowing rule for somebody outside; it is nobody's business here for whom."""
    every = (rule["properties"] for rule in rules)
    return any(rule["direction"] == "Inbound" and rule["access"] == "Allow" and rule["protocol"] in ("*", "Tcp")
               and _lets_in(_ports_of(rule), port) for rule in every)


def _ports_of(properties: dict) -> list[str]:
    return properties.get("destinationPortRanges") or [properties.get("destinationPortRange") or ""]


def _lets_in(ranges: list[str], port: int) -> bool:
    for one in ranges:
        first, _, last = one.partition("-")
        if one == "*" or (first.isdigit() and int(first) <= port <= int(last or first)):
            return True
    return False


def _whole(existing: dict, **changes: Any) -> dict:
    """A PUT's body that leaves all of a resource as it is but for ``changes``."""
    rest = {key: value for key, value in existing.items() if key != "etag"}
    return {**rest, "properties": {**existing["properties"], **changes}}


def virtual_network_body(spec: HostSpec, run_id: str) -> dict:
    """Shared, so it does not carry one host's name; the user's tags, because policies ask for them on everything."""
    return {"location": spec.location, "tags": {**spec.tags, names.TAG_SHARED: names.SCHEMA, names.TAG_RUN: run_id},
            "properties": {"addressSpace": {"addressPrefixes": [names.VNET_PREFIX]},
                           "subnets": [{"name": names.SUBNET, "properties": {"addressPrefix": names.SUBNET_PREFIX}}]}}


def public_ip_body(spec: HostSpec, run_id: str, label: str) -> dict:
    """Standard and static: Basic ones are gone since 2025-03-31, and the certificate names the address."""
    return {"location": spec.location, "tags": spec.part_tags(run_id), "sku": {"name": "Standard"},
            "properties": {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4",
                           "dnsSettings": {"domainNameLabel": label}}}


def network_interface_body(spec: HostSpec, run_id: str, *, subnet: str, security_group: str, public_ip: str) -> dict:
    """``deleteOption`` lets the public address go with the interface, as the interface goes with the VM."""
    return {"location": spec.location, "tags": spec.part_tags(run_id), "properties": {
        "networkSecurityGroup": {"id": security_group},
        "ipConfigurations": [{"name": "ipconfig1", "properties": {
            "subnet": {"id": subnet}, "privateIPAllocationMethod": "Dynamic", "privateIPAddressVersion": "IPv4",
            "primary": True,
            "publicIPAddress": {"id": public_ip, "properties": {"deleteOption": "Delete"}}}}]}}


def with_label(existing: dict, label: str) -> dict:
    settings = existing["properties"].get("dnsSettings") or {}
    return _whole(existing, dnsSettings={**settings, "domainNameLabel": label})


def mended_interface(existing: dict, *, security_group: str | None, public_ip: str) -> dict | None:
    """The body that gives an interface the public address that it lacks, and a security group that was just made where
    it has none; None where it lacks nothing."""
    first = interface.primary(existing)
    changes: dict[str, Any] = {}
    if not interface.public_ip_id(existing):
        address = {"id": public_ip, "properties": {"deleteOption": "Delete"}}
        mended = {**first, "properties": {**first["properties"], "publicIPAddress": address}}
        changes["ipConfigurations"] = [mended if one is first else one
                                       for one in existing["properties"]["ipConfigurations"]]
    if security_group and not existing["properties"].get("networkSecurityGroup"):
        changes["networkSecurityGroup"] = {"id": security_group}
    return _whole(existing, **changes) if changes or failed(existing) else None


def failed(resource: dict | None) -> bool:
    return bool(resource) and resource["properties"].get("provisioningState") == "Failed"


def subnet_id(vnet: dict) -> str | None:
    for subnet in vnet["properties"].get("subnets") or ():
        if subnet["name"].lower() == names.SUBNET:
            return subnet["id"]
    return None


def fqdn(public_ip: dict) -> str:
    """The name that ARM returned; never one put together here, since every cloud has its own suffix."""
    return public_ip["properties"]["dnsSettings"]["fqdn"]


def address(public_ip: dict) -> str:
    return public_ip["properties"]["ipAddress"]


def patiently(call: Callable[..., Any], deadline: Deadline) -> Callable[..., Any]:
    """Repeat a call that is refused only because Azure is not done with the resource or one that it needs."""
    def run(*arguments):
        patience = deadline.within(PATIENCE_SECONDS)
        while True:
            try:
                return call(*arguments)
            except AzureRefused as error:
                if error.code not in STILL_HELD or patience.remaining() < 10:
                    raise
                patience.sleep(5, f"'{error.code}'")
    return run


def steps(azure: Azure, spec: HostSpec, found: Found, run_id: str) -> list[Step]:
    """Security group, network and address side by side, then the interface. What exists is used; what exists and is
    ours is mended where it lacks something or has ended in Failed, and is not undone."""
    vnet = names.virtual_network(spec.location)
    find = patiently(lambda r: _subnet(azure, spec.group, r["vnet"]), azure.deadline)
    return [
        _security_group(azure, spec, found.security_group, run_id, found.docker_port),
        # Never undone: another host may have moved in meanwhile.
        _virtual_network(azure, spec, found.vnet, run_id),
        _public_ip(azure, spec, found, run_id),
        Step("subnet", f"find the subnet '{names.SUBNET}' of '{vnet}'", find, ("vnet",), quiet=True),
        _network_interface(azure, spec, found, run_id),
    ]


def _use(key: str, kind: str, existing: dict) -> Step:
    return Step(key, f"use the {kind} '{existing['name']}'", lambda _results: existing, quiet=True)


def _security_group(azure: Azure, spec: HostSpec, existing: dict | None, run_id: str, old_port: int | None) -> Step:
    key, kind, name = "security_group", "network security group", names.network_security_group(spec.name)
    put = azure.put_security_group
    if existing is None:
        return Step(key, f"create the {kind} '{name}'", patiently(
            lambda _r: put(spec.group, name, security_group_body(spec, run_id)), azure.deadline),
            undo=_undo(azure, spec.group, name, azure.security_group, azure.delete_security_group, run_id))
    changed = with_asked_rules(spec, existing, old_port)
    if changed:
        return Step(key, f"open ports in the {kind} '{name}'",
                    patiently(lambda _r: put(spec.group, name, changed), azure.deadline))
    return _again(azure, key, kind, existing, lambda body: put(spec.group, name, body)) or _use(key, kind, existing)


def close_old_port(azure: Azure, spec: HostSpec, security_group: dict) -> Step | None:
    """Once the engine is proven on its new port; None where nothing else is open."""
    changed = with_asked_rules(spec, security_group, only=True)
    if changed is None:
        return None
    name = names.network_security_group(spec.name)
    return Step("close_old_port", f"close the old Docker port in '{name}'", patiently(
        lambda _r: azure.put_security_group(spec.group, name, changed), azure.deadline))


def tag_steps(azure: Azure, spec: HostSpec, found: Found) -> list[Step]:
    """The user's tags for the parts of a host that were there before; their other tags stay."""
    parts = (("network security group", found.security_group, azure.security_group, azure.tag_security_group),
             ("public IP address", found.public_ip, azure.public_ip, azure.tag_public_ip),
             ("network interface", found.network_interface, azure.network_interface, azure.tag_network_interface))

    def step(kind: str, name: str, read: Callable, write: Callable) -> Step:
        def tag(_results) -> None:
            now = (read(spec.group, name) or {}).get("tags") or {}
            wanted = names.with_tags(now, spec.tags)
            if wanted != now:
                write(spec.group, name, wanted)

        return Step(f"tag {name}", f"write the tags of the {kind} '{name}'", tag)

    return [step(kind, existing["name"], read, write) for kind, existing, read, write in parts if existing is not None]


def _virtual_network(azure: Azure, spec: HostSpec, existing: dict | None, run_id: str) -> Step:
    key, kind, name = "vnet", "virtual network", names.virtual_network(spec.location)

    def put(body: dict) -> dict:
        try:
            return azure.put_virtual_network(spec.group, name, body)
        except AzureRefused as error:
            if error.code not in SUPERSEDED:
                raise
            return _made_by_another(azure, spec.group, name, error)

    if existing is not None:
        return _again(azure, key, kind, existing, put) or _use(key, kind, existing)
    return Step(key, f"create the {kind} '{name}'",
                patiently(lambda _r: put(virtual_network_body(spec, run_id)), azure.deadline))


def _made_by_another(azure: Azure, group: str, name: str, refusal: AzureRefused) -> dict:
    """Two creates in a new group and region make its network at once: the one that was overtaken uses the other's."""
    while True:
        found = azure.virtual_network(group, name)
        if found is None or failed(found):
            raise refusal
        if found["properties"].get("provisioningState") == "Succeeded":
            return found
        azure.deadline.sleep(2, f"another create makes the virtual network '{name}'")


def _public_ip(azure: Azure, spec: HostSpec, found: Found, run_id: str) -> Step:
    key, kind, name, existing = "public_ip", "public IP address", names.public_ip(spec.name), found.public_ip

    def put(body: Callable[[str], dict]) -> dict:
        """The label was free a moment ago, or could not be asked for; another may have taken it."""
        try:
            return azure.put_public_ip(spec.group, name, body(found.label))
        except AzureRefused as error:
            if error.code != "DnsRecordInUse" or found.other_label in ("", found.label):
                raise
            return azure.put_public_ip(spec.group, name, body(found.other_label))

    if existing is None:
        return Step(key, f"create the {kind} '{name}'", patiently(
            lambda _r: put(lambda label: public_ip_body(spec, run_id, label)), azure.deadline),
            undo=_undo(azure, spec.group, name, azure.public_ip, azure.delete_public_ip, run_id), detail=fqdn)
    if not (existing["properties"].get("dnsSettings") or {}).get("domainNameLabel"):
        return Step(key, f"give the {kind} '{name}' a DNS label",
                    patiently(lambda _r: put(lambda label: with_label(existing, label)), azure.deadline), detail=fqdn)
    again = _again(azure, key, kind, existing, lambda body: azure.put_public_ip(spec.group, name, body))
    return again or _use(key, kind, existing)


def _network_interface(azure: Azure, spec: HostSpec, found: Found, run_id: str) -> Step:
    key, kind, name = "network_interface", "network interface", names.network_interface(spec.name)
    needs, existing = ("security_group", "subnet", "public_ip"), found.network_interface

    def create(results) -> dict:
        return azure.put_network_interface(spec.group, name, network_interface_body(
            spec, run_id, subnet=results["subnet"], security_group=results["security_group"]["id"],
            public_ip=results["public_ip"]["id"]))

    def mend(results) -> dict:
        made = results["security_group"]["id"] if found.security_group is None else None
        body = mended_interface(existing, security_group=made, public_ip=results["public_ip"]["id"])
        return azure.put_network_interface(spec.group, name, body)

    if existing is None:
        undo = _undo(azure, spec.group, name, azure.network_interface, azure.delete_network_interface, run_id)
        return Step(key, f"create the {kind} '{name}'", patiently(create, azure.deadline), needs, undo,
                    interface.private_address)
    made = "made" if found.security_group is None else None
    if mended_interface(existing, security_group=made, public_ip="") is None:
        return _use(key, kind, existing)
    return Step(key, f"mend the {kind} '{name}'", patiently(mend, azure.deadline), needs,
                detail=interface.private_address)


def _again(azure: Azure, key: str, kind: str, existing: dict, put: Callable[[dict], dict]) -> Step | None:
    """A resource whose last change ended in Failed blocks all that stands on it until it is PUT again."""
    if not failed(existing):
        return None
    return Step(key, f"mend the {kind} '{existing['name']}', which is in the state Failed",
                patiently(lambda _r: put(_whole(existing)), azure.deadline))


def _undo(azure: Azure, group: str, name: str, read: Callable, delete: Callable, run_id: str) -> Callable[[], bool]:
    return undo_own(lambda: read(group, name), patiently(lambda: delete(group, name), azure.deadline), run_id)


def _subnet(azure: Azure, group: str, vnet: dict) -> str:
    known = subnet_id(vnet)
    if known:
        return known
    body = {"properties": {"addressPrefix": names.SUBNET_PREFIX}}
    return azure.put_subnet(group, vnet["name"], names.SUBNET, body)["id"]
