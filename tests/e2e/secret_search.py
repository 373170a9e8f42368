"""Looking for a secret in every form in which it could leak."""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path

from running import run

# Bigger files are Docker's own data and caches of packages.
LARGEST = 32 * 1024 * 1024


def forms(secret: str) -> list[bytes]:
    """A password as it is and in base64; of a private key the lines of its PEM, and the PEM in base64."""
    body = [line for line in secret.splitlines() if line and not line.startswith("-----")]
    whole = base64.b64encode(secret.encode()).decode()
    # Without its end, which depends on what follows, such as a newline.
    return [text.encode() for text in (*body, whole[: len(whole) // 4 * 4 - 4])]


def found_in(text: str, secret: str) -> bool:
    return any(form.decode() in text for form in forms(secret))


def holders(folder: Path, secret: str, leave_out: str = r"(?!)") -> set[str]:
    """The files below a folder that hold a secret, by their paths in it."""
    wanted = re.compile(b"|".join(re.escape(form) for form in forms(secret)))
    found = set()
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if re.search(leave_out, name) or path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            continue
        if wanted.search(path.read_bytes()):
            found.add(name)
    return found


def journal(disk: Path) -> str:
    """A guest's journal as text: its fields can be compressed in the file."""
    folder = disk / "var/log/journal"
    if not shutil.which("journalctl") or not folder.is_dir():
        return ""
    return run(["journalctl", "-D", folder, "-o", "cat", "--no-pager"]).stdout
