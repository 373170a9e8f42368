"""What the user asked for, as frozen values that have been checked: ``HostSpec`` and the image it boots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from azext_dockervm import images, names, rules
from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.secret import Secret

PROVISIONERS = ("auto", "docker-extension", "run-command")

# The image families that the Docker VM extension's handler knows (Ubuntu, RHEL, CentOS, CoreOS), by publisher.
EXTENSION_IMAGE_PUBLISHERS = frozenset({"canonical", "redhat", "openlogic", "coreos"})


@dataclass(frozen=True)
class Image:
    """A platform image (four-part URN) or a resource id; ``typed`` is what the user wrote, such as an alias."""

    publisher: str | None = None
    offer: str | None = None
    sku: str | None = None
    version: str | None = None
    id: str | None = None
    typed: str | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, text: str) -> Image:
        rules.check_image(text)
        if text.startswith("/"):
            return cls(id=text, typed=text)
        return cls(*(images.urn(text) or text).split(":"), typed=text)

    def __str__(self) -> str:
        return self.id or f"{self.publisher}:{self.offer}:{self.sku}:{self.version}"

    @property
    def reference(self) -> dict:
        """The body of ``storageProfile.imageReference``."""
        if self.id is None:
            return {"publisher": self.publisher, "offer": self.offer, "sku": self.sku, "version": self.version}
        if self.id.lower().startswith("/communitygalleries/"):
            return {"communityGalleryImageId": self.id}
        if self.id.lower().startswith("/sharedgalleries/"):
            return {"sharedGalleryImageId": self.id}
        return {"id": self.id}

    @property
    def known_to_docker_extension(self) -> bool:
        return (self.publisher or "").lower() in EXTENSION_IMAGE_PUBLISHERS


@dataclass(frozen=True)
class HostSpec:
    """One Docker host as the user asked for it; ``location`` is None until the group's is known.

    ``typed`` has the options that were typed, in this order, each with its words (none for a flag, and none for a
    password): it tells a wish from a default, and makes the commands that messages print. ``subscription`` is None
    where none was named. ``timeout`` is in seconds. ``ssh_port`` None means: SSH stays closed. ``ssh_keys`` are
    OpenSSH public keys. ``sources`` may reach Docker and SSH: addresses, prefixes or service tags, ``*`` for all.
    """

    group: str
    name: str
    location: str | None = None
    image: Image = field(default_factory=lambda: Image.parse(names.DEFAULT_IMAGE))
    size: str = names.DEFAULT_SIZE
    admin_username: str = "azureuser"
    admin_password: Secret | None = None
    ssh_keys: tuple[str, ...] = ()
    docker_port: int = names.DEFAULT_DOCKER_PORT
    ssh_port: int | None = None
    sources: tuple[str, ...] = ("*",)
    dns_label: str | None = None
    provisioner: str = "auto"
    timeout: float = 1200.0
    tags: dict[str, str] = field(default_factory=dict)
    typed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    subscription: str | None = None
    cloud: str = "AzureCloud"   # az's name of it

    @classmethod
    def from_arguments(cls, group: str, name: str, *, location: str | None, image: str, size: str, admin_username: str,
                       docker_port: int, ssh_port: int | None, dns_label: str | None, provisioner: str, timeout: str,
                       tags: dict[str, str] | None, sources: Sequence[str] = ("*",), **more: Any) -> HostSpec:
        """Check everything that needs neither network nor files; raises ``InvalidValue`` and its like.

        What was not typed comes as its default; ``more`` are fields that need no check.
        """
        rules.check_port(docker_port, "--docker-port")
        if ssh_port is not None:
            rules.check_port(ssh_port, "--ssh-port")
        rules.check_ports(docker_port, ssh_port)
        if provisioner not in PROVISIONERS:
            raise InvalidValue(f"--provisioner: '{provisioner}' is none of {', '.join(PROVISIONERS)}.")
        parsed = Image.parse(image)
        if provisioner == "docker-extension" and parsed.publisher and not parsed.known_to_docker_extension:
            raise ConflictingArguments(
                f"--provisioner docker-extension: the Docker VM extension knows Ubuntu, RHEL, CentOS and CoreOS only, "
                f"not the image '{parsed}'.", "Leave --provisioner out, or take --provisioner run-command.")
        return cls(
            group=rules.check_resource_name(group, "--resource-group"), name=rules.check_vm_name(name),
            location=rules.check_location(location) if location is not None else None,
            image=parsed, size=rules.check_size(size), admin_username=rules.check_user_name(admin_username),
            docker_port=docker_port, ssh_port=ssh_port, sources=rules.check_sources(sources),
            dns_label=rules.check_dns_label(dns_label) if dns_label is not None else None,
            provisioner=provisioner, timeout=rules.check_timeout(timeout), tags=rules.check_tags(tags), **more)

    def part_tags(self, run_id: str) -> dict[str, str]:
        """Tags of everything that is made for one host: the user's, since policies want them everywhere, and ours."""
        return {**self.tags, names.TAG_HOST: self.name, names.TAG_RUN: run_id}

    @property
    def label(self) -> str | None:
        """The DNS label to ask for first; None where the name is none and a derived one must serve."""
        if self.dns_label:
            return self.dns_label
        name = self.name.lower()
        return name if names.is_dns_label(name) else None
