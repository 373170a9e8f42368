"""A host as its VM's tags note it: what was ordered of it; and where Azure says that it is, where that was read. Nobody
dials; nothing says that it was finished but the last tag of a create."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from azext_dockervm.advice import host_commands, refusals
from azext_dockervm.advice.host_messages import with_sentence
from azext_dockervm.azure import names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.body import virtual_machine
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import Conflict, NotFound
from azext_dockervm.host import docker_disk, where
from azext_dockervm.host.cause import Cause, Facts, conclude
from azext_dockervm.host.renewal import noted_expiry
from azext_dockervm.host.where import Where
from azext_dockervm.provision.choice import was_finished
from azext_dockervm.spec.host import HostSpec

# Any of them on a VM says that dockervm had to do with it, also where a hand has taken the others away.
SIGNS = (names.TAG_HOST, names.TAG_SCHEMA, names.TAG_PORT, names.TAG_AUTHORITY, names.TAG_FQDN, names.TAG_PROVISIONER)
FINGERPRINT = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
# Of a DNS name or an address; what else a hand writes there would get into URLs and shells.
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)


@dataclass(frozen=True)
class NotedHost:
    """``power_state`` is 'unknown' where Azure did not tell; ``subscription`` as it was named, for the commands that
    messages print. What a tag says that can't be is None here, and told in ``problems``. ``where`` is what is dialled;
    None where tags alone say the address, which is for display."""

    vm: Resource
    power_state: str = "unknown"
    subscription: str | None = None
    where: Where | None = None
    ssh_port: int | None = None

    @property
    def group(self) -> str:
        return names.id_parts(self.vm["id"])[0]

    @property
    def name(self) -> str:
        return str(self.vm["name"])

    @property
    def port(self) -> int | None:
        return names.port_tag(self.vm)

    @property
    def endpoint(self) -> str | None:
        """The host's DNS name, or the address of one that has none: Azure's, else as its tag notes it."""
        if self.where is not None:
            # A host that has lost its public address is not known by the private one.
            known_by_address = names.is_address(names.endpoint_tag(self.vm))
            return self.where.fqdn or self.where.public or (self.where.private if known_by_address else None)
        text = names.endpoint_tag(self.vm) or ""
        return text if HOST_NAME.fullmatch(text) else None

    @property
    def fqdn(self) -> str | None:
        if self.where is not None:
            return self.where.fqdn
        return None if names.is_address(self.endpoint) else self.endpoint

    @property
    def authority(self) -> str | None:
        """SHA-256 of the CA that the host trusts, in hex."""
        text = names.tag(self.vm, names.TAG_AUTHORITY) or ""
        return text.lower() if FINGERPRINT.fullmatch(text) else None

    @property
    def provisioner(self) -> str | None:
        """Who has set the host up, or was ordered to; None for one that no create has finished."""
        return names.tag(self.vm, names.TAG_PROVISIONER)

    @property
    def finished(self) -> bool | None:
        """Whether a create has finished the host; None where its tags can't tell."""
        return was_finished(self.provisioner)

    @property
    def expires(self) -> datetime | None:
        """The end of the server certificate."""
        return noted_expiry(names.tag(self.vm, names.TAG_CERTIFICATE_EXPIRES))

    @property
    def docker_host(self) -> str | None:
        return f"tcp://{self.endpoint}:{self.port}" if self.endpoint and self.port else None

    @property
    def facts(self) -> Facts:
        """What is known of it without dialling, and without a folder of certificates."""
        spec = HostSpec(self.group, self.name, subscription=self.subscription)
        unread = self.where.unread if self.where else None
        return Facts(spec, self.power_state, virtual_machine.is_spot(self.vm), self.vm["properties"].get(
            "provisioningState"), self.finished, self.port, self.endpoint, unread.message if unread else None,
            self.authority, disk=docker_disk.why_not_attached(spec, self.vm))

    @property
    def cause(self) -> Cause | None:
        """Why it can't be used, as far as that shows without dialling."""
        told = self.finished is False or self.power_state not in ("running", "unknown")
        return conclude(self.facts) if told else None

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the tags, of which a hand has written or taken some."""
        return tuple(self.wrong_tags.values())

    @property
    def wrong_tags(self) -> dict[str, str]:
        """The same by the tags' names."""
        rules = {}
        host, schema = names.tag(self.vm, names.TAG_HOST), names.tag(self.vm, names.TAG_SCHEMA)
        if host is None or host.lower() != self.name.lower():
            rules[names.TAG_HOST] = f"must be '{self.name}'"
        if schema != names.SCHEMA:
            rules[names.TAG_SCHEMA] = f"must be '{names.SCHEMA}' for this version of dockervm"
        if self.port is None:
            rules[names.TAG_PORT] = "must be the engine's port"
        if not HOST_NAME.fullmatch(names.endpoint_tag(self.vm) or ""):
            rules[names.TAG_FQDN] = "must be the host's DNS name, or its address where it has none"
        if self.authority is None:
            rules[names.TAG_AUTHORITY] = "must be the SHA-256 fingerprint of a certificate authority"
        return {name: _wrong(name, names.tag(self.vm, name) or None, rule) for name, rule in rules.items()}


