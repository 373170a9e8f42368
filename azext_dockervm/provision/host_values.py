"""What the set-up script is told of the host that was asked for, whichever provisioner runs it."""

from __future__ import annotations

from azext_dockervm.provision.daemon import daemon_json
from azext_dockervm.provision.script.answer import encoded
from azext_dockervm.spec.host import HostSpec


def to_install(spec: HostSpec) -> dict[str, str]:
    """What the actions install, request and boot need to put Docker onto a host. No secret is in it: it also rides in
    custom data."""
    lun = spec.disks.docker_lun
    return {"DOCKERVM_USER": spec.login.user, "DOCKERVM_CHANNEL": spec.engine.channel,
            "DOCKERVM_VERSION": spec.engine.version, **({} if lun is None else {"DOCKERVM_DOCKER_LUN": str(lun)})}


def to_serve(spec: HostSpec) -> dict[str, str]:
    """What the actions serve and boot need of the engine's settings."""
    return {"DOCKERVM_DAEMON_JSON": encoded(daemon_json(spec.engine.port))}
