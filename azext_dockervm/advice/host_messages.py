"""Whole messages about a host that more than one command gives, with what to type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from azext_dockervm.advice import host_commands
from azext_dockervm.advice.certificates import show_command
from azext_dockervm.advice.command_line import option
from azext_dockervm.advice.subject import AskedHost, NamedHost
from azext_dockervm.errors import (
    AzureRefused,
    AzureUnreachable,
    Conflict,
    DeadlinePassed,
    DockerVMError,
    HostFailed,
    HostGone,
    Interrupted,
)


def with_sentence(message: str, sentence: str) -> str:
    """``message`` with one more sentence. Azure's messages and causes end with a dot, or with none, or with a dot and a
    space."""
    return f"{message.rstrip('. ')}. {sentence}"


def belongs_to_others(host: AskedHost, cause: str) -> Conflict:
    """The host trusts another certificate authority: setting it up would cut off whoever uses it."""
    return Conflict(
        with_sentence(f"The host '{host.name}' was set up with other certificates: {cause}", "It was left as it is."),
        (f"Name the folder that holds its certificates: -dc FOLDER ('{show_command('FOLDER')}' shows what a folder "
         "holds).",
         "If they are lost, or the host shall be yours from now on, this command makes it trust your certificates "
         f"instead. It says who loses access, and asks first: {host_commands.enable(host)}"))


def nothing_was_changed(error: DockerVMError, again: str) -> DockerVMError:
    """The error of a command that failed before its first change, where the same again may do; ``again`` is it."""
    if isinstance(error, (AzureRefused, AzureUnreachable, DeadlinePassed, Interrupted)):
        error.message = with_sentence(error.message, "Nothing was changed.")
        error.recommendations += (f"To try again: {again}",)
    return error


def vm_is_gone(host: NamedHost) -> HostGone:
    """Somebody deleted the VM while a command was at work on it."""
    return HostGone(f"The VM '{host.name}' has been deleted meanwhile.")


def vm_was_kept(error: DockerVMError, host: AskedHost, finished: bool = False) -> DockerVMError:
    """The error for a host that stays: what is wrong, how to go on, and how to delete one that was never finished."""
    if isinstance(error, HostGone):
        return error
    error.message = with_sentence(error.message, f"The VM '{host.name}' was kept.")
    unfit = error.unfit if isinstance(error, HostFailed) else {}
    again = host_commands.create_again(host, unfit)
    how = "To continue without the value that failed" if unfit else "To continue from there"
    error.recommendations = (
        *error.recommendations,
        *(() if any(again in one for one in error.recommendations) else (f"{how}: {again}",)),
        f"To look at it: {host_commands.show_state(host)}",
        *(() if finished else (f"To delete it: {host_commands.delete(host)}",)))
    return error


def vanishes(host: NamedHost) -> str:
    """The warning about a Spot VM of which nothing is to stay."""
    return (f"When Azure needs the room, it deletes '{host.name}' with its disk and everything on it, and asks nobody "
            "(--eviction-policy Delete).")


def not_shut_down(host: NamedHost) -> str:
    """Where a daily shutdown is configured for all new hosts."""
    return (f"'{host.name}' is not shut down every day, as is configured: a VM with an ephemeral OS disk can't be "
            "deallocated.")


def why_deallocated(power_state: str, is_spot: bool) -> str:
    """The state of a VM that does not run. Azure does not say who has deallocated a Spot VM."""
    if power_state != "deallocated" or not is_spot:
        return power_state
    return "deallocated (a Spot VM, which Azure may have taken away)"


def agent_may_hang(host: NamedHost) -> str:
    """For a run command of whose end Azure does not hear."""
    return ("If the VM's agent was restarted meanwhile, Azure waits for it in vain. Restarting the VM helps then: "
            f"{host_commands.restart(host)}")


def lock_may_stay(host: NamedHost) -> str:
    """For a host on which an earlier run's processes are still at work."""
    return ("What an earlier run has started is still at work on the host, and holds its lock. Try again in some "
            f"minutes; if that does not end by itself, restart the VM: {host_commands.restart(host)}")


def clock_may_be_wrong(host: NamedHost) -> str:
    """For a host that refuses a certificate which was made a moment ago. At its boot a VM takes Azure's own time."""
    restart = host_commands.restart(host)
    return f"If the host's clock is wrong, a restart sets it; then the same command again: {restart}"


def names_of_tag_alone(host: AskedHost, noted: Sequence[str], taken: Sequence[str]) -> str:
    """The warning about names that stand in the VM's tag and in no certificate that was signed here."""
    again = host_commands.create_with(host, "tls_san", "--tls-san", *taken, *noted)
    return (f"The certificate of '{host.name}' does not name {', '.join(noted)}: only a tag of the VM does, and others "
            f"can write tags.\nIf you want it to: {again}")