def is_host(vm: Resource) -> bool:
    return any(names.tag(vm, name) is not None for name in SIGNS)


def read(azure: Azure, group: str, name: str, subscription: str | None = None, *more: Kind) -> NotedHost:
    """With where it is: one GET for the VM, and one for its address beside it. Raises ``NotFound`` where the group has
    no such VM, ``Conflict`` where dockervm did not make it."""
    vm, near = where.with_vm(azure, group, name, *more)
    if vm is None:
        raise NotFound(f"There is no VM '{name}' in a resource group '{group}'.",
                       f"The hosts that there are: {host_commands.list_hosts(subscription)}")
    if not is_host(vm):
        raise Conflict(f"The VM '{name}' is no host of dockervm: it has none of its tags.", (
            f"To see the VM all the same: {host_commands.info(HostSpec(group, name, subscription=subscription))}",
            f"The hosts that there are: {host_commands.list_hosts(subscription)}"))
    at = where.located(azure, vm, near.values())
    return NotedHost(vm, virtual_machine.power_state(vm), subscription, at,
                     where.ssh_port(vm, near, at.public is None))


def check_tags(host: NotedHost, spec: HostSpec) -> None:
    """Raise ``Conflict`` for a host whose tags a hand has spoilt; the commands say again what ``spec`` was given."""
    wrong = {name: text for name, text in host.wrong_tags.items() if name != names.TAG_FQDN or host.where is None}
    if not wrong:
        return
    if names.TAG_HOST in wrong:
        mend = f"If it is this host's, say so with its tag: {host_commands.mark_as_part(spec, host.vm['id'])}"
    elif names.TAG_AUTHORITY in wrong and names.tag(host.vm, names.TAG_AUTHORITY):
        mend = f"To ask the host whom it trusts, and note it again: {host_commands.enable(spec)}"
    else:
        mend = f"To look at the host and note them again: {host_commands.create_again(spec)}"
    raise Conflict(f"The tags of '{host.name}' do not say how to reach it: {'; '.join(wrong.values())}.",
                   (mend, f"To see what is there: {host_commands.info(spec)}"))


def docker_host(host: NotedHost, spec: HostSpec) -> str:
    """Where docker reaches the host. Raises ``Conflict`` where it has no address, and as Azure did where that may not
    be read; the commands say again what ``spec`` was given."""
    found = host.docker_host
    if found is not None:
        return found
    if host.where is not None and host.where.unread is not None:
        error = host.where.unread
        error.message = with_sentence(error.message, f"So nobody knows the address of '{host.name}': its tags are for "
                                                     "display, and are not dialled.")
        error.recommendations = error.recommendations or refusals.of_reading(error)
        raise error
    raise Conflict(f"The host '{host.name}' has no public IP address.",
                   f"To give it one again: {host_commands.create_again(spec)}")


def _wrong(name: str, value: str | None, rule: str) -> str:
    return f"the tag {name} is missing; it {rule}" if value is None else f"the tag {name} is '{value}'; it {rule}"
