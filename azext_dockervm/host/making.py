"""What the steps to a machine share: the host that is asked for, what was found of it, and how a step writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.body import virtual_machine
from azext_dockervm.body.resource import Resource, has_failed, whole
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request
from azext_dockervm.flow.step import Results, Step
from azext_dockervm.host.undo import Sent, undo_own
from azext_dockervm.preflight import guards
from azext_dockervm.preflight.found import Found
from azext_dockervm.provision.target import AUTHORITY
from azext_dockervm.spec.host import HostSpec

# The keys of the steps, which those of other rooms name.
SECURITY_GROUP, PUBLIC_IP, NETWORK_INTERFACE, VM = "security_group", "public_ip", "network_interface", "vm"
VIRTUAL_NETWORK, SUBNET, SCHEDULE = "virtual_network", "subnet", "schedule"


@dataclass(frozen=True)
class Making:
    """What exists is used; what exists and is ours is mended where it lacks something or has ended in Failed, and is
    not undone."""

    azure: Azure
    spec: HostSpec
    found: Found
    run_id: str

    # Whose the parts of the network are: what somebody else has made is used, and never changed.

    @property
    def makes_interface(self) -> bool:
        """Whether the interface is one that this create makes, or that one has made."""
        interface = self.found.network_interface
        return not self.found.interfaces and (interface is None or names.is_of_host(interface, self.spec.name))

    @property
    def makes_group(self) -> bool:
        """Whether the interface is to stand behind a security group of the host's own."""
        return guards.makes_group(self.spec, self.found)

    @property
    def makes_address(self) -> bool:
        """The same of the public address."""
        address = self.found.public_ip
        return self.has_address and (address is None or names.is_of_host(address, self.spec.name))

    @property
    def has_address(self) -> bool:
        """Whether the host has, or is to have, a public address. Of one that is there, what it has decides."""
        if self.found.public_ip is not None:
            return True
        if not self.makes_interface:
            return False
        return not self.found.is_private if self.found.vm is not None else self.spec.public_ip is not None

    def write(self, kind: Kind, key: str, verb: str, name: str, body: Any, *, needs: tuple[str, ...] = (AUTHORITY,),
              undone: bool = False, do: Callable[[Azure, Request], Any] | None = None, words: str = "",
              parent: tuple[str, ...] = (), group: str | None = None,
              detail: Callable[[Any], str] | None = None,
              forgiven: Callable[[BaseException], str | None] | None = None, sent: Sent | None = None) -> Step:
        """A PUT; with ``undone`` of something that this run makes. ``do`` sends it otherwise than plainly. ``group`` is
        the host's unless it is given. ``sent`` is told what became of it."""
        request = Request("PUT", kind.type, group or self.spec.group, (*parent, name), body)
        told = sent or Sent()

        def put(results: Results, deadline: Deadline) -> Any:
            azure, ready = self.azure.until(deadline), request.resolved(results)
            with told.noted():
                return do(azure, ready) if do else azure.send(ready)

        return Step(key, f"{verb} the {kind.noun} '{name}'{words}", put, request, needs,
                    undo_own(self.azure, kind, self.spec.group, name, self.run_id, told,
                             kind is kinds.VM and virtual_machine.keeps_nothing(body, data_disks_go=True))
                    if undone else None, detail,
                    forgiven=forgiven)

    def mend(self, kind: Kind, key: str, existing: Resource, **more: Any) -> Step:
        """A resource whose last change ended in Failed blocks all that stands on it until it is PUT again."""
        if not has_failed(existing):
            return use(kind, key, existing)
        return self.write(kind, key, "mend", existing["name"], whole(existing), words=", which is in the state Failed",
                          **more)


def use(kind: Kind, key: str, existing: Resource) -> Step:
    return Step(key, f"use the {kind.noun} '{existing['name']}'", lambda _results, _deadline: existing, quiet=True,
                known=existing)


def made(azure: Azure, request: Request) -> Resource:
    """What a PUT answers; a deletion alone answers nothing."""
    return cast(Resource, azure.send(request))
