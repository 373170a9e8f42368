"""A fake machine's cloud-init: its name for the machine, the user script of the first boot, and how that ended.

Custom data that is a user script (it begins with `#!`, or is a gzip of such) is run as in cloud-init's final stage:
once in a machine's life, in the background, with its output in /var/log/cloud-init-output.log; so are those that are
parts of a MIME message, in the order of their names. Whatever else cloud-init takes (#cloud-config, #include) is kept
and not run. Run as `python first_boot.py ROOT SECONDS` this is the
process that waits for the script and notes its end; standard library only.
"""

from __future__ import annotations

import email
import fcntl
import gzip
import json
import os
import subprocess
import sys
import threading
import time
import uuid
import zlib
from collections.abc import Mapping
from pathlib import Path

if not __package__:  # started alone: nobody has put the package's folder on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from localazure import files

GZIP = b"\x1f\x8b"
STATE = "var/lib/cloud"
SCRIPTS = f"{STATE}/instance/scripts"
FINISHED = f"{STATE}/instance/boot-finished"
LOG = "var/log/cloud-init-output.log"
# Held while the final stage lasts. Below /run, so both go with a boot, as on a real machine.
AT_WORK = "run/cloud-init/at-work"
RESULT = "run/cloud-init/result.json"
POLL_S = 0.1


def user_scripts(custom_data: bytes) -> dict[str, bytes]:
    """The user scripts that custom data is or holds, by the names of their files.

    https://cloudinit.readthedocs.io/en/latest/explanation/format.html#user-data-script
    """
    if custom_data.startswith(GZIP):
        try:
            custom_data = gzip.decompress(custom_data)
        except (OSError, EOFError, zlib.error):
            return {}
    if b"mime-version:" in custom_data[:4096].lower():
        parts = [part for part in email.message_from_bytes(custom_data).walk() if not part.is_multipart()]
        found = [(part.get_filename(), part.get_payload(decode=True)) for part in parts]
    else:
        found = [(None, custom_data)]
    return {name or f"part-{number:03}": content for number, (name, content) in enumerate(found, 1)
            if isinstance(content, bytes) and content.startswith(b"#!")}


def prepare(root: Path, custom_data: bytes) -> None:
    """What cloud-init keeps of a new machine: an instance id that no other machine has had, the data, the script."""
    instance = str(uuid.uuid4())
    folder = root / STATE / "instances" / instance
    (folder / "scripts").mkdir(parents=True)
    (root / STATE / "instance").symlink_to(f"instances/{instance}")
    (root / STATE / "data").mkdir()
    (root / STATE / "data/instance-id").write_text(f"{instance}\n")
    files.write_private(folder / "user-data.txt", custom_data)
    for name, script in user_scripts(custom_data).items():
        path = root / SCRIPTS / name.replace("/", "_")
        files.write_private(path, script)
        path.chmod(0o700)


def begin(root: Path, environment: Mapping[str, str], delay_s: float) -> None:
    """Start the final stage of the first boot, `delay_s` seconds late; returns at once."""
    if not any((root / SCRIPTS).iterdir()):
        finish(root)
        return
    (root / AT_WORK).parent.mkdir(parents=True)
    with (root / AT_WORK).open("w") as lock, (root / LOG).open("ab") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)  # inherited, so it is held from now on until the process ends
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(root), f"{delay_s:g}"], stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, env={"LANG": "C.UTF-8", **environment}, cwd=root, pass_fds=(lock.fileno(),),
            start_new_session=True,
        )  # fmt: skip
    threading.Thread(target=process.wait, daemon=True).start()  # nothing but a zombie would be left of it


def finish(root: Path) -> None:
    """A boot in which nothing was run, as all but the first are."""
    (root / FINISHED).write_text("Local Azure: cloud-init of a fake machine finished\n")


def final_stage(root: Path, delay_s: float) -> None:
    """Run the scripts, one after the other, and note how they ended."""
    time.sleep(delay_s)
    os.umask(0o022)
    errors = []
    for script in sorted((root / SCRIPTS).iterdir()):
        try:
            status = subprocess.run([str(script)], stdin=subprocess.DEVNULL).returncode
            failure = f"exit status {status}" if status else ""
        except OSError as error:
            failure = str(error)
        if failure:
            errors.append(f"Failed to run the user script /{SCRIPTS}/{script.name}: {failure}")
    for line in errors:
        print(line, file=sys.stderr)
    files.replace_private(root / RESULT, json.dumps({"v1": {"errors": errors}}).encode())
    finish(root)


def status(root: Path, words: list[str]) -> int:
    """`cloud-init status`, with --wait and --long; its exit status."""
    while "--wait" in words and files.is_held(root / AT_WORK):
        time.sleep(POLL_S)
    errors: list[str] = []
    if files.is_held(root / AT_WORK):
        state = "running"
    else:
        if (root / RESULT).exists():
            errors = json.loads((root / RESULT).read_text())["v1"]["errors"]
        state = "error" if errors else "done"
    print(f"status: {state}")
    if "--long" in words:
        print("\n".join(["detail: Local Azure fake machine", "errors:", *(f"  - {error}" for error in errors)]))
    return 1 if errors else 0


if __name__ == "__main__":
    final_stage(Path(sys.argv[1]), float(sys.argv[2]))