def names_dropped(host: AskedHost, lost: Sequence[str], taken: Sequence[str]) -> str:
    """The warning about names that speak for others, which no certificate takes over from an earlier one."""
    again = host_commands.create_with(host, "tls_san", "--tls-san", *taken, *lost)
    return (f"The new certificate of '{host.name}' does not name {', '.join(lost)} any more: wildcards, and names that "
            f"the cloud gives to hosts, have to be typed each time.\nTo have them again: {again}")


def certificate_ends(host: AskedHost, ends: str, days: int) -> str:
    """The warning about a server certificate that ends soon; the command renews it. ``days`` are whole ones, negative
    after the end."""
    when = f"expired on {ends}" if days < 0 else f"expires on {ends}, in {days} day{'' if days == 1 else 's'}"
    return f"The server certificate of '{host.name}' {when}. To renew it: {host_commands.create_again(host)}"


def workload_failed(host: AskedHost, problem: str, exit_code: int) -> str:
    """The alert where not all runs that the host was to run; ``problem`` ends with the host's own words."""
    return (f"The host '{host.name}' works, but not all runs on it that was to. {problem.rstrip()}\n"
            f"The same create tries again: {host_commands.create_again(host)}\nHence exit code {exit_code}.")


class PortChange(Protocol):
    """A ``body.security_group.Opening``."""

    @property
    def opens(self) -> Sequence[str]: ...
    @property
    def closes(self) -> Sequence[str]: ...
    @property
    def ports(self) -> Sequence[str]: ...
    @property
    def sources(self) -> Sequence[str] | None: ...


def ports_change(security_group: str, changes: Iterable[PortChange]) -> str:
    """Of rules of ours in one security group."""
    told = []
    for one in changes:
        whom = ", ".join("everybody" if source == "*" else source for source in one.sources or ())
        if one.opens:
            told.append(f"opens {', '.join(one.opens)}{f' for {whom}' if whom else ''}")
        if one.closes:
            told.append(f"closes {', '.join(one.closes)}")
        if whom and one.ports != one.opens:
            told.append(f"lets in {whom} at {', '.join(one.ports)}")
    return f"In the network security group '{security_group}' it {', '.join(told)}."


def published_but_closed(closed: Iterable[tuple[str, object]], all_ports: Iterable[object]) -> str:
    """The warning about services of a new host and the ports that they publish; ``all_ports`` would open them too."""
    named = ", ".join(f"{port} of '{service}'" for service, port in closed)
    return (f"The Compose file publishes {named}, which Azure lets nobody reach from outside. To open it: "
            f"{option('--open-ports', *all_ports)}")


def settings_are_wrong(_host: NamedHost) -> str:
    """dockerd says above which directive it does not know or accept."""
    return ("Correct the setting that dockerd names above, in --daemon-json, --engine-options or an option of its own; "
            "each version of dockerd has its own keys. Settings can also be changed later: --apply.")


def settings_of_others(host: NamedHost) -> tuple[str, ...]:
    """daemon.json was changed by hand, and is not written over."""
    aside = host_commands.run_shell(host, "mv /etc/docker/daemon.json /etc/docker/daemon.json.by-hand")
    return ("To keep what the hand has changed: give it by --daemon-json or --engine-options too.",
            f"Then put the changed file aside, and the same command again: {aside}")


def settings_differ(host: AskedHost, lines: Sequence[str], by_hand: str | None) -> str:
    """The warning that an engine has other settings than this command has."""
    shown = "\n".join(f"    {line}" for line in lines)
    hand = f" A hand has changed {by_hand} on the host, which is never written over." if by_hand else ""
    again = host_commands.create_with(host, "apply", "--apply")
    return (f"Not applied: the engine has other settings (- goes, + comes):\n{shown}\nTo change them, which restarts "
            f"the engine: {again}{hand}")


def metadata_is_open(host: AskedHost) -> str:
    """The host can't keep containers from the instance metadata service."""
    return ("To set the host up without these rules, so that containers reach the metadata service: "
            f"{host_commands.create_with(host, 'container_metadata', '--container-metadata')}")


def silent_mirrors(mirrors: Sequence[str]) -> str:
    """The warning about mirrors of Docker Hub that the host can't reach."""
    verb = "does" if len(mirrors) == 1 else "do"
    return (f"--registry-mirrors: {', '.join(mirrors)} {verb} not answer the host. Docker goes to Docker Hub itself "
            "then, after it has waited.")
