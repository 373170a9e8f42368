"""Reads before anything is made: what may not be read is unknown, what contradicts the host is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_dockervm import names
from azext_dockervm.errors import AzureRefused, Conflict
from azext_dockervm.plan.preflight import survey
from azext_dockervm.spec import HostSpec

SPEC = HostSpec("demo", "web1", size="Standard_B2s")


class RightsOnOneGroup:
    """Somebody who may do anything in the group, and may read nothing of the subscription."""

    def __init__(self, **there):
        self.there = there

    def connect(self, *_names):
        pass

    def group(self, name):
        return {"id": f"/subscriptions/s/resourceGroups/{name}", "location": "westus"}

    def __getattr__(self, name):
        if name in ("virtual_machine", "virtual_network", "security_group", "public_ip", "network_interface"):
            return lambda *_arguments: self.there.get(name)

        def forbidden(*_arguments):
            raise AzureRefused("may not read", code="AuthorizationFailed", status=403)

        return forbidden


def test_rights_on_one_group_are_enough():
    spec, found = survey(RightsOnOneGroup(), replace(SPEC, location="eastus"))
    assert spec.location == "eastus" and found.label == "web1"
    assert found.image is None and found.extension_published is None


def test_a_label_that_contradicts_the_address_that_is_there_is_refused():
    address = {"name": "web1PublicIP", "location": "westus", "tags": {names.TAG_HOST: "web1"},
               "properties": {"dnsSettings": {"domainNameLabel": "web1"}}}
    assert survey(RightsOnOneGroup(public_ip=address), SPEC)[1].label == "web1"
    with pytest.raises(Conflict, match="has the DNS label 'web1' already"):
        survey(RightsOnOneGroup(public_ip=address), replace(SPEC, dns_label="other"))
