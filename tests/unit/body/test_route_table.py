"""Where a route table sends packets for the Internet."""

from __future__ import annotations

import pytest

from azext_dockervm.body.route_table import diverted


def table(*routes):
    return {"properties": {"routes": [{"name": "r", "properties": {
        "addressPrefix": prefix, "nextHopType": hop, **({"nextHopIpAddress": address[0]} if address else {})}}
        for prefix, hop, *address in routes]}}


@pytest.mark.parametrize(("found", "hop"), [
    (None, None), ({}, None), ({"properties": {}}, None), ({"properties": {"routes": [{"name": "r"}]}}, None),
    (table(("0.0.0.0/0", "Internet")), None), (table(("0.0.0.0/0", "internet")), None),
    (table(("10.0.0.0/8", "VirtualAppliance", "10.0.0.4")), None),
    (table(("10.0.0.0/8", "None"), ("0.0.0.0/0", "VirtualAppliance", "10.0.0.4")), "VirtualAppliance 10.0.0.4"),
    (table(("0.0.0.0/0", "VirtualNetworkGateway")), "VirtualNetworkGateway"), (table(("0.0.0.0/0", "None")), "None"),
    (table(("0.0.0.0/1", "VirtualAppliance"), ("128.0.0.0/1", "VirtualAppliance")), "VirtualAppliance"),
    (table(("0.0.0.0/1", "VirtualAppliance")), None), (table(("128.0.0.0/1", "VirtualAppliance")), None)])
def test_what_is_for_the_internet_goes_there_or_elsewhere(found, hop):
    assert diverted(found) == hop
