"""Custom data: a head start for cloud-init, without any secret (Azure keeps custom data readable on the VM)."""

from __future__ import annotations

from azext_dockervm.provision.script.join import set_up_script

# base64 of at most 65,535 bytes is Azure's limit; checked by a test against the script's length.
LIMIT = 65_535


def head_start(compose: bool = False) -> bytes:
    """A user script that begins installing Docker at first boot, while Azure still finishes the VM; with ``compose``
    also what the Docker VM extension's handler looks for.

    The later run command waits for it and finds Docker there. An image without cloud-init ignores it.
    """
    settings = "DOCKERVM_ACTION=install\nexport DOCKERVM_ACTION\n"
    if compose:
        settings += "DOCKERVM_COMPOSE=1\nexport DOCKERVM_COMPOSE\n"
    return b"#!/bin/sh\n" + settings.encode() + set_up_script("install").encode()
