"""The network of a host: security group, shared virtual network, public address, interface; bodies and steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azext_dockervm import names
from azext_dockervm.errors import AzureRefused
from azext_dockervm.plan.arm import Azure
from azext_dockervm.plan.deadline import Deadline
from azext_dockervm.plan.preflight import Found
from azext_dockervm.plan.step import Step
from azext_dockervm.spec import HostSpec

# What Azure answers while the network that another create has just begun is not there yet (azure-core repeats that for
# five seconds only), or while something that was just deleted still holds on to the resource. A NIC stays reserved for
# 180 s after the VM that it was meant for failed.
STILL_HELD = frozenset({
    "NicInUse", "NicReservedForAnotherVm", "PublicIPAddressCannotBeDeleted", "AnotherOperationInProgress",
    "InUseNetworkSecurityGroupCannotBeDeleted", "RetryableError", "ReferencedResourceNotProvisioned"})
PATIENCE_SECONDS = 240.0


def host_tags(spec: HostSpec, run_id: str) -> dict[str, str]:
    """Tags of everything that belongs to one host: the user's, and ours."""
    return {**spec.tags, names.TAG_HOST: spec.name, names.TAG_RUN: run_id}


def _allow(name: str, priority: int, port: int) -> dict:
    return {"name": name, "properties": {
        "priority": priority, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
        "sourceAddressPrefix": "*", "sourcePortRange": "*",
        "destinationAddressPrefix": "*", "destinationPortRange": str(port)}}


def security_group_body(spec: HostSpec, run_id: str) -> dict:
    """Open are the Docker port, which asks for a certificate, and SSH where the user asked for it; nothing else."""
    rules = [_allow(names.DOCKER_RULE, 1010, spec.docker_port)]
    if spec.ssh_port is not None:
        rules.append(_allow(names.SSH_RULE, 1000, spec.ssh_port))
    return {"location": spec.location, "tags": host_tags(spec, run_id), "properties": {"securityRules": rules}}


def with_missing_rules(spec: HostSpec, existing: dict | None) -> dict | None:
    """The body that adds the asked-for rules to an existing group; None where they are all there. Nobody's rules are
    taken away."""
    if existing is None:
        return None
    rules = existing["properties"].get("securityRules") or []
    wanted = security_group_body(spec, "")["properties"]["securityRules"]
    there = {rule["name"].lower(): rule["properties"].get("destinationPortRange") for rule in rules}
    missing = [rule for rule in wanted if there.get(rule["name"]) != rule["properties"]["destinationPortRange"]]
    if not missing:
        return None
    replaced = {rule["name"] for rule in missing}
    kept = [rule for rule in rules if rule["name"].lower() not in replaced]
    return {"location": existing["location"], "tags": existing.get("tags") or {},
            "properties": {"securityRules": [*kept, *missing]}}


def virtual_network_body(spec: HostSpec, run_id: str) -> dict:
    """Shared, so it carries neither a host's name nor the user's tags."""
    return {"location": spec.location, "tags": {names.TAG_SHARED: names.SCHEMA, names.TAG_RUN: run_id},
            "properties": {"addressSpace": {"addressPrefixes": [names.VNET_PREFIX]},
                           "subnets": [{"name": names.SUBNET, "properties": {"addressPrefix": names.SUBNET_PREFIX}}]}}


def public_ip_body(spec: HostSpec, run_id: str, label: str) -> dict:
    """Standard and static: Basic ones are gone since 2025-03-31, and the certificate names the address."""
    return {"location": spec.location, "tags": host_tags(spec, run_id), "sku": {"name": "Standard"},
            "properties": {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4",
                           "dnsSettings": {"domainNameLabel": label}}}


def network_interface_body(spec: HostSpec, run_id: str, *, subnet: str, security_group: str, public_ip: str) -> dict:
    """``deleteOption`` lets the public address go with the interface, as the interface goes with the VM."""
    return {"location": spec.location, "tags": host_tags(spec, run_id), "properties": {
        "networkSecurityGroup": {"id": security_group},
        "ipConfigurations": [{"name": "ipconfig1", "properties": {
            "subnet": {"id": subnet}, "privateIPAllocationMethod": "Dynamic", "privateIPAddressVersion": "IPv4",
            "primary": True,
            "publicIPAddress": {"id": public_ip, "properties": {"deleteOption": "Delete"}}}}]}}


def subnet_id(vnet: dict) -> str | None:
    for subnet in vnet["properties"].get("subnets") or ():
        if subnet["name"].lower() == names.SUBNET:
            return subnet["id"]
    return None


def private_address(network_interface: dict) -> str:
    return network_interface["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]


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
    """Security group, network and address side by side, then the interface. What exists is used as it is."""
    group = spec.group
    plan: list[Step] = []

    def add(key, kind, name, existing, put, delete, needs=(), detail=None):
        if existing is not None:
            plan.append(Step(key, f"use the {kind} '{name}'", lambda _r: existing, quiet=True))
            return
        undo = patiently(delete, azure.deadline) if delete else None
        plan.append(Step(key, f"create the {kind} '{name}'", patiently(put, azure.deadline), needs, undo, detail))

    nsg, ip, nic = (names.network_security_group(spec.name), names.public_ip(spec.name),
                    names.network_interface(spec.name))
    vnet = names.virtual_network(spec.location)
    changed = with_missing_rules(spec, found.security_group)
    if changed:
        plan.append(Step("security_group", f"open ports in the network security group '{nsg}'",
                         lambda _r: azure.put_security_group(group, nsg, changed)))
    else:
        add("security_group", "network security group", nsg, found.security_group,
            lambda _r: azure.put_security_group(group, nsg, security_group_body(spec, run_id)),
            lambda: azure.delete_security_group(group, nsg))
    # Never undone: another host may have moved in meanwhile.
    add("vnet", "virtual network", vnet, found.vnet,
        lambda _r: azure.put_virtual_network(group, vnet, virtual_network_body(spec, run_id)), None)
    add("public_ip", "public IP address", ip, found.public_ip,
        lambda _r: _put_public_ip(azure, spec, found, run_id),
        lambda: azure.delete_public_ip(group, ip), detail=fqdn)
    find = patiently(lambda r: _subnet(azure, group, r["vnet"]), azure.deadline)
    plan.append(Step("subnet", f"find the subnet '{names.SUBNET}'", find, ("vnet",), quiet=True))
    add("network_interface", "network interface", nic, found.network_interface,
        lambda r: azure.put_network_interface(group, nic, network_interface_body(
            spec, run_id, subnet=r["subnet"], security_group=r["security_group"]["id"],
            public_ip=r["public_ip"]["id"])),
        lambda: azure.delete_network_interface(group, nic), ("security_group", "subnet", "public_ip"),
        private_address)
    return plan


def _put_public_ip(azure: Azure, spec: HostSpec, found: Found, run_id: str) -> dict:
    """The label was free a moment ago, or could not be asked for; another may have taken it."""
    name = names.public_ip(spec.name)
    try:
        return azure.put_public_ip(spec.group, name, public_ip_body(spec, run_id, found.label))
    except AzureRefused as error:
        if error.code != "DnsRecordInUse" or found.other_label in ("", found.label):
            raise
        return azure.put_public_ip(spec.group, name, public_ip_body(spec, run_id, found.other_label))


def _subnet(azure: Azure, group: str, vnet: dict) -> str:
    known = subnet_id(vnet)
    if known:
        return known
    body = {"properties": {"addressPrefix": names.SUBNET_PREFIX}}
    return azure.put_subnet(group, vnet["name"], names.SUBNET, body)["id"]
