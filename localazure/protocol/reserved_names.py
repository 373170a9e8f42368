"""Names that Azure keeps for itself: for what can be reached from outside, and for DNS labels.

https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-reserved-resource-name. Which types count
as such is not written down; public reports name VMs (azure-quickstart-templates#2894) and user-assigned identities. Of
labels reports show that some words are refused anywhere in them (azure-docs#104539, terraform-azurerm-compute#4); these
are the words of the reports.
"""

from __future__ import annotations

from localazure.protocol.errors import gateway_error, network_error

TYPES = (
    "microsoft.compute/virtualmachines", "microsoft.managedidentity/userassignedidentities",
    "microsoft.network/publicipaddresses",
)  # fmt: skip
_WORDS = set(
    "access app_code app_themes app_data app_globalresources app_localresources app_webreferences app_browsers azure "
    "bing bizspark biztalk cortana directx dotnet dynamics excel exchange forefront groove hololens hyperv kinect lync "
    "msdn o365 office office365 onedrive onenote outlook powerpoint sharepoint skype visio visualstudio web.config "
    "xbox".split()
)
_ANYWHERE = ("microsoft", "windows")
_FIRST = ("login", "xbox")
_IN_LABELS = ("microsoft", "windows", "xbox")


def refuse(full_type: str, name: str) -> None:
    """Raise ArmError ReservedResourceName for a new resource's name, or the name of a computer."""
    if full_type.lower() in TYPES and _is_reserved(name.lower()):
        message = f"The resource name '{name}' or a part of the name is a trademarked or reserved word."
        raise gateway_error(400, "ReservedResourceName", message)


def _is_reserved(lower: str) -> bool:
    return lower in _WORDS or lower.startswith(_FIRST) or any(word in lower for word in _ANYWHERE)


def refuse_label(label: str) -> None:
    """Raise ArmError DomainNameLabelReserved."""
    if any(word in label.lower() for word in _IN_LABELS):
        raise network_error(
            400,
            "DomainNameLabelReserved",
            f"The domain name label {label} is invalid. The name itself or part of the name is a reserved word such as "
            "a trademark. Please use a different name.",
        )
