"""Which parts of the set-up script an action needs, and the text that they make together."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent

# In the order of the text: head.sh has the interpreter and what the variables mean, main.sh the call that starts all.
ALWAYS_FIRST = ("head", "input", "answer", "evidence", "clock", "system", "file", "lock", "exit")
ALWAYS_LAST = ("main",)

DOCKER = ("command", "openssl", "package", "proxy", "wanted-docker", "docker-repository", "apt", "apt-repository",
          "rpm-manager", "rpm", "rpm-repository", "zypper", "docker")
# Docker's own disk, before Docker is installed.
DISK = ("docker-disk", "data-disk", "docker-mounts")
FIREWALL = ("port", "backup", "edit", "shut-port", "firewall")
SSHD = (*FIREWALL, "selinux", "sshd")
# What each run command that changes a host does first, in case its action boot is at work.
TAKE_OVER = ("marker", "take-over")
START_AND_CHECK = ("command", "base64", "certificate", "engine", "engine-start", "engine-tls")

# Action → the parts between them. Each has what it calls and nothing else; a test holds it.
PARTS: dict[str, tuple[str, ...]] = {
    "install": (*DISK, *DOCKER, "proxy-files", "engine", "engine-start", "drop-ins", "compose-packages", "extension",
                "base64", "settings", "no-listener", "mirrors", "metadata", *TAKE_OVER, "install"),
    "request": (*DISK, *DOCKER, "proxy-files", *SSHD, "key", "signing-request", *TAKE_OVER, "request"),
    "serve": (*START_AND_CHECK, *FIREWALL, "key", "settings", "keep-settings", "mirrors", "engine-files",
              "restore-engine", "given-files", "metadata", *TAKE_OVER, "serve"),
    "ssh": ("command", "openssl", "rpm-manager", *SSHD, *TAKE_OVER, "ssh"),
    "restart": (*START_AND_CHECK, "port", "drop-ins", "extension-unit", "engine-settings", "metadata", *TAKE_OVER,
                "restart"),
    "boot": (*DISK, *DOCKER, "proxy-files", "base64", "certificate", "engine", "engine-start", "engine-tls", *SSHD,
             "key", "signing-request", "settings", "mirrors", "engine-files", "restore-engine", "given-files",
             "metadata", "marker", "door-program", "door", "boot"),
    "configure": (*START_AND_CHECK, "port", "backup", "drop-ins", "engine-settings", "proxy", "proxy-files", "settings",
                  "no-listener", "mirrors", "restore-engine", "metadata", *TAKE_OVER, "configure"),
    "compose": (*DOCKER, "base64", "engine", "engine-start", "compose-packages", *TAKE_OVER, "hidden", "client",
                "registry", "project", "compose"),
    "check": ("openssl", "port", "shut-port", "base64", "certificate", "engine", "engine-tls", "drop-ins",
              "engine-settings", "docker-disk", "check"),
}

_HOLDS = re.compile(r"<<'(\w+\.py)'$")


def set_up_script(action: str) -> str:
    """The script that performs this action on a host: the same text each time, so that a PUT of it stays idempotent.

    ``action`` is a key of ``PARTS``; any other is a ``KeyError``. Lines end in ``\\n`` whatever the checkout made of
    them, because a shell takes ``\\r`` for a part of the word before it.
    """
    names = (*ALWAYS_FIRST, *PARTS[action], *ALWAYS_LAST)
    return "\n".join(_text(name) for name in names)


def _text(name: str) -> str:
    """A part without what it tells shellcheck about the others: there is nothing to forgive in the whole. An empty
    here-document that is named like a file of the folder holds that file."""
    lines = [line for line in _lines(f"{name}.sh") if not line.startswith("# shellcheck ")]
    return "".join(line + "".join(_lines(held[1]) if (held := _HOLDS.search(line)) else ()) for line in lines)


def _lines(name: str) -> list[str]:
    return (FOLDER / name).read_text(encoding="utf-8").splitlines(keepends=True)
