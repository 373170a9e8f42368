"""Run: a deployment while it works. Resources side by side, each after what it needs, by the calls of any client."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from http import HTTPStatus
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation, timestamp
from localazure.protocol import ids, versions
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply
from localazure.providers.resources import deployment_record as records
from localazure.providers.resources import groups
from localazure.providers.resources.deployment_checks import NestedBody, Prepared
from localazure.providers.resources.deployment_state import Values
from localazure.template.errors import TemplateError
from localazure.template.evaluate import Evaluator
from localazure.template.template import DEPLOYMENT, OutputError, Planned
from localazure.template.values import find

log = logging.getLogger(__name__)

_FAILED = (
    "At least one resource deployment operation failed. Please list deployment operations for details. Please see "
    "https://aka.ms/arm-deployment-operations for usage details."
)
_BROKEN = {"code": "InternalServerError", "message": "Encountered internal server error."}
# A refusal that passes by itself (a subnet that is still being made) is tried again this often, this far apart.
_TRIES, _TRY_AGAIN_S = 20, 5.0
# Writing an active deployment's record down takes no more than one part in so many of the time.
_SHARE = 50
_STATUS_URL = re.compile(r"/(?:operations|operationStatuses|operationResults|operationresults)/([^/?]+)\?")


class Run:
    """One deployment. Everything that it makes is asked for as a client would, and waited for."""

    def __init__(self, cloud: Cloud, record: dict[str, Any], prepared: Prepared, base_url: str) -> None:
        self._cloud = cloud
        self._record = record
        self._template = prepared.template
        self._mode = prepared.mode
        self._base_url = base_url
        self._done: dict[str, asyncio.Future[bool]] = {}
        self._errors: list[dict[str, Any]] = []
        self._canceled = asyncio.Event()
        self._save_again = 0.0
        self._secrets = records.secrets_of(prepared.template.scope)

    def cancel(self) -> None:
        """Begin nothing more, here and in nested deployments."""
        self._canceled.set()
        for one in self._template.resources:
            nested = self._cloud.deployments.get(one.key)
            if nested is not None:
                nested.cancel()

    async def work(self, operation: Operation) -> None:
        """All of it. Errors end up in the record and in the operation, never in an exception."""
        try:
            await self._work(operation)
        except Exception:  # noqa: BLE001 - a deployment must end, whatever went wrong; the log has the traceback
            log.exception("deployment %s broke", self._record["id"])
            self._end(operation, "Failed", _BROKEN)
        finally:
            self._cloud.deployments.pop(ids.key(self._record["id"]), None)

    async def _work(self, operation: Operation) -> None:
        self._record["properties"]["provisioningState"] = "Running"
        self._save()
        loop = asyncio.get_running_loop()
        self._done = {one.key: loop.create_future() for one in self._template.resources}
        tasks = [loop.create_task(self._deploy(one)) for one in self._template.resources]
        try:
            await self._until_done_or_canceled(tasks)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        if self._canceled.is_set():
            self._end(operation, "Canceled", None)
            return
        if not self._errors and self._mode == "Complete":
            await self._delete_others()
        if not self._errors:
            await self._evaluate_outputs()
        if self._errors:
            error = self._errors[0] if self._errors[0]["code"] == "DeploymentOutputEvaluationFailed" else {
                "code": "DeploymentFailed", "target": self._record["id"], "message": _FAILED, "details": self._errors,
            }  # fmt: skip
            self._end(operation, "Failed", error)
        else:
            self._end(operation, "Succeeded", None)

    async def _until_done_or_canceled(self, tasks: list[asyncio.Task[None]]) -> None:
        if not tasks:
            return
        canceled = asyncio.get_running_loop().create_task(self._canceled.wait())
        everything = asyncio.gather(*tasks)
        try:
            await asyncio.wait([everything, canceled], return_when=asyncio.FIRST_COMPLETED)
        finally:
            canceled.cancel()
        if everything.done():
            everything.result()
        else:  # those that wait for others stop here; what was begun goes on by itself
            everything.cancel()

    def _end(self, operation: Operation, state: str, error: dict[str, Any] | None) -> None:
        records.end(self._record, state, error)
        for one in self._record["operations"]:
            if one["properties"]["provisioningState"] == "Running":
                one["properties"]["provisioningState"] = state
        if state == "Succeeded":
            made = [one.id for one in self._template.resources if one.included and not one.existing]
            self._record["properties"]["outputResources"] = [{"id": one} for one in made]
        operation.status, operation.error, operation.end = state, error, timestamp()
        self._save()

    def _save(self) -> None:
        """Keep the record, but no more often than a large one can be written beside all else."""
        active, now = records.active(self._record), time.monotonic()
        if active and now < self._save_again:
            return
        records.save(self._cloud, self._record)
        self._save_again = time.monotonic() + _SHARE * (time.monotonic() - now)

    # one resource

    async def _deploy(self, one: Planned) -> None:
        done = self._done[one.key]
        try:
            before = await asyncio.gather(*(asyncio.shield(self._done[key]) for key in one.needs))
            if not all(before) or self._canceled.is_set():
                done.set_result(False)
            elif not one.included or one.existing:
                done.set_result(True)
            else:
                done.set_result(await self._make(one))
        finally:
            if not done.done():
                done.set_result(False)

    async def _make(self, one: Planned) -> bool:
        operation = records.begin_operation(self._record, "Create", one)
        self._save()
        try:
            reply = await self._write(one)
            error = await self._follow(one, reply)
        except ArmError as refused:
            word = HTTPStatus(refused.status).phrase.replace(" ", "")
            self._fail(operation, word, refused.error())
            return False
        except TemplateError as wrong:
            message = (
                f"Unable to process template language expressions for resource '{one.id}' at line '1' and column '1'. "
                f"'{wrong.message}'"
            )
            self._fail(operation, "BadRequest", {"code": "InvalidTemplate", "message": message})
            return False
        except Exception:  # noqa: BLE001 - a deployment must end, whatever went wrong; the log has the traceback
            log.exception("deployment of %s broke", one.id)
            self._fail(operation, "InternalServerError", dict(_BROKEN))
            return False
        if error is not None:
            self._fail(operation, "Conflict", error, {"status": "Failed", "error": error})
            return False
        records.end_operation(operation, {201: "Created", 202: "Accepted"}.get(reply.status, "OK"))
        self._save()
        return True

    def _fail(
        self, operation: dict[str, Any], status: str, error: dict[str, Any], message: dict[str, Any] | None = None
    ) -> None:
        error = records.masked(error, self._secrets)
        records.end_operation(operation, status, error, records.masked(message, self._secrets))
        self._errors.append(error)
        self._save()

    async def _write(self, one: Planned) -> Reply:
        values = Values(self._cloud, self._template, self._base_url)
        body = await values.of(lambda: self._body(one, values))
        for attempt in range(_TRIES):
            try:
                write = self._cloud.dispatch("PUT", one.id, one.api_version, body, self._base_url)
                # A write that was begun is finished, also when the deployment is cancelled meanwhile.
                return await asyncio.shield(asyncio.ensure_future(write))
            except ArmError as refused:
                if refused.code != "RetryableError" or attempt == _TRIES - 1:
                    raise
                await self._cloud.operations.pause(_TRY_AGAIN_S)
        raise AssertionError("the loop returns or raises")

    def _body(self, one: Planned, values: Values) -> dict[str, Any]:
        evaluator = Evaluator(self._template.scope, state=values, loops=one.loops, loop=one.loop)
        if one.type.lower() != DEPLOYMENT:
            return dict(evaluator.value(one.raw))
        properties = one.raw.get("properties") or {}
        outside = {name: value for name, value in properties.items() if name != "template"}
        rest = {name: value for name, value in one.raw.items() if name != "properties"}
        body = NestedBody(evaluator.value({**rest, "properties": outside}))
        body["properties"]["template"] = properties.get("template")
        options = body["properties"].get("expressionEvaluationOptions") or {}
        if str(options.get("scope") or "outer").lower() != "inner":
            body.scope = self._template.scope
        return body

    async def _follow(self, one: Planned, reply: Reply) -> dict[str, Any] | None:
        """Wait for the operation that a write has begun; the error of one that failed."""
        url = reply.headers.get("Azure-AsyncOperation") or reply.headers.get("Location") or ""
        match = _STATUS_URL.search(url)
        operation = self._cloud.operations.get(match[1]) if match else None
        if operation is None:
            return None
        await self._cloud.operations.finished(operation)
        if operation.status == "Succeeded":
            return None
        inner = operation.error or {"code": operation.status, "message": f"The operation ended as {operation.status}."}
        if one.type.lower() == DEPLOYMENT:
            return inner
        return {
            "code": "ResourceDeploymentFailure",
            "target": one.id,
            "message": "The resource write operation failed to complete successfully, because it reached terminal "
            f"provisioning state '{operation.status}'.",
            "details": [inner],
        }

    # what comes at the end

    async def _evaluate_outputs(self) -> None:
        if not self._template.raw.get("outputs"):
            self._record["properties"]["outputs"] = {}
            return
        operation = records.begin_operation(self._record, "EvaluateDeploymentOutput", None)
        values = Values(self._cloud, self._template, self._base_url)
        try:
            self._record["properties"]["outputs"] = await values.of(lambda: self._template.outputs(values))
        except OutputError as wrong:
            self._fail_outputs(operation, wrong.name, wrong.message)
        except ArmError as refused:
            self._fail_outputs(operation, next(iter(self._template.raw["outputs"])), refused.message)
        else:
            records.end_operation(operation, "OK")
            self._save()

    def _fail_outputs(self, operation: dict[str, Any], name: str, message: str) -> None:
        code = "DeploymentOutputEvaluationFailed"
        error = {
            "code": code,
            "message": f"Unable to evaluate template outputs: '{name}'. Please see error details and deployment "
            "operations. Please see https://aka.ms/arm-common-errors for usage details.",
            "details": [{"code": code, "target": name, "message": message}],
        }
        self._fail(operation, "BadRequest", error)

    async def _delete_others(self) -> None:
        """Complete mode: what is in the group and not in the template goes, users before what they use."""
        kept = {one.key for one in self._template.resources if one.included}
        group = self._template.scope.surroundings.group["name"]
        others = [
            one for one in self._cloud.store.in_group(group)
            if len(one.id.types) == 1 and ids.key(one.id) not in kept
            and ids.key(str(one.extra.get("managedBy") or "")) not in kept
        ]  # fmt: skip
        for resource in sorted(others, key=groups.rank):
            if self._cloud.store.get(resource.id) is None:
                continue  # went with another
            known = find(versions.TYPES, resource.type) or resource.type
            planned = Planned(str(resource.id), resource.type, resource.name, versions.of_type(known)[-1], {}, group)
            operation = records.begin_operation(self._record, "Delete", planned)
            try:
                path, version = planned.id, planned.api_version
                error = await self._follow(
                    planned, await self._cloud.dispatch("DELETE", path, version, None, self._base_url)
                )
            except ArmError as refused:
                error = refused.error()
            if error is not None:
                self._fail(operation, "Conflict", error)
            else:
                records.end_operation(operation, "OK")
                self._save()
