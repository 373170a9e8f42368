"""Whether a folder's certificates open a host, as its tags note it. Nobody dials."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from azext_dockervm.certs import opening
from azext_dockervm.errors import Conflict
from azext_dockervm.host import adopt
from azext_dockervm.host.cause import causes, conclude, is_empty
from azext_dockervm.host.noted import NotedHost, check_tags
from azext_dockervm.spec.host import HostSpec


def check(host: NotedHost, spec: HostSpec, store: Any) -> None:
    """Raise ``Conflict`` for a host whose tags a hand has spoilt, or that trusts another CA than the folder's, and
    ``CertificateError`` for certificates that open no host. ``store`` is a ``certs.store.CertificateStore``."""
    check_tags(host, spec)
    store.check_access()
    check_folder(host, spec, store)
    if not opening.opens(store.folder, host.authority or ""):
        store.tls_paths()
        adopt.check_whose(spec, host.vm, store.authority_fingerprints())


def check_folder(host: NotedHost, spec: HostSpec, store: Any) -> None:
    """Raise ``Conflict`` for a folder without any certificates: new ones would not open the host."""
    if not is_empty(store.folder):
        return
    facts = replace(host.facts, host=spec, holds=(), folder=store.folder)
    cause = next((one for one in causes(facts) if one.key == "lost-folder"), None)
    if cause is not None:
        raise Conflict(cause.sentence, cause.commands)


def warnings(host: NotedHost, spec: HostSpec) -> list[str]:
    """Why the engine may not answer now."""
    cause = conclude(replace(host.facts, host=spec))
    return [cause.text] if cause is not None and cause.key in ("off", "unfinished", "deleting") else []
