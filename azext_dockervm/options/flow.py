"""Options of how a command goes about its work."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from azext_dockervm.advice import host_commands
from azext_dockervm.azure import names
from azext_dockervm.errors import InvalidValue
from azext_dockervm.options.option import Option, Vm, filled
from azext_dockervm.spec import rules
from azext_dockervm.spec.words import PROVISIONERS

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec


def _set_up_otherwise(spec: HostSpec, vm: Vm) -> str | None:
    noted, asked = names.tag(vm, names.TAG_PROVISIONER), spec.provisioner
    if asked == "cloud-init" and noted != asked:
        return "cloud-init sets a host up at its first boot only; what is missing is done by run commands"
    # What cloud-init has left undone, run commands do anyhow.
    alike = ("auto", noted, "run-command") if noted == "cloud-init" else ("auto", noted)
    return f"the host was set up by {noted}" if noted and asked not in alike else None


def _no_tag_is_taken_away(spec: HostSpec, vm: Vm) -> str | None:
    if spec.tags:
        return None
    change = host_commands.remove_tags(spec, vm["id"])
    return f"tags are added, none is taken away.\nTo do that: {change}"


def _picture_file(path: str) -> str:
    if path == "-":
        raise InvalidValue("'-' is not supported, because stdout has the result; name a file, such as create.svg.")
    return os.path.expanduser(filled(path))     # as az's own file_type: --timeline=~/x is left to us by shells


PROVISIONER = (
    Option("provisioner", "--provisioner",
           "How Docker gets onto the VM. docker-extension: the Docker VM extension. cloud-init: by the VM's first "
           "boot, the fastest. run-command: by managed run commands. auto: the Docker VM extension for images that it "
           "was made for, where the region publishes it; else cloud-init where the image has it; else run commands. "
           "These take over where another way fails.",
           default="auto", example="run-command", choices=PROVISIONERS, place="provisioner",
           not_applied=_set_up_otherwise),
)
TIMEOUT = (
    Option("timeout", "--timeout",
           "Time allowed for all of it, such as 20m or 1h30m; a bare number is seconds.", default="20m",
           check=rules.check_timeout, place="timeout"),
)
TIMELINE = (
    Option("timeline", "--timeline",
           "File for a picture (SVG) of what waited for what: each step, request, poll and pause. It is written also "
           "where the command fails or is interrupted, and holds no secret. A file that is no such picture is not "
           "written over.",
           default_in_words="none is made", read=_picture_file, parser={"completer": "files"}),
)
_NOTHING_IS_MADE = "Leave one of them out: nothing is made that could be drawn."
PLAN, TEMPLATE = "plan", "template"
PREVIEW = (
    Option("dry_run", "--dry-run",
           "Print what would be done, and do nothing: each resource with the body that create sends, what the set-up "
           "is told, the certificates with the server's names. Secrets are left out; the rights of a reader are "
           "enough. With the value template: network and VM as an ARM template, for az deployment group validate; the "
           "same create goes on from what it makes.",
           choices=(PLAN, TEMPLATE), excludes={"timeline": _NOTHING_IS_MADE}, parser={"nargs": "?", "const": PLAN}),
    Option("validate", "--validate",
           "Check only whether the host can be made: names, image, size, quota, rights, certificates. Nothing is made.",
           default=False, excludes={"dry_run": "Leave --validate out: --dry-run checks the same.",
                                    "timeline": _NOTHING_IS_MADE}),
)
TAGS = (
    Option("tags", "--tags", "Tags for all that is made for this host: NAME=VALUE, separated by spaces.",
           check=rules.check_tags, place="tags", not_applied=_no_tag_is_taken_away, parser={"type": "tags_type"}),
)
YES = (
    Option("yes", "--yes -y", "Do not ask for confirmation.", default=False),
)
