"""A script as users write it, with the Azure SDKs for Python: a VM with all that it needs, from create to delete.

`sdk_script.py GROUP`, with the environment of `localazure env`. It runs under every version of the SDKs alike; prints
the versions and what it did as JSON, and fails at the first answer that is not as it must be. It checks the service's
answers through the SDKs' models, because those decide what a user's program sees.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import version
from typing import Any

import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.compute import models as compute_models
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.network import models as network_models
from azure.mgmt.resource.resources import ResourceManagementClient

ENDPOINT = os.environ["LOCALAZURE_ENDPOINT"].rstrip("/")
LOCATION = "westus"
PASSWORD = "Correct-Horse-9"


class Credential:
    """A service principal's; azure-identity would ask the public cloud where to sign in."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        with open(os.environ["LOCALAZURE_CLIENT_SECRET_FILE"], encoding="ascii") as file:
            form = {"grant_type": "client_credentials", "client_id": os.environ["LOCALAZURE_CLIENT_ID"],
                    "client_secret": file.read(), "scope": scopes[0]}
        url = f"{ENDPOINT}/{os.environ['LOCALAZURE_TENANT']}/oauth2/v2.0/token"
        answer = requests.post(url, data=form, timeout=20).json()
        return AccessToken(answer["access_token"], int(time.time()) + int(answer["expires_in"]))


def client(kind: Any) -> Any:
    """A client of this endpoint; the SDKs' own 30 s between two polls are for the real one."""
    scopes = [f"{ENDPOINT}/.default"]
    subscription = os.environ["LOCALAZURE_SUBSCRIPTION"]
    return kind(Credential(), subscription, base_url=ENDPOINT, credential_scopes=scopes, polling_interval=1)


