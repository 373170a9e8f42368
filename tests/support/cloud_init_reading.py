"""Custom data as cloud-init reads it, in few lines: tests/e2e asks the genuine one whether it agrees."""

from __future__ import annotations

import email
import gzip
import json
from dataclasses import dataclass
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart

BEGINNINGS = {
    "#include-once": "text/x-include-once-url", "#include": "text/x-include-url", "#!": "text/x-shellscript",
    "#cloud-config-archive": "text/cloud-config-archive", "#cloud-config-jsonp": "text/cloud-config-jsonp",
    "#cloud-config": "text/cloud-config", "#part-handler": "text/part-handler",
    "#cloud-boothook": "text/cloud-boothook", "## template: jinja": "text/jinja2"}

# The same by cloud-init itself: JSON of [type, name, payload in base64] for each part. Runs on a host; stdin has JSON,
# a list of custom data in base64.
GENUINE = """
import base64, email, json, sys
from cloudinit import handlers, helpers, user_data, util
paths = helpers.Paths({"cloud_dir": "/tmp/cloud", "run_dir": "/tmp/cloud"})
def read(data):
    message = user_data.UserDataProcessor(paths).process(data)
    seen = []
    def note(_data, name, payload, headers):
        payload = payload if isinstance(payload, bytes) else payload.encode("utf-8", "surrogateescape")
        seen.append([headers["Content-Type"], name, base64.b64encode(payload).decode()])
    handlers.walk(email.message_from_string(str(message)), note, None)
    return seen
print(json.dumps([read(base64.b64decode(one)) for one in json.load(sys.stdin)]))
"""


@dataclass(frozen=True)
class Seen:
    type: str
    name: str
    payload: bytes


def seen(custom_data: bytes) -> list[Seen]:
    """Each part that a handler is given, in this order."""
    data = gzip.decompress(custom_data) if custom_data[:2] == b"\x1f\x8b" else custom_data
    if b"mime-version:" in data[:4096].lower():
        message = email.message_from_string(data.decode())
    else:
        message = MIMEBase("text", "x-not-multipart")
        message.set_payload(data)
    kept = MIMEMultipart()
    for part in message.walk():
        if part.get_content_maintype() != "multipart":
            kind = _kind(part)
            del part["Content-Type"]
            part["Content-Type"] = kind
            if not part.get_filename():
                del part["Content-Disposition"]
                part.add_header("Content-Disposition", "attachment", filename=f"part-{len(kept.get_payload()) + 1:03}")
            kept.attach(part)
    # It is kept in a file, and read once more.
    again = email.message_from_string(str(kept))
    return [Seen(part.get_content_type(), part.get_filename() or "", _payload(part)) for part in again.walk()
            if part.get_content_maintype() != "multipart"]


def of_genuine(said: str) -> list[list[Seen]]:
    """What ``GENUINE`` has printed."""
    import base64

    return [[Seen(kind, name, base64.b64decode(payload)) for kind, name, payload in one] for one in json.loads(said)]


def order(parts: list[Seen]) -> list[str]:
    """Names of the scripts as they are run, one after the other."""
    return sorted(part.name for part in parts if part.type == "text/x-shellscript")


def _kind(part: Message) -> str:
    kind = part.get_content_type()
    if kind not in ("text/plain", "text/x-not-multipart", "text/x-shellscript"):
        return kind
    text = _payload(part).decode("utf-8", "surrogateescape").lower().lstrip()
    return next((found for beginning, found in BEGINNINGS.items() if text.startswith(beginning)), kind)


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload
