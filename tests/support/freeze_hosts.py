"""Freezes what this checkout's hosts leave: makes one by each provisioner, on booted machines, and writes
tests/data/frozen/VERSION-COMMIT/HOST.json. No key, password or token is kept; frozen_hosts.py makes them anew.
`sudo PYTHONPATH=.:tests/support ~/.cache/az-dockervm/dev/bin/python tests/support/freeze_hosts.py`"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from frozen_hosts import DISKS, FROZEN, ORDER, arm
from local_azure import ROOT, LocalAzure

INSTANCE, GROUP, REGION = "freeze", "frozen", "westus"
# The words behind `az dockervm create -g GROUP -n NAME` of each host, whose name tells the provisioner.
CREATES = {
    "cloud1": ("-l", REGION, "--provisioner", "cloud-init", "--docker-disk-size-gb", "4", "--tls-san",
               "build.example.com", "203.0.113.9", "--engine-labels", "role=build", "--build-cache-gb", "2",
               "--docker-context"),
    "run1": ("-l", REGION, "--provisioner", "run-command", "-e", "2222", "--open-ports", "8080", "--tags", "team=blue",
             "--docker-context"),
    "ext1": ("-l", REGION, "--provisioner", "docker-extension", "-dp", "2376", "-e"),
}
# What Azure adds to what was sent; a PUT has none of it.
READ_ONLY = {"id", "etag", "provisioningState", "resourceGuid", "defaultSecurityRules", "macAddress", "hostedWorkloads",
             "vmId", "timeCreated", "resources", "exactVersion", "requireGuestProvisionSignal", "ipConfiguration",
             "virtualMachine", "appliedDnsServers", "internalDomainNameSuffix", "instanceView", "managedBy", "type"}
REFERENCES = {"subnet", "publicIPAddress", "networkSecurityGroup", "networkInterfaces"}
# In a guest: all of these, and below ANYWHERE whatever names us.
WHOLE = ("etc/docker", "etc/systemd/system", "var/lib/dockervm", "usr/local/bin", "etc/ssh/sshd_config.d")
ANYWHERE = ("etc", "usr/local", "usr/lib/systemd", "opt", "var/lib/dockervm")
NOT_OURS = ("etc/ssh/sshd_config.d/60-azure.conf", "etc/cloud", "etc/ssl", "etc/sudoers.d", "var/lib/dockervm/disk/")
HARMLESS = re.compile(r'"disablePasswordAuthentication": (true|false)|"secrets": \[\]')
SECRET = re.compile(r"PRIVATE KEY|password|token|secret|protectedSettings|customData|userData", re.IGNORECASE)


def main() -> None:
    version = re.search(r'^VERSION = "(.*)"', (ROOT / "setup.py").read_text(), re.M)[1]
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], check=True, capture_output=True,
                            text=True).stdout.strip()
    folder = FROZEN / f"{version}-{commit}"
    folder.mkdir(parents=True, exist_ok=True)
    azure = LocalAzure(INSTANCE)
    if azure.folder.exists():
        azure.down().succeeded()
    try:
        azure.up("nspawn")
        azure.az("group", "create", "-n", GROUP, "-l", REGION).succeeded()
        for name, words in CREATES.items():
            print(f"az dockervm create -n {name} {' '.join(words)}", flush=True)
            azure.az("dockervm", "create", "-g", GROUP, "-n", name, *words).succeeded()
        for name in CREATES:
            text = json.dumps(frozen(azure, name), indent=1) + "\n"
            if found := SECRET.search(HARMLESS.sub("", text)):
                raise SystemExit(f"{name}: not written, because it may hold a secret: {found[0]}")
            (folder / f"{name}.json").write_text(text)
            print(folder / f"{name}.json")
    finally:
        azure.end_all()
        azure.down()


def frozen(azure: LocalAzure, name: str) -> dict[str, Any]:
    """All that the host left, with placeholders for what differs where it comes back."""
    resources = list(parts(azure, name))
    disk = azure.disk(name)
    guest, folders = guest_files(disk)
    vm = next(one for one in resources if one["type"].endswith("/virtualMachines"))
    interface = next(one for one in resources if one["type"].endswith("/networkInterfaces"))
    address = next(one for one in resources if one["type"].endswith("/publicIPAddresses"))
    configuration = interface["properties"]["ipConfigurations"][0]["properties"]
    certificates = {"ca": (azure.home / ".docker/ca.pem").read_text(),
                    "client": (azure.home / ".docker/cert.pem").read_text(),
                    "server": next((disk / path.lstrip("/")).read_text() for path, file in guest.items()
                                   if file.get("made") == "server-cert")}
    names = x509.load_pem_x509_certificate(certificates["server"].encode()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName).value
    disks = vm["properties"]["storageProfile"]["dataDisks"]
    home, home_folders = home_files(azure, name)
    found = {
        "create": CREATES[name],
        "resources": resources,
        "docker_disk": {"lun": disks[0]["lun"]} if disks else None,
        "packages": packages(disk),
        "guest_folders": folders,
        "guest": guest,
        "names": [str(one.value) for one in names],
        "home_folders": home_folders,
        "home": home,
    }
    known = {
        "disk-uuid": _match(r"by-uuid/([0-9a-f-]{36})", guest),
        "instance": (disk / "var/lib/cloud/data/instance-id").read_text().strip(),
        "subscription": azure.subscription,
        "group": None,      # by its place in an id
        "suffix": f"{INSTANCE}.test",
        "home": str(azure.home),
        "ssh-key": vm["properties"]["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"][0]["keyData"],
        "ca": vm["tags"]["dockervm-ca"],
        "expires": vm["tags"]["dockervm-certificate-expires"],
        "private-ip": configuration["privateIPAddress"],
        "public-ip": address["properties"].pop("ipAddress"),
    }
    configuration.pop("privateIPAddress")   # it is given out again
    text = json.dumps(found).replace(f"/resourceGroups/{GROUP}/", "/resourceGroups/<group>/")
    for placeholder, value in known.items():
        if value:
            text = text.replace(value, f"<{placeholder}>")
    return {**json.loads(text), "certificates": certificates}


def _match(pattern: str, value: Any) -> str | None:
    found = re.search(pattern, json.dumps(value))
    return found[1] if found else None


# ARM


def parts(azure: LocalAzure, host: str) -> Iterator[dict[str, Any]]:
    """The host's resources and the shared network, as they would be PUT."""
    group = azure.group_path(GROUP)
    for one in azure.arm("GET", f"{group}/resources", "2024-11-01")["value"]:
        kind = one["type"].rpartition("/")[2]
        own = one.get("tags", {}).get("dockervm-host") == host or kind == "virtualNetworks"
        if not own:
            continue
        found = arm(azure, "GET", one["id"])
        if one["type"] == DISKS:     # it comes with its VM, but for tags of its own
            yield {"type": DISKS, "name": found["name"], "tags": found["tags"]}
            continue
        assert kind in ORDER or kind == "extensions", f"{one['type']} is new to frozen_hosts.py"
        name = f"{host}/{one['name']}" if kind == "extensions" else one["name"]
        yield {"type": one["type"], "name": name, **as_sent({**found, "id": None}, kind)}


