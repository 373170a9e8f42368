"""Looking for a secret in every form in which it could leak."""

from __future__ import annotations

import base64
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from running import run

# Bigger files are Docker's own data and caches of packages.
LARGEST = 32 * 1024 * 1024
# In Local Azure's folder: disks of guests, which are looked into apart; Docker's folders hold images.
GUESTS = r"^machines/[0-9a-f]+/(upper|work|root|docker)/"


def forms(secret: str) -> list[bytes]:
    """A password, or the PEM of a P-256 key: as it is, in base64, as number and in hexadecimal."""
    # Without its end, which depends on what follows, such as a newline.
    encoded = base64.b64encode(secret.encode())[:-4]
    if "-----BEGIN" not in secret:
        return [secret.encode(), encoded]
    number = load_pem_private_key(secret.encode(), None).private_numbers().private_value.to_bytes(32, "big")
    # The lines with the private number; the last one has nothing but the public key, which certificates have too.
    lines = secret.splitlines()[1:3]
    return [*(line.encode() for line in lines), encoded, number, number.hex().encode()]


def found_in(text: str, secret: str) -> bool:
    data = text.encode(errors="replace")
    return any(form in data for form in forms(secret))


def holders(folder: Path, secret: str, leave_out: str = r"(?!)") -> set[str]:
    """The files below a folder that hold a secret, by their paths in it."""
    wanted = re.compile(b"|".join(re.escape(form) for form in forms(secret)))
    found = set()
    for at, folders, files in os.walk(folder):
        inside = Path(at).relative_to(folder)
        folders[:] = [one for one in folders if not re.search(leave_out, f"{inside / one}/")]
        for file in files:
            path, name = Path(at, file), str(inside / file)
            if re.search(leave_out, name) or path.is_symlink() or not path.is_file():
                continue
            with suppress(FileNotFoundError):   # it went while we looked: the guests are at work
                if path.stat().st_size <= LARGEST and wanted.search(path.read_bytes()):
                    found.add(name)
    return found


def journal(disk: Path) -> str:
    """A guest's journal as text: its fields can be compressed in the file."""
    folder = disk / "var/log/journal"
    if not shutil.which("journalctl") or not folder.is_dir():
        return ""
    return run(["journalctl", "-D", folder, "-o", "cat", "--no-pager"]).stdout
