"""What the name of a VM size tells of it.

Names: https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions. Generations: .../generation-2 and, for
single series, their own pages below .../sizes. Trusted Launch: .../trusted-launch, "Virtual machines sizes".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

AMD64, ARM64 = "amd64", "arm64"
V1, V2 = "V1", "V2"

# Standard_D2ps_v6, Standard_M8-2ms_v2, Standard_NC4as_T4_v3, Standard_DS1_v2: family, vCPUs, constrained ones,
# features, accelerator, version.
_NAME = re.compile(r"(?:Standard|Basic)_(?P<family>[A-Z]+)\d+(?:-\d+)?(?P<features>[a-z]*)(?:_[A-Z]\w*?)??"
                   r"(?:_v(?P<version>\d+))?(?:_Promo)?", re.IGNORECASE)
# Since then every series of the families D, E, F, L and B is told as "Generation 1 VMs: Not Supported".
_FIRST_WITHOUT_V1 = 6
# "Mv2-series, DC-series, NDv2-series, Msv2 and Mdsv2-series Medium Memory do not support Generation 1 VM images."
_CONFIDENTIAL = ("DC", "EC")
# Of Arm sizes those of Cobalt 100 have Trusted Launch; the older ones are "currently not supported".
_FIRST_ARM_WITH_TRUSTED_LAUNCH = 6


@dataclass(frozen=True)
class SizeName:
    """A size by its name: ``features`` are the additive ones, in small letters; ``version`` 1 where none is said."""

    family: str
    features: str
    version: int

    @property
    def architecture(self) -> str:
        """"p = ARM Cpu"."""
        return ARM64 if "p" in self.features else AMD64

    @property
    def generations(self) -> frozenset[str]:
        """The Hyper-V generations that it boots, as far as it is told; both where nothing is."""
        if self.architecture == ARM64 or self.version >= _FIRST_WITHOUT_V1 or self.family in _CONFIDENTIAL or (
                self.family in ("M", "ND") and self.version == 2):
            return frozenset({V2})
        # "A-family, Dv2-series, Dv3-series" and Ev3; with an s, or as DS, they have both.
        if self.family == "A" or (self.family in ("D", "E") and self.version <= 3 and "s" not in self.features):
            return frozenset({V1})
        return frozenset({V1, V2})

    @property
    def has_trusted_launch(self) -> bool:
        """False only where it is told."""
        if self.architecture == ARM64:
            return self.version >= _FIRST_ARM_WITH_TRUSTED_LAUNCH
        return V2 in self.generations


def parse(size: str) -> SizeName | None:
    """None for a name of another form, of which nothing is known."""
    found = _NAME.fullmatch(size)
    if found is None:
        return None
    return SizeName(found["family"].upper(), found["features"].lower(), int(found["version"] or 1))


def architecture(size: str) -> str | None:
    name = parse(size)
    return name.architecture if name else None
