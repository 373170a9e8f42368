"""What a new VM is given for its first boot: the set-up's own, the user's, or both as one."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.errors import CustomDataTooLong
from azext_dockervm.provision.choice import CLOUD_INIT, RUN_COMMAND, ProvisionerChoice
from azext_dockervm.provision.cloud_init import Order
from azext_dockervm.provision.custom_data import head_start, joined
from azext_dockervm.provision.host_values import are_secret, to_install
from azext_dockervm.secret import Secret
from azext_dockervm.spec.custom_data import CustomData, bytes_left, compressed, reads_mime
from azext_dockervm.spec.extension_era import is_of_extension_era
from azext_dockervm.spec.host import HostSpec

# What is random in it makes it up to a hundred bytes longer or shorter, once compressed.
MARGIN = 128


@dataclass(frozen=True)
class FirstBoot:
    """``content`` is None where nothing is given. ``users`` is joined with ours, but where ``alone`` says why not."""

    content: bytes | None
    users: CustomData | None = None
    alone: str = ""

    @property
    def body(self) -> bytes | Secret[str] | None:
        """As the VM's body takes it; the user's may be secret, and comes encoded."""
        if self.users is None or self.content is None:
            return self.content
        return Secret(base64.b64encode(self.content).decode())

    @property
    def told(self) -> str:
        """A sentence for the user; empty where none of it is his."""
        if self.users is None or self.content is None:
            return ""
        kinds, left = ", ".join(self.users.words), f"{bytes_left(self.content):,} bytes are left."
        if self.alone:
            return f"Custom data: yours alone ({kinds}), since {self.alone}; {left}"
        return f"Custom data: yours ({kinds}) and the set-up's own; {left}"


def reboot_in_between(spec: HostSpec, choice: ProvisionerChoice) -> str:
    """A warning where the user's cloud-config reboots the VM while something else may set it up; else empty."""
    users = spec.custom_data
    if users is None or not users.reboots or choice.provisioner == CLOUD_INIT:
        return ""
    return (f"Custom data: your cloud-config reboots the VM ({users.reboots}), which may be while {choice.provisioner} "
            "sets it up; then the same create again goes on. cloud-init does it when its own set-up has ended.")


def first_boot(spec: HostSpec, choice: ProvisionerChoice) -> FirstBoot:
    """Of a host that run commands or the Docker VM extension set up. Ours is a head start only, so it is left out where
    it can't stand beside the user's."""
    ours, users = _head_start(spec, choice), spec.custom_data
    mime = reads_mime(spec.machine.image, spec.provisioner)
    if users is None:
        return FirstBoot(ours and compressed(ours))
    if ours is None:
        alone = ("nothing secret rides in custom data: run commands install Docker" if are_secret(spec)
                 else "the Docker VM extension installs Docker by itself")
    elif not mime:
        has = "has no cloud-init" if spec.machine.image.has_ignition else "is not known to have cloud-init"
        alone = f"the image {has}: run commands install Docker"
    else:
        both = joined(ours, users)
        if bytes_left(both) >= 0:
            return FirstBoot(both, users)
        alone = f"both together have {-bytes_left(both):,} bytes too many: run commands install Docker"
    return FirstBoot(users.alone(mime), users, alone)


def only_users(spec: HostSpec) -> FirstBoot:
    """Without the set-up's own, which only a create can give."""
    users = spec.custom_data
    mime = reads_mime(spec.machine.image, spec.provisioner)
    return FirstBoot(None if users is None else users.alone(mime), users)


def _head_start(spec: HostSpec, choice: ProvisionerChoice) -> bytes | None:
    """Where the set-up script installs Docker; the extension's own installation wants none beside it, and nothing
    secret comes along."""
    if are_secret(spec):
        return None
    if choice.provisioner == RUN_COMMAND:
        return head_start(to_install(spec))
    return None if is_of_extension_era(spec.machine.image) else head_start(to_install(spec), compose=True)


def planned(spec: HostSpec, choice: ProvisionerChoice, store: CertificateStore, spare: int = 0) -> FirstBoot:
    """Before anything is made. What the fast lane takes is as long as it will be, but for some bytes: it is of a run of
    its own, and of another authority where the folder has none yet. Raises ``CustomDataTooLong`` where less than
    ``spare`` bytes are left."""
    if choice.provisioner != CLOUD_INIT:
        return first_boot(spec, choice)
    from azext_dockervm.certs.authority import Authority

    authority = Authority.create() if store.check().created else store.load_authority()
    return FirstBoot(Order.of(spec, "0" * 12).packed(authority, spare), spec.custom_data)


def with_room(spec: HostSpec, choice: ProvisionerChoice, store: CertificateStore) -> ProvisionerChoice:
    """The choice for a new host; run commands, where what cloud-init is given does not fit into custom data and nobody
    asked for it. Raises ``CustomDataTooLong`` where somebody did."""
    try:
        planned(spec, choice, store, MARGIN)
    except CustomDataTooLong as error:
        if spec.provisioner == CLOUD_INIT:
            raise
        return ProvisionerChoice(RUN_COMMAND, error.message.rstrip("."))
    return choice
