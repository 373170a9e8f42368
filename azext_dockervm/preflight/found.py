"""What is there of a host before a command changes anything."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.azure import names
from azext_dockervm.body.resource import Resource


@dataclass(frozen=True)
class Label:
    """A DNS label to take: ``other`` is the one to take should Azure say after all that it is taken, empty where that
    fails; ``was_replaced`` why it is not the VM's name."""

    name: str = ""
    other: str = ""
    was_replaced: str | None = None


@dataclass(frozen=True)
class Found:
    """What is there already; resources as ARM shows them, None where there is none."""

    group: Resource | None = None
    vm: Resource | None = None
    virtual_network: Resource | None = None
    security_group: Resource | None = None
    public_ip: Resource | None = None
    network_interface: Resource | None = None
    image: Resource | None = None       # None: not allowed to ask
    extension_published: bool | None = None     # None: not allowed to ask, or it does not matter
    dns: Label = Label()
    port: int | None = None     # the engine's, where the host was asked
    remarks: tuple[str, ...] = ()       # for the user, before anything is made

    @property
    def docker_port(self) -> int | None:
        """The engine's port, by the host's own word or by the VM's tag; None where neither tells."""
        if self.port is not None:
            return self.port
        return names.port_tag(self.vm)
