"""How many requests of a create wait for each other before its first write: who has to wait for an answer is found by
holding all answers back until nothing more is asked."""

from __future__ import annotations

import time

import pytest
from arm_support import SUBSCRIPTION
from read_rounds import conducted

from azext_dockervm.azure import kinds
from azext_dockervm.azure.calls import Azure
from azext_dockervm.spec import network_rules as rules
from azext_dockervm.spec.machine import Image
from azext_dockervm.spec.placement import Identity
from azext_dockervm.spec.rules import resource_name_or_id

FEATURES = "2021-07-01"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFsWmFPXJ8mJ1RNmsqOLuBvCZQDKzTNZkFvQ7XkvGJX4 somebody"
LETS_IN = {"name": "docker", "properties": {
    "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
    "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "destinationPortRange": "4243"}}


@pytest.mark.parametrize(("asked", "most"), [
    ({}, 3), ({"location": "westus"}, 3), ({"size": "Standard_B2s", "provisioner": "docker-extension"}, 3),
    ({"image": Image.parse("Canonical:ubuntu-24_04-lts:server:24.04.202510010")}, 2)],
    ids=["default", "with its region", "with all that is asked of a region", "a version"])
def test_at_most_three_reads_wait_for_each_other(world, group, certificates, rounds, asked, most):
    world.create(group, certificates, **{"location": None, **asked})
    assert rounds.wrote
    assert len(rounds.rounds) == most, rounds.rounds
    assert len(rounds.rounds[0]) == 5, "what needs no region is read beside the group"


def test_how_many_reads_a_host_of_defaults_costs(world, group, certificates, rounds):
    """Each is one more that may be slow: the second round is what it has to be, and the third one alone."""
    world.create(group, certificates, location=None)
    second = sorted(path.rpartition("/providers/")[2] for path in rounds.rounds[1])
    assert second == [
        "Microsoft.Authorization/locks",
        "Microsoft.Compute/locations/westus/publishers/Canonical/artifacttypes/vmimage/offers/ubuntu-24_04-lts/skus/"
        "server/versions",
        "Microsoft.Compute/locations/westus/usages",
        "Microsoft.Network/locations/westus/CheckDnsNameAvailability",
        "Microsoft.Network/locations/westus/usages",
        "Microsoft.Network/virtualNetworks/dockervm-westus-vnet"]
    assert len(rounds.rounds[2]) == 1


# With what is there already, by its name


def named(kind, name: str):
    return resource_name_or_id(name, "--it", kind.type)


def a_disk_and_encryption(world, group, _monkeypatch) -> dict:
    feature = "/providers/Microsoft.Features/providers/Microsoft.Compute/features/EncryptionAtHost"
    world.arm.done("POST", f"{feature}/register", api=FEATURES)
    until = time.monotonic() + 10
    while world.arm.call("GET", feature, api=FEATURES).body["properties"]["state"] != "Registered":
        assert time.monotonic() < until
    world.arm.done("PUT", f"/resourceGroups/{group}/providers/Microsoft.Compute/disks/data", {
        "location": "westus", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4}})
    return {"disks.attached": (named(kinds.DISK, "data"),), "disks.encryption_at_host": True}


def an_identity_an_account_and_a_key(world, group, monkeypatch) -> dict:
    """Local Azure has no storage accounts, so what is read in their place is the group."""
    path, get, list_all = f"/resourceGroups/{group}/providers", Azure.get, Azure.list_all
    world.arm.done("PUT", f"{path}/Microsoft.ManagedIdentity/userAssignedIdentities/mine", {"location": "westus"},
                   api="2023-01-31")
    world.arm.done("PUT", f"{path}/Microsoft.Compute/sshPublicKeys/mine", {
        "location": "westus", "properties": {"publicKey": KEY}})
    account = {"id": f"/subscriptions/{SUBSCRIPTION}{path}/Microsoft.Storage/storageAccounts/logs", "name": "logs",
               "location": "westus", "sku": {"name": "Standard_LRS"},
               "properties": {"primaryEndpoints": {"blob": "https://logs.blob.core.windows.net/"}}}

    def got(self, kind, *path, **more):
        return (self.group(group) and account) if kind is kinds.STORAGE_ACCOUNT else get(self, kind, *path, **more)

    def listed(self, kind, **query):
        return (self.group(group) and [account]) if kind is kinds.STORAGE_ACCOUNT else list_all(self, kind, **query)

    monkeypatch.setattr(Azure, "get", got)
    monkeypatch.setattr(Azure, "list_all", listed)
    return {"placement.identity": Identity(users=(named(kinds.USER_IDENTITY, "mine"),)),
            "placement.diagnostics": "logs", "login.ssh_key": named(kinds.SSH_KEY, "mine")}


def guards_of_others(world, group, _monkeypatch) -> dict:
    lay(world, group, "networkSecurityGroups", "guard", securityRules=[LETS_IN])
    lay(world, group, "applicationSecurityGroups", "web")
    return {"security_group": named(kinds.SECURITY_GROUP, "guard"),
            "application_groups": (named(kinds.APPLICATION_GROUP, "web"),)}


@pytest.mark.parametrize(("prepared", "reads"), [
    (a_disk_and_encryption, ["disks/data", "features/EncryptionAtHost", "Microsoft.Compute/skus"]),
    (an_identity_an_account_and_a_key, ["userAssignedIdentities/mine", "sshPublicKeys/mine"]),
    (guards_of_others, ["networkSecurityGroups/guard", "applicationSecurityGroups/web"])],
    ids=lambda one: getattr(one, "__name__", ""))
def test_so_it_is_with_what_somebody_has_named(world, group, certificates, monkeypatch, prepared, reads):
    asked = prepared(world, group, monkeypatch)
    rounds = conducted(monkeypatch)
    made = world.create(group, certificates, **{"location": None, **asked})
    assert rounds.wrote and len(rounds.rounds) <= 3, rounds.rounds or made.text
    for read in reads:
        assert any(path.endswith(read) for path in sum(rounds.rounds, [])), (read, rounds.rounds)


# In a network of somebody else


def lay(world, group: str, kind: str, name: str, **properties) -> str:
    path = f"/resourceGroups/{group}/providers/Microsoft.Network/{kind}/{name}"
    world.arm.done("PUT", path, {"location": "westus", "sku": {"name": "Standard"}, "properties": properties}
                   if kind == "publicIPAddresses" else {"location": "westus", "properties": properties})
    return f"/subscriptions/{SUBSCRIPTION}{path}"


@pytest.fixture
def corp(world, group):
    """A guarded subnet, an address with a label, an interface with another."""
    guard = lay(world, group, "networkSecurityGroups", "guard", securityRules=[LETS_IN])
    network = lay(world, group, "virtualNetworks", "corp", addressSpace={"addressPrefixes": ["10.1.0.0/16"]}, subnets=[
        {"name": "apps", "properties": {"addressPrefix": "10.1.0.0/24", "networkSecurityGroup": {"id": guard}}}])
    lay(world, group, "publicIPAddresses", "boats", publicIPAllocationMethod="Static")
    other = lay(world, group, "publicIPAddresses", "other", publicIPAllocationMethod="Static")
    lay(world, group, "networkInterfaces", "nic1", ipConfigurations=[{"name": "one", "properties": {
        "subnet": {"id": f"{network}/subnets/apps"}, "publicIPAddress": {"id": other}}}])
    return group


@pytest.mark.parametrize("asked", [
    {"virtual_network": rules.check_virtual_network("corp"), "private_address": "10.1.0.40",
     "public_ip": rules.check_public_ip("boats")},
    {"interfaces": rules.check_interfaces(["nic1"])}],
    ids=["in a subnet and by an address", "on an interface"])
def test_so_it_is_where_somebody_else_has_laid_the_network(world, corp, certificates, rounds, asked):
    made = world.create(corp, certificates, **{"location": None, **asked})
    assert made.error is None or "reach" in made.text, made.text
    assert rounds.wrote and len(rounds.rounds) == 3, rounds.rounds


def test_an_existing_host_on_somebody_s_interface_is_found_by_as_few(world, corp, certificates, monkeypatch):
    world.create(corp, certificates, interfaces=rules.check_interfaces(["nic1"]), provisioner="run-command")
    rounds = conducted(monkeypatch)
    world.create(corp, certificates, location=None)
    found, then = rounds.rounds[2], rounds.rounds[3]
    assert any(path.endswith("/publicIPAddresses/other") for path in found), rounds.rounds
    # The host has answered, and it is looked whether an extension is left on it.
    assert [path.rpartition("/")[2] for path in then] == ["DockerExtension"], rounds.rounds
