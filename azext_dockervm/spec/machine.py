"""The machine that a host stands on: its size and the image that it boots."""

from __future__ import annotations

from dataclasses import dataclass, field

from azext_dockervm.azure import names
from azext_dockervm.spec import images, rules

# The image families that the Docker VM extension's handler knows (Ubuntu, RHEL, CentOS, CoreOS), by publisher.
EXTENSION_IMAGE_PUBLISHERS = frozenset({"canonical", "redhat", "openlogic", "coreos"})
# Publishers whose images are provisioned by cloud-init, and have the Python that it runs on (learn.microsoft.com,
# "cloud-init support for virtual machines in Azure"; Azure Linux: microsoft/azurelinux, of 4 base/images/teams/cloud).
WITH_CLOUD_INIT = frozenset({"canonical", "debian", "suse", "microsoftcblmariner", "microsoftazurelinux", "redhat",
                             "almalinux", "oracle"})
# Publishers whose images have a firewall of their own that drops all but SSH until the set-up opens Docker's port.
# microsoft/azurelinux: of 2 and 3 SPECS/iptables ("Enable iptables by default"); 4 has firewalld in
# base/images/teams/cloud/vm-base.xml.
WITH_FIREWALL = frozenset({"microsoftcblmariner", "microsoftazurelinux"})
# Flatcar and CoreOS have Ignition and coreos-cloudinit instead.
WITH_IGNITION = frozenset({"kinvolk", "coreos"})


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
        publisher, offer, sku, version = (images.urn(text) or text).split(":")
        return cls(publisher, offer, sku, version, typed=text)

    def __str__(self) -> str:
        return self.id or f"{self.publisher}:{self.offer}:{self.sku}:{self.version}"

    @property
    def reference(self) -> dict[str, str | None]:
        """The body of ``storageProfile.imageReference``."""
        if self.id is None:
            return {"publisher": self.publisher, "offer": self.offer, "sku": self.sku, "version": self.version}
        if self.id.lower().startswith("/communitygalleries/"):
            return {"communityGalleryImageId": self.id}
        if self.id.lower().startswith("/sharedgalleries/"):
            return {"sharedGalleryImageId": self.id}
        return {"id": self.id}

    @property
    def architecture(self) -> str | None:
        """amd64 or arm64, as far as its names tell."""
        return None if self.id else images.architecture(str(self))

    @property
    def has_cloud_init(self) -> bool:
        """As far as its publisher tells; of an image of somebody's own nothing is known."""
        return (self.publisher or "").lower() in WITH_CLOUD_INIT

    @property
    def has_firewall(self) -> bool:
        """Whether its own firewall drops packets to Docker's port at first."""
        return (self.publisher or "").lower() in WITH_FIREWALL

    @property
    def has_ignition(self) -> bool:
        """The same, of what Flatcar and CoreOS have instead."""
        return (self.publisher or "").lower() in WITH_IGNITION

    @property
    def known_to_docker_extension(self) -> bool:
        return (self.publisher or "").lower() in EXTENSION_IMAGE_PUBLISHERS


@dataclass(frozen=True)
class Machine:
    """``size`` as Azure names it, such as Standard_D2s_v5; ``architecture`` None where none was asked for."""

    image: Image = field(default_factory=lambda: Image.parse(names.DEFAULT_IMAGE))
    size: str = names.DEFAULT_SIZE
    architecture: str | None = None
