"""Hosts that an earlier version made, as freeze_hosts.py keeps them, and how one comes back to a Local Azure: its parts
in ARM, the files of its guest, and the user's home. Keys and certificates are made anew, each like the frozen one."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import shlex
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from local_azure import LocalAzure

FROZEN = Path(__file__).parents[1] / "data/frozen"
RUN_COMMAND = "frozen"
PATIENCE_SECONDS = 120.0
# The order in which ARM takes them; an OS disk comes with its VM, and so does a data disk that was made with it.
ORDER = ("virtualNetworks", "networkSecurityGroups", "publicIPAddresses", "networkInterfaces", "virtualMachines")
DISKS, VM = "Microsoft.Compute/disks", "Microsoft.Compute/virtualMachines"


@dataclass(frozen=True)
class FrozenHost:
    """One host of one version; its data is the file ``VERSION/NAME.json``."""

    version: str
    name: str

    def __str__(self) -> str:
        return f"{self.version}-{self.name}"

    @cached_property
    def data(self) -> dict[str, Any]:
        return json.loads((FROZEN / self.version / f"{self.name}.json").read_text())

    def restore(self, azure: LocalAzure, group: str, home: Path) -> Restored:
        """Bring it into a group that has no host of this name; ``home`` gets its certificates and contexts."""
        return _Restoring(self, azure, group, home).perform()


HOSTS = [FrozenHost(file.parent.name, file.stem) for file in sorted(FROZEN.glob("*/*.json"))]


@dataclass(frozen=True)
class Restored:
    """A frozen host that is there again."""

    frozen: FrozenHost
    azure: LocalAzure
    group: str
    folder: Path                    # with the certificates
    certificate: x509.Certificate   # what its engine shows
    context: str | None             # the docker client's

    @property
    def name(self) -> str:
        return self.frozen.name

    @property
    def at(self) -> tuple[str, ...]:
        return ("-g", self.group, "-n", self.name)

    @property
    def create(self) -> tuple[str, ...]:
        """The words behind ``az dockervm create`` that made it, with today's group."""
        return (*self.at, *self.frozen.data["create"])

    @property
    def names(self) -> set[str]:
        return _names(self.certificate)

    def shown(self) -> x509.Certificate:
        """What its engine shows to the folder's client now."""
        from azext_dockervm.engine.endpoint import Endpoint
        from azext_dockervm.engine.tls import handshake

        tags = self.vm()["tags"]
        return x509.load_der_x509_certificate(handshake(Endpoint(_fqdn(self.azure, self.group, self.name),
                                                                 int(tags["dockervm-port"]), self.folder)))

    def vm(self) -> dict[str, Any]:
        return arm(self.azure, "GET", f"{self.azure.group_path(self.group)}/providers/{VM}/{self.name}")

    def guest_files(self) -> dict[str, str]:
        """The frozen files of the guest as they are now, by path: mode and contents, or where a link leads."""
        disk = self.azure.disk(self.name)
        return {path: _look(disk / path.lstrip("/")) for path in self.frozen.data["guest"]}

    def home_files(self) -> dict[str, str]:
        """The same of the folder of certificates and the docker client's contexts."""
        return {path: _look(self.folder.parent / path) for path in self.frozen.data["home"]}


def _look(path: Path) -> str:
    if path.is_symlink():
        return str(path.readlink())
    return f"{path.stat().st_mode:o} {path.read_text()}" if path.exists() else "missing"


