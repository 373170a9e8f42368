"""The platform images that exist here. All of them boot the one local Linux image."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from localazure.protocol.errors import ArmError

# A publisher whose image has no cloud-init, to try what happens then.
WITHOUT_CLOUD_INIT = ("LocalAzure", "linux-without-cloud-init")
# Its other offer: variants of the local image, the SKU being the name of one.
VARIANTS = ("LocalAzure", "linux-variants")
# Offers of the Marketplace: VMs of them need a plan, and the subscription its terms accepted.
WITH_PLAN = (("resf", "rockylinux-x86_64"), ("kinvolk", "flatcar-container-linux"))


_GENERATION_1_OFFERS = ("UbuntuServer", "CentOS", "CoreOS")
_GENERATION_1_SKUS = ("22_04-lts", "20_04-lts", "server-gen1", "gen1", "4-gen1", "10", "10-backports", "11",
                      "11-backports", "12", "12-backports", "13", "7_9")  # fmt: skip

# Of generation 2, but older than Trusted Launch.
_WITHOUT_TRUSTED_LAUNCH = (("CentOS", "7_6-gen2"),)


@dataclass(frozen=True)
class Image:
    """One image; `versions` oldest first."""

    publisher: str
    offer: str
    sku: str
    versions: tuple[str, ...]

    @property
    def generation(self) -> str:
        """ "V2" or "V1", as Azure's own SKU names tell."""
        old = self.offer in _GENERATION_1_OFFERS or self.sku in _GENERATION_1_SKUS
        return "V1" if old and "gen2" not in self.sku and "arm64" not in self.sku else "V2"

    @property
    def trusted_launch(self) -> bool:
        """Whether its features tell that a VM of it can be a Trusted Launch one."""
        return self.generation == "V2" and (self.offer, self.sku) not in _WITHOUT_TRUSTED_LAUNCH

    @property
    def plan(self) -> dict[str, str] | None:
        """What a VM of it must say, where it is sold: plans are named as their images are."""
        if (self.publisher, self.offer) not in WITH_PLAN:
            return None
        return {"name": self.sku, "publisher": self.publisher, "product": self.offer}

    @property
    def cloud_init(self) -> bool:
        """Whether the guest's own cloud-init reads the custom data."""
        return (self.publisher, self.offer) != WITHOUT_CLOUD_INIT

    @property
    def variant(self) -> str:
        """Which variant of the local image is booted; "" for the image itself."""
        return self.sku if (self.publisher, self.offer) == VARIANTS else ""


