"""Why a host can't be used from here: one table from what is known of it to the cause, in words, with the next command.

Pure but for ``authorities_held``. What is not known is None in ``Facts``, and no cause is concluded from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from azext_dockervm.advice import certificates, docker_commands, host_commands, host_messages, network_commands
from azext_dockervm.body.knock import EVERYBODY
from azext_dockervm.certs.files import CA_CERT, CA_KEY, CLIENT_CERT, CLIENT_KEY
from azext_dockervm.errors import CertificateError, EngineUnreachable
from azext_dockervm.spec.host import HostSpec


@dataclass(frozen=True)
class Facts:
    """What is known of one host. ``host`` is for the commands; ``power`` is 'unknown' where Azure did not tell.

    ``finished``: whether a create has finished it, None where tags can't tell. ``trusts`` is the fingerprint of the CA
    that its tag names, ``holds`` are those of the folder, () for a folder without any. ``disk`` is what is wrong with
    Docker's own disk, and the command. ``unread``: why Azure did not tell the address. ``wire`` is what came of
    dialling it: None where nobody dialled. ``admits`` are the sources that the rules on the way let in to Docker's
    port, () where they shut it.
    """

    host: HostSpec
    power: str = "unknown"
    spot: bool = False
    state: str | None = None
    finished: bool | None = None
    port: int | None = None
    address: str | None = None
    unread: str | None = None
    trusts: str | None = None
    holds: tuple[str, ...] | None = None
    folder: Path | None = None
    disk: tuple[str, str] | None = None
    wire: EngineUnreachable | None = None
    admits: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Cause:
    """``key`` is for scripts, ``sentence`` stands alone, ``commands`` are what to type next, each with its purpose."""

    key: str
    sentence: str
    commands: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The sentence, then each command on a line of its own."""
        return "\n".join((self.sentence, *self.commands))


def conclude(facts: Facts) -> Cause | None:
    """The first cause of the table that the facts show; None where they show none."""
    return next(causes(facts), None)


def causes(facts: Facts) -> Iterator[Cause]:
    """All of them, the one to mend first before the others."""
    return (found for rule in TABLE if (found := rule(facts)) is not None)


# What Azure says of the VM


def _deleting(facts: Facts) -> Cause | None:
    if facts.state != "Deleting":
        return None
    return Cause("deleting", f"The host '{facts.host.name}' is being deleted.",
                 (f"To wait for its end: {host_commands.wait_until_deleted(facts.host)}",))


def _off(facts: Facts) -> Cause | None:
    if facts.power in ("running", "unknown"):
        return None
    state = host_messages.why_deallocated(facts.power, facts.spot)
    return Cause("off", f"The VM '{facts.host.name}' is {state}.", (f"To start it: {host_commands.start(facts.host)}",))


# Whose it is


def _lost_folder(facts: Facts) -> Cause | None:
    if not facts.trusts or facts.holds is None or facts.holds:
        return None
    return Cause("lost-folder", f"The folder {facts.folder} holds no certificates, and the host '{facts.host.name}' "
                                f"trusts the certificate authority with the fingerprint {facts.trusts[:16]}.... New "
                                "certificates do not open it.", _trust_again(facts.host))


def _other_authority(facts: Facts) -> Cause | None:
    if not facts.trusts or not facts.holds or facts.trusts == facts.holds[0]:
        return None
    return Cause("other-authority", f"The host '{facts.host.name}' trusts the certificate authority with the "
                                    f"fingerprint {facts.trusts[:16]}..., this folder's is {facts.holds[0][:16]}....",
                 _trust_again(facts.host))


def _trust_again(host: HostSpec) -> tuple[str, ...]:
    return ("Name the folder that holds its certificates: -dc FOLDER",
            f"If they are lost, to make the host trust your folder instead: {host_commands.enable(host)}")


# How far its create came


def _unfinished(facts: Facts) -> Cause | None:
    # A new host's enrolment port shows a certificate that it has signed itself; an engine never does.
    enrolling = facts.finished is None and facts.wire is not None and facts.wire.why == "self-signed"
    if facts.finished is not False and not enrolling:
        return None
    return Cause("unfinished", f"The host '{facts.host.name}' is unfinished: a create was interrupted or failed.",
                 (f"Run this create again: {host_commands.create_again(facts.host)}",))


def _no_port(facts: Facts) -> Cause | None:
    if facts.port is not None:
        return None
    return Cause("no-port", f"The VM '{facts.host.name}' has no dockervm-port tag that names a port: dockervm did not "
                            "make it, or did not finish.",
                 (f"To ask an engine whose port you know: {docker_commands.on_unknown_port(facts.address)}",))


# Its address and its disk


def _unread(facts: Facts) -> Cause | None:
    return Cause("address-unread", f"{facts.unread.rstrip('. ')}. So nobody knows the address of '{facts.host.name}'."
                 ) if facts.unread and not facts.address else None


def _no_address(facts: Facts) -> Cause | None:
    if facts.address:
        return None
    return Cause("no-address", f"The host '{facts.host.name}' has no public IP address, so it can't be reached from "
                               "here.", (f"To give it one again: {host_commands.create_again(facts.host)}",))


