"""What an existing VM means: whose host it is, whether it is sound, and what of the command does not apply to it."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from azext_dockervm import advice, names
from azext_dockervm.certs.summary import iso
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from azext_dockervm.errors import Conflict, EngineUnreachable
from azext_dockervm.plan import vm
from azext_dockervm.plan.preflight import Found, unknown_if_forbidden
from azext_dockervm.provision.base import DOCKER_EXTENSION, RUN_COMMAND, Provisioned
from azext_dockervm.provision.run_command import RunCommands, failure
from azext_dockervm.provision.script import Answer
from azext_dockervm.spec import HostSpec

# Looks at an engine before the host itself is asked: a connection that is reset once says nothing of whose it is.
LOOKS = 3
# What the set-up script's check says of an engine without any TLS, and of one whose CA file tells nothing.
NOBODY, UNKNOWN = "none", "unknown"


@dataclass(frozen=True)
class Standing:
    """How an existing host stands. ``provisioned`` is None where it has to be set up, for which there is a ``reason``;
    a sound host that does not answer from here has the cause in ``unreachable``. ``port`` is the engine's now."""

    port: int
    provisioned: Provisioned | None = None
    reason: str = ""
    unreachable: str | None = None


def check_whose(spec: HostSpec, machine: dict, mine: Sequence[str]) -> None:
    """Raise ``Conflict`` for a host whose tags name another CA than the folder's own (``mine``: SHA-256 in hex).

    The first of ``mine`` signs and makes a host ours; others in ca.pem only say whose hosts are believed here. A
    finished host without that tag, and nothing in the folder that could open it, is somebody else's too.
    """
    theirs = (names.tag(machine, names.TAG_AUTHORITY) or "").lower()
    if theirs and theirs not in mine[:1]:
        held = f"this folder's is {mine[0][:16]}..." if mine else "this folder holds none"
        raise advice.belongs_to_others(
            spec, f"it trusts the certificate authority with the fingerprint {theirs[:16]}..., {held}")
    if not mine and names.tag(machine, names.TAG_PROVISIONER):
        raise advice.belongs_to_others(spec, "this folder holds none")


def check_runs(spec: HostSpec, machine: dict) -> None:
    state = vm.power_state(machine)
    if vm.state(machine) == "Deleting":
        raise Conflict(f"The host '{spec.name}' is being deleted.", advice.on(spec, "vm", "wait", "--deleted"))
    if state in ("stopped", "stopping", "deallocated", "deallocating"):
        raise Conflict(f"The host '{spec.name}' exists and is {state}.", advice.on(spec, "vm", "start"))


def is_ruin(machine: dict) -> bool:
    """A VM that never ran, so that nothing is lost with it. What was finished once, by whomever, has run."""
    return vm.never_ran(machine) and names.tag(machine, names.TAG_PROVISIONER) is None


def adapted(spec: HostSpec, found: Found) -> HostSpec:
    """The spec with what an existing host has and the command did not ask to change: port, user, tags."""
    port = spec.docker_port if "-dp" in spec.typed else found.docker_port or spec.docker_port
    return replace(spec, docker_port=port, tags=names.with_tags(names.own_tags(found.vm), spec.tags),
                   admin_username=vm.admin_username(found.vm) or spec.admin_username)


def not_applied(spec: HostSpec, machine: dict) -> list[str]:
    """What was typed and a VM that exists does not have, with the command that changes it where there is one.

    ``spec`` is as it was asked for. Ports, sources and tags are applied, so they are never named.
    """
    properties = machine["properties"]
    size = (properties.get("hardwareProfile") or {}).get("vmSize") or ""
    reference = (properties.get("storageProfile") or {}).get("imageReference") or {}
    user, noted = vm.admin_username(machine), names.tag(machine, names.TAG_PROVISIONER)
    told = []
    if "--size" in spec.typed and spec.size.lower() != size.lower():
        resize = advice.on(spec, "vm", "resize", "--size", spec.size)
        told.append(f"--size: the host has {size}; to change it: {resize}")
    if "--image" in spec.typed and any(
            reference.get(key, "").lower() != (value or "").lower() for key, value in spec.image.reference.items()):
        told.append("--image: a VM keeps the image that it was made of")
    if "-u" in spec.typed and user and spec.admin_username != user:
        told.append(f"-u: the host's user is {user}; to add another: "
                    f"{advice.on(spec, 'vm', 'user', 'update', '-u', spec.admin_username)}")
    for option in ("-p", "--ssh-key-values", "--generate-ssh-keys"):
        if option in spec.typed:
            change = advice.on(spec, "vm", "user", "update", "-u", user or spec.admin_username)
            told.append(f"{option}: the host keeps its login; to change it: {change}")
    if "--tags" in spec.typed and not spec.tags:
        change = advice.az("tag", "update", "--operation", "Delete", "--resource-id", machine["id"], "--tags",
                           "NAME=VALUE", subscription=spec.subscription)
        told.append(f"--tags '': tags are added, none is taken away; to do that: {change}")
    if "--provisioner" in spec.typed and noted and spec.provisioner not in ("auto", noted):
        told.append(f"--provisioner: the host was set up by {noted}")
    return told