class Script:
    """One group and what is in it; each step is a method, in the order of the class."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.compute = client(ComputeManagementClient)
        self.network = client(NetworkManagementClient)
        self.resources = client(ResourceManagementClient)
        self.vms = self.compute.virtual_machines

    def make_group(self) -> None:
        groups = self.resources.resource_groups
        made = groups.create_or_update(self.group, {"location": LOCATION, "tags": {"of": "sdk"}})
        assert (made.name, made.location, made.properties.provisioning_state) == (self.group, LOCATION, "Succeeded")
        assert self.group in [one.name for one in groups.list()]

    def make_vnet(self) -> None:
        vnet = network_models.VirtualNetwork(
            location=LOCATION,
            address_space=network_models.AddressSpace(address_prefixes=["10.0.0.0/16"]),
            subnets=[network_models.Subnet(name="default", address_prefix="10.0.0.0/24")],
        )
        made = self.network.virtual_networks.begin_create_or_update(self.group, "vnet", vnet).result()
        assert made.provisioning_state == "Succeeded" and made.etag
        self.subnet = self.network.subnets.get(self.group, "vnet", "default")
        assert self.subnet.address_prefix == "10.0.0.0/24"

    def make_nsg(self) -> None:
        groups, rules = self.network.network_security_groups, self.network.security_rules
        empty = network_models.NetworkSecurityGroup(location=LOCATION)
        self.nsg = groups.begin_create_or_update(self.group, "nsg", empty).result()
        assert len(self.nsg.default_security_rules) == 6
        rule = network_models.SecurityRule(
            protocol="Tcp", access="Allow", direction="Inbound", priority=1000, source_address_prefix="*",
            source_port_range="*", destination_address_prefix="*", destination_port_range="22",
        )  # fmt: skip
        made = rules.begin_create_or_update(self.group, "nsg", "ssh", rule).result()
        assert (made.priority, made.destination_port_range, made.provisioning_state) == (1000, "22", "Succeeded")
        clash = network_models.SecurityRule(**{name: getattr(rule, name) for name in (
            "protocol", "access", "direction", "priority", "source_address_prefix", "source_port_range",
            "destination_address_prefix", "destination_port_range",
        )})  # fmt: skip
        refused = self.refused(lambda: rules.begin_create_or_update(self.group, "nsg", "two", clash).result())
        assert refused == "SecurityRuleConflict"
        assert [one.name for one in groups.get(self.group, "nsg").security_rules] == ["ssh"]

    def make_address(self) -> None:
        address = network_models.PublicIPAddress(
            location=LOCATION,
            sku=network_models.PublicIPAddressSku(name="Standard"),
            public_ip_allocation_method="Static",
            dns_settings=network_models.PublicIPAddressDnsSettings(domain_name_label=self.group),
        )
        self.address = self.network.public_ip_addresses.begin_create_or_update(self.group, "ip", address).result()
        assert self.address.ip_address and self.address.dns_settings.fqdn.startswith(f"{self.group}.{LOCATION}.")

    def make_nic(self) -> None:
        configuration = network_models.NetworkInterfaceIPConfiguration(
            name="one",
            subnet=network_models.Subnet(id=self.subnet.id),
            public_ip_address=network_models.PublicIPAddress(id=self.address.id),
        )
        nic = network_models.NetworkInterface(
            location=LOCATION,
            ip_configurations=[configuration],
            network_security_group=network_models.NetworkSecurityGroup(id=self.nsg.id),
        )
        self.nic = self.network.network_interfaces.begin_create_or_update(self.group, "nic", nic).result()
        assert self.nic.ip_configurations[0].private_ip_address == "10.0.0.4"

    def make_vm(self) -> None:
        image = compute_models.ImageReference(
            publisher="Canonical", offer="ubuntu-24_04-lts", sku="server", version="latest"
        )
        disk = compute_models.OSDisk(
            create_option="FromImage",
            caching="ReadWrite",
            managed_disk=compute_models.ManagedDiskParameters(storage_account_type="StandardSSD_LRS"),
        )
        profile = compute_models.OSProfile(
            computer_name="web1", admin_username="azureuser", admin_password=PASSWORD,
            linux_configuration=compute_models.LinuxConfiguration(disable_password_authentication=False),
        )  # fmt: skip
        vm = compute_models.VirtualMachine(
            location=LOCATION,
            hardware_profile=compute_models.HardwareProfile(vm_size="Standard_D2s_v5"),
            storage_profile=compute_models.StorageProfile(image_reference=image, os_disk=disk),
            os_profile=profile,
            network_profile=compute_models.NetworkProfile(
                network_interfaces=[compute_models.NetworkInterfaceReference(id=self.nic.id, primary=True)]
            ),
        )
        made = self.vms.begin_create_or_update(self.group, "web1", vm).result()
        assert (made.provisioning_state, made.os_profile.admin_password) == ("Succeeded", None)
        assert made.vm_id and made.time_created and made.storage_profile.os_disk.managed_disk.id
        assert self.network.network_interfaces.get(self.group, "nic").virtual_machine.id.lower() == made.id.lower()

    def see_it_run(self) -> None:
        view = self.vms.instance_view(self.group, "web1")
        assert view.vm_agent.statuses[0].display_status == "Ready"
        assert self.power() == "running"
        assert [one.name for one in self.vms.list(self.group)] == ["web1"]
        assert "web1" in [one.name for one in self.vms.list_all()]

    def power(self) -> str:
        """The VM's power state, from the instance view inside the VM."""
        view = self.vms.get(self.group, "web1", expand="instanceView").instance_view
        return next(one.code for one in view.statuses if one.code.startswith("PowerState/")).partition("/")[2]

    def add_extension(self) -> None:
        properties = {"publisher": "Microsoft.Azure.Extensions", "type_handler_version": "2.1",
                      "auto_upgrade_minor_version": True, "settings": {"commandToExecute": "true"}}  # fmt: skip
        models = compute_models
        if hasattr(models, "VirtualMachineExtensionProperties"):    # the SDK's newer shape; `type` alone differs
            own = models.VirtualMachineExtensionProperties(type="CustomScript", **properties)
            extension = models.VirtualMachineExtension(location=LOCATION, properties=own)
        else:
            extension = models.VirtualMachineExtension(
                location=LOCATION, type_properties_type="CustomScript", **properties
            )
        extensions = self.compute.virtual_machine_extensions
        made = extensions.begin_create_or_update(self.group, "web1", "script", extension).result()
        assert made.provisioning_state == "Succeeded"
        seen = extensions.get(self.group, "web1", "script", expand="instanceView")
        assert seen.instance_view.statuses[0].code == "ProvisioningState/succeeded"
        assert [one.name for one in extensions.list(self.group, "web1").value] == ["script"]
        extensions.begin_delete(self.group, "web1", "script").result()
        assert not extensions.list(self.group, "web1").value

    def run_commands(self) -> None:
        action = compute_models.RunCommandInput(command_id="RunShellScript", script=["echo from the action"])
        said = self.vms.begin_run_command(self.group, "web1", action).result().value[0]
        assert said.code == "ProvisioningState/succeeded" and "from the action" in said.message
        commands = self.compute.virtual_machine_run_commands
        command = compute_models.VirtualMachineRunCommand(
            location=LOCATION,
            source=compute_models.VirtualMachineRunCommandScriptSource(script='echo "$WORD"'),
            parameters=[compute_models.RunCommandInputParameter(name="WORD", value="managed")],
        )
        commands.begin_create_or_update(self.group, "web1", "one", command).result()
        view = commands.get_by_virtual_machine(self.group, "web1", "one", expand="instanceView").instance_view
        assert (view.execution_state, view.exit_code, view.output.strip()) == ("Succeeded", 0, "managed")
        assert [one.name for one in commands.list_by_virtual_machine(self.group, "web1")] == ["one"]
        commands.begin_delete(self.group, "web1", "one").result()

    def attach_disk(self) -> None:
        disks = self.compute.disks
        empty = compute_models.Disk(
            location=LOCATION, disk_size_gb=4, sku=compute_models.DiskSku(name="StandardSSD_LRS"),
            creation_data=compute_models.CreationData(create_option="Empty"),
        )  # fmt: skip
        disk = disks.begin_create_or_update(self.group, "data", empty).result()
        assert (disk.disk_state, disk.disk_size_gb) == ("Unattached", 4)
        vm = self.vms.get(self.group, "web1")
        vm.storage_profile.data_disks = [compute_models.DataDisk(
            lun=0, create_option="Attach", managed_disk=compute_models.ManagedDiskParameters(id=disk.id)
        )]  # fmt: skip
        changed = self.vms.begin_create_or_update(self.group, "web1", vm).result()
        assert [one.lun for one in changed.storage_profile.data_disks] == [0]
        assert disks.get(self.group, "data").disk_state == "Attached"
        assert self.refused(lambda: disks.begin_delete(self.group, "data").result()) == "OperationNotAllowed"
        changed.storage_profile.data_disks = []
        self.vms.begin_create_or_update(self.group, "web1", changed).result()
        assert disks.get(self.group, "data").disk_state == "Unattached"
        disks.begin_delete(self.group, "data").result()

    def switch_power(self) -> None:
        for begin, state in (
            (self.vms.begin_power_off, "stopped"), (self.vms.begin_start, "running"),
            (self.vms.begin_restart, "running"), (self.vms.begin_deallocate, "deallocated"),
            (self.vms.begin_start, "running"),
        ):  # fmt: skip
            begin(self.group, "web1").result()
            assert self.power() == state, (begin.__name__, self.power())

    def tag(self) -> None:
        update = compute_models.VirtualMachineUpdate(tags={"role": "web"})
        assert self.vms.begin_update(self.group, "web1", update).result().tags == {"role": "web"}
        assert [one.name for one in self.resources.resources.list(filter="tagName eq 'role' and tagValue eq 'web'")
                if f"/{self.group}/".lower() in one.id.lower()] == ["web1"]  # fmt: skip
        update = network_models.TagsObject(tags={"role": "address"})
        assert self.network.public_ip_addresses.update_tags(self.group, "ip", update).tags == {"role": "address"}

    def refuse_wrong_order(self) -> None:
        nics, addresses = self.network.network_interfaces, self.network.public_ip_addresses
        assert self.refused(lambda: nics.begin_delete(self.group, "nic").result()) == "NicInUse"
        refused = self.refused(lambda: addresses.begin_delete(self.group, "ip").result())
        assert refused == "PublicIPAddressCannotBeDeleted"
        try:
            self.vms.get(self.group, "web2")
        except ResourceNotFoundError as error:
            assert error.error.code == "ResourceNotFound"
        else:
            raise AssertionError("a VM that was never made is there")

    def refused(self, call: Any) -> str | None:
        """The code of the error that a call must end in."""
        try:
            call()
        except HttpResponseError as error:
            return str(error.error.code)
        return None

    def delete_in_order(self) -> None:
        os_disk = self.vms.get(self.group, "web1").storage_profile.os_disk.name
        self.vms.begin_delete(self.group, "web1").result()
        self.compute.disks.begin_delete(self.group, os_disk).result()
        self.network.network_interfaces.begin_delete(self.group, "nic").result()
        self.network.public_ip_addresses.begin_delete(self.group, "ip").result()
        self.network.virtual_networks.begin_delete(self.group, "vnet").result()
        self.network.security_rules.begin_delete(self.group, "nsg", "ssh").result()
        self.network.network_security_groups.begin_delete(self.group, "nsg").result()
        assert not list(self.resources.resources.list_by_resource_group(self.group))
        self.resources.resource_groups.begin_delete(self.group).result()
        assert not self.resources.resource_groups.check_existence(self.group)


def main(group: str) -> int:
    script = Script(group)
    steps = [name for name, step in vars(Script).items() if callable(step) and name not in ("power", "refused")]
    done = [name for name in steps if not name.startswith("_") and getattr(script, name)() is None]
    packages = ("azure-mgmt-compute", "azure-mgmt-network", "azure-mgmt-resource")
    print(json.dumps({"versions": {name: version(name) for name in packages}, "steps": done}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
