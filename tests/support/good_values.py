"""A good value of each option of create that changes what is sent, with what has to be there for it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from bad_values.compose import WEB
from bad_values.disks import disk, encryption_set
from bad_values.security import MANAGED, PLAN, TRUSTED, image, region_has
from fake_azure import FakeCloud
from networks import address, application_group, interface, network, resource_id, rule, security_group

from azext_dockervm.azure import kinds
from azext_dockervm.provision.daemon import daemon_json
from azext_dockervm.provision.script.answer import encoded
from azext_dockervm.spec.engine import Engine

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFsWmFPXJ8mJ1RNmsqOLuBvCZQDKzTNZkFvQ7XkvGJX4 somebody"
PASSWORD = "Tall-Ships_2014+Docker"


@dataclass(frozen=True)
class Row:
    """``words`` follow ``az dockervm create -g g -n web1``; ``says`` is part of a body that is sent, as it is there
    and nowhere without the option. ``there`` puts into the cloud what the value names."""

    option: str
    words: tuple[str, ...]
    says: tuple[str, ...]
    there: Callable[[FakeCloud], object] | None = None

    @property
    def label(self) -> str:
        return " ".join(word if len(word) < 40 else f"{word[:12]}~" for word in self.words)


def good(option: str, words: str | tuple[str, ...], *says: str, there: Callable[[FakeCloud], object] | None = None
         ) -> Row:
    return Row(option, tuple(shlex.split(words)) if isinstance(words, str) else words, says, there)


def setting(option: str, words: str, *, by_command: bool = False, **values: object) -> Row:
    """Of the engine: a part of daemon.json, which the host is sent in base64; by run commands where it says so."""
    lane, between = ("--provisioner run-command ", '", "value": "') if by_command else ("", '": "')
    text = encoded(daemon_json(Engine(**values)))  # type: ignore[arg-type]
    return good(option, f"{lane}{words}", f'"DOCKERVM_DAEMON_JSON{between}{text}"')


ROWS = (
    good("location", "-l eastus", '"location": "eastus"'),
    good("image", "--image Debian13", '"offer": "debian-13"'),
    good("size", "--size Standard_B2s", '"vmSize": "Standard_B2s"'),
    good("arch", "--arch arm64", '"server-arm64"', '"vmSize": "Standard_D2ps_v6"',
         there=region_has("Standard_D2ps_v6")),
    good("plan_name", f"{PLAN} --image {MANAGED}", '"plan": {"name": "9-base"', there=image()),
    good("plan_product", f"{PLAN} --image {MANAGED}", '"product": "rockylinux-x86_64"', there=image()),
    good("plan_publisher", f"{PLAN} --image {MANAGED}", '"publisher": "resf"', there=image()),
    good("plan_promotion_code", f"{PLAN} --plan-promotion-code x --image {MANAGED}", '"promotionCode": "x"',
         there=image()),
    good("security_type", "--security-type TrustedLaunch", '"securityType": "TrustedLaunch"',
         there=image(hyperVGeneration="V2", features=TRUSTED)),
    good("security_type", "--security-type Standard", '"securityType": "Standard"',
         there=lambda cloud: cloud.features.update(UseStandardSecurityType="Registered")),
    good("enable_secure_boot", "--enable-secure-boot false", '"secureBootEnabled": false',
         there=image(hyperVGeneration="V2", features=TRUSTED)),
    good("enable_vtpm", "--enable-vtpm false", '"vTpmEnabled": false',
         there=image(hyperVGeneration="V2", features=TRUSTED)),
    good("os_disk_size_gb", "--os-disk-size-gb 64", '"diskSizeGB": 64'),
    good("storage_sku", "--storage-sku os=StandardSSD_LRS", '"storageAccountType": "StandardSSD_LRS"'),
    good("storage_sku", "--storage-sku 0=UltraSSD_LRS --data-disk-sizes-gb 8", '"ultraSSDEnabled": true'),
    good("os_caching", "--os-disk-caching None", '"caching": "None"'),
    good("ephemeral_os_disk", "--ephemeral-os-disk", '"diffDiskSettings": {"option": "Local"}'),
    good("ephemeral_os_disk_placement", "--ephemeral-os-disk true --ephemeral-os-disk-placement ResourceDisk",
         '"placement": "ResourceDisk"'),
    good("data_disk_sizes_gb", "--data-disk-sizes-gb 8 16", '"diskSizeGB": 16', "web1_data1_RUN"),
    good("data_caching", "--data-disk-sizes-gb 8 --data-disk-caching 0=ReadOnly", '"caching": "ReadOnly"'),
    good("attach_data_disks", "--attach-data-disks data", '"createOption": "Attach"', there=disk()),
    good("docker_disk_size_gb", "--docker-disk-size-gb 32 --data-disk-sizes-gb 8", '"diskSizeGB": 32',
         '"dockervm-docker-disk": "web1_data1_RUN"'),
    good("storage_sku", "--storage-sku docker=StandardSSD_LRS --docker-disk-size-gb 8",
         '"storageAccountType": "StandardSSD_LRS"'),
    good("docker_disk", "--docker-disk data --data-disk-caching docker=ReadOnly", '"createOption": "Attach"',
         '"dockervm-docker-disk": "data"', '"caching": "ReadOnly"', there=disk()),
    good("os_disk_encryption_set", "--os-disk-encryption-set own", '"diskEncryptionSet"', there=encryption_set()),
    good("encryption_at_host", "--encryption-at-host", '"encryptionAtHost": true',
         there=lambda cloud: cloud.features.update(EncryptionAtHost="Registered")),
    good("admin_username", "-u skipper", '"adminUsername": "skipper"'),
    good("admin_password", ("-p", PASSWORD), '"adminPassword"'),
    good("ssh_key_values", ("--ssh-key-values", KEY), KEY),
    good("docker_port", "-dp 2376", '"destinationPortRange": "2376"'),
    good("docker_channel", "--docker-channel docker", '"dockervm-docker": "docker"', '"DOCKERVM_CHANNEL": "docker"'),
    good("docker_channel", "--docker-channel docker --provisioner run-command", '"value": "docker"'),
    good("docker_version", "--docker-version v28.5", '"dockervm-docker": "distribution 28.5"',
         '"DOCKERVM_VERSION": "28.5"'),
    good("ssh_port", "-e 2222", '"allow-ssh"'),
    good("sources", "--sources 203.0.113.0/24 10.0.0.0/8 --provisioner run-command", '"203.0.113.0/24"'),
    good("open_ports", "--open-ports 80 8000-8010", '"8000-8010"'),
    good("open_ports_sources", "--open-ports 80 --open-ports-sources 203.0.113.7", '"203.0.113.7"'),
    good("registry_login", f"--registry-login a.io=me --registry-password {PASSWORD}", '"DOCKERVM_LOGINS"'),
    good("registry_password", f"--registry-login a.io=me --registry-password {PASSWORD}", '"protectedParameters"'),
    good("compose_file", ("--compose-file", WEB), '"DOCKERVM_COMPOSE_FILE"', "/dockervm-compose-RUN"),
    good("compose_env_file", ("--compose-file", WEB, "--compose-env-file", f"A={PASSWORD}\n"),
         '"DOCKERVM_COMPOSE_ENV"'),
    good("tls_san", "--tls-san docker.example.com 192.0.2.7", '"dockervm-tls-san": "docker.example.com,192.0.2.7"'),
    good("vnet_name", "--vnet-name boats", '"boats"'),
    good("vnet_name", "--vnet-name corp", "virtualNetworks/corp/subnets/apps", there=network),
    good("subnet", "--vnet-name boats --subnet quay", '"dockervm-subnet": "quay"'),
    good("subnet", f"--subnet {resource_id('virtualNetworks/subnets', 'corp', 'apps', group='net')}",
         "resourceGroups/net/", there=lambda cloud: network(cloud, group="net")),
    good("vnet_address_prefix", "--vnet-address-prefix 10.9.0.0/16", '"addressPrefixes": ["10.9.0.0/16"]',
         '"addressPrefix": "10.9.0.0/20"'),
    good("subnet_address_prefix", "--subnet-address-prefix 10.0.7.0/24", '"addressPrefix": "10.0.7.0/24"'),
    good("subnet_address_prefix", "--vnet-name corp --subnet web --subnet-address-prefix 10.1.7.0/24",
         '["PUT", "Microsoft.Network/virtualNetworks/subnets", "corp/web"', there=network),
    good("private_ip_address", "--private-ip-address 10.0.0.9", '"privateIPAllocationMethod": "Static"',
         '"privateIPAddress": "10.0.0.9"'),
    good("public_ip_address", "--public-ip-address boat-ip", "boat-ip"),
    good("public_ip_address", "--public-ip-address web-ip", '"deleteOption": "Detach"',
         there=lambda cloud: address(cloud, label="boat")),
    good("public_ip_address", ("--vnet-name", "corp", "--public-ip-address", ""), '"dockervm-fqdn": "10.0.0.4"',
         there=lambda cloud: (network(cloud), setattr(cloud, "joined", True))),
    good("accelerated_networking", "--accelerated-networking", '"enableAcceleratedNetworking": true'),
    good("accelerated_networking", "--accelerated-networking false", '"enableAcceleratedNetworking": false'),
    good("nics", "--nics nic1", "networkInterfaces/nic1", '"deleteOption": "Detach"',
         there=lambda cloud: (network(cloud), interface(cloud, public_ip=address(cloud, label="boat")))),
    good("nsg", "--nsg corp-nsg", "networkSecurityGroups/corp-nsg",
         there=lambda cloud: security_group(cloud, "corp-nsg", rule("docker", 300, "4243"))),
    good("open", "--nsg corp-nsg --open", "dockervm-host=web1 dockervm-run=RUN", there=security_group),
    good("asgs", "--asgs web", '"applicationSecurityGroups": [{"id": ', there=application_group),
    good("idle_timeout", "--idle-timeout 15", '"idleTimeoutInMinutes": 15'),
    good("public_ip_address_dns_name", "--dns-name boat77", '"domainNameLabel": "boat77"'),
    good("ssh_key_name", "--ssh-key-name mine", KEY, there=lambda cloud: cloud.put(
        kinds.SSH_KEY, "mine", body={"location": "westus", "properties": {"publicKey": KEY}})),
    good("authentication_type", ("--authentication-type", "all", "-p", PASSWORD, "--ssh-key-values", KEY),
         KEY),
    good("zone", "--zone 2", '"zones": ["2"]'),
    good("availability_set", "--availability-set mine", '"availabilitySet": {"id"', there=lambda cloud: cloud.put(
        kinds.AVAILABILITY_SET, "mine", body={"location": "westus", "sku": {"name": "Aligned"}})),
    good("proximity_placement_group", "--ppg mine", '"proximityPlacementGroup": {"id"', there=lambda cloud: cloud.put(
        kinds.PROXIMITY_GROUP, "mine", body={"location": "westus"})),
    good("priority", "--priority Spot", '"priority": "Spot"'),
    good("priority", "--priority spotplus", '"priority": "SpotPlus"'),
    good("eviction_policy", "--priority SpotPlus --eviction-policy Delete", '"evictionPolicy": "Delete"'),
    good("max_price", "--priority Low --max-price 0.5", '"maxPrice": 0.5'),
    good("license_type", "--license-type SLES_BYOS", '"licenseType": "SLES_BYOS"'),
    good("assign_identity", "--assign-identity [system] mine", '"SystemAssigned, UserAssigned"',
         there=lambda cloud: cloud.put(kinds.USER_IDENTITY, "mine", body={"location": "westus"})),
    good("user_data", "--user-data role=build", '"userData": "cm9sZT1idWlsZA=="'),
    good("custom_data", ("--custom-data", "#!/bin/true", "--image", "FlatcarLinuxFreeGen2"),
         '"customData": "IyEvYmluL3RydWU="'),
    good("custom_data", ("--custom-data", "#!/bin/true", "--image", "Canonical:UbuntuServer:18.04-LTS:latest"),
         '"customData": "IyEvYmluL3RydWU="'),
    good("boot_diagnostics_storage", ("--boot-diagnostics-storage", ""), '"bootDiagnostics": {"enabled": true}'),
    good("auto_shutdown", "--auto-shutdown 1900", '"dailyRecurrence": {"time": "1900"}', '"timeZoneId": "UTC"'),
    good("auto_shutdown_time_zone", ("--auto-shutdown", "1900", "--auto-shutdown-time-zone", "Tokyo Standard Time"),
         '"timeZoneId": "Tokyo Standard Time"'),
    good("auto_shutdown_email", "--auto-shutdown 1900 --auto-shutdown-email me@example.com",
         '"emailRecipient": "me@example.com"'),
    good("provisioner", "--provisioner run-command", "runCommands"),
    setting("daemon_json", """--daemon-json '{"mtu": 1450}'""", file={"mtu": 1450}),
    setting("engine_options", "--engine-options mtu=1450 dns=10.0.0.4", options={"mtu": 1450, "dns": ["10.0.0.4"]}),
    setting("engine_labels", "--engine-labels role=build", labels=("role=build",)),
    setting("engine_labels", "--engine-labels role=build", by_command=True, labels=("role=build",)),
    setting("registry_mirrors", "--registry-mirrors https://m.corp", registry_mirrors=("https://m.corp",)),
    setting("insecure_registries", "--insecure-registries r.corp:5000", insecure_registries=("r.corp:5000",)),
    setting("storage_driver", "--storage-driver overlay2", storage_driver="overlay2"),
    setting("log_driver", "--log-driver journald", log_driver="journald"),
    setting("log_options", "--log-options max-size=50m", log_options={"max-size": "50m"}),
    setting("live_restore", "--live-restore false", live_restore=False),
    setting("default_address_pools", "--default-address-pools base=172.30.0.0/16,size=24",
            address_pools=({"base": "172.30.0.0/16", "size": 24},)),
    setting("build_cache_gb", "--build-cache-gb 40", build_cache_gb=40),
    good("container_metadata", "--container-metadata", '"DOCKERVM_CONTAINER_METADATA": "open"'),
    good("container_metadata", "--provisioner run-command", '"DOCKERVM_CONTAINER_METADATA", "value": "closed"'),
    good("http_proxy", "--http-proxy http://p.corp:3128", '"DOCKERVM_HTTP_PROXY": "http://p.corp:3128"'),
    good("http_proxy", "--provisioner run-command --http-proxy http://p.corp:3128",
         '"DOCKERVM_HTTP_PROXY", "value": "http://p.corp:3128"'),
    good("https_proxy", "--https-proxy http://p.corp:3128", '"DOCKERVM_HTTPS_PROXY": "http://p.corp:3128"'),
    good("no_proxy", "--http-proxy http://p:1 --no-proxy .corp.example.com", ",.corp.example.com"),
    good("tags", "--tags cost=1", '"cost": "1"'),
)
# What create is told of its own work, or of this computer.
OF_NO_BODY = frozenset({"resource_group_name", "vm_name", "generate_ssh_keys", "ssh_key_type", "cert_dir", "apply",
                        "docker_context", "timeout", "timeline", "dry_run", "validate"})
