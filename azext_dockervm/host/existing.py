"""A host that exists: why it is set up again, and what of it changes although it is left alone."""

from __future__ import annotations

from azext_dockervm.advice import host_messages
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.body import public_ip, security_group, virtual_machine
from azext_dockervm.certs.records import certified_names, further_names
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request
from azext_dockervm.flow.step import Results, Step
from azext_dockervm.host import plan_guards
from azext_dockervm.host.look import Standing
from azext_dockervm.host.making import NETWORK_INTERFACE, PUBLIC_IP, SECURITY_GROUP, Making
from azext_dockervm.host.server_names import speaks_for_others
from azext_dockervm.preflight import guards
from azext_dockervm.preflight.found import Found
from azext_dockervm.spec.host import HostSpec


def why_set_up(spec: HostSpec, found: Found, standing: Standing, endpoint: str,
               certificate: bytes | None = None) -> str:
    """Why the host needs set-up or another certificate; empty for one that is left alone. ``endpoint`` is its name now,
    or its address where it has none; ``certificate`` is the one that it has now, None where nobody here has seen it."""
    if standing.reason:
        return standing.reason
    if spec.engine.port != standing.port:
        return f"its Docker port becomes {spec.engine.port}, it was {standing.port}"
    before, noted = found.endpoint, names.endpoint_tag(found.vm)
    if found.public_ip is None and not found.is_private:
        return "its address was made anew, and its certificate names the old one"
    # A verified call has compared the name that it used; else the tag says which one was certified. An address whose
    # name was taken away says nothing of that name.
    compared = before and not standing.unreachable and names.is_address(before) == names.is_address(noted)
    named = before if compared else noted
    if named and named != endpoint and not (certificate and endpoint in certified_names(certificate)):
        return f"its name is now {endpoint}, and its certificate names {named}"
    if certificate is not None:
        fqdn = public_ip.fqdn_if_any(found.public_ip)
        has = tuple(one for one in further_names(certificate) if not speaks_for_others(one, fqdn))
    else:
        has = virtual_machine.noted_names(found.vm) if "tls_san" in spec.given else spec.engine.tls_names
    if spec.engine.tls_names != has:
        return f"its certificate is to name {', '.join(spec.engine.tls_names) or 'nothing'} besides its own names"
    return ""


def stays_as_it_is(found: Found, results: Results) -> bool:
    """Whether nothing of the host's network had to be mended."""
    parts = {SECURITY_GROUP: found.security_group, PUBLIC_IP: found.public_ip,
             NETWORK_INTERFACE: found.network_interface}
    return all(results.get(key, part) is part for key, part in parts.items())


def port_changes(making: Making) -> list[str]:
    """What becomes of the ports of a host that exists, a sentence for each security group that changes."""
    spec, found, told = making.spec, making.found, []
    if making.makes_group and found.security_group is not None:
        opened = security_group.opened(spec, found.security_group, found.docker_port)
        if opened:
            told.append((found.security_group, security_group.openings(found.security_group, opened)))
    for one in guards.guards(spec, found):
        rules = {rule["name"]: rule for rule in one.rules}
        changes = [security_group.opening(rules.get(change.name), change.body)
                   for change in guards.changes(spec, found, one, making.run_id, "")]
        told.append((one.group, [change for change in changes if change]))
    return [host_messages.ports_change(names.id_parts(group["id"])[1], changes) for group, changes in told if changes]


def further_changes(azure: Azure, asked: HostSpec, spec: HostSpec, found: Found, results: Results) -> list[Step]:
    """The port that the host has left is closed, and new tags go on its parts too."""
    steps = []
    if {found.docker_port, names.port_tag(found.vm)} - {None, spec.engine.port}:
        steps += [*_close_old_port(azure, spec, results),
                  *plan_guards.closing(Making(azure, spec, found, names.tag(found.vm, names.TAG_RUN) or ""), results)]
    if asked.tags:
        steps += _tag_parts(azure, asked, found)
    return steps


def _close_old_port(azure: Azure, spec: HostSpec, results: Results) -> list[Step]:
    """Once the engine is proven on its new port; none where nothing else is open."""
    group = results.get(SECURITY_GROUP)     # none of its own where somebody has made its interface
    changed = security_group.opened(spec, group, only=True) if group else None
    if changed is None:
        return []
    name = names.network_security_group(spec.name)
    return [_step(azure, "close_old_port", f"close the old Docker port in '{name}'",
                  Request("PUT", kinds.SECURITY_GROUP.type, spec.group, (name,), changed))]


def _tag_parts(azure: Azure, asked: HostSpec, found: Found) -> list[Step]:
    """The user's tags for the parts of a host that were there before; their other tags stay."""
    parts = ((kinds.SECURITY_GROUP, found.security_group), (kinds.PUBLIC_IP, found.public_ip),
             (kinds.NETWORK_INTERFACE, found.network_interface))
    return [_tag_part(azure, asked, kind, existing["name"]) for kind, existing in parts
            if existing is not None and names.is_of_host(existing, asked.name)]


def _tag_part(azure: Azure, asked: HostSpec, kind: Kind, name: str) -> Step:
    return _step(azure, f"tag {name}", f"write the tags of the {kind.noun} '{name}'",
                 Request("PATCH", kind.type, asked.group, (name,), {"tags": asked.tags}))


def _step(azure: Azure, key: str, title: str, request: Request) -> Step:
    def send(results: Results, deadline: Deadline) -> object:
        return azure.until(deadline).send(request.resolved(results))

    return Step(key, title, send, request)
