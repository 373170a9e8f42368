"""az deployment group and az deployment operation group, as stock az has them."""

from __future__ import annotations

import json
import re

import pytest

pytestmark = pytest.mark.long

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
ADDRESS = {
    "type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2022-01-01", "name": "[parameters('name')]",
    "location": "[resourceGroup().location]", "sku": {"name": "Standard"},
    "properties": {"publicIPAllocationMethod": "[parameters('method')]"},
}  # fmt: skip
TEMPLATE = {
    "$schema": SCHEMA, "contentVersion": "1.0.0.0",
    "parameters": {"name": {"type": "string"}, "method": {"type": "string", "defaultValue": "Static"},
                   "word": {"type": "securestring", "defaultValue": "none"}},
    "variables": {},
    "resources": [ADDRESS],
    "outputs": {"address": {"type": "string", "value": "[reference(parameters('name')).ipAddress]"}},
}  # fmt: skip


@pytest.fixture
def template(tmp_path):
    """A file with the template, and with a comment, which templates may have."""
    path = tmp_path / "template.json"
    path.write_text("// one public address\n" + json.dumps(TEMPLATE, indent=2))
    return path


@pytest.fixture
def deployed(azure, group, template):
    return azure.query("deployment", "group", "create", "-g", group, "-n", "first", "--template-file", template,
                       "--parameters", "name=ip1", "word=sesame")


def test_deployment_group_create_and_show(azure, group, deployed):
    properties = deployed["properties"]
    assert properties["provisioningState"] == "Succeeded"
    address = azure.query("network", "public-ip", "show", "-g", group, "-n", "ip1")["ipAddress"]
    assert properties["outputs"] == {"address": {"type": "String", "value": address}}
    assert properties["parameters"] == {
        "name": {"type": "String", "value": "ip1"}, "method": {"type": "String", "value": "Static"},
        "word": {"type": "SecureString"}}
    shown = azure.query("deployment", "group", "show", "-g", group, "-n", "first")
    assert shown["id"].endswith(f"/resourceGroups/{group}/providers/Microsoft.Resources/deployments/first")
    assert shown["resourceGroup"] == group
    assert shown["properties"] == properties


def test_deployment_group_list(azure, group, deployed):
    assert [one["name"] for one in azure.query("deployment", "group", "list", "-g", group)] == ["first"]
    assert azure.query("deployment", "group", "list", "-g", group, "--filter", "provisioningState eq 'Failed'") == []


def test_deployment_group_create_by_parameters_file(azure, group, template, tmp_path):
    file = tmp_path / "parameters.json"
    given = {"name": {"value": "ip2"}}
    file.write_text(json.dumps({"$schema": SCHEMA, "contentVersion": "1.0.0.0", "parameters": given}))
    azure.query("deployment", "group", "create", "-g", group, "-n", "filed", "-f", template, "-p", f"@{file}")
    assert azure.query("network", "public-ip", "show", "-g", group, "-n", "ip2")["name"] == "ip2"


def test_deployment_group_validate(azure, group, template):
    words = ("deployment", "group", "validate", "-g", group, "-f", template, "--no-prompt", "true")
    found = azure.query(*words, "--parameters", "name=ip1")
    assert found["properties"]["provisioningState"] == "Succeeded"
    assert found["error"] is None
    assert azure.query("resource", "list", "-g", group) == []
    refused = azure.az(*words)
    assert refused.code == 1
    assert "InvalidTemplate" in refused.stderr
    assert "The value for the template parameter 'name'" in refused.stderr


def test_deployment_group_create_that_fails(azure, group, template):
    words = ("deployment", "group", "create", "-g", group, "-n", "bad", "-f", template)
    refused = azure.az(*words, "--parameters", "name=ip1", "method=Often")
    assert refused.code == 1
    assert "DeploymentFailed" in refused.stderr
    assert "At least one resource deployment operation failed" in refused.stderr
    shown = azure.query("deployment", "group", "show", "-g", group, "-n", "bad")["properties"]
    assert shown["provisioningState"] == "Failed"
    (operation,) = azure.query("deployment", "operation", "group", "list", "-g", group, "-n", "bad")
    assert operation["properties"]["statusMessage"]["error"] == shown["error"]["details"][0]


