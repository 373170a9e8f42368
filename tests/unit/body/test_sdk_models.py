"""Whether the newest SDK's models know each member that the bodies can have, and can be written there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sdk_members import members
from specs import host_spec

from azext_dockervm.body import public_ip, virtual_machine
from azext_dockervm.body.placement import Placed
from azext_dockervm.secret import Secret
from azext_dockervm.spec.placement import Identity

EVERYTHING = host_spec(ssh_keys=("ssh-ed25519 AAAA me",), password=Secret("Correct-horse-9"), **{
    "placement.zone": "1", "placement.priority": "Spot", "placement.eviction_policy": "Delete",
    "placement.max_price": 0.5, "placement.license_type": "SLES_BYOS", "placement.identity": Identity(system=True),
    "placement.user_data": b"x", "placement.diagnostics": "mine"})
# Of a reference to a resource ``sdk_members`` counts the id alone.
REFERENCES = ("properties.networkProfile.networkInterfaces[].properties.",)
PLACED = Placed("/set", "/ppg", ("/identity",), "https://mine.blob.core.windows.net/")


def paths(body: Any, path: str = "") -> Iterator[str]:
    """Of each leaf, as ``sdk_members`` writes them."""
    if isinstance(body, list):
        for one in body:
            yield from paths(one, f"{path}[]")
    elif isinstance(body, dict) and body:
        for name, value in body.items():
            yield from paths(value, f"{path}.{name}" if path else name)
    else:
        yield path


def unknown(model: type, body: Any) -> list[str]:
    """Of each member that can't be written; what lies below a dictionary of the model's is anybody's."""
    known = {one.path: one.kind for one in members(model) if not one.read_only}
    free = (*REFERENCES, *(f"{path}." for path, kind in known.items() if kind is dict))
    return [path for path in paths(body) if path not in known and not path.startswith(free)]


def vm() -> Any:
    return virtual_machine.body(EVERYTHING, "r1", network_interface="/nic", endpoint="e", image={"properties": {
        "hyperVGeneration": "V2", "features": [{"name": "SecurityType", "value": "TrustedLaunchSupported"}],
        "plan": {"name": "p", "publisher": "q", "product": "r"}}}, custom_data=b"x", authority="a", placed=PLACED)


@pytest.mark.parametrize(("client", "name", "body"), [
    ("compute", "VirtualMachine", vm()), ("network", "PublicIPAddress", public_ip.body(EVERYTHING, "r1", "web1"))],
    ids=["VM", "public IP address"])
def test_every_member_is_one_of_the_newest_sdk_s(client, name, body):
    models = __import__(f"azure.mgmt.{client}.models", fromlist=[name])
    assert unknown(getattr(models, name), body) == []


def test_what_no_model_has_is_seen():
    from azure.mgmt.compute import models

    wrong = {"zone": "1", "properties": {"prioritty": "Spot", "billingProfile": {"price": 1}, "vmId": "x"}}
    assert unknown(models.VirtualMachine, wrong) == [
        "zone", "properties.prioritty", "properties.billingProfile.price", "properties.vmId"]
