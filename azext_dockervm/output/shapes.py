"""The JSON that scripts rely on: a finished host, its state, certificates, contexts and builders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azext_dockervm.azure import names
from azext_dockervm.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azext_dockervm.certs.store import StoreChange, StoreState
    from azext_dockervm.contexts.builder import Builder
    from azext_dockervm.contexts.store import Context
    from azext_dockervm.host.cause import Cause
    from azext_dockervm.host.engine_state import EngineState
    from azext_dockervm.host.finished import FinishedHost
    from azext_dockervm.host.listing import Dialled
    from azext_dockervm.host.noted import NotedHost
    from azext_dockervm.host.vm_state import VmState
    from azext_dockervm.provision.workload import Outcome

Shape = dict[str, Any]


def host(made: FinishedHost, folder: str, docker_context: str | None = None) -> Shape:
    """The result of ``create`` and ``enable``; ``docker_context`` is the docker client's that was made for it.
    ``serverNames`` are those in the host's certificate, null where nobody here has seen it."""
    from azext_dockervm.certs.records import certified_names
    from azext_dockervm.certs.summary import iso

    spec = made.spec
    return {
        "id": made.vm["id"], "name": made.vm["name"], "resourceGroup": spec.group, "location": spec.location,
        "fqdn": made.address.fqdn, "publicIpAddress": made.address.public, "privateIpAddress": made.address.private,
        "dockerHost": f"tcp://{made.address.endpoint}:{spec.engine.port}", "dockerPort": spec.engine.port,
        "provisioner": made.provisioned.provisioner, "engineVersion": made.proof.version,
        "reachable": made.proof.reachable, "certDir": folder,
        "serverCertificateExpires": iso(made.provisioned.expires),
        "serverNames": list(certified_names(made.provisioned.certificate)) if made.provisioned.certificate else None,
        "dockerContext": docker_context,
        "registryLogins": registry_logins(made.workload), "compose": compose(made.workload),
    }


def registry_logins(outcome: Outcome | None) -> list[Shape] | None:
    """Null where none was asked for; nothing is known of logins that were made before."""
    if outcome is None or not outcome.workload.logins:
        return None
    return [{"server": one.server, "user": one.user, "loggedIn": one.server in outcome.logged_in}
            for one in outcome.workload.logins]


def compose(outcome: Outcome | None) -> Shape | None:
    """The Compose project that was brought up, or was to be; null where none was asked for."""
    if outcome is None or outcome.workload.compose is None:
        return None
    return {"project": outcome.workload.project, "file": outcome.workload.compose.path, "state": outcome.state,
            "reason": outcome.problem, "containers": outcome.containers, "services": [
                {"name": one.name, "state": one.state, "ports": list(one.ports)} for one in outcome.services]}


def engine(state: dict[str, Any]) -> Shape:
    """The engine's half of ``info``, from what its API says."""
    version, said = state["version"], state["info"]
    return {
        "version": version["Version"], "apiVersion": version.get("ApiVersion"),
        "minApiVersion": version.get("MinAPIVersion"),
        "operatingSystem": said.get("OperatingSystem"), "kernelVersion": said.get("KernelVersion"),
        "architecture": said.get("Architecture"), "cpus": said.get("NCPU"), "memoryBytes": said.get("MemTotal"),
        "containers": said.get("Containers"), "containersRunning": said.get("ContainersRunning"),
        "images": said.get("Images"), "storageDriver": said.get("Driver"), "loggingDriver": said.get("LoggingDriver"),
        "liveRestore": said.get("LiveRestoreEnabled"),
    }


def machine(vm_state: VmState) -> Shape:
    """The VM's half of ``info``."""
    properties = vm_state.vm["properties"]
    return {
        "id": vm_state.vm["id"], "name": vm_state.vm["name"], "resourceGroup": vm_state.group,
        "location": vm_state.vm.get("location"),
        "powerState": vm_state.power_state, "provisioningState": properties.get("provisioningState"),
        "size": (properties.get("hardwareProfile") or {}).get("vmSize"),
        "priority": properties.get("priority") or "Regular",
        "fqdn": vm_state.fqdn, "publicIpAddress": vm_state.public_address, "privateIpAddress": vm_state.private_address,
        "dockerHost": f"tcp://{vm_state.endpoint}:{vm_state.port}" if vm_state.port and vm_state.endpoint else None,
        "dockerPort": vm_state.port, **people(vm_state.vm, vm_state.ssh_port, vm_state.endpoint),
        "provisioner": vm_state.tags.get(names.TAG_PROVISIONER),
    }


def info(vm_state: VmState, engine_state: EngineState, folder: str) -> Shape:
    """The result of ``info``."""
    return {**machine(vm_state), "engine": engine(engine_state.state) if engine_state.state else None,
            "composeProjects": (compose_projects(engine_state.state.get("containers") or ()) if engine_state.state
                                else None),
            "engineUnreachable": engine_state.reason, **told(engine_state.cause),
            "serverCertificateExpires": engine_state.certificate_expires,
            "closedPorts": [f"{port}/{protocol}" for port, protocol in engine_state.closed], "certDir": folder}


