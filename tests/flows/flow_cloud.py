"""What a test of whole commands sees of the cloud: the extension's commands, and Azure's own view of what they made."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from local_azure import LocalAzure, eventually

from localazure.behavior import config

sys.path.insert(0, str(Path(__file__).parents[1] / "scenario"))
import in_process_az

COMPUTE, NETWORK, RESOURCES = "2024-11-01", "2024-05-01", "2024-11-01"
GROUP, HOST, REGION = "flows", "web1", "westus"
PASSWORD = "Tall-Ships_2014+Docker"


class Cloud:
    """What a test sees of it: commands of the extension, and Azure's own view of what they made."""

    def __init__(self, instance: LocalAzure, group: str, home: Path) -> None:
        self.instance, self.group, self.home = instance, group, home
        self.requests = instance.requests()

    # the extension

    def az(self, *words: object) -> in_process_az.Finished:
        """``az dockervm WORDS``."""
        return in_process_az.run(Path(os.environ["AZURE_CONFIG_DIR"]), "dockervm", *words)

    def create(self, *words: object, name: str = HOST) -> in_process_az.Finished:
        login = () if {"-p", "--ssh-key-values"} & set(words) else ("-p", PASSWORD)
        return self.az("create", "-g", self.group, "-n", name, *login, *words)

    def host(self, *words: object) -> dict:
        """A finished host, made by run commands."""
        return self.create("--provisioner", "run-command", *words).succeeded().json

    def folder(self, name: str = ".docker") -> Path:
        return self.home / name

    # Azure

    def path(self, kind: str, name: str) -> str:
        return f"{self.instance.group_path(self.group)}/providers/{kind}/{name}"

    def arm(self, method: str, kind: str, name: str, body: Any = None) -> Any:
        version = COMPUTE if kind.startswith("Microsoft.Compute") else NETWORK
        return self.instance.arm(method, self.path(kind, name), version, body)

    def get(self, kind: str, name: str) -> Any:
        """None where it is not there."""
        try:
            return self.arm("GET", kind, name)
        except HTTPError as error:
            if error.code == 404:
                return None
            raise

    def settled(self, kind: str, name: str) -> Any:
        def at_rest():
            found = self.get(kind, name)
            return found is None or found["properties"]["provisioningState"] in ("Succeeded", "Failed")

        eventually(at_rest, f"{kind}/{name} at rest", 30)
        return self.get(kind, name)

    def vm(self, name: str = HOST) -> Any:
        return self.get("Microsoft.Compute/virtualMachines", name)

    def tags(self, name: str = HOST) -> dict:
        return self.vm(name)["tags"]

    def retag(self, **changes: str | None) -> None:
        """Change tags of the VM as somebody else would; None takes one away. Names have _ for -."""
        tags = {**self.tags(), **{name.replace("_", "-"): value for name, value in changes.items()}}
        self.arm("PATCH", "Microsoft.Compute/virtualMachines", HOST,
                 {"tags": {name: value for name, value in tags.items() if value is not None}})
        self.settled("Microsoft.Compute/virtualMachines", HOST)

    def parts(self) -> set[str]:
        """Types and names of what the group holds, disks left out."""
        path = f"{self.instance.group_path(self.group)}/resources"
        found = self.instance.arm("GET", path, RESOURCES)["value"]
        return {f"{one['type'].rpartition('/')[2]}/{one['name'].rpartition('/')[2]}" for one in found
                if not one["type"].endswith("/disks")}

    def run_commands(self) -> list[str]:
        found = self.instance.arm("GET", f"{self.path('Microsoft.Compute/virtualMachines', HOST)}/runCommands", COMPUTE)
        return [one["name"] for one in found["value"]]

    def asked(self, action: str) -> bool:
        """Whether an action of the set-up script was asked of the host since ``mark``."""
        return rf"PUT \S+/runCommands/dockervm-{action}-" in self.requests

    def mark(self) -> None:
        self.requests = self.instance.requests()

    @contextmanager
    def narrowed(self):
        """The Docker port is open to somebody else only, as a company's policy would have it."""
        group = self.get("Microsoft.Network/networkSecurityGroups", f"{HOST}NSG")
        wide = json.loads(json.dumps(group))
        for rule in group["properties"]["securityRules"]:
            rule["properties"]["sourceAddressPrefix"] = "192.0.2.7"
        self.arm("PUT", "Microsoft.Network/networkSecurityGroups", f"{HOST}NSG", group)
        self.settled("Microsoft.Network/networkSecurityGroups", f"{HOST}NSG")
        try:
            yield
        finally:
            self.arm("PUT", "Microsoft.Network/networkSecurityGroups", f"{HOST}NSG", wide)
            self.settled("Microsoft.Network/networkSecurityGroups", f"{HOST}NSG")

    def engine_certificate(self, folder: Path | None = None) -> str:
        """The SHA-256 of the certificate that the engine shows to this folder's client."""
        from azext_dockervm.certs.summary import describe
        from azext_dockervm.engine.endpoint import Endpoint
        from azext_dockervm.engine.tls import handshake

        tags = self.tags()
        endpoint = Endpoint(tags["dockervm-fqdn"], int(tags["dockervm-port"]), folder or self.folder())
        return describe(handshake(endpoint)).fingerprint

    def behavior(self, **members: Any) -> None:
        """Set what goes wrong, like behavior(rules=[...]); nothing when called without."""
        path = self.instance.folder / config.NAME
        if not members:
            path.unlink(missing_ok=True)
            return
        data = json.dumps(members).encode()
        config.parse(data)      # a mistake of the test shows here
        config.write(path, data)
