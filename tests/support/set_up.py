"""The set-up script on a guest of a platform, without Azure: its actions, a certificate authority, the client."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from guests import Guests, rule

from azext_dockervm.provision.daemon import daemon_json
from azext_dockervm.provision.script.answer import Answer, encoded, parse_answer
from azext_dockervm.provision.script.join import set_up_script
from azext_dockervm.spec.engine import Engine
from localazure.machines.machine import PublicAddress


@dataclass
class SetUp:
    """One guest at a public address, at which no rule of Azure's closes anything: what is shut is shut by the guest."""

    guests: Guests
    machine: str
    address: str
    port: int = 4243
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.guests.folder / self.machine
        self.folder.mkdir()
        self.guests.platform.machine_expose(self.machine, PublicAddress(self.address, None))
        self.guests.platform.machine_firewall(self.machine, [rule(100, "Allow")])

    def run(self, action: str, timeout: int = 300, **values: str) -> Answer:
        """What the script answers, ended as a run command is."""
        words = {"ACTION": action, "RUN_ID": "run", "PORT": str(self.port), "TIMEOUT": str(timeout), **values}
        result = self.guests.run(self.machine, set_up_script(action), timeout=timeout + 60,
                                 arguments=[(f"DOCKERVM_{name}", value) for name, value in words.items()])
        print(result.stderr)
        return parse_answer(result.stdout, "run")

    def request(self, **values: str) -> Answer:
        return self.run("request", SUBJECT="host.test", NAMES=f"DNS:host.test,IP:{self.address},IP:127.0.0.1", **values)

    def serve(self, csr: str, **values: str) -> Answer:
        self._openssl("req", "-x509", *NEW_KEY, "-days", "2", "-subj", "/CN=ca", "-keyout", "ca-key.pem",
                      "-out", "ca.pem")
        self._openssl("req", *NEW_KEY, "-subj", "/CN=client", "-keyout", "key.pem", "-out", "client.csr")
        (self.folder / "server.csr").write_text(csr)
        (self.folder / "extensions").write_text("extendedKeyUsage=clientAuth\n")
        self._sign("server.csr", "server.pem", "-copy_extensions", "copy")
        self._sign("client.csr", "cert.pem", "-extfile", "extensions")
        pems = {name: (self.folder / f"{name}.pem").read_text() for name in ("ca", "server")}
        return self.run("serve", CA=encoded(pems["ca"]), CERT=encoded(pems["server"]),
                        **{"DAEMON_JSON": encoded(daemon_json(Engine(self.port))), **values})

    def becomes_a_host(self, **values: str) -> Answer:
        """All of it, with a verified call from here at the end; what the request answered."""
        asked = self.request(**values)
        assert asked.ok, (asked.reason, asked.details)
        served = self.serve(asked["csr"])
        assert served.ok, (served.reason, served.details)
        assert self.docker("version", "--format", "{{.Server.Version}}") == served["engine"]
        return asked

    def docker(self, *words: str) -> str:
        """The distribution's docker client, by mutual TLS."""
        done = subprocess.run(
            ["docker", "--tlsverify", "-H", f"tcp://{self.address}:{self.port}", *words], capture_output=True,
            text=True, env={**os.environ, "DOCKER_CERT_PATH": str(self.folder)}, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def takes_connections(self, port: int) -> bool:
        """From outside, which is all that counts."""
        try:
            socket.create_connection((self.address, port), timeout=2).close()
        except OSError:
            return False
        return True

    def says(self, script: str) -> str:
        """What a script on the guest prints, which must succeed."""
        return self.guests.says(self.machine, script)

    def guest_status(self, script: str) -> int:
        return self.guests.run(self.machine, script).exit_code

    def restart(self) -> None:
        self.guests.platform.machine_restart(self.machine)

    def listening(self) -> set[int]:
        """TCP ports that others than the guest itself are let in by, as far as sockets go."""
        sockets = self.says("ss -Hltn | awk '{ print $4 }'").split()
        return {int(one.rpartition(":")[2]) for one in sockets if not re.match(r"127\.|\[::1\]", one)}

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def _sign(self, request: str, certificate: str, *words: str) -> None:
        self._openssl("x509", "-req", "-days", "2", "-in", request, "-CA", "ca.pem", "-CAkey", "ca-key.pem",
                      "-CAcreateserial", "-out", certificate, *words)


NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
