"""The network interface: its body, what is mended of one that exists, and what hangs on it."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.body import network_interface
from azext_dockervm.flow.request import Ref

GOES_WITH_IT = {"id": "/ip", "properties": {"deleteOption": "Delete"}}


def interface(*configurations, **properties):
    """As Azure shows one that lacks nothing."""
    usual = {"name": "ipconfig1", "properties": {"subnet": {"id": "/s"}, "publicIPAddress": {"id": "/ip"}}}
    return {"name": "nic", "etag": "1", "properties": {
        "provisioningState": "Succeeded", "networkSecurityGroup": {"id": "/nsg"},
        "ipConfigurations": list(configurations) or [usual], **properties}}


def configuration(name, **properties):
    return {"name": name, "properties": properties}


def test_the_body_names_what_other_steps_make_and_takes_the_address_along():
    subnet, group, address = Ref("subnet", "id"), Ref("security_group", "id"), Ref("public_ip", "id")
    made = network_interface.body(host_spec("demo", "web1", tags={"team": "a"}), "r1", subnet=subnet,
                                  security_group=group, public_ip=address)
    assert made == {
        "location": "westus", "tags": {"team": "a", "dockervm-host": "web1", "dockervm-run": "r1"},
        "properties": {
            "networkSecurityGroup": {"id": group},
            "ipConfigurations": [{"name": "ipconfig1", "properties": {
                "subnet": {"id": subnet}, "privateIPAllocationMethod": "Dynamic", "privateIPAddressVersion": "IPv4",
                "primary": True,
                "publicIPAddress": {"id": address, "properties": {"deleteOption": "Delete"}}}}]}}


def test_one_that_lacks_nothing_is_not_written():
    assert network_interface.mended(interface(), security_group="/new", public_ip="/ip") is None


def test_one_gets_the_address_and_the_new_group_that_it_lacks():
    bare = interface(configuration("first", subnet={"id": "/s"}), configuration("second"), networkSecurityGroup=None)
    assert network_interface.mended(bare, security_group="/new", public_ip="/ip") == {"name": "nic", "properties": {
        "provisioningState": "Succeeded", "networkSecurityGroup": {"id": "/new"},
        "ipConfigurations": [configuration("first", subnet={"id": "/s"}, publicIPAddress=GOES_WITH_IT),
                             configuration("second")]}}


def test_a_group_that_was_there_before_is_the_user_s_to_attach():
    """They may guard the subnet instead."""
    bare = interface(configuration("first"), networkSecurityGroup=None)
    mended = network_interface.mended(bare, security_group=None, public_ip="/ip")
    assert mended["properties"]["networkSecurityGroup"] is None
    assert mended["properties"]["ipConfigurations"][0]["properties"] == {"publicIPAddress": GOES_WITH_IT}
    without_group_only = interface(networkSecurityGroup=None)
    assert network_interface.mended(without_group_only, security_group=None, public_ip="/ip") is None


def test_a_group_of_somebody_s_stays():
    bare = interface(configuration("first"))
    mended = network_interface.mended(bare, security_group="/new", public_ip="/ip")
    assert mended["properties"]["networkSecurityGroup"] == {"id": "/nsg"}


def test_one_in_failed_is_put_again_as_it_is():
    failed = interface(provisioningState="Failed")
    again = network_interface.mended(failed, security_group=None, public_ip="/ip")
    assert again == {key: value for key, value in failed.items() if key != "etag"}


def test_a_host_stands_on_the_primary_configuration_wherever_it_is():
    added = configuration("added", privateIPAddress="10.0.0.9", primary=False, publicIPAddress={"id": "/other"})
    main = configuration("main", privateIPAddress="10.0.0.4", primary=True)
    both = interface(added, main)
    assert network_interface.primary(both) is main
    assert network_interface.private_address(both) == "10.0.0.4"
    assert network_interface.public_ip_id(both) is None
    mended = network_interface.mended(both, security_group=None, public_ip="/ip")["properties"]["ipConfigurations"]
    assert mended == [added, configuration("main", privateIPAddress="10.0.0.4", primary=True,
                                           publicIPAddress=GOES_WITH_IT)]


def test_where_none_is_called_primary_the_first_is():
    assert network_interface.primary(interface(configuration("one"), configuration("two")))["name"] == "one"


@pytest.mark.parametrize(("found", "group"), [
    (interface(), "/nsg"), (interface(networkSecurityGroup=None), None), ({"properties": None}, None), ({}, None),
    (None, None)])
def test_the_security_group_is_none_where_there_is_none(found, group):
    assert network_interface.security_group_id(found) == group


@pytest.mark.parametrize(("address", "found"), [({"id": "/ip"}, "/ip"), ({}, None), (None, None)])
def test_the_public_address_is_none_where_there_is_none(address, found):
    assert network_interface.public_ip_id(interface(configuration("one", publicIPAddress=address))) == found


def test_addresses_of_others_stay_when_the_interface_goes():
    theirs = {"id": "/theirs", "properties": {"deleteOption": "Delete"}}
    found = interface(configuration("one", publicIPAddress=GOES_WITH_IT), configuration("two", publicIPAddress=theirs),
                      configuration("three"), etag="x")
    kept = network_interface.keeping(found, GOES_WITH_IT["id"].upper())["properties"]["ipConfigurations"]
    assert kept == [configuration("one", publicIPAddress=GOES_WITH_IT),
                    configuration("two", publicIPAddress={"id": "/theirs", "properties": {"deleteOption": "Detach"}}),
                    configuration("three")]
    assert network_interface.keeping(found, "")["properties"]["ipConfigurations"][0] != kept[0]


@pytest.mark.parametrize("properties", [None, {}, {"deleteOption": "Detach"}])
def test_nothing_is_written_where_they_stay_anyhow(properties):
    address = {"id": "/theirs", "properties": properties}
    assert network_interface.keeping(interface(configuration("one", publicIPAddress=address)), "/ip") is None


@pytest.mark.parametrize(("found", "vm"), [
    ({"properties": {"virtualMachine": {"id": "/vm"}}}, "/vm"), ({"properties": {"virtualMachine": None}}, None),
    ({"properties": {}}, None), ({}, None), (None, None)])
def test_whose_interface_it_is(found, vm):
    assert network_interface.vm_id(found) == vm


# Where a host was told to stand


def made(address="/ip", stays=False, **asked):
    body = network_interface.body(host_spec(**asked), "r1", subnet="/s", security_group="/nsg", public_ip=address,
                                  address_stays=stays)["properties"]
    return body, body["ipConfigurations"][0]["properties"]


def test_an_address_of_somebody_s_stays_and_none_is_none():
    assert made(stays=True)[1]["publicIPAddress"] == {"id": "/ip", "properties": {"deleteOption": "Detach"}}
    assert "publicIPAddress" not in made(None)[1]


def test_a_private_address_is_static():
    inner = made(private_address="10.0.0.9")[1]
    assert (inner["privateIPAllocationMethod"], inner["privateIPAddress"]) == ("Static", "10.0.0.9")


@pytest.mark.parametrize("on", [True, False])
def test_it_is_accelerated_where_that_was_said(on):
    assert made(accelerated=on)[0]["enableAcceleratedNetworking"] is on
    assert "enableAcceleratedNetworking" not in made()[0]


def test_one_without_a_public_address_lacks_none():
    bare = interface(configuration("first"))
    assert network_interface.mended(bare, security_group=None, public_ip=None) is None


def test_in_which_network_it_stands():
    found = interface(configuration("one", subnet={"id": "/g/virtualNetworks/corp/subnets/apps"}))
    assert network_interface.subnet_id(found) == "/g/virtualNetworks/corp/subnets/apps"
    assert network_interface.virtual_network_id(found) == "/g/virtualNetworks/corp"
    nowhere = {"properties": {"ipConfigurations": []}}
    assert network_interface.subnet_id(nowhere) is network_interface.virtual_network_id(nowhere) is None
    assert network_interface.public_ip_id(nowhere) is network_interface.private_address_if_any(nowhere) is None
    assert network_interface.private_address_if_any(None) is None
