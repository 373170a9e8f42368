"""Members that Local Azure takes and does not show as they were sent: one table, each line with its reason."""

from __future__ import annotations

_ADDRESS = "the request's own address says what a resource is called and where it is"
_SECRET = "is never shown: a secret, or what is handled as one"
_REPORT = "is the service's own report; this SDK alone takes it for a member to write"
_ONE_PREFIX = "a sole prefix is shown as addressPrefix"
_STATUS = ("code", "level", "displayStatus", "message", "time")

# "kind path", or "METHOD kind path" for one method alone → reason
EXCEPTIONS: dict[str, str] = {
    "resourceGroups name": _ADDRESS,
    "virtualMachines properties.osProfile.adminPassword": _SECRET,
    "PUT virtualMachines properties.osProfile.customData": _SECRET,
    "extensions properties.protectedSettings": _SECRET,
    "runCommands properties.protectedParameters[].name": _SECRET,
    "runCommands properties.protectedParameters[].value": _SECRET,
    "runCommands properties.runAsPassword": _SECRET,
    **{f"extensions properties.instanceView.{name}": _REPORT for name in ("name", "type", "typeHandlerVersion")},
    **{
        f"extensions properties.instanceView.{group}[].{name}": _REPORT
        for group in ("statuses", "substatuses")
        for name in _STATUS
    },
    **{f"proximityPlacementGroups properties.colocationStatus.{name}": _REPORT for name in _STATUS},
    "availabilitySets properties.virtualMachines[].id": _REPORT,
    "disks properties.completionPercent": _REPORT,
    "virtualNetworks id": _ADDRESS,
    "virtualNetworks properties.subnets[].id": _ADDRESS,
    "virtualNetworks properties.subnets[].properties.addressPrefixes[]": _ONE_PREFIX,
    "virtualNetworks properties.subnets[].properties.delegations[].id": _ADDRESS,
    "virtualNetworks properties.subnets[].properties.delegations[].type": _ADDRESS,
    "subnets id": _ADDRESS,
    "subnets name": _ADDRESS,
    "subnets properties.addressPrefixes[]": _ONE_PREFIX,
    "subnets properties.delegations[].id": _ADDRESS,
    "subnets properties.delegations[].type": _ADDRESS,
    "networkInterfaces id": _ADDRESS,
    "networkInterfaces properties.ipConfigurations[].id": _ADDRESS,
    "networkSecurityGroups id": _ADDRESS,
    "networkSecurityGroups properties.securityRules[].id": _ADDRESS,
    "securityRules id": _ADDRESS,
    "publicIPAddresses id": _ADDRESS,
    "publicIPAddresses properties.dnsSettings.fqdn": "follows from the label",
    "publicIPAddresses properties.ipAddress": "is chosen by the service",
    "applicationSecurityGroups id": _ADDRESS,
    "natGateways id": _ADDRESS,
}
