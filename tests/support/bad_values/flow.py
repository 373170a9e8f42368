"""How the command goes about its work, and what it leaves on this computer."""

from __future__ import annotations

from bad_values.row import asked, bad, pair

VALUES = (
    bad("provisioner", "--provisioner magic", "--provisioner", "auto, docker-extension, cloud-init, run-command"),
    bad("provisioner", ("--provisioner", ""), "--provisioner"),
    asked("provisioner", "--provisioner docker-extension", "--provisioner docker-extension", "does not publish",
          there=lambda cloud: setattr(cloud, "published", False)),
    bad("timeout", "--timeout soon", "--timeout", "20m"),
    bad("timeout", "--timeout 20", "--timeout", "shorter than a minute"),
    bad("timeline", "--timeline -", "--timeline", "stdout has the result"),
    bad("timeline", "--timeline /no/such/x.svg", "--timeline", "no folder /no/such"),
    bad("dry_run", "--dry-run bicep", "--dry-run", "plan, template"),
    bad("dry_run", ("--dry-run", ""), "--dry-run"),
    bad("tags", "--tags dockervm-port=1", "--tags", "reserved for dockervm"),
    bad("tags", "--tags a/b=1", "--tags", "none of"),
    bad("cert_dir", "-dc /dev/null", "/dev/null"),
    bad("cert_dir", "-dc /dev/null/certs", "/dev/null"),
    bad("docker_context", "--docker-context a/b", "--docker-context", "a/b"),
    bad("docker_context", "--docker-context default", "--docker-context", "default"),
)

PAIRS = (
    pair("provisioner", "image", "--provisioner docker-extension --image Debian:debian-12:12-gen2:latest",
         "--provisioner docker-extension", "--provisioner run-command"),
    pair("dry_run", "validate", "--dry-run --validate", "--validate and --dry-run", "Leave --validate out"),
    pair("dry_run", "timeline", "--dry-run --timeline x.svg", "--dry-run and --timeline", "Leave one"),
    pair("validate", "timeline", "--validate --timeline x.svg", "--validate and --timeline", "Leave one"),
)
