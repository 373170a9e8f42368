"""Options of what Azure's platform does for a host: identity, user data, its console's log, its daily shutdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azext_dockervm.advice import option_values, vm_commands
from azext_dockervm.errors import ConflictingArguments
from azext_dockervm.options import text_or_file
from azext_dockervm.options.option import Option, Vm, filled
from azext_dockervm.options.placement import GROUP
from azext_dockervm.spec import placement_rules, shutdown

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec
    from azext_dockervm.spec.placement import Identity


def _identity(words: list[str]) -> Identity:
    from azext_dockervm.spec.placement import Identity

    return Identity.parse(words)


def _user_data(value: str) -> bytes:
    return placement_rules.check_user_data(text_or_file.read("--user-data", value))


def _other_identity(spec: HostSpec, vm: Vm) -> str | None:
    from azext_dockervm.spec.placement import SYSTEM, Identity

    asked, has = spec.placement.identity or Identity(), vm.get("identity") or {}
    missing = [SYSTEM] if asked.system and "systemassigned" not in str(has.get("type")).lower() else []
    ids = list(has.get("userAssignedIdentities") or {})
    missing += [str(user) for user in asked.users if not any(user.means(one, spec.group) for one in ids)]
    return (f"create assigns none to a host that exists.\nTo assign it: {vm_commands.assign_identity(spec, missing)}"
            if missing else None)


def _user_data_is_kept(spec: HostSpec, _vm: Vm) -> str:
    said = spec.given["user_data"].words[-1] if "user_data" in spec.given else "@FILE"
    return f"the host keeps its user data.\nTo change it: {vm_commands.update(spec, '--user-data', said)}"


def _other_diagnostics(spec: HostSpec, _vm: Vm) -> str:
    change = vm_commands.enable_boot_diagnostics(spec, spec.placement.diagnostics or "")
    return f"the host's boot diagnostics stay as they are.\nTo change them: {change}"


def _not_shut_down(_spec: HostSpec, vm: Vm) -> str | None:
    from azext_dockervm.body.virtual_machine import can_be_deallocated

    return None if can_be_deallocated(vm) else "the host's OS disk is ephemeral, so it can't be deallocated"


def _without_a_time(spec: HostSpec, vm: Vm) -> str | None:
    """What is configured is for new hosts, so the time has to be typed too."""
    if "auto_shutdown" in spec.given:
        return _not_shut_down(spec, vm)
    too = option_values.say("--auto-shutdown", spec.placement.shutdown_time or "1900")
    return f"the daily shutdown that is configured is for new hosts; to give this one such, type it too: {too}"


def check_platform(spec: HostSpec) -> None:
    """What was typed and goes with a daily shutdown alone, and what that does not go with."""
    if "auto_shutdown" in spec.given and spec.disks.ephemeral:
        raise ConflictingArguments("--auto-shutdown and --ephemeral-os-disk exclude each other: a VM with such a disk "
                                   "can't be deallocated.", option_values.LEAVE_ONE_OUT)
    for name, flag in (("auto_shutdown_time_zone", "--auto-shutdown-time-zone"),
                       ("auto_shutdown_email", "--auto-shutdown-email")):
        if name in spec.given and spec.placement.shutdown_time is None:
            raise ConflictingArguments(f"{flag} goes with --auto-shutdown, which says when.",
                                       option_values.WHEN_TO_SHUT_DOWN)


PLATFORM = (
    Option("assign_identity", "--assign-identity",
           "Managed identities of the VM, separated by spaces: ids of those that are there, [system] for one that "
           "Azure makes for it. Without a value: [system]. Containers get their tokens with --container-metadata only.",
           GROUP,
           default_in_words="none", check=_identity, place="placement.identity", only_new=True,
           not_applied=_other_identity, parser={"nargs": "*", "completer": "identities"}),
    Option("user_data", "--user-data",
           "Text, or a file, that everything on the VM can read from its metadata service, and everybody with read "
           "access to the VM from Azure: no place for secrets. Less than 64 KB.", GROUP,
           default_in_words="none", read=filled, check=_user_data, place="placement.user_data", only_new=True,
           again=text_or_file.again, not_applied=_user_data_is_kept, parser={"completer": "files"}),
    Option("boot_diagnostics_storage", "--boot-diagnostics-storage",
           "Keep the log of the VM's console, in a storage account: its name, or the URI of its blobs. An empty value "
           "means storage that Azure manages.", GROUP,
           default_in_words="none is kept", check=placement_rules.check_diagnostics, place="placement.diagnostics",
           only_new=True, not_applied=_other_diagnostics),
    Option("auto_shutdown", "--auto-shutdown",
           "Time of day, as 1900, at which Azure shuts the VM down and deallocates it, every day. Nothing starts it "
           "again by itself.", GROUP,
           default_in_words="the VM runs on", example="1900", read=filled, check=shutdown.check_time,
           place="placement.shutdown_time", not_applied=_not_shut_down),
    Option("auto_shutdown_time_zone", "--auto-shutdown-time-zone --shutdown-zone",
           "Time zone of --auto-shutdown, by the name that it has in Windows, such as 'W. Europe Standard Time'.",
           GROUP, default="UTC", example="W. Europe Standard Time", read=filled, check=shutdown.check_time_zone,
           place="placement.shutdown_zone", not_applied=_without_a_time, parser={"completer": "time_zones"}),
    Option("auto_shutdown_email", "--auto-shutdown-email",
           "Whom Azure tells half an hour before; several addresses with semicolons between them.", GROUP,
           default_in_words="nobody", example="me@example.com", read=filled, check=shutdown.check_addresses,
           place="placement.shutdown_email", not_applied=_without_a_time),
)
