"""The keys of daemon.json: which ones dockervm keeps to itself, and which ones an engine takes.

Source: the flags with which dockerd compares the keys of its file, and their names in it (moby/moby,
daemon/command/config*.go, cmd/dockerd/config*.go before 29; daemon/config/config.go, findConfigurationConflicts), of
all releases from 20.10.27 to 28.5.2 and of 29 as of August 2026 (b985e2313a); docker/cli, docs/reference/dockerd.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from azext_dockervm.nearest import nearest

KEYS = frozenset("""
    allow-direct-routing allow-nondistributable-artifacts bip bip6 bridge bridge-accept-fwmark builder cdi-spec-dirs
    cgroup-parent cluster-advertise cluster-store cluster-store-opts containerd containerd-namespace
    containerd-plugins-namespace cpu-rt-period cpu-rt-runtime cri-containerd data-root debug default-address-pools
    default-cgroupns-mode default-gateway default-gateway-v6 default-ipc-mode default-network-opts default-runtime
    default-shm-size default-stop-timeout default-ulimits deprecated-key-path dns dns-opts dns-search exec-opts
    exec-root experimental features firewall-backend fixed-cidr fixed-cidr-v6 graph group host-gateway-ip
    host-gateway-ips icc init init-path insecure-registries ip ip-forward ip-forward-no-drop ip-masq ip6tables iptables
    ipv6 labels live-restore log-driver log-format log-level log-opts max-concurrent-downloads max-concurrent-uploads
    max-download-attempts metrics-addr min-api-version mtu network-control-plane-mtu network-diagnostic-port
    no-new-privileges node-generic-resources nri-opts oom-score-adjust pidfile proxies raw-logs registry-mirrors
    rootless runtimes seccomp-profile selinux-enabled shutdown-timeout storage-driver storage-opts
    swarm-default-advertise-addr userland-proxy userland-proxy-path userns-remap
    """.split())
# dockerd takes these flags' names as keys too, and ignores what they say: in the file they lie below another key.
_BELOW = {name: f"proxies.{name}" for name in ("http-proxy", "https-proxy", "no-proxy")}

# Keys whose value dockerd keeps whole. It lifts the parts of any other object to the top before it compares them with
# its flags, and sets those that are true or false: {"proxies": {"tlsverify": false}} is a way to tlsverify. These are
# the ones that 20.10 knows; later ones have more, which name nothing that dockervm keeps.
_WHOLE = frozenset({"builder", "cluster-store-opts", "default-ulimits", "features", "log-opts", "runtimes"})

_LISTENER = "--docker-port sets the port on which Docker listens"
_TLS = "dockervm makes the certificates, and the engine requires one of every client"
_RESERVED = (
    (r"h|hosts?", _LISTENER),
    (r"tls.*", _TLS),
    (r"configfile", "dockerd reads one file of settings, and dockervm writes listener and TLS into it"),
    (r"auth(orization|z).*", "every client with a certificate of your authority may do everything, and a plugin that "
                             "refuses or does not answer locks out dockervm too"),
    (r"api(enable)?cors.*", "web pages of any site could use the Docker API through a browser"),
)


def why_reserved(key: str) -> str | None:
    """Why ``key``, in whatever case and spelling, is not the user's to set; None for all others. Go's JSON ignores
    case and Unicode's variants of a letter ('ſ' for 's'); flags have dashes in front, and some a letter of their own.
    """
    plain = re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKC", key).casefold())
    return next((reason for pattern, reason in _RESERVED if re.fullmatch(pattern, plain)), None)


def reserved(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The keys of ``settings`` that are not the user's to set, as paths with dots, each with the reason."""
    for key, value in settings.items():
        parts = value if isinstance(value, Mapping) and key not in _WHOLE else {}
        for path, name in ((key, key), *((f"{key}.{part}", part) for part in parts)):
            reason = why_reserved(name)
            if reason:
                yield path, reason


def unknown(settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """The keys of ``settings`` that no engine takes → the nearest ones that engines take, at most one."""
    found: dict[str, list[str]] = {}
    for key, value in settings.items():
        if key not in KEYS:
            found[key] = [_BELOW[key]] if key in _BELOW else nearest(key, KEYS, most=1)
        elif key == "proxies" and isinstance(value, Mapping):
            found.update({f"{key}.{part}": [f"{key}.{one}" for one in nearest(part, _BELOW, most=1)]
                          for part in value if part not in _BELOW})
    return found
