"""Options of Docker's packages: whose they are, and which version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azext_dockervm.azure import names
from azext_dockervm.options.option import Gap, Option, Vm
from azext_dockervm.spec.docker_packages import CHANNELS, DISTRIBUTION, check_version, of_tag

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec


def _another_channel(spec: HostSpec, vm: Vm) -> str | None:
    has, _ = of_tag(names.tag(vm, names.TAG_DOCKER))
    if names.tag(vm, names.TAG_PROVISIONER) is None:
        return None     # not set up yet
    of = "the packages of its distribution" if has == DISTRIBUTION else "Docker's own repository"
    return None if has == spec.engine.channel else (
        f"a host that has Docker keeps it; this one was made with Docker from {of}")


def _another_version(spec: HostSpec, vm: Vm) -> str | None:
    _, has = of_tag(names.tag(vm, names.TAG_DOCKER))
    if names.tag(vm, names.TAG_PROVISIONER) is None:
        return None
    made = f", and this one was made with {has}" if has else ""
    return None if has == spec.engine.version else (
        f"a host that has Docker keeps it{made}; its own package manager upgrades it")


def _installed_by_the_extension(spec: HostSpec) -> str | None:
    """On images of its era; on others the set-up script installs Docker before it."""
    from azext_dockervm.spec.extension_era import is_of_extension_era

    if not is_of_extension_era(spec.machine.image):
        return None
    return ("on an image of its era the Docker VM extension installs Docker itself, from nowhere else and in no "
            "version of your choice")


def _chosen_channel(spec: HostSpec) -> str | None:
    return None if spec.engine.channel == DISTRIBUTION else _installed_by_the_extension(spec)


def _chosen_version(spec: HostSpec) -> str | None:
    return _installed_by_the_extension(spec) if spec.engine.version else None


DOCKER_PACKAGES = (
    Option("docker_channel", "--docker-channel",
           "Where Docker comes from. distribution: the image's own package repositories. docker: Docker's own "
           "repository, download.docker.com, whose key is checked; on RHEL, CentOS, AlmaLinux, Rocky and Oracle Linux "
           "there is no other.", "Docker", default=DISTRIBUTION, example="docker", choices=CHANNELS,
           place="engine.channel", only_new=True, not_applied=_another_channel,
           gaps=(Gap("docker-extension", _chosen_channel),)),
    Option("docker_version", "--docker-version",
           "Docker's version, such as 28, 28.5, 28.5.2 or that of a package: the newest there that begins with it. "
           "Upgrades by apt, and from Docker's own repository, then stay within it.", "Docker",
           default_in_words="the newest there", check=check_version, place="engine.version", only_new=True,
           not_applied=_another_version, gaps=(Gap("docker-extension", _chosen_version),)),
)
