"""Values for the walk over the SDKs' members: plausible ones, and what must stand beside a member."""

from __future__ import annotations

import enum
import re
import uuid
from typing import Any

from arm_support import PASSWORD, encoded, rule
from sdk_members import Member
from test_arm_vms import KEY


def deep(path: str, value: Any) -> dict[str, Any]:
    """{"a": {"b": [value]}} for a.b[]."""
    for part in reversed(path.split(".")):
        value = {part.removesuffix("[]"): [value] if part.endswith("[]") else value}
    found: dict[str, Any] = value
    return found


_OS, _DATA = "properties.storageProfile.osDisk", "properties.storageProfile.dataDisks[]"
_LINUX = "properties.osProfile.linuxConfiguration"
_ENDPOINT = {"service": "Microsoft.Storage"}
_DELEGATION = {"name": "d", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}
_RULES = "properties.securityRules[]"
_ADDRESS = "properties.ipConfigurations[].properties"
# By paths (regular expressions); all that fit are put into the body, one after the other. None takes a member away.
_BESIDE: list[tuple[str, dict[str, Any]]] = [
    (r".*\.dataDisks\[\]\..*", deep(_DATA, {"lun": 1, "createOption": "Empty", "diskSizeGB": 4})),
    (r".*\.dataDisks\[\]\.managedDisk\.id", deep(_DATA, {"createOption": "Attach", "diskSizeGB": None})),
    (r".*\.diffDiskSettings\..*", deep(_OS, {"caching": "ReadOnly", "diffDiskSettings": {"option": "Local"}})),
    (r".*\.diffDiskSettings\..*", deep("properties.hardwareProfile.vmSize", "Standard_D2ds_v5")),
    (r"properties\.(evictionPolicy|billingProfile\..*)", deep("properties.priority", "Spot")),
    (r".*\.targetRegions\[\]\..*", deep("properties.publishingProfile.targetRegions[]", {"name": "westeurope"})),
    (r".*\.publicKeys\[\]\.path", deep(f"{_LINUX}.ssh.publicKeys[].keyData", KEY)),
    (r"plan\..*", {"plan": {"name": "n", "publisher": "p", "product": "q"}}),
    (r"identity\.userAssignedIdentities", {"identity": {"type": "UserAssigned"}}),
    (r"properties\.creationData\.performancePlus", deep("properties.diskSizeGB", 1024)),
    (r"properties\.source\.commandId", deep("properties.source.script", None)),
    (r"properties\.subnets\[\]\..*",
     deep("properties.subnets[]", {"name": "one", "properties": {"addressPrefix": "10.0.0.0/24"}})),
    (r"properties\.subnets.*\.serviceEndpoints.*",
     deep("properties.subnets[].properties.serviceEndpoints[]", _ENDPOINT)),
    (r"properties\.serviceEndpoints\[.*", deep("properties.serviceEndpoints[]", _ENDPOINT)),
    (r"properties\.subnets.*\.delegations\[.*", deep("properties.subnets[].properties.delegations[]", _DELEGATION)),
    (r"properties\.delegations\[.*", deep("properties.delegations[]", _DELEGATION)),
    (r".*\.privateIPAllocationMethod", deep(f"{_ADDRESS}.privateIPAddress", "10.1.200.1")),
    (r".*\.privateIPAddress", deep(f"{_ADDRESS}.privateIPAllocationMethod", "Static")),
    (r"properties\.securityRules\[\]\..*", deep(_RULES, rule("one", 1000, "22"))),
    *(
        (rf"{re.escape(at)}properties\.{side}({several})\b.*", deep(f"{at}properties.{side}{single}", None))
        for at in ("", f"{_RULES}.") for side in ("source", "destination")
        for single, several in (("PortRange", "PortRanges"), ("AddressPrefix", "AddressPrefixes|Application.*"))
    ),
    (r"properties\.dnsSettings\.(domainNameLabelScope|reverseFqdn)",
     deep("properties.dnsSettings.domainNameLabel", f"walk{uuid.uuid4().hex[:8]}")),
    (r"properties\.ipTags\[\]\..*", deep("properties.ipTags[]", {"ipTagType": "RoutingPreference", "tag": "Internet"})),
]  # fmt: skip
# By "kind path"; before these comes what the small body has, after them what fits the type.
_VALUES: list[tuple[str, Any]] = [
    (r".* tags", {"a": "b"}),
    (r".*\.vmSize", "Standard_D4s_v5"),
    (r".*\.vmSizes\[\]", "Standard_D2s_v5"),
    (r".*\.osType", "Linux"),
    (r".*\.caching", "ReadOnly"),
    (r".*\.diffDiskSettings\.placement", "ResourceDisk"),
    (r".*\.osDisk\.diskSizeGB", 64),
    (r".*\.storageAccountType", "StandardSSD_LRS"),
    (r".*\.createOption", "Empty"),
    (r".*\.lun", 2),
    (r".*\.diskControllerType", "SCSI"),
    (r".*\.(allowExtensionOperations|provisionVMAgent)", False),
    (r".*\.dataDisks.*\.deleteOption", "Delete"),
    (r".*\.computerName", "web1"),
    (r".*\.adminUsername", "azureuser"),
    (r".*\.adminPassword", PASSWORD),
    (r".*\.(customData|userData)", encoded(b"#cloud-config\n")),
    (r".*\.disablePasswordAuthentication", False),
    (r".*\.publicKeys\[\]\.path", "/home/azureuser/.ssh/authorized_keys"),
    (r".*\.keyData", f"{KEY}\n"),
    (r".*\.publicKey", KEY),
    (r".*\.extensionsTimeBudget", "PT1H20M"),
    (r".*\.(notBeforeTimeout)", "PT10M"),
    (r".*\.securityType", "TrustedLaunch"),
    (r".*\.evictionPolicy", "Deallocate"),
    (r"(virtualMachines|galleries) identity.type", "SystemAssigned"),
    (r".*\.targetRegions\[\]\.name", "westeurope"),
    (r".* zones\[\]", "1"),
    (r".*ettings", {"a": 1}),
    (r".*\.typeHandlerVersion", "2.1"),
    (r"virtualMachines .*\.priority", "Spot"),
    (r".*\.priority", 1000),
    (r"virtualNetworks .*\.addressPrefix", "10.0.0.0/24"),
    (r".*\.service", "Microsoft.Storage"),
    (r".*\.serviceName", "Microsoft.Web/serverFarms"),
    (r".*\.commandId", "ifconfig"),
    (r"runCommands .*\.timeoutInSeconds", 60),
    (r"disks .*\.tier", "P10"),
    (r"disks .*\.diskSizeGB", 8),
    (r"disks .*\.encryption\.type", "EncryptionAtRestWithPlatformKey"),
    (r"availabilitySets sku.name", "Aligned"),
    (r".*\.proximityPlacementGroupType", "Standard"),
    (r".*\.platform(Fault|Update)DomainCount", 2),
    (r".*\.addressSpace\.addressPrefixes\[\]", "10.0.0.0/16"),
    (r"virtualNetworks .*\.addressPrefixes\[\]", "10.0.0.0/24"),
    (r"subnets .*\.addressPrefixes\[\]", "10.2.0.0/24"),
    (r".*\.dnsServers\[\]", "10.0.0.4"),
    (r".*\.flowTimeoutInMinutes", 10),
    (r".*\.virtualNetworkCommunity", "12076:20000"),
    (r".*\.locations\[\]", "westeurope"),
    (r".*\.privateIPAddress", "10.1.200.2"),
    (r".*\.privateIPAllocationMethod", "Static"),
    (r".*\.(publicIPAddressVersion|privateIPAddressVersion)", "IPv4"),
    (r".*\.nicType", "Standard"),
    (r".*AddressPrefix(es\[\])?", "10.9.0.0/24"),
    (r".*PortRange(s\[\])?", "80"),
    (r"networkSecurityGroups .*\.description", "why"),
    (r"publicIPAddresses .*\.domainNameLabel", f"walk{uuid.uuid4().hex[:8]}"),
    (r"publicIPAddresses .*\.protectionMode", "Disabled"),
    (r"publicIPAddresses sku.tier", "Regional"),
]


def beside(path: str) -> list[dict[str, Any]]:
    """What must stand in the body besides a member."""
    return [more for pattern, more in _BESIDE if re.fullmatch(pattern, path)]


def value(kind: str, member: Member) -> Any:
    """A value of a member that refers to nothing."""
    if member.path.endswith("dataDisks[].name"):
        return f"d{uuid.uuid4().hex[:8]}"
    for pattern, found in _VALUES:
        if re.fullmatch(pattern, f"{kind} {member.path}"):
            return found
    if isinstance(member.kind, type) and issubclass(member.kind, enum.Enum):
        return list(member.kind)[-1].value
    return {bool: True, int: 5, float: 1.5, dict: {"a": {}}}.get(member.kind, "x")