@dataclass
class _Restoring:
    frozen: FrozenHost
    azure: LocalAzure
    group: str
    home: Path
    values: dict[str, str] = field(default_factory=dict)    # of the placeholders

    def perform(self) -> Restored:
        data = self.frozen.data
        self.ca_key, self.ca = remade(data["certificates"]["ca"])
        self.values = {"subscription": self.azure.subscription, "group": self.group, "home": str(self.home),
                       "suffix": f"{self.azure.name}.test", "ssh-key": _ssh_key(), "ca": _fingerprint(self.ca)}
        for resource in self._resources():
            self._put(resource)
            if resource["type"].endswith("/networkInterfaces"):
                self._learn_addresses(resource)
        for resource in data["resources"]:
            if resource["type"] == DISKS:
                self._arm("PATCH", resource, {"tags": self._filled(resource["tags"])})
        certificate = self._set_up_guest()
        if extension := next((one for one in data["resources"] if one["type"].endswith("/extensions")), None):
            self._put_extension(extension)
        folder, context = self._fill_home()
        return Restored(self.frozen, self.azure, self.group, folder, certificate, context)

    # ARM

    def _resources(self) -> Iterator[dict[str, Any]]:
        for kind in ORDER:
            for resource in self.frozen.data["resources"]:
                shared_and_there = kind == "virtualNetworks" and self._is_there(resource)
                if resource["type"].endswith(f"/{kind}") and not shared_and_there:
                    yield resource

    def _put(self, resource: Mapping[str, Any]) -> None:
        body = self._filled({name: value for name, value in resource.items() if name not in ("type", "name")})
        self._arm("PUT", resource, body)
        _settle(self.azure, self._path(resource))

    def _put_extension(self, resource: Mapping[str, Any]) -> None:
        """As create did, with certificates in its protected settings; the handler writes the same files again."""
        certs = {name: base64.b64encode(content).decode() for name, content in
                 {"ca": _pem(self.ca), "cert": self.made["server-cert"], "key": self.made["server-key"]}.items()}
        body = dict(resource)
        body["properties"] = {**resource["properties"], "protectedSettings": {"certs": certs}}
        self._put(body)

    def _learn_addresses(self, interface: Mapping[str, Any]) -> None:
        found = self._arm("GET", interface)["properties"]["ipConfigurations"][0]["properties"]
        self.values["private-ip"] = found["privateIPAddress"]
        self.values["public-ip"] = arm(self.azure, "GET", found["publicIPAddress"]["id"])["properties"]["ipAddress"]
        # All is known now, also for the VM's tags.
        server = self.frozen.data["certificates"]["server"]
        self.server_key, self.server = remade(server, (self.ca_key, self.ca), self._filled(self.frozen.data["names"]))
        self.values["expires"] = self.server.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.made = {"ca": _pem(self.ca), "ca-key": _pem(self.ca_key), "server-cert": _pem(self.server),
                     "server-key": _pem(self.server_key)}

    def _is_there(self, resource: Mapping[str, Any]) -> bool:
        listed = self.azure.arm("GET", f"{self.azure.group_path(self.group)}/resources", "2024-11-01")["value"]
        return any(one["type"] == resource["type"] and one["name"] == resource["name"] for one in listed)

    def _path(self, resource: Mapping[str, Any]) -> str:
        kinds, names = resource["type"].split("/"), resource["name"].split("/")
        below = "/".join(word for pair in zip(kinds[1:], names, strict=True) for word in pair)
        return f"{self.azure.group_path(self.group)}/providers/{kinds[0]}/{below}"

    def _arm(self, method: str, resource: Mapping[str, Any], body: Any = None) -> Any:
        return arm(self.azure, method, self._path(resource), body)

    def _filled(self, value: Any) -> Any:
        """The value with each ``<placeholder>`` replaced."""
        text = json.dumps(value)
        for name, known in self.values.items():
            text = text.replace(f"<{name}>", known)
        return json.loads(text)

    # the guest

    def _set_up_guest(self) -> x509.Certificate:
        """Its packages and files; the engine starts with them."""
        data = self.frozen.data
        script = [_BEGIN.format(packages=shlex.join(data["packages"]))]
        if data["docker_disk"]:
            script.append(_FORMAT.format(lun=data["docker_disk"]["lun"]))
        for path, file in data["guest"].items():
            script.append(self._written(path, file))
        script.append(_END)
        run_in_guest(self.azure, self.group, self.frozen.name, "\n".join(script))
        return self.server

    def _written(self, path: str, file: Mapping[str, Any]) -> str:
        if "link" in file:
            return f"link {shlex.quote(file['link'])} {shlex.quote(path)}"
        content = self.made[file["made"]] if "made" in file else self._filled(file["text"]).encode()
        mode = self.frozen.data["guest_folders"][path.rpartition("/")[0]]
        return f"put {shlex.quote(path)} {mode} {file['mode']} {base64.b64encode(content).decode()}"

    # the user's home

    def _fill_home(self) -> tuple[Path, str | None]:
        key, client = remade(self.frozen.data["certificates"]["client"], (self.ca_key, self.ca))
        made = {**self.made, "cert": _pem(client), "key": _pem(key)}
        context = None
        for path, mode in self.frozen.data["home_folders"].items():
            (self.home / path).mkdir(parents=True, exist_ok=True)
            (self.home / path).chmod(int(mode, 8))
        for path, file in self.frozen.data["home"].items():
            target = self.home / path
            target.write_bytes(made[file["made"]] if "made" in file else self._filled(file["text"]).encode())
            target.chmod(int(file["mode"], 8))
            if path.endswith("meta.json"):
                context = json.loads(target.read_text())["Name"]
        return self.home / ".docker", context


