"""Options of the certificates on this computer."""

from __future__ import annotations

from dataclasses import replace

from azext_dockervm.options.option import Option

FOLDER = (
    Option("cert_dir", "--docker-cert-dir -dc", "Folder of the certificates: ca.pem, cert.pem, key.pem, ca-key.pem.",
           default="~/.docker", default_in_words="~/.docker, where the docker client looks", example="~/certificates"),
)
# Among the many options of create.
NEW_HOST_FOLDER = tuple(replace(option, group="Docker") for option in FOLDER)
NEW_AUTHORITY = (
    Option("force", "--force",
           "Make a new certificate authority although there is one. Every host of the old one turns the new client "
           "certificate away. The old files are kept in a backup folder.", default=False),
)
TRUST = (
    Option("replace_trust", "--replace-trust",
           "Make the host trust the certificate authority of your folder instead of the one that it trusts now. Says "
           "whom that cuts off, and asks.", default=False),
)
