"""What an existing VM means: whose host it is, whether it runs, and what of the command does not apply to it."""

from __future__ import annotations

from collections.abc import Sequence

from azext_dockervm.advice import host_commands
from azext_dockervm.advice.host_messages import belongs_to_others, why_deallocated
from azext_dockervm.azure import names
from azext_dockervm.body import network_interface
from azext_dockervm.body import virtual_machine as vm
from azext_dockervm.body.resource import Resource, state
from azext_dockervm.errors import Conflict
from azext_dockervm.preflight import guards
from azext_dockervm.preflight.found import Found
from azext_dockervm.provision.choice import was_finished
from azext_dockervm.spec.host import HostSpec

# Options that are written into the security group.
_IN_THE_GROUP = ("docker_port", "ssh_port", "sources", "open_ports", "open_ports_sources")


def check_whose(spec: HostSpec, machine: Resource, mine: Sequence[str]) -> None:
    """Raise ``Conflict`` for a host whose tags name another CA than the folder's own (``mine``: SHA-256 in hex).

    The first of ``mine`` signs and makes a host ours; others in ca.pem only say whose hosts are believed here. A
    finished host without that tag, and nothing in the folder that could open it, is somebody else's too.
    """
    theirs = (names.tag(machine, names.TAG_AUTHORITY) or "").lower()
    if theirs and theirs not in mine[:1]:
        held = f"this folder's is {mine[0][:16]}..." if mine else "this folder holds none"
        raise belongs_to_others(
            spec, f"it trusts the certificate authority with the fingerprint {theirs[:16]}..., {held}")
    if not mine and names.tag(machine, names.TAG_PROVISIONER):
        raise belongs_to_others(spec, "this folder holds none")


def check_runs(spec: HostSpec, machine: Resource) -> None:
    power = vm.power_state(machine)
    if state(machine) == "Deleting":
        raise Conflict(f"The host '{spec.name}' is being deleted.", host_commands.wait_until_deleted(spec))
    if power in ("stopped", "stopping", "deallocated", "deallocating"):
        raise Conflict(f"The host '{spec.name}' exists and is {why_deallocated(power, vm.is_spot(machine))}.",
                       host_commands.start(spec))


def is_ruin(machine: Resource) -> bool:
    """A VM that never ran, so that nothing is lost with it. What was finished once, by whomever, has run."""
    return vm.never_ran(machine) and not was_finished(names.tag(machine, names.TAG_PROVISIONER))


def adapted(spec: HostSpec, found: Found) -> HostSpec:
    """The spec with what an existing host has and the command did not ask to change: port, user, tags, Docker's own
    disk; and whose Docker it has. The further names of its certificate come from the certificate itself
    (``server_names.taken_over``): what a tag says of them is for display."""
    port = spec.engine.port if "docker_port" in spec.given else found.docker_port or spec.engine.port
    machine = found.vm or {}
    return spec.having({"engine.port": port, **_docker(spec, machine),
                        "tags": names.with_tags(names.own_tags(machine), spec.tags),
                        "login.user": vm.user_name(machine) or spec.login.user,
                        "disks.docker_lun": vm.docker_disk(machine)[1]})


def _docker(spec: HostSpec, machine: Resource) -> dict[str, str]:
    """What was asked for takes effect as long as Docker may not have been installed."""
    noted = vm.noted_docker(machine)
    if was_finished(names.tag(machine, names.TAG_PROVISIONER)):
        return noted
    typed = {"engine.channel": spec.engine.channel} if "docker_channel" in spec.given else {}
    return {**noted, **typed, **({"engine.version": spec.engine.version} if "docker_version" in spec.given else {})}


def without_effect(spec: HostSpec, found: Found) -> list[str]:
    """What was typed and is written into a security group that the host's interface does not stand behind, or into
    none."""
    if found.security_group is None:
        return _up_to_others(spec, found)
    if found.network_interface is None:
        return []
    name = found.security_group["name"]
    used = network_interface.security_group_id(found.network_interface) or ""
    if used.lower() == found.security_group["id"].lower():
        return []
    behind = f"'{names.id_parts(used)[1]}'" if used else "none"
    return [f"{spec.given[option].words[0]}: it is written into the network security group '{name}', but the network "
            f"interface stands behind {behind}" for option in _IN_THE_GROUP if option in spec.given]


def _up_to_others(spec: HostSpec, found: Found) -> list[str]:
    """Whom a group of others lets in; ports that it shuts are told before."""
    theirs = [] if guards.makes_group(spec, found) else guards.guards(spec, found)
    if not theirs or spec.network.adds_rules or any(one.own(spec) for one in theirs):
        return []
    name = names.id_parts(theirs[0].group["id"])[1]
    return [f"{spec.given[option].words[0]}: who may knock is up to the network security group '{name}', which was "
            "left as it is" for option in ("sources", "open_ports_sources") if option in spec.given]
