"""Template deployments of resource groups: PUT, validate, GET, lists, cancel, DELETE, export, and their operations."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation
from localazure.protocol import ids
from localazure.protocol.errors import ArmError, gateway_error
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import crud, model
from localazure.providers.common import invalid_filter
from localazure.providers.model import READ_ONLY, NotHere, enum, named, obj
from localazure.providers.resources import deployment_checks as checks
from localazure.providers.resources import deployment_record as records
from localazure.providers.resources.deployment_record import KIND
from localazure.providers.resources.deployment_run import Run
from localazure.template.template import hash_of

# How often the service wants to be asked, and how long it takes to forget a deployment.
_RETRY_AFTER_S = 5.0
_DELETE_RETRY_AFTER_S = 15.0
_PROPERTIES = obj(
    "DeploymentProperties", mode=str,
    **named("template templateLink parameters parametersLink debugSetting onErrorDeployment", dict),
    expressionEvaluationOptions=dict,
    validationLevel=enum(
        "ValidationLevel", "Provider ProviderNoRbac", "Template",
        NotHere("ValidationLevel", "validation of templates without their resources (validationLevel Template)"),
    ),
    extensionConfigs=NotHere("TemplateExtensions", "extensions of templates (extensionConfigs)"),
    **named("externalInputs externalInputDefinitions",
            NotHere("ExternalInputs", "external inputs of templates (externalInputs)")),
    **named("provisioningState correlationId timestamp duration outputs outputResources validatedResources providers "
            "dependencies templateHash error diagnostics", READ_ONLY),
)  # fmt: skip


def routes() -> list[Route]:
    one = crud.address(KIND, "deployment")
    # Clients ask for operations at this older address, in which there is no namespace.
    short = "/subscriptions/{subscription}/resourceGroups/{group}/deployments/{deployment}/operations"
    return [
        Route("GET", one.rpartition("/")[0], list_deployments, KIND),
        Route("PUT", one, put, KIND),
        Route("GET", one, get, KIND),
        Route("HEAD", one, head, KIND),
        Route("DELETE", one, delete, KIND),
        Route("POST", f"{one}/cancel", cancel, KIND),
        Route("POST", f"{one}/validate", validate, KIND),
        Route("POST", f"{one}/exportTemplate", export, KIND),
        Route("GET", f"{one}/operations", list_operations, KIND),
        Route("GET", f"{one}/operations/{{operation}}", get_operation, KIND),
        Route("GET", short, list_operations, KIND),
        Route("GET", f"{short}/{{operation}}", get_operation, KIND),
        Route("GET", f"{one}/operationStatuses/{{operation}}", get_status, KIND),
        Route("POST", "/providers/Microsoft.Resources/calculateTemplateHash", calculate_hash, KIND),
    ]


# starting


def _identifier(request: Request) -> ids.ResourceId:
    identifier = request.resource_id(KIND, "deployment")
    if not re.fullmatch(r"[-\w.()]{1,64}", identifier.name):
        message = (
            f"The deployment name '{identifier.name}' is invalid. The name must be 1 to 64 characters: letters, "
            "digits, '-', '.', '(', ')' and '_'. Please see https://aka.ms/arm-deploy for usage details."
        )
        raise gateway_error(400, "InvalidDeploymentName", message)
    return identifier


def _properties(request: Request) -> dict[str, Any]:
    """The properties of a deployment's body, with `mode` in the service's spelling."""
    given = model.read(request.body.get("properties"), _PROPERTIES, model.FRONT_DOOR, "properties")
    if not given:
        raise gateway_error(400, "InvalidRequestContent", "The request content was invalid: 'properties' is missing.")
    mode = (given.get("mode") or "").capitalize()
    if mode not in ("Incremental", "Complete"):
        message = f"The deployment mode '{given.get('mode') or ''}' is invalid. Use 'Incremental' or 'Complete'."
        raise gateway_error(400, "InvalidDeploymentMode", message)
    for link in ("templateLink", "parametersLink"):
        if given.get(link):
            message = f"Local Azure downloads nothing, so '{link}' can't be used: send the content itself."
            raise gateway_error(400, "DeploymentLinkNotSupportedByLocalAzure", message)
    if request.body.get("identity"):
        message = "Local Azure makes deployments as who asks for them, not by identities of their own ('identity')."
        raise gateway_error(400, "DeploymentIdentityNotSupportedByLocalAzure", message)
    if request.body.get("location"):
        message = (
            f"The 'location' property is not allowed for '{request.params['deployment']}' at resource group scope. "
            "Please see https://aka.ms/arm-deployment-subscription for usage details."
        )
        raise gateway_error(400, "InvalidDeployment", message)
    if given.get("onErrorDeployment"):
        message = "Local Azure does not go back to an earlier deployment ('onErrorDeployment')."
        raise gateway_error(400, "OnErrorDeploymentNotSupportedByLocalAzure", message)
    if not given.get("template"):
        message = "The deployment has no template: neither 'template' nor 'templateLink' is given."
        raise gateway_error(400, "InvalidDeployment", message)
    return {**given, "mode": mode}


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = _identifier(request)
    given = _properties(request)
    found = records.find(cloud, identifier)
    if found is not None and records.active(found):
        started = found["properties"]["timestamp"]
        raise gateway_error(
            409,
            "DeploymentActive",
            f"Unable to edit or replace deployment '{identifier.name}': previous deployment from '{started}' is still "
            "active. Please see https://aka.ms/arm-deploy for usage details.",
        )
    prepared = checks.prepare(cloud, request, identifier, given)
    operation = Operation(_number(), "deployments", "", ids.key(identifier), "put")
    record = records.new(identifier, given, prepared.template, prepared.correlation, request.body, operation.id)
    if found is not None:
        record["id"] = found["id"]
    records.save(cloud, record)
    records.keep_template(cloud, identifier, given["template"])
    run = Run(cloud, record, prepared, request.base_url)
    cloud.deployments[ids.key(identifier)] = run
    cloud.operations.remember(operation)
    cloud.operations.run(operation, run.work)
    reply = Reply(200 if found is not None else 201, records.render(record))
    at = f"{request.base_url}/subscriptions/{identifier.subscription}/resourcegroups/{identifier.group}"
    reply.headers["Azure-AsyncOperation"] = (
        f"{at}/providers/{KIND}/{identifier.name}/operationStatuses/{operation.id}?api-version={request.api_version}"
    )
    cloud.operations.hint(operation, reply, _RETRY_AFTER_S)
    return reply


def _number() -> str:
    """The number of a deployment's operation. As the service's, later ones are smaller."""
    return f"{8600000000000000000 - time.time_ns() // 100:020d}"


def validate(cloud: Cloud, request: Request) -> Reply:
    """Says what PUT would refuse; an error of the template is the answer, as the service gives it: 400."""
    identifier = _identifier(request)
    given = _properties(request)
    prepared = checks.prepare(cloud, request, identifier, given)
    record = records.new(identifier, given, prepared.template, prepared.correlation, request.body, "")
    record["properties"]["provisioningState"] = "Succeeded"
    record["properties"]["validatedResources"] = [
        {"id": one.id} for one in prepared.template.resources if one.included and not one.existing
    ]
    return Reply(200, records.render(record))


# reading


def _existing(cloud: Cloud, request: Request) -> dict[str, Any]:
    identifier = request.resource_id(KIND, "deployment")
    found = records.find(cloud, identifier)
    if found is None:
        raise gateway_error(404, "DeploymentNotFound", f"Deployment '{identifier.name}' could not be found.")
    return found


def get(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, records.render(_existing(cloud, request)))


def head(cloud: Cloud, request: Request) -> Reply:
    return Reply(204 if records.find(cloud, request.resource_id(KIND, "deployment")) else 404)


def list_deployments(cloud: Cloud, request: Request) -> Reply:
    """Newest first; `$filter=provisioningState eq 'Failed'` is known."""
    found = records.of_group(cloud, request.params["group"])
    text = request.query.get("$filter", "")
    if text:
        match = re.fullmatch(r"\s*provisioningState\s+eq\s+'(\w+)'\s*", text, re.I)
        if match is None:
            raise invalid_filter(text)
        found = [one for one in found if one["properties"]["provisioningState"].lower() == match[1].lower()]
    found.sort(key=lambda one: str(one["properties"]["timestamp"]), reverse=True)
    return listing([records.render(one) for one in found])


def list_operations(cloud: Cloud, request: Request) -> Reply:
    record = _existing(cloud, request)
    return listing([records.render_operation(record, one) for one in reversed(record["operations"])])


def get_operation(cloud: Cloud, request: Request) -> Reply:
    record = _existing(cloud, request)
    wanted = request.params["operation"]
    found = next((one for one in record["operations"] if one["operationId"].lower() == wanted.lower()), None)
    if found is None:
        message = f"The deployment operation '{wanted}' could not be found."
        raise gateway_error(404, "DeploymentOperationNotFound", message)
    return Reply(200, records.render_operation(record, found))


def get_status(cloud: Cloud, request: Request) -> Reply:
    """The status that clients of PUT follow."""
    record = _existing(cloud, request)
    operation = cloud.operations.get(request.params["operation"])
    if operation is None or operation.target != ids.key(record["id"]):
        raise gateway_error(404, "OperationNotFound", "The operation was not found.")
    if operation.running:
        operation.polls += 1
        reply = Reply(200, {"status": record["properties"]["provisioningState"]})
        cloud.operations.hint(operation, reply, _RETRY_AFTER_S)
        return reply
    body: dict[str, Any] = {"status": operation.status}
    if operation.error is not None:
        body["error"] = record["properties"].get("error") or operation.error
    return Reply(200, body)


def export(cloud: Cloud, request: Request) -> Reply:
    record = _existing(cloud, request)
    return Reply(200, {"template": records.template(cloud, record)})


def calculate_hash(cloud: Cloud, request: Request) -> Reply:
    minified = json.dumps(request.body, separators=(",", ":"), ensure_ascii=False)
    return Reply(200, {"minifiedTemplate": minified, "templateHash": hash_of(request.body)})


# ending


def cancel(cloud: Cloud, request: Request) -> Reply:
    """What runs already runs on; nothing further is begun."""
    record = _existing(cloud, request)
    run = cloud.deployments.get(ids.key(record["id"]))
    if run is None or not records.active(record):
        state = record["properties"]["provisioningState"]
        message = f"The deployment '{record['name']}' cannot be cancelled: it is in the terminal state '{state}'."
        raise ArmError(409, "DeploymentCannotBeCancelled", message)
    run.cancel()
    return Reply(204)


def delete(cloud: Cloud, request: Request) -> Reply:
    """Forgets the deployment; what it made stays."""
    record = records.find(cloud, request.resource_id(KIND, "deployment"))
    if record is None:
        return Reply(204)
    if records.active(record):
        message = f"The deployment '{record['name']}' can't be deleted while it is active: cancel it first."
        raise gateway_error(409, "DeploymentActive", message)

    work = removal(cloud, record["id"])
    operation = cloud.operations.start("deployments", "", record["id"], "delete", work)
    at = f"{request.base_url}/subscriptions/{cloud.settings.subscription}/operationresults/{operation.id}"
    reply = Reply(202, None, {"Location": f"{at}?api-version={request.api_version}"})
    cloud.operations.hint(operation, reply, _DELETE_RETRY_AFTER_S)
    return reply


def removal(cloud: Cloud, identifier: str) -> Callable[[Operation], Awaitable[None]]:
    """The work of a deletion."""

    async def work(_: Operation) -> None:
        await cloud.operations.pause(_DELETE_RETRY_AFTER_S)
        records.forget(cloud, identifier)

    return work


def settle(cloud: Cloud) -> None:
    """End as Failed what the last server left half-way: its secure parameters are gone with that server."""
    for record in records.everything(cloud):
        if records.active(record):
            message = "The deployment was interrupted by a restart of Local Azure. Deploy it again."
            error = {"code": "InternalExecutionError", "message": message}
            for operation in record["operations"]:
                if operation["properties"]["provisioningState"] == "Running":
                    records.end_operation(operation, "InternalServerError", error)
            records.end(record, "Failed", error)
            records.save(cloud, record)
