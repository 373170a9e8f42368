"""Custom data: the set-up script for cloud-init, as a head start or as the whole of the fast lane."""

from __future__ import annotations

import gzip
import shlex
from collections.abc import Mapping

from azext_dockervm.advice.option_values import OTHER_PROVISIONER
from azext_dockervm.errors import CustomDataTooLong
from azext_dockervm.provision.script.answer import encoded
from azext_dockervm.provision.script.join import set_up_script

# Azure's limit in bytes, documented for what base64 decodes to, and here kept by base64 itself: the stricter reading.
LIMIT = 65_535


def head_start(to_install: Mapping[str, str], compose: bool = False) -> bytes:
    """A user script that begins installing Docker at first boot, while Azure still finishes the VM; with ``compose``
    also what the Docker VM extension's handler looks for. ``to_install`` as ``host_values`` gives it. There is no
    secret in it.

    The later run command waits for it and finds Docker there. An image without cloud-init ignores it.
    """
    return _user_script("install", {**to_install, **({"DOCKERVM_COMPOSE": "1"} if compose else {})})


def fast_lane(host: Mapping[str, str], *, run_id: str, port: int, ssh_port: int | None, authority: bytes,
              door_certificate: bytes, door_key: bytes) -> bytes:
    """A user script that makes the VM a host at its first boot, with the client asked through the door.

    ``host`` as ``host_values`` gives it. ``authority``, ``door_certificate`` and ``door_key`` are PEM; the latter two
    are of use in this run only, and lie readable in the VM's custom data. ``ssh_port`` is None where sshd stays as it
    is. It is compressed, which cloud-init undoes since its beginnings ("User-Data Formats": content found to be gzip
    compressed). Raises ``CustomDataTooLong`` where Azure would not take it.
    """
    values = {
        "DOCKERVM_RUN_ID": run_id, "DOCKERVM_PORT": str(port), "DOCKERVM_SSH_PORT": str(ssh_port or ""),
        "DOCKERVM_CA": encoded(authority), **host, "DOCKERVM_DOOR_CERT": encoded(door_certificate),
        "DOCKERVM_DOOR_KEY": encoded(door_key),
    }
    # Without a time of its own, so that the same values are the same bytes.
    packed = gzip.compress(_user_script("boot", values), mtime=0)
    left = bytes_left(packed)
    if left < 0:
        raise CustomDataTooLong(f"What the host is given at its creation has {-left:,} bytes more than Azure's custom "
                                "data holds.", OTHER_PROVISIONER)
    return packed


def bytes_left(custom_data: bytes) -> int:
    """How many bytes more Azure would take; below zero, how many are too many."""
    return LIMIT // 4 * 3 - len(custom_data)    # base64 makes four of three


def _user_script(action: str, values: Mapping[str, str]) -> bytes:
    """The action behind what it takes, which stays out of the environment of all that it starts."""
    given = {"DOCKERVM_ACTION": action, **values}
    settings = "".join(f"{name}={shlex.quote(value)}\n" for name, value in given.items())
    return f"#!/bin/sh\n{settings}{set_up_script(action)}".encode()
