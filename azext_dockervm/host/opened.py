"""Whether a folder's certificates open a host, as its tags note it. Nobody dials."""

from __future__ import annotations

from typing import Any

from azext_dockervm.advice import host_commands
from azext_dockervm.certs import opening
from azext_dockervm.host import adopt
from azext_dockervm.host.noted import NotedHost, check_tags
from azext_dockervm.spec.host import HostSpec


def check(host: NotedHost, spec: HostSpec, store: Any) -> None:
    """Raise ``Conflict`` for a host whose tags a hand has spoilt, or that trusts another CA than the folder's, and
    ``CertificateError`` for certificates that open no host. ``store`` is a ``certs.store.CertificateStore``."""
    check_tags(host, spec)
    store.check_access()
    if not opening.opens(store.folder, host.authority or ""):
        store.tls_paths()
        adopt.check_whose(spec, host.vm, store.authority_fingerprints())


def warnings(host: NotedHost, spec: HostSpec) -> list[str]:
    """Why the engine may not answer now."""
    if host.power_state not in ("running", "unknown"):
        return [f"The VM '{host.name}' is {host.power_state}. To start it: {host_commands.start(spec)}"]
    if host.provisioner is None:
        return [f"The host '{host.name}' is unfinished. To finish it: {host_commands.create_again(spec)}"]
    return []
