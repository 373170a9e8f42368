"""The Azure SDKs, which nobody here wrote, from create to delete; any version of azure-mgmt-compute."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from arm_support import SUBSCRIPTION, Group, LocalAzure, rule

compute_sdk = pytest.importorskip("azure.mgmt.compute")
network_sdk = pytest.importorskip("azure.mgmt.network")


class Credential:
    """Hands out the test's own token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, int(time.time()) + 3600)


def _json(body: dict[str, Any]) -> Any:
    """A body in the form that every version of the SDKs sends as it is."""
    return io.BytesIO(json.dumps(body).encode())


@pytest.fixture
def clients(arm: LocalAzure, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(arm.folder / "tls" / "ca.pem"))
    endpoint = f"https://localhost:{arm.port}"
    options: dict[str, Any] = {
        "base_url": endpoint,
        "credential_scopes": [f"{endpoint}/.default"],
        "polling_interval": 1,
    }
    credential = Credential(arm.token)
    return (
        compute_sdk.ComputeManagementClient(credential, SUBSCRIPTION, **options),
        network_sdk.NetworkManagementClient(credential, SUBSCRIPTION, **options),
    )


def test_a_docker_host_from_create_to_delete(arm: LocalAzure, group: Group, clients: Any) -> None:
    compute, network = clients
    kind = {"content_type": "application/json"}
    subnet, nsg = group.vnet(), group.nsg("nsg", rule("docker", 1000, "4243"))
    ip = {"location": "westus", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
    ip["properties"]["dnsSettings"] = {"domainNameLabel": f"{group.name}web"}  # type: ignore[index]
    address = network.public_ip_addresses.begin_create_or_update(group.name, "ip", _json(ip), **kind).result()
    assert arm.call("GET", group.network("publicIPAddresses/ip")).body["properties"]["ipAddress"]
    body = group.nic_body(subnet, address.id, nsg)
    nic = network.network_interfaces.begin_create_or_update(group.name, "nic", _json(body), **kind).result()
    vm = compute.virtual_machines
    vm.begin_create_or_update(group.name, "web1", _json(group.vm_body(nic.id)), **kind).result()
    view = vm.instance_view(group.name, "web1")
    assert [one.code for one in view.statuses] == ["ProvisioningState/succeeded", "PowerState/running"]
    script = {
        "location": "westus",
        "properties": {"source": {"script": "echo $A"}, "parameters": [{"name": "A", "value": "1"}]},
    }
    commands = compute.virtual_machine_run_commands
    commands.begin_create_or_update(group.name, "web1", "one", _json(script), **kind).result()
    result = commands.get_by_virtual_machine(group.name, "web1", "one", expand="instanceView")
    assert result.instance_view.output == "1\n"
    commands.begin_delete(group.name, "web1", "one").result()
    docker = {"publisher": "Microsoft.Azure.Extensions", "type": "DockerExtension", "typeHandlerVersion": "1.0",
              "autoUpgradeMinorVersion": True, "settings": {"docker": {"port": "4243"}}}  # fmt: skip
    extensions = compute.virtual_machine_extensions
    body = {"location": "westus", "properties": docker}
    made = extensions.begin_create_or_update(group.name, "web1", "docker", _json(body), **kind).result()
    assert made.provisioning_state == "Succeeded"
    vm.begin_delete(group.name, "web1").result()
    network.virtual_networks.begin_delete(group.name, "vnet").result()
    network.network_security_groups.begin_delete(group.name, "nsg").result()
    assert arm.call("GET", f"{group.path}/resources").body["value"] == []


def test_sizes_that_are_to_be_had_can_be_told(arm: LocalAzure, clients: Any, behavior: Any) -> None:
    """What a client does after SkuNotAvailable: sizes of as many cores, without those that are restricted."""
    behavior(conditions={"sku_not_available": [{"size": ["Standard_D2s_v5", "Standard_B*"], "region": "westus"}]})

    def capability(sku: Any, name: str) -> str:
        return next((one.value for one in sku.capabilities if one.name == name), "")

    found = [
        sku.name
        for sku in clients[0].resource_skus.list(filter="location eq 'westus'")
        if sku.resource_type == "virtualMachines" and not sku.restrictions and capability(sku, "vCPUs") == "2"
        and capability(sku, "CpuArchitectureType") == "x64"
    ]  # fmt: skip
    assert {"Standard_D2s_v4", "Standard_D2as_v5", "Standard_F2s_v2"} <= set(found)
    assert not {one for one in found if one.startswith("Standard_B")} and "Standard_D2s_v5" not in found
    assert "Standard_D2ps_v5" not in found and "Standard_D4s_v5" not in found
