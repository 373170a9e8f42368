"""A program as users of Apache Libcloud write it: a node with a volume, from create to destroy, by its azure_arm.

`libcloud_driver.py GROUP`, with the environment of `localazure env` and SSL_CERT_FILE. It prints Libcloud's version and
what it did as JSON, and fails at the first answer that is not as it must be. The driver signs in by Azure's first
version of OAuth, speaks api-versions of 2015 to 2023, and takes no answer for more than an answer: what it starts is
waited for here.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import libcloud
from libcloud.common.azure_arm import AzureResourceManagementConnection
from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.base import NodeAuthPassword, NodeAuthSSHKey
from libcloud.compute.providers import get_driver
from libcloud.compute.types import NodeState, Provider, StorageVolumeState
from libcloud.http import LibcloudConnection

ENDPOINT = os.environ["LOCALAZURE_ENDPOINT"].rstrip("/")
SUBSCRIPTION = os.environ["LOCALAZURE_SUBSCRIPTION"]
CLOUD = {
    "resourceManagerEndpointUrl": f"{ENDPOINT}/",
    "activeDirectoryEndpointUrl": ENDPOINT,
    "activeDirectoryResourceId": f"{ENDPOINT}/",
    "storageEndpointSuffix": ".core.local.test",
}
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGHvyi5nG1bS4iCwnpKhgBmGhVdDbVRwPiO3Uc0DXPH5 me@here"
PATIENCE_S = 60


class Connection(LibcloudConnection):
    """To the port of the endpoint: the driver takes the host's name from it, and 443."""

    def __init__(self, host: str, port: int, **options: Any) -> None:
        super().__init__(host, urlsplit(ENDPOINT).port or port, **{**options, "secure": True})


AzureResourceManagementConnection.conn_class = Connection


def eventually(check: Callable[[], Any], what: str) -> Any:
    """The first true answer of `check`."""
    deadline = time.monotonic() + PATIENCE_S
    while not (answer := check()):
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.2)
    return answer


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    """Status and code of the error that a call must end in; the driver has the code in brackets."""
    try:
        call()
    except BaseHTTPError as error:
        return error.code, error.message.partition("]")[0].removeprefix("[")
    raise AssertionError("nothing was refused")


