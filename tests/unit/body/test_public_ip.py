"""The public IP address: its body, its name, and what of it is not known yet."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.body import public_ip

FOUND = {"name": "web1PublicIP", "properties": {"ipAddress": "20.1.2.3", "dnsSettings": {
    "domainNameLabel": "web1", "fqdn": "web1.westus.cloudapp.azure.com"}}}


def test_the_address_is_standard_and_static_and_has_the_label():
    """Basic ones are gone, and the certificate names the address."""
    assert public_ip.body(host_spec("demo", "web1", tags={"team": "a"}), "r1", "web1-label") == {
        "location": "westus", "tags": {"team": "a", "dockervm-host": "web1", "dockervm-run": "r1"},
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4",
                       "idleTimeoutInMinutes": 30, "dnsSettings": {"domainNameLabel": "web1-label"}}}


@pytest.mark.parametrize(("settings", "expected"), [
    (None, {"domainNameLabel": "web1"}),
    ({"reverseFqdn": "web.example."}, {"reverseFqdn": "web.example.", "domainNameLabel": "web1"})])
def test_an_address_that_exists_gets_a_label_and_keeps_the_rest(settings, expected):
    existing = {"name": "ip", "etag": "1", "sku": {"name": "Standard"},
                "properties": {"ipAddress": "20.1.2.3", "dnsSettings": settings}}
    assert public_ip.changed(host_spec(), existing, "web1") == {
        "name": "ip", "sku": {"name": "Standard"}, "properties": {"ipAddress": "20.1.2.3", "dnsSettings": expected}}


@pytest.mark.parametrize(("has", "typed", "becomes"), [
    (None, {}, None), (4, {}, None), (4, {"--idle-timeout": ("20",)}, 20), (None, {"--idle-timeout": ("20",)}, 20),
    (20, {"--idle-timeout": ("20",)}, None)])
def test_an_address_that_exists_gets_another_idle_time_out_only_when_it_was_typed(has, typed, becomes):
    existing = {"name": "ip", "properties": {"ipAddress": "20.1.2.3", "idleTimeoutInMinutes": has}}
    found = public_ip.changed(host_spec(typed=typed).having({"network.idle_timeout": 20}), existing)
    assert (found and found["properties"]) == (becomes and {"ipAddress": "20.1.2.3", "idleTimeoutInMinutes": becomes})
    assert public_ip.idle_timeout(existing) == (has or 4)


def test_name_label_and_address_are_what_azure_returned():
    assert public_ip.fqdn(FOUND) == public_ip.fqdn_if_any(FOUND) == "web1.westus.cloudapp.azure.com"
    assert public_ip.label_of(FOUND) == "web1" and public_ip.address_if_any(FOUND) == "20.1.2.3"


@pytest.mark.parametrize("found", [None, {}, {"properties": None}, {"properties": {"dnsSettings": None}}])
def test_what_is_not_there_yet_is_none(found):
    assert public_ip.label_of(found) is None
    assert public_ip.fqdn_if_any(found) is None
    assert public_ip.address_if_any(found) is None


@pytest.mark.parametrize(("configuration", "used_by"), [
    ({"id": "/s/networkInterfaces/web1VMNic/ipConfigurations/ipconfig1"}, "/s/networkInterfaces/web1VMNic"),
    ({}, None), (None, None)])
def test_which_interface_it_belongs_to(configuration, used_by):
    assert public_ip.interface_id({"properties": {"ipConfiguration": configuration}}) == used_by
    assert public_ip.interface_id(None) is None


# One that somebody has made

GOOD = {"sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static", "ipAddress": "20.1.2.3"}}


def test_who_stands_behind_it_is_known_by_its_name_else_by_its_number():
    assert public_ip.endpoint(FOUND) == "web1.westus.cloudapp.azure.com"
    assert public_ip.endpoint(GOOD) == "20.1.2.3"


@pytest.mark.parametrize(("sku", "properties", "why"), [
    ({}, {}, None), ({"tier": "Regional"}, {"publicIPAddressVersion": "IPv4"}, None),
    ({"name": "Basic"}, {}, "the SKU Basic"), ({"name": None}, {}, "the SKU Basic"),
    ({"name": "StandardV2"}, {}, "the SKU StandardV2"), ({"name": "standard"}, {}, None),
    ({"tier": "Global"}, {}, "the tier Global"), ({}, {"publicIPAddressVersion": "IPv6"}, "an IPv6 address"),
    ({}, {"publicIPAllocationMethod": "Dynamic"}, "allocated dynamically"),
    ({}, {"natGateway": {"id": "/s/natGateways/way-out"}}, "the NAT gateway 'way-out' uses it")])
def test_why_a_host_can_t_be_known_by_it(sku, properties, why):
    found = public_ip.why_unusable({"sku": {**GOOD["sku"], **sku}, "properties": {**GOOD["properties"], **properties}})
    assert found is why if why is None else why in found


def test_what_uses_it():
    assert public_ip.user({"properties": {"ipConfiguration": {"id": "/lb/frontend"}}}) == "/lb/frontend"
    assert public_ip.user(GOOD) is public_ip.user(None) is None