def test_deployment_operation_group_list_and_show(azure, group, deployed):
    found = azure.query("deployment", "operation", "group", "list", "-g", group, "-n", "first")
    kinds = {one["properties"]["provisioningOperation"]: one for one in found}
    assert set(kinds) == {"Create", "EvaluateDeploymentOutput"}
    created = kinds["Create"]
    assert created["properties"]["targetResource"]["resourceName"] == "ip1"
    shown = azure.query("deployment", "operation", "group", "show", "-g", group, "-n", "first", "--operation-ids",
                        created["operationId"])
    assert shown == [created]


def test_deployment_group_export(azure, group, deployed):
    exported = azure.az("deployment", "group", "export", "-g", group, "-n", "first").succeeded()
    # A secure parameter's default value is a secret like any other, so it is not kept.
    kept = {**TEMPLATE["parameters"], "word": {"type": "securestring"}}
    assert exported.json == {**TEMPLATE, "parameters": kept}


def test_deployment_group_delete(azure, group, deployed):
    azure.az("deployment", "group", "delete", "-g", group, "-n", "first").succeeded()
    gone = azure.az("deployment", "group", "show", "-g", group, "-n", "first")
    assert gone.code == 3
    assert "DeploymentNotFound" in gone.stderr
    assert azure.query("network", "public-ip", "list", "-g", group), "what it made stays"


def test_deployment_group_create_no_wait_wait_and_cancel(azure, group, template):
    words = ("deployment", "group", "create", "-g", group, "-n", "later", "-f", template, "--parameters", "name=ip1")
    azure.az(*words, "--no-wait").succeeded()
    azure.az("deployment", "group", "wait", "-g", group, "-n", "later", "--created", "--interval", "1").succeeded()
    refused = azure.az("deployment", "group", "cancel", "-g", group, "-n", "later")
    assert refused.code == 1
    assert "DeploymentCannotBeCancelled" in refused.stderr


def test_deployment_group_create_complete(azure, group, template, deployed):
    azure.query("deployment", "group", "create", "-g", group, "-n", "whole", "-f", template, "--mode", "Complete",
                "--parameters", "name=other")
    assert [one["name"] for one in azure.query("resource", "list", "-g", group)] == ["other"]


def test_deployment_of_a_virtual_machine_as_a_quickstart_has_it(azure, group, tmp_path):
    """A template as people write them: loops, conditions, variables, functions, an output."""
    raw = quickstart()
    file = tmp_path / "quickstart.json"
    file.write_text(json.dumps(raw))
    made = azure.query("deployment", "group", "create", "-g", group, "-f", file, "-n", "quick", "--parameters",
                       "adminPasswordOrKey=Correct-Horse-9", "vmCount=2")
    label = made["properties"]["outputs"]["hostname"]["value"]
    assert re.fullmatch(rf"vm-[a-z2-7]{{13}}\.westus\.cloudapp\.{azure.name}\.test", label)
    names = {one["name"]: one["tags"] for one in azure.query("vm", "list", "-g", group)}
    assert names == {"vm-0": {"index": "0"}, "vm-1": {"index": "1"}}
    extensions = azure.query("vm", "extension", "list", "-g", group, "--vm-name", "vm-0")
    assert [one["name"] for one in extensions] == ["script"]


