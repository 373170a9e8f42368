"""Names and defaults that more than one room uses: tags, resource names, ports, images."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from azext_dockervm.azure.reserved import may_be_refused_as_label
from azext_dockervm.printable import printable

EXTENSION_PUBLISHER = "Microsoft.Azure.Extensions"
EXTENSION_TYPE = "DockerExtension"

DEFAULT_ALIAS = "Ubuntu2404"
DEFAULT_IMAGE = "Canonical:ubuntu-24_04-lts:server:latest"
# az's own default size for `az vm create` in 2025.
DEFAULT_SIZE, DEFAULT_SIZE_CORES, DEFAULT_SIZE_DATA_DISKS = "Standard_D2s_v5", 2, 4
# The port of the 2014 command; 2376 came later.
# A build cache of Docker's own choice may fill 80 % of the disk that images and containers live on, too
# (https://docs.docker.com/build/cache/garbage-collection).
BUILD_CACHE_GB = 10
DEFAULT_DOCKER_PORT = 4243
# Azure's own are 4, less than waits of SDKs, `docker attach` and builds are silent; 30 are the most.
DEFAULT_IDLE_TIMEOUT = 30
DEFAULT_SSH_PORT = 22
DEFAULT_TIMEOUT = "20m"

# Tags, schema 1. Azure compares tag names without case and refuses < > % & \ ? / in them.
SCHEMA = "1"
TAG_SCHEMA = "dockervm-schema"                    # on the VM: the version of this table
TAG_HOST = "dockervm-host"                        # on everything made for one host: the VM's name
TAG_SHARED = "dockervm-shared"                    # on the VNet that the hosts of a group and region share
TAG_SUBNET = "dockervm-subnet"                    # on such a VNet: its subnet's name, where that is another than usual
TAG_PORT = "dockervm-port"                        # on the VM: the engine's TCP port
TAG_PROVISIONER = "dockervm-provisioner"          # on the VM: docker-extension or run-command
TAG_FQDN = "dockervm-fqdn"                        # on the VM: the name that ARM returned, else the address to dial
TAG_TLS_SAN = "dockervm-tls-san"                  # on the VM: what its certificate names besides, commas between
TAG_DOCKER = "dockervm-docker"                    # on the VM: whose Docker was asked for, and which version of it
TAG_CERTIFICATE_EXPIRES = "dockervm-certificate-expires"   # on the VM: server certificate's end, ISO 8601 UTC
TAG_DOCKER_DISK = "dockervm-docker-disk"          # on the VM: name or id of the data disk that holds Docker's data
TAG_SETTINGS = "dockervm-settings"                # on the VM: a fingerprint of the engine's settings as they were given
TAG_AUTHORITY = "dockervm-ca"                     # on the VM, from its PUT on: SHA-256 of the CA that it trusts, in hex
TAG_RUN = "dockervm-run"                          # on everything: the id of the run that made it
# Below these each cloud gives names to whoever asks first: of public addresses, and of the classic cloud services.
DNS_SUFFIXES = ("cloudapp.azure.com", "cloudapp.chinacloudapi.cn", "cloudapp.usgovcloudapi.net", "cloudapp.net",
                "chinacloudapp.cn", "usgovcloudapp.net")
# All that a VM may have of ours; its parts have fewer.
VM_TAGS = (TAG_SCHEMA, TAG_HOST, TAG_PORT, TAG_PROVISIONER, TAG_FQDN, TAG_TLS_SAN, TAG_DOCKER, TAG_CERTIFICATE_EXPIRES,
           TAG_DOCKER_DISK, TAG_SETTINGS, TAG_AUTHORITY, TAG_RUN)
# Of a resource; and characters of a value: https://learn.microsoft.com/azure/azure-resource-manager/management/
# tag-resources
MOST_TAGS = 50
LONGEST_TAG = 256
RESERVED_TAG_PREFIX = "dockervm-"

DOCKER_RULE = "allow-docker"
SSH_RULE = "allow-ssh"
PORTS_RULE = "allow-ports"
SUBNET = "hosts"
VNET_PREFIX = "10.0.0.0/16"
SUBNET_PREFIX = "10.0.0.0/20"

DNS_LABEL = r"[a-z][a-z0-9-]{1,61}[a-z0-9]"

# A server certificate with less time left is warned of, and renewed by the next create: a month holds the holidays of
# whoever reads the warning.
RENEWAL_DAYS = 30


def tag(resource: dict[str, Any] | None, name: str) -> str | None:
    """The value of a resource's tag, printable: others write tags too. Azure compares tag names without case."""
    return shown_tags(resource).get(name.lower())


