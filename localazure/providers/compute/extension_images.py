"""VM extension images of a region, and where the Docker VM extension is published."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import locations
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers.compute.image_catalog import IMAGES, ordered

_KIND = "Microsoft.Compute/locations"
DOCKER = ("Microsoft.Azure.Extensions", "DockerExtension")
# Whether a region publishes DockerExtension; regions that are not named here don't.
DOCKER_EXTENSION = {
    "westus": "published",
    "westeurope": "published",
    "eastus": "published",
    "centralus": "failing",
    "eastus2": "absent",
    "northeurope": "absent",
}
# publisher -> type -> versions, oldest first. What machines/handlers has no handler for is published all the same, and
# fails in the guest.
_TYPES: dict[str, dict[str, list[str]]] = {
    "Microsoft.Azure.Extensions": {
        "CustomScript": ["2.0.7", "2.1.10", "2.1.13"],
        "DockerExtension": ["1.0.1512030601", "1.1.1606092330", "1.2.2"],
    },
    "Microsoft.OSTCExtensions": {
        "CustomScriptForLinux": ["1.3.0.2", "1.4.1.0", "1.5.4"],
        "LinuxDiagnostic": ["2.3.9021", "2.3.9025", "2.3.9027"],
        "OSPatchingForLinux": ["1.0.1.1", "2.3.0.2"],
        "VMAccessForLinux": ["1.5.11", "1.5.18"],
    },
    "Microsoft.Azure.ActiveDirectory": {"AADSSHLoginForLinux": ["1.0.2147.1", "1.0.2853.1"]},
    "Microsoft.Azure.Diagnostics": {
        "IaaSDiagnostics": ["1.5.9.0", "1.6.4.0", "1.12.2.0"],
        "LinuxDiagnostic": ["3.0.142", "4.0.27"],
    },
    "Microsoft.Azure.Monitor": {"AzureMonitorLinuxAgent": ["1.29.4", "1.33.2"]},
    "Microsoft.Azure.NetworkWatcher": {
        "NetworkWatcherAgentLinux": ["1.4.1587.1", "1.4.1654.1", "1.4.1693.3"],
        "NetworkWatcherAgentWindows": ["1.4.1587.1", "1.4.1654.1", "1.4.1884.1"],
    },
    "Microsoft.Azure.Security.LinuxAttestation": {"GuestAttestation": ["1.0.1.29", "1.0.1.30", "1.0.1.31", "1.0.1.32"]},
    "Microsoft.Azure.Security.WindowsCodeIntegrity": {"CodeIntegrityAgent": ["1.0.0.18", "1.0.0.19"]},
    "Microsoft.ManagedServices": {"ApplicationHealthLinux": ["1.0.0", "2.0.12"]},
    "Microsoft.CPlat.Core": {"RunCommandLinux": ["1.0.5", "1.0.6"], "RunCommandHandlerLinux": ["1.3.16", "1.3.26"]},
}
_WINDOWS = ("IaaSDiagnostics", "NetworkWatcherAgentWindows", "CodeIntegrityAgent")


def routes() -> list[Route]:
    at = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/publishers/{publisher}"
    types = f"{at}/artifacttypes/vmextension/types"
    return [
        Route("GET", types, list_types, _KIND),
        Route("GET", f"{types}/{{type}}/versions", list_versions, _KIND),
        Route("GET", f"{types}/{{type}}/versions/{{version}}", get_version, _KIND),
    ]


def publishers() -> list[str]:
    return list(_TYPES)


def docker_extension(cloud: Cloud, location: str) -> str:
    """ "published", "absent" or "failing" for a region."""
    policy = {**DOCKER_EXTENSION, **cloud.settings.docker_extension}
    return policy.get(location, "absent")


def find(cloud: Cloud, location: str, publisher: str, type_name: str) -> tuple[str, str, list[str]] | None:
    """Publisher and type in their own spelling and the versions that a region has; None when it has none."""
    for known, types in _TYPES.items():
        for name, versions in types.items():
            if (known.lower(), name.lower()) == (publisher.lower(), type_name.lower()):
                hidden = (known, name) == DOCKER and docker_extension(cloud, location) == "absent"
                return None if hidden else (known, name, versions)
    return None


def _at(cloud: Cloud, request: Request) -> tuple[str, str]:
    location = locations.in_path(request.params["location"], f"{_KIND}/publishers", request.api_version)
    path = f"/Subscriptions/{cloud.settings.subscription}/Providers/Microsoft.Compute/Locations/{location}/Publishers"
    return location, f"{path}/{request.params['publisher']}/ArtifactTypes/VMExtension/Types"


def _not_found() -> ArmError:
    return ArmError(404, "NotFound", "Artifact: VMExtension was not found.")


def _item(location: str, path: str, name: str) -> dict[str, Any]:
    return {"location": location, "name": name, "id": f"{path}/{name}"}


def list_types(cloud: Cloud, request: Request) -> Reply:
    location, path = _at(cloud, request)
    asked = request.params["publisher"].lower()
    known = next((types for name, types in _TYPES.items() if name.lower() == asked), None)
    if known is None:
        if any(image.publisher.lower() == asked for image in IMAGES):
            return Reply(200, [])
        raise _not_found()
    names = [name for name in known if find(cloud, location, asked, name)]
    return Reply(200, [_item(location, path, name) for name in names])


def _found(cloud: Cloud, request: Request, location: str) -> tuple[str, str, list[str]]:
    found = find(cloud, location, request.params["publisher"], request.params["type"])
    if found is None:
        raise _not_found()
    return found


def list_versions(cloud: Cloud, request: Request) -> Reply:
    location, path = _at(cloud, request)
    _, name, versions = _found(cloud, request, location)
    path = f"{path}/{name}/Versions"
    return Reply(200, [_item(location, path, version) for version in ordered(versions, request.query)])


def get_version(cloud: Cloud, request: Request) -> Reply:
    location, path = _at(cloud, request)
    _, name, versions = _found(cloud, request, location)
    windows = name in _WINDOWS
    version = request.params["version"]
    if version not in versions:
        raise _not_found()
    body = _item(location, f"{path}/{name}/Versions", version)
    body["properties"] = {
        "architecture": ["x64"] if windows else ["x64", "Arm64"],
        "isInternalExtension": False,
        "isJsonExtension": False,
        "operatingSystem": "Windows" if windows else "Linux",
        "rollbackSupported": False,
        "supportsMigration": False,
        "computeRole": "IaaS",
        "vmScaleSetEnabled": True,
        "supportsMultipleExtensions": False,
    }
    return Reply(200, body)
