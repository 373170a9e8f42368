"""Deleting a host: its VM, all that create made for it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from azext_dockervm.advice import host_commands, refusals
from azext_dockervm.advice.host_messages import with_sentence
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.body import network_interface, public_ip, virtual_machine, virtual_network
from azext_dockervm.body.resource import Resource, state
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import AzureRefused, Conflict, DeadlinePassed, DockerVMError, Interrupted, LoginRequired
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.execute import PlanFailed, execute
from azext_dockervm.flow.request import Request
from azext_dockervm.flow.step import Listener, Results, Step
from azext_dockervm.host.added_rules import AddedRule
from azext_dockervm.host.remains import Remains, other_hosts

# The keys of the steps.
ADDRESSES, HANGING_ON, VM, NETWORK_INTERFACE, PUBLIC_IP, SECURITY_GROUP, SCHEDULE, NETWORK = (
    "addresses", "hanging_on", "vm", "network_interface", "public_ip", "security_group", "schedule", "network")
KEYS = {kinds.VM: VM, kinds.NETWORK_INTERFACE: NETWORK_INTERFACE, kinds.PUBLIC_IP: PUBLIC_IP,
        kinds.SECURITY_GROUP: SECURITY_GROUP, kinds.SCHEDULE: SCHEDULE}
# What the interface stands on goes after it; all else as soon as the VM is gone.
AFTER = {kinds.PUBLIC_IP: NETWORK_INTERFACE, kinds.SECURITY_GROUP: NETWORK_INTERFACE}
# A network may show for a while who has just left it.
LEAVING_SECONDS = 30.0
# Azure's codes for a network or subnet that something is still in.
STILL_IN_USE = frozenset({"InUseSubnetCannotBeDeleted", "InUseVirtualNetworkCannotBeDeleted"})
# A last look at the VM, after everything else.
LOOK_SECONDS = 15.0


def loss(remains: Remains, mine: Sequence[str], contexts: Sequence[str] = ()) -> str:
    """What the user has to agree to. ``mine`` are the fingerprints of the authorities in the user's folder,
    ``contexts`` the names of those that the docker client has of the host."""
    spec, going = remains.spec, [_named(kind, part, remains.data_disks_go) for kind, part in remains.own]
    tagged = [one["name"] for _, one in remains.parts if one["id"] in remains.only_tagged]
    going += [f"the security rule '{rule.name}' of '{names.id_parts(rule.group_id)[1]}'" for rule in remains.rules]
    if not going and remains.virtual_network is not None:
        return (f"Nothing is left of a host '{spec.name}'. This deletes the virtual network "
                f"'{remains.virtual_network['name']}', which hosts have shared, and in which none is left.")
    shared = "" if remains.virtual_network is None else (
        f" The virtual network '{remains.virtual_network['name']}', which hosts share, goes with the last of them.")
    client = f" The docker client loses {_words('the context', contexts)}." if contexts else ""
    kept = f" Kept: {'; '.join(remains.kept)}." if remains.kept else ""
    theirs = (names.tag(remains.vm, names.TAG_AUTHORITY) or "").lower()
    whose = "" if not theirs or not mine or theirs in mine else (
        f" It trusts another certificate authority ({theirs[:16]}...) than those in your folder: it may be a "
        "colleague's.")
    only = f" Only a tag says that the host owns {_words('', tagged)}: look whether it does." if tagged else ""
    return f"This deletes the host '{spec.name}': {', '.join(going)}.{only}{shared}{client}{kept}{whose}"


def _words(noun: str, named: Sequence[str]) -> str:
    return ", ".join(f"{noun} '{one}'".strip() for one in named)


def _listed(things: Sequence[str]) -> str:
    return " and ".join([*([", ".join(things[:-1])] if things[1:] else []), *things[-1:]])


def _named(kind: Kind, part: Resource, data_disks_go: bool) -> str:
    words = f"the {kind.noun} '{part['name']}'"
    if kind is kinds.VM:
        disk = virtual_machine.os_disk_that_goes(part)
        words += f" with its disk '{disk}' and everything on it" if disk else ", whose disk is kept"
        disks = virtual_machine.data_disks(part, there_before=False) if data_disks_go else []
        return ", ".join([words, *(f"the data disk '{one}'" for one in disks)])
    fqdn = public_ip.fqdn_if_any(part) if kind is kinds.PUBLIC_IP else None
    return f"{words} ({fqdn})" if fqdn else words


class Removal:
    """One deletion of what ``remains``."""

    def __init__(self, azure: Azure, remains: Remains, listener: Listener) -> None:
        self.azure, self.remains, self.listener = azure, remains, listener
        self.spec = remains.spec
        self.left: list[str] = []       # what could not be deleted, and why

    def carry_out(self) -> None:
        """All of it. Raises with what is left, and the command that goes on."""
        self._execute(self.steps())
        if self.left:
            raise self._go_on(Conflict(f"Not everything that was made for the host '{self.spec.name}' could be "
                                       f"deleted: {'; '.join(self.left)}."))

    def vm_is_gone(self) -> bool | None:
        """Whether by now there is no VM any more, or Azure deletes it; None where that can't be told."""
        try:
            found = self.azure.until(Deadline(LOOK_SECONDS)).get(kinds.VM, self.spec.group, self.spec.name)
        except DockerVMError:
            return None
        return found is None or state(found) == "Deleting"

    def begin(self) -> None:
        """Send the VM's deletion, which takes interface, address and disk along, and wait for nothing."""
        vm = self.remains.vm
        if vm is None:
            self.carry_out()
            return
        rules = self._rules()
        self._execute(_with_needs_that_are_there([*rules, *self._keeping(vm), Step(
            VM, f"send the deletion of the VM '{vm['name']}'", partial(self._delete, kinds.VM, vm, begin=True),
            self._request(kinds.VM, vm), (ADDRESSES, HANGING_ON, *_last(rules)))]))
        later = [f"the {kind.noun} '{part['name']}'" for kind, part in (
            (kinds.SECURITY_GROUP, self.remains.security_group), (kinds.SCHEDULE, self.remains.schedule),
            (kinds.VIRTUAL_NETWORK, self.remains.virtual_network)) if part is not None]
        if later:
            self.listener.say(f"When the VM is gone, this takes {_listed(later)} too, the network with the last "
                              f"of its hosts: {host_commands.delete(self.spec, self.remains.data_disks_go)}")

    def steps(self) -> list[Step]:
        """What stands on what goes first. A part that can't go is told in the end, and holds up no other."""
        vm, found = self.remains.vm, self._rules()
        rules = _last(found)
        if vm is not None:
            found += [*self._keeping(vm), self._deletion(kinds.VM, vm, (ADDRESSES, HANGING_ON, *rules))]
        for kind, part in self.remains.own:
            if kind is not kinds.VM:
                found.append(self._deletion(kind, part, (AFTER.get(kind, VM), *rules)))
        network = self.remains.virtual_network
        if network is not None:
            found.append(Step(NETWORK, f"delete the virtual network '{network['name']}' if nothing is left in it",
                              partial(self._leave, network), Request(
                                  "DELETE", kinds.VIRTUAL_NETWORK.type, self.spec.group, (network["name"],)),
                              (NETWORK_INTERFACE, SECURITY_GROUP), detail=str, forgiven=self._noting(
                                  kinds.VIRTUAL_NETWORK, network)))
        return _with_needs_that_are_there(found)

    def _keeping(self, vm: Resource) -> list[Step]:
        """What somebody else has given the VM, and let go with it, stays."""
        found, interface = [], self.remains.network_interface
        body = interface and network_interface.keeping(interface, (self.remains.public_ip or {}).get("id") or "")
        if interface and body:
            request = Request("PUT", kinds.NETWORK_INTERFACE.type, self.spec.group, (interface["name"],), body)
            found.append(self._change(ADDRESSES, "keep the public addresses that others have given it", request))
        changes = virtual_machine.leaving(vm, interface["id"] if interface else "", self.remains.data_disks_go)
        if changes:
            request = Request("PATCH", kinds.VM.type, self.spec.group, (vm["name"],), {"properties": changes})
            found.append(self._change(HANGING_ON, "settle what goes with the VM and what stays", request))
        return found

    def _rules(self) -> list[Step]:
        """Those in security groups of others, one after the other. They go first: what leads to them goes with the
        VM."""
        found: list[Step] = []
        for rule in self.remains.rules:
            def delete(_results: Results, deadline: Deadline, rule: AddedRule = rule) -> None:
                rule.delete(self.azure.until(deadline), self.spec)

            group = names.id_parts(rule.group_id)[1]
            found.append(Step(f"{group}/{rule.name}", f"delete the security rule '{rule.name}' of '{group}'", delete,
                              rule.request, _last(found),
                              forgiven=self._noting(kinds.SECURITY_RULE, {"name": rule.name})))
        return found

    def _change(self, key: str, title: str, request: Request) -> Step:
        return Step(key, title, lambda _results, deadline: self.azure.until(deadline).send(request), request)

    def _deletion(self, kind: Kind, part: Resource, needs: tuple[str, ...]) -> Step:
        request = self._request(kind, part)
        key = KEYS.get(kind) or f"{kind.noun} {part['name']}"
        return Step(key, f"delete the {kind.noun} '{part['name']}'", partial(self._delete, kind, part), request,
                    needs, forgiven=None if kind is kinds.VM else self._noting(kind, part))

    def _request(self, kind: Kind, part: Resource) -> Request:
        """A VM of which no disk stays needs no shutdown, which takes most of the time."""
        force = kind is kinds.VM and virtual_machine.keeps_nothing(part, self.remains.data_disks_go)
        return Request("DELETE", kind.type, self.spec.group, (part["name"],), force=force)

    def _delete(self, kind: Kind, part: Resource, _results: Results, deadline: Deadline, begin: bool = False) -> None:
        """Unless it has gone since, or what bears its name now was made by another run since it was looked at."""
        azure, name = self.azure.until(deadline), part["name"]
        now, request = azure.get(kind, self.spec.group, name), self._request(kind, part)
        if now is not None and names.tag(now, names.TAG_RUN) != names.tag(part, names.TAG_RUN):
            raise Conflict(f"The {kind.noun} '{name}' has just been made anew by another run; it was left to it.")
        if now is not None and begin:
            azure.begin(request)
        elif now is not None:
            azure.send(request)

    def _leave(self, network: Resource, _results: Results, deadline: Deadline) -> str:
        """Delete the network where this was the last host in it → what became of it."""
        azure, name = self.azure.until(deadline), network["name"]
        leaving, refused = deadline.within(LEAVING_SECONDS), None
        while True:
            now = azure.get(kinds.VIRTUAL_NETWORK, self.spec.group, name)
            if now is None:
                return "gone"
            if virtual_network.is_unused(now):
                if other_hosts(azure, self.spec, region_of(now)):
                    return "kept, another host is being made or deleted"
                try:
                    azure.send(Request("DELETE", kinds.VIRTUAL_NETWORK.type, self.spec.group, (name,)))
                    return ""
                except AzureRefused as error:
                    if error.code not in STILL_IN_USE:
                        raise
                    # Right after the interface's deletion Azure refuses it for a while, though it shows nobody in it.
                    leaving = leaving if refused else deadline.within(LEAVING_SECONDS)
                    refused = error
                if leaving.remaining() < 2:
                    return "kept, Azure says that something is still in it"
            elif not self._shows_us(now) or leaving.remaining() < 2:
                return "kept, something else is in it"
            azure.deadline.sleep(2, f"the virtual network '{name}' still shows the host's interface")

    def _shows_us(self, network: Resource) -> bool:
        interface = self.remains.network_interface
        return interface is not None and interface["id"].lower() in str(network["properties"]).lower()

    def _noting(self, kind: Kind, part: Resource) -> Callable[[BaseException], str | None]:
        def forgiven(error: BaseException) -> str | None:
            if not isinstance(error, DockerVMError) or isinstance(error, (Interrupted, DeadlinePassed, LoginRequired)):
                return None
            self.left.append(f"the {kind.noun} '{part['name']}': {error.message.rstrip('.')}")
            return f"Not deleted: the {kind.noun} '{part['name']}'."

        return forgiven

    def _execute(self, steps: list[Step]) -> None:
        try:
            execute(steps, self.listener, self.azure.deadline)
        except PlanFailed as failure:
            cause = refusals.as_extension_error(failure.cause, self.spec)
            cause.message = with_sentence(cause.message, self._what_became(failure))
            raise self._go_on(cause) from failure.cause
        except KeyboardInterrupt:
            error = Interrupted("Stopped at once. Azure goes on with a deletion that it has begun; the rest is left as "
                                "it is.", f"To see what is there: {host_commands.list_parts(self.spec)}")
            raise self._go_on(error) from None

    def _what_became(self, failure: PlanFailed) -> str:
        """Of what was begun: whoever stops a deletion wants to know whether the VM is still there."""
        vm = self.remains.vm
        if vm is not None and VM not in failure.results:
            became = {True: "is deleted all the same", False: "was not deleted", None: "may be deleted by now, or not"}
            return f"The VM '{vm['name']}' {became[self.vm_is_gone()]}."
        done = [step.title for step in failure.begun if step.key in failure.results]
        return f"By then: {'; '.join(done)}." if done else "Nothing was deleted."

    def _go_on(self, error: DockerVMError) -> DockerVMError:
        error.recommendations += (f"To go on: {host_commands.delete(self.spec, self.remains.data_disks_go)}",)
        return error


def _last(steps: list[Step]) -> tuple[str, ...]:
    return tuple(step.key for step in steps[-1:])


def _with_needs_that_are_there(steps: list[Step]) -> list[Step]:
    there = {step.key for step in steps}
    return [replace(step, needs=tuple(need for need in step.needs if need in there)) for step in steps]