def people(vm: dict[str, Any], ssh_port: int | None, address: str | None) -> Shape:
    """Who logs in and how, and what the user has added. ``sshPort`` and ``ssh`` are null unless SSH is known to be
    open."""
    from azext_dockervm.advice import vm_commands
    from azext_dockervm.body import virtual_machine

    user, (disk, lun) = virtual_machine.user_name(vm), virtual_machine.docker_disk(vm)
    ssh = vm_commands.log_in(user, address, ssh_port) if user and address and ssh_port else None
    return {"adminUser": user, "sshPort": ssh_port, "ssh": ssh, "tags": {
        printable(name): printable(value) for name, value in names.own_tags(vm).items()},
            "dockerDisk": {"name": disk, "lun": lun} if disk else None}


def compose_projects(containers: Sequence[dict[str, Any]]) -> list[Shape]:
    """What Compose runs, by the labels that it gives its containers."""
    found: dict[str, dict[str, str | None]] = {}
    for one in containers:
        labels = one.get("Labels") or {}
        project, service = labels.get("com.docker.compose.project"), labels.get("com.docker.compose.service")
        if project and service:
            found.setdefault(printable(str(project)), {})[printable(str(service))] = one.get("State")
    return [{"project": project, "services": [{"name": name, "state": state} for name, state in sorted(all_.items())]}
            for project, all_ in sorted(found.items())]


def told(cause: Cause | None) -> Shape:
    """Why a host can't be used: a word for scripts, and what to type."""
    return {"cause": cause and cause.key, "advice": list(cause.commands) if cause else []}


def noted(seen: NotedHost, dialled: Dialled | None = None) -> Shape:
    """The result of ``show``; one of those of ``list``, which with --check knows what came of dialling. ``finished`` is
    null where neither tags nor engine tell. ``addressFrom``: whether Azure or a tag says ``fqdn`` and ``dockerHost``.
    """
    from azext_dockervm.certs.summary import iso

    properties = seen.vm["properties"]
    expires = (dialled and dialled.expires) or seen.expires
    reachable = dialled and dialled.reason is None
    return {
        "id": seen.vm["id"], "name": seen.name, "resourceGroup": seen.group, "location": seen.vm.get("location"),
        "powerState": seen.power_state, "provisioningState": properties.get("provisioningState"),
        "size": (properties.get("hardwareProfile") or {}).get("vmSize"),
        "priority": properties.get("priority") or "Regular",
        "fqdn": seen.fqdn, "dockerHost": seen.docker_host, "dockerPort": seen.port,
        **people(seen.vm, seen.ssh_port, seen.endpoint if seen.where else None),
        "addressFrom": "tag" if seen.where is None else "azure", "provisioner": seen.provisioner,
        "finished": True if reachable else seen.finished,
        "timeCreated": properties.get("timeCreated"), "serverCertificateExpires": iso(expires) if expires else None,
        "authority": seen.authority, "problems": list(seen.problems),
        "reachable": reachable, "engineUnreachable": dialled and dialled.reason,
        **told(dialled.cause if dialled else seen.cause),
    }


def context(found: Context, is_current: bool, is_stale: bool | None) -> Shape:
    """A context of the docker client. ``stale`` is null where nobody can tell."""
    return {
        "name": found.name, "description": found.description, "dockerHost": found.docker_host, "current": is_current,
        "host": found.host, "stale": is_stale, "certDir": str(found.cert_dir) if found.cert_dir else None,
    }


def builder(made: Builder, contexts: Sequence[Context | None]) -> Shape:
    """The result of ``builder create``; ``contexts`` are those of its nodes."""
    return {"name": made.name, "driver": made.driver, "nodes": [
        {"name": node.name, "context": node.endpoint, "host": one.host if one else None,
         "dockerHost": one.docker_host if one else None}
        for node, one in zip(made.nodes, contexts, strict=True)]}


def certificates(state: StoreState, change: StoreChange | None = None) -> Shape:
    """The result of the ``cert`` commands."""
    shape: Shape = {
        "certDir": str(state.folder), "caKeyPresent": state.has_authority_key,
        "ca": state.authority.as_dict() if state.authority else None,
        "client": state.client.as_dict() if state.client else None,
        "problem": state.problem.message if state.problem else None,
        "advice": list(state.problem.recommendations) if state.problem else [],
        "warnings": list(state.warnings), "backups": [str(path) for path in state.backups],
    }
    if change is not None:
        shape["created"] = change.created
        shape["clientIssued"] = change.created or change.client_issued
        shape["clientReason"] = change.client_reason
    return shape