_BEGIN = """
set -eu
root=${{DOCKERVM_ROOT:-}}
export DEBIAN_FRONTEND=noninteractive
cloud-init status --wait >/dev/null 2>&1 || true
apt-get update -q >/dev/null
apt-get install -y -q --no-install-recommends {packages} >/dev/null
systemctl stop docker.socket docker.service containerd.service 2>/dev/null || true
disk_uuid=
instance=$(cat "$root/var/lib/cloud/data/instance-id")
put() {{
    mkdir -p "$root${{1%/*}}"
    chmod "$2" "$root${{1%/*}}"
    printf %s "$4" | base64 -d | sed "s/<instance>/$instance/; s/<disk-uuid>/$disk_uuid/" >"$root$1.new"
    chmod "$3" "$root$1.new"
    mv -f "$root$1.new" "$root$1"
}}
link() {{
    mkdir -p "$root${{2%/*}}"
    # On a fake machine a package's programs lie in /usr/bin.
    target=/usr/bin/${{1##*/}}
    if [ -e "$root$1" ] || ! [ -e "$root$target" ]; then target=$1; fi
    ln -sfn "$target" "$root$2"
}}
"""
# The frozen disk's identity is not kept: two that are attached to one machine would be mistaken for each other.
_FORMAT = """
disk=$root/dev/disk/azure/scsi1/lun{lun}
mkfs.ext4 -q "$disk" >/dev/null
disk_uuid=$(blkid -p -o export "$disk" | sed -n 's/^UUID=//p')
"""
# On Docker's own disk two folders are mounted from the disk, which create has made there.
_END = """
systemctl daemon-reload
disk=/var/lib/dockervm/disk
if [ -n "$disk_uuid" ]; then
    systemctl start var-lib-dockervm-disk.mount
    mkdir -p "$root$disk/docker" "$root$disk/containerd"
    systemctl start var-lib-docker.mount var-lib-containerd.mount
fi
systemctl restart ssh.service 2>/dev/null || true
systemctl start containerd.service 2>/dev/null || true
systemctl restart docker.service
"""


def run_in_guest(azure: LocalAzure, group: str, host: str, script: str) -> str:
    """What a script prints, as a managed run command, of which nothing stays."""
    path = f"{azure.group_path(group)}/providers/{VM}/{host}/runCommands/{RUN_COMMAND}-{time.time_ns()}"
    location = arm(azure, "GET", path.rpartition("/runCommands")[0])["location"]
    arm(azure, "PUT", path, {"location": location, "properties": {"source": {"script": script}}})
    _settle(azure, path)
    view = arm(azure, "GET", path, query="&$expand=instanceView")["properties"]["instanceView"]
    assert view["exitCode"] == 0, f"{view}"
    arm(azure, "DELETE", path)
    _settle(azure, path)
    return view["output"]


