"""A host from end to end: made in one plan; one that exists is asked first, then mended and finished."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from azext_dockervm.advice import host_commands, host_messages, network_commands, refusals
from azext_dockervm.advice.host_messages import nothing_was_changed, published_but_closed, with_sentence
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import public_ip, security_group, virtual_machine
from azext_dockervm.body.resource import state
from azext_dockervm.certs.records import HostRecords
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.certs.summary import describe
from azext_dockervm.errors import AzureRefused, AzureUnreachable, DeadlinePassed, DockerVMError, Interrupted
from azext_dockervm.flow import trace
from azext_dockervm.flow.execute import PlanFailed, execute
from azext_dockervm.flow.step import Alternative, Listener, Plan, Results, Step, steps_of
from azext_dockervm.host import adopt, certify, rest, server_names, settings
from azext_dockervm.host.cause import Cause, Facts, conclude
from azext_dockervm.host.existing import further_changes, port_changes, stays_as_it_is, why_set_up
from azext_dockervm.host.failure import FailedCreate
from azext_dockervm.host.finished import FinishedHost
from azext_dockervm.host.host_plan import HostPlan
from azext_dockervm.host.look import Standing, look_at
from azext_dockervm.host.making import SECURITY_GROUP, VM
from azext_dockervm.options.existing import not_applied
from azext_dockervm.preflight import guards, own_address
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.survey import survey
from azext_dockervm.provision import packages, workload
from azext_dockervm.provision.choice import ProvisionerChoice, choose, choose_again
from azext_dockervm.provision.first_boot import planned, reboot_in_between, with_room
from azext_dockervm.provision.proof import Proof
from azext_dockervm.provision.run_commands import RunCommands
from azext_dockervm.provision.target import ADDRESS, AUTHORITY, Address, Target
from azext_dockervm.spec import rules
from azext_dockervm.spec.compose_file import check_ports, published
from azext_dockervm.spec.host import HostSpec

# One more look at a host that has just said itself that it is sound, and did not answer from here a moment ago.
LAST_LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Prepared:
    """What was asked for and found; nothing has been made yet. ``never_ran``: the VM that is there never ran; it is
    deleted and made anew."""

    spec: HostSpec
    found: Found
    choice: ProvisionerChoice
    never_ran: bool = False


@trace.step("prepare", "look at what is there")
def prepare(azure: Azure, spec: HostSpec, store: CertificateStore, to_write: bool = True) -> Prepared:
    """Read what is there and decide; makes nothing. ``to_write``: ``create`` comes next.

    Whose an existing host is comes before everything else: nothing of another's is touched or asked.
    """
    try:
        return _prepared(azure, spec, store, to_write)
    except DockerVMError as error:
        error = refusals.with_recommendation(error, spec)
        raise (nothing_was_changed(error, host_commands.create_anew(spec)) if to_write else error) from error


def _prepared(azure: Azure, spec: HostSpec, store: CertificateStore, to_write: bool = True) -> Prepared:
    spec, found = survey(azure, spec, to_write)
    if found.vm is None:
        new = with_room(spec, choose(spec, found.extension_published), store)
        packages.check(spec, new)
        return Prepared(spec, found, new)
    adopt.check_whose(spec, found.vm, store.authority_fingerprints())
    # One that is being deleted is waited for, then made anew.
    if not to_write or state(found.vm) != "Deleting":
        adopt.check_runs(spec, found.vm)
    choice = choose_again(spec, names.tag(found.vm, names.TAG_PROVISIONER), found.extension_published)
    ruin = adopt.is_ruin(found.vm)
    if ruin:
        packages.check(spec, choice)
    return Prepared(spec, found, choice, ruin)


def create(azure: Azure, prepared: Prepared, store: CertificateStore, listener: Listener,
           ssh_keys: Callable[[], tuple[str, ...]]) -> FinishedHost:
    """Make the host, or finish it where it is half made. ``ssh_keys`` gives the keys of a VM for which neither keys nor
    password were asked, and may have to make them.

    A failure before the VM runs undoes what this call made; a later one keeps the VM and says how to go on.
    """
    return Creation(azure, prepared, store, listener).carry_out(ssh_keys)


class Creation:
    """One create. ``asked`` is what was asked for; ``spec`` the same with what an existing host has."""

    def __init__(self, azure: Azure, prepared: Prepared, store: CertificateStore, listener: Listener) -> None:
        self.azure, self.store, self.listener = azure, store, listener
        self.asked = self.spec = prepared.spec
        self.found, self.choice, self.never_ran = prepared.found, prepared.choice, prepared.never_ran
        self.proven = False
        self.run_id = uuid.uuid4().hex[:12]
        self.commands = RunCommands(azure, self.spec, self.run_id)

    def carry_out(self, ssh_keys: Callable[[], tuple[str, ...]]) -> FinishedHost:
        try:
            self._bring_to_rest()
        except DockerVMError as error:
            raise self._told_how_to_go_on(error, anew=True) from error
        self.announce()
        if self.found.vm is not None:
            return self._finish_existing()
        self.take_keys(ssh_keys)
        return self._make()

    def take_keys(self, ssh_keys: Callable[[], tuple[str, ...]]) -> None:
        """The keys of a new host: those that were given, the one that was named, else what ``ssh_keys`` gives."""
        if self.spec.login.wants_keys and not self.spec.login.ssh_keys:
            named = self.found.ssh_key
            self.spec = self.spec.having({"login.ssh_keys": (named,) if named else ssh_keys()})

    @property
    def planning(self) -> HostPlan:
        return HostPlan(self.azure, self.asked, self.spec, self.found, self.choice, self.run_id, self.commands,
                        self.store, self.listener, self.proven)

    # A new host: one plan from the certificate authority to the tags

    def plan(self) -> list[Step | Alternative]:
        """All that making a host that is not there yet will do, before anything of it is done."""
        return self.planning.of_new()

    def _make(self) -> FinishedHost:
        # Of an earlier host of this name, which is gone.
        HostRecords(self.store.folder).forget(self.azure.resource_id(kinds.VM, self.spec.group, self.spec.name))
        with self._told():
            results = execute(self.plan(), self.listener, self.azure.deadline)
            return self._finished(results)

    def _finished(self, results: Results) -> FinishedHost:
        provisioned, proof = certify.proven(results)
        settings.warn_of_mirrors(results, self.listener)
        return FinishedHost(certify.vm_as_noted(results, results[VM]), self.spec, results[ADDRESS], provisioned, proof,
                            results.get(workload.KEY), self._why_unreachable(results, proof))

    def _why_unreachable(self, results: Results, proof: Proof) -> Cause | None:
        """Of a host that has said that it is sound."""
        if proof.wire is None:
            return None
        address: Address = results[ADDRESS]
        return conclude(Facts(self.asked, "running", finished=True, port=self.spec.engine.port,
                              address=address.endpoint, folder=self.store.folder, wire=proof.wire,
                              admits=self._admitted(results)))

    def _admitted(self, results: Results) -> tuple[str, ...] | None:
        """Whom the security group of the host's interface lets in at Docker's port; None where that is not known."""
        group = results.get(SECURITY_GROUP) or self.found.guard or self.found.subnet_group
        rules = security_group.every_rule(group)
        return guards.knock(self.spec, self.found).admitted(rules, self.spec.engine.port) if rules else None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Whatever happens from here on may have left something: it is undone or kept, and the user is told."""
        def failed() -> FailedCreate:
            return FailedCreate(self.azure, self.asked, self.found, self.run_id, self.listener)

        try:
            try:
                yield
            except PlanFailed as failure:
                raise failed().before_it_works(failure) from failure.cause
            except Exception as error:
                raise failed().kept(error) from error
        except KeyboardInterrupt:
            raise failed().left_at_once() from None

    def _told_how_to_go_on(self, cause: BaseException, anew: bool = False) -> DockerVMError:
        """What failed before anything of a host was touched; time that is over says nothing of what to do."""
        error = refusals.as_extension_error(cause, self.asked)
        if isinstance(error, (DeadlinePassed, Interrupted, AzureRefused, AzureUnreachable)):
            again = host_commands.create_anew(self.asked) if anew else host_commands.create_again(self.asked)
            if not any(again in one for one in error.recommendations):
                error.recommendations += (f"To continue with it: {again}",)
        return error

    # A host that is there

    def announce_ports(self) -> None:
        """What becomes of the ports of a host that is there, before it happens."""
        for text in port_changes(self.planning.making):
            self.listener.say(text)

    def _finish_existing(self) -> FinishedHost:
        try:
            authority = execute([self.planning.authority()], self.listener, self.azure.deadline)
        except PlanFailed as failure:
            raise refusals.as_extension_error(failure.cause, self.spec) from failure.cause
        standing = self._look(authority)
        self.announce_ports()
        with self._told():
            machine = self.planning.machine()
            results = execute(machine, self.listener, self.azure.deadline, authority)
            return self._finish(results, standing, machine)

    def _look(self, authority: Results) -> Standing:
        """Nothing has been touched yet, so whatever fails here leaves the host as it is."""
        step = Step("look", f"ask the host '{self.spec.name}' how it is", lambda results, deadline: look_at(
            self.azure.until(deadline), self.spec, self.found, self.commands, results[AUTHORITY], self.store),
            quiet=True)
        try:
            standing = self._asked(step, authority)
        except PlanFailed as failure:
            certify.delete_what_asked(failure.cause, self.commands, self.listener)
            raise self._told_how_to_go_on(failure.cause) from failure.cause
        self.found, self.proven = replace(self.found, port=standing.port), standing.provisioned is not None
        self._take_names(standing)
        if "docker_port" not in self.asked.given:
            self.spec = self.spec.having({"engine.port": standing.port})
            self.commands = self.commands.on(self.spec)
        return standing

    def _asked(self, look: Step, authority: Results) -> Standing:
        """The host's answer; where an extension that has failed is in its way, that is removed first: our own, from a
        host of ours that nobody has finished."""
        try:
            standing: Standing = execute([look], self.listener, self.azure.deadline, authority)[look.key]
        except PlanFailed as failure:
            ours = names.tag(self.found.vm, names.TAG_AUTHORITY) is not None
            removal = certify.unblocking(self.planning.existing, failure.cause) if ours else None
            if removal is None:
                raise
            execute([removal], self.listener, self.azure.deadline)
            standing = execute([look], self.listener, self.azure.deadline, authority)[look.key]
        return standing

    def _finish(self, results: Results, standing: Standing, machine: Plan) -> FinishedHost:
        """Set-up or a new certificate where it is needed, then the proof. ``machine`` are the steps before."""
        address: Address = results[ADDRESS]
        certificate = self._certificate(standing)
        reason = why_set_up(self.spec, self.found, standing, address.endpoint, certificate)
        self._tell_of_names(certificate, bool(reason))
        if not reason:
            self.spec = self.spec.having(virtual_machine.noted_docker(self.found.vm))
        planning, existing = self.planning, self.planning.existing
        if reason:
            self.listener.say(f"Setting up '{self.spec.name}' by {self.choice.provisioner} ({self.choice.reason}): "
                              f"{reason}.")
            steps = planning.set_up(certify.extension_is_left(existing))
        else:
            steps = self._left_alone(existing, standing, certificate)
        unreachable = not reason and standing.unreachable and stays_as_it_is(self.found, results)
        finishing = planning.finish(
            [*further_changes(self.azure, self.asked, self.spec, self.found, results), *planning.daily_shutdown()],
            LAST_LOOK_SECONDS if unreachable else None)
        changes = [one for one in steps_of([*machine, *steps, *finishing])
                   if one.key != certify.TAGS and (one.request is not None or one.key == workload.KEY)]
        if not changes:     # then the tags are only looked at
            finishing = [replace(one, quiet=True) if one.key == certify.TAGS else one for one in finishing]
        done = self._finished(execute([*steps, *finishing], self.listener, self.azure.deadline, results))
        if not changes and done.proof.reachable:
            self.listener.say(f"The host '{self.spec.name}' is sound; nothing to do.")
        return done

    def _left_alone(self, existing: Target, standing: Standing, certificate: bytes | None
                    ) -> list[Step | Alternative]:
        if standing.provisioned is None:
            raise AssertionError("a host without a reason to set it up has a certificate")
        certify.tell_of_extension(existing, standing.provisioned.provisioner, self.listener)
        return self.planning.left_alone(replace(standing.provisioned, certificate=certificate))

    # What is there, before

    def _bring_to_rest(self) -> None:
        """Wait for what is being made or changed, delete a VM that never ran."""
        while rest.bring_to_rest(self.azure, self.found, self.listener.say):
            self._prepare_again()
        if self.never_ran:
            self._remove_what_never_ran()
        if self.found.vm is not None:
            self.take_over()
        self.commands = self.commands.on(self.spec)

    def take_over(self) -> None:
        """What an existing host has, and was not asked otherwise, is what is asked for."""
        self.spec = adopt.adapted(self.asked, self.found)
        self._take_names(None)
        port, ssh_port = self.spec.engine.port, self.spec.network.ssh_port
        if ssh_port is not None:
            rules.check_ports(port, ssh_port)
        check_ports(self.spec.workload, port, ssh_port or names.DEFAULT_SSH_PORT)

    def _take_names(self, standing: Standing | None) -> None:
        """Unless they were typed, the further names of the certificate are those of the one that was signed last."""
        if "tls_san" in self.asked.given:
            return
        presented = standing.provisioned.certificate if standing and standing.provisioned else None
        fqdn = public_ip.fqdn_if_any(self.found.public_ip)
        self.spec = self.spec.having({"engine.tls_names": server_names.taken_over([self._record(), presented], fqdn)})

    def _record(self) -> bytes | None:
        return HostRecords(self.store.folder).read(self.found.vm["id"]) if self.found.vm else None

    def _certificate(self, standing: Standing) -> bytes | None:
        """The one that the host has, as far as it is known here."""
        seen, record = standing.provisioned, self._record()
        if seen is None:
            return None
        if seen.certificate is not None or record is None:
            return seen.certificate
        return record if describe(record).fingerprint == seen.fingerprint else None

    def _tell_of_names(self, certificate: bytes | None, is_renewed: bool) -> None:
        """What no tag gets signed, and what a new certificate loses."""
        if "tls_san" in self.asked.given:
            return
        taken = self.spec.engine.tls_names
        if is_renewed or certificate is not None:
            noted = server_names.not_taken(virtual_machine.noted_names(self.found.vm), certificate, taken)
            if noted:
                self.listener.warn(host_messages.names_of_tag_alone(self.asked, noted, taken))
        lost = server_names.dropped(certificate, taken) if is_renewed else ()
        if lost:
            self.listener.warn(host_messages.names_dropped(self.asked, lost, taken))

    def _remove_what_never_ran(self) -> None:
        """Everything is made anew, as it was asked for."""
        spec = self.asked
        try:
            execute(self.planning.removal(), self.listener, self.azure.deadline)
        except PlanFailed as failure:
            cause = refusals.as_extension_error(failure.cause, spec)
            cause.message = with_sentence(
                cause.message, f"The VM '{spec.name}' never ran, and had to be deleted before it could be made anew; "
                               "it was left as it is.")
            cause.recommendations += (f"To delete it: {host_commands.delete(spec)}",
                                      f"To try again: {host_commands.create_anew(spec)}")
            raise cause from failure.cause
        self._prepare_again()

    def _prepare_again(self) -> None:
        """All of it, whose the host is above all: another run may have put a host of its own in its place."""
        prepared = _prepared(self.azure, self.asked, self.store)
        self.asked = self.spec = prepared.spec
        self.found, self.choice, self.never_ran = prepared.found, prepared.choice, prepared.never_ran

    def announce(self) -> None:
        say = self.listener.say
        self._announce_own_address()
        for remark in self.found.remarks:
            self.listener.warn(remark)
        if self.found.vm is not None:
            say(f"The host '{self.spec.name}' exists; going on from where its set-up stands.")
            for text in not_applied(self.asked, self.found.expanded_vm):
                end = "" if "\n" in text else "."
                # Where commands follow, each ends its line, so that it can be copied.
                self.listener.warn(f"Not applied: {text}{end}")
            for text in adopt.without_effect(self.asked, self.found):
                self.listener.warn(f"Without effect: {text}.")
            return
        if self.found.dns.was_replaced:
            self.listener.warn(f"DNS label: {self.found.dns.was_replaced}; taking '{self.found.dns.name}'.")
        if self.spec.machine.architecture is not None:
            machine = self.spec.machine
            say(f"Architecture: {machine.architecture}; the image is {machine.image}, the size {machine.size}.")
        self._announce_closed_ports()
        say(f"Provisioner: {self.choice.provisioner} ({self.choice.reason}).")
        if self.spec.custom_data is not None:
            say(planned(self.spec, self.choice, self.store).told)
        self._announce_who_may_come()
        reboots = reboot_in_between(self.spec, self.choice)
        if reboots:
            self.listener.warn(reboots)

    def _announce_own_address(self) -> None:
        """What stands in the place of ``me``, where rules are written with it."""
        network = self.spec.network
        if network.own_address and (self.found.vm is None or own_address.is_typed(self.asked)):
            self.listener.say(f"'me' is {network.own_address}, the public address of this computer as {network.echo} "
                              "sees it.")

    def _announce_who_may_come(self) -> None:
        """Of a new host with a security group of its own."""
        network = self.spec.network
        if network.security_group is not None or network.interfaces or self.spec.public_ip is None:
            return
        ports = f"Docker (port {self.spec.engine.port})" + (
            f" and SSH (port {network.ssh_port})" if network.ssh_port is not None else "")
        if network.sources != ("*",):
            self.listener.say(f"Who may reach {ports}: {', '.join(network.sources)}.")
        elif "sources" in self.asked.given:
            self.listener.say(f"{ports}: open to the Internet, as asked.")
        else:
            verb = "are" if network.ssh_port is not None else "is"
            self.listener.say(f"{ports} {verb} open to the Internet. Docker lets in only clients with a certificate of "
                              f"your authority.\nTo let in this computer alone: "
                              f"{network_commands.narrow_sources(self.asked)}")

    def _announce_closed_ports(self) -> None:
        """Of a new host, whose security group will have what is asked for and nothing else; ``info`` knows it later."""
        network = self.spec.network
        if network.security_group is not None or network.interfaces:
            return
        closed = [one for one in published(self.spec.workload) if not one.is_local and not all(
            any(port in opened for opened in network.open_ports) for port in range(one.first, one.last + 1))]
        if closed:
            self.listener.warn(published_but_closed([(one.service, one) for one in closed],
                                                    [*network.open_ports, *closed]))
