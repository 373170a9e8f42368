"""What a create prints of its plan before anything runs is what it then sends: no more, no less, and no secret."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from azure.core.pipeline.transport import RequestsTransport
from flow_cloud import PASSWORD, REGION, Cloud
from flow_disks import accept_terms, lay_disk, lay_keys
from flow_networks import NETWORK, guard_subnet, lay_group, lay_interface, lay_network
from flow_placement import EVERYTHING, lay_placement
from plan_text import fits, requests

from azext_dockervm.flow.step import printed
from azext_dockervm.host.create import Creation
from azext_dockervm.secret import REDACTED

ERA = "Canonical:UbuntuServer:18.04-LTS:latest"
RUN_COMMANDS = "Microsoft.Compute/virtualMachines/runCommands"
VM = "Microsoft.Compute/virtualMachines"


class Wire:
    """Every write that this process sends, as (method, type, name, body), in order; ``began`` is what was printed by
    the time of the first one."""

    def __init__(self) -> None:
        self.printed: list[dict[str, Any]] = []
        self.writes: list[tuple[str, str, str, Any]] = []
        self.began: list[dict[str, Any]] = []

    def heard(self, request: Any) -> None:
        if request.method not in ("PUT", "PATCH", "DELETE", "POST"):
            return
        if not self.writes:
            self.began = list(self.printed)
        namespace, *way = unquote(urlsplit(request.url).path).partition("/providers/")[2].split("/")
        data = getattr(request, "content", None) or getattr(request, "data", None)
        body = json.loads(data) if data else None
        self.writes.append((request.method, "/".join((namespace, *way[::2])), "/".join(way[1::2]), body))

    def bodies(self, kind: str) -> list[Any]:
        return [body for method, found, _name, body in self.writes if found == kind and method != "DELETE"]


@pytest.fixture
def wire(monkeypatch):
    found, send, plan = Wire(), RequestsTransport.send, Creation.plan

    def sending(self, request, **options):
        found.heard(request)
        return send(self, request, **options)

    def planning(self):
        """Printed from one call, carried out from another: a plan is the same however often it is asked for."""
        found.printed += json.loads(json.dumps(printed(plan(self))))
        return plan(self)

    monkeypatch.setattr(RequestsTransport, "send", sending)
    monkeypatch.setattr(Creation, "plan", planning)
    return found


def leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, (dict, list)):
        for value in tree.values() if isinstance(tree, dict) else tree:
            yield from leaves(value)
    else:
        yield tree


def same(wire: Wire, *otherwise: str) -> None:
    """Every printed request was sent once and with its body, and nothing else was; but for the deletion of the run
    commands, which one step's title tells: their names are those of the requests printed before it. What is printed
    with ``onlyIf`` need not have been sent."""
    assert wire.began == wire.printed != [], "the plan was printed before anything was sent"
    shown = requests(wire.printed, *otherwise)
    made = sorted(one["name"] for one in shown if one["type"] == RUN_COMMANDS)
    deleted = sorted(name for method, kind, name, _body in wire.writes if (method, kind) == ("DELETE", RUN_COMMANDS))
    assert deleted == made
    assert not made or any(one.get("step") == "delete_run_commands" for one in wire.printed)
    sent = {(method, kind, name): body for method, kind, name, body in wire.writes
            if (method, kind) != ("DELETE", RUN_COMMANDS)}
    assert len(sent) == len(wire.writes) - len(deleted), "sent twice"
    may_be_left = [one["request"] for one in wire.printed if "onlyIf" in one]
    shown = [one for one in shown if one not in may_be_left or (one["method"], one["type"], one["name"]) in sent]
    assert {(one["method"], one["type"], one["name"]) for one in shown} == sent.keys() and len(shown) == len(sent)
    for one in shown:
        body = sent[one["method"], one["type"], one["name"]]
        assert fits(one.get("body"), body), (one, body)


def hidden(wire: Wire, *secrets: str) -> None:
    """Sent, and not printed."""
    everything = json.dumps(wire.printed)
    for secret in secrets:
        assert any(secret == leaf for _, _, _, body in wire.writes for leaf in leaves(body)), "it was sent"
        assert secret not in everything
    assert REDACTED in everything


def test_a_host_that_run_commands_set_up(cloud, wire):
    cloud.host("-e", "22", "--tags", "cost=1")
    same(wire)
    hidden(wire, PASSWORD)
    assert len(wire.bodies(RUN_COMMANDS)) == 2


def test_a_host_that_the_extension_sets_up_on_today_s_image(cloud, wire):
    cloud.create("--provisioner", "docker-extension", "-p", PASSWORD).succeeded()
    same(wire)
    protected = wire.bodies("Microsoft.Compute/virtualMachines/extensions")[0]["properties"]["protectedSettings"]
    hidden(wire, PASSWORD, protected["certs"]["key"])


def test_of_two_ways_the_one_that_was_gone(cloud, wire):
    cloud.create("--image", ERA).succeeded()
    same(wire)
    assert len(wire.bodies(RUN_COMMANDS)) == 1 and wire.bodies("Microsoft.Compute/virtualMachines/extensions")


def test_the_second_way_is_printed_too(cloud, wire):
    cloud.behavior(conditions={"extension": [{"type": "DockerExtension", "outcome": "failed"}]})
    made = cloud.create("--image", ERA).succeeded()
    assert made.json["provisioner"] == "run-command"
    same(wire, "remove_extension")


# The default lane, in which what is made is all that is written, with every option that changes a body


def _of_its_own(_cloud: Cloud) -> tuple[str, ...]:
    return ("-e", "22", "-dp", "2376", "--tags", "cost=1", "--open-ports", "80", "8000-8010", "--dns-name", "boat77",
            "--vnet-name", "boats", "--subnet", "quay", "--vnet-address-prefix", "10.9.0.0/16", "--custom-data",
            "#!/bin/true", "--engine-labels", "role=build", "--sources", "*", "--open-ports-sources", "203.0.113.7")


def _in_a_network_of_others(cloud: Cloud) -> tuple[str, ...]:
    lay_network(cloud)
    return ("--subnet", cloud.path(f"{NETWORK}/virtualNetworks", "corp/subnets/apps"), "--private-ip-address",
            "10.1.0.40", "--public-ip-address", "boat-ip", "--tls-san", "docker.example.test",
            "--accelerated-networking", "false")


def _on_an_interface_of_others(cloud: Cloud) -> tuple[str, ...]:
    lay_interface(cloud)
    return "--nics", "mynic"


def _behind_a_group_of_others(cloud: Cloud) -> tuple[str, ...]:
    lay_group(cloud, "corp-nsg", "Deny")
    cloud.arm("PUT", f"{NETWORK}/applicationSecurityGroups", "web", {"location": REGION})
    return "--nsg", "corp-nsg", "--open", "--open-ports", "80", "8000-8010", "--asgs", "web"


def _with_disks(cloud: Cloud) -> tuple[str, ...]:
    lay_disk(cloud, "mine")
    lay_keys(cloud, "keys")
    return ("--data-disk-sizes-gb", "8", "16", "--attach-data-disks", "mine", "--os-disk-size-gb", "64",
            "--storage-sku", "os=Premium_LRS", "1=StandardSSD_LRS", "--data-disk-caching", "0=ReadOnly",
            "--os-disk-encryption-set", "keys", "--docker-disk-size-gb", "8")


@pytest.mark.parametrize("prepared", [
    _of_its_own, _in_a_network_of_others, _on_an_interface_of_others, _behind_a_group_of_others, _with_disks],
    ids=lambda prepared: prepared.__name__.strip("_"))
def test_a_host_that_sets_itself_up(cloud: Cloud, wire: Wire, prepared: Callable[[Cloud], tuple[str, ...]]):
    made = cloud.create(*prepared(cloud)).succeeded()
    assert made.json["provisioner"] == "cloud-init"
    same(wire)
    hidden(wire, PASSWORD)
    assert not wire.bodies(RUN_COMMANDS)


def test_a_host_with_a_place_a_price_an_identity_and_a_daily_end(zonal, wire):
    lay_placement(zonal)
    assert zonal.create(*EVERYTHING).succeeded().json["provisioner"] == "cloud-init"
    same(wire)
    hidden(wire, PASSWORD)
    assert wire.bodies("Microsoft.DevTestLab/schedules")


def test_a_host_on_its_server_s_own_disk_in_a_set_and_behind_its_subnet_s_group_alone(cloud, wire):
    lay_network(cloud)
    guard_subnet(cloud)
    cloud.arm("PUT", "Microsoft.Compute/availabilitySets", "set", {"location": REGION, "sku": {"name": "Aligned"}})
    cloud.create("--availability-set", "set", "--size", "Standard_D2ds_v5", "--ephemeral-os-disk", "true",
                 "--ephemeral-os-disk-placement", "CacheDisk", "--enable-secure-boot", "true", "--enable-vtpm", "false",
                 "--accelerated-networking", "true", "--vnet-name", "corp", "--subnet", "apps", "--nsg", "").succeeded()
    same(wire)
    vm, = wire.bodies(VM)
    interface, = wire.bodies(f"{NETWORK}/networkInterfaces")
    properties = vm["properties"]
    assert properties["availabilitySet"]["id"].endswith("/set")
    assert properties["storageProfile"]["osDisk"]["diffDiskSettings"] == {"option": "Local", "placement": "CacheDisk"}
    assert properties["securityProfile"]["uefiSettings"] == {"secureBootEnabled": True, "vTpmEnabled": False}
    assert interface["properties"]["enableAcceleratedNetworking"] is True
    assert "networkSecurityGroup" not in interface["properties"]


def test_a_plan_that_was_typed(cloud, wire):
    accept_terms(cloud)
    plan = {"name": "stable-gen2", "product": "flatcar-container-linux", "publisher": "kinvolk"}
    try:
        cloud.create("--image", "kinvolk:flatcar-container-linux:stable-gen2:latest", "--plan-promotion-code", "spring",
                     *(word for name, value in plan.items() for word in (f"--plan-{name}", value))).succeeded()
    finally:
        accept_terms(cloud, False)
    same(wire)
    assert wire.bodies(VM)[0]["plan"] == {**plan, "promotionCode": "spring"}


@pytest.mark.parametrize(("shown", "sent", "fit"), [
    ({"a": 1}, {"a": 1}, True), ({"a": 1}, {"a": 2}, False), ({"a": 1}, {"a": 1, "b": 2}, False),
    ({"a": 1, "b": 2}, {"a": 1}, False), ([1, 2], [1], False), ("<a.id>", "x", True), ("<a.id>", "<a.id>", False),
    ("<a.id>", "", False), (REDACTED, "x", True), (REDACTED, REDACTED, False), ("1", 1, False), (True, 1, False)])
def test_what_fits(shown, sent, fit):
    """So that the tests above prove what they say."""
    assert fits(shown, sent) is fit
