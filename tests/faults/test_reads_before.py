"""How many requests of a create wait for each other before its first write: who has to wait for an answer is found by
holding all answers back until nothing more is asked."""

from __future__ import annotations

import threading

import pytest
from arm_support import SUBSCRIPTION

from azext_dockervm.azure.pipeline import DeadlineRetryPolicy
from azext_dockervm.spec import network_rules as rules
from azext_dockervm.spec.machine import Image

# Seconds without a new request after which all that can be asked without an answer has been asked.
QUIET_SECONDS = 0.25


class Rounds:
    """Lets requests through in rounds, until the first write; each round is of those that wait for no other of it."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []
        self.wrote = False
        self._waiting: list[str] = []
        self._changed = threading.Condition()

    def wait_for_turn(self, method: str, path: str) -> None:
        with self._changed:
            if method != "GET":
                self.wrote = True
                self._changed.notify_all()
            if self.wrote:
                return
            self._waiting.append(path)
            this = len(self.rounds)
            self._changed.notify_all()
            self._changed.wait_for(lambda: len(self.rounds) > this or self.wrote, 30)

    def conduct(self) -> None:
        with self._changed:
            while not self.wrote:
                something_happened = self._changed.wait(QUIET_SECONDS)
                if self._waiting and not something_happened:
                    self.rounds.append(self._waiting)
                    self._waiting = []
                    self._changed.notify_all()


@pytest.fixture
def rounds(monkeypatch) -> Rounds:
    return conducted(monkeypatch)


def conducted(monkeypatch) -> Rounds:
    found = Rounds()
    attempt = DeadlineRetryPolicy._attempt

    def in_turn(self, request, deadline):
        found.wait_for_turn(request.http_request.method, request.http_request.url.partition("?")[0])
        return attempt(self, request, deadline)

    monkeypatch.setattr(DeadlineRetryPolicy, "_attempt", in_turn)
    threading.Thread(target=found.conduct, daemon=True).start()
    return found


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


# In a network of somebody else


def lay(world, group: str, kind: str, name: str, **properties) -> str:
    path = f"/resourceGroups/{group}/providers/Microsoft.Network/{kind}/{name}"
    world.arm.done("PUT", path, {"location": "westus", "sku": {"name": "Standard"}, "properties": properties}
                   if kind == "publicIPAddresses" else {"location": "westus", "properties": properties})
    return f"/subscriptions/{SUBSCRIPTION}{path}"


@pytest.fixture
def corp(world, group):
    """A guarded subnet, an address with a label, an interface with another."""
    guard = lay(world, group, "networkSecurityGroups", "guard", securityRules=[
        {"name": "docker", "properties": {
            "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
            "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "destinationPortRange": "4243"}}])
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