def _disk(facts: Facts) -> Cause | None:
    if facts.disk is None or facts.wire is None:
        return None
    return Cause("docker-disk", f"{facts.disk[0]}: {facts.wire.cause}.", (facts.disk[1],))


# What its engine's port says


def _files(facts: Facts) -> Cause | None:
    return _by_kind(facts, "files", (f"To look at the folder: {certificates.show_command(facts.folder or 'FOLDER')}",))


def _dns(facts: Facts) -> Cause | None:
    return _by_kind(facts, "dns", (), key="name-unknown")


def _closed_port(facts: Facts) -> Cause | None:
    if not _dropped(facts) or facts.admits != ():
        return None
    return Cause("closed-port", f"No network security rule lets anybody in at Docker's port {facts.port} of "
                                f"'{facts.host.name}'.",
                 (f"To open it again: {host_commands.create_again(facts.host)}",))


def _sources(facts: Facts) -> Cause | None:
    if not _dropped(facts) or not facts.admits or set(facts.admits) & EVERYBODY:
        return None
    own, echo = facts.host.network.own_address, facts.host.network.echo
    if own and own in facts.admits:
        return Cause("sources", f"Only {', '.join(facts.admits)} may reach Docker on '{facts.host.name}'. {own} is "
                                f"this computer's address as {echo} sees it. Azure may see another one, for example "
                                "behind a proxy or a VPN.",
                     (f"To let in another address too: {network_commands.add_source(facts.host, facts.admits)}",))
    return Cause("sources", f"Only {', '.join(facts.admits)} may reach Docker on '{facts.host.name}', and this "
                            "computer may be outside that range.",
                 (f"To let this computer in too: {network_commands.widen_sources(facts.host, facts.admits)}",))


def _firewall(facts: Facts) -> Cause | None:
    if not _dropped(facts):
        return None
    wire = facts.wire.cause if facts.wire else ""
    if facts.admits is None:
        return Cause("dropped", wire)
    return Cause("firewall", f"{_where(facts)} does not answer. Azure's rules let this computer in, so a firewall "
                             "between here and Azure, or the host's own, drops the packets.")


def _dropped(facts: Facts) -> bool:
    return facts.wire is not None and facts.wire.kind == "timeout"


def _where(facts: Facts) -> str:
    return f"{facts.address}:{facts.port}"


def _refused(facts: Facts) -> Cause | None:
    return _by_kind(facts, "refused", (f"To look at the host and start its engine: "
                                       f"{host_commands.create_again(facts.host)}",), key="engine-stopped")


def _clock(facts: Facts) -> Cause | None:
    if facts.wire is None or facts.wire.why != "early":
        return None
    return Cause("clock", f"The certificate of {_where(facts)} is not valid yet: the clock of this computer, or of the "
                          "one that made it, is wrong.", (certificates.CLOCK,))


def _expired(facts: Facts) -> Cause | None:
    return _by_kind(facts, "expired", (
        f"To renew it: {host_commands.create_again(facts.host)}", f"If it should be valid: {certificates.CLOCK}"))


def _name(facts: Facts) -> Cause | None:
    if facts.wire is None or facts.wire.why != "name":
        return None
    return Cause("wrong-name", f"The certificate of '{facts.host.name}' does not name {facts.address}.",
                 (f"To give it one that does: {host_commands.create_again(facts.host)}",))


def _distrusted(facts: Facts) -> Cause | None:
    return _by_kind(facts, "certificate", _trust_again(facts.host), key="other-authority")


def _rejected(facts: Facts) -> Cause | None:
    return _by_kind(facts, "rejected", _trust_again(facts.host))


def _anything_else(facts: Facts) -> Cause | None:
    return Cause(facts.wire.kind, facts.wire.cause) if facts.wire else None


def _by_kind(facts: Facts, kind: str, commands: tuple[str, ...], key: str = "") -> Cause | None:
    if facts.wire is None or facts.wire.kind != kind:
        return None
    return Cause(key or kind, facts.wire.cause, commands)


TABLE: tuple[Callable[[Facts], Cause | None], ...] = (
    _deleting, _off, _lost_folder, _other_authority, _unfinished, _no_port, _unread, _no_address, _disk, _files, _dns,
    _closed_port, _sources, _firewall, _refused, _clock, _expired, _name, _distrusted, _rejected, _anything_else)
_FILES = (CA_CERT, CA_KEY, CLIENT_CERT, CLIENT_KEY)
# Known without dialling, and nothing that dialling could tell otherwise.
NOT_DIALLED = frozenset({"deleting", "off", "lost-folder", "no-port", "address-unread", "no-address"})
# Other certificates are needed.
TRUST = frozenset({"lost-folder", "other-authority"})


def is_empty(folder: Path) -> bool:
    """Whether a folder has none of the four files of certificates."""
    return not any((folder / name).exists() for name in _FILES)


def authorities_held(folder: Path) -> tuple[str, ...] | None:
    """The fingerprints of the CAs in a folder, for ``Facts.holds``; () where it has none of the four files, None where
    it is damaged or can't be read."""
    from azext_dockervm.certs.store import CertificateStore

    if is_empty(folder):
        return ()
    try:
        return CertificateStore(folder).authority_fingerprints() or None
    except CertificateError:
        return None