def as_sent(value: Any, name: str = "") -> Any:
    """Without what Azure adds; an id stays where it refers to another resource."""
    if isinstance(value, list):
        return [as_sent(one, name) for one in value]
    if not isinstance(value, dict):
        return value
    if name == "networkSecurityGroups":
        properties = {key: one for key, one in value["properties"].items() if key != "networkInterfaces"}
        value = {**value, "properties": properties}
    if name == "subnets":
        value["properties"].pop("ipConfigurations", None)
    kept = {key: as_sent(one, key) for key, one in value.items()
            if key not in READ_ONLY or key == "id" and one and name in REFERENCES
            or key == "type" and name == "properties"}
    return {key: one for key, one in kept.items() if key != "name" or name not in ORDER and name != "extensions"}


# The guest


def guest_files(disk: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """What is ours in the guest's layer, by path, and the modes of the folders that it lies in."""
    found: dict[str, Any] = {}
    folders: dict[str, str] = {}
    for path in sorted({path for top in (*WHOLE, *ANYWHERE) for path in (disk / top).rglob("*")}):
        name = str(path.relative_to(disk))
        if name.startswith(NOT_OURS) or path.is_dir() and not path.is_symlink():
            continue
        if not name.startswith(WHOLE) and not (path.is_file() and b"dockervm" in path.read_bytes()):
            continue
        found[f"/{name}"] = kept(path)
        folders[f"/{name.rpartition('/')[0]}"] = mode(path.parent)
    return found, folders


def kept(path: Path) -> dict[str, str]:
    """A file as it is kept: of keys and certificates only what they are."""
    if path.is_symlink():
        return {"link": os.readlink(path)}
    text = path.read_text()
    if "-----BEGIN" not in text:
        return {"mode": mode(path), "text": text}
    return {"mode": mode(path), "made": MADE[path.name]}


# In a guest cert.pem and key.pem are the server's, as the Docker VM extension names them.
MADE = {"ca.pem": "ca", "ca-key.pem": "ca-key", "server-cert.pem": "server-cert", "server-key.pem": "server-key",
        "cert.pem": "server-cert", "key.pem": "server-key"}


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}"


def packages(disk: Path) -> list[str]:
    """What the host had apt install."""
    log = (disk / "var/log/apt/history.log").read_text()
    installed = re.findall("^Commandline: .* install (.*)$", log, re.M)
    return sorted({word for line in installed for word in line.split() if not word.startswith("-")})


# The user's home


def home_files(azure: LocalAzure, host: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The folder of certificates, and in it the docker client's contexts, without those of other hosts."""
    found: dict[str, Any] = {}
    folders: dict[str, str] = {}
    top = azure.home / ".docker"
    others = {meta.parent.name for meta in top.glob("contexts/meta/*/meta.json")
              if json.loads(meta.read_text())["Name"] != host}
    for path in [top, *sorted(top.rglob("*"))]:
        name = str(path.relative_to(azure.home))
        if others & set(path.parts):
            continue
        if path.is_dir():
            folders[name] = mode(path)
        elif path.name in ("cert.pem", "key.pem"):
            found[name] = {"mode": mode(path), "made": path.stem}
        else:
            found[name] = kept(path)
    return found, folders


if __name__ == "__main__":
    main()
