"""The settings of the VMAccess extension (github.com/Azure/azure-linux-extensions) and what they come to in a guest.

All of them are protected: {"username", "password", "ssh_key", "expiration", "remove_user", "reset_ssh"}.
"""

from __future__ import annotations

import re
import subprocess
from typing import Any

from localazure.machines.handlers.context import ENABLE_TIMEOUT_S, HandlerContext, SettingsError, handler_script
from localazure.machines.machine import RunResult

# What useradd takes, and what can't be mistaken for an option or a pattern.
_USER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
_PLAIN_KEYS = ("ssh-rsa", "ssh-ed25519")
_SSH2 = "---- BEGIN SSH2 PUBLIC KEY ----"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s*(.*?)\s*-----END CERTIFICATE-----", re.DOTALL)


def enable(context: HandlerContext, public: dict[str, Any], protected: dict[str, Any]) -> RunResult:
    """Do to users and sshd what the settings say; a failure is the script's last line."""
    result = context.run(handler_script("vm-access.sh"), environment(protected), ENABLE_TIMEOUT_S)
    if result.exit_code == 0:
        return RunResult(0, result.stdout, "Enable succeeded.")
    said = result.stderr.strip().splitlines() or [f"Enable failed: exit status {result.exit_code}"]
    return RunResult(1, result.stdout, said[-1], result.timed_out)


def environment(protected: dict[str, Any]) -> list[tuple[str, str]]:
    """The variables of scripts/vm-access.sh. Raises SettingsError."""
    texts = {name: protected.get(name) for name in ("username", "password", "ssh_key", "expiration", "remove_user")}
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            raise SettingsError(f"Enable failed: {name} must be a string")
    reset, remove = protected.get("reset_ssh"), texts["remove_user"] or ""
    if remove and (reset is not None or texts["password"] is not None):
        raise SettingsError("Enable failed: Cannot reset sshd_config and remove a user in one operation.")
    user = texts["username"] or ""
    password, key = texts["password"] or "", texts["ssh_key"] or ""
    if "username" in protected and not password and not key:
        raise SettingsError("Enable failed: No password or ssh_key is specified.")
    for name in (user, remove):
        if name and not _USER_NAME.fullmatch(name):
            raise SettingsError(
                "Enable failed: Failed to create the account or set the password with Failed to create user account: "
                f"{name} (0x07)."
            )
    if "\n" in password or "\0" in password:
        raise SettingsError("Enable failed: Failed to set password: it has a line break")
    return [
        ("ACCESS_RESET", "yes" if reset else ""),
        ("ACCESS_REMOVE", remove),
        ("ACCESS_USER", user),
        ("ACCESS_PASSWORD", password),
        ("ACCESS_EXPIRATION", (texts["expiration"] or "").split(".")[0].split("T")[0]),
        ("ACCESS_KEY", public_key(key.strip()) if key.strip() else ""),
    ]


def public_key(text: str) -> str:
    """A public key as a line of authorized_keys, from OpenSSH's form, SSH2's, or a certificate of X.509."""
    if text.lower().startswith(_PLAIN_KEYS):
        return " ".join(text.splitlines())
    if text.startswith(_SSH2):
        return _converted(["ssh-keygen", "-i", "-f", "/dev/stdin"], text, "Failed to convert SSH2 key to OpenSSH key.")
    match = _CERTIFICATE.search(text)
    certificate = f"-----BEGIN CERTIFICATE-----\n{match[1] if match else text}\n-----END CERTIFICATE-----\n"
    failed = "Failed to generate public key file."
    pem = _converted(["openssl", "x509", "-noout", "-pubkey"], certificate, failed)
    return _converted(["ssh-keygen", "-i", "-m", "PKCS8", "-f", "/dev/stdin"], f"{pem}\n", failed)


def _converted(argv: list[str], text: str, failed: str) -> str:
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SettingsError(f"Enable failed: {failed}")
    return done.stdout.strip()