# publisher:offer:sku and its versions, oldest first
_TABLE = """
Canonical:ubuntu-24_04-lts:server                      24.04.202502210 24.04.202508150 24.04.202510010
Canonical:ubuntu-24_04-lts:server-gen1                 24.04.202502210 24.04.202508150 24.04.202510010
Canonical:ubuntu-24_04-lts:minimal                     24.04.202502210 24.04.202508150 24.04.202510010
Canonical:ubuntu-24_04-lts:server-arm64                24.04.202502210 24.04.202508150 24.04.202510010
Canonical:ubuntu-22_04-lts:server                      22.04.202502200 22.04.202508180 22.04.202510020
Canonical:ubuntu-22_04-lts:server-gen1                 22.04.202502200 22.04.202508180 22.04.202510020
Canonical:0001-com-ubuntu-server-jammy:22_04-lts       22.04.202502200 22.04.202508180 22.04.202510020
Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2  22.04.202502200 22.04.202508180 22.04.202510020
Canonical:0001-com-ubuntu-server-focal:20_04-lts       20.04.202505200
Canonical:0001-com-ubuntu-server-focal:20_04-lts-gen2  20.04.202505200
Canonical:UbuntuServer:18.04-LTS                       18.04.202002180 18.04.202306070 18.04.202401161
Canonical:UbuntuServer:18_04-lts-gen2                  18.04.202306070 18.04.202401161
Canonical:UbuntuServer:18_04-lts-arm64                 18.04.202306070 18.04.202401161
Canonical:UbuntuServer:16.04-LTS                       16.04.202106110 16.04.202109280
Canonical:UbuntuServer:16_04-lts-gen2                  16.04.202106110 16.04.202109280
Canonical:UbuntuServer:14.04.4-LTS                     14.04.201911070
Debian:debian-10:10                                    0.20240204.1647 0.20240430.1733
Debian:debian-10:10-gen2                               0.20240204.1647 0.20240430.1733
Debian:debian-10:10-backports                          0.20240204.1647 0.20240430.1733
Debian:debian-10:10-backports-gen2                     0.20240204.1647 0.20240430.1733
Debian:debian-11:11                                    0.20250428.2096
Debian:debian-11:11-gen2                               0.20250428.2096
Debian:debian-11:11-backports                          0.20250428.2096
Debian:debian-11:11-backports-gen2                     0.20250428.2096
Debian:debian-11:11-backports-arm64                    0.20241202.1949 0.20250428.2096
Debian:debian-12:12                                    0.20250316.2053 0.20250814.2204
Debian:debian-12:12-gen2                               0.20250316.2053 0.20250814.2204
Debian:debian-12:12-arm64                              0.20250316.2053 0.20250814.2204
Debian:debian-13:13                                    0.20250814.2204 0.20250911.2232
Debian:debian-13:13-gen2                               0.20250814.2204 0.20250911.2232
Debian:debian-13:13-arm64                              0.20250814.2204 0.20250911.2232
RedHat:RHEL:7_9                                        7.9.2024112610
RedHat:RHEL:8_10                                       8.10.2025070914
RedHat:RHEL:9_4                                        9.4.2025040916
RedHat:RHEL:9_5                                        9.5.2025050513
RedHat:RHEL:10_0                                       10.0.2025060410
RedHat:RHEL:8-lvm-gen2                                 8.10.2025070914
RedHat:RHEL:9-lvm-gen2                                 9.6.2025061108
OpenLogic:CentOS:7.5                                   7.5.201808150
OpenLogic:CentOS:7_6-gen2                              7.6.20200213
OpenLogic:CentOS:7.7                                   7.7.2020111300 7.7.2021020400
OpenLogic:CentOS:7_9                                   7.9.2022101800
OpenLogic:CentOS:7_9-gen2                              7.9.2022101801
OpenLogic:CentOS:8_5                                   8.5.2022012100
OpenLogic:CentOS:8_5-gen2                              8.5.2022012101
SUSE:sles-15-sp3:gen2                                  2023.02.02
SUSE:sles-15-sp6:gen1                                  2025.07.11
SUSE:sles-15-sp6:gen2                                  2025.07.11
SUSE:openSUSE-leap-15-4:gen2                           2023.04.13
SUSE:opensuse-leap-15-6:gen2                           2025.07.11
almalinux:almalinux-x86_64:8-gen2                      8.10.2025070200
almalinux:almalinux-x86_64:9-gen2                      9.6.2025070200
resf:rockylinux-x86_64:9-base                          9.6.20250531
MicrosoftCBLMariner:azure-linux-3:azure-linux-3-gen2   3.20250702.01
microsoftazurelinux:azurelinux-4:4                     4.20260201.01
microsoftazurelinux:azurelinux-4:4-gen1                4.20260201.01
microsoftazurelinux:azurelinux-4:4-arm64               4.20260201.01
kinvolk:flatcar-container-linux:stable-gen2             4230.2.1
kinvolk:flatcar-container-linux-free:stable-gen2       4230.2.1
CoreOS:CoreOS:Stable                                   2512.3.0
Oracle:Oracle-Linux:ol95-lvm-gen2                      9.5.1
LocalAzure:linux-without-cloud-init:agent-only         1.0.0
LocalAzure:linux-variants:azure-linux-iptables         1.0.0
LocalAzure:linux-variants:dnf-docker-ce                1.0.0
LocalAzure:linux-variants:dnf-moby                     1.0.0
LocalAzure:linux-variants:dnf-selinux                  1.0.0
LocalAzure:linux-variants:dnf-without-docker           1.0.0
LocalAzure:linux-variants:firewalld                    1.0.0
LocalAzure:linux-variants:late-packages                1.0.0
LocalAzure:linux-variants:rpm                          1.0.0
LocalAzure:linux-variants:ssh-socket                   1.0.0
LocalAzure:linux-variants:zypper-late                  1.0.0
"""


# The short names by which az knows images, and what they stand for.
ALIASES = {
    "AzureLinux4": "microsoftazurelinux:azurelinux-4:4",
    "AzureLinux4Arm64": "microsoftazurelinux:azurelinux-4:4-arm64",
    "AzureLinux4Gen1": "microsoftazurelinux:azurelinux-4:4-gen1",
    "CentOS85Gen2": "OpenLogic:CentOS:8_5-gen2",
    "Debian11": "Debian:debian-11:11-backports-gen2",
    "FlatcarLinuxFreeGen2": "kinvolk:flatcar-container-linux-free:stable-gen2",
    "OpenSuseLeap154Gen2": "SUSE:openSUSE-leap-15-4:gen2",
    "RHELRaw8LVMGen2": "RedHat:RHEL:8-lvm-gen2",
    "SuseSles15SP3": "SUSE:sles-15-sp3:gen2",
    "Ubuntu2204": "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2",
}


