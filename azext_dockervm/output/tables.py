"""Table rows, one function a noun."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timezone
from typing import Any

Row = OrderedDict[str, Any]


def created_rows(result: dict[str, Any]) -> Row | list[Row]:
    """Of a host that was made, or of what would be done."""
    if "steps" in result:
        return _step_rows(result["steps"])
    if "$schema" in result:
        return [OrderedDict([("Type", one["type"]), ("Name", one["name"])]) for one in result["resources"]]
    if "notApplied" in result:
        return OrderedDict([("Name", result["name"]), ("ResourceGroup", result["resourceGroup"]),
                            ("Location", result["location"]), ("Exists", result["exists"]),
                            ("Provisioner", result["provisioner"]), ("Size", result["size"]),
                            ("Image", result["image"])])
    return host_row(result)


def _step_rows(steps: list[dict[str, Any]], way: str = "") -> list[Row]:
    """One row a step, of each way that a plan can take."""
    found: list[Row] = []
    for one in steps:
        if "step" not in one:
            found += [row for name, inner in one.items() for row in _step_rows(inner, name)]
            continue
        request = one.get("request") or {}
        found.append(OrderedDict([("Step", one["step"]), ("Way", way), ("Method", request.get("method")),
                                  ("Type", request.get("type")), ("Name", request.get("name")),
                                  ("Title", one["title"])]))
    return found


def host_row(result: dict[str, Any]) -> Row:
    return OrderedDict([
        ("Name", result["name"]), ("ResourceGroup", result["resourceGroup"]), ("DockerHost", result["dockerHost"]),
        ("Provisioner", result["provisioner"]), ("Engine", result["engineVersion"]),
        ("Reachable", result["reachable"]), ("CertificateExpires", result["serverCertificateExpires"])])


def info_row(result: dict[str, Any] | list[dict[str, Any]]) -> Row | list[Row]:
    """One row; several with --ids."""
    return [_info_row(one) for one in result] if isinstance(result, list) else _info_row(result)


def _info_row(result: dict[str, Any]) -> Row:
    engine = result["engine"] or {}
    return OrderedDict([
        ("Name", result["name"]), ("State", _state(result)), ("Size", result["size"]),
        ("DockerHost", result["dockerHost"]), ("Provisioner", result["provisioner"]),
        ("Engine", engine.get("version")), ("Containers", engine.get("containers")), ("Images", engine.get("images")),
        ("CertificateExpires", result["serverCertificateExpires"]), ("Reason", result["engineUnreachable"])])


def noted_rows(result: dict[str, Any] | list[dict[str, Any]]) -> Row | list[Row]:
    return [_noted_row(one) for one in result] if isinstance(result, list) else _noted_row(result)


def _noted_row(result: dict[str, Any]) -> Row:
    """What ``list --check`` alone knows is a column there only."""
    checked = [("Reachable", result["reachable"])] if result["reachable"] is not None else []
    # Whoever may write tags can write another's address there.
    address = "DockerHost" if result["addressFrom"] == "azure" else "DockerHost (noted)"
    told = [*result["problems"], *([result["engineUnreachable"]] if result["engineUnreachable"] else [])]
    if result["cause"] == "unfinished" and not result["engineUnreachable"]:
        told.append("unfinished: run this create again")
    return OrderedDict([
        ("Name", result["name"]), ("ResourceGroup", result["resourceGroup"]), ("Location", result["location"]),
        ("State", _state(result)), (address, result["dockerHost"]), ("Provisioner", result["provisioner"]),
        ("Finished", result["finished"]), ("Age", _age(result["timeCreated"])),
        ("CertificateExpires", result["serverCertificateExpires"]), *checked, ("Problem", "; ".join(told) or None)])


def _state(result: dict[str, Any]) -> str:
    """With the reason why a VM may be deallocated that nobody has deallocated."""
    return f"{result['powerState']}{'' if result['priority'] == 'Regular' else ' (' + result['priority'] + ')'}"


def _age(created: str | None) -> str | None:
    """Days, else hours, else minutes, as people tell it."""
    if not created:
        return None
    # Azure writes seven digits after the point, of which Python before 3.11 takes six at the most.
    began = datetime.strptime(created[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    minutes = max(0, int((datetime.now(timezone.utc) - began).total_seconds() // 60))
    return f"{minutes}m" if minutes < 120 else f"{minutes // 60}h" if minutes < 2880 else f"{minutes // 1440}d"


def context_rows(result: dict[str, Any] | list[dict[str, Any]]) -> Row | list[Row]:
    return [_context_row(one) for one in result] if isinstance(result, list) else _context_row(result)


def _context_row(result: dict[str, Any]) -> Row:
    host = result["host"]
    return OrderedDict([
        ("Name", result["name"]), ("Current", result["current"]), ("Host", host and host.rsplit("/", 1)[-1]),
        ("DockerHost", result["dockerHost"]), ("Stale", result["stale"]), ("CertDir", result["certDir"])])


def builder_rows(result: dict[str, Any]) -> list[Row]:
    """One row a node."""
    return [OrderedDict([("Builder", result["name"]), ("Node", node["name"]), ("Context", node["context"]),
                         ("DockerHost", node["dockerHost"])]) for node in result["nodes"]]


def certificates_rows(result: dict[str, Any]) -> list[Row]:
    """One row for the CA, one for the client certificate."""
    return [OrderedDict([
        ("Role", role), ("Subject", found["subject"]), ("Key", f"{found['keyType']} {found['keySize']}"),
        ("NotAfter", found["notAfter"]), ("DaysLeft", found["daysLeft"]),
        ("Sha256", found["sha256Fingerprint"][:16] + "...")])
        for role in ("ca", "client") if (found := result[role])]
