"""Table rows, one function a noun."""

from __future__ import annotations

from collections import OrderedDict


def host_row(result):
    return OrderedDict([
        ("Name", result["name"]), ("ResourceGroup", result["resourceGroup"]), ("DockerHost", result["dockerHost"]),
        ("Provisioner", result["provisioner"]), ("Engine", result["engineVersion"]),
        ("Reachable", result["reachable"]), ("CertificateExpires", result["serverCertificateExpires"])])


def info_row(result):
    """One row; several with --ids."""
    if isinstance(result, list):
        return [info_row(one) for one in result]
    engine = result["engine"] or {}
    return OrderedDict([
        ("Name", result["name"]), ("State", result["powerState"]), ("Size", result["size"]),
        ("DockerHost", result["dockerHost"]), ("Provisioner", result["provisioner"]),
        ("Engine", engine.get("version")), ("Containers", engine.get("containers")), ("Images", engine.get("images")),
        ("CertificateExpires", result["serverCertificateExpires"]), ("Reason", result["engineUnreachable"])])


def certificates_rows(result):
    """One row for the CA, one for the client certificate."""
    return [OrderedDict([
        ("Role", role), ("Subject", found["subject"]), ("Key", f"{found['keyType']} {found['keySize']}"),
        ("NotAfter", found["notAfter"]), ("DaysLeft", found["daysLeft"]),
        ("Sha256", found["sha256Fingerprint"][:16] + "...")])
        for role in ("ca", "client") if (found := result[role])]
