"""Actions that Azure knows of what is here, and Local Azure can't do: refused, with what it lacks for them."""

from __future__ import annotations

from dataclasses import dataclass

from localazure.arm.cloud import Cloud
from localazure.protocol import absent
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Handler, Route
from localazure.providers import crud, kinds
from localazure.providers.common import existing

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{group}}"
_DEPLOYMENTS = "Microsoft.Resources/deployments"


@dataclass(frozen=True)
class Action:
    """An action of resources of a type, whose last variable in paths is `name`; `lacks` ends "Local Azure …"."""

    full_type: str
    name: str
    action: str
    lacks: str


_OF_RESOURCES = [
    Action(kinds.VM, "vm", "assessPatches", "has no update service: it can't assess the patches of a VM"),
    Action(kinds.VM, "vm", "installPatches", "has no update service: it can't install patches in a VM"),
    Action(kinds.VM, "vm", "performMaintenance", "has no maintenance that a VM could wait for"),
    Action(kinds.VM, "vm", "convertToManagedDisks", "has managed disks only: there is nothing to convert"),
    Action(kinds.VM, "vm", "migrateToVMScaleSet", "has no scale sets"),
    Action(kinds.AVAILABILITY_SET, "set", "convertToVirtualMachineScaleSet", "has no scale sets"),
    Action(kinds.AVAILABILITY_SET, "set", "startMigrationToVirtualMachineScaleSet", "has no scale sets"),
    Action(kinds.PUBLIC_IP, "publicip", "ddosProtectionStatus", "has no DDoS protection"),
    Action(kinds.PUBLIC_IP, "publicip", "reserveCloudServicePublicIpAddress", "has no cloud services"),
    Action(kinds.VNET, "vnet", "ddosProtectionStatus", "has no DDoS protection"),
]
_STORAGE = "Microsoft.Storage/storageAccounts"
_OF_GROUPS = {
    "exportTemplate": "can't make a template out of the resources of a group",
    "moveResources": "can't move resources to another group or subscription",
    "validateMoveResources": "can't move resources to another group or subscription",
}


def routes() -> list[Route]:
    what_if = f"{crud.address(_DEPLOYMENTS, 'deployment')}/whatIf"
    of_subscription = f"{_SUBSCRIPTION}/providers/{_DEPLOYMENTS}"
    return [
        *(Route("POST", f"{crud.address(one.full_type, one.name)}/{one.action}", _of_resource(one), one.full_type)
          for one in _OF_RESOURCES),
        *(Route("POST", f"{_GROUP}/{name}", _refuser(_code(name), lacks), "Microsoft.Resources/resourceGroups")
          for name, lacks in _OF_GROUPS.items()),
        Route("POST", f"{_SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability", refuse_storage),
        Route("POST", what_if, _refuser("WhatIf", "has no what-if for deployments"), _DEPLOYMENTS),
        *(Route(method, f"{of_subscription}{rest}", _refuser("SubscriptionDeployments", "deploys to groups only"),
                _DEPLOYMENTS)
          for method, rest in (("PUT", "/{deployment}"), ("POST", "/{deployment}/validate"),
                               ("POST", "/{deployment}/whatIf"))),
    ]  # fmt: skip


def refuse_storage(cloud: Cloud, request: Request) -> Reply:
    """az asks for a name before it makes an account."""
    raise absent.refusal(_STORAGE)


def _code(action: str) -> str:
    return action[0].upper() + action[1:]


def _refuser(what: str, lacks: str) -> Handler:
    def handle(cloud: Cloud, request: Request) -> Reply:
        if "group" in request.params:
            cloud.group(request.params["group"])
        raise absent.not_supported(what, f"Local Azure {lacks}.")

    return handle


def _of_resource(one: Action) -> Handler:
    def handle(cloud: Cloud, request: Request) -> Reply:
        existing(cloud, request.resource_id(one.full_type, one.name))
        raise absent.not_supported(_code(one.action), f"Local Azure {one.lacks}.")

    return handle
