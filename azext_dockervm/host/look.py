"""Asking an existing host how it is: by TLS from here, else by its own check."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from azext_dockervm.advice.host_messages import belongs_to_others
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.host import docker_disk
from azext_dockervm.host.renewal import moment, why_renew
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import unknown_if_forbidden
from azext_dockervm.provision.choice import CLOUD_INIT, DOCKER_EXTENSION, RUN_COMMAND
from azext_dockervm.provision.run_commands import RunCommands, failure
from azext_dockervm.provision.script.answer import Answer, in_words
from azext_dockervm.provision.target import Provisioned
from azext_dockervm.spec.host import HostSpec

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


def look_at(azure: Azure, spec: HostSpec, found: Found, commands: RunCommands, authority: Authority,
            store: CertificateStore) -> Standing:
    """How the host is; asking changes nothing there.

    ``spec`` is an ``adapted`` one, ``authority`` the one of ``store``. Raises ``Conflict`` for a host that trusts
    another CA than the folder's, or whose engine lacks its disk, ``HostFailed`` for one that can't say how it is.
    """
    port = found.docker_port or spec.engine.port
    shown, cause = _shown(azure.deadline, _endpoint(found, port, store.folder))
    if shown is not None:
        pem = ssl.DER_cert_to_PEM_cert(shown).encode()
        seen = Provisioned.of(_provisioner(azure, spec, found), pem, checked=False)
        return Standing(port, seen, reason=why_renew(seen.expires, authority))
    docker_disk.check_attached(spec, found.vm, cause)
    port, answer = ask_itself(commands, port, azure.deadline)
    _check_trust(spec, answer, store.authority_fingerprints(), cause)
    docker_disk.check_answer(spec, found.vm, answer)
    if not answer.ok:
        return Standing(port, reason=f"{cause}; the host itself says: {in_words(answer.reason)}")
    seen = by_its_word(_provisioner(azure, spec, found), answer)
    return Standing(port, seen, reason=why_renew(seen.expires, authority), unreachable=cause)


def ask_itself(commands: RunCommands, port: int, deadline: Deadline) -> tuple[int, Answer]:
    """The host's own word on the engine, and the port that it was asked for: ``port``, or the one that the host names
    where the tag is lost, or a run ended before it wrote it."""
    answer = _check(commands, port, deadline)
    told_port = answer.values.get("port", "")
    if not answer.ok and told_port.isdigit() and int(told_port) != port:
        port = int(told_port)
        answer = _check(commands, port, deadline)
    return port, answer


def _check(commands: RunCommands, port: int, deadline: Deadline) -> Answer:
    return commands.try_to_run(commands.request("check", {"DOCKERVM_PORT": str(port)}), deadline)


def by_its_word(provisioner: str, answer: Answer) -> Provisioned:
    """The certificate of a host that says that it is sound."""
    return Provisioned(provisioner, answer["certificate"], moment(answer["expires"]), checked=True)


def authorities(answer: Answer) -> tuple[str, ...]:
    """The SHA-256 of those that the host trusts, by its own word."""
    return tuple(one for one in answer.values.get("authority", "").split() if one not in (NOBODY, UNKNOWN))


def _endpoint(found: Found, port: int, folder: Path) -> Endpoint | None:
    """Where the engine should be; None where the host has lost its address."""
    return Endpoint(found.endpoint, port, folder) if found.endpoint else None


def _shown(deadline: Deadline, endpoint: Endpoint | None) -> tuple[bytes | None, str]:
    """The certificate of an engine that answers to ours, else None and why."""
    if endpoint is None:
        return None, "it has no public address with a name"
    cause = ""
    for looked in range(LOOKS):
        if looked:
            deadline.sleep(1, cause)
        try:
            return handshake(endpoint), ""
        except EngineUnreachable as error:
            cause = error.cause
            # Packets that are dropped once are dropped again, after five more seconds.
            if error.kind not in ("rejected", "refused", "protocol", "other"):
                break
    return None, cause


def _check_trust(spec: HostSpec, answer: Answer, mine: Sequence[str], cause: str) -> None:
    if "authority" not in answer.values:
        # It did not come to look (another run holds its lock, its disk is full): no word that it needs a set-up.
        raise failure("check", answer, spec)
    trusted = answer["authority"].split()
    if trusted == [UNKNOWN]:
        raise belongs_to_others(
            spec, f"{cause}. By its own word somebody has set it up for TLS, with a file of certificate authorities "
                  "that can't be read")
    if trusted not in ([], [NOBODY]) and mine[0] not in trusted:
        raise belongs_to_others(
            spec, f"{cause}. By its own word it trusts the certificate authority with the fingerprint "
                  f"{trusted[0][:16]}..., this folder's is {mine[0][:16]}...")


def _provisioner(azure: Azure, spec: HostSpec, found: Found) -> str:
    noted = names.tag(found.vm, names.TAG_PROVISIONER)
    if noted in (DOCKER_EXTENSION, CLOUD_INIT, RUN_COMMAND):
        return str(noted)
    extension = unknown_if_forbidden(lambda: azure.get(kinds.EXTENSION, spec.group, spec.name, names.EXTENSION_TYPE))()
    return DOCKER_EXTENSION if extension else RUN_COMMAND