class Script:
    """One group and what is in it; each step is a method, in the order of the class."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"
        self.driver = get_driver(Provider.AZURE_ARM)(
            os.environ["LOCALAZURE_TENANT"], SUBSCRIPTION, os.environ["LOCALAZURE_CLIENT_ID"],
            Path(os.environ["LOCALAZURE_CLIENT_SECRET_FILE"]).read_text(), region="West US",
            cloud_environment=CLOUD,
        )  # fmt: skip
        self.location = self.driver.default_location

    def ask(self, method: str, path: str, version: str, body: dict[str, Any]) -> Any:
        """A call of what the driver itself has no function for."""
        return self.driver.connection.request(path, {"api-version": version}, body, method=method).object

    def node(self, name: str = "web1") -> Any:
        return self.driver.ex_get_node(f"{self.id}/providers/Microsoft.Compute/virtualMachines/{name}")

    def settled(self, state: str) -> Any:
        """The node, when it is in this state and nothing is at work on it."""

        def look() -> Any:
            node = self.node()
            done = node.extra["properties"]["provisioningState"] == "Succeeded"
            return node if done and node.state == state else None

        return eventually(look, f"the node is {state}")

    def look_around(self) -> None:
        locations = {one.id: one for one in self.driver.list_locations()}
        assert (locations["westus"].name, locations["westus"].country) == ("West US", "California, USA")
        sizes = {one.id: one for one in self.driver.list_sizes()}
        self.size = sizes["Standard_D2s_v3"]
        assert (self.size.ram, self.size.extra["numberOfCores"]) == (8192, 2)
        assert any(name == "Canonical" for _, name in self.driver.ex_list_publishers())
        images = self.driver.list_images(ex_publisher="Debian", ex_offer="debian-12")
        assert {(one.offer, one.location) for one in images} == {("debian-12", "westus")}
        assert {"12", "12-gen2"} <= {one.sku for one in images}
        self.image = self.driver.get_image(f"Debian:debian-12:12:{images[0].version}")

    def make_group_and_network(self) -> None:
        self.ask("PUT", self.id, "2016-09-01", {"location": "westus", "tags": {}})
        assert self.group in [one.name for one in self.driver.ex_list_resource_groups()]
        subnets = [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}]
        body = {"location": "westus",
                "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}}  # fmt: skip
        self.ask("PUT", f"{self.id}/providers/Microsoft.Network/virtualNetworks/vnet", "2018-06-01", body)
        self.network = next(one for one in self.driver.ex_list_networks() if f"/{self.group}/" in one.id)
        self.subnet = eventually(lambda: self.driver.ex_list_subnets(self.network), "the network has a subnet")[0]
        assert self.subnet.extra["addressPrefix"] == "10.0.0.0/24"
        said = self.driver.ex_check_ip_address_availability(self.group, self.network, "10.0.0.9")
        assert said["available"] is True
        self.driver.ex_create_network_security_group("nsg", self.group)
        groups = self.driver.ex_list_network_security_groups
        eventually(lambda: [one.extra["provisioningState"] for one in groups(self.group)] == ["Succeeded"], "the NSG")
        self.driver.ex_delete_network_security_group("nsg", self.group)
        eventually(lambda: not groups(self.group), "the NSG is gone")

    def make_address(self) -> None:
        # The driver can only ask for addresses of the SKU Basic, of which Azure makes no new ones.
        said = refused(lambda: self.driver.ex_create_public_ip("basic", self.group))
        assert said == (400, "IPv4BasicSkuPublicIpCountLimitReached"), said
        body = {"location": "westus", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
        self.ask("PUT", f"{self.id}/providers/Microsoft.Network/publicIPAddresses/ip", "2019-06-01", body)
        self.address = self.driver.ex_list_public_ips(self.group)[0]
        eventually(lambda: self.driver.ex_get_public_ip(self.address.id).extra.get("ipAddress"), "it has an address")

    def make_node(self) -> None:
        nic = self.driver.ex_create_network_interface("nic", self.subnet, self.group, public_ip=self.address)
        node = self.driver.create_node(
            "web1", self.size, self.image, NodeAuthSSHKey(SSH_KEY), self.group, None, location=self.location,
            ex_nic=nic, ex_use_managed_disks=True, ex_tags={"role": "web"}, ex_customdata=None,
        )  # fmt: skip
        assert (node.name, node.state) == ("web1", NodeState.PENDING)
        node = self.settled(NodeState.RUNNING)
        assert node.private_ips == ["10.0.0.4"] and len(node.public_ips) == 1
        linux = node.extra["properties"]["osProfile"]["linuxConfiguration"]
        assert linux["disablePasswordAuthentication"] is True  # the driver sends it as text
        assert linux["ssh"]["publicKeys"][0]["keyData"] == SSH_KEY
        mine = self.driver.list_nodes(ex_resource_group=self.group)
        assert [(one.name, one.state) for one in mine] == [("web1", NodeState.RUNNING)]
        assert "web1" in [one.name for one in self.driver.list_nodes()]

    def make_node_in_a_network(self) -> None:
        node = self.driver.create_node(
            "web2", self.size, self.image, NodeAuthPassword("Correct-Horse-9"), self.group, None, ex_network="vnet",
            ex_use_managed_disks=True, ex_storage_account_type="StandardSSD_LRS", ex_os_disk_delete=True,
        )  # fmt: skip
        eventually(lambda: self.node("web2").state == NodeState.RUNNING, "the second node runs")
        assert node.extra["properties"]["osProfile"]["linuxConfiguration"]["disablePasswordAuthentication"] is False

    def switch_power(self) -> None:
        self.driver.stop_node(self.node(), ex_deallocate=False)
        self.settled(NodeState.PAUSED)
        self.driver.start_node(self.node())
        self.settled(NodeState.RUNNING)
        assert self.driver.reboot_node(self.node())
        self.settled(NodeState.RUNNING)
        self.driver.stop_node(self.node())
        self.settled(NodeState.STOPPED)
        self.driver.start_node(self.node())
        self.settled(NodeState.RUNNING)

    def tag(self) -> None:
        node = self.node()
        self.driver.ex_create_tags(node, {"team": "blue"})
        assert self.settled(NodeState.RUNNING).extra["tags"] == {"role": "web", "team": "blue"}
        self.driver.ex_create_tags(node, {"team": "red"}, replace=True)
        assert self.settled(NodeState.RUNNING).extra["tags"] == {"team": "red"}

    def use_volume(self) -> None:
        driver = self.driver
        made = driver.create_volume(4, "data", self.location, ex_resource_group=self.group, ex_sku_name="Standard_LRS")
        assert made.name == "data" and made.size == 4
        ready = lambda: driver.ex_get_volume(made.id)  # noqa: E731 - it is asked for again and again
        eventually(lambda: ready().state == StorageVolumeState.AVAILABLE, "the volume is there")
        assert [one.name for one in driver.list_volumes(self.group) if one.state == StorageVolumeState.AVAILABLE] == [
            "data"]  # fmt: skip
        driver.attach_volume(self.node(), ready())
        eventually(lambda: ready().state == StorageVolumeState.INUSE, "the volume is attached")
        disks = self.settled(NodeState.RUNNING).extra["properties"]["storageProfile"]["dataDisks"]
        assert [(one["lun"], one["name"], one["createOption"]) for one in disks] == [(0, "data", "Attach")]
        assert refused(lambda: driver.destroy_volume(ready())) == (409, "OperationNotAllowed")
        driver.detach_volume(ready(), ex_node=self.node())
        eventually(lambda: ready().state == StorageVolumeState.AVAILABLE, "the volume is detached")
        self.settled(NodeState.RUNNING)
        driver.ex_resize_volume(ready(), 8, self.group)
        eventually(lambda: ready().size == 8, "the volume has grown")
        driver.destroy_volume(ready())
        eventually(lambda: self.gone(made.id, driver.ex_get_volume), "the volume is gone")

    def gone(self, identifier: str, get: Callable[[str], Any]) -> bool:
        try:
            get(identifier)
        except BaseHTTPError as error:
            assert error.code == 404, error
            return True
        return False

    def run_command(self) -> None:
        self.driver.ex_run_command(self.node(), "true", location=self.location)
        extension = f"{self.node().id}/extensions/init"

        def state() -> str:
            found = self.driver.connection.request(extension, {"api-version": "2015-06-15"}).object
            return str(found["properties"]["provisioningState"])

        eventually(lambda: state() in ("Succeeded", "Failed"), "the command has run")
        assert state() == "Succeeded"

    def be_refused(self) -> None:
        assert refused(lambda: self.node("no-such-node")) == (404, "ResourceNotFound")
        nic = self.driver.ex_list_nics(self.group)[0]
        assert refused(lambda: self.driver.ex_destroy_nic(nic)) == (400, "NicInUse")

    def destroy(self) -> None:
        for name in ("web1", "web2"):
            assert self.driver.destroy_node(self.node(name), ex_poll_wait=1, ex_poll_qty=PATIENCE_S)
        eventually(lambda: not self.driver.ex_list_nics(self.group), "the interfaces are gone")
        eventually(lambda: not self.driver.list_volumes(self.group), "the disks are gone")
        assert self.driver.list_nodes(ex_resource_group=self.group) == []
        assert self.driver.ex_delete_public_ip(self.address)
        self.ask("DELETE", self.id, "2016-09-01", {})
        eventually(lambda: self.group not in [one.name for one in self.driver.ex_list_resource_groups()],
                   "the group is gone")  # fmt: skip


def main(group: str) -> int:
    script = Script(group)
    helpers = ("ask", "node", "settled", "gone")
    steps = [name for name in vars(Script) if not name.startswith("_") and name not in helpers]
    for name in steps:
        getattr(script, name)()
    print(json.dumps({"version": libcloud.__version__, "steps": steps}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
