"""Custom data that would be ignored at the VM's first boot, or that is too much."""

from __future__ import annotations

import base64
import hashlib

from bad_values.row import bad, pair

IGNITION = '{"ignition": {"version": "3.3.0"}}'
FLATCAR = "FlatcarLinuxFreeGen2"


def script_of(length: int) -> str:
    """One that has about as many bytes, however it is compressed."""
    blocks = (hashlib.sha256(str(number).encode()).digest() for number in range(length // 32))
    return "#!/bin/sh\n# " + base64.b64encode(b"".join(blocks)).decode()


VALUES = (
    bad("custom_data", ("--custom-data", ""), "--custom-data", "empty"),
    bad("custom_data", "--custom-data no/such/init.yaml", "--custom-data", "there is no file 'no/such/init.yaml'",
        "#cloud-config", "gzip"),
    bad("custom_data", ("--custom-data", "hello\nworld"), "--custom-data", "its first line is none", "#include",
        "--user-data"),
    bad("custom_data", ("--custom-data", "#cloud-config\npackages: [jq\n"), "--custom-data",
        "no YAML: line 3, column 1"),
    bad("custom_data", ("--custom-data", "#cloud-config\n- jq\n"), "--custom-data", "no mapping"),
    bad("custom_data", ("--custom-data", "H4sIAAAAAAAA/w=="), "--custom-data", "can't be decompressed"),
    bad("custom_data", ("--custom-data", "MIME-Version: 1.0\nContent-Type: text/html\n\n<p>\n"), "--custom-data",
        "its part 1 is of the type 'text/html'"),
    bad("custom_data", ("--custom-data", script_of(70_000)), "--custom-data", "bytes more than the 65,535",
        "#include with URLs"),
)

PAIRS = (
    pair("custom_data", "image", ("--custom-data", IGNITION, "--image", "Debian13"), "--custom-data", "Ignition",
         "has cloud-init"),
    pair("custom_data", "image", ("--custom-data", "#include http://a", "--image", FLATCAR), "--custom-data",
         "no include of URLs", "Ignition"),
    pair("custom_data", "provisioner", ("--custom-data", IGNITION, "--provisioner", "cloud-init"), "--custom-data",
         "Ignition"),
    pair("custom_data", "provisioner", ("--custom-data", script_of(40_000), "--provisioner", "cloud-init"),
         "with your own custom data, has ", "bytes more than Azure's", "--provisioner run-command", asks=True),
    pair("provisioner", "image", ("--provisioner", "cloud-init", "--image", FLATCAR), "--provisioner cloud-init",
         "has Ignition, and no cloud-init", "--provisioner run-command"),
)
