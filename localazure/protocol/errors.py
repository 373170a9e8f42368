"""ArmError: what the service refuses, with its HTTP status, code and message; and the refusals that many share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ArmError(Exception):
    """A refusal. `details` None leaves the member out (gateway, Compute); Network always sends a list.

    `gateway` marks what the front door says by itself: it carries the header x-ms-failure-cause.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
        gateway: bool = False,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.details = details
        self.headers = dict(headers or {})
        if gateway:
            self.headers["x-ms-failure-cause"] = "gateway"

    def error(self) -> dict[str, Any]:
        """The inner object: code, message and, where there are any, target and details."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target is not None:
            error["target"] = self.target
        if self.details is not None:
            error["details"] = self.details
        return error

    def body(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"error": self.error()}


def gateway_error(status: int, code: str, message: str) -> ArmError:
    """A refusal by Resource Manager itself, before any provider is asked."""
    return ArmError(status, code, message, gateway=True)


def network_error(status: int, code: str, message: str) -> ArmError:
    """A refusal by Microsoft.Network, which always sends `details`."""
    return ArmError(status, code, message, details=[])


def invalid_parameter(target: str, message: str) -> ArmError:
    """Compute's refusal of one property."""
    return ArmError(400, "InvalidParameter", message, target=target)


def group_not_found(name: str) -> ArmError:
    return gateway_error(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def invalid_namespace(namespace: str) -> ArmError:
    message = f"The resource namespace '{namespace}' is invalid: Local Azure does not have it."
    return gateway_error(404, "InvalidResourceNamespace", message)


def invalid_type(namespace: str, name: str) -> ArmError:
    """`name` like virtualMachines/extensions."""
    message = (
        f"The resource type '{name}' could not be found in the namespace '{namespace}': Local Azure does not have it."
    )
    return gateway_error(404, "InvalidResourceType", message)


def resource_not_found(type_and_name: str, group: str) -> ArmError:
    """`type_and_name` like Microsoft.Compute/virtualMachines/web1."""
    return gateway_error(
        404,
        "ResourceNotFound",
        f"The Resource '{type_and_name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def parent_not_found(parent_type: str, parent: str, child_type: str, child: str) -> ArmError:
    return gateway_error(
        404,
        "ParentResourceNotFound",
        f"Failed to perform 'write' on resource(s) of type '{child_type}', because the parent resource "
        f"'{parent_type}/{parent}' could not be found. (resource '{parent}/{child}')",
    )


def busy(provider: str, uri: str) -> ArmError:
    """The refusal of a change while another one is at work, in the words of who refuses: Compute has a code of its own
    and names nothing (azure-cli#15765, onefuzz#2124); the words that name the operation are Network's."""
    if provider == "compute":
        return ArmError(
            409,
            "Conflict",
            "The request failed due to conflict with a concurrent request. To resolve it, please refer to "
            "https://aka.ms/activitylog to get more details on the conflicting requests.",
        )
    return ArmError(
        409,
        "AnotherOperationInProgress",
        "Another operation on this or dependent resource is in progress. "
        f"To retrieve status of the operation use uri: {uri}.",
        details=[],
    )


def reference_not_found(target: str, source: str) -> ArmError:
    """A resource names another one that does not exist, or not in its region."""
    return network_error(
        400,
        "InvalidResourceReference",
        f"Resource {target} referenced by resource {source} was not found. Please make sure that the referenced "
        "resource exists, and that both resources are in the same region.",
    )
