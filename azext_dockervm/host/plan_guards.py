"""The steps that add rules for a host to security groups of others, and those that take them away again."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import guard, network_interface
from azext_dockervm.body.guard import Change, Guard
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import AzureRefused
from azext_dockervm.flow.request import Ref, Request
from azext_dockervm.flow.step import Results, Step
from azext_dockervm.host.making import NETWORK_INTERFACE, Making, made
from azext_dockervm.host.undo import Sent, Undo, undo_sent
from azext_dockervm.preflight import guards
from azext_dockervm.provision.target import AUTHORITY
from azext_dockervm.spec.host import HostSpec

# Azure's code for two rules of one priority: hosts that are made side by side find the same one free.
TAKEN = "SecurityRuleConflict"
TRIES = 5


def steps(making: Making) -> list[Step]:
    """One after the other: Azure changes one rule of a group at a time. A rule is for the host's private address, so
    they come after its interface."""
    found: list[Step] = []
    at = Ref(NETWORK_INTERFACE, via=network_interface.private_address)
    for one in guards.guards(making.spec, making.found):
        for change in guards.changes(making.spec, making.found, one, making.run_id, at):
            found.append(_step(making, one, change, needs=tuple(step.key for step in found[-1:])))
    return found


def keys(making: Making) -> tuple[str, ...]:
    """Of the last of these steps: what comes after it comes after all of them."""
    return tuple(step.key for step in steps(making)[-1:])


def closing(making: Making, results: Results) -> list[Step]:
    """The port that the host has left, once the engine is proven on its new one."""
    found = []
    for one in guards.guards(making.spec, making.found):
        if not one.is_known():
            continue
        written = {rule["name"]: results[_key(one, rule["name"])] for rule in one.group["properties"].get(
            "securityRules") or () if _key(one, rule["name"]) in results}
        rules = [written.get(rule["name"], rule) for rule in one.group["properties"].get("securityRules") or ()]
        now = Guard({**one.group, "properties": {**one.group["properties"], "securityRules": rules}}, one.host_group)
        for change in guards.changes(making.spec, making.found, now, making.run_id, "", only=True):
            step = _step(making, now, change)
            found.append(replace(step, key=f"close in {step.key}", title=f"close the old Docker port: {step.title}"))
    return found


def _step(making: Making, one: Guard, change: Change, needs: tuple[str, ...] = ()) -> Step:
    group, name = names.id_parts(one.group["id"])
    verb, words = ("add", " to") if change.is_new else ("change", " of")
    sent = Sent()
    step = making.write(kinds.SECURITY_RULE, _key(one, change.name), verb, change.name, change.body,
                        needs=(AUTHORITY, *needs), words=f"{words} '{name}'", parent=(name,), group=group,
                        do=partial(_put, one, change), sent=sent)
    if not change.is_new:
        return step
    return replace(step, undo=undo_own_rule(making.azure, making.spec, group, name, change.name, making.run_id,
                                            sent))


def _key(one: Guard, rule: str) -> str:
    return f"{names.id_parts(one.group['id'])[1]}/{rule}"


def _put(one: Guard, change: Change, azure: Azure, request: Request) -> Resource:
    """At the priority that was free when it was looked for; where somebody has taken it meanwhile, at another."""
    for _ in range(1, TRIES):
        try:
            return made(azure, request)
        except AzureRefused as error:
            now = azure.get(kinds.SECURITY_GROUP, request.group, request.names[0]) if error.code == TAKEN else None
            if now is None or not change.is_new:
                raise
            again = one.anew(replace(change, body=request.body), now)
            request = replace(request, body=again.body)
    return made(azure, request)


def undo_own_rule(azure: Azure, spec: HostSpec, group: str, security_group: str, rule: str, run_id: str, sent: Sent
                  ) -> Undo:
    """As ``undo.undo_own``; a rule has no tags, so its description says whose it is."""
    return undo_sent(azure, Request("DELETE", kinds.SECURITY_RULE.type, group, (security_group, rule)),
                     kinds.SECURITY_RULE, sent,
                     lambda found: guard.run_of(found) == run_id and guard.is_of_host(found, spec.name))