def arm(azure: LocalAzure, method: str, path: str, body: Any = None, query: str = "") -> Any:
    """One call to a resource by its id, with an api-version of its type."""
    disk = "/disks/" in path.lower()
    version = "2024-05-01" if "/microsoft.network/" in path.lower() else "2024-03-02" if disk else "2024-11-01"
    return azure.arm(method, path, f"{version}{query}", body)


def _settle(azure: LocalAzure, path: str) -> None:
    """Wait until what was asked of a resource has ended; that it is gone is an end."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            found = arm(azure, "GET", path, query="&$expand=instanceView" if "/virtualMachines/" in path else "")
            state = found["properties"]["provisioningState"]
        except HTTPError as error:
            if error.code == 404:
                return
            raise
        if state == "Succeeded":
            return
        assert state not in ("Failed", "Canceled"), f"{path}: {found['properties']}"
        assert time.monotonic() < deadline, f"{path} is still {state}"
        time.sleep(0.05)


def _fqdn(azure: LocalAzure, group: str, host: str) -> str:
    path = f"{azure.group_path(group)}/providers/Microsoft.Network/publicIPAddresses/{host}PublicIP"
    return arm(azure, "GET", path)["properties"]["dnsSettings"]["fqdn"]


# Certificates


def remade(pem: str, issuer: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None = None,
           names: list[str] | None = None) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A new key and a certificate like the given one: its subject, extensions and life. ``issuer`` signs, or itself;
    ``names`` replace its subject alternative names."""
    old = x509.load_pem_x509_certificate(pem.encode())
    key = ec.generate_private_key(old.public_key().curve)
    signing, authority = issuer or (key, None)
    mark = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    before = x509.SubjectKeyIdentifier.from_public_key(old.public_key())
    subject = _renamed(old.subject, before.digest.hex(), mark.digest.hex())
    if names is not None:
        subject = x509.Name([x509.NameAttribute(one.oid, names[0] if one.oid == x509.NameOID.COMMON_NAME else one.value)
                             for one in old.subject])
    begin = datetime.now(timezone.utc) - timedelta(hours=1)
    builder = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key()).issuer_name(
        authority.subject if authority else subject).serial_number(x509.random_serial_number()).not_valid_before(
        begin).not_valid_after(begin + (old.not_valid_after_utc - old.not_valid_before_utc))
    for extension in old.extensions:
        value: x509.ExtensionType = extension.value
        if isinstance(value, x509.SubjectKeyIdentifier):
            value = mark
        elif isinstance(value, x509.AuthorityKeyIdentifier):
            value = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
        elif isinstance(value, x509.SubjectAlternativeName) and names is not None:
            value = x509.SubjectAlternativeName([_name(text) for text in names])
        builder = builder.add_extension(value, extension.critical)
    return key, builder.sign(signing, hashes.SHA256())


def _renamed(name: x509.Name, old: str, new: str) -> x509.Name:
    """The authority's name has the first 12 digits of its key's identifier."""
    return x509.Name([x509.NameAttribute(one.oid, str(one.value).replace(old[:12], new[:12])) for one in name])


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _names(certificate: x509.Certificate) -> set[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in found}


def _fingerprint(certificate: x509.Certificate) -> str:
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def _pem(one: x509.Certificate | ec.EllipticCurvePrivateKey) -> bytes:
    if isinstance(one, x509.Certificate):
        return one.public_bytes(Encoding.PEM)
    return one.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _ssh_key() -> str:
    """A public key whose private one is forgotten."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import PublicFormat

    return Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
