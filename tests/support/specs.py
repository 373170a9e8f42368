"""Hosts as a user may ask for them, by the names of the fields alone; what was typed, by how it is typed."""

from __future__ import annotations

from typing import Any

from azext_dockervm.options.commands import options_of
from azext_dockervm.spec.host import Given, HostSpec

_PLACES = {"image": "machine.image", "size": "machine.size", "user": "login.user", "password": "login.password",
           "ssh_keys": "login.ssh_keys", "ssh_port": "network.ssh_port", "sources": "network.sources",
           "dns_label": "network.dns_label", "open_ports": "network.open_ports",
           "open_ports_sources": "network.open_ports_sources", "security_group": "network.security_group",
           "adds_rules": "network.adds_rules", "application_groups": "network.application_groups",
           "port": "engine.port", "docker_channel": "engine.channel", "docker_version": "engine.version",
           "typed": "given",
           "tls_names": "engine.tls_names", **{name: f"network.{name}" for name in (
               "virtual_network", "subnet", "network_prefix", "subnet_prefix", "interfaces", "private_address",
               "public_ip", "accelerated", "idle_timeout")}}
_OPTIONS = {option.shortest: option for option in options_of("create")}


def changed(spec: HostSpec, **values: Any) -> HostSpec:
    """The same host with other values, named as ``host_spec`` names them."""
    if "typed" in values:
        values["typed"] = typed(values["typed"])
    return spec.having({_PLACES.get(name, name): value for name, value in values.items()})


def host_spec(group: str = "g", name: str = "web1", **values: Any) -> HostSpec:
    """A host in a group ``g`` of westus; ``typed`` is ``{"-dp": ("2376",)}``."""
    return changed(HostSpec(group, name), **{"location": "westus", **values})


def typed(options: dict[str, tuple[str, ...]]) -> dict[str, Given]:
    return {_OPTIONS[flag].name: Given((flag, *words), _OPTIONS[flag].only_new) for flag, words in options.items()}
