"""A plan as an ARM template: expressions for what is made beside it, parameters for secrets."""

from __future__ import annotations

import pytest

from azext_dockervm.azure import kinds
from azext_dockervm.body import network_interface
from azext_dockervm.errors import Conflict
from azext_dockervm.flow.request import Ref, Request
from azext_dockervm.flow.step import Alternative, Step
from azext_dockervm.host.template import template
from azext_dockervm.secret import Secret

NSG, VNET, NIC = kinds.SECURITY_GROUP.type, kinds.VIRTUAL_NETWORK.type, kinds.NETWORK_INTERFACE.type


def step(key, kind=NSG, name="one", group="g", known=None, gives=None, needs=(), **body):
    request = Request("PUT", kind, group, (name,), body) if known is None and gives is None else None
    return Step(key, key, lambda *_: None, request, needs, known=known, gives=gives)


def made(*steps, known=None, to_come=None):
    return template(steps, "g", known or {}, to_come or {})


def test_what_is_made_beside_it_is_an_expression_that_is_waited_for():
    found = made(step("group"), step("nic", NIC, "it's", properties={"group": {"id": Ref("group", "id")}}))
    assert found["resources"][1] == {
        "type": NIC, "apiVersion": kinds.NETWORK_INTERFACE.api_version, "name": "it's",
        "properties": {"group": {"id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'one')]"}},
        "dependsOn": ["[resourceId('Microsoft.Network/networkSecurityGroups', 'one')]"]}
    assert "dependsOn" not in found["resources"][0] and found["parameters"] == {}


def test_a_child_is_waited_for_by_its_parent_and_quotes_are_doubled():
    subnet = step("subnet", gives=(kinds.SUBNET.type, ("it's", "hosts")), needs=("net",))
    found = made(step("net", VNET, "it's"), subnet, step("nic", NIC, properties={"id": Ref("subnet", "id")}))
    assert found["resources"][1]["properties"]["id"] == (
        "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'it''s', 'hosts')]")
    assert found["resources"][1]["dependsOn"] == ["[resourceId('Microsoft.Network/virtualNetworks', 'it''s')]"]


def test_what_is_there_is_named_by_its_id_and_is_no_resource():
    found = made(step("group", known={"id": "/its/id"}), step("nic", NIC, properties={"id": Ref("group", "id")}))
    assert [one["properties"] for one in found["resources"]] == [{"id": "/its/id"}]
    assert "dependsOn" not in found["resources"][0]


def test_tags_have_what_is_known_only():
    tags = {"a": "[b]", "ca": Ref("authority", "fingerprint"), "fqdn": Ref("address", "fqdn")}
    found = made(step("group", tags=tags), step("address"), known={"authority": {"fingerprint": "f0"}})
    assert found["resources"][0]["tags"] == {"a": "[[b]", "ca": "f0"}
    assert made(step("group", tags=tags), step("address"))["resources"][0]["tags"] == {"a": "[[b]"}


def test_a_secret_is_a_parameter_and_so_is_what_is_yet_to_be_made():
    found = made(step("vm", properties={"adminPassword": Secret("very"), "keys": ["later", "[x]"]}),
                 to_come={"later": "sshPublicKey"})
    assert found["parameters"] == {"adminPassword": {"type": "securestring"}, "sshPublicKey": {"type": "string"}}
    assert found["resources"][0]["properties"] == {
        "adminPassword": "[parameters('adminPassword')]", "keys": ["[parameters('sshPublicKey')]", "[[x]"]}


def test_of_two_ways_the_first():
    found = made(Alternative((step("a", name="first"),), (step("a", name="second"),), lambda _error: None))
    assert [one["name"] for one in found["resources"]] == ["first"]


def test_what_a_deployment_finds_among_properties_is_looked_up_by_it():
    place = Ref("nic", via=network_interface.private_address)
    first = step("rule", NSG, properties={"to": place})
    found = made(step("nic", NIC), first, step("later", NSG, name="two", needs=("rule", "gone"), properties={}))
    assert found["resources"][1]["properties"]["to"] == (
        "[reference(resourceId('Microsoft.Network/networkInterfaces', 'one'), "
        f"'{kinds.NETWORK_INTERFACE.api_version}').ipConfigurations[0].properties.privateIPAddress]")
    assert found["resources"][1]["dependsOn"] == ["[resourceId('Microsoft.Network/networkInterfaces', 'one')]"]
    assert found["resources"][2]["dependsOn"] == ["[resourceId('Microsoft.Network/networkSecurityGroups', 'one')]"]


def test_what_no_template_can_say_is_refused():
    with pytest.raises(Conflict, match="'other', and a template is of one group"):
        made(step("group", group="other"))
    with pytest.raises(Conflict, match="What 'group' finds out"):
        made(step("group"), step("nic", properties={"name": Ref("group", "name")}))
