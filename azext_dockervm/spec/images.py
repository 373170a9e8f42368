"""Short names of images (az's own aliases and ours), and what was probably meant by a text that names none."""

from __future__ import annotations

import re

from azext_dockervm.advice import docker_commands, image_commands
from azext_dockervm.azure.names import DEFAULT_ALIAS, DEFAULT_IMAGE
from azext_dockervm.nearest import did_you_mean, nearest
from azext_dockervm.printable import printable

# az's, Linux only. Copied, because az keeps its table in a private module and fetches a newer one from the internet
# before it looks there, without a time-out; tests/stock_az/test_az_aliases.py compares the two.
AZ_ALIASES = {
    "AzureLinux4": "microsoftazurelinux:azurelinux-4:4:latest",
    "AzureLinux4Arm64": "microsoftazurelinux:azurelinux-4:4-arm64:latest",
    "AzureLinux4Gen1": "microsoftazurelinux:azurelinux-4:4-gen1:latest",
    "CentOS85Gen2": "OpenLogic:CentOS:8_5-gen2:latest",
    "Debian11": "Debian:debian-11:11-backports-gen2:latest",
    "FlatcarLinuxFreeGen2": "kinvolk:flatcar-container-linux-free:stable-gen2:latest",
    "OpenSuseLeap154Gen2": "SUSE:openSUSE-leap-15-4:gen2:latest",
    "RHELRaw8LVMGen2": "RedHat:RHEL:8-lvm-gen2:latest",
    "SuseSles15SP3": "SUSE:sles-15-sp3:gen2:latest",
    "Ubuntu2204": "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:latest",
}
# Ours: the default needs a name that can be typed, and az's newest Debian is 11.
OWN_ALIASES = {
    DEFAULT_ALIAS: DEFAULT_IMAGE,
    "Debian12": "Debian:debian-12:12-gen2:latest",
    "Debian13": "Debian:debian-13:13-gen2:latest",
}
ALIASES = {**OWN_ALIASES, **AZ_ALIASES}
# The same for Arm processors, where their publishers have it. Ubuntu: documentation.ubuntu.com/azure. Debian: as public
# deployments name them (Debian:debian-13:13-arm64). Azure Linux: az's other alias. Flatcar: flatcar.org/docs, "Running
# Flatcar Container Linux on Microsoft Azure", whose offer CoreVM has the same contents. Of CentOS, RHEL, SLES and
# openSUSE there is none of the same release.
ARM64 = {
    DEFAULT_ALIAS: "Canonical:ubuntu-24_04-lts:server-arm64:latest",
    "Ubuntu2204": "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-arm64:latest",
    "Debian11": "Debian:debian-11:11-backports-arm64:latest",
    "Debian12": "Debian:debian-12:12-arm64:latest",
    "Debian13": "Debian:debian-13:13-arm64:latest",
    "AzureLinux4": AZ_ALIASES["AzureLinux4Arm64"],
    "FlatcarLinuxFreeGen2": "kinvolk:flatcar-container-linux-corevm:stable:latest",
}

WINDOWS_ALIASES = frozenset({
    "Win2008R2SP1", "Win2012Datacenter", "Win2012R2Datacenter", "Win2016Datacenter", "Win2019Datacenter",
    "Win2022AzureEditionCore", "Win2022Datacenter"})
# Aliases without a version, which az dropped in November 2023 (azure-cli 2.54) → what comes next to them today.
RETIRED_ALIASES = {
    "UbuntuLTS": "Ubuntu2404", "Debian": "Debian13", "CentOS": "CentOS85Gen2", "Flatcar": "FlatcarLinuxFreeGen2",
    "RHEL": "RHELRaw8LVMGen2", "openSUSE-Leap": "OpenSuseLeap154Gen2", "SLES": "SuseSles15SP3",
    "CoreOS": "FlatcarLinuxFreeGen2"}

_BY_LOWER_NAME = {name.lower(): urn for name, urn in ALIASES.items()}
# The names that `azure vm image list` showed: the publisher's subscription or a digest of it, two underscores.
_CLASSIC_NAME = r"[0-9a-f]{32}__.+"
_CONTAINER_IMAGE = r"(?:[\w.-]+(?::\d+)?/)*[a-z0-9._/-]+:[\w.-]+(?:@sha256:[0-9a-f]+)?"


def urn(text: str) -> str | None:
    """The URN behind an alias, whatever its case, as az does it; None where the text is no alias."""
    return _BY_LOWER_NAME.get(text.lower())


def alias_of(text: str) -> str:
    """The alias as it is spelt here; empty where the text is none."""
    return next((name for name in ALIASES if name.lower() == text.lower()), "")


def architecture(urn_text: str) -> str | None:
    """Of a platform image, amd64 or arm64, as far as its names tell."""
    if urn_text in ARM64.values() or re.search(r"arm64|aarch64", urn_text, re.IGNORECASE):
        return "arm64"
    if urn_text in ALIASES.values() or re.search(r"amd64|x86_64|x86-64", urn_text, re.IGNORECASE):
        return "amd64"
    return None


def what_is_wrong(text: str) -> tuple[str, str]:
    """Of a text that is neither alias nor URN nor id: what it seems to be and what was meant; what to type."""
    if not text.strip():
        return ("the value is empty; leave the option out for Ubuntu 24.04 LTS, or name an image.",
                image_commands.list_images())
    quoted = f"'{printable(text)}'"
    lower = text.lower()
    if lower in {name.lower() for name in WINDOWS_ALIASES}:
        return f"{quoted} is a Windows image; a Docker host runs Linux.", image_commands.use("Ubuntu2404")
    retired = next((new for old, new in RETIRED_ALIASES.items() if old.lower() == lower), None)
    if retired:
        return f"{quoted} is an alias that az no longer has. Did you mean {retired}?", image_commands.use(retired)
    if re.fullmatch(_CLASSIC_NAME, text, re.IGNORECASE):
        return _meant(f"{quoted} is an image name of the classic Azure of 2014; those images no longer exist.",
                      _successors(lower))
    if "://" in text:
        return (f"{quoted} is a URL; to use a disk in storage, create an image from it first.",
                image_commands.create_from_disk())
    parts = text.split(":")
    if len(parts) == 3 and all(parts) and "/" not in text:
        with_version = f"{quoted[1:-1]}:latest"
        return (f"{quoted} has three of four parts; the version is missing. Did you mean {with_version}?",
                image_commands.use(with_version))
    if re.fullmatch(_CONTAINER_IMAGE, text):
        return (f"{quoted} looks like a container image; --image is the image of the host's operating system. Leave it "
                "out, and run the container on the finished host.", docker_commands.run(quoted[1:-1]))
    return _meant(f"{quoted} is neither an alias such as Ubuntu2404, nor publisher:offer:sku:version, nor a resource "
                  "ID.", _close(text))


def _meant(what: str, names: list[str]) -> tuple[str, str]:
    return what + did_you_mean(names), image_commands.use(names[0]) if names else image_commands.list_images()


def _close(text: str) -> list[str]:
    """Aliases spelled like the text: the best three, the newest first where they are equally close."""
    same = nearest(text, (*ALIASES, *WINDOWS_ALIASES), cutoff=1.0)
    return same or nearest(text, ALIASES)


def _successors(classic_name: str) -> list[str]:
    """The alias of the distribution that an image's name of 2014 holds."""
    return [new for old, new in RETIRED_ALIASES.items()
            if old.lower().removesuffix("lts").split("-")[0] in classic_name][:1]
