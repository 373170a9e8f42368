"""Custom data of the user's own: what kinds of it a VM's first boot takes, read as cloud-init reads it.

The rules are cloud-init's (cloudinit/user_data.py, cloudinit/handlers/__init__.py): content is decompressed once; what
has "mime-version:" in its first 4,096 bytes is a MIME message, of which each part that is no container counts; what a
part is says its Content-Type, or, where that is text/plain, text/x-shellscript or a compressed one, its first line.
"""

from __future__ import annotations

import base64
import binascii
import email
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from azext_dockervm.advice import option_values
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable
from azext_dockervm.secret import Secret
from azext_dockervm.spec.machine import Image

# Azure's limit in bytes, of what base64 decodes to; its refusal names the 87,380 characters that they take in base64.
LIMIT = 65_535
# What is larger does not shrink to Azure's limit, but for what repeats itself.
MOST_READ = 8 << 20

CLOUD_CONFIG, SCRIPT, IGNITION = "text/cloud-config", "text/x-shellscript", "ignition"
# First words of a part (in any case, behind any white space), the longest first → its type, and that in words.
_BEGINNINGS = (
    ("#cloud-config-archive", "text/cloud-config-archive", "cloud-config archive"),
    ("#cloud-config-jsonp", "text/cloud-config-jsonp", "cloud-config as a JSON patch"),
    ("## template: jinja", "text/jinja2", "Jinja template"),
    ("#cloud-boothook", "text/cloud-boothook", "boot hook"),
    ("#cloud-config", CLOUD_CONFIG, "cloud-config"),
    ("#include-once", "text/x-include-once-url", "include of URLs"),
    ("#part-handler", "text/part-handler", "part handler"),
    ("#include", "text/x-include-url", "include of URLs"),
    ("#!", SCRIPT, "script"),
)
_WORDS = {**{kind: words for _, kind, words in _BEGINNINGS}, IGNITION: "Ignition config",
          **{f"text/x-shellscript-per-{often}": f"script per {often}" for often in ("boot", "instance", "once")}}
# Types by which a part does not say what it is.
_TO_BE_SEEN = ("text/plain", "text/x-not-multipart", SCRIPT)
_COMPRESSED = frozenset(f"application/{one}" for one in (
    "gzip", "gzip-compressed", "gzipped", "x-compress", "x-compressed", "x-gunzip", "x-gzip", "x-gzip-compressed"))
# They may bring handlers along, for types that nobody else knows.
_BRINGS_MORE = ("text/part-handler", "text/x-include-url", "text/x-include-once-url", "text/cloud-config-archive")
# What coreos-cloudinit of Flatcar and CoreOS has handlers for.
_OF_FLATCAR = (IGNITION, CLOUD_CONFIG, SCRIPT)
_REBOOTS = ("power_state", "package_reboot_if_required", "apt_reboot_if_required")
# A part's headers that are said anew where it is joined with others.
_OWN_HEADERS = ("content-type", "content-transfer-encoding", "mime-version")


@dataclass(frozen=True)
class Part:
    """``payload`` as the guest is to have it; ``headers`` as they were, without type and encoding."""

    type: str
    payload: Secret[bytes]
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> str:
        return _WORDS.get(self.type, self.type)


@dataclass(frozen=True)
class CustomData:
    """``raw`` is what was given, byte by byte. ``reboots``: by which name a cloud-config asks for a reboot."""

    raw: Secret[bytes]
    parts: tuple[Part, ...]
    reboots: str = ""

    @classmethod
    def read(cls, data: bytes) -> CustomData:
        """Raise ``InvalidValue`` for what would be ignored at the VM's first boot, or end it."""
        data = _of_binary_file(data)
        parts = tuple(_parts(_decompressed(data)))
        _check_known(parts)
        keys = {key for number, part in enumerate(parts, 1)
                for key in _checked_yaml(part, f"its part {number}" if len(parts) > 1 else "it")}
        return cls(Secret(data), parts, next((one for one in _REBOOTS if one in keys), ""))

    @property
    def words(self) -> tuple[str, ...]:
        """What it is made of."""
        return tuple(part.words for part in self.parts)

    def alone(self, compressible: bool) -> bytes:
        """As it is; compressed only where it would not fit otherwise."""
        data = self.raw.reveal()
        return compressed(data) if compressible and bytes_left(data) < 0 else data


def compressed(data: bytes) -> bytes:
    """Without a time of its own, so that the same content is the same bytes."""
    return gzip.compress(data, mtime=0)


def bytes_left(custom_data: bytes) -> int:
    """How many bytes more Azure would take; below zero, how many are too many."""
    return LIMIT - len(custom_data)


def reads_mime(image: Image, provisioner: str) -> bool:
    """Whether the image is known to have cloud-init, which takes what is joined of several parts; ``provisioner`` as it
    was asked for."""
    return image.has_cloud_init or provisioner == "cloud-init"