def quickstart() -> dict:
    """Two VMs with a network of their own, after the manner of the public quickstart templates."""
    machine, interfaces = "Microsoft.Compute/virtualMachines", "Microsoft.Network/networkInterfaces"
    network, group, address = (f"Microsoft.Network/{kind}" for kind in (
        "virtualNetworks", "networkSecurityGroups", "publicIPAddresses"))
    common = {"apiVersion": "2022-01-01", "location": "[parameters('location')]"}
    loop = {"name": "each", "count": "[parameters('vmCount')]"}
    return {
        "$schema": SCHEMA, "contentVersion": "1.0.0.0",
        "parameters": {
            "location": {"type": "string", "defaultValue": "[resourceGroup().location]"},
            "adminUsername": {"type": "string", "defaultValue": "skipper", "minLength": 1},
            "authenticationType": {"type": "string", "defaultValue": "password",
                                   "allowedValues": ["password", "sshPublicKey"]},
            "adminPasswordOrKey": {"type": "securestring"},
            "vmCount": {"type": "int", "defaultValue": 1, "minValue": 1, "maxValue": 4},
        },
        "variables": {
            "dns": "[toLower(format('vm-{0}', uniqueString(resourceGroup().id)))]",
            "address": {"id": f"[resourceId('{address}', 'ip')]"},
            "subnet": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', 'inner')]",
            "linux": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [{
                "path": "[format('/home/{0}/.ssh/authorized_keys', parameters('adminUsername'))]",
                "keyData": "[parameters('adminPasswordOrKey')]"}]}},
        },
        "resources": [
            {"type": network, "name": "vnet", **common,
             "dependsOn": [f"[resourceId('{group}', 'nsg')]"],
             "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}, "subnets": [{
                 "name": "inner", "properties": {"addressPrefix": "[cidrSubnet('10.1.0.0/16', 24, 1)]",
                                                 "networkSecurityGroup": {"id": f"[resourceId('{group}', 'nsg')]"}}}]}},
            {"type": group, "name": "nsg", **common, "properties": {"copy": [{
                "name": "securityRules", "count": 2, "input": {
                    "name": "[format('rule-{0}', copyIndex('securityRules'))]", "properties": {
                        "priority": "[add(1000, copyIndex('securityRules'))]", "protocol": "Tcp", "access": "Allow",
                        "direction": "Inbound", "sourceAddressPrefix": "*", "sourcePortRange": "*",
                        "destinationAddressPrefix": "*",
                        "destinationPortRange": "[if(equals(copyIndex('securityRules'), 0), '22', '443')]"}}}]}},
            {"type": address, "name": "ip", **common, "sku": {"name": "Standard"},
             "properties": {"publicIPAllocationMethod": "Static",
                            "dnsSettings": {"domainNameLabel": "[variables('dns')]"}}},
            {"type": interfaces, "name": "[format('nic-{0}', copyIndex())]", **common, "copy": loop,
             "dependsOn": ["vnet", "ip"],
             "properties": {"ipConfigurations": [{"name": "one", "properties": {
                 "subnet": {"id": "[variables('subnet')]"}, "privateIPAllocationMethod": "Dynamic",
                 "publicIPAddress": "[if(equals(copyIndex(), 0), variables('address'), null())]"}}]}},
            {"type": machine, "name": "[format('vm-{0}', copyIndex())]", "apiVersion": "2024-07-01",
             "location": "[parameters('location')]", "copy": {**loop, "name": "vms"},
             "tags": {"index": "[string(copyIndex())]"},
             "dependsOn": [f"[resourceId('{interfaces}', format('nic-{{0}}', copyIndex()))]"],
             "properties": {
                 "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
                 "storageProfile": {
                     "imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server",
                                        "version": "latest"},
                     "osDisk": {"createOption": "FromImage", "managedDisk": {"storageAccountType": "Standard_LRS"}}},
                 "networkProfile": {"networkInterfaces": [
                     {"id": f"[resourceId('{interfaces}', format('nic-{{0}}', copyIndex()))]"}]},
                 "osProfile": {
                     "computerName": "[format('vm-{0}', copyIndex())]",
                     "adminUsername": "[parameters('adminUsername')]",
                     "adminPassword": "[parameters('adminPasswordOrKey')]",
                     "linuxConfiguration":
                         "[if(equals(parameters('authenticationType'), 'password'), null(), variables('linux'))]"}}},
            {"type": f"{machine}/extensions", "name": "vm-0/script", "apiVersion": "2024-07-01",
             "location": "[parameters('location')]", "condition": "[greater(parameters('vmCount'), 0)]",
             "dependsOn": ["vms"],
             "properties": {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript",
                            "typeHandlerVersion": "2.1", "autoUpgradeMinorVersion": True,
                            "protectedSettings": {
                                "commandToExecute": "[concat('echo ', parameters('adminUsername'))]"}}},
        ],
        "outputs": {"hostname": {"type": "string", "value": "[reference('ip').dnsSettings.fqdn]"}},
    }  # fmt: skip
