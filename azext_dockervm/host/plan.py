"""The plan of a host: network and machine, as steps that can be printed before they run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.azure.reserved import HOLDS_A_RESERVED_WORD, RESERVED_LABEL
from azext_dockervm.body import network_interface, public_ip, security_group, virtual_machine, virtual_network
from azext_dockervm.body.resource import Resource, has_failed, state, whole
from azext_dockervm.errors import AzureRefused, Conflict
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Ref, Request
from azext_dockervm.flow.step import Alternative, Results, Step
from azext_dockervm.host.found import Found
from azext_dockervm.host.undo import undo_own
from azext_dockervm.provision.target import ADDRESS, AUTHORITY, Address
from azext_dockervm.spec.host import HostSpec

# How the operation of a PUT ends that another PUT of the same resource has overtaken; the resource is made all the
# same.
SUPERSEDED = frozenset({"Canceled", "CanceledAndSupersededDueToAnotherOperation"})

# Azure's codes for a label that can't be had, and what they mean.
WHY_NO_LABEL = {"DnsRecordInUse": "was taken meanwhile", RESERVED_LABEL: HOLDS_A_RESERVED_WORD}

# The keys of the steps, which those of other rooms name.
SECURITY_GROUP, PUBLIC_IP, NETWORK_INTERFACE, VM = "security_group", "public_ip", "network_interface", "vm"
VIRTUAL_NETWORK, SUBNET = "virtual_network", "subnet"


class MachinePlan:
    """The steps to the machine of one host. What exists is used; what exists and is ours is mended where it lacks
    something or has ended in Failed, and is not undone."""

    def __init__(self, azure: Azure, spec: HostSpec, found: Found, run_id: str) -> None:
        self.azure, self.spec, self.found, self.run_id = azure, spec, found, run_id

    def steps(self, custom_data: bytes | Ref | None, ordered: Mapping[str, str | Ref] | None = None
              ) -> list[Step | Alternative]:
        """Security group, network and address side by side, then the interface, then the VM; the ``Address`` is the
        result under its key. They need the certificate authority, under its key. ``ordered`` are tags of the VM."""
        return [self._security_group(), *self._network(), self._public_ip(), self._network_interface(),
                self._vm(custom_data, ordered), self._address()]

    def _write(self, kind: Kind, key: str, verb: str, name: str, body: Any, *, needs: tuple[str, ...] = (AUTHORITY,),
               undone: bool = False, do: Callable[[Azure, Request], Any] | None = None, words: str = "",
               parent: tuple[str, ...] = (), detail: Callable[[Any], str] | None = None) -> Step:
        """A PUT; with ``undone`` of something that this run makes. ``do`` sends it otherwise than plainly."""
        request = Request("PUT", kind.type, self.spec.group, (*parent, name), body)

        def put(results: Results, deadline: Deadline) -> Any:
            azure, ready = self.azure.until(deadline), request.resolved(results)
            return do(azure, ready) if do else azure.send(ready)

        return Step(key, f"{verb} the {kind.noun} '{name}'{words}", put, request, needs,
                    undo_own(self.azure, kind, self.spec.group, name, self.run_id) if undone else None, detail)

    def _mend(self, kind: Kind, key: str, existing: Resource, **more: Any) -> Step:
        """A resource whose last change ended in Failed blocks all that stands on it until it is PUT again."""
        if not has_failed(existing):
            return _use(kind, key, existing)
        return self._write(kind, key, "mend", existing["name"], whole(existing), words=", which is in the state Failed",
                           **more)

    def _security_group(self) -> Step:
        spec, existing, kind = self.spec, self.found.security_group, kinds.SECURITY_GROUP
        name = names.network_security_group(spec.name)
        if existing is None:
            return self._write(kind, SECURITY_GROUP, "create", name, security_group.body(spec, self.run_id),
                               undone=True)
        opened = security_group.opened(spec, existing, self.found.docker_port)
        if opened:
            return self._write(kind, SECURITY_GROUP, "open ports in", name, opened)
        return self._mend(kind, SECURITY_GROUP, existing)

    def _network(self) -> list[Step]:
        """Never undone: another host may have moved in meanwhile."""
        spec, existing, kind = self.spec, self.found.virtual_network, kinds.VIRTUAL_NETWORK
        name = names.virtual_network(spec.location or "")
        if existing is None:
            network = self._write(kind, VIRTUAL_NETWORK, "create", name, virtual_network.body(spec, self.run_id),
                                  do=_put_together)
        else:
            network = self._mend(kind, VIRTUAL_NETWORK, existing, do=_put_together)
        if existing is not None and virtual_network.subnet_id(existing) is None:
            return [network, self._write(kinds.SUBNET, SUBNET, "create", names.SUBNET, virtual_network.subnet_body(),
                                         needs=(VIRTUAL_NETWORK,), parent=(name,))]
        return [network, Step(SUBNET, f"find the subnet '{names.SUBNET}' of '{name}'",
                              lambda results, _deadline: {"id": virtual_network.subnet_id(results[VIRTUAL_NETWORK])},
                              needs=(VIRTUAL_NETWORK,), quiet=True)]

    def _public_ip(self) -> Step | Alternative:
        existing, kind = self.found.public_ip, kinds.PUBLIC_IP
        if existing is None:
            return self._labelled("create", lambda label: public_ip.body(self.spec, self.run_id, label), undone=True)
        if not public_ip.label_of(existing):
            return self._labelled("give", lambda label: public_ip.with_label(existing, label), words=" a DNS label")
        return self._mend(kind, PUBLIC_IP, existing)

    def _labelled(self, verb: str, body: Callable[[str], Resource], **more: Any) -> Step | Alternative:
        """The label was free a moment ago, or could not be asked for; another may have taken it."""
        found, name = self.found, names.public_ip(self.spec.name)

        def step(label: str) -> Step:
            return self._write(kinds.PUBLIC_IP, PUBLIC_IP, verb, name, body(label), detail=public_ip.fqdn, **more)

        def other_label(error: BaseException) -> str | None:
            why = WHY_NO_LABEL.get(error.code or "") if isinstance(error, AzureRefused) else None
            return f"DNS label: '{found.label}' {why}; taking '{found.other_label}'." if why else None

        if found.other_label in ("", found.label):
            return step(found.label)
        return Alternative((step(found.label),), (step(found.other_label),), other_label)

    def _network_interface(self) -> Step:
        spec, existing, kind = self.spec, self.found.network_interface, kinds.NETWORK_INTERFACE
        name, address = names.network_interface(spec.name), Ref(PUBLIC_IP, "id")
        group = Ref(SECURITY_GROUP, "id")
        if existing is None:
            body = network_interface.body(spec, self.run_id, subnet=Ref(SUBNET, "id"), security_group=group,
                                          public_ip=address)
            return self._write(kind, NETWORK_INTERFACE, "create", name, body, undone=True,
                               detail=network_interface.private_address)
        # A group that was there before is the user's to attach: they may guard the subnet instead.
        made = group if self.found.security_group is None else None
        mended = network_interface.mended(existing, security_group=made, public_ip=address)
        if mended is None:
            return _use(kind, NETWORK_INTERFACE, existing)
        return self._write(kind, NETWORK_INTERFACE, "mend", name, mended, detail=network_interface.private_address,
                           needs=(SECURITY_GROUP, SUBNET, PUBLIC_IP))

    def _vm(self, custom_data: bytes | Ref | None, ordered: Mapping[str, str | Ref] | None) -> Step:
        spec, existing = self.spec, self.found.vm
        if existing is not None:
            return Step(VM, f"use the VM '{spec.name}'", lambda _results, _deadline: existing, quiet=True,
                        needs=(NETWORK_INTERFACE,))
        body = virtual_machine.body(
            spec, self.run_id, network_interface=Ref(NETWORK_INTERFACE, "id"), fqdn=Ref(PUBLIC_IP, via=public_ip.fqdn),
            image=self.found.image, custom_data=custom_data, authority=Ref(AUTHORITY, "fingerprint"), ordered=ordered)
        return self._write(kinds.VM, VM, "create", spec.name, body, undone=True, do=self._create_vm)

    def _create_vm(self, azure: Azure, request: Request) -> Resource:
        try:
            return _made(azure, request)
        except AzureRefused as error:
            if error.status not in (409, 412):
                raise
            return self._vm_made_all_the_same(azure, error)

    def _vm_made_all_the_same(self, azure: Azure, refusal: AzureRefused) -> Resource:
        """A PUT whose answer got lost is sent again by azure-core, and then refused because of itself: go on with
        it."""
        spec = self.spec
        found = azure.get(kinds.VM, spec.group, spec.name)
        if found is None:
            raise refusal
        if names.tag(found, names.TAG_RUN) != self.run_id:
            raise Conflict(f"Another create has made the VM '{spec.name}' at the same moment; it was left to it.",
                           "When it has ended, the same command again goes on with the host.") from refusal
        while state(found) in ("Creating", "Updating"):
            azure.deadline.sleep(4, "Azure still creates the VM")
            found = azure.get(kinds.VM, spec.group, spec.name)
            if found is None:
                raise refusal
        if state(found) != "Succeeded":
            code, message = virtual_machine.failure(found)
            raise AzureRefused(f"create the VM: {message}", code=code)
        return found

    def _address(self) -> Step:
        spec = self.spec

        def read(results: Results, deadline: Deadline) -> Address:
            ip = results[PUBLIC_IP]
            if not public_ip.address_if_any(ip):    # the first answer to a PUT lacks it
                ip = self.azure.until(deadline).get(kinds.PUBLIC_IP, spec.group, names.public_ip(spec.name))
            return Address(public_ip.fqdn(ip), ip["properties"]["ipAddress"],
                           network_interface.private_address(results[NETWORK_INTERFACE]))

        # Ours is static, so it is known before the VM is there; another kind gets its address with the VM.
        known = self.found.public_ip is None or public_ip.address_if_any(self.found.public_ip)
        last = () if known and self.found.vm is None else (VM,)
        return Step(ADDRESS, "note the host's address", read, needs=(PUBLIC_IP, NETWORK_INTERFACE, *last), quiet=True)


def _use(kind: Kind, key: str, existing: Resource) -> Step:
    return Step(key, f"use the {kind.noun} '{existing['name']}'", lambda _results, _deadline: existing, quiet=True)


def _made(azure: Azure, request: Request) -> Resource:
    """What a PUT answers; a deletion alone answers nothing."""
    return cast(Resource, azure.send(request))


def _put_together(azure: Azure, request: Request) -> Resource:
    """Two creates in a new group and region make its network at once: the one that was overtaken uses the other's."""
    try:
        return _made(azure, request)
    except AzureRefused as error:
        if error.code not in SUPERSEDED:
            raise
        refusal = error
    while True:
        found = azure.get(kinds.VIRTUAL_NETWORK, request.group, *request.names)
        if found is None or has_failed(found):
            raise refusal
        if state(found) == "Succeeded":
            return found
        azure.deadline.sleep(2, f"another create makes the virtual network '{request.name}'")