# Those of Windows: az must know what they mean, so that it hears that they can't be had.
WINDOWS_ALIASES = {
    "Win2022Datacenter": "MicrosoftWindowsServer:WindowsServer:2022-datacenter-g2",
    "Win2022AzureEditionCore": "MicrosoftWindowsServer:WindowsServer:2022-datacenter-azure-edition-core",
    "Win2019Datacenter": "MicrosoftWindowsServer:WindowsServer:2019-datacenter-gensecond",
    "Win2016Datacenter": "MicrosoftWindowsServer:WindowsServer:2016-datacenter-gensecond",
    "Win2012R2Datacenter": "MicrosoftWindowsServer:WindowsServer:2012-R2-Datacenter",
    "Win2012Datacenter": "MicrosoftWindowsServer:WindowsServer:2012-Datacenter",
}


# Publishers of Windows, which no guest here can be.
_WINDOWS = ("microsoftwindowsserver", "microsoftwindowsdesktop", "microsoftsqlserver", "microsoftvisualstudio")


_CONFIDENTIAL = re.compile(r"confidential-vm|-cvm\b|\bcvm\b", re.I)


def lacking(publisher: str, offer: str = "", sku: str = "") -> str:
    """What Local Azure has not that an image would need, as a sentence; "" for any other image."""
    if publisher.lower() in _WINDOWS:
        return "Local Azure has Linux images only."
    if _CONFIDENTIAL.search(f"{offer} {sku}"):
        return "Local Azure has no confidential VMs."
    return ""


def architecture(sku: str) -> str:
    """The architecture that the name of a SKU tells."""
    return "Arm64" if "arm64" in sku else "x64"


def _image(line: str) -> Image:
    urn, *versions = line.split()
    publisher, offer, sku = urn.split(":")
    return Image(publisher, offer, sku, tuple(versions))


IMAGES = [_image(line) for line in _TABLE.strip().splitlines()]

# Offers beyond the table that plainly are one of a publisher's Linux families: they exist too, with one version.
_FAMILIES = {
    "canonical": r"ubuntu-\d\d_\d\d-lts.*|0001-com-ubuntu-(server|minimal|pro)-\w+|ubuntuserver",
    "debian": r"debian-\d+(-daily)?",
    "redhat": r"rhel(-[\w-]+)?",
    "openlogic": r"centos(-[\w-]+)?",
    "suse": r"(sles|opensuse)-[\w-]+",
    "almalinux": r"almalinux[\w-]*",
    "resf": r"rockylinux[\w-]*",
    "microsoftcblmariner": r"(azure-linux|cbl-mariner)[\w-]*",
    "kinvolk": r"flatcar[\w-]*",
    "oracle": r"oracle-linux",
}
_SKU = re.compile(r"[A-Za-z0-9][\w.-]*")
_OTHER_VERSION = "1.0.0"


def find(publisher: str, offer: str, sku: str) -> Image | None:
    """The image of these names (case is ignored), or None."""
    wanted = (publisher.lower(), offer.lower(), sku.lower())
    if lacking(*wanted):
        return None
    offers = set()
    for image in IMAGES:
        if (image.publisher.lower(), image.offer.lower(), image.sku.lower()) == wanted:
            return image
        offers.add((image.publisher.lower(), image.offer.lower()))
    family = _FAMILIES.get(publisher.lower())
    if wanted[:2] in offers or family is None or not re.fullmatch(family, offer.lower()) or not _SKU.fullmatch(sku):
        return None
    return Image(publisher, offer, sku, (_OTHER_VERSION,))


def ordered(names: Iterable[str], query: Mapping[str, str]) -> list[str]:
    """Apply `$orderby=name [desc]` and `$top`; raises ArmError for a `$top` that is no number."""
    names = list(names)
    if "desc" in query.get("$orderby", "").lower().split():
        names.reverse()
    top = query.get("$top")
    if top is None:
        return names
    if not top.isdigit():
        raise ArmError(400, "InvalidParameter", f"The value '{top}' of parameter '$top' is invalid.", target="$top")
    return names[: int(top)]
