"""Custom data: a head start for cloud-init, without any secret (Azure keeps custom data readable on the VM)."""

from __future__ import annotations

from azext_dockervm.provision.script import set_up_script

# base64 of at most 65,535 bytes is Azure's limit; checked by a test against the script's length.
LIMIT = 65_535


def head_start() -> bytes:
    """A user script that begins installing Docker at first boot, while Azure still finishes the VM.

    The later run command waits for it and finds Docker there. An image without cloud-init ignores it.
    """
    return b"#!/bin/sh\nDOCKERVM_ACTION=install\nexport DOCKERVM_ACTION\n" + set_up_script().encode()
