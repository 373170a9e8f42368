"""What a VM's body says of its place, its price, and what Azure's platform does for it."""

from __future__ import annotations

import base64

import pytest
from specs import host_spec

from azext_dockervm.body import placement, public_ip, virtual_machine
from azext_dockervm.body.placement import NOWHERE, Placed
from azext_dockervm.spec.placement import Identity

ANYBODY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/builder"
URI = "https://mine.blob.core.windows.net/"


def asked(placed=NOWHERE, **values):
    spec = host_spec(**{f"placement.{name}": value for name, value in values.items()})
    return {**placement.members(spec, placed), **placement.properties(spec, placed)}


def test_nothing_is_sent_of_what_was_not_asked_for():
    assert asked() == {}


@pytest.mark.parametrize(("values", "placed", "sent"), [
    ({"zone": "2"}, {}, {"zones": ["2"]}),
    ({}, {"availability_set": "/set"}, {"availabilitySet": {"id": "/set"}}),
    ({}, {"proximity_group": "/ppg"}, {"proximityPlacementGroup": {"id": "/ppg"}}),
    ({"priority": "Spot"}, {}, {"priority": "Spot"}),
    ({"priority": "Low", "eviction_policy": "Delete", "max_price": -1.0}, {},
     {"priority": "Low", "evictionPolicy": "Delete", "billingProfile": {"maxPrice": -1.0}}),
    # Both may come from az's configuration.
    ({"priority": "Regular", "eviction_policy": "Delete"}, {}, {"priority": "Regular"}),
    ({"eviction_policy": "Delete", "max_price": 0.5}, {}, {}),
    ({"license_type": "RHEL_BYOS"}, {}, {"licenseType": "RHEL_BYOS"}),
    ({"license_type": "None"}, {}, {"licenseType": "None"}),
    ({"diagnostics": ""}, {}, {"diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}}),
    ({"diagnostics": "mine"}, {"diagnostics": URI},
     {"diagnosticsProfile": {"bootDiagnostics": {"enabled": True, "storageUri": URI}}}),
    ({"identity": Identity(system=True)}, {}, {"identity": {"type": "SystemAssigned"}}),
    ({"identity": Identity()}, {"identities": (ANYBODY,)},
     {"identity": {"type": "UserAssigned", "userAssignedIdentities": {ANYBODY: {}}}}),
    ({"identity": Identity(system=True)}, {"identities": (ANYBODY,)},
     {"identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {ANYBODY: {}}}}),
])
def test_what_was_asked_for_is_sent_as_azure_takes_it(values, placed, sent):
    assert asked(Placed(**placed), **values) == sent


def test_user_data_is_base64():
    assert base64.b64decode(asked(user_data="größer".encode())["userData"]).decode() == "größer"


def test_it_stands_in_the_bodies_of_vm_and_address():
    spec = host_spec(**{"placement.zone": "3", "placement.identity": Identity(system=True)})
    body = virtual_machine.body(spec, "r1", network_interface="/nic", endpoint="e", image=None, custom_data=None,
                                authority="a", placed=Placed(proximity_group="/ppg"))
    assert (body["zones"], body["identity"]) == (["3"], {"type": "SystemAssigned"})
    assert body["properties"]["proximityPlacementGroup"] == {"id": "/ppg"}
    assert public_ip.body(spec, "r1", "web1")["zones"] == ["3"]
