"""The one-time key of a host's first boot, and the files of the host in which it lies, in whatever form."""

from __future__ import annotations

import base64
import gzip
import re

# Local Azure hands custom data to cloud-init by a seed (NoCloud), of which Azure has none.
SEED = "/var/lib/cloud/seed/nocloud/user-data"

# Prints each file below a folder that holds one of the texts given.
SEARCH = r"""
import gzip, os, sys
top, wanted = sys.argv[1], [bytes.fromhex(one) for one in sys.argv[2:]]
for folder, folders, files in os.walk(top):
    if folder == "/":
        folders[:] = [one for one in folders if one not in ("proc", "sys", "dev")]
    for name in files:
        path = os.path.join(folder, name)
        try:
            if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > 32 << 20:
                continue
            data = open(path, "rb").read()
            if data[:2] == b"\x1f\x8b":
                data += gzip.decompress(data)
        except (OSError, EOFError):
            continue
        if any(one in data for one in wanted):
            print(path)
"""


def custom_data(host) -> bytes:
    """As it came to the guest."""
    return (host.azure.disk(host.name) / SEED.lstrip("/")).read_bytes()


def forms(host) -> list[bytes]:
    """The key as the script has it and as PEM, and the custom data that hold it, as they came and in base64: of each
    as much as no line end cuts."""
    packed = custom_data(host)
    found = re.search(r"^DOCKERVM_DOOR_KEY=(\S+)$", gzip.decompress(packed).decode(), re.M)
    assert found, "there is no key in the custom data: the search would find nothing"
    key = found[1].strip("'")
    return [key[:60].encode(), base64.b64decode(key).decode().splitlines()[1].encode(), packed[:60],
            base64.b64encode(packed)[:80]]


def holders(host, top: str = "/") -> set[str]:
    """The files of the guest below a folder that hold it."""
    words = " ".join(form.hex() for form in forms(host))
    return set(host.run(f"cat >/root/search.py <<'END'\n{SEARCH}\nEND\npython3 -I /root/search.py {top} {words}"
                        ).splitlines())
