"""What the set-up script answers, as values, and how it is given texts of many lines."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from azext_dockervm.errors import HostFailed
from azext_dockervm.printable import printable

BEGIN, END = "dockervm-begin", "dockervm-end"
# Characters of one line; a whole answer has 3,500 bytes at most.
LONGEST_LINE = 3500

# The script's words for why it failed, by which programs tell failures apart → what people read.
REASONS = {
    "bad-input": "the set-up was given a value that it does not accept",
    "busy": "an earlier set-up is still active",
    "certificate-expired": "the server certificate has expired",
    "certificate-invalid": "the host does not accept the server certificate",
    "certificate-mismatch": "the server certificate is for another key",
    "check-failed": "the engine does not work as set up",
    "compose-failed": "Docker Compose failed",
    "compose-invalid": "Docker Compose does not accept the project",
    "compose-timeout": "the Compose project did not come up in time",
    "compose-unhealthy": "not all services of the Compose project run",
    "disk-full": "a disk of the host is full",
    "docker-config-invalid": "dockerd does not accept its settings",
    "docker-disk-failed": "the disk for Docker's data can't be used",
    "docker-disk-full": "the disk for Docker's data is full",
    "docker-disk-missing": "the disk for Docker's data is not attached",
    "docker-disk-not-blank": "the disk for Docker's data is not blank",
    "docker-disk-unmounted": "the disk for Docker's data is not mounted",
    "docker-missing": "Docker is not installed",
    "docker-start-failed": "Docker does not start",
    "door-stuck": "the enrolment port does not close",
    "extension-blocked": "the Docker VM extension can't work on this host",
    "firewall-shut": "the host's own firewall closes the port",
    "install-failed": "Docker could not be installed",
    "interrupted": "the set-up was interrupted",
    "key-missing": "the server's key is missing",
    "lock-timeout": "the package manager stayed locked",
    "login-failed": "the login to a registry failed",
    "login-refused": "a registry refuses the login",
    "no-blkid": "blkid is missing",
    "no-compose-package": "there is no package of Docker Compose",
    "no-docker-package": "there is no package of Docker",
    "no-docker-repository": "Docker's own repository has no packages for this system",
    "no-instance": "cloud-init has no instance id",
    "no-mkfs": "mkfs is missing",
    "no-package-manager": "there is no package manager",
    "no-repositories": "the package manager has no repositories",
    "metadata-open": "containers can't be kept from the instance metadata service",
    "no-such-version": "there is no such version of Docker",
    "no-systemd": "the host does not run systemd",
    "not-root": "the set-up does not run as root",
    "not-set-up": "Docker is not set up",
    "openssl-failed": "openssl failed",
    "openssl-missing": "openssl is missing",
    "other-docker": "another Docker is installed",
    "other-packages": "other packages stand in the way of Docker's own",
    "port-taken": "the port is in use by another program",
    "selinux-label": "SELinux has no label for the SSH port",
    "selinux-tools-missing": "the tools for SELinux's labels are missing",
    "settings-changed": "Docker's settings were edited on the host",
    "ssh-failed": "sshd does not listen on its port",
    "ssh-port-taken": "the SSH port is in use by another program",
    "sshd-missing": "there is no OpenSSH server",
    "unexpected": "the set-up ended unexpectedly",
    "write-failed": "a file can't be written",
    "wrong-key": "Docker's package key is not the expected one",
}


def in_words(reason: str) -> str:
    """What people read of a reason; of one that is not known, as a script of another version may answer it, the reason
    itself without its hyphens."""
    return REASONS.get(reason) or reason.replace("-", " ")


def encoded(text: str | bytes) -> str:
    """A value of many lines as one word, so that no handler trips over its line ends."""
    data = text.encode() if isinstance(text, str) else text
    return base64.b64encode(data).decode()


@dataclass(frozen=True)
class Answer:
    """One run of the script: ``values`` by key (csr is PEM text), ``details`` its evidence after a failure. All but the
    csr is printable: whoever is root on the host can write it."""

    ok: bool
    values: dict[str, str]
    details: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why it failed, as a word."""
        return self.values.get("reason", "unknown reason")

    def __getitem__(self, key: str) -> str:
        try:
            return self.values[key]
        except KeyError:
            raise HostFailed(f"The host's answer lacks '{key}'.") from None


def parse_answer(output: str, run_id: str) -> Answer:
    """Read the block that ends the script's output; raises ``HostFailed`` where there is none, or an older run's."""
    lines = [line.rstrip("\r") for line in output.splitlines()]
    if BEGIN not in lines or END not in lines[lines.index(BEGIN):]:
        shown = printable(" ".join(" ".join(lines).split())[-300:], LONGEST_LINE)
        raise HostFailed(f"The host did not answer as the set-up script does. It said: {shown or 'nothing'}")
    start = len(lines) - 1 - lines[::-1].index(BEGIN)
    values: dict[str, str] = {}
    details: list[str] = []
    pem: list[str] | None = None
    for line in lines[start + 1:lines.index(END, start)]:
        if pem is not None:
            pem.append(line)
            if line.startswith("-----END"):
                values["csr"], pem = "\n".join(pem) + "\n", None
            continue
        key, _, value = line.partition(":")
        if key == "csr":
            pem = []
        elif key == "detail":
            details.append(printable(value.strip(), LONGEST_LINE))
        else:
            values[key] = printable(value.strip(), LONGEST_LINE)
    if values.get("run") != run_id:
        raise HostFailed("The answer on the host belongs to another run.")
    return Answer(values.get("result") == "ok", values, tuple(details))
