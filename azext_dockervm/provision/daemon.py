"""The engine's configuration, as pure functions: daemon.json for the set-up script, options for the extension."""

from __future__ import annotations

import json

# Where the set-up script puts the host's key and certificates.
TLS_FOLDER = "/etc/docker/dockervm"

# live-restore keeps containers over a restart of the daemon, which each new certificate needs (moby#23936).
# The Docker SDK for Python reads the output of json-file and journald only: with any other driver containers.run()
# returns None (docker-py, models/containers.py). Without limits json-file grows until the disk is full.
LOG_DRIVER = "json-file"
LOG_OPTIONS = {"max-size": "10m", "max-file": "3"}


def daemon_json(port: int) -> str:
    """The complete daemon.json. ``fd://`` is the socket that systemd holds for docker.service."""
    return json.dumps({
        "hosts": ["fd://", f"tcp://0.0.0.0:{port}"],
        "tlsverify": True,
        "tlscacert": f"{TLS_FOLDER}/ca.pem",
        "tlscert": f"{TLS_FOLDER}/server-cert.pem",
        "tlskey": f"{TLS_FOLDER}/server-key.pem",
        "live-restore": True,
        "log-driver": LOG_DRIVER,
        "log-opts": LOG_OPTIONS,
    }, indent=2) + "\n"


def extension_options() -> list[str]:
    """The same as options of dockerd: the extension's handler joins them with spaces in the unit file."""
    limits = [f"--log-opt={name}={value}" for name, value in LOG_OPTIONS.items()]
    return ["--live-restore", f"--log-driver={LOG_DRIVER}", *limits]
