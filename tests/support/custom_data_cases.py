"""Custom data that people give, of each kind, with what is easily lost on the way: quotes, $(), Unicode, CRLF."""

from __future__ import annotations

import functools
import gzip
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

# Without a time: parameters of tests are the same in each of pytest's processes.
packed = functools.partial(gzip.compress, mtime=0)

TRICKY = "it's \"quoted\" $(touch /tmp/planted) `id` %s \\n ätherisch 東京 🚢 = =3D\nFrom the start\n--\n.\n"
CLOUD_CONFIG = ("#cloud-config\nwrite_files:\n  - path: /etc/motd\n    content: |\n"
                + "".join(f"      {line}\n" for line in TRICKY.splitlines())).encode()
SCRIPT = f"#!/bin/sh\ncat >/root/tricky <<'END'\n{TRICKY}END\n".encode()


def mime(*parts: tuple[str, bytes, str], nested: bool = False) -> bytes:
    """As make-mime.py writes them: each a subtype of text, what it holds, its file's name (or none)."""
    whole = MIMEMultipart()
    inner = whole
    if nested:
        inner = MIMEMultipart("alternative")
        whole.attach(inner)
    for subtype, content, name in parts:
        part = (MIMEApplication(content, "gzip") if subtype == "gzip" else MIMEText(content.decode(), subtype, "utf-8"))
        if name:
            part.add_header("Content-Disposition", "attachment", filename=name)
        inner.attach(part)
    return whole.as_bytes()


# What hosts of tests/e2e are given: it notes in which order it came, and how Docker was then.
TOKEN = "Sword-Fish_2026"
_NOTE = "mkdir -p /root/own; echo %s >>/root/own/order; docker version >/root/own/docker-%s 2>&1"
OWN_CONFIG = (CLOUD_CONFIG.replace(b"/etc/motd", b"/root/own/tricky")
              + f"runcmd:\n  - {_NOTE % (('runcmd',) * 2)}\n".encode())
FAILS = f"#!/bin/sh\n{_NOTE % (('fails',) * 2)}\nexit 3\n".encode()
SCRIPT_OF_A_HOST = f"#!/bin/sh\n# {TOKEN}\n{_NOTE % (('script',) * 2)}\n".encode()
OF_A_HOST = mime(("x-shellscript", SCRIPT_OF_A_HOST, "20-goes-on.sh"), ("cloud-config", OWN_CONFIG, ""),
                 ("x-shellscript", FAILS, "00-fails.sh"))
EIGHT_BIT = (b"Content-Type: multipart/mixed; boundary=XX\nMIME-Version: 1.0\n\n"
             b"--XX\nContent-Type: text/x-shellscript\n"
             b"Content-Transfer-Encoding: 8bit\n\n" + SCRIPT + b"\n--XX--\n")
# Name → custom data and, of each part, its type and what it holds.
CASES: dict[str, tuple[bytes, list[tuple[str, bytes]]]] = {
    "cloud-config": (CLOUD_CONFIG, [("text/cloud-config", CLOUD_CONFIG)]),
    "script": (SCRIPT, [("text/x-shellscript", SCRIPT)]),
    "gzip": (packed(SCRIPT), [("text/x-shellscript", SCRIPT)]),
    "two members of gzip": (packed(SCRIPT[:20]) + packed(SCRIPT[20:]), [("text/x-shellscript", SCRIPT)]),
    "CRLF": (SCRIPT.replace(b"\n", b"\r\n"), [("text/x-shellscript", SCRIPT.replace(b"\n", b"\r\n"))]),
    "CRLF in ASCII": (b"#!/bin/sh\r\n:\r\n", [("text/x-shellscript", b"#!/bin/sh\r\n:\r\n")]),
    "From": (b"#!/bin/sh\nFrom me\n.\n", [("text/x-shellscript", b"#!/bin/sh\nFrom me\n.\n")]),
    "no line's end": (b"#!/bin/sh\nexit 3", [("text/x-shellscript", b"#!/bin/sh\nexit 3")]),
    "a trail of lines": (b"#!/bin/sh\n:\n\n\n", [("text/x-shellscript", b"#!/bin/sh\n:\n\n\n")]),
    "capitals behind white space": (b"\n  #CLOUD-CONFIG\n{}\n", [("text/cloud-config", b"\n  #CLOUD-CONFIG\n{}\n")]),
    "Latin 1": (b"#!/bin/sh\n# \xe4\n", [("text/x-shellscript", b"#!/bin/sh\n# \xe4\n")]),
    "archive": (b"#cloud-config-archive\n- {type: text/foo, content: x}\n", [
        ("text/cloud-config-archive", b"#cloud-config-archive\n- {type: text/foo, content: x}\n")]),
    "JSON patch": (b'#cloud-config-jsonp\n[{"op": "add", "path": "/a", "value": 1}]\n', [
        ("text/cloud-config-jsonp", b'#cloud-config-jsonp\n[{"op": "add", "path": "/a", "value": 1}]\n')]),
    "include": (b"#include\nhttp://192.0.2.1/a\n", [("text/x-include-url", b"#include\nhttp://192.0.2.1/a\n")]),
    "include once": (b"#include-once http://192.0.2.1/a\n", [
        ("text/x-include-once-url", b"#include-once http://192.0.2.1/a\n")]),
    "boot hook": (b"#cloud-boothook\n#!/bin/sh\n:\n", [("text/cloud-boothook", b"#cloud-boothook\n#!/bin/sh\n:\n")]),
    "part handler": (b"#part-handler\ndef list_types(): return []\n", [
        ("text/part-handler", b"#part-handler\ndef list_types(): return []\n")]),
    "Jinja": (b"## template: jinja\n#cloud-config\n{% if x %}\n", [
        ("text/jinja2", b"## template: jinja\n#cloud-config\n{% if x %}\n")]),
    "MIME": (mime(("cloud-config", CLOUD_CONFIG, "c.yaml"), ("x-shellscript", SCRIPT, "10-a.sh")), [
        ("text/cloud-config", CLOUD_CONFIG), ("text/x-shellscript", SCRIPT)]),
    "MIME of text": (mime(("plain", SCRIPT, ""), ("plain", CLOUD_CONFIG, "")), [
        ("text/x-shellscript", SCRIPT), ("text/cloud-config", CLOUD_CONFIG)]),
    "MIME within MIME, compressed": (packed(mime(("x-shellscript", SCRIPT, "a"), nested=True)), [
        ("text/x-shellscript", SCRIPT)]),
    "gzip within MIME": (mime(("gzip", packed(CLOUD_CONFIG), "")), [("text/cloud-config", CLOUD_CONFIG)]),
    "eight bits": (EIGHT_BIT, [("text/x-shellscript", SCRIPT)]),
    "a script that speaks of MIME": (b"#!/bin/sh\n# MIME-Version: 1.0\n", [
        ("text/x-shellscript", b"#!/bin/sh\n# MIME-Version: 1.0\n")]),
    "types of a handler's own": (mime(("part-handler", b"#part-handler\n", ""), ("x-own", b"\xc3\xa4\n", "")), [
        ("text/part-handler", b"#part-handler\n"), ("text/x-own", b"\xc3\xa4\n")]),
    "scripts of every boot": (mime(("x-shellscript-per-boot", b"#!/bin/sh\n", "b.sh")), [
        ("text/x-shellscript-per-boot", b"#!/bin/sh\n")]),
}