def shown_tags(resource: dict[str, Any] | None) -> dict[str, str]:
    """All tags of a resource by their lower-case names, the values printable."""
    tags: dict[str, str] = (resource or {}).get("tags") or {}
    return {key.lower(): printable(value, LONGEST_TAG) for key, value in tags.items()}


def port_tag(vm: dict[str, Any] | None) -> int | None:
    """The engine's port as the VM's tag says it; None where there is none, or something else that a hand wrote."""
    text = tag(vm, TAG_PORT) or ""
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535 else None


def endpoint_tag(vm: dict[str, Any] | None) -> str | None:
    """The name by which a host is known, as the VM's tag notes it, or its address where it has none."""
    return tag(vm, TAG_FQDN)


def is_address(text: str | None) -> bool:
    try:
        ipaddress.ip_address(text or "")
    except ValueError:
        return False
    return True


def is_below(name: str, suffixes: Iterable[str]) -> bool:
    """Whether a DNS name is one of ``suffixes`` or ends with one."""
    lower = name.lower()
    return any(lower == one or lower.endswith(f".{one}") for one in suffixes)


def id_parts(resource_id: str) -> tuple[str, str]:
    """Group and name out of /subscriptions/S/resourceGroups/G/providers/P/TYPE/NAME."""
    words = resource_id.strip("/").split("/")
    return words[3], words[-1]


def subscription_of(resource_id: str) -> str:
    """Out of /subscriptions/S/…; empty where it says none."""
    words = resource_id.strip("/").split("/")
    return words[1] if len(words) > 1 else ""


def is_of_host(resource: dict[str, Any] | None, host: str) -> bool:
    """Whether its tag says that it was made for the host of that name."""
    return (tag(resource, TAG_HOST) or "").lower() == host.lower()


def with_tags(now: dict[str, str], changes: dict[str, str]) -> dict[str, str]:
    """The tags ``now`` with ``changes``. Azure refuses a map that has one name in two cases."""
    changed = {name.lower() for name in changes}
    return {**{name: value for name, value in now.items() if name.lower() not in changed}, **changes}


def own_tags(resource: dict[str, Any]) -> dict[str, str]:
    """A resource's tags without those that dockervm keeps."""
    return {name: value for name, value in (resource.get("tags") or {}).items()
            if not name.lower().startswith(RESERVED_TAG_PREFIX)}


def network_interface(host: str) -> str:
    """az's own naming, so that people find what they know from ``az vm create``."""
    return f"{host}VMNic"


def public_ip(host: str) -> str:
    return f"{host}PublicIP"


def network_security_group(host: str) -> str:
    return f"{host}NSG"


def schedule(host: str) -> str:
    """Azure takes no other name for a VM's daily shutdown (InvalidScheduleId)."""
    return f"shutdown-computevm-{host}"


def virtual_network(location: str) -> str:
    """One VNet a group and region: the group scopes the name, the region is part of it."""
    return f"dockervm-{location}-vnet"


def data_disk(host: str, lun: int, run_id: str) -> str:
    """One that is made with a VM. The run is part of it: disks outlive their host, and a later one of the same name
    must not find its names taken. Azure allows 80 characters, a VM's name has up to 64."""
    end = f"_data{lun}_{run_id}"
    return host[:80 - len(end)] + end


def is_data_disk(name: str, host: str, run_id: str) -> bool:
    """Whether the name is one that ``data_disk`` gives, for any LUN."""
    found = re.search(r"_data(\d+)_[^_]+$", name)
    return found is not None and bool(run_id) and name.lower() == data_disk(
        host, int(found.group(1)), run_id).lower()


def rule_of_others(rule: str, host: str, group_id: str) -> str:
    """The name of a rule of ours in a security group of somebody's, which may guard several hosts: readable, and the
    same for the same host. Azure allows 80 characters."""
    return f"{rule}-{host[:50]}-{_digest(group_id, host)}"


def is_dns_label(text: str) -> bool:
    """Azure's rule for ``domainNameLabel``, as its InvalidDomainNameLabel error states it."""
    return re.fullmatch(DNS_LABEL, text) is not None


def derived_dns_label(host: str, *scope: str) -> str:
    """A valid label for a host whose name is none, is taken or holds a word that Azure keeps for itself: the name,
    cleaned (``host`` in the last case), and a short stable hash of the scope.

    The same host in the same subscription and group always gets the same label, so a repeated create finds it again.
    """
    digest = _digest(*scope, host)
    clean = "host" if may_be_refused_as_label(host) else re.sub(r"[^a-z0-9-]+", "-", host.lower()).strip("-")
    if not clean or not clean[0].isalpha():
        clean = f"h{clean}"
    return f"{clean[:54].rstrip('-')}-{digest}"


def _digest(*words: str) -> str:
    return hashlib.sha256("/".join(words).lower().encode()).hexdigest()[:8]
