"""Custom data: the set-up script for cloud-init, as a head start or as the whole of the fast lane; with the user's."""

from __future__ import annotations

import binascii
import hashlib
import re
import shlex
from collections.abc import Mapping
from email.message import Message

from azext_dockervm.advice.option_values import OTHER_PROVISIONER
from azext_dockervm.errors import CustomDataTooLong
from azext_dockervm.provision.host_values import Value
from azext_dockervm.provision.script.answer import encoded
from azext_dockervm.provision.script.join import set_up_script
from azext_dockervm.secret import Secret
from azext_dockervm.spec.custom_data import SCRIPT, CustomData, Part, bytes_left, compressed

# cloud-init runs the scripts of all parts in the order of their files' names, of which it keeps letters, digits and
# "_-.()" alone: no name that somebody gives a file comes before a parenthesis. A part of the same name would be written
# over ours, or ours over it.
OUR_NAME = "(dockervm)"


def head_start(to_install: Mapping[str, Value], compose: bool = False) -> bytes:
    """A user script that begins installing Docker at first boot, while Azure still finishes the VM; with ``compose``
    also what the Docker VM extension's handler looks for. ``to_install`` as ``host_values`` gives it. There is no
    secret in it.

    The later run command waits for it and finds Docker there. An image without cloud-init ignores it.
    """
    more = {"DOCKERVM_COMPOSE": "1"} if compose else {}
    return _user_script("install", {**to_install, **more})


def fast_lane(host: Mapping[str, Value], *, run_id: str, authority: bytes, door_certificate: bytes, door_key: bytes,
              users: CustomData | None = None, spare: int = 0) -> bytes:
    """A user script that makes the VM a host at its first boot, with the client asked through the door.

    ``host`` is what ``cloud_init.told`` gives. ``authority``, ``door_certificate`` and ``door_key`` are PEM; the latter
    two are of use in this run only, and lie readable in the VM's custom data. ``users`` is joined with it. It is
    compressed, which cloud-init undoes since its beginnings ("User-Data Formats": content found to be gzip compressed).
    Raises ``CustomDataTooLong`` where Azure would not take it with ``spare`` bytes left.
    """
    values: dict[str, Value] = {
        "DOCKERVM_RUN_ID": run_id, "DOCKERVM_CA": encoded(authority), **host,
        "DOCKERVM_DOOR_CERT": encoded(door_certificate), "DOCKERVM_DOOR_KEY": encoded(door_key)}
    script = _user_script("boot", values)
    packed = joined(script, users) if users else compressed(script)
    left = bytes_left(packed) - spare
    if left < 0:
        yours = ", with your own custom data," if users else ""
        raise CustomDataTooLong(f"What the host is given at its creation{yours} has {-left:,} bytes more than Azure's "
                                "custom data holds.", OTHER_PROVISIONER)
    return packed


def joined(script: bytes, users: CustomData) -> bytes:
    """Our user script and the user's parts as one MIME message, compressed; the same values are the same bytes.

    Ours comes first: in the message, so that a part handler of the user's, which takes over from cloud-init's own for
    what follows, does not get it; and by its name, so that no script of the user's holds it up.
    """
    ours = Part(SCRIPT, Secret(script), (("Content-Disposition", f'attachment; filename="{_first_name(users)}"'),))
    parts = [_message(part) for part in (ours, *users.parts)]
    digest = hashlib.sha256(b"".join(part.as_bytes() for part in parts)).hexdigest()
    whole = Message()
    whole["Content-Type"] = f'multipart/mixed; boundary="dockervm-{digest[:32]}"'
    whole["MIME-Version"] = "1.0"
    whole.set_payload([*parts])
    return compressed(whole.as_bytes())


def _first_name(users: CustomData) -> str:
    names = [_kept_of_name(part) for part in users.parts]
    name = OUR_NAME
    while any(one and one <= name for one in names):
        name = f"({name}"
    return name


def _kept_of_name(part: Part) -> str:
    """What cloud-init leaves of the name that a part has."""
    named = Message()
    for header, value in part.headers:
        named[header] = value
    return re.sub(r"[^A-Za-z0-9_.()-]", "", (named.get_filename() or "").replace("/", "_"))


def _message(part: Part) -> Message:
    encoding, text = _encoded(part.payload.reveal())
    made = Message()
    made["Content-Type"] = part.type
    made["Content-Transfer-Encoding"] = encoding
    for name, value in part.headers:
        made[name] = value
    made.set_payload(text)
    return made


def _encoded(payload: bytes) -> tuple[str, str]:
    """So that cloud-init has the very bytes again (what is not ASCII it would change), and most can be compressed."""
    if payload.isascii() and b"\r" not in payload:
        return "7bit", payload.decode()
    try:
        payload.decode()
    except UnicodeDecodeError:
        return "base64", binascii.b2a_base64(payload).decode()
    return "quoted-printable", binascii.b2a_qp(payload, istext=b"\r" not in payload).decode()


def _user_script(action: str, values: Mapping[str, Value]) -> bytes:
    """The action behind what it takes, which stays out of the environment of all that it starts."""
    given: dict[str, Value] = {"DOCKERVM_ACTION": action, **values}
    if any(isinstance(value, Secret) for value in given.values()):
        raise AssertionError("custom data can be read on the host: no secret rides in them")
    settings = "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in given.items())
    return f"#!/bin/sh\n{settings}{without_comments(set_up_script(action))}".encode()


def without_comments(script: str) -> str:
    """What runs of it; its comments are a quarter of the text, compressed too, and the room is the user's."""
    return re.sub(r"^[ \t]*#(?!!).*\n", "", script, flags=re.MULTILINE)
