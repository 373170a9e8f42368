"""The JSON that scripts rely on: a finished host, its state, certificates."""

from __future__ import annotations

from azext_dockervm import names


def host(made, folder: str) -> dict:
    """The result of ``create``. ``made`` is a ``plan.host.Host``."""
    from azext_dockervm.certs.summary import iso

    spec = made.spec
    return {
        "id": made.vm["id"], "name": made.vm["name"], "resourceGroup": spec.group, "location": spec.location,
        "fqdn": made.fqdn, "publicIpAddress": made.public_address, "privateIpAddress": made.private_address,
        "dockerHost": f"tcp://{made.fqdn}:{spec.docker_port}", "dockerPort": spec.docker_port,
        "provisioner": made.provisioned.provisioner, "engineVersion": made.proof.version,
        "reachable": made.proof.reachable, "certDir": folder,
        "serverCertificateExpires": iso(made.provisioned.expires),
    }


def engine(state: dict) -> dict:
    """The engine's half of ``info``, from what its API says."""
    version, info = state["version"], state["info"]
    return {
        "version": version["Version"], "apiVersion": version["ApiVersion"],
        "operatingSystem": info.get("OperatingSystem"), "kernelVersion": info.get("KernelVersion"),
        "architecture": info.get("Architecture"), "cpus": info.get("NCPU"), "memoryBytes": info.get("MemTotal"),
        "containers": info.get("Containers"), "containersRunning": info.get("ContainersRunning"),
        "images": info.get("Images"), "storageDriver": info.get("Driver"), "loggingDriver": info.get("LoggingDriver"),
        "liveRestore": info.get("LiveRestoreEnabled"),
    }


def machine(view) -> dict:
    """The VM's half of ``info``; ``view`` is a ``plan.view.MachineView``."""
    properties = view.vm["properties"]
    return {
        "id": view.vm["id"], "name": view.vm["name"], "resourceGroup": view.group, "location": view.vm["location"],
        "powerState": view.power_state, "provisioningState": properties.get("provisioningState"),
        "size": properties["hardwareProfile"]["vmSize"],
        "fqdn": view.fqdn, "publicIpAddress": view.public_address, "privateIpAddress": view.private_address,
        "dockerHost": f"tcp://{view.fqdn or view.public_address}:{view.port}"
                      if view.port and (view.fqdn or view.public_address) else None,
        "dockerPort": view.port, "provisioner": view.tags.get(names.TAG_PROVISIONER),
    }


def info(view, report, folder: str) -> dict:
    """The result of ``info``; ``report`` is a ``plan.report.EngineReport``."""
    return {**machine(view), "engine": engine(report.state) if report.state else None,
            "engineUnreachable": report.reason, "serverCertificateExpires": report.certificate_expires,
            "closedPorts": [f"{port}/{protocol}" for port, protocol in report.closed], "certDir": folder}


def certificates(state, change=None) -> dict:
    """The result of the ``cert`` commands; ``state`` is a ``certs.store.StoreState``."""
    shape = {
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
