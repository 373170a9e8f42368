"""Table rows, one function a noun."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

Row = OrderedDict[str, Any]


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
        ("Name", result["name"]), ("State", result["powerState"]), ("Size", result["size"]),
        ("DockerHost", result["dockerHost"]), ("Provisioner", result["provisioner"]),
        ("Engine", engine.get("version")), ("Containers", engine.get("containers")), ("Images", engine.get("images")),
        ("CertificateExpires", result["serverCertificateExpires"]), ("Reason", result["engineUnreachable"])])


def certificates_rows(result: dict[str, Any]) -> list[Row]:
    """One row for the CA, one for the client certificate."""
    return [OrderedDict([
        ("Role", role), ("Subject", found["subject"]), ("Key", f"{found['keyType']} {found['keySize']}"),
        ("NotAfter", found["notAfter"]), ("DaysLeft", found["daysLeft"]),
        ("Sha256", found["sha256Fingerprint"][:16] + "...")])
        for role in ("ca", "client") if (found := result[role])]
