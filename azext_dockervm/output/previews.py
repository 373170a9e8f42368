"""The JSON of what a create would do, and of a check whether it could."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from azext_dockervm.flow.request import printed
from azext_dockervm.output.shapes import Shape
from azext_dockervm.provision.daemon import daemon_json
from azext_dockervm.spec.custom_data import bytes_left

if TYPE_CHECKING:
    from azext_dockervm.certs.store import CertificateStore
    from azext_dockervm.host.preview import Preview
    from azext_dockervm.provision.first_boot import FirstBoot


def checked(seen: Preview, store: CertificateStore, docker_context: str | None) -> Shape:
    """The result of ``create --validate``; whatever speaks against the host was an error before."""
    spec = seen.spec
    return {
        "name": spec.name, "resourceGroup": spec.group, "location": spec.location, "exists": seen.exists,
        "provisioner": seen.choice.provisioner, "reason": seen.choice.reason, "image": str(spec.machine.image),
        "size": spec.machine.size, "dockerPort": spec.engine.port, "dockerContext": docker_context,
        "customData": _custom_data(seen.first_boot),
        "notApplied": seen.not_applied, "certificates": _certificates(seen, store),
    }


def plan(seen: Preview, store: CertificateStore, docker_context: str | None) -> Shape:
    """The result of ``create --dry-run``. A text in angle brackets is not known yet: which step's result it will be."""
    return {**checked(seen, store, docker_context), "setUp": _set_up(seen), "steps": seen.steps}


def _custom_data(given: FirstBoot | None) -> Shape | None:
    """Its bytes as they are sent, but for some, and what it is made of: ours first, where it is among it."""
    if given is None or given.content is None:
        return None
    ours = [] if given.alone else ["set-up"]
    return {"bytes": len(given.content), "bytesLeft": bytes_left(given.content),
            "parts": [*ours, *(given.users.words if given.users else ())]}


def _certificates(seen: Preview, store: CertificateStore) -> Shape:
    """What the folder holds by then, and whom the server's certificate will speak for where it is a new one."""
    authority = store.authority_fingerprints()
    made = "made" if seen.change.created else "kept"
    return {"folder": str(store.folder), "authority": made, "authorityFingerprint": authority[0] if authority else None,
            "client": "made" if seen.change.created or seen.change.client_issued else "kept",
            "serverNames": list(seen.server_names)}


def _set_up(seen: Preview) -> Shape | None:
    """What the script is told that cloud-init runs, and in readable form the daemon.json among it; None where another
    provisioner sets the host up, whose requests have it."""
    if seen.set_up is None:
        return None
    return {"parameters": printed(seen.set_up), "daemonJson": json.loads(daemon_json(seen.spec.engine))}
