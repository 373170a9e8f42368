"""The engine's configuration, as pure functions: daemon.json for the set-up script, options for the extension."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from azext_dockervm.azure.names import BUILD_CACHE_GB
from azext_dockervm.spec.engine import Engine
from azext_dockervm.spec.engine_rules import is_secret
from azext_dockervm.spec.host import HostSpec

# Where the set-up script puts the host's key and certificates.
TLS_FOLDER = "/etc/docker/dockervm"

# live-restore keeps containers over a restart of the daemon, which each new certificate needs (moby#23936).
# The Docker SDK for Python reads the output of json-file and journald only: with any other driver containers.run()
# returns None (docker-py, models/containers.py). Without limits json-file grows until the disk is full.
LOG_DRIVER = "json-file"
LOG_OPTIONS = {"max-size": "10m", "max-file": "3"}
# Those that rotate their own files, by these two options.
_ROTATING = ("json-file", "local")


def settings(engine: Engine) -> dict[str, Any]:
    """All but listener and certificates, by the keys of daemon.json: dockervm's defaults, over these the user's file,
    over this --engine-options, over these what has an option of its own."""
    asked = {**engine.file, **engine.options, **{key: value for key, value in {
        "labels": list(engine.labels), "registry-mirrors": list(engine.registry_mirrors),
        "insecure-registries": list(engine.insecure_registries), "storage-driver": engine.storage_driver,
        "log-driver": engine.log_driver, "live-restore": engine.live_restore,
        "default-address-pools": [dict(one) for one in engine.address_pools],
        "builder": None if engine.build_cache_gb is None else _build_cache(engine.build_cache_gb),
    }.items() if value not in (None, [])}}
    result = {"live-restore": True, "log-driver": LOG_DRIVER, "builder": _build_cache(BUILD_CACHE_GB), **asked}
    usual = LOG_OPTIONS if result["log-driver"] in _ROTATING else {}
    given = asked.get("log-opts", {})
    # Each of its options by itself; what is no object is left as it is, for dockerd to refuse.
    options = {**usual, **given, **engine.log_options} if isinstance(given, Mapping) else given
    return {**result, "log-opts": options} if options else result


def _build_cache(gigabytes: int) -> dict[str, Any]:
    """Engines before 28 know the first name of the limit only, later ones take it for what is kept always; no engine
    minds a name that it does not know there."""
    return {"gc": {"enabled": True, "defaultKeepStorage": f"{gigabytes}GB", "defaultMaxUsedSpace": f"{gigabytes}GB"}}


def daemon_json(engine: Engine) -> str:
    """The complete daemon.json, a key a line: by its lines the host tells what changes. ``fd://`` is the socket that
    systemd holds for docker.service."""
    return _in_lines({
        "hosts": ["fd://", f"tcp://0.0.0.0:{engine.port}"],
        "tlsverify": True,
        "tlscacert": f"{TLS_FOLDER}/ca.pem",
        "tlscert": f"{TLS_FOLDER}/server-cert.pem",
        "tlskey": f"{TLS_FOLDER}/server-key.pem",
        **settings(engine),
    })


def _in_lines(values: Mapping[str, Any]) -> str:
    # ASCII alone: no shell or handler on the way has to agree on an encoding.
    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()) + "\n}\n"


def fingerprint(spec: HostSpec) -> str:
    """Of the settings that were asked for, for a tag: 16 hexadecimal digits; the port has a tag of its own. Of what is
    secret nothing is in it, so it is empty where a setting is, and proxies count without their passwords."""
    if is_secret(spec.engine):
        return ""
    proxies = spec.proxies
    names = [one.reveal().rpartition("@")[2] if one else "" for one in (proxies.http, proxies.https)]
    # Hosts of earlier versions are open, and their tags know of nothing else.
    metadata = [] if spec.engine.container_metadata else ["container-metadata closed"]
    text = json.dumps([settings(spec.engine), *names, proxies.without, *metadata], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def extension_options() -> list[str]:
    """dockervm's defaults as options of dockerd: the extension's handler joins them with spaces in the unit file."""
    limits = [f"--log-opt={name}={value}" for name, value in LOG_OPTIONS.items()]
    return ["--live-restore", f"--log-driver={LOG_DRIVER}", *limits]
