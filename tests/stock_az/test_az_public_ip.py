"""az network public-ip and what a region offers, as stock az has them."""

from __future__ import annotations


def test_network_public_ip_create_list_show_update_and_delete(azure, group):
    at, label = ("-g", group, "-n", "ip"), f"{group}web"
    made = azure.query("network", "public-ip", "create", *at, "--dns-name", label)["publicIp"]
    assert (made["sku"]["name"], made["publicIPAllocationMethod"]) == ("Standard", "Static")
    assert made["ipAddress"]
    assert made["dnsSettings"]["fqdn"].startswith(f"{label}.westus.")
    assert [one["name"] for one in azure.query("network", "public-ip", "list", "-g", group)] == ["ip"]
    changed = azure.query("network", "public-ip", "update", *at, "--dns-name", f"{label}2", "--idle-timeout", "10",
                          "--tags", "a=b")
    assert changed["dnsSettings"]["domainNameLabel"] == f"{label}2"
    assert (changed["idleTimeoutInMinutes"], changed["tags"]) == (10, {"a": "b"})
    assert azure.query("network", "public-ip", "show", *at)["ipAddress"] == made["ipAddress"]
    taken = azure.az("network", "public-ip", "create", "-g", group, "-n", "other", "--dns-name", f"{label}2")
    assert "(DnsRecordInUse)" in taken.stderr
    azure.az("network", "public-ip", "delete", *at).succeeded()
    assert azure.query("network", "public-ip", "list", "-g", group) == []


def test_network_list_usages_and_service_tags(azure, group):
    azure.query("network", "public-ip", "create", "-g", group, "-n", "ip")
    usages = {one["name"]["value"]: one for one in azure.query("network", "list-usages", "-l", "westus")}
    assert int(usages["StandardSkuPublicIpAddresses"]["currentValue"]) >= 1
    tags = azure.query("network", "list-service-tags", "-l", "westus")
    assert {"AzureCloud", "Storage.WestUS"} <= {one["name"] for one in tags["values"]}
    services = azure.query("network", "vnet", "list-endpoint-services", "-l", "westus")
    assert "Microsoft.Storage" in [one["name"] for one in services]