def check_together(custom: CustomData | None, image: Image, provisioner: str) -> None:
    """What depends on the image: who reads it at the first boot, and so whether it fits."""
    if custom is None:
        return
    mime, kinds = reads_mime(image, provisioner), [part.type for part in custom.parts]
    if IGNITION in kinds and mime:
        raise InvalidValue(f"--custom-data: it is an Ignition config, and the image '{image}' has cloud-init, which "
                           "ignores that.", option_values.CUSTOM_DATA_KINDS)
    strange = next((part for part in custom.parts if part.type not in _OF_FLATCAR), None)
    if image.has_ignition and strange:
        raise InvalidValue(f"--custom-data: the image '{image}' has no cloud-init; it takes an Ignition config, a "
                           f"cloud-config or a script, no {strange.words}.", option_values.CUSTOM_DATA_OF_FLATCAR)
    left = bytes_left(custom.alone(mime))
    if left < 0:
        shrunk = ", compressed," if mime else ""
        raise InvalidValue(f"--custom-data: it has{shrunk} {-left:,} bytes more than the {LIMIT:,} that "
                           "Azure's custom data holds.", option_values.LESS_CUSTOM_DATA)


def _of_binary_file(data: bytes) -> bytes:
    """az gives base64 in place of @FILE where the file is no text; "H4sI" is how that of gzip begins. Nor is the mark
    that editors of Windows put before UTF-8 part of the text."""
    if data.startswith(b"H4sI"):
        try:
            return base64.b64decode(data, validate=True)
        except binascii.Error:
            return data
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InvalidValue("--custom-data: it is UTF-16, and what reads it takes UTF-8 only; save it as that.")
    return data.removeprefix(b"\xef\xbb\xbf")


def _decompressed(data: bytes) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        found = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MOST_READ + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidValue(f"--custom-data: it begins as gzip, and can't be decompressed: {error}.") from error
    if len(found) > MOST_READ:
        raise InvalidValue(f"--custom-data: decompressed it has more than {MOST_READ:,} bytes.")
    return found


def _parts(data: bytes) -> Iterator[Part]:
    if b"mime-version:" not in data[:4096].lower():
        yield Part(_seen(data) or _ignition(data) or "", Secret(data))
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise InvalidValue(f"--custom-data: it is a MIME message, and not UTF-8: {error}. cloud-init ends with an "
                           "error there; encode such a part in base64.") from error
    for part in email.message_from_bytes(data).walk():
        payload = part.get_payload(decode=True)
        if part.get_content_maintype() != "multipart" and isinstance(payload, bytes):   # else it is a container
            yield _part(part, payload)


def _part(part: Message, payload: bytes) -> Part:
    kind = part.get_content_type()
    if kind in _COMPRESSED:
        payload, kind = _decompressed(payload), "text/plain"
    if kind in _TO_BE_SEEN:
        kind = _seen(payload) or kind
    headers = tuple((name, str(value)) for name, value in part.items() if name.lower() not in _OWN_HEADERS)
    return Part(kind, Secret(payload), headers)


def _seen(payload: bytes) -> str | None:
    text = payload.decode("utf-8", "surrogateescape").lower().lstrip()
    return next((kind for beginning, kind, _ in _BEGINNINGS if text.startswith(beginning)), None)


def _ignition(data: bytes) -> str | None:
    """What Flatcar and CoreOS are configured by: JSON with a version under this name."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return IGNITION if isinstance(found, dict) and "ignition" in found else None


def _check_known(parts: tuple[Part, ...]) -> None:
    if not parts:
        raise InvalidValue("--custom-data: it is a MIME message without any part.", option_values.CUSTOM_DATA_KINDS)
    if any(part.type in _BRINGS_MORE for part in parts):
        return
    for number, part in enumerate(parts, 1):
        if part.type not in _WORDS:
            what = (f"its part {number} is of the type '{printable(part.type, 60)}', and begins like nothing that "
                    "cloud-init takes; it would be ignored." if part.type else _what_it_seems(part.payload.reveal()))
            raise InvalidValue(f"--custom-data: {what}", option_values.CUSTOM_DATA_KINDS)


def _what_it_seems(data: bytes) -> str:
    """Nothing of it is quoted: it may be secret."""
    if data.startswith((b"variant:", b"version:")):
        return "it seems to be a Butane config; make an Ignition config of it first, by the program butane."
    return "its first line is none that cloud-init takes; it would be ignored."


def _checked_yaml(part: Part, which: str) -> list[str]:
    """The names in a cloud-config. One that is no YAML is ignored as a whole."""
    if part.type != CLOUD_CONFIG:
        return []
    import yaml

    try:
        found = yaml.compose(part.payload.reveal().decode(), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise InvalidValue(f"--custom-data: {which} is a cloud-config, and not UTF-8: {error}.") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise InvalidValue(f"--custom-data: {which} is a cloud-config, and no YAML: {place}{error.problem}.") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidValue(f"--custom-data: {which} is a cloud-config, and no YAML: it has what YAML "
                           "does not allow.") from error
    if found is None:
        return []
    if not isinstance(found, yaml.MappingNode):
        raise InvalidValue(f"--custom-data: {which} is a cloud-config, and no mapping of names to values.")
    return [str(key.value) for key, _ in found.value]