def without_effect(spec: HostSpec, found: Found) -> list[str]:
    """What was typed and is written into a security group that the host's interface does not stand behind."""
    if found.security_group is None or found.network_interface is None:
        return []
    name = found.security_group["name"]
    used = (found.network_interface["properties"].get("networkSecurityGroup") or {}).get("id") or ""
    if used.lower() == found.security_group["id"].lower():
        return []
    behind = f"'{names.id_parts(used)[1]}'" if used else "none"
    return [f"{option}: it is written into the network security group '{name}', but the network interface stands "
            f"behind {behind}" for option in ("-dp", "-e", "--sources") if option in spec.typed]


def look_at(azure: Any, spec: HostSpec, found: Found, commands: RunCommands, authority: Any, store: Any) -> Standing:
    """Ask an existing host how it is: by TLS from here, else by its own check, which changes nothing.

    ``spec`` is an ``adapted`` one, ``authority`` the one of ``store``, a ``certs.store.CertificateStore``. Raises
    ``Conflict`` for a host that trusts another CA than the folder's, ``HostFailed`` for one that can't say how it is.
    """
    port = found.docker_port or spec.docker_port
    shown, cause = _shown(azure, _endpoint(found, port, store.folder))
    if shown is not None:
        pem = ssl.DER_cert_to_PEM_cert(shown).encode()
        seen = Provisioned.of(_provisioner(azure, spec, found), pem, checked=False)
        return Standing(port, seen, reason=why_renew(seen.expires, authority))
    answer = check(commands, port)
    told_port = answer.values.get("port", "")
    if not answer.ok and told_port.isdigit() and int(told_port) != port:
        port = int(told_port)       # the tag is lost, or a run ended before it wrote it: the host knows better
        answer = check(commands, port)
    _check_trust(spec, answer, store.authority_fingerprints(), cause)
    if not answer.ok:
        return Standing(port, reason=f"{cause}; the host itself says: {answer.reason}")
    seen = by_its_word(_provisioner(azure, spec, found), answer)
    return Standing(port, seen, reason=why_renew(seen.expires, authority), unreachable=cause)


def by_its_word(provisioner: str, answer: Answer) -> Provisioned:
    """The certificate of a host that says that it is sound."""
    return Provisioned(provisioner, answer["certificate"], _moment(answer["expires"]), checked=True)


def _endpoint(found: Found, port: int, folder: Path) -> Endpoint | None:
    """Where the engine should be; None where the host has lost its address."""
    properties = (found.public_ip or {}).get("properties") or {}
    name = (properties.get("dnsSettings") or {}).get("fqdn") or properties.get("ipAddress")
    return Endpoint(name, port, folder) if name else None


def _shown(azure: Any, endpoint: Endpoint | None) -> tuple[bytes | None, str]:
    """The certificate of an engine that answers to ours, else None and why."""
    if endpoint is None:
        return None, "it has no public address with a name"
    for left in range(LOOKS - 1, -1, -1):
        try:
            return handshake(endpoint), ""
        except EngineUnreachable as error:
            # Packets that are dropped once are dropped again, after five more seconds.
            if not left or error.kind not in ("rejected", "refused", "protocol", "other"):
                return None, error.cause
            azure.deadline.sleep(1, error.cause)
    raise AssertionError("not reached")


def check(commands: RunCommands, port: int) -> Answer:
    """The host's own word; it changes nothing there."""
    return commands.answer_to("check", DOCKERVM_PORT=str(port))


def _check_trust(spec: HostSpec, answer: Answer, mine: Sequence[str], cause: str) -> None:
    if "authority" not in answer.values:
        # It did not come to look (another run holds its lock, its disk is full): no word that it needs a set-up.
        raise failure("check", answer)
    trusted = answer["authority"].split()
    if trusted == [UNKNOWN]:
        raise advice.belongs_to_others(spec, f"{cause}. By its own word somebody has set it up for TLS, with a file of "
                                             "certificate authorities that can't be read")
    if trusted not in ([], [NOBODY]) and mine[0] not in trusted:
        raise advice.belongs_to_others(
            spec, f"{cause}. By its own word it trusts the certificate authority with the fingerprint "
                  f"{trusted[0][:16]}..., this folder's is {mine[0][:16]}...")


def _provisioner(azure: Any, spec: HostSpec, found: Found) -> str:
    noted = names.tag(found.vm, names.TAG_PROVISIONER)
    if noted in (DOCKER_EXTENSION, RUN_COMMAND):
        return noted
    found = unknown_if_forbidden(lambda: azure.extension(spec.group, spec.name, names.EXTENSION_TYPE))()
    return DOCKER_EXTENSION if found else RUN_COMMAND


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def days_left(expires: datetime) -> int:
    """Whole days; negative after the end."""
    return (expires - datetime.now(timezone.utc)).days


def why_renew(expires: datetime, authority: Any) -> str:
    """Why a server certificate is to be renewed now; empty where it is not, or where a new one would end no later."""
    soon = days_left(expires) < names.RENEWAL_DAYS
    gains = authority.expires - expires > timedelta(days=1)
    return f"its server certificate ends on {iso(expires)}" if soon and gains else ""


def noted_expiry(text: str | None) -> datetime | None:
    """The end of the server certificate as a tag notes it; None where it is none or damaged."""
    try:
        return _moment(text or "")
    except ValueError:
        return None
